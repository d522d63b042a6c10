// SPDX-License-Identifier: BSD-2-Clause
/*
 * What all sizes share: a code to sign, scale and significand, and back with rounding. Each
 * function takes the size n in bits, 2 to 64; called with a constant, as nearly everywhere, the
 * compiler makes a function of that size of it, which is why they are forced inline.
 *
 * Codes are right-aligned in a uint64_t with zeros above. A significand is left-aligned: bit 63 is
 * the leading 1, so that the magnitude is sig / 2^63 * 2^scale.
 */
#pragma once

#include "posit.h"

#define POSIT_INLINE static inline __attribute__((always_inline))
#define POSIT_UNLIKELY(x) __builtin_expect(!!(x), 0)

__extension__ typedef unsigned __int128 posit_u128;
__extension__ typedef __int128 posit_i128;

/* X(8) X(16) X(32) X(64): one line of definitions for all sizes. */
#define POSIT_SIZES(X) X(8) X(16) X(32) X(64)

struct posit_parts {
    uint64_t sig; /* bit 63 is set; at most n - 4 bits from there on are used (but at least 1) */
    int scale;    /* -4(n - 2) to 4(n - 2) */
    bool negative;
};

/* The n bits of a code. */
POSIT_INLINE uint64_t posit_mask(unsigned n)
{
    return ~UINT64_C(0) >> (64 - n);
}

POSIT_INLINE uint64_t posit_nar(unsigned n)
{
    return UINT64_C(1) << (n - 1);
}

/* The scale of the largest posit; that of the smallest is its negative. */
POSIT_INLINE int posit_max_scale(unsigned n)
{
    return 4 * ((int)n - 2);
}

POSIT_INLINE bool posit_is_negative(unsigned n, uint64_t code)
{
    return code >> (n - 1) & 1;
}

/* Zero or NaR: the two codes that have no parts. */
POSIT_INLINE bool posit_is_special(unsigned n, uint64_t code)
{
    return (code << (64 - n) << 1) == 0;
}

/* Also right for zero and NaR, which negate to themselves. */
POSIT_INLINE uint64_t posit_negate_code(unsigned n, uint64_t code)
{
    return (0 - code) & posit_mask(n);
}

/* The code, negated if `negative`. */
POSIT_INLINE uint64_t posit_with_sign(unsigned n, bool negative, uint64_t code)
{
    return ((code ^ (0 - (uint64_t)negative)) + negative) & posit_mask(n);
}

/* |x| as a code; NaR stays. */
POSIT_INLINE uint64_t posit_magnitude(unsigned n, uint64_t code)
{
    return posit_with_sign(n, posit_is_negative(n, code), code);
}

/* The code as a signed integer, which orders posits (5.3). */
POSIT_INLINE int64_t posit_signed(unsigned n, uint64_t code)
{
    return (int64_t)(code << (64 - n)) >> (64 - n);
}

/*
 * Leading zeros of x, which is not 0. Before LZCNT, x86 has but BSR, which takes eight
 * micro-operations on some processors; a table for the first byte, which nearly always decides,
 * costs half.
 */
#if defined(__x86_64__) && !defined(__LZCNT__)
extern const uint8_t posit_byte_zeros[256];

POSIT_INLINE int posit_leading_zeros(uint64_t x)
{
    if (POSIT_UNLIKELY(x >> 56 == 0))
        return __builtin_clzll(x);
    return posit_byte_zeros[x >> 56];
}
#else
POSIT_INLINE int posit_leading_zeros(uint64_t x)
{
    return __builtin_clzll(x);
}
#endif

/* Shifts right by 0 to 63 or more; the lowest bit tells whether any 1 was shifted out. */
POSIT_INLINE uint64_t posit_shift_right_sticky(uint64_t x, unsigned by)
{
    if (by >= 64)
        return x != 0;
    return x >> by | ((x & ((UINT64_C(1) << by) - 1)) != 0);
}

/*
 * The parts of a positive posit of up to 65 bits, given without its sign bit, left-aligned (clause
 * 3); not 0. All posits are alike this way, whatever their n.
 */
POSIT_INLINE struct posit_parts posit_decode_body(uint64_t body)
{
    int regime = posit_leading_zeros(body ^ body << 1); /* bits like the first one, without it */
    uint64_t rest = body << regime << 2;

    regime ^= (int)~(uint64_t)((int64_t)body >> 63); /* or, of zeros, -1 - that */
    return (struct posit_parts){
        .sig = UINT64_C(1) << 63 | rest << 2 >> 1,
        .scale = 4 * regime + (int)(rest >> 62),
    };
}

/* Takes a code apart; not for zero and NaR. */
POSIT_INLINE struct posit_parts posit_decode(unsigned n, uint64_t code)
{
    struct posit_parts parts = posit_decode_body(posit_magnitude(n, code) << (64 - n) << 1);

    parts.negative = posit_is_negative(n, code);
    return parts;
}

/*
 * The posit of n bits nearest to sig / 2^63 * 2^scale (clause 4), negated if `negative`. Bit 63 of
 * sig must be set; sticky: the magnitude is somewhat more than that, by less than one unit of sig's
 * lowest bit. scale may be any number.
 *
 * The code is made with its regime at the top of a word: "10" or "01" there, e and the fraction
 * behind, an arithmetic shift right makes the regime as long as it should be. Rounding is then that
 * of integers, and a carry runs from the fraction into e and the regime as the standard has it. The
 * ends of the range stay within because the scale is limited before: the largest posit has a 0
 * behind its last bit, and so has the smallest.
 */
POSIT_INLINE uint64_t posit_encode(unsigned n, bool negative, int scale, uint64_t sig, bool sticky)
{
    int limit = posit_max_scale(n);

    scale = scale > limit ? limit : scale;
    scale = scale < -limit ? -limit : scale;

    int below_one = scale >> 31; /* -1 or 0 */
    unsigned shift = (unsigned)(scale >> 2 ^ below_one);
    uint64_t head = (uint64_t)(int64_t)((scale & 3) + 7 + 4 * below_one)
                    << 60; /* and sig's leading 1 */
    uint64_t code;

    if (n <= 32) {
        /* One of the lowest 32 bits being set sets bit 32, which the shift, by at most 29, cannot
         * lose (by 30 only for the largest posit, which is exact). */
        uint64_t jam = (uint64_t)(((uint32_t)sig | sticky) != 0) << 32;
        uint64_t word = head + ((sig | jam) >> 3);
        uint64_t shifted = (uint64_t)((int64_t)word >> shift);

        code = (shifted + (UINT64_C(1) << (64 - n)) - 1 + (shifted >> (65 - n) & 1)) >> (65 - n);
    } else {
        uint64_t word = head + (sig >> 3);
        uint64_t shifted = (uint64_t)((int64_t)word >> shift);
        uint64_t lost = (word & ((UINT64_C(1) << shift) - 1)) | (sig & 7) | sticky;
        unsigned below = 65 - n; /* bits of `shifted` behind the code's */

        lost |= shifted & ((UINT64_C(1) << (below - 1)) - 1);
        code = shifted >> below;
        code += (shifted >> (below - 1) & 1) & ((lost != 0) | code);
    }
    return posit_with_sign(n, negative, code);
}

/* The posit64 code of the same value, and the way back with rounding: 0 < n <= 64. */
POSIT_INLINE uint64_t posit_widen(unsigned n, uint64_t code)
{
    return code << (64 - n);
}

/* The posit of n bits nearest to the posit64 `wide`: the nearest code, but not 0 or NaR. */
POSIT_INLINE uint64_t posit_narrow(unsigned n, uint64_t wide)
{
    bool negative = wide >> 63;
    uint64_t magnitude = posit_with_sign(64, negative, wide);
    unsigned cut = 64 - n;

    if (n == 64 || posit_is_special(64, wide))
        return wide >> cut;

    uint64_t code = magnitude >> cut;
    uint64_t half = magnitude >> (cut - 1) & 1;
    uint64_t lost = magnitude & ((UINT64_C(1) << (cut - 1)) - 1);

    code += half & ((lost != 0) | code);
    code += code == 0;
    code -= code == posit_nar(n);
    return posit_with_sign(n, negative, code);
}
