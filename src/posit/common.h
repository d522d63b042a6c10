// SPDX-License-Identifier: BSD-2-Clause
/*
 * The common codes fast. Posits of whatever size, left-aligned in 64 bits, look the same, so that
 * one table for the first 11 bits (sign, regime, exponent) serves all sizes; it knows the codes
 * whose regime is at most 7 bits and its end, all but 1 in 128 of all codes. Likewise one table has
 * the first bits of a result, by its scale, for |scale| <= 64, which the sum and the product of two
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
#define POSIT_COMMON_SCALES (2 * POSIT_COMMON_SCALE + 1)

/* One object, so that code addresses it once. */
struct posit_tables {
    /* By the code's first 11 bits: how many are sign, regime and exponent, and POSIT_IN_TABLE, or
     * 0. */
    uint8_t drop[2048];
    int8_t scale[2048];
    /* By scale + 64: sign (0), regime and exponent, left-aligned, and how many bits they are. */
    uint32_t head[POSIT_COMMON_SCALES];
    uint8_t width[POSIT_COMMON_SCALES];
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

/* Is a scale (as in two's complement, exclusive or the sign) in the range of posits of n bits? */
POSIT_INLINE bool posit_in_range(unsigned n, int64_t scale)
{
    return n >= 32 || (uint64_t)(scale + posit_max_scale(n)) <= 2 * (uint64_t)posit_max_scale(n);
}

/* The posit of n bits with sign `negative` (-1 or 0), scale as above, and fraction, rounded. The
 * fraction is left-aligned; with sticky it is somewhat more. */
POSIT_INLINE uint64_t posit_join(unsigned n, int64_t negative, int64_t scale, uint64_t fraction,
                                 bool sticky)
{
    unsigned width = posit_tables.width[scale + POSIT_COMMON_SCALE];
    uint64_t head = (uint64_t)posit_tables.head[scale + POSIT_COMMON_SCALE] << 32;
    uint64_t code;

    if (n <= 32) {
        /* One of the lowest 32 bits being set sets bit 31, which no shift by a width loses, and
         * which is behind the bit that decides about rounding. */
        fraction |= (0 - (uint32_t)fraction) | (uint32_t)sticky << 31;
        code = head + (fraction >> width);
        code = (code + (UINT64_C(1) << (63 - n)) - 1 + (code >> (64 - n) & 1)) >> (64 - n);
    } else {
        uint64_t lost = fraction << (64 - width) | (uint64_t)sticky << 1;

        code = head + (fraction >> width);
        code += (lost | (code & 1)) > UINT64_C(1) << 63;
    }
    return code | ((uint64_t)negative & posit_nar(n));
}
