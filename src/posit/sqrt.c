// SPDX-License-Identifier: BSD-2-Clause
/* The square root (5.5), by integers alone. */
#include "posit.h"

#include "common.h"
#include "internal.h"

/* 2^16 / sqrt(1 + i / 64), i from 0 to 192. */
static const uint16_t reciprocals[193] = {
    65535, 65030, 64535, 64052, 63579, 63117, 62664, 62222, 61788, 61363, 60947, 60540, 60140,
    59748, 59364, 58987, 58617, 58254, 57898, 57548, 57205, 56867, 56535, 56210, 55889, 55574,
    55265, 54960, 54661, 54366, 54076, 53791, 53510, 53233, 52961, 52693, 52429, 52169, 51912,
    51660, 51411, 51165, 50923, 50685, 50450, 50218, 49989, 49763, 49541, 49321, 49104, 48890,
    48679, 48470, 48265, 48061, 47861, 47663, 47467, 47273, 47082, 46894, 46707, 46523, 46341,
    46161, 45983, 45807, 45633, 45462, 45292, 45124, 44957, 44793, 44630, 44470, 44310, 44153,
    43997, 43843, 43691, 43540, 43390, 43243, 43096, 42951, 42808, 42666, 42525, 42386, 42248,
    42112, 41977, 41843, 41710, 41579, 41449, 41320, 41192, 41065, 40940, 40816, 40693, 40571,
    40450, 40330, 40211, 40093, 39977, 39861, 39746, 39632, 39520, 39408, 39297, 39187, 39078,
    38970, 38863, 38756, 38651, 38546, 38443, 38340, 38238, 38136, 38036, 37936, 37837, 37739,
    37642, 37545, 37449, 37354, 37260, 37166, 37073, 36980, 36889, 36798, 36708, 36618, 36529,
    36441, 36353, 36266, 36179, 36093, 36008, 35924, 35840, 35756, 35673, 35591, 35509, 35428,
    35347, 35267, 35188, 35109, 35030, 34953, 34875, 34798, 34722, 34646, 34571, 34496, 34421,
    34347, 34274, 34201, 34128, 34056, 33985, 33913, 33843, 33772, 33703, 33633, 33564, 33496,
    33427, 33360, 33292, 33225, 33159, 33093, 33027, 32962, 32897, 32832, 32768,
};

/* 1 / sqrt(m) in units of 2^-32, by a chord of the table right to 15 bits; m = x / 2^62 is in [1,
 * 4). */
POSIT_INLINE uint64_t reciprocal_root(uint64_t x)
{
    const uint16_t *entry = &reciprocals[(x >> 56) - 64];

    return ((uint64_t)entry[0] << 16) - (uint64_t)(entry[0] - entry[1]) * (x >> 40 & 0xffff);
}

/*
 * The fraction of the root, left-aligned: 28 bits are right, the lowest of all is sticky. Only the
 * upper 32 bits of x are used. With r = 1 / sqrt(m) wrong by e, s = mr + (m - (mr)^2) r / 2 is
 * wrong by 1.5 e^2: here in units of 2^-31 by -4 to 0.
 */
POSIT_INLINE uint64_t root_short(uint64_t x)
{
    uint64_t r = reciprocal_root(x);
    uint64_t s = (x >> 32) * r >> 31;

    s += (uint64_t)(((int64_t)(x - s * s) >> 20) * (int64_t)r >> 44);

    uint64_t root = (s + 5) >> 3; /* right or one too large */
    int64_t rest = (int64_t)((x >> 6) - root * root);

    root += (uint64_t)(rest >> 63);
    return root << 36 | (rest != 0);
}

/*
 * sig of the root of x followed by 64 zeros: 63 bits after the leading 1, the lowest sticky. First
 * the root of x with its rest, then as in division by hand: (s 2^32 + q)^2 = s^2 2^64 + 2sq 2^32 +
 * q^2.
 */
POSIT_INLINE uint64_t root_long(uint64_t x)
{
    uint64_t r = reciprocal_root(x);
    int64_t error = (int64_t)((UINT64_C(1) << 62) - (x >> 32) * (r * r >> 32));

    r += (uint64_t)((int64_t)r * (error >> 30) >> 33); /* right to 30 bits */

    uint64_t s = (x >> 32) * r >> 31;

    s += (uint64_t)(((int64_t)(x - s * s) >> 8) * (int64_t)r >> 56);
    if ((int64_t)(x - s * s) < 0)
        s--;
    else if (x - s * s > 2 * s)
        s++;

    uint64_t rest = x - s * s;
    uint64_t q = (rest << 31) / s;
    uint64_t left = ((rest << 31) - q * s) << 1; /* times 2^32, of which q^2 is to be taken */
    uint64_t root = (s << 32) + q;

    if (q >> 32 || (left < UINT64_C(1) << 32 && left << 32 < q * q)) /* q = 2^32 leaves 0 */
        return (root - 1) | 1;
    return root | (left << 32 != q * q);
}

static __attribute__((noinline)) uint64_t sqrt_any(unsigned n, uint64_t code)
{
    if (posit_is_special(n, code))
        return code;
    if (posit_is_negative(n, code))
        return posit_nar(n);

    struct posit_parts p = posit_decode(n, code);
    uint64_t root = root_long(p.sig >> (1 - (p.scale & 1)));

    return posit_encode(n, false, p.scale >> 1, root, false);
}

POSIT_INLINE uint64_t sqrt_code(unsigned n, uint64_t code)
{
    uint64_t aligned = posit_widen(n, code);
    unsigned drop = posit_drop(aligned);

    if (POSIT_UNLIKELY(drop == 0 || (int64_t)aligned < 0))
        return sqrt_any(n, code);

    int64_t scale = posit_scale(aligned);
    uint64_t sig = UINT64_C(1) << 63 | posit_fraction(aligned, drop) >> 1;
    uint64_t x = sig >> (1 - (scale & 1)); /* in units of 2^-62 of an even power of two */
    uint64_t fraction = n <= 32 ? root_short(x) : root_long(x) << 1;

    return posit_join(n, false, scale >> 1, fraction, false);
}

#define SQRT(n)                                                                                    \
    posit##n posit##n##_sqrt(posit##n x)                                                           \
    {                                                                                              \
        return (posit##n){(uint##n##_t)sqrt_code(n, x.bits)};                                      \
    }

POSIT_SIZES(SQRT)
