// SPDX-License-Identifier: BSD-2-Clause
/*
 * The common codes fast. Posits of whatever size, left-aligned in 64 bits, look the same, so that
 * one table for the first 11 bits (sign, regime, exponent) serves all sizes; it knows the codes
 * whose regime is at most 7 bits and its end, all but 1 in 128 of all codes. Likewise one table has
 * the first bits of a result, by its scale, from -64 to 63, which the sum and the product of two
 * such numbers cannot leave. Everything else, zero and NaR included, is for the functions of
 * internal.h, to which the callers turn in a branch that is rarely taken.
 *
 * Why: processors of today have four ports for integer arithmetic, of which two shift, and three
 * for loads. With these tables an addition takes half the arithmetic of posit_decode() and
 * posit_encode().
 *
 * Significands are in two's complement here, as the standard's formula has them: the leading bits
 * are 01 for 1 + f and 10 for -2 + f, and the scale of a negative posit is ~(4r + e). So neither
 * operands nor results are negated, and rounding, to nearest, is the same for both signs.
 */
#pragma once

#include "internal.h"

#define POSIT_COMMON_SCALE 64

/* One object, so that code addresses it once. */
struct posit_tables {
    /* By the code's first 11 bits: how many are sign, regime and exponent, and POSIT_IN_TABLE, or
     * 0. */
    uint8_t drop[2048];
    int8_t scale[2048];
    /* By 2 (scale + 64), and one more if negative: sign, regime and exponent, left-aligned, and how
     * many bits they are. */
    uint64_t head[4 * POSIT_COMMON_SCALE];
    uint8_t width[4 * POSIT_COMMON_SCALE];
    /* By the first 8 bits, not 0, of x ^ x << 1 for a significand x: how many bits are before its
     * fraction. */
    uint8_t skip[256];
    /* The leading bits of a significand, by how many bits it is shifted right, and by sign. */
    uint64_t lead[2][2];
};

extern const struct posit_tables posit_tables;

/* A bit that shifting by drop does not see. If either of two codes is not in the table, the bitwise
 * and of their drops is 0. */
#define POSIT_IN_TABLE 64

POSIT_INLINE unsigned posit_drop(uint64_t aligned)
{
    return posit_tables.drop[aligned >> 53];
}

POSIT_INLINE int64_t posit_scale(uint64_t aligned)
{
    return posit_tables.scale[aligned >> 53];
}

/* The fraction of a left-aligned code, left-aligned. */
POSIT_INLINE uint64_t posit_fraction(uint64_t aligned, unsigned drop)
{
    return aligned << (drop & 63);
}

/* The significand, shifted right by `room`, 0 or 1, so that sums have room. */
POSIT_INLINE int64_t posit_signed_sig(uint64_t aligned, unsigned drop, unsigned room)
{
    return (int64_t)(posit_fraction(aligned, drop) >> (2 + room) |
                     posit_tables.lead[room][aligned >> 63]);
}

/* Is a scale as above in the range of posits of n bits? At its edges the answer may be no. */
POSIT_INLINE bool posit_in_range(unsigned n, int64_t scale)
{
    return n >= 32 || (uint64_t)(scale + posit_max_scale(n)) < 2 * (uint64_t)posit_max_scale(n);
}

/*
 * The posit of n bits with that sign, scale as above, and fraction, rounded. The fraction is
 * left-aligned; with sticky, for posits of more than 32 bits, it is somewhat more.
 */
POSIT_INLINE uint64_t posit_join(unsigned n, bool negative, int64_t scale, uint64_t fraction,
                                 bool sticky)
{
    uint64_t i = 2 * (uint64_t)(scale + POSIT_COMMON_SCALE) + negative;
    unsigned width = posit_tables.width[i];
    uint64_t code;

    if (n <= 32) {
        /* One of the lowest 32 bits being set sets bit 31, which no shift by a width loses, and
         * which is behind the bit that decides about rounding. */
        fraction |= 0 - (uint32_t)fraction;
        code = posit_tables.head[i] + (fraction >> width);
        return (code + (UINT64_C(1) << (63 - n)) - 1 + (code >> (64 - n) & 1)) >> (64 - n);
    }

    uint64_t lost = fraction << (64 - width) | (uint64_t)sticky << 1;

    code = posit_tables.head[i] + (fraction >> width);
    return code + ((lost | (code & 1)) > UINT64_C(1) << 63);
}
