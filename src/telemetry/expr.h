// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is asked for: a part of PromQL.
 *
 *     expression := fold | over
 *     fold       := ('sum' | 'avg' | 'min' | 'max' | 'count')
 *                   ( [by] '(' over ')' | '(' over ')' by )
 *     by         := ('by' | 'without') '(' [label {',' label}] ')'
 *     over       := selector | function '(' selector ['[' duration ']'] ')'
 *     function   := 'min_over_time' | 'max_over_time' | 'avg_over_time' | 'sum_over_time'
 *                 | 'count_over_time' | 'last_over_time' | 'rate' | 'increase'
 *
 * Selectors are those of select.h, durations those of moment.h. The range of a function is the step
 * of the query: a duration in brackets is that step. All else of PromQL is refused by its name.
 */
#pragma once

#include "telemetry/select.h"

enum pk_over {
    PK_OVER_VALUE, /* a selector alone: what the series' value is at the end of a step */
    PK_OVER_MIN,
    PK_OVER_MAX,
    PK_OVER_AVG,
    PK_OVER_SUM,
    PK_OVER_COUNT,
    PK_OVER_LAST,
    PK_OVER_RATE,
    PK_OVER_INCREASE,
    PK_OVER_N,
};

enum pk_fold { PK_FOLD_NONE, PK_FOLD_SUM, PK_FOLD_AVG, PK_FOLD_MIN, PK_FOLD_MAX, PK_FOLD_COUNT };

struct pk_expr {
    enum pk_fold fold;
    bool without;       /* the labels are those that go */
    const char **label; /* by or without these */
    size_t n_labels;
    enum pk_over over;
    struct pk_place over_at; /* of the function's name */
    struct pk_selector selector;
    int64_t range; /* ns; 0: not said */
};

/* Memory is the arena's, but for pk_expr_done. 0, -EINVAL with a diagnostic, or -ENOMEM. */
int pk_expr_parse(const char *text, struct pk_arena *a, struct pk_expr *ret, struct pk_diags *d);
void pk_expr_done(struct pk_expr *e);
#define _pk_expr_ __attribute__((cleanup(pk_expr_done)))

/* "rate"; of a selector alone "". */
const char *pk_over_name(enum pk_over over);
