// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/posit/decimal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A decimal as written: its digits, the point somewhere among them, and the exponent. */
struct text {
    bool negative;
    const char *digits;
    size_t len;    /* of the digits, the point included */
    long exponent; /* cut below a million */
};

static bool split_exponent(struct text *t, const char *s, const char *end)
{
    bool negative = false;

    if (s < end && (*s == '+' || *s == '-'))
        negative = *s++ == '-';
    if (s == end)
        return false;
    for (; s < end; s++) {
        if (!isdigit((unsigned char)*s))
            return false;
        if (t->exponent < 100000)
            t->exponent = t->exponent * 10 + (*s - '0');
    }
    if (negative)
        t->exponent = -t->exponent;
    return true;
}

static bool split(struct text *t, const char *s, const char *end)
{
    size_t points = 0;

    *t = (struct text){0};
    if (s < end && (*s == '+' || *s == '-'))
        t->negative = *s++ == '-';
    t->digits = s;
    for (; s < end && (isdigit((unsigned char)*s) || *s == '.'); s++)
        points += *s == '.';
    t->len = (size_t)(s - t->digits);
    if (points > 1 || t->len == points)
        return false;
    return s == end || ((*s == 'e' || *s == 'E') && split_exponent(t, s + 1, end));
}

int pk_decimal_read(const char *s, size_t len, struct pk_decimal *ret)
{
    const char *point;
    struct text t;
    long power; /* of ten, of the next digit */
    bool seen = false;

    if (len > PK_DECIMAL_TEXT_MAX)
        return -ERANGE;
    if (!split(&t, s, s + len))
        return -EINVAL;
    *ret = (struct pk_decimal){0};
    point = memchr(t.digits, '.', t.len);
    power = t.exponent + (point ? point - t.digits : (long)t.len) - 1;
    for (size_t i = 0; i < t.len; i++) {
        if (t.digits[i] == '.')
            continue;
        if (!seen && t.digits[i] != '0') {
            if (labs(power) > PK_DECIMAL_EXPONENT_MAX)
                return -ERANGE;
            seen = true;
        }
        if (seen)
            ret->digit[(long)PK_DECIMAL_ABOVE - 1 - power] = (uint8_t)(t.digits[i] - '0');
        power--;
    }
    ret->negative = t.negative && seen;
    return 0;
}

/* The place of the first digit that is not 0. */
static size_t first(const struct pk_decimal *x)
{
    size_t i = 0;

    while (i < PK_DECIMAL_DIGITS && !x->digit[i])
        i++;
    return i;
}

bool pk_decimal_is_zero(const struct pk_decimal *x)
{
    return first(x) == PK_DECIMAL_DIGITS;
}

static void add_digits(const uint8_t *a, const uint8_t *b, uint8_t *ret)
{
    unsigned carry = 0;

    for (size_t i = PK_DECIMAL_DIGITS; i-- > 0;) {
        unsigned sum = a[i] + b[i] + carry;

        carry = sum >= 10;
        ret[i] = (uint8_t)(sum - 10 * carry);
    }
}

/* a >= b */
static void sub_digits(const uint8_t *a, const uint8_t *b, uint8_t *ret)
{
    int borrow = 0;

    for (size_t i = PK_DECIMAL_DIGITS; i-- > 0;) {
        int difference = a[i] - b[i] - borrow;

        borrow = difference < 0;
        ret[i] = (uint8_t)(difference + 10 * borrow);
    }
}

void pk_decimal_sub(const struct pk_decimal *a, const struct pk_decimal *b, struct pk_decimal *ret)
{
    bool negative = a->negative;

    if (a->negative != b->negative) {
        add_digits(a->digit, b->digit, ret->digit);
    } else if (memcmp(a->digit, b->digit, PK_DECIMAL_DIGITS) >= 0) {
        sub_digits(a->digit, b->digit, ret->digit);
    } else {
        sub_digits(b->digit, a->digit, ret->digit);
        negative = !negative;
    }
    ret->negative = negative && !pk_decimal_is_zero(ret);
}

size_t pk_decimal_print(const struct pk_decimal *x, char ret[static PK_DECIMAL_SIZE])
{
    size_t from = first(x), to = PK_DECIMAL_DIGITS, n = 0;

    if (from >= PK_DECIMAL_ABOVE)
        from = PK_DECIMAL_ABOVE - 1;
    while (to > PK_DECIMAL_ABOVE && !x->digit[to - 1])
        to--;
    if (x->negative)
        ret[n++] = '-';
    for (size_t i = from; i < to; i++) {
        if (i == PK_DECIMAL_ABOVE)
            ret[n++] = '.';
        ret[n++] = (char)('0' + x->digit[i]);
    }
    ret[n] = 0;
    return n;
}

/* |x| = mantissa * 10^*ret_exponent, the mantissa in [1, 10), or 0 */
static double parts(const struct pk_decimal *x, int *ret_exponent)
{
    size_t from = first(x);
    double mantissa = 0, weight = 1;

    *ret_exponent = (int)PK_DECIMAL_ABOVE - 1 - (int)from;
    for (size_t i = from; i < PK_DECIMAL_DIGITS && i < from + 17; i++, weight /= 10)
        mantissa += x->digit[i] * weight;
    return mantissa;
}

static void print_parts(bool negative, double mantissa, int exponent,
                        char ret[static PK_DECIMAL_SHORT_SIZE])
{
    if (mantissa < 1) { /* only of a ratio */
        mantissa *= 10;
        exponent--;
    }
    if (mantissa >= 9.995) { /* what would be printed as 10.00 */
        mantissa /= 10;
        exponent++;
    }
    snprintf(ret, PK_DECIMAL_SHORT_SIZE, "%c%.2fe%+03d", negative ? '-' : '+', mantissa, exponent);
}

void pk_decimal_print_short(const struct pk_decimal *x, char ret[static PK_DECIMAL_SHORT_SIZE])
{
    int exponent;
    double mantissa = parts(x, &exponent);

    if (mantissa > 0)
        print_parts(x->negative, mantissa, exponent, ret);
    else
        snprintf(ret, PK_DECIMAL_SHORT_SIZE, "0");
}

void pk_decimal_print_ratio(const struct pk_decimal *a, const struct pk_decimal *b,
                            char ret[static PK_DECIMAL_SHORT_SIZE])
{
    int exponent_a, exponent_b;
    double x = parts(a, &exponent_a), y = parts(b, &exponent_b);

    if (x > 0)
        print_parts(a->negative != b->negative, x / y, exponent_a - exponent_b, ret);
    else
        snprintf(ret, PK_DECIMAL_SHORT_SIZE, "0");
}
