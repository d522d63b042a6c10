// SPDX-License-Identifier: BSD-2-Clause
#include "elementary_kernel.h"

/*
 * Series are summed by Horner's rule in fractions of n words. A fraction's error is counted in
 * units of its last place. Each step multiplies (truncated: 1), adds, and divides by a small
 * integer (truncated: 1), and the error of the step before is made at least half as large; with the
 * argument's error e that gives the bounds of SERIES_ERROR + e below for each series.
 */
#define SERIES_ERROR 8

/*
 * r / by: of one word with a product, for by < 64, a unit less at most; of more, for by < 2^32,
 * half a word at a time, so that 64-bit division will do.
 */
static void divide_small(uint64_t *r, unsigned by, int n)
{
    uint64_t rest = 0;

    if (n == 1) {
        r[0] = (uint64_t)((posit_u128)r[0] * posit_inverse[by] >> 64);
        return;
    }
    for (int i = 0; i < n; i++) {
        uint64_t high = rest << 32 | r[i] >> 32;
        uint64_t low = high % by << 32 | (r[i] & UINT32_MAX);

        r[i] = high / by << 32 | low / by;
        rest = low % by;
    }
}

/* r / (k (k + 1)) */
static void divide_by_two(uint64_t *r, unsigned k, int n)
{
    if (n > 1) {
        divide_small(r, k * (k + 1), n);
        return;
    }
    if (k > 1)
        divide_small(r, k, n);
    divide_small(r, k + 1, n);
}

static void set_reciprocal(uint64_t *r, unsigned of, int n)
{
    if (n == 1) {
        r[0] = posit_inverse[of];
        return;
    }
    for (int i = 0; i < n; i++)
        r[i] = UINT64_MAX;
    divide_small(r, of, n);
}

static int floor_log2(uint64_t x)
{
    return 63 - __builtin_clzll(x);
}

/* r = 1 + f or 1 - f; where it is 1 or more, a unit of r is two of f. */
static void one_plus(struct posit_ball *r, const uint64_t *f, uint64_t err, bool minus, int n)
{
    uint64_t zero[POSIT_LIMBS] = {0}, tail = 0;

    for (int i = 0; i < n; i++)
        tail |= f[i];
    if (minus && tail != 0) {
        posit_words_sub(zero, zero, f, n);
        posit_ball_set_fraction(r, zero, err, n);
        return;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.*): f has n words, n is never 0 */
    posit_ball_set(r, false, f[0] >> 1 | UINT64_C(1) << 63, 1, n);
    for (int i = 1; i < n; i++)
        r->m[i] = f[i] >> 1 | f[i - 1] << 63;
    r->rad = err / 2 + 1;
}

/*
 * (e^x - 1) / x = 1 + t, t = x/2 (1 + x/3 (1 + ...)), for 0 <= x < 2^-4. Terms are left out from
 * x^(k-1) / k! < 2^-64n on; together they are less than one unit.
 */
static void expm1_positive(struct posit_ball *r, const struct posit_ball *x, int n)
{
    uint64_t f[POSIT_LIMBS], t[POSIT_LIMBS] = {0}, err;
    int64_t step = -x->exp, bits = 0;
    int k = 1;
    struct posit_ball sum;

    posit_ball_get_fraction(f, &err, x, n);
    while (bits < 64 * n) {
        k++;
        bits += step + floor_log2((uint64_t)k);
    }
    for (; k >= 2; k--) {
        posit_words_mul(t, t, f, n);
        posit_words_add(t, t, f, n);
        divide_small(t, (unsigned)k, n);
    }
    one_plus(&sum, t, SERIES_ERROR + err, false, n);
    posit_ball_mul(r, &sum, x, n);
}

/* e^-x - 1 = -(e^x - 1) / e^x */
void posit_kernel_expm1_small(struct posit_ball *r, const struct posit_ball *x, int n)
{
    struct posit_ball magnitude, whole;
    bool negative = x->negative;

    if (posit_ball_is_zero(x)) {
        posit_ball_copy(r, x, n);
        return;
    }
    if (posit_ball_is_lost(x) || x->exp > -1) {
        posit_ball_set_lost(r, n);
        return;
    }
    posit_ball_copy(&magnitude, x, n);
    magnitude.negative = false;
    expm1_positive(r, &magnitude, n);
    if (negative) {
        posit_ball_add_int(&whole, r, 1, n);
        posit_ball_div(r, r, &whole, n);
        r->negative = true;
    }
}

/* The integer part of x in [0, 2^12), and what is left, exactly. */
static int64_t split_integer(struct posit_ball *rest, const struct posit_ball *x, int n)
{
    int64_t whole = x->exp <= 0 ? 0 : (int64_t)(x->m[0] >> (64 - x->exp));

    posit_ball_add_int(rest, x, -whole, n);
    return whole;
}

/*
 * |x| = whole + j/16 + g, g < 1/16: 2^|x| = 2^whole 2^(j/16) e^(g ln 2). Beyond 2^12 any power will
 * do: all posits, and what the functions here make of it, are at the end of their range by 2^-4096.
 */
void posit_kernel_exp2(struct posit_ball *r, const struct posit_ball *x, int n)
{
    struct posit_ball g, c;
    bool negative = x->negative;
    int64_t whole;
    int j;

    if (posit_ball_is_lost(x)) {
        posit_ball_set_lost(r, n);
        return;
    }
    if (x->exp > 12) {
        posit_ball_set(r, false, UINT64_C(1) << 63, negative ? -4096 : 4096, n);
        r->rad = 1;
        return;
    }
    posit_ball_copy(&g, x, n);
    g.negative = false;
    whole = split_integer(&g, &g, n);
    j = g.exp <= -4 || g.m[0] == 0 ? 0 : (int)(g.m[0] >> (60 - g.exp));
    posit_ball_set(&c, true, (uint64_t)j << 60, 0, n);
    if (j != 0) {
        int zeros = __builtin_clzll(c.m[0]);

        posit_ball_set(&c, true, c.m[0] << zeros, -zeros, n);
        posit_ball_add(&g, &g, &c, n);
    }
    posit_ball_mul_const(&g, &g, &posit_ln2, n);
    posit_kernel_expm1_small(&g, &g, n);
    posit_ball_add_int(r, &g, 1, n);
    if (j != 0)
        posit_ball_mul_const(r, r, &posit_exp2_16[j], n);
    r->exp += whole;
    if (negative) {
        posit_ball_set(&c, false, UINT64_C(1) << 63, 1, n);
        posit_ball_div(r, &c, r, n);
    }
}

/*
 * z (1 -+ u p), p = 1/3 -+ u (1/5 -+ u (...)), u = z^2 < 2^-8: the arctangent, or with + its
 * hyperbolic relative. The terms left out are below u^k <= 2^-64n.
 */
static void odd_series(struct posit_ball *r, const struct posit_ball *z, bool minus, int n)
{
    uint64_t u[POSIT_LIMBS], p[POSIT_LIMBS], c[POSIT_LIMBS], err;
    int64_t k = z->exp >= 0 ? 1 : (64 * n) / (-2 * z->exp) + 1;
    struct posit_ball sum;

    if (posit_ball_is_lost(z) || (z->exp > -4 && !posit_ball_is_zero(z))) {
        posit_ball_set_lost(r, n);
        return;
    }
    posit_ball_get_fraction(u, &err, z, n);
    posit_words_mul(u, u, u, n);
    set_reciprocal(p, (unsigned)(2 * k + 1), n);
    for (k--; k >= 1; k--) {
        posit_words_mul(p, p, u, n);
        set_reciprocal(c, (unsigned)(2 * k + 1), n);
        if (minus)
            posit_words_sub(p, c, p, n);
        else
            posit_words_add(p, c, p, n);
    }
    posit_words_mul(p, p, u, n);
    one_plus(&sum, p, SERIES_ERROR + err, minus, n);
    posit_ball_mul(r, &sum, z, n);
}

void posit_kernel_log_ratio(struct posit_ball *r, const struct posit_ball *z, int n)
{
    odd_series(r, z, false, n);
    r->exp++;
}

/*
 * x = 2^exponent y, y in [0.707, 1.414], and c = j/16 next to y: log(y) = log(c) + 2 artanh(z),
 * z = (y - c) / (y + c), |z| <= (1/32) / (2 * 0.69) < 2^-4. Near 1, c is 1 and log(c) nothing.
 */
void posit_kernel_log_parts(struct posit_ball *rest, int64_t *exponent, const struct posit_ball *x,
                            int n)
{
    struct posit_ball y, c, sum;
    bool upper = x->m[0] >= UINT64_C(0xb504f333f9de6485); /* sqrt(1/2) */
    int j;

    *exponent = 0;
    if (x->m[0] >> 63 == 0 || posit_ball_is_lost(x)) {
        posit_ball_set_lost(rest, n);
        return;
    }
    posit_ball_copy(&y, x, n);
    y.exp = upper ? 0 : 1;
    *exponent = x->exp - y.exp;
    j = (int)((x->m[0] >> (upper ? 59 : 58)) + 1) / 2; /* 16 y, to the nearest */
    posit_ball_set_int(&c, j, n);
    c.exp -= 4;
    posit_ball_add(&sum, &y, &c, n);
    posit_ball_sub(&y, &y, &c, n);
    posit_ball_div(&y, &y, &sum, n);
    posit_kernel_log_ratio(rest, &y, n);
    if (j != 16) {
        posit_ball_set_const(&c, &posit_log_16[j - 11], n);
        c.negative = j < 16;
        posit_ball_add(rest, rest, &c, n);
    }
}

/*
 * 1 - v, v = u / (a (a + 1)) (1 - u / ((a + 2)(a + 3)) (1 - ...)), u = x^2, for x = |f| pi / 2 <
 * 0.786: sin(x) / x with a = 2, cos(x) with a = 1. The terms left out are below one unit.
 */
static void alternating(struct posit_ball *r, const struct posit_ball *x, unsigned a, int n)
{
    uint64_t u[POSIT_LIMBS], v[POSIT_LIMBS] = {0}, err;
    int64_t bits = 0;
    unsigned k = a;

    posit_ball_get_fraction(u, &err, x, n);
    posit_words_mul(u, u, u, n);
    for (; bits < 64 * n; k += 2)
        bits += -2 * x->exp + floor_log2(k * (k + 1));
    while (k > a) {
        k -= 2;
        posit_words_mul(v, v, u, n);
        posit_words_sub(v, u, v, n);
        divide_by_two(v, k, n);
    }
    one_plus(r, v, SERIES_ERROR + err, true, n);
}

void posit_kernel_sin(struct posit_ball *r, const struct posit_ball *f, int n)
{
    struct posit_ball x, sum;

    if (posit_ball_is_lost(f)) {
        posit_ball_set_lost(r, n);
        return;
    }
    posit_ball_mul_const(&x, f, &posit_half_pi, n);
    alternating(&sum, &x, 2, n);
    posit_ball_mul(r, &sum, &x, n);
}

void posit_kernel_cos(struct posit_ball *r, const struct posit_ball *f, int n)
{
    struct posit_ball x;

    if (posit_ball_is_lost(f)) {
        posit_ball_set_lost(r, n);
        return;
    }
    posit_ball_mul_const(&x, f, &posit_half_pi, n);
    alternating(r, &x, 1, n);
}

/* 16 y / x to the nearest integer or one beside it, for y <= x */
static int sixteenths(const struct posit_ball *y, const struct posit_ball *x)
{
    int64_t by = x->exp - y->exp;

    if (y->m[0] == 0 || by > 6)
        return 0;
    return (int)(((y->m[0] >> by >> 1) + (x->m[0] >> 6)) / (x->m[0] >> 5));
}

/*
 * For y <= x and c = j/16 next to y / x: atan(y / x) = atan(c) + atan((y - c x) / (x + c y)), and
 * that is the arctangent of less than 1/32 and a little.
 */
static void angle_below_half(struct posit_ball *r, const struct posit_ball *y,
                             const struct posit_ball *x, int n)
{
    struct posit_ball c, high, low;
    int j = sixteenths(y, x);

    if (j == 0) {
        posit_ball_div(&high, y, x, n);
        odd_series(r, &high, true, n);
        return;
    }
    posit_ball_set_int(&c, j, n);
    c.exp -= 4;
    posit_ball_mul(&high, &c, x, n);
    posit_ball_sub(&high, y, &high, n);
    posit_ball_mul(&low, &c, y, n);
    posit_ball_add(&low, x, &low, n);
    posit_ball_div(&high, &high, &low, n);
    odd_series(r, &high, true, n);
    posit_ball_set_const(&c, &posit_atan_16[j], n);
    posit_ball_add(r, &c, r, n);
}

void posit_kernel_angle(struct posit_ball *r, const struct posit_ball *y,
                        const struct posit_ball *x, int n)
{
    struct posit_ball right;

    if (posit_ball_compare(y, x, n) <= 0) {
        angle_below_half(r, y, x, n);
        return;
    }
    angle_below_half(r, x, y, n);
    posit_ball_set_const(&right, &posit_half_pi, n);
    posit_ball_sub(r, &right, r, n);
}
