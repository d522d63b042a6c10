// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Branches of different statuses united: those that differ only in what the status itself
 * determines (KIND, ports, flags, ICMP, whose values are disjoint for OK, SHORT and the rest)
 * become one leaf. An ordinary rule becomes one.
 */
#pragma once

#include "rules/compile_ctx.h"

/* A leaf in the making: branches of different statuses, one of each. */
struct pk_merged {
    const struct pk_iset *set[PK_FIELD_N]; /* NULL: any value that `statuses` admit */
    struct pk_step steps[PK_STEPS_MAX];
    unsigned n_steps;
    bool matches;                      /* some status gets past all steps */
    uint32_t statuses;                 /* PK_STATUS_BIT */
    uint32_t hot_at[PK_STEPS_MAX + 1]; /* statuses that drop after so many steps */
};

struct pk_merge {
    struct pk_merged leaf[PK_LEAVES_PER_RULE];
    unsigned n;
};

/* A branch under ctx->status is finished: it becomes a part of a leaf, or a leaf. Its end is that
 * it matches or (`hot`) drops the packet. */
void pk_merge_branch(struct pk_compile *ctx, const struct pk_branch *b, bool hot);
