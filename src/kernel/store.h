// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The store: what a later process needs to know of a bank's rule set, as one run of bytes in a
 * pinned map beside the image. Text rather than structures, so that it is read by the parser that
 * everybody else uses.
 *
 *   +------+---------------------------+--------+--- the other ---+------------+-------+-------+
 *   | head | struct pk_store_rule each | chains |     family      | name       | names | texts |
 *   |      |                           |        |                 | offsets    |       |       |
 *   +------+---------------------------+--------+-----------------+------------+-------+-------+
 *
 * The texts stand last, with a sum of their own: who adds a rule to a large set does not read them.
 * What is read back is checked (sums, then every offset), because a pin can be written by root.
 * What has changed since stands elsewhere (delta.h).
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "classify/compile.h"
#include "kernel/fence.h"

#define PK_STORE_MAGIC 0x33726f74536b6370ULL
#define PK_STORE_MAX (1u << 30)

struct pk_store_rule {
    uint64_t hash;           /* pk_rule_hash() of its text */
    uint32_t text, text_len; /* what stands after "-A CHAIN ": offset in the texts, bytes */
    uint32_t file, line, slot;
    uint32_t pad;
};

struct pk_store_chain {
    char name[PK_CHAIN_NAME_MAX + 4];
    uint32_t first, n_rules; /* ordinals */
    uint32_t policy;         /* enum pk_action */
    uint32_t pad;
};

struct pk_store_family {
    uint32_t given, n_rules, n_chains;
    uint32_t rules;          /* offset of struct pk_store_rule [n_rules], by ordinal */
    uint32_t chains;         /* offset of struct pk_store_chain [n_chains], base chains first */
    uint32_t text, text_len; /* iptables-save text: offset in the texts */
    uint32_t policy_slot[PK_HOOK_N];
};

struct pk_store_head {
    uint64_t magic;
    uint64_t sum;       /* of the bytes from `texts_sum` up to the texts */
    uint64_t texts_sum; /* of these */
    uint32_t size, n_files;
    uint32_t files; /* offset of uint32_t [n_files], each the offset of a name */
    uint32_t texts; /* offset */
    uint32_t classifier, pad;
    struct pk_u128 id;
    uint64_t generation;
    int64_t applied_at;
    struct pk_store_family family[PK_FAMILY_N];
};

/* What goes in, besides rule sets and slots. */
struct pk_store_meta {
    struct pk_u128 id;
    uint64_t generation;
    int64_t applied_at;
    enum pk_classifier classifier;
};

/* Appends to an empty buffer. 0, -E2BIG or -ENOMEM. */
int pk_store_write(const struct pk_ruleset *const rs[PK_FAMILY_N], const struct pk_slots *slots,
                   const struct pk_store_meta *meta, struct pk_buf *out);

/* A store in somebody's memory, checked; without `texts` only up to there. -EBADMSG: damaged. */
int pk_store_check(const void *data, size_t len, bool texts, const struct pk_store_head **ret);
/* Parts of a checked store. */
const struct pk_store_rule *pk_store_rules(const struct pk_store_head *s, enum pk_family family);
const struct pk_store_chain *pk_store_chains(const struct pk_store_head *s, enum pk_family family);
/* If the texts are there. */
const char *pk_store_text(const struct pk_store_head *s, const struct pk_store_rule *r);
const char *pk_store_file(const struct pk_store_head *s, const struct pk_store_rule *r);
