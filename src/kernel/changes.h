// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What has changed, rule by rule, since a bank was filled: what a later process has to know besides
 * the bank's store (store.h). It stands behind the delta (classify/delta.h) that makes it live.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "kernel/store.h"

#define PK_CHANGES_MAGIC 0x32676e684370636bULL

/* A rule that the store does not have. */
struct pk_added {
    const char *text, *file; /* text: after "-A CHAIN " */
    uint64_t hash;           /* pk_rule_hash() of it */
    uint32_t chain;          /* number */
    uint32_t before;         /* ordinal of the store's rule that it stands before; at the chain's
                                end, one past that of the chain's last */
    uint32_t slot, line;
    uint32_t leaf; /* pk_store_leaf() of `before` */
};

/* A rule of the store that is deleted, and its leaves in the image. */
struct pk_gone {
    uint32_t rule; /* ordinal */
    struct pk_run leaves;
};

/* Of one family. */
struct pk_changes_part {
    struct pk_added *added; /* by chain, then place */
    size_t n_added;
    struct pk_gone *gone; /* ascending */
    size_t n_gone;
};

struct pk_changes {
    struct pk_u128 id; /* of the set that they make */
    uint64_t generation;
    int64_t applied_at;
    struct pk_changes_part part[PK_FAMILY_N];
};

/* Appends to a buffer. 0, -E2BIG or -ENOMEM. */
int pk_changes_write(const struct pk_changes *c, struct pk_buf *out);
/* Reads them back, with everything in `a`. -EBADMSG: they are not what was written. */
int pk_changes_read(const void *data, size_t len, const struct pk_store_head *s, struct pk_arena *a,
                    struct pk_changes *ret);

/* Changes to changes; arrays move to `a`. 0 or -ENOMEM. */
int pk_changes_add(struct pk_changes_part *p, size_t at, const struct pk_added *new,
                   struct pk_arena *a);
int pk_changes_gone(struct pk_changes_part *p, const struct pk_gone *gone, struct pk_arena *a);
void pk_changes_remove(struct pk_changes_part *p, size_t at);
