// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The store: what a later process needs to know of a bank's rule set, as one run of bytes in a
 * pinned map beside the image. Text rather than structures, so that it is read by the parser that
 * everybody else uses.
 *
 *   +------+------------------+-----------+-------------+-----------------+-------------+
 *   | head | chains of either | names of  | names       | rules of either | texts       |
 *   |      | family           | files at  |             | family          |             |
 *   +------+------------------+-----------+-------------+-----------------+-------------+
 *   '------------------ its sum -------------------------'--- its sum -----'-- its sum --'
 *
 * Three parts with a sum each: who adds a rule at the end of a chain reads the first, who adds it
 * elsewhere the first two, so that the size of the set does not cost what it need not.
 * What is read back is checked (sums, then every offset), because a pin can be written by root.
 * What has changed since stands elsewhere (delta.h).
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "classify/compile.h"
#include "base/hash.h"
#include "kernel/fence.h"

#define PK_STORE_MAGIC 0x35726f74536b6370ULL
#define PK_STORE_MAX (1u << 30)

struct pk_store_rule {
    uint64_t hash;           /* pk_rule_hash() of its text */
    uint32_t text, text_len; /* what stands after "-A CHAIN ": offset in the texts, bytes */
    uint32_t file, line, slot;
    uint32_t leaf; /* its first in the image, or the first of the next rule that has any */
};

struct pk_store_chain {
    char name[PK_CHAIN_NAME_MAX + 4];
    uint32_t first, n_rules; /* ordinals */
    uint32_t policy;         /* enum pk_action */
    uint32_t leaf;           /* one past those of its rules */
    struct pk_hash128 hash;  /* of its rules (rules/id.h) */
};

struct pk_store_family {
    uint32_t given, n_rules, n_chains;
    uint32_t rules;          /* offset of struct pk_store_rule [n_rules], by ordinal */
    uint32_t chains;         /* offset of struct pk_store_chain [n_chains], base chains first */
    uint32_t text, text_len; /* iptables-save text: offset in the texts */
    uint32_t policy_slot[PK_HOOK_N];
};

/* What the compiler chose (struct pk_plan), so that it need not be asked again. */
struct pk_store_field_plan {
    uint64_t intervals, rows, bytes;
    uint32_t used, method;
};

struct pk_store_plan {
    uint64_t present, rules, leaves, chains, depth, listed, asked;
    struct pk_store_field_plan field[PK_FIELD_N], list[PK_FIELD_N];
    uint64_t list_bytes, row_bytes, leaf_bytes, order_bytes, step_bytes;
};

struct pk_store_head {
    uint64_t magic;
    uint64_t sum;       /* of the bytes from `rules_sum` up to the rules */
    uint64_t rules_sum; /* of these up to the texts */
    uint64_t texts_sum; /* of these */
    uint32_t size, n_files;
    uint32_t files; /* offset of uint32_t [n_files], each the offset of a name */
    uint32_t rules; /* offset of the second part, */
    uint32_t texts; /* of the third */
    uint32_t classifier;
    struct pk_u128 id;
    uint64_t generation;
    int64_t applied_at;
    struct pk_store_family family[PK_FAMILY_N];
    uint64_t image_bytes;
    struct pk_store_plan plan[PK_FAMILY_N];
};

/* What goes in, besides rule sets and slots. */
struct pk_store_meta {
    struct pk_u128 id;
    uint64_t generation;
    int64_t applied_at;
    enum pk_classifier classifier;
};

/* Appends to an empty buffer. The image is not placed yet. 0, -E2BIG or -ENOMEM. */
int pk_store_write(const struct pk_ruleset *const rs[PK_FAMILY_N], const struct pk_slots *slots,
                   const struct pk_image *image, const struct pk_store_meta *meta,
                   struct pk_buf *out);

/* How much of a store is there: up to the rules, up to the texts, or all. */
enum pk_store_part { PK_STORE_CHAINS, PK_STORE_RULES, PK_STORE_TEXTS };

/* Bytes up to the end of a part, as a head says that nobody has checked. */
size_t pk_store_length(const struct pk_store_head *h, enum pk_store_part part);
/* A store in somebody's memory, checked up to the end of a part. -EBADMSG: damaged. */
int pk_store_check(const void *data, size_t len, enum pk_store_part part,
                   const struct pk_store_head **ret);
/* Parts of a checked store. */
const struct pk_store_rule *pk_store_rules(const struct pk_store_head *s, enum pk_family family);
const struct pk_store_chain *pk_store_chains(const struct pk_store_head *s, enum pk_family family);
void pk_store_plan_of(const struct pk_store_head *s, struct pk_plan *ret);
/* The first leaf of a rule, or of the next one that has any; of n_rules: one past the last. */
uint32_t pk_store_leaf(const struct pk_store_head *s, enum pk_family family, uint32_t ordinal);
/* If the texts are there. */
const char *pk_store_text(const struct pk_store_head *s, const struct pk_store_rule *r);
const char *pk_store_file(const struct pk_store_head *s, const struct pk_store_rule *r);
