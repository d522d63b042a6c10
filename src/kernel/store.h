// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The store: what a later process needs to know of a bank's rule set, as one run of bytes in a
 * pinned map beside the image. Text rather than structures, so that it is read by the parser that
 * everybody else uses.
 *
 *   +------+------------+----------------+---------------------------+------+--- the other ---+
 *   | head | file names | name offsets   | {file, line, slot} a rule | text |     family      |
 *   +------+------------+----------------+---------------------------+------+-----------------+
 *
 * What is read back is checked (a hash, then every offset), because a pin can be written by root.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "classify/compile.h"
#include "kernel/fence.h"

#define PK_STORE_MAGIC 0x31726f74536b6370ULL
#define PK_STORE_MAX (1u << 30)

struct pk_store_rule {
    uint32_t file, line, slot;
};

struct pk_store_family {
    uint32_t given, n_rules;
    uint32_t rules;          /* offset of struct pk_store_rule [n_rules], by ordinal */
    uint32_t text, text_len; /* offset of iptables-save text */
    uint32_t policy_slot[PK_HOOK_N];
};

struct pk_store_head {
    uint64_t magic;
    uint64_t hash; /* of the bytes after this word */
    uint32_t size, n_files;
    uint32_t files; /* offset of uint32_t [n_files], each the offset of a name */
    uint32_t pad;
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
};

/* Appends to an empty buffer. 0, -E2BIG or -ENOMEM. */
int pk_store_write(const struct pk_ruleset *const rs[PK_FAMILY_N], const struct pk_slots *slots,
                   const struct pk_store_meta *meta, struct pk_buf *out);

/* A store in somebody's memory, checked. -EBADMSG: damaged. */
int pk_store_check(const void *data, size_t len, const struct pk_store_head **ret);
const struct pk_store_rule *pk_store_rules(const struct pk_store_head *s, enum pk_family family);

/* Parses it back. 0; -EBADMSG or -ENOMEM. Nothing in *ret points into the store. */
int pk_store_read(const struct pk_store_head *s, struct pk_arena *a, struct pk_live *ret);
