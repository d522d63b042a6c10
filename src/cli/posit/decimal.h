// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decimal numbers of a fixed range, exactly: what a posit, a float or a double differs by from the
 * number that somebody wrote. 2 KiB each, no allocation. The range holds every double (1.8e308 with
 * 309 digits, down to 1074 places) and any number of PK_DECIMAL_TEXT_MAX characters whose first
 * digit stands between 1e400 and 1e-400.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PK_DECIMAL_TEXT_MAX 1100u
#define PK_DECIMAL_EXPONENT_MAX 400
#define PK_DECIMAL_ABOVE 404u  /* digits before the point */
#define PK_DECIMAL_BELOW 1500u /* and after it */
#define PK_DECIMAL_DIGITS (PK_DECIMAL_ABOVE + PK_DECIMAL_BELOW)
#define PK_DECIMAL_SIZE (PK_DECIMAL_DIGITS + 4) /* of its text: sign, point, NUL */
#define PK_DECIMAL_SHORT_SIZE 24

struct pk_decimal {
    bool negative; /* not if it is 0 */
    uint8_t digit[PK_DECIMAL_DIGITS];
};

/* Reads [+-] digits [. digits] [e [+-] digits]: 0, -ERANGE, or -EINVAL for anything else. */
int pk_decimal_read(const char *s, size_t len, struct pk_decimal *ret);
bool pk_decimal_is_zero(const struct pk_decimal *x);
/* a - b; *ret may be either. Not for numbers that together leave the range (none that was read). */
void pk_decimal_sub(const struct pk_decimal *a, const struct pk_decimal *b, struct pk_decimal *ret);
/* All digits, without exponent; the length. */
size_t pk_decimal_print(const struct pk_decimal *x, char ret[static PK_DECIMAL_SIZE]);
/* Three digits and an exponent, with its sign: "+1.53e-06"; "0". */
void pk_decimal_print_short(const struct pk_decimal *x, char ret[static PK_DECIMAL_SHORT_SIZE]);
/* a / b in the same form, b not 0. */
void pk_decimal_print_ratio(const struct pk_decimal *a, const struct pk_decimal *b,
                            char ret[static PK_DECIMAL_SHORT_SIZE]);
