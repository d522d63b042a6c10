// SPDX-License-Identifier: BSD-2-Clause
/*
 * Hyperbolic functions and their inverses, with e^x - 1 and log(1 + x), so that nothing is lost
 * near 0. The odd ones are evaluated for |x|.
 */
#include "elementary.h"
#include "elementary_kernel.h"

static void magnitude(struct posit_ball *r, const struct posit_ball *x, int n)
{
    posit_ball_copy(r, x, n);
    r->negative = false;
}

/* t = e^|x| - 1: sinh(|x|) = (t + t / (1 + t)) / 2 */
bool posit_eval_sinh(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball t, q;

    magnitude(&t, &a->x, n);
    posit_ball_expm1(&t, &t, n);
    posit_ball_add_int(&q, &t, 1, n);
    posit_ball_div(&q, &t, &q, n);
    posit_ball_add(r, &t, &q, n);
    r->exp--;
    r->negative = a->x.negative;
    return true;
}

bool posit_eval_cosh(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball one, q;

    magnitude(&q, &a->x, n);
    posit_ball_mul_const(&q, &q, &posit_inv_ln2, n);
    posit_kernel_exp2(r, &q, n);
    posit_ball_set_int(&one, 1, n);
    posit_ball_div(&q, &one, r, n);
    posit_ball_add(r, r, &q, n);
    r->exp--;
    return true;
}

/* t = e^(2|x|) - 1: tanh(|x|) = t / (t + 2) */
bool posit_eval_tanh(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball t, q;

    magnitude(&t, &a->x, n);
    t.exp++;
    posit_ball_expm1(&t, &t, n);
    posit_ball_add_int(&q, &t, 2, n);
    posit_ball_div(r, &t, &q, n);
    r->negative = a->x.negative;
    return true;
}

/* arsinh(x) = log(1 + x + x^2 / (1 + sqrt(1 + x^2))) for x >= 0 */
bool posit_eval_arcsinh(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball x, square, root;

    magnitude(&x, &a->x, n);
    posit_ball_mul(&square, &x, &x, n);
    posit_ball_add_int(&root, &square, 1, n);
    posit_ball_sqrt(&root, &root, n);
    posit_ball_add_int(&root, &root, 1, n);
    posit_ball_div(&square, &square, &root, n);
    posit_ball_add(&x, &x, &square, n);
    posit_ball_log1p(r, &x, n);
    r->negative = a->x.negative;
    return true;
}

/* t = x - 1: arcosh(x) = log(1 + t + sqrt(t (t + 2))) */
bool posit_eval_arccosh(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball t, root;

    posit_ball_add_int(&t, &a->x, -1, n);
    if (t.negative && t.m[0] != 0)
        return false;
    t.negative = false;
    posit_ball_add_int(&root, &t, 2, n);
    posit_ball_mul(&root, &root, &t, n);
    posit_ball_sqrt(&root, &root, n);
    posit_ball_add(&t, &t, &root, n);
    posit_ball_log1p(r, &t, n);
    return true;
}

/* artanh(x) = log((1 + x) / (1 - x)) / 2 */
bool posit_eval_arctanh(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball x, above;

    if (a->x.m[0] != 0 && a->x.exp > 0)
        return false;
    magnitude(&x, &a->x, n);
    if (x.m[0] == 0 || x.exp <= -4) {
        posit_kernel_log_ratio(r, &x, n);
    } else {
        posit_ball_add_int(&above, &x, 1, n);
        posit_ball_add_int(&x, &x, -1, n);
        x.negative = false;
        posit_ball_div(&x, &above, &x, n);
        posit_ball_log(r, &x, n);
    }
    r->exp--;
    r->negative = a->x.negative;
    return true;
}
