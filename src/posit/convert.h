// SPDX-License-Identifier: BSD-2-Clause
/*
 * IEEE 754 numbers from and to posits of n bits, as integers: no instruction here is one of
 * floating point, so that neither rounding mode nor flags matter. Written without branches, so that
 * loops over arrays become vector instructions where shifts by a vector of counts exist.
 */
#pragma once

#include <string.h>

#include "internal.h"

#define POSIT_DOUBLE_NAN UINT64_C(0x7ff8000000000000)
#define POSIT_FLOAT_NAN UINT32_C(0x7fc00000)

POSIT_INLINE uint64_t posit_double_bits(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

POSIT_INLINE double posit_bits_double(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

POSIT_INLINE uint32_t posit_float_bits(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

POSIT_INLINE float posit_bits_float(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

/*
 * The magnitude is limited to the posits' range while it is an IEEE number, whose order is that of
 * its bits. Then exponent and fraction without the bias are scale and fraction already: the upper
 * bits are the regime's, the two below them the posit's exponent.
 */
POSIT_INLINE uint64_t posit_from_double_bits(unsigned n, uint64_t bits)
{
    const int64_t bias = INT64_C(1023) << 52;
    const int64_t limit = (int64_t)posit_max_scale(n) << 52;
    int64_t magnitude = (int64_t)(bits & INT64_MAX);
    int64_t scaled = magnitude - bias;

    scaled = scaled > limit ? limit : scaled;
    scaled = scaled < -limit ? -limit : scaled;

    uint64_t ones = scaled < 0 ? 0 : ~UINT64_C(0); /* the regime's bits */
    unsigned shift = (unsigned)((uint64_t)(scaled >> 54) ^ ~ones);
    /* Exponent and fraction, with two bits of room in front of them for the start of the regime. */
    uint64_t word = (uint64_t)scaled << 10 >> 2;
    uint64_t lost = 0, code;

    /* What the shift, by at most 30, may lose is kept where it cannot: behind the rounding bit. */
    if (n <= 32)
        word |= ((word & INT32_MAX) + INT32_MAX) & (UINT64_C(1) << 31);
    else
        lost = word & ((UINT64_C(1) << shift) - 1);

    /* "01", or its complement "10" of which an arithmetic shift makes many ones. */
    word = (((word ^ ones >> 2) | UINT64_C(1) << 62) >> shift) ^ ones;
    if (n <= 32) {
        code = (word + (UINT64_C(1) << (64 - n)) - 1 + (word >> (65 - n) & 1)) >> (65 - n);
    } else {
        lost |= word & ((UINT64_C(1) << (64 - n)) - 1);
        code = word >> (65 - n);
        code += word >> (64 - n) & (code | (lost != 0)) & 1;
    }
    code = magnitude == 0 ? 0 : code;
    code = posit_with_sign(n, bits >> 63, code);
    return magnitude >= INT64_C(0x7ff) << 52 ? posit_nar(n) : code;
}

/* Regime and exponent added to the bias are the IEEE exponent; its fraction follows. */
POSIT_INLINE uint64_t posit_to_double_bits(unsigned n, uint64_t code)
{
    if (POSIT_UNLIKELY(posit_is_special(n, code)))
        return code ? POSIT_DOUBLE_NAN : 0;

    bool negative = posit_is_negative(n, code);
    uint64_t body = posit_with_sign(n, negative, code) << (64 - n) << 1;
    int run = posit_leading_zeros(body ^ body << 1);
    uint64_t rest = body << run << 2;
    uint64_t bits = rest >> 10;
    int regime = (int64_t)body < 0 ? run : -1 - run;

    if (n > 54) /* else no bit is cut off */
        bits += ((rest & 0x3ff) | (bits & 1)) > 0x200;
    return ((uint64_t)negative << 63) + ((uint64_t)(4 * regime + 1023) << 52) + bits;
}

POSIT_INLINE uint64_t posit_from_float_bits(unsigned n, uint32_t bits)
{
    uint32_t magnitude = bits & INT32_MAX;
    uint64_t sig = (uint64_t)magnitude << 41 >> 1;
    int scale = (int)(magnitude >> 23) - 127;

    if (magnitude == 0)
        return 0;
    if (magnitude >= UINT32_C(0xff) << 23)
        return posit_nar(n);
    if (scale > -127)
        return posit_encode(n, bits >> 31, scale, sig | UINT64_C(1) << 63, false);

    int zeros = posit_leading_zeros(sig); /* subnormal */

    return posit_encode(n, bits >> 31, -126 - zeros, sig << zeros, false);
}

POSIT_INLINE uint32_t posit_to_float_bits(unsigned n, uint64_t code)
{
    if (posit_is_special(n, code))
        return code ? POSIT_FLOAT_NAN : 0;

    struct posit_parts x = posit_decode(n, code);
    uint32_t sign = (uint32_t)x.negative << 31;
    int cut = x.scale < -126 ? 40 - 126 - x.scale : 40; /* bits behind the last one kept */
    uint64_t kept = cut < 64 ? x.sig >> cut : 0;
    uint64_t lost = cut <= 64 ? x.sig << (64 - cut) : 1;

    if (x.scale > 127)
        return sign | UINT32_C(0xff) << 23;
    kept += (lost | (kept & 1)) > UINT64_C(1) << 63;
    /* The leading 1 of a normal number adds one to the exponent, and so does a carry. */
    return sign | (uint32_t)(kept + ((uint64_t)(x.scale < -126 ? 0 : x.scale + 126) << 23));
}
