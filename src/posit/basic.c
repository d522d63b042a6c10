// SPDX-License-Identifier: BSD-2-Clause
/* Functions of one argument that need no arithmetic (5.2), and comparison (5.3). */
#include "posit.h"

#include "internal.h"

/* 1 in n bits: the regime 10 and zeros. */
POSIT_INLINE uint64_t one(unsigned n)
{
    return UINT64_C(1) << (n - 2);
}

POSIT_INLINE uint64_t sign_code(unsigned n, uint64_t code)
{
    if (posit_is_special(n, code))
        return code;
    return posit_with_sign(n, posit_is_negative(n, code), one(n));
}

enum direction { NEAREST, DOWN, UP };

/* The integer that x is rounded to. From 2^60 on all are integers, and their fraction has no bits.
 */
POSIT_INLINE uint64_t integer_code(unsigned n, uint64_t code, enum direction direction)
{
    if (posit_is_special(n, code))
        return code;

    struct posit_parts x = posit_decode(n, code);

    if (x.scale >= 60)
        return code;

    uint64_t whole = x.scale < 0 ? 0 : x.sig >> (63 - x.scale);
    /* What is behind the point, in units of 2^-64; what is less than 1/4 counts as some. */
    uint64_t rest = x.scale < -2 ? 1 : x.scale == -2 ? x.sig >> 1 : x.sig << (x.scale + 1);

    if (direction == NEAREST)
        whole += (rest | (whole & 1)) > UINT64_C(1) << 63;
    else
        whole += rest != 0 && (direction == UP) != x.negative;
    if (whole == 0)
        return 0;

    int zeros = posit_leading_zeros(whole);

    return posit_encode(n, x.negative, 63 - zeros, whole << zeros, false);
}

#define UNARY(n, name, code)                                                                       \
    posit##n posit##n##_##name(posit##n x)                                                         \
    {                                                                                              \
        return (posit##n){(uint##n##_t)(code)};                                                    \
    }
#define COMPARE(n, name, op)                                                                       \
    bool posit##n##_##name(posit##n x, posit##n y)                                                 \
    {                                                                                              \
        return (int##n##_t)x.bits op(int##n##_t) y.bits;                                           \
    }

#define BASIC(n)                                                                                   \
    UNARY(n, negate, posit_negate_code(n, x.bits))                                                 \
    UNARY(n, abs, posit_magnitude(n, x.bits))                                                      \
    UNARY(n, sign, sign_code(n, x.bits))                                                           \
    UNARY(n, nearest_int, integer_code(n, x.bits, NEAREST))                                        \
    UNARY(n, ceil, integer_code(n, x.bits, UP))                                                    \
    UNARY(n, floor, integer_code(n, x.bits, DOWN))                                                 \
    UNARY(n, next, x.bits + 1u)                                                                    \
    UNARY(n, prior, x.bits - 1u)                                                                   \
    COMPARE(n, equal, ==)                                                                          \
    COMPARE(n, not_equal, !=)                                                                      \
    COMPARE(n, greater, >)                                                                         \
    COMPARE(n, greater_equal, >=)                                                                  \
    COMPARE(n, less, <)                                                                            \
    COMPARE(n, less_equal, <=)

POSIT_SIZES(BASIC)
