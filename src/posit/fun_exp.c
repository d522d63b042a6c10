// SPDX-License-Identifier: BSD-2-Clause
/* Exponentials: of e, 2 and 10, and those minus 1. */
#include "elementary.h"

#include <stddef.h>

#include "elementary_kernel.h"

/*
 * b^x - 1, given t = x log(b) and, to be multiplied by x, log2(b); NULL for 1. Where t is small the
 * series is relative to it; else at most four bits are lost by the subtraction.
 */
static void minus1(struct posit_ball *r, const struct posit_ball *x, const struct posit_ball *t,
                   const struct posit_const *log2_b, int n)
{
    if (t->exp <= -4 || t->m[0] == 0) {
        posit_kernel_expm1_small(r, t, n);
        return;
    }
    if (log2_b != NULL)
        posit_ball_mul_const(r, x, log2_b, n);
    else
        posit_ball_copy(r, x, n);
    posit_kernel_exp2(r, r, n);
    posit_ball_add_int(r, r, -1, n);
}

void posit_ball_expm1(struct posit_ball *r, const struct posit_ball *x, int n)
{
    minus1(r, x, x, &posit_inv_ln2, n);
}

bool posit_eval_exp(struct posit_ball *r, const struct posit_args *a, int n)
{
    posit_ball_mul_const(r, &a->x, &posit_inv_ln2, n);
    posit_kernel_exp2(r, r, n);
    return true;
}

bool posit_eval_exp_minus1(struct posit_ball *r, const struct posit_args *a, int n)
{
    posit_ball_expm1(r, &a->x, n);
    return true;
}

bool posit_eval_exp2(struct posit_ball *r, const struct posit_args *a, int n)
{
    posit_kernel_exp2(r, &a->x, n);
    return true;
}

bool posit_eval_exp2_minus1(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball t;

    posit_ball_mul_const(&t, &a->x, &posit_ln2, n);
    minus1(r, &a->x, &t, NULL, n);
    return true;
}

/*
 * 10^k for k = 0..27, where 5^k has less than 64 bits: beyond, and for k < 0, it is no posit and no
 * tie. (In fact one tie is among the standard's sizes, 10^7 - 1 of posit32.) False if x is no such
 * k.
 */
static bool power_of_ten(struct posit_ball *r, const struct posit_ball *x, int n)
{
    int64_t five = 1;
    int k = 0;

    if (x->negative || x->exp > 5)
        return false;
    if (x->m[0] != 0) {
        if (x->exp < 1 || x->m[0] << x->exp != 0)
            return false;
        k = (int)(x->m[0] >> (64 - x->exp));
    }
    if (k > 27)
        return false;
    for (int i = 0; i < k; i++)
        five *= 5;
    posit_ball_set_int(r, five, n);
    r->exp += k;
    return true;
}

bool posit_eval_exp10(struct posit_ball *r, const struct posit_args *a, int n)
{
    if (power_of_ten(r, &a->x, n))
        return true;
    posit_ball_mul_const(r, &a->x, &posit_log2_10, n);
    posit_kernel_exp2(r, r, n);
    return true;
}

bool posit_eval_exp10_minus1(struct posit_ball *r, const struct posit_args *a, int n)
{
    struct posit_ball t;

    if (power_of_ten(r, &a->x, n)) {
        posit_ball_add_int(r, r, -1, n);
        return true;
    }
    posit_ball_mul_const(&t, &a->x, &posit_ln10, n);
    minus1(r, &a->x, &t, &posit_log2_10, n);
    return true;
}
