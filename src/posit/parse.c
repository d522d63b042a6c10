// SPDX-License-Identifier: BSD-2-Clause
/* Decimal and hexadecimal strings as posits. */
#include "text.h"

#include <errno.h>

#include "internal.h"

/*
 * Digits beyond these only tell whether the number is more than those before. The numbers that
 * rounding must tell from their neighbours, the posits of 65 bits, have fewer: at most 61 bits
 * times 2^-252, which is 196 digits; so none lies between two that differ in the last digit here.
 */
#define DIGITS_MAX 256
/* Beyond 10^+-80 all is the largest or smallest posit (2^248 is 4.5e74). */
#define POINT_MAX 80
#define EXPONENT_MAX (INT64_C(1) << 60)
#define WORDS 40 /* of 32 bits: 256 digits are 851 bits, 5^336 is 781, and a shift by up to 64 */

struct decimal {
    bool negative;
    uint8_t digit[DIGITS_MAX]; /* the first is not 0 */
    int count;                 /* 0: the number is 0 */
    bool more;                 /* what follows is not all zeros */
    int64_t point;             /* 0.d1 d2 ... * 10^point */
};

/* Reads digits and at most one point; returns where they end, or NULL if there is no digit. */
static const char *read_digits(const char *s, const char *end, struct decimal *ret)
{
    bool some = false, behind = false;

    for (; s < end; s++) {
        if (*s == '.' && !behind) {
            behind = true;
            continue;
        }
        if (*s < '0' || *s > '9')
            break;
        some = true;
        if (*s == '0' && ret->count == 0) {
            ret->point -= behind;
            continue;
        }
        ret->point += !behind;
        if (ret->count < DIGITS_MAX)
            ret->digit[ret->count++] = (uint8_t)(*s - '0');
        else
            ret->more |= *s != '0';
    }
    return some ? s : NULL;
}

/* Reads [+-] digits up to the end; false if that is not there. Large ones are limited. */
static bool read_exponent(const char *s, const char *end, int64_t *ret)
{
    bool negative = s < end && *s == '-';
    int64_t exponent = 0;

    if (s < end && (*s == '-' || *s == '+'))
        s++;
    if (s == end)
        return false;
    for (; s < end; s++) {
        if (*s < '0' || *s > '9')
            return false;
        if (exponent < EXPONENT_MAX / 10)
            exponent = 10 * exponent + (*s - '0');
        else
            exponent = EXPONENT_MAX;
    }
    *ret = negative ? -exponent : exponent;
    return true;
}

static bool read_decimal(const char *s, size_t len, struct decimal *ret)
{
    const char *end = s + len;
    int64_t exponent = 0;

    if (s < end && (*s == '-' || *s == '+'))
        ret->negative = *s++ == '-';
    s = read_digits(s, end, ret);
    if (!s)
        return false;
    if (s < end && ((*s | 32) != 'e' || !read_exponent(s + 1, end, &exponent)))
        return false;
    ret->point += exponent;
    return true;
}

/* Little-endian whole numbers with as many words as they need. */
struct whole {
    uint32_t word[WORDS];
    int count;
};

static void multiply_add(struct whole *x, uint32_t by, uint32_t add)
{
    uint64_t carry = add;

    for (int i = 0; i < x->count; i++) {
        carry += (uint64_t)x->word[i] * by;
        x->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        x->word[x->count++] = (uint32_t)carry;
}

static void multiply_power_of_5(struct whole *x, int power)
{
    for (; power >= 13; power -= 13)
        multiply_add(x, 1220703125, 0);
    for (; power > 0; power--)
        multiply_add(x, 5, 0);
}

static int bit_length(const struct whole *x)
{
    return 32 * x->count - __builtin_clz(x->word[x->count - 1]);
}

static void shift_left(struct whole *x, int by)
{
    struct whole ret = {.count = x->count + by / 32 + 1};

    for (int i = 0; i < x->count; i++) {
        uint64_t part = (uint64_t)x->word[i] << (by % 32);

        ret.word[i + by / 32] |= (uint32_t)part;
        ret.word[i + by / 32 + 1] |= (uint32_t)(part >> 32);
    }
    while (ret.word[ret.count - 1] == 0)
        ret.count--;
    *x = ret;
}

/* x -= y if x >= y; tells whether. Words of y beyond its count are 0. */
static bool subtract_if(struct whole *x, const struct whole *y)
{
    uint64_t borrow = 0;
    int i = x->count - 1;

    if (x->count < y->count)
        return false;
    while (i > 0 && x->word[i] == y->word[i])
        i--;
    if (x->word[i] < y->word[i])
        return false;
    for (i = 0; i < x->count; i++) {
        borrow = (uint64_t)x->word[i] - y->word[i] - borrow;
        x->word[i] = (uint32_t)borrow;
        borrow >>= 63;
    }
    while (x->count > 0 && x->word[x->count - 1] == 0)
        x->count--;
    return true;
}

/* A magnitude as posit_encode() takes it. */
struct binary {
    uint64_t sig;
    int scale;
    bool sticky;
};

/* x / y: the quotient's 64 bits, found one by one, and whether a rest is left. */
static struct binary divide(struct whole *x, struct whole *y)
{
    struct binary ret = {.scale = bit_length(x) - bit_length(y)};

    if (ret.scale < 0)
        shift_left(x, -ret.scale);
    else
        shift_left(y, ret.scale);
    if (subtract_if(x, y)) {
        ret.sig = 1;
    } else {
        ret.scale--; /* the first bit of 65 is 0 */
    }
    for (int bits = ret.sig ? 1 : 0; bits < 64; bits++) {
        if (x->count)
            shift_left(x, 1);
        ret.sig = ret.sig << 1 | (x->count && subtract_if(x, y));
    }
    ret.sticky = x->count > 0;
    return ret;
}

static struct binary convert_long(const struct decimal *x, int power)
{
    struct whole number = {{0}, 0}, divisor = {{1}, 1};

    for (int i = 0; i < x->count; i++)
        multiply_add(&number, 10, x->digit[i]);
    if (power > 0)
        multiply_power_of_5(&number, power);
    else
        multiply_power_of_5(&divisor, -power);

    struct binary ret = divide(&number, &divisor);

    ret.scale += power;
    ret.sticky |= x->more;
    return ret;
}

#define SHORT_DIGITS 19 /* what fits in 64 bits */
#define SHORT_POWER 27  /* 5^27 does */

/* The same for numbers of few digits, which nearly all are: with two words of 64 bits. */
static struct binary convert_short(const struct decimal *x, int power)
{
    uint64_t number = 0, five = 1;

    for (int i = 0; i < x->count; i++)
        number = 10 * number + x->digit[i];
    for (int i = power < 0 ? -power : power; i > 0; i--)
        five *= 5;

    int up = __builtin_clzll(number), up_five = __builtin_clzll(five);

    number <<= up;
    five <<= up_five;
    if (power >= 0) {
        posit_u128 product = (posit_u128)number * five;
        int carry = (int)(product >> 127);

        product <<= 1 - carry;
        return (struct binary){(uint64_t)(product >> 64), 126 + carry - up - up_five + power,
                               (uint64_t)product != 0};
    }

    int less = number < five;
    posit_u128 dividend = (posit_u128)number << (63 + less);
    uint64_t quotient = (uint64_t)(dividend / five);

    return (struct binary){quotient, up_five - up - less + power,
                           quotient * five != (uint64_t)dividend};
}

static uint64_t decimal_code(unsigned n, const struct decimal *x)
{
    int64_t point = x->point > POINT_MAX ? POINT_MAX : x->point;

    if (x->count == 0)
        return 0;
    if (point < -POINT_MAX)
        point = -POINT_MAX;

    int power = (int)point - x->count;
    bool is_short = x->count <= SHORT_DIGITS && power >= -SHORT_POWER && power <= SHORT_POWER;
    struct binary b = is_short ? convert_short(x, power) : convert_long(x, power);

    return posit_encode(n, x->negative, b.scale, b.sig, b.sticky);
}

static bool is_nar(const char *s, size_t len)
{
    return len == 3 && (s[0] | 32) == 'n' && (s[1] | 32) == 'a' && (s[2] | 32) == 'r';
}

int posit_parse(unsigned n, const char *s, size_t len, uint64_t *ret_code)
{
    struct decimal x = {.count = 0};

    if (is_nar(s, len)) {
        *ret_code = posit_nar(n);
        return 0;
    }
    if (!read_decimal(s, len, &x))
        return -EINVAL;
    *ret_code = decimal_code(n, &x);
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_hex(unsigned n, const char *s, size_t len, uint64_t *ret_code)
{
    uint64_t code = 0;

    if (len > 2 && s[0] == '0' && (s[1] | 32) == 'x') {
        s += 2;
        len -= 2;
    }
    if (len == 0 || len > n / 4)
        return -EINVAL;
    for (size_t i = 0; i < len; i++) {
        int digit = hex_digit(s[i]);

        if (digit < 0)
            return -EINVAL;
        code = code << 4 | (uint64_t)digit;
    }
    *ret_code = code;
    return 0;
}

#define PARSE(n)                                                                                   \
    int posit##n##_from_string(const char *s, size_t len, posit##n *ret)                           \
    {                                                                                              \
        uint64_t code;                                                                             \
        int r = posit_parse(n, s, len, &code);                                                     \
                                                                                                   \
        if (r == 0)                                                                                \
            ret->bits = (uint##n##_t)code;                                                         \
        return r;                                                                                  \
    }                                                                                              \
    int posit##n##_from_hex(const char *s, size_t len, posit##n *ret)                              \
    {                                                                                              \
        uint64_t code;                                                                             \
        int r = parse_hex(n, s, len, &code);                                                       \
                                                                                                   \
        if (r == 0)                                                                                \
            ret->bits = (uint##n##_t)code;                                                         \
        return r;                                                                                  \
    }

POSIT_SIZES(PARSE)
