// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A sum of stored values. Exact where values allow it: scaled integers in 128 bits, posits in a
 * quire, of 2^63 values at most. Doubles are summed with Neumaier's compensation and are not exact.
 * Sums of one kind and scale are joined exactly; what cannot be joined so becomes a compensated
 * sum, and says that it is inexact.
 */
#pragma once

#include <stdbool.h>

#include "posit/posit.h"
#include "telemetry/wire.h"

enum pk_sum_kind { PK_SUM_NONE, PK_SUM_INTEGER, PK_SUM_QUIRE, PK_SUM_DOUBLE };

struct pk_sum {
    enum pk_sum_kind kind;
    int scale; /* integer: the sum is integer / 10^scale; quire: quire * 2^scale */
    __int128 integer;
    quire64 quire;
    double high, low; /* double: high + low */
};

/* Powers of ten that a double holds exactly, and more than a scaled integer uses. */
#define PK_TEN_MAX 18

static inline double pk_ten(int exponent)
{
    static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

    return ten[exponent];
}

void pk_sum_add_double(struct pk_sum *s, double v);
void pk_sum_join(struct pk_sum *into, const struct pk_sum *other);

/* The sum as a double, rounded once if it is exact. */
double pk_sum_value(const struct pk_sum *s);
bool pk_sum_is_exact(const struct pk_sum *s);

/*
 * In a block's head, shortest form. Integer: length (1), two's complement without needless leading
 * bytes. Quire: count of zero bytes dropped at the end (1), length (1), as the integer. Double:
 * high, low, each as pk_put_double. The kind and the scale are known from elsewhere.
 */
void pk_sum_write(const struct pk_sum *s, struct pk_buf *out);
int pk_sum_read(struct pk_reader *r, struct pk_sum *s);

/* A length (1) and the first bytes of the double, zero bytes behind dropped. */
void pk_put_double(struct pk_buf *out, double v);
double pk_get_double(struct pk_reader *r);
