// SPDX-License-Identifier: BSD-2-Clause
/*
 * The elementary functions (5.5, 5.6, 5.8), inside the library: each is one evaluation at n words,
 * for all sizes of posits; elementary.c rounds it and, where that is not decided, asks again for
 * more.
 */
#pragma once

#include "elementary_ball.h"

struct posit_args {
    struct posit_ball x, y; /* exact; of m only the first word is not 0 */
    int64_t k;
};

/* Sets *r to a ball around the function's value; false if that is no real number. */
typedef bool posit_eval(struct posit_ball *r, const struct posit_args *a, int n);

/* X(name): functions of one posit, of two, of a posit and an integer. sqrt is sqrt.c's. */
// clang-format off
#define POSIT_EVALS_UNARY(X) \
    X(rsqrt) X(exp) X(exp_minus1) X(exp2) X(exp2_minus1) X(exp10) X(exp10_minus1) X(log) \
    X(log_plus1) X(log2) X(log2_plus1) X(log10) X(log10_plus1) X(sin) X(sin_pi) X(cos) \
    X(cos_pi) X(tan) X(tan_pi) X(arcsin) X(arcsin_pi) X(arccos) X(arccos_pi) X(arctan) \
    X(arctan_pi) X(sinh) X(cosh) X(tanh) X(arcsinh) X(arccosh) X(arctanh)
// clang-format on
#define POSIT_EVALS_BINARY(X) X(hypot) X(pow) X(arctan2) X(arctan2_pi)
#define POSIT_EVALS_INTEGER(X) X(compound) X(root_n)

#define POSIT_EVAL(f) posit_eval posit_eval_##f;
POSIT_EVALS_UNARY(POSIT_EVAL)
POSIT_EVALS_BINARY(POSIT_EVAL)
POSIT_EVALS_INTEGER(POSIT_EVAL)
#undef POSIT_EVAL

/*
 * The precisions tried, in words. posit64 starts with the second. The last one decides every value
 * that is not within about 2^-600 of a tie without being one. That there is none is shown for
 * posit8, posit16 and posit32, by trying all arguments of functions of one; see docs/posits.md.
 */
#define POSIT_TIERS 4
extern const int posit_tier_words[POSIT_TIERS];

/* Rounds to a posit of `size` bits; false if numbers in the ball round to different ones, and then
 * *ret is what its middle rounds to. */
bool posit_ball_round(const struct posit_ball *b, int n, unsigned size, uint64_t *ret);
/* Sets an exact ball to a code that is not NaR. */
void posit_ball_set_code(struct posit_ball *b, unsigned size, uint64_t code, int n);

/* Used by several families */
void posit_ball_expm1(struct posit_ball *r, const struct posit_ball *x, int n);
void posit_ball_log(struct posit_ball *r, const struct posit_ball *x, int n);   /* x > 0 */
void posit_ball_log2(struct posit_ball *r, const struct posit_ball *x, int n);  /* x > 0 */
void posit_ball_log1p(struct posit_ball *r, const struct posit_ball *x, int n); /* x > -1 */
void posit_ball_log2p1(struct posit_ball *r, const struct posit_ball *x, int n);
