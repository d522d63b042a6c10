// SPDX-License-Identifier: GPL-2.0-or-later
#include "oracle_table.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "oracle.h"

static double to_double(oracle_code code, unsigned n)
{
    double d;
    mpq_t x, back;

    mpq_inits(x, back, NULL);
    oracle_value(x, code, n);
    d = mpq_get_d(x);
    mpq_set_d(back, d);
    assert(mpq_equal(x, back));
    mpq_clears(x, back, NULL);
    return d;
}

static void fill(struct oracle_table *t, uint64_t p)
{
    const uint64_t negative = oracle_negate(p, t->n);

    t->value[p] = to_double(p, t->n);
    t->low[p] = p > 1 ? to_double(((oracle_code)(p - 1) << 1) | 1, t->n + 1) : 0;
    t->high[p] =
        p + 1 < oracle_nar(t->n) ? to_double(((oracle_code)p << 1) | 1, t->n + 1) : INFINITY;
    t->value[negative] = -t->value[p];
    t->low[negative] = -t->high[p];
    t->high[negative] = -t->low[p];
}

void oracle_table_init(struct oracle_table *t, unsigned n)
{
    assert(n <= 16);
    t->n = n;
    t->value = calloc((size_t)1 << n, sizeof(*t->value));
    t->low = calloc((size_t)1 << n, sizeof(*t->low));
    t->high = calloc((size_t)1 << n, sizeof(*t->high));
    assert(t->value && t->low && t->high);
    for (uint64_t p = 1; p < oracle_nar(n); p++)
        fill(t, p);
    t->value[oracle_nar(n)] = NAN;
    t->low[oracle_nar(n)] = INFINITY;
    t->high[oracle_nar(n)] = -INFINITY;
}

void oracle_table_free(struct oracle_table *t)
{
    free(t->value);
    free(t->low);
    free(t->high);
}
