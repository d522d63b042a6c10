// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a posit is and how a real number is rounded to one, from the definitions of the Posit
 * Standard (2022) and nothing else: a code's value by walking its fields (section 3), rounding by
 * comparison with the value of the (n+1)-bit code that stands between two neighbours (section 4).
 * Exact rationals (GMP). No line of it is shared with the library, nor is the library's header
 * included.
 *
 * To check that r is the rounding of x takes two comparisons, to find it a bisection over all
 * codes: tests do the first, and the second only to say what would have been right.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <gmp.h>

/* n is 2..65: the tie points of posit64 are codes of 65 bits. */
typedef unsigned __int128 oracle_code;

/* All n bits but the first are 0. */
uint64_t oracle_nar(unsigned n);
uint64_t oracle_mask(unsigned n);
uint64_t oracle_negate(uint64_t code, unsigned n);

/* code is not NaR. */
void oracle_value(mpq_t ret, oracle_code code, unsigned n);

/* Is r, of n bits, what x rounds to? */
bool oracle_is_rounded(const mpq_t x, uint64_t r, unsigned n);
/* Is r what the square root of x rounds to? x >= 0. */
bool oracle_is_root(const mpq_t x, uint64_t r, unsigned n);

uint64_t oracle_round(const mpq_t x, unsigned n);
uint64_t oracle_round_root(const mpq_t x, unsigned n);
