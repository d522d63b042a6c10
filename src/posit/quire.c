// SPDX-License-Identifier: BSD-2-Clause
/*
 * Quires (3.2, 5.11). A product of two posits is at most 120 bits wide, so that it touches three
 * limbs, two for posit32 and below; what is above those gets a carry or a borrow, and seldom so. No
 * state is kept beside the limbs: NaR is looked for in the top limb first, and only where that is
 * the sign bit alone in the others.
 */
#include "internal.h"

#include <string.h>

#define SIGN (UINT64_C(1) << 63)

__extension__ typedef __int128 i128;

/*
 * value = sig / 2^62 * 2^scale: the formula of clause 3 as it stands, sig = (1 - 3s) + f, so that
 * the product of two has the right sign.
 */
struct signed_parts {
    int64_t sig;
    int scale;
};

/* value = sig / 2^point * 2^scale */
struct addend {
    i128 sig;
    int scale;
};

POSIT_INLINE unsigned limbs_of(unsigned n)
{
    return n / 4;
}

/* Bits after the point: the lowest bit weighs the square of the smallest posit. */
POSIT_INLINE int fraction_bits(unsigned n)
{
    return 2 * posit_max_scale(n);
}

/* Bits after the point of an addend. Significands of posit32 and below fit in 32 bits. */
POSIT_INLINE int point(unsigned n)
{
    return n > 32 ? 124 : 60;
}

/* Not for zero and NaR. */
POSIT_INLINE struct signed_parts decode(unsigned n, uint64_t code)
{
    const uint64_t body = code << (64 - n) << 1; /* without the sign: the regime is on top */
    const int64_t sign = (int64_t)(code << (64 - n)) >> 63, ones = (int64_t)body >> 63;
    const int run = posit_leading_zeros(body ^ (uint64_t)ones);
    const uint64_t rest = body << run << 1;
    const int regime = (run - 1) ^ (int)~ones; /* run - 1, or -run for a regime of zeros */

    return (struct signed_parts){
        /* 01 before f for 1, 10 for -2 */
        .sig = (int64_t)((rest << 2 >> 2 | UINT64_C(1) << 62) ^ (uint64_t)sign >> 62 << 62),
        .scale = (4 * regime + (int)(rest >> 62)) ^ (int)sign, /* ~t = -(t + 1) */
    };
}

POSIT_INLINE struct addend multiply(unsigned n, uint64_t x, uint64_t y)
{
    const struct signed_parts p = decode(n, x), q = decode(n, y);
    const i128 wide = n > 32 ? (i128)p.sig * q.sig : (p.sig >> 32) * (q.sig >> 32);

    return (struct addend){wide, p.scale + q.scale};
}

POSIT_INLINE struct addend extend(unsigned n, uint64_t x)
{
    const struct signed_parts p = decode(n, x);

    return (struct addend){n > 32 ? p.sig * ((i128)1 << 62) : p.sig >> 2, p.scale};
}

static void set_nar(uint64_t *limb, unsigned n)
{
    memset(limb, 0, limbs_of(n) * sizeof(*limb));
    limb[limbs_of(n) - 1] = SIGN;
}

static bool is_zero(const uint64_t *limb, unsigned count)
{
    uint64_t any = 0;

    for (unsigned i = 0; i < count; i++)
        any |= limb[i];
    return !any;
}

POSIT_INLINE bool is_nar(const uint64_t *limb, unsigned n)
{
    return POSIT_UNLIKELY(limb[limbs_of(n) - 1] == SIGN) && is_zero(limb, limbs_of(n) - 1);
}

/* *limb += x + carry; returns the carry. */
POSIT_INLINE bool add_limb(uint64_t *limb, uint64_t x, bool carry)
{
    const posit_u128 sum = (posit_u128)*limb + x + carry;

    *limb = (uint64_t)sum;
    return sum >> 64;
}

/* Of two's-complement numbers, by their top limbs: like signs gave another one. */
POSIT_INLINE bool overflowed(uint64_t before, uint64_t added, uint64_t after)
{
    return (~(before ^ added) & (before ^ after)) >> 63;
}

/* The limbs from k on += 1, 0 or -1, the rest of adding what is negative if `ones`. */
static __attribute__((noinline)) void propagate(uint64_t *limb, unsigned n, unsigned k, int delta,
                                                uint64_t before, uint64_t ones)
{
    for (; delta && k < limbs_of(n); k++) {
        const uint64_t old = limb[k];

        limb[k] = old + (uint64_t)(int64_t)delta;
        delta = delta > 0 ? limb[k] == 0 : -(old == 0);
    }
    if (overflowed(before, ones, limb[limbs_of(n) - 1]))
        set_nar(limb, n);
}

/*
 * A negative addend has ones in all limbs above its own: together with a carry of 1 they are 0,
 * which is the common case. A shift to the right loses no ones: neither a posit nor a product of
 * two has any below the quire's lowest bit.
 */
POSIT_INLINE void accumulate(uint64_t *limb, unsigned n, struct addend x)
{
    const unsigned width = n > 32 ? 3 : 2, top = limbs_of(n) - 1;
    const uint64_t before = limb[top];
    int at = x.scale + fraction_bits(n) - point(n);

    if (is_nar(limb, n))
        return;
    if (POSIT_UNLIKELY(at < 0)) {
        x.sig >>= -at;
        at = 0;
    }

    const unsigned k = (unsigned)at / 64, shift = (unsigned)at % 64;
    const int64_t high = n > 32 ? (int64_t)(x.sig >> 64) : (int64_t)x.sig >> 63;
    const uint64_t low = (uint64_t)x.sig, ones = (uint64_t)(high >> 63);
    bool carry = add_limb(&limb[k], low << shift, false);

    if (n > 32) {
        const uint64_t middle = (uint64_t)high << shift | low >> 1 >> (63 - shift);

        carry = add_limb(&limb[k + 1], middle, carry);
        carry = add_limb(&limb[k + 2], (uint64_t)(high >> 1 >> (63 - shift)), carry);
    } else {
        carry = add_limb(&limb[k + 1], (uint64_t)((int64_t)low >> 1 >> (63 - shift)), carry);
    }
    if (POSIT_UNLIKELY(carry != (ones & 1) || k + width > top))
        propagate(limb, n, k + width, carry - (int)(ones & 1), before, ones);
}

POSIT_INLINE void add_code(uint64_t *limb, unsigned n, uint64_t x, bool subtract)
{
    struct addend a;

    if (POSIT_UNLIKELY(posit_is_special(n, x))) {
        if (x)
            set_nar(limb, n);
        return;
    }
    a = extend(n, x);
    a.sig = subtract ? -a.sig : a.sig;
    accumulate(limb, n, a);
}

POSIT_INLINE void add_product(uint64_t *limb, unsigned n, uint64_t x, uint64_t y, bool subtract)
{
    struct addend a;

    if (POSIT_UNLIKELY(posit_is_special(n, x) || posit_is_special(n, y))) {
        if (x == posit_nar(n) || y == posit_nar(n))
            set_nar(limb, n);
        return;
    }
    a = multiply(n, x, y);
    a.sig = subtract ? -a.sig : a.sig;
    accumulate(limb, n, a);
}

/* Two's complement; NaR stays. */
POSIT_INLINE void negate(uint64_t *limb, unsigned n)
{
    bool carry = true;

    for (unsigned i = 0; i < limbs_of(n); i++) {
        limb[i] = ~limb[i];
        carry = add_limb(&limb[i], 0, carry);
    }
}

POSIT_INLINE void add_quire(uint64_t *limb, unsigned n, const uint64_t *other, bool subtract)
{
    const uint64_t ones = 0 - (uint64_t)subtract, before = limb[limbs_of(n) - 1];
    const uint64_t added = other[limbs_of(n) - 1] ^ ones;
    bool carry = subtract;

    if (is_nar(limb, n))
        return;
    if (is_nar(other, n)) {
        set_nar(limb, n);
        return;
    }
    for (unsigned i = 0; i < limbs_of(n); i++)
        carry = add_limb(&limb[i], other[i] ^ ones, carry);
    if (overflowed(before, added, limb[limbs_of(n) - 1]))
        set_nar(limb, n);
}

POSIT_INLINE uint64_t round_quire(const uint64_t *limb, unsigned n)
{
    uint64_t magnitude[16], sig, lost = 0;
    const bool negative = limb[limbs_of(n) - 1] >> 63;
    unsigned top = limbs_of(n) - 1, zeros;

    if (is_nar(limb, n))
        return posit_nar(n);
    memcpy(magnitude, limb, limbs_of(n) * sizeof(*limb));
    if (negative)
        negate(magnitude, n);
    while (top && !magnitude[top])
        top--;
    if (!magnitude[top])
        return 0;
    zeros = (unsigned)posit_leading_zeros(magnitude[top]);
    sig = magnitude[top] << zeros;
    if (top) {
        const posit_u128 both = (posit_u128)magnitude[top - 1] << zeros;

        sig |= (uint64_t)(both >> 64);
        lost = (uint64_t)both;
    }
    for (unsigned i = 0; i + 1 < top; i++)
        lost |= magnitude[i];
    return posit_encode(n, negative, (int)(64 * top + 63 - zeros) - fraction_bits(n), sig, lost);
}

#define DEFINE(n)                                                                                  \
    void quire##n##_from_posit(quire##n *q, posit##n x)                                            \
    {                                                                                              \
        memset(q, 0, sizeof(*q));                                                                  \
        add_code(q->limb, n, x.bits, false);                                                       \
    }                                                                                              \
    void quire##n##_negate(quire##n *q)                                                            \
    {                                                                                              \
        negate(q->limb, n);                                                                        \
    }                                                                                              \
    void quire##n##_abs(quire##n *q)                                                               \
    {                                                                                              \
        if (q->limb[limbs_of(n) - 1] >> 63)                                                        \
            negate(q->limb, n);                                                                    \
    }                                                                                              \
    void quire##n##_add_posit(quire##n *q, posit##n x)                                             \
    {                                                                                              \
        add_code(q->limb, n, x.bits, false);                                                       \
    }                                                                                              \
    void quire##n##_sub_posit(quire##n *q, posit##n x)                                             \
    {                                                                                              \
        add_code(q->limb, n, x.bits, true);                                                        \
    }                                                                                              \
    void quire##n##_add(quire##n *q, const quire##n *other)                                        \
    {                                                                                              \
        add_quire(q->limb, n, other->limb, false);                                                 \
    }                                                                                              \
    void quire##n##_sub(quire##n *q, const quire##n *other)                                        \
    {                                                                                              \
        add_quire(q->limb, n, other->limb, true);                                                  \
    }                                                                                              \
    void quire##n##_mul_add(quire##n *q, posit##n x, posit##n y)                                   \
    {                                                                                              \
        add_product(q->limb, n, x.bits, y.bits, false);                                            \
    }                                                                                              \
    void quire##n##_mul_sub(quire##n *q, posit##n x, posit##n y)                                   \
    {                                                                                              \
        add_product(q->limb, n, x.bits, y.bits, true);                                             \
    }                                                                                              \
    bool quire##n##_is_nar(const quire##n *q)                                                      \
    {                                                                                              \
        return is_nar(q->limb, n);                                                                 \
    }                                                                                              \
    posit##n quire##n##_to_posit(const quire##n *q)                                                \
    {                                                                                              \
        return (posit##n){(uint##n##_t)round_quire(q->limb, n)};                                   \
    }

POSIT_SIZES(DEFINE)
