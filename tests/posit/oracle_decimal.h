// SPDX-License-Identifier: GPL-2.0-or-later
/* Decimal strings and rationals, for what the library prints and reads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <gmp.h>

/* The value of [+-] digits [. digits] [e [+-] digits]; false if the text is anything else.
 * Exponents are taken only up to four digits. */
bool oracle_decimal_read(mpq_t ret, const char *text);

/* Significant digits: no zeros at either end. 0 has none. */
unsigned oracle_decimal_digits(const char *text);

/* The e for which 10^e <= x < 10^(e + 1); x > 0 */
long oracle_decimal_exponent(const mpq_t x);

/* x *= 10^power */
void oracle_decimal_scale(mpq_t x, long power);
