// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The leaves of a family, in the order of its chains and rules, and what the chains make of them:
 * each chain is a run of leaves, and jumps form an acyclic graph of bounded depth and walk length.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "classify/compile.h"
#include "classify/sets.h"
#include "rules/leaf.h"
#include "rules/ruleset.h"

/* Steps that pk_walk_step (walk.h) may need for one packet: half of what it allows itself. */
#define PK_WALK_STEPS_COMPILED 4000000u

/* Lives in the arena of the compilation, but for `sets`, which is to be ended by its owner. */
struct pk_leaf_list {
    const struct pk_ruleset *rs;
    struct pk_sets sets;
    struct pk_leaf_rec
        *rec; /* [n] as in the image; `steps` is 1 + an index in `steps` below, or 0 */
    uint32_t (*set)[PK_FIELD_N]; /* [n] numbers in `sets` */
    const struct pk_rule **rule; /* [n] */
    uint32_t *at;                /* [n] the leaf of each bit (order.h) */
    uint8_t *listed;             /* [n] not 0: found by a list (lists.h), and in no row */
    size_t n_listed;
    size_t n_moved;       /* leaves in runs whose bits stand in an order of their own */
    struct pk_run *chain; /* [rs->n_chains] */
    struct pk_step *steps;
    size_t n, cap_rec, cap_set, cap_rule;
    size_t n_steps, cap_steps;
    uint8_t told;   /* PK_CT_TOLD_*: what leaves go by that flows are remembered of all the same */
    unsigned depth; /* most jumps on the stack at once */
    uint32_t longest, visits; /* steps of a walk, and chains it enters, at most */
};

/*
 * Compiles every rule. 0, -ENOMEM, or -E2BIG (diagnosed). `l` is zero on entry and to be ended with
 * pk_leaf_list_done whatever is returned.
 */
int pk_leaf_list_make(struct pk_leaf_list *l, const struct pk_ruleset *rs, const uint32_t *slots,
                      struct pk_arena *a, struct pk_diags *d);

/*
 * Sets `depth`, `longest` and `visits`; refuses (-E2BIG, diagnosed) loops, nesting deeper than
 * PK_DEPTH_MAX and walks longer than PK_WALK_STEPS_COMPILED, in what the base chains can reach. 0
 * or -ENOMEM otherwise.
 */
int pk_leaf_list_bound(struct pk_leaf_list *l, struct pk_arena *a, struct pk_diags *d);

void pk_leaf_list_done(struct pk_leaf_list *l);
