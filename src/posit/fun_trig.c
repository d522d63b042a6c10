// SPDX-License-Identifier: BSD-2-Clause
/* Sine, cosine and tangent of radians and of multiples of pi; their inverses; the angle of a point.
 */
#include "elementary.h"
#include "elementary_kernel.h"

/*
 * Words beyond n in which a reduced argument is looked for. No posit64 comes nearer to a multiple
 * of pi / 2 than 2^-61.4 of it (by continued fractions, for each exponent).
 */
#define GUARD 2

/* Bit i of a fraction, 0 the first behind the point. */
static unsigned bit(const uint64_t *m, int64_t i)
{
    return i < 0 ? 0 : m[i / 64] >> (63 - i % 64) & 1;
}

/*
 * y = 0.m * 2^exp = 4 (something) + q + f, |f| <= 1/2, f to n words. m has at least n + GUARD words
 * behind the point; it is exact or less than two units of its last word too small.
 */
static int split_quarters(struct posit_ball *f, const uint64_t *m, int exp, int words, bool exact,
                          int n)
{
    uint64_t rest[POSIT_LIMBS + 1], zero[POSIT_LIMBS] = {0}, tail = 0;
    int q = (int)(bit(m, exp - 1) | bit(m, exp - 2) << 1), zeros;
    bool up = bit(m, exp);

    posit_words_shift_left(rest, m, exp, words);
    for (int i = n + GUARD; i < words; i++)
        tail |= rest[i];
    if (up)
        posit_words_sub(rest, zero, rest, n + GUARD);
    zeros = posit_words_leading_zeros(rest, n + GUARD);
    if (zeros > 64 * GUARD - 32) { /* 0, or too near to it */
        posit_ball_set_fraction(f, rest, !exact || tail != 0, n);
        f->negative = up;
        return (q + up) & 3;
    }
    posit_words_shift_left(rest, rest, zeros, n + GUARD);
    for (int i = n; i < n + GUARD; i++)
        tail |= rest[i];
    for (int i = 0; i < n; i++)
        f->m[i] = rest[i];
    f->exp = -zeros;
    f->negative = up;
    f->rad = !exact || tail != 0 ? 2 : 0; /* truncation; what was cut off before, 2^-30 and less */
    return (q + up) & 3;
}

/*
 * |x| = (4 (something) + q + f) pi / 2: by as many words of 2 / pi more as x has bits before the
 * point (Payne and Hanek 1983).
 */
static int reduce(struct posit_ball *f, const struct posit_ball *x, int n)
{
    uint64_t product[POSIT_LIMBS + 1], carry = 0;
    int words = n + GUARD + (int)(x->exp + 63) / 64;

    if (x->exp < 0 || x->m[0] == 0) {
        posit_ball_mul_const(f, x, &posit_two_over_pi, n);
        f->negative = false;
        return 0;
    }
    for (int i = words - 1; i >= 0; i--) {
        posit_u128 p = (posit_u128)x->m[0] * posit_two_over_pi.m[i] + carry;

        product[i + 1] = (uint64_t)p;
        carry = (uint64_t)(p >> 64);
    }
    product[0] = carry;
    return split_quarters(f, product, (int)x->exp, words, false, n);
}

/* The same for |x| pi, exactly. From 2^64 on all posits are even integers. */
static int reduce_pi(struct posit_ball *f, const struct posit_ball *x, int n)
{
    uint64_t m[POSIT_LIMBS + 1] = {x->m[0]};

    if (x->exp < -1 || x->exp > 64 || x->m[0] == 0) {
        posit_ball_set(f, false, x->exp > 64 ? 0 : x->m[0], x->exp + 1, n);
        return 0;
    }
    return split_quarters(f, m, (int)x->exp + 1, n + GUARD + 2, true, n);
}

/* sin((q + f) pi / 2) */
static void sin_quarters(struct posit_ball *r, int q, const struct posit_ball *f, int n)
{
    if (q & 1)
        posit_kernel_cos(r, f, n);
    else
        posit_kernel_sin(r, f, n);
    if (q & 2)
        r->negative = !r->negative;
}

/* False where the cosine is 0. */
static bool tan_quarters(struct posit_ball *r, int q, const struct posit_ball *f, int n)
{
    struct posit_ball cosine;

    sin_quarters(&cosine, q + 1, f, n);
    if (posit_ball_is_zero(&cosine))
        return false;
    sin_quarters(r, q, f, n);
    posit_ball_div(r, r, &cosine, n);
    return true;
}

static void flip_if(struct posit_ball *r, bool flip)
{
    if (flip)
        r->negative = !r->negative;
}

bool posit_eval_sin(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball f;
    int q = reduce(&f, &a->x, n);

    sin_quarters(r, q, &f, n);
    flip_if(r, a->x.negative);
    return true;
}

bool posit_eval_sin_pi(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball f;
    int q = reduce_pi(&f, &a->x, n);

    sin_quarters(r, q, &f, n);
    flip_if(r, a->x.negative);
    return true;
}

bool posit_eval_cos(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball f;
    int q = reduce(&f, &a->x, n);

    sin_quarters(r, q + 1, &f, n);
    return true;
}

bool posit_eval_cos_pi(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball f;
    int q = reduce_pi(&f, &a->x, n);

    sin_quarters(r, q + 1, &f, n);
    return true;
}

bool posit_eval_tan(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball f;
    int q = reduce(&f, &a->x, n);

    if (!tan_quarters(r, q, &f, n))
        return false;
    flip_if(r, a->x.negative);
    return true;
}

bool posit_eval_tan_pi(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball f;
    int q = reduce_pi(&f, &a->x, n);

    if (!tan_quarters(r, q, &f, n))
        return false;
    flip_if(r, a->x.negative);
    return true;
}

/* The angle of (x, y) with their signs, in (-pi, pi] */
static void signed_angle(struct posit_ball *r, const struct posit_ball *y,
                         const struct posit_ball *x, int n)
{
    struct posit_ball up, right, pi;

    posit_ball_copy(&up, y, n);
    posit_ball_copy(&right, x, n);
    up.negative = false;
    right.negative = false;
    posit_kernel_angle(r, &up, &right, n);
    if (x->negative) {
        posit_ball_set_const(&pi, &posit_half_pi, n);
        pi.exp++;
        posit_ball_sub(r, &pi, r, n);
    }
    flip_if(r, y->negative);
}

/* sqrt(1 - x^2) for |x| <= 1; false for others */
static bool other_side(struct posit_ball *r, const struct posit_ball *x, int n)
{
    struct posit_ball above;

    posit_ball_add_int(&above, x, 1, n);
    posit_ball_add_int(r, x, -1, n);
    r->negative = !r->negative;
    if ((r->negative && r->m[0] != 0) || (above.negative && above.m[0] != 0))
        return false;
    r->negative = false;
    above.negative = false;
    posit_ball_mul(r, r, &above, n);
    posit_ball_sqrt(r, r, n);
    return true;
}

bool posit_eval_arcsin(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball right;

    if (!other_side(&right, &a->x, n))
        return false;
    signed_angle(r, &a->x, &right, n);
    return true;
}

bool posit_eval_arccos(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball up;

    if (!other_side(&up, &a->x, n))
        return false;
    signed_angle(r, &up, &a->x, n);
    return true;
}

bool posit_eval_arctan(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball one;

    posit_ball_set_int(&one, 1, n);
    signed_angle(r, &a->x, &one, n);
    return true;
}

bool posit_eval_arctan2(struct posit_ball *r, const struct posit_args *a, int n)
{
    if (posit_ball_is_zero(&a->x) && posit_ball_is_zero(&a->y))
        return false;
    signed_angle(r, &a->x, &a->y, n);
    return true;
}

/* The same as multiples of pi */
static bool over_pi(posit_eval *f, struct posit_ball *r, const struct posit_args *a, int n)
{
    if (!f(r, a, n))
        return false;
    posit_ball_mul_const(r, r, &posit_inv_pi, n);
    return true;
}

bool posit_eval_arcsin_pi(struct posit_ball *r, const struct posit_args *a, int n)
{
    return over_pi(posit_eval_arcsin, r, a, n);
}

bool posit_eval_arccos_pi(struct posit_ball *r, const struct posit_args *a, int n)
{
    return over_pi(posit_eval_arccos, r, a, n);
}

bool posit_eval_arctan_pi(struct posit_ball *r, const struct posit_args *a, int n)
{
    return over_pi(posit_eval_arctan, r, a, n);
}

bool posit_eval_arctan2_pi(struct posit_ball *r, const struct posit_args *a, int n)
{
    return over_pi(posit_eval_arctan2, r, a, n);
}
