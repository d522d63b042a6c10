// SPDX-License-Identifier: BSD-2-Clause
/*
 * The few functions from which all others are made, on balls: exponential, logarithm, sine and
 * cosine, and the angle of a point. Where the argument is small they keep the relative precision,
 * so that e^x - 1, log(1 + x) and the like lose nothing.
 */
#pragma once

#include "elementary_ball.h"

/* 2^x. |x| is cut at 2^12, far beyond the range of posit64: see the code. */
void posit_kernel_exp2(struct posit_ball *r, const struct posit_ball *x, int n);
/* e^x - 1 for |x| < 2^-4 */
void posit_kernel_expm1_small(struct posit_ball *r, const struct posit_ball *x, int n);

/* log2(x) = exponent + rest / log(2) for x > 0; the rest, which is ln of x / 2^exponent, is in
 * (-0.35, 0.35). */
void posit_kernel_log_parts(struct posit_ball *rest, int64_t *exponent, const struct posit_ball *x,
                            int n);
/* log((1 + z) / (1 - z)) = 2 artanh(z) for |z| < 2^-4 */
void posit_kernel_log_ratio(struct posit_ball *r, const struct posit_ball *z, int n);

/* sin and cos of (pi / 2) f for |f| <= 1/2 */
void posit_kernel_sin(struct posit_ball *r, const struct posit_ball *f, int n);
void posit_kernel_cos(struct posit_ball *r, const struct posit_ball *f, int n);

/* The angle of the point (x, y), x, y >= 0 and not both 0: in [0, pi / 2] */
void posit_kernel_angle(struct posit_ball *r, const struct posit_ball *y,
                        const struct posit_ball *x, int n);
