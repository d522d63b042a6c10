// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A number of an answer: a whole one, exact in 128 bits, or a double. Texts are those that
 * Prometheus reads: a double in the fewest of 15, 16 or 17 digits that give it back bit by bit, and
 * NaN, +Inf, -Inf.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pk_number {
    bool there; /* false: no value */
    bool whole;
    double real; /* if not whole */
    __int128 integer;
};

#define PK_NUMBER_SIZE 48

static inline struct pk_number pk_whole(__int128 v)
{
    return (struct pk_number){.there = true, .whole = true, .integer = v};
}

static inline struct pk_number pk_real(double v)
{
    return (struct pk_number){.there = true, .real = v};
}

double pk_number_double(const struct pk_number *n);
/* -1, 0, 1; NaN is less than all others. */
int pk_number_compare(const struct pk_number *a, const struct pk_number *b);
struct pk_number pk_number_add(const struct pk_number *a, const struct pk_number *b);

const char *pk_number_text(const struct pk_number *n, char ret[static PK_NUMBER_SIZE]);
const char *pk_double_text(double v, char ret[static PK_NUMBER_SIZE]);
