// SPDX-License-Identifier: BSD-2-Clause
/* Conversions between sizes, and from and to integers and IEEE 754 (6). */
#include "posit.h"

#include "convert.h"
#include "internal.h"

POSIT_INLINE uint64_t resize(unsigned from, unsigned to, uint64_t code)
{
    return posit_narrow(to, posit_widen(from, code));
}

POSIT_INLINE uint64_t from_magnitude(unsigned n, bool negative, uint64_t magnitude)
{
    if (magnitude == 0)
        return 0;

    int zeros = posit_leading_zeros(magnitude);

    return posit_encode(n, negative, 63 - zeros, magnitude << zeros, false);
}

POSIT_INLINE uint64_t from_signed(unsigned n, int64_t x, int64_t least)
{
    if (x == least)
        return posit_nar(n);
    return from_magnitude(n, x < 0, x < 0 ? 0 - (uint64_t)x : (uint64_t)x);
}

/* |x| rounded to an integer, a tie to the even one; 0 <= scale + 1 <= 64. */
POSIT_INLINE uint64_t round_magnitude(struct posit_parts x)
{
    uint64_t whole = x.scale < 0 ? 0 : x.sig >> (63 - x.scale);
    uint64_t rest = x.scale == 63 ? 0 : x.sig << (x.scale + 1);

    return whole + ((rest | (whole & 1)) > UINT64_C(1) << 63);
}

POSIT_INLINE int64_t to_signed(unsigned n, uint64_t code, int64_t least)
{
    if (posit_is_special(n, code))
        return code ? least : 0;

    struct posit_parts x = posit_decode(n, code);

    if (x.scale < -1)
        return 0;
    if (x.scale > 62)
        return least;

    uint64_t whole = round_magnitude(x);

    if (whole >= 0 - (uint64_t)least)
        return least;
    return x.negative ? -(int64_t)whole : (int64_t)whole;
}

POSIT_INLINE uint64_t to_unsigned(unsigned n, uint64_t code, uint64_t most)
{
    if (posit_is_special(n, code))
        return code ? most : 0;

    struct posit_parts x = posit_decode(n, code);

    if (x.scale < -1)
        return 0;
    if (x.scale > 63)
        return most;

    uint64_t whole = round_magnitude(x);

    return whole > most || (x.negative && whole) ? most : whole;
}

#define RESIZE(from, to)                                                                           \
    posit##to posit##from##_to_posit##to(posit##from x)                                            \
    {                                                                                              \
        return (posit##to){(uint##to##_t)resize(from, to, x.bits)};                                \
    }

RESIZE(8, 16)
RESIZE(8, 32)
RESIZE(8, 64)
RESIZE(16, 8)
RESIZE(16, 32)
RESIZE(16, 64)
RESIZE(32, 8)
RESIZE(32, 16)
RESIZE(32, 64)
RESIZE(64, 8)
RESIZE(64, 16)
RESIZE(64, 32)

#define INTEGER(n, width)                                                                          \
    posit##n posit##n##_from_int##width(int##width##_t x)                                          \
    {                                                                                              \
        return (posit##n){(uint##n##_t)from_signed(n, x, INT##width##_MIN)};                       \
    }                                                                                              \
    posit##n posit##n##_from_uint##width(uint##width##_t x)                                        \
    {                                                                                              \
        return (posit##n){(uint##n##_t)from_magnitude(n, false, x)};                               \
    }                                                                                              \
    int##width##_t posit##n##_to_int##width(posit##n x)                                            \
    {                                                                                              \
        return (int##width##_t)to_signed(n, x.bits, INT##width##_MIN);                             \
    }                                                                                              \
    uint##width##_t posit##n##_to_uint##width(posit##n x)                                          \
    {                                                                                              \
        return (uint##width##_t)to_unsigned(n, x.bits, UINT##width##_MAX);                         \
    }

#define CONVERT(n)                                                                                 \
    INTEGER(n, 8)                                                                                  \
    INTEGER(n, 16)                                                                                 \
    INTEGER(n, 32)                                                                                 \
    INTEGER(n, 64)                                                                                 \
    posit##n posit##n##_from_double(double x)                                                      \
    {                                                                                              \
        return (posit##n){(uint##n##_t)posit_from_double_bits(n, posit_double_bits(x))};           \
    }                                                                                              \
    posit##n posit##n##_from_float(float x)                                                        \
    {                                                                                              \
        return (posit##n){(uint##n##_t)posit_from_float_bits(n, posit_float_bits(x))};             \
    }                                                                                              \
    double posit##n##_to_double(posit##n x)                                                        \
    {                                                                                              \
        return posit_bits_double(posit_to_double_bits(n, x.bits));                                 \
    }                                                                                              \
    float posit##n##_to_float(posit##n x)                                                          \
    {                                                                                              \
        return posit_bits_float(posit_to_float_bits(n, x.bits));                                   \
    }

POSIT_SIZES(CONVERT)
