// SPDX-License-Identifier: BSD-2-Clause
/*
 * Roots and powers. Their results can be ties, which only an exact ball decides: the code says for
 * each why it is exact then. A tie of posit64 has at most 61 significant bits.
 */
#include "elementary.h"
#include "elementary_kernel.h"

/* Exact where it can be: for powers of 4. */
bool posit_eval_rsqrt(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball one;

    if (a->x.m[0] == 0 || a->x.negative)
        return false;
    posit_ball_sqrt(r, &a->x, n);
    posit_ball_set_int(&one, 1, n);
    posit_ball_div(r, &one, r, n);
    return true;
}

/*
 * The sum of the squares is an integer times a power of 2, and so is its root if that is exact.
 * From four words on the sum is exact unless the exponents differ by more than 60, and then the
 * root is no tie: z^2 - x^2 = y^2 has no solution of 61 bits with so small a y. The root is exact
 * or known not to be.
 */
bool posit_eval_hypot(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball square;

    posit_ball_mul(&square, &a->x, &a->x, n);
    posit_ball_mul(r, &a->y, &a->y, n);
    posit_ball_add(r, &square, r, n);
    posit_ball_sqrt(r, r, n);
    return true;
}

/* |x| = odd * 2^exp; x is exact and not 0. */
static uint64_t odd_part(const struct posit_ball *x, int64_t *exp)
{
    int zeros = __builtin_ctzll(x->m[0]);

    *exp = x->exp - 64 + zeros;
    return x->m[0] >> zeros;
}

/* The root of a square, or 0. */
static uint64_t exact_root(uint64_t x)
{
    uint64_t root = 0;

    for (int i = 31; i >= 0; i--) {
        uint64_t next = root | UINT64_C(1) << i;

        if (next * next <= x)
            root = next;
    }
    return root * root == x ? root : 0;
}

/*
 * |x|^y where it has at most 64 bits and |x| is no power of 2 (those are exact by the logarithm):
 * y = odd * 2^e, as many square roots as e is below 0, all exact, and a power below 64 of the rest,
 * which is 3 or more. Anything else is irrational or has too many bits to be a tie.
 */
static bool exact_power(struct posit_ball *r, const struct posit_ball *x,
                        const struct posit_ball *y, int n)
{
    int64_t x_exp, y_exp;
    uint64_t base = odd_part(x, &x_exp), times = odd_part(y, &y_exp), product = 1;

    if (base == 1 || y->negative || y->exp > 6 || times >= 64)
        return false;
    for (; y_exp < 0; y_exp++) {
        base = x_exp % 2 == 0 ? exact_root(base) : 0;
        x_exp /= 2;
        if (base == 0)
            return false;
    }
    times <<= y_exp;
    for (uint64_t i = 0; i < times; i++)
        if (__builtin_mul_overflow(product, base, &product))
            return false;
    posit_ball_set(r, false, product << __builtin_clzll(product), 64 - __builtin_clzll(product), n);
    r->exp += x_exp * (int64_t)times;
    return true;
}

static bool is_integer(const struct posit_ball *y, bool *odd)
{
    int64_t exp;

    odd_part(y, &exp);
    *odd = exp == 0;
    return exp >= 0;
}

bool posit_eval_pow(struct posit_ball *r, const struct posit_args *a, int n)
{
    bool odd = false;
    struct posit_ball x;

    posit_ball_set_int(r, a->y.m[0] == 0, n);
    if (a->y.m[0] == 0)
        return true;
    if (a->x.m[0] == 0)
        return !a->y.negative;
    if (a->x.negative && !is_integer(&a->y, &odd))
        return false;
    posit_ball_copy(&x, &a->x, n);
    x.negative = false;
    if (!exact_power(r, &x, &a->y, n)) {
        posit_ball_log2(r, &x, n);
        posit_ball_mul(r, r, &a->y, n);
        posit_kernel_exp2(r, r, n);
    }
    r->negative = a->x.negative && odd;
    return true;
}

/* x^k for k > 0 by squaring: exact as long as the powers have no more than n words. */
static void small_power(struct posit_ball *r, const struct posit_ball *x, int64_t k, int n)
{
    struct posit_ball square;

    posit_ball_copy(&square, x, n);
    posit_ball_set_int(r, 1, n);
    for (; k > 0; k >>= 1) {
        if (k & 1)
            posit_ball_mul(r, r, &square, n);
        posit_ball_mul(&square, &square, &square, n);
    }
}

/* 1 + x is 2^e, exact by the logarithm, or has an odd factor of 3 or more, of which only powers
 * below 64 have few enough bits, and none with k < 0. */
bool posit_eval_compound(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball y;

    posit_ball_add_int(&y, &a->x, 1, n);
    if (y.negative && y.m[0] != 0)
        return false;
    posit_ball_set_int(r, a->k == 0, n);
    if (posit_ball_is_zero(&y))
        return a->k >= 0;
    if (a->k > 0 && a->k < 64) {
        small_power(r, &y, a->k, n);
        return true;
    }
    posit_ball_log2p1(r, &a->x, n);
    posit_ball_mul_int(r, r, a->k, n);
    posit_kernel_exp2(r, r, n);
    return true;
}

/* A root is a tie only if it is a power of 2, then exact: the k-th power of a tie's significand has
 * more bits than a posit of the power's size. */
bool posit_eval_root_n(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball x, k;

    if (a->k == 0 || (a->x.negative && a->k % 2 == 0))
        return false;
    posit_ball_set_int(r, 0, n);
    if (a->x.m[0] == 0)
        return a->k > 0;
    posit_ball_copy(&x, &a->x, n);
    x.negative = false;
    posit_ball_log2(r, &x, n);
    posit_ball_set_int(&k, a->k, n);
    posit_ball_div(r, r, &k, n);
    posit_kernel_exp2(r, r, n);
    r->negative = a->x.negative;
    return true;
}
