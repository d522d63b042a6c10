// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers to expressions (expr.h): for each series, or each group of them, a number a step.
 *
 * Steps are [from + k * step, from + (k + 1) * step); the last one ends at `to`. A number of a step
 * is that of the points in it:
 *
 *   *_over_time      of the points themselves; no number where there are none
 *   increase, rate   by how much the counter rose from its last point before the step to its last
 *                    in it, each fall being a beginning anew at zero; and that by the step's
 * seconds. Without a point in the step it rose by 0; before its first one there is no number. So
 * the increases of steps add up to that of the whole. a selector       the last point in the step,
 * or before it, however old
 *
 * The store has no points of what did not change, so a value holds until the next one. Sealed
 * blocks that lie in a step are not decoded. Whole numbers (counters, counts, and what is summed of
 * them) are exact; sums over time are those of agg.h. Memory is the arena's.
 */
#pragma once

#include "telemetry/expr.h"
#include "telemetry/number.h"
#include "telemetry/tsdb.h"

#define PK_QUERY_STEPS_MAX 11000      /* of one series, as Prometheus has it */
#define PK_QUERY_CELLS_MAX (1u << 20) /* of an answer: 48 MiB */

struct pk_query {
    const struct pk_expr *expr;
    int64_t from, to; /* ns; from < to */
    int64_t step;     /* ns; 0: the expression's range, or one step */
};

struct pk_answer_row {
    const char *name; /* of the metric; "" of a group */
    const struct pk_label *labels;
    size_t n_labels;
    const struct pk_number *cell; /* one a step */
};

struct pk_answer {
    int64_t from, to, step;
    size_t n_steps, n_rows, cap_rows;
    size_t n_series;            /* that the selector matches */
    struct pk_answer_row *rows; /* in the order of the store, or of the groups' labels */
};

/* 0, -EINVAL, -E2BIG or another -errno, with a diagnostic. */
int pk_query_run(struct pk_tsdb *db, const struct pk_query *q, struct pk_arena *a,
                 struct pk_answer *ret, struct pk_diags *d);

/* `name{label="value"}`, `{}` of a group without labels. */
void pk_answer_text(const struct pk_answer_row *row, struct pk_buf *out);
