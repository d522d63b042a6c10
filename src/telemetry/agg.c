// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/agg.h"

#include <math.h>

static void pk_join_counter(struct pk_agg *into, const struct pk_agg *next)
{
    into->rise += pk_counter_rise(into->last.counter, next->first.counter) + next->rise;
    if (next->min.counter < into->min.counter)
        into->min = next->min;
    if (next->max.counter > into->max.counter)
        into->max = next->max;
}

/* fmin and fmax take the number where one of two is NaN. */
static void pk_join_gauge(struct pk_agg *into, const struct pk_agg *next)
{
    into->min.gauge = fmin(into->min.gauge, next->min.gauge);
    into->max.gauge = fmax(into->max.gauge, next->max.gauge);
}

void pk_agg_join(struct pk_agg *into, const struct pk_agg *next)
{
    if (!next->count)
        return;
    if (!into->count) {
        *into = *next;
        return;
    }
    if (into->counter)
        pk_join_counter(into, next);
    else
        pk_join_gauge(into, next);
    into->count += next->count;
    into->n_nan += next->n_nan;
    into->t_last = next->t_last;
    into->last = next->last;
    pk_sum_join(&into->sum, &next->sum);
}

static void pk_extremes_counter(const union pk_value *v, size_t n, struct pk_agg *ret)
{
    uint64_t min = v[0].counter, max = min, rise = 0;

    for (size_t i = 1; i < n; i++) {
        uint64_t x = v[i].counter;

        rise += pk_counter_rise(v[i - 1].counter, x);
        min = x < min ? x : min;
        max = x > max ? x : max;
    }
    ret->min.counter = min;
    ret->max.counter = max;
    ret->rise = rise;
}

static void pk_extremes_gauge(const union pk_value *v, size_t n, struct pk_agg *ret)
{
    double min = INFINITY, max = -INFINITY;

    for (size_t i = 0; i < n; i++) {
        min = v[i].gauge < min ? v[i].gauge : min;
        max = v[i].gauge > max ? v[i].gauge : max;
        ret->n_nan += isnan(v[i].gauge) != 0;
    }
    ret->min.gauge = ret->n_nan == n ? NAN : min;
    ret->max.gauge = ret->n_nan == n ? NAN : max;
}

/* All but the sum. */
static void pk_agg_shape(bool counter, const int64_t *t, const union pk_value *v, size_t n,
                         struct pk_agg *ret)
{
    *ret = (struct pk_agg){.counter = counter,
                           .count = n,
                           .t_first = t[0],
                           .t_last = t[n - 1],
                           .first = v[0],
                           .last = v[n - 1]};
    if (counter)
        pk_extremes_counter(v, n, ret);
    else
        pk_extremes_gauge(v, n, ret);
}

void pk_agg_points(bool counter, const int64_t *t, const union pk_value *v, size_t n,
                   struct pk_agg *ret)
{
    pk_agg_shape(counter, t, v, n, ret);
    if (counter) {
        ret->sum.kind = PK_SUM_INTEGER;
        for (size_t i = 0; i < n; i++)
            ret->sum.integer += v[i].counter;
        return;
    }
    ret->sum.kind = PK_SUM_DOUBLE;
    for (size_t i = 0; i < n; i++)
        if (!isnan(v[i].gauge))
            pk_sum_add_double(&ret->sum, v[i].gauge);
}

void pk_agg_codes(const struct pk_values *how, const int64_t *code, const int64_t *t,
                  const union pk_value *v, size_t from, size_t to, struct pk_agg *ret)
{
    pk_agg_shape(how->counter, t + from, v + from, to - from, ret);
    pk_values_sum(how, code, from, to, &ret->sum);
}

double pk_agg_mean(const struct pk_agg *a)
{
    uint64_t numbers = a->count - a->n_nan;

    return numbers ? pk_sum_value(&a->sum) / (double)numbers : NAN;
}
