// SPDX-License-Identifier: BSD-2-Clause
/* Logarithms: to e, 2 and 10, of x and of 1 + x. */
#include "elementary.h"
#include "elementary_kernel.h"

void posit_ball_log(struct posit_ball *r, const struct posit_ball *x, int n)
{
    struct posit_ball whole;
    int64_t exponent;

    posit_kernel_log_parts(r, &exponent, x, n);
    if (exponent == 0)
        return;
    posit_ball_set_int(&whole, exponent, n);
    posit_ball_mul_const(&whole, &whole, &posit_ln2, n);
    posit_ball_add(r, r, &whole, n);
}

/* Exact for powers of 2. */
void posit_ball_log2(struct posit_ball *r, const struct posit_ball *x, int n)
{
    int64_t exponent;

    posit_kernel_log_parts(r, &exponent, x, n);
    posit_ball_mul_const(r, r, &posit_inv_ln2, n);
    posit_ball_add_int(r, r, exponent, n);
}

/* log(1 + x) = 2 artanh(x / (2 + x)), for |x| < 2^-5, where 1 + x would lose bits of x */
static bool log1p_small(struct posit_ball *r, const struct posit_ball *x, int n)
{
    struct posit_ball z;

    if (x->m[0] != 0 && x->exp > -5)
        return false;
    posit_ball_add_int(&z, x, 2, n);
    posit_ball_div(&z, x, &z, n);
    posit_kernel_log_ratio(r, &z, n);
    return true;
}

void posit_ball_log1p(struct posit_ball *r, const struct posit_ball *x, int n)
{
    struct posit_ball y;

    if (log1p_small(r, x, n))
        return;
    posit_ball_add_int(&y, x, 1, n);
    posit_ball_log(r, &y, n);
}

void posit_ball_log2p1(struct posit_ball *r, const struct posit_ball *x, int n)
{
    struct posit_ball y;

    if (log1p_small(r, x, n)) {
        posit_ball_mul_const(r, r, &posit_inv_ln2, n);
        return;
    }
    posit_ball_add_int(&y, x, 1, n);
    posit_ball_log2(r, &y, n);
}

static bool is_positive(const struct posit_ball *x)
{
    return x->m[0] != 0 && !x->negative;
}

static bool is_above_minus_one(const struct posit_ball *x)
{
    return !x->negative || x->exp <= 0;
}

bool posit_eval_log(struct posit_ball *r, const struct posit_args *a, int n)
{
    if (!is_positive(&a->x))
        return false;
    posit_ball_log(r, &a->x, n);
    return true;
}

bool posit_eval_log2(struct posit_ball *r, const struct posit_args *a, int n)
{
    if (!is_positive(&a->x))
        return false;
    posit_ball_log2(r, &a->x, n);
    return true;
}

bool posit_eval_log10(struct posit_ball *r, const struct posit_args *a, int n)
{
    if (!posit_eval_log(r, a, n))
        return false;
    posit_ball_mul_const(r, r, &posit_inv_ln10, n);
    return true;
}

bool posit_eval_log_plus1(struct posit_ball *r, const struct posit_args *a, int n)
{
    if (!is_above_minus_one(&a->x))
        return false;
    posit_ball_log1p(r, &a->x, n);
    return true;
}

bool posit_eval_log2_plus1(struct posit_ball *r, const struct posit_args *a, int n)
{
    if (!is_above_minus_one(&a->x))
        return false;
    posit_ball_log2p1(r, &a->x, n);
    return true;
}

bool posit_eval_log10_plus1(struct posit_ball *r, const struct posit_args *a, int n)
{
    if (!posit_eval_log_plus1(r, a, n))
        return false;
    posit_ball_mul_const(r, r, &posit_inv_ln10, n);
    return true;
}
