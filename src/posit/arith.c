// SPDX-License-Identifier: BSD-2-Clause
/*
 * Addition, subtraction, multiplication and division (5.4). Each in two ways that give the same:
 * fast for common codes with a common result (common.h), and for all, which is also what says what
 * is computed; the latter takes codes left-aligned, as the former has them.
 */
#include "posit.h"

#include "common.h"
#include "internal.h"

/*
 * The sum of two magnitudes with signs, on significands with their leading 1 in bit 62, so that
 * there is room for the carry. The smaller is shifted right with a sticky lowest bit. Of a posit64
 * at most 60 bits are used, so that a guard and a sticky bit are behind them, and more than one
 * leading bit is only lost by cancellation if the shift was by 1 or 0, where nothing is shifted
 * out.
 */
static uint64_t add_parts(unsigned n, struct posit_parts large, struct posit_parts small)
{
    unsigned apart = (unsigned)(large.scale - small.scale);
    uint64_t addend = posit_shift_right_sticky(small.sig >> 1, apart);
    uint64_t sum = (large.sig >> 1) + (large.negative == small.negative ? addend : 0 - addend);

    if (sum == 0)
        return 0;

    int zeros = posit_leading_zeros(sum);

    return posit_encode(n, large.negative, large.scale + 1 - zeros, sum << zeros, false);
}

static __attribute__((noinline)) uint64_t add_any(unsigned n, uint64_t ax, uint64_t ay)
{
    uint64_t x = ax >> (64 - n), y = ay >> (64 - n);

    if (x == posit_nar(n) || y == posit_nar(n))
        return posit_nar(n);
    if (x == 0 || y == 0)
        return x | y;
    if (posit_magnitude(n, x) < posit_magnitude(n, y))
        return add_parts(n, posit_decode(n, y), posit_decode(n, x));
    return add_parts(n, posit_decode(n, x), posit_decode(n, y));
}

/* Is any of the lowest `by` bits set, by < 64? */
POSIT_INLINE bool is_any_below(int64_t x, unsigned by)
{
    return (x & (int64_t)((UINT64_C(1) << by) - 1)) != 0;
}

/*
 * Two's complement, with two bits of room: the significand of the smaller scale is shifted right,
 * the other by 0. Up to 32 bits what is shifted out does not matter as long as something is left,
 * since the lowest 32 bits are behind the one that decides about rounding, and are not all zeros
 * then.
 */
POSIT_INLINE uint64_t add_codes(unsigned n, uint64_t x, uint64_t y)
{
    uint64_t ax = posit_widen(n, x), ay = posit_widen(n, y);
    unsigned dx = posit_drop(ax), dy = posit_drop(ay);

    if (POSIT_UNLIKELY((dx & dy) == 0))
        return add_any(n, ax, ay);

    int64_t sx = posit_signed_sig(ax, dx, 1), sy = posit_signed_sig(ay, dy, 1);
    int64_t scale = posit_scale(ax);
    int64_t apart = scale - posit_scale(ay);
    int64_t less = apart & apart >> 63; /* what x's scale is less than y's, below 0, or 0 */
    unsigned by_x = (unsigned)-less, by_y = (unsigned)(apart - less);
    int64_t sum = (sx >> by_x) + (sy >> by_y);
    uint64_t changes = (uint64_t)sum ^ (uint64_t)sum << 1;

    if (POSIT_UNLIKELY(changes >> 56 == 0))
        return add_any(n, ax, ay);

    unsigned skip = posit_tables.skip[changes >> 56];
    bool sticky = n > 32 && (is_any_below(sx, by_x) || is_any_below(sy, by_y));

    scale += 3 - less - skip;
    if (POSIT_UNLIKELY(!posit_in_range(n, scale)))
        return add_any(n, ax, ay);
    return posit_join(n, sum < 0, scale, (uint64_t)sum << skip, sticky);
}

static __attribute__((noinline)) uint64_t mul_any(unsigned n, uint64_t ax, uint64_t ay)
{
    uint64_t x = ax >> (64 - n), y = ay >> (64 - n);

    if (x == posit_nar(n) || y == posit_nar(n))
        return posit_nar(n);
    if (x == 0 || y == 0)
        return 0;

    struct posit_parts a = posit_decode(n, x), b = posit_decode(n, y);
    posit_u128 product = (posit_u128)a.sig * b.sig;
    unsigned carry = (unsigned)(product >> 127);

    product <<= 1 - carry;
    return posit_encode(n, a.negative ^ b.negative, a.scale + b.scale + (int)carry,
                        (uint64_t)(product >> 64), (uint64_t)product != 0);
}

POSIT_INLINE uint64_t mul_codes(unsigned n, uint64_t x, uint64_t y)
{
    uint64_t ax = posit_widen(n, x), ay = posit_widen(n, y);
    unsigned dx = posit_drop(ax), dy = posit_drop(ay);

    if (POSIT_UNLIKELY((dx & dy) == 0))
        return mul_any(n, ax, ay);

    int64_t sx = posit_signed_sig(ax, dx, 0), sy = posit_signed_sig(ay, dy, 0);
    int64_t product;
    bool sticky = false;

    if (n <= 32) {
        product = (sx >> 32) * (sy >> 32);
    } else {
        posit_i128 wide = (posit_i128)sx * sy;

        product = (int64_t)(wide >> 64);
        sticky = (uint64_t)wide != 0;
    }

    /* The product is in [-4, 4], and 4 is bit 62: its byte of changes is never 0. */
    uint64_t changes = (uint64_t)product ^ (uint64_t)product << 1;
    unsigned skip = posit_tables.skip[changes >> 56];
    int64_t scale = posit_scale(ax) + posit_scale(ay) + 4 - skip;

    if (POSIT_UNLIKELY(!posit_in_range(n, scale)))
        return mul_any(n, ax, ay);
    return posit_join(n, product < 0, scale, (uint64_t)product << skip, sticky);
}

/* Quotient of significands, in (1/2, 2): the leading 1 in bit 63 or 62, the lowest bit sticky. */
POSIT_INLINE uint64_t divide(unsigned n, uint64_t a, uint64_t b)
{
    if (n <= 32) {
        uint64_t divisor = b >> 32;
        uint64_t quotient = (a >> 1) / divisor;

        return (quotient << 1 | (quotient * divisor != a >> 1)) << 31;
    }

    posit_u128 dividend = (posit_u128)a << 63;
    uint64_t quotient = (uint64_t)(dividend / b);

    return quotient | (quotient * b != (uint64_t)dividend);
}

POSIT_INLINE uint64_t div_codes(unsigned n, uint64_t x, uint64_t y)
{
    if (POSIT_UNLIKELY(posit_is_special(n, x) || posit_is_special(n, y)))
        return x == posit_nar(n) || posit_is_special(n, y) ? posit_nar(n) : 0;

    struct posit_parts a = posit_decode(n, x), b = posit_decode(n, y);
    uint64_t quotient = divide(n, a.sig, b.sig);
    unsigned less = (quotient >> 63) ^ 1;

    return posit_encode(n, a.negative ^ b.negative, a.scale - b.scale - (int)less, quotient << less,
                        false);
}

#define ARITHMETIC(n)                                                                              \
    posit##n posit##n##_add(posit##n x, posit##n y)                                                \
    {                                                                                              \
        return (posit##n){(uint##n##_t)add_codes(n, x.bits, y.bits)};                              \
    }                                                                                              \
    posit##n posit##n##_sub(posit##n x, posit##n y)                                                \
    {                                                                                              \
        return (posit##n){(uint##n##_t)add_codes(n, x.bits, posit_negate_code(n, y.bits))};        \
    }                                                                                              \
    posit##n posit##n##_mul(posit##n x, posit##n y)                                                \
    {                                                                                              \
        return (posit##n){(uint##n##_t)mul_codes(n, x.bits, y.bits)};                              \
    }                                                                                              \
    posit##n posit##n##_div(posit##n x, posit##n y)                                                \
    {                                                                                              \
        return (posit##n){(uint##n##_t)div_codes(n, x.bits, y.bits)};                              \
    }

POSIT_SIZES(ARITHMETIC)
