// SPDX-License-Identifier: GPL-2.0-or-later
#include "oracle_decimal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void oracle_decimal_scale(mpq_t x, long power)
{
    mpq_t ten;

    mpq_init(ten);
    mpz_ui_pow_ui(mpq_numref(ten), 10, (unsigned long)labs(power));
    if (power >= 0)
        mpq_mul(x, x, ten);
    else
        mpq_div(x, x, ten);
    mpq_clear(ten);
}

bool oracle_decimal_read(mpq_t ret, const char *text)
{
    const char *s = text + (*text == '-' || *text == '+');
    size_t digits = 0, behind = 0;
    bool point = false;
    long exponent = 0;

    mpq_set_ui(ret, 0, 1);
    for (; isdigit((unsigned char)*s) || (*s == '.' && !point); s++) {
        if (*s == '.') {
            point = true;
            continue;
        }
        mpz_mul_ui(mpq_numref(ret), mpq_numref(ret), 10);
        mpz_add_ui(mpq_numref(ret), mpq_numref(ret), (unsigned)(*s - '0'));
        digits++;
        behind += point;
    }
    if (!digits)
        return false;
    if (*s == 'e' || *s == 'E') {
        const char *first = s + 1 + (s[1] == '-' || s[1] == '+');
        char *end;

        exponent = strtol(s + 1, &end, 10);
        if (!isdigit((unsigned char)*first) || end - first > 4)
            return false;
        s = end;
    }
    oracle_decimal_scale(ret, exponent - (long)behind);
    if (*text == '-')
        mpq_neg(ret, ret);
    return !*s;
}

unsigned oracle_decimal_digits(const char *text)
{
    unsigned digits = 0, zeros = 0;

    for (; *text && *text != 'e' && *text != 'E'; text++) {
        if (!isdigit((unsigned char)*text) || (*text == '0' && !digits))
            continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        digits++;
    }
    return digits - zeros;
}

long oracle_decimal_exponent(const mpq_t x)
{
    /* mpz_sizeinbase may be one too large. */
    long e = (long)mpz_sizeinbase(mpq_numref(x), 10) - (long)mpz_sizeinbase(mpq_denref(x), 10) - 3;
    mpq_t power;

    mpq_init(power);
    do { /* from below */
        mpq_set_ui(power, 1, 1);
        oracle_decimal_scale(power, ++e + 1);
    } while (mpq_cmp(power, x) <= 0);
    mpq_clear(power);
    return e;
}
