// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The definition for posits of up to 16 bits as tables of doubles, for tests of all 2^32 pairs: a
 * code's value and the two tie points beside it have at most 13 bits. What is compared with them is
 * exact too: products of up to three values (36 bits), a tie times a divisor, and for a sum its
 * rounded value with its error (Knuth's TwoSum).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct oracle_table {
    unsigned n;
    double *value;
    /* What rounds to the code: between these, and with them if the code is even. NaR: nothing. */
    double *low, *high;
};

void oracle_table_init(struct oracle_table *t, unsigned n);
void oracle_table_free(struct oracle_table *t);

static inline bool oracle_table_has(const struct oracle_table *t, double x, uint64_t r)
{
    return r % 2 ? t->low[r] < x && x < t->high[r] : t->low[r] <= x && x <= t->high[r];
}

/* x / y, y not 0 */
static inline bool oracle_table_has_ratio(const struct oracle_table *t, double x, double y,
                                          uint64_t r)
{
    const double low = y > 0 ? t->low[r] * y : t->high[r] * y;
    const double high = y > 0 ? t->high[r] * y : t->low[r] * y;

    return r % 2 ? low < x && x < high : low <= x && x <= high;
}

/* x + y */
static inline bool oracle_table_has_sum(const struct oracle_table *t, double x, double y,
                                        uint64_t r)
{
    const double sum = x + y, part = sum - x, error = (x - (sum - part)) + (y - part);
    const bool above = sum > t->low[r] || (sum == t->low[r] && error > 0);
    const bool below = sum < t->high[r] || (sum == t->high[r] && error < 0);

    if (above && below)
        return true;
    return r % 2 == 0 && error == 0 && (sum == t->low[r] || sum == t->high[r]);
}
