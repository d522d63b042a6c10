// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known of a run of points without the points: count, least, greatest, sum, first and last,
 * and for a counter by how much it rose. Runs that follow each other are joined.
 *
 * NaNs are counted in `count` and `n_nan` and left out of min, max and sum; a run of nothing but
 * NaNs has NaN as min and max. A counter that falls has begun anew at zero: its rise counts from
 * there.
 */
#pragma once

#include <stddef.h>

#include "telemetry/values.h"

struct pk_agg {
    bool counter;
    uint64_t count, n_nan;
    int64_t t_first, t_last; /* ns since 1970 */
    union pk_value first, last, min, max;
    uint64_t rise; /* counter: from first to last, modulo 2^64 */
    struct pk_sum sum;
};

/* By how much a counter rose from one point to the next. */
static inline uint64_t pk_counter_rise(uint64_t from, uint64_t to)
{
    return to >= from ? to - from : to;
}

void pk_agg_join(struct pk_agg *into, const struct pk_agg *next);

/* Of n >= 1 points as they were given; gauges are summed with compensation. */
void pk_agg_points(bool counter, const int64_t *t, const union pk_value *v, size_t n,
                   struct pk_agg *ret);

/* Of the points [from, to) of a decoded block; v has exceptions put in. */
void pk_agg_codes(const struct pk_values *how, const int64_t *code, const int64_t *t,
                  const union pk_value *v, size_t from, size_t to, struct pk_agg *ret);

/* The mean of the values that are numbers; NaN if there are none. */
double pk_agg_mean(const struct pk_agg *a);

/* A value of this run as a double. */
static inline double pk_agg_double(const struct pk_agg *a, union pk_value v)
{
    return a->counter ? (double)v.counter : v.gauge;
}
