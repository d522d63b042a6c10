// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The elementary functions in doubles, by those of the C library: what tells nearly all arguments
 * of posit16 and posit32, whose results are nowhere near a tie, from the few that need a closer
 * look. A relative error of SEARCH_DOUBLE_ERROR is allowed for, 500 times what is to be expected.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mpfr_ref.h"

#define SEARCH_DOUBLE_ERROR 0x1p-44

typedef void search_double(double *restrict ret, const double *restrict x, const double *restrict y,
                           size_t n);

/* The function of that name in mpfr_ref.h, or NULL: those of one argument, hypot, pow, arctan2 and
 * arctan2_pi. Where there is no real result, it is infinite or not a number; where the result is
 * beyond 2^+-122, it is beyond 2^+-121. */
search_double *search_double_find(const char *name);

/* Compares it with MPFR's at 100,000 arguments of n bits: false, and prints it, if one is off by
 * more than a sixteenth of SEARCH_DOUBLE_ERROR. */
bool search_double_is_near(const struct mpfr_ref *f, unsigned n);

/* Both ends of what a double of `values` stands for: if they round alike, the true value does. */
static inline void search_double_bounds(double *restrict below, double *restrict above,
                                        const double *restrict values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        below[i] = values[i] * (1 - SEARCH_DOUBLE_ERROR);
        above[i] = values[i] * (1 + SEARCH_DOUBLE_ERROR);
    }
}
