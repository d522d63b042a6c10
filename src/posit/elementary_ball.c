// SPDX-License-Identifier: BSD-2-Clause
#include "elementary_ball.h"

#include <string.h>

/* Sets */

void posit_ball_set(struct posit_ball *r, bool negative, uint64_t sig, int64_t exp, int n)
{
    r->negative = negative;
    r->rad = 0;
    r->exp = exp;
    r->m[0] = sig;
    for (int i = 1; i < n; i++)
        r->m[i] = 0;
}

void posit_ball_set_int(struct posit_ball *r, int64_t i, int n)
{
    uint64_t magnitude = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    int zeros = magnitude == 0 ? 0 : __builtin_clzll(magnitude);

    posit_ball_set(r, i < 0, magnitude << zeros, 64 - zeros, n);
}

void posit_ball_set_const(struct posit_ball *r, const struct posit_const *c, int n)
{
    r->negative = false;
    r->exp = c->exp;
    r->rad = c->m[0] != 0;
    for (int i = 0; i < n; i++)
        r->m[i] = c->m[i];
}

void posit_ball_copy(struct posit_ball *r, const struct posit_ball *a, int n)
{
    r->negative = a->negative;
    r->exp = a->exp;
    r->rad = a->rad;
    for (int i = 0; i < n; i++)
        r->m[i] = a->m[i];
}

void posit_ball_set_lost(struct posit_ball *r, int n)
{
    posit_ball_set(r, false, UINT64_C(1) << 63, 0, n);
    r->rad = POSIT_BALL_LOST;
}

static uint64_t capped(uint64_t rad)
{
    return rad < POSIT_BALL_LOST ? rad : POSIT_BALL_LOST;
}

/* r's words and sign are set: sets the rest and shifts to the left, but rad not above 2^24, so that
 * it can grow before the ball is lost. */
static void normalise(struct posit_ball *r, int64_t exp, uint64_t rad, int n)
{
    int zeros = posit_words_leading_zeros(r->m, n), room = 64 * n;

    if (rad != 0)
        room = rad >> 24 != 0 ? 0 : __builtin_clzll(rad) - 39;
    if (zeros > room)
        zeros = room;
    r->exp = exp - zeros;
    r->rad = capped(rad << (zeros & 63));
    if (zeros == 64 * n)
        posit_ball_set(r, false, 0, 0, n);
    else if (zeros > 0)
        posit_words_shift_left(r->m, r->m, zeros, n);
}

/* Addition */

int posit_ball_compare(const struct posit_ball *a, const struct posit_ball *b, int n)
{
    /* NOLINTBEGIN(clang-analyzer-core.*): the analyzer does not follow the loops that set words */
    if (a->m[0] == 0 || b->m[0] == 0)
        return (a->m[0] != 0) - (b->m[0] != 0);
    /* NOLINTEND(clang-analyzer-core.*) */
    if (a->exp != b->exp)
        return a->exp < b->exp ? -1 : 1;
    return posit_words_compare(a->m, b->m, n);
}

/* add_aligned() for one word. */
static void add_word(struct posit_ball *r, const struct posit_ball *a, const struct posit_ball *b,
                     bool negative, bool opposite)
{
    int64_t by = a->exp - b->exp, exp = a->exp;
    uint64_t m = a->m[0], shifted = by < 64 ? b->m[0] >> by : 0, rad = a->rad + b->rad;

    if (by > 0) {
        bool lost = by >= 64 || b->m[0] << (64 - by) != 0;

        rad = a->rad + (by < 32 ? b->rad >> by : 0) + (b->rad != 0) + lost;
    }
    if (!opposite) {
        m += shifted;
        if (m < shifted) {
            rad = (rad + 1) / 2 + (m & 1);
            m = m >> 1 | UINT64_C(1) << 63;
            exp++;
        }
    } else if (m >= shifted) {
        m -= shifted;
    } else {
        m = shifted - m;
        negative = !negative;
    }
    r->m[0] = m;
    r->negative = negative;
    if (m >> 63) {
        r->exp = exp;
        r->rad = capped(rad);
    } else {
        normalise(r, exp, rad, 1);
    }
}

/* a + b, where a.exp >= b.exp; with opposite signs the difference of the magnitudes. */
static void add_aligned(struct posit_ball *r, const struct posit_ball *a,
                        const struct posit_ball *b, bool negative, bool opposite, int n)
{
    static const uint64_t zero[POSIT_LIMBS];
    int64_t by = a->exp - b->exp, exp = a->exp;
    uint64_t rad = a->rad, shifted[POSIT_LIMBS];

    if (n == 1) {
        add_word(r, a, b, negative, opposite);
        return;
    }
    if (by >= 64 * n) { /* |b| and its rad are below one unit of a each */
        posit_ball_copy(r, a, n);
        r->negative = negative;
        r->rad = capped(rad + 2);
        return;
    }
    rad += posit_words_shift_right(shifted, b->m, (int)by, n); /* truncated: one unit */
    if (b->rad != 0)
        rad += (by < 32 ? b->rad >> by : 0) + (by > 0);
    if (opposite) {
        if (posit_words_sub(r->m, a->m, shifted, n)) {
            posit_words_sub(r->m, zero, r->m, n);
            negative = !negative;
        }
    } else if (posit_words_add(r->m, a->m, shifted, n)) {
        bool lost = posit_words_shift_right(r->m, r->m, 1, n);

        r->m[0] |= UINT64_C(1) << 63;
        rad = (rad + 1) / 2 + lost;
        exp++;
    }
    r->negative = negative;
    normalise(r, exp, rad, n);
}

static void add_signed(struct posit_ball *r, const struct posit_ball *a, const struct posit_ball *b,
                       bool b_negative, int n)
{
    bool opposite = a->negative != b_negative;

    if (posit_ball_is_lost(a) || posit_ball_is_lost(b)) {
        posit_ball_set_lost(r, n);
    } else if (posit_ball_is_zero(b)) {
        posit_ball_copy(r, a, n);
    } else if (posit_ball_is_zero(a)) {
        posit_ball_copy(r, b, n);
        r->negative = b_negative;
    } else if (a->exp >= b->exp) {
        add_aligned(r, a, b, a->negative, opposite, n);
    } else {
        add_aligned(r, b, a, b_negative, opposite, n);
    }
}

void posit_ball_add(struct posit_ball *r, const struct posit_ball *a, const struct posit_ball *b,
                    int n)
{
    add_signed(r, a, b, b->negative, n);
}

void posit_ball_sub(struct posit_ball *r, const struct posit_ball *a, const struct posit_ball *b,
                    int n)
{
    add_signed(r, a, b, !b->negative, n);
}

void posit_ball_add_int(struct posit_ball *r, const struct posit_ball *a, int64_t i, int n)
{
    struct posit_ball b;

    posit_ball_set_int(&b, i, n);
    posit_ball_add(r, a, &b, n);
}

/* Multiplication and division */

static void mul_word(struct posit_ball *r, const struct posit_ball *a, const struct posit_ball *b,
                     uint64_t rad)
{
    posit_u128 p = (posit_u128)a->m[0] * b->m[0];
    int zero = (int)(p >> 127) ^ 1;

    p <<= zero;
    r->exp = a->exp + b->exp - zero;
    r->rad = capped((rad << zero) + ((uint64_t)p != 0));
    r->m[0] = (uint64_t)(p >> 64);
}

/*
 * (a +- ra)(b +- rb) as fractions of 1: ra and rb units from the cross terms, as a, b < 1; less
 * than one from ra rb < 2^62; these are doubled by a shift to the left. Truncation after it: one.
 */
void posit_ball_mul(struct posit_ball *r, const struct posit_ball *a, const struct posit_ball *b,
                    int n)
{
    uint64_t rad = a->rad + b->rad + (a->rad != 0 && b->rad != 0);
    uint64_t product[2 * POSIT_LIMBS], lost = 0;
    int64_t exp = a->exp + b->exp;

    if (posit_ball_is_zero(a) || posit_ball_is_zero(b)) {
        posit_ball_set(r, false, 0, 0, n);
        return;
    }
    r->negative = a->negative != b->negative;
    if (n == 1) {
        mul_word(r, a, b, rad);
        return;
    }
    posit_words_product(product, a->m, b->m, n);
    if (product[0] >> 63 == 0) {
        posit_words_shift_left(product, product, 1, 2 * n);
        rad *= 2;
        exp--;
    }
    for (int i = n; i < 2 * n; i++)
        lost |= product[i];
    memcpy(r->m, product, (size_t)n * sizeof(*r->m));
    r->exp = exp;
    r->rad = capped(rad + (lost != 0));
}

void posit_ball_mul_const(struct posit_ball *r, const struct posit_ball *a,
                          const struct posit_const *c, int n)
{
    struct posit_ball b;

    posit_ball_set_const(&b, c, n);
    posit_ball_mul(r, a, &b, n);
}

void posit_ball_mul_int(struct posit_ball *r, const struct posit_ball *a, int64_t i, int n)
{
    struct posit_ball b;

    posit_ball_set_int(&b, i, n);
    posit_ball_mul(r, a, &b, n);
}

/* q = a / b, or half of that and exp one more; true if there is a rest. */
static bool divide_word(uint64_t *q, uint64_t a, uint64_t b, int64_t *exp)
{
    bool half = a >= b;
    posit_u128 top = (posit_u128)a << 64 >> half;

    *exp += half;
    *q = (uint64_t)(top / b);
    return (uint64_t)top != *q * b; /* the rest, modulo 2^64 */
}

/*
 * With q = a / b in [1/2, 1): the error is at most (ra + q rb) / (b - rb) units, b >= 1/2 and
 * rb < 2^-33, so at most 2 (ra + rb) + 4. Truncation: one.
 */
void posit_ball_div(struct posit_ball *r, const struct posit_ball *a, const struct posit_ball *b,
                    int n)
{
    uint64_t rad = 2 * (a->rad + b->rad), u[POSIT_LIMBS + 1], q[POSIT_LIMBS];
    int64_t exp = a->exp - b->exp;
    bool negative = a->negative != b->negative, lost;

    if (b->m[0] >> 63 == 0 || posit_ball_is_lost(a) || posit_ball_is_lost(b)) {
        posit_ball_set_lost(r, n);
        return;
    }
    if (posit_ball_is_zero(a)) {
        posit_ball_set(r, false, 0, 0, n);
        return;
    }
    if (n == 1) {
        lost = divide_word(q, a->m[0], b->m[0], &exp);
    } else {
        memcpy(u, a->m, (size_t)n * sizeof(*u));
        u[n] = 0;
        if (posit_words_compare(a->m, b->m, n) >= 0) {
            posit_words_shift_right(u, u, 1, n + 1);
            exp++;
        }
        lost = posit_words_divide(q, u, b->m, n);
    }
    r->negative = negative;
    r->exp = exp;
    r->rad = capped(rad + (rad != 0 ? 4 : 0) + lost);
    for (int i = 0; i < n; i++)
        r->m[i] = q[i];
}

/* Square root */

/*
 * s = sqrt(m) for m in [1/4, 1), by Newton's method: with y = s (1 + e), the middle of y and m / y
 * is s (1 + e^2 / 2 - ...), so that its error is below d^2 / 4, d = |y - m / y| being 2 s |e|
 * nearly. On the way balls serve as plain numbers. At the end: one unit for that, one for the
 * quotient.
 */
static void refine_sqrt(struct posit_ball *y, const struct posit_ball *m, int n)
{
    struct posit_ball q, d;

    do {
        y->rad = 0;
        posit_ball_div(&q, m, y, n);
        q.rad = 0;
        posit_ball_sub(&d, y, &q, n);
        posit_ball_add(y, y, &q, n);
        y->exp--;
    } while (2 * (d.exp - posit_words_leading_zeros(d.m, n)) > -64 * n);
    y->rad += 2;
}

/* An error of ra units of m >= 1/4 is one of at most ra / (2 s) <= ra units of s. */
void posit_ball_sqrt(struct posit_ball *r, const struct posit_ball *a, int n)
{
    struct posit_ball m, y, square;
    uint64_t next = n > 1 ? a->m[1] : 0, rad;
    posit_u128 top = (posit_u128)a->m[0] << 64 | next;
    int odd = (int)(a->exp & 1);
    int64_t exp = (a->exp + odd) / 2;

    if (a->m[0] >> 63 == 0 || a->negative || posit_ball_is_lost(a)) {
        if (posit_ball_is_zero(a))
            posit_ball_copy(r, a, n);
        else
            posit_ball_set_lost(r, n);
        return;
    }
    posit_ball_copy(&m, a, n);
    m.exp = -odd;
    m.rad = 0;
    rad = a->rad;
    posit_ball_set(&y, false, posit_words_sqrt(top >> odd), 0, n);
    if (n == 1) {
        y.rad = (posit_u128)y.m[0] * y.m[0] != top >> odd || (odd && (top & 1)) ? 1 + rad : rad;
    } else {
        posit_ball_mul(&square, &y, &y, n);
        if (square.rad != 0 || posit_ball_compare(&square, &m, n) != 0)
            refine_sqrt(&y, &m, n);
        y.rad += rad;
    }
    y.exp += exp;
    y.rad = capped(y.rad);
    posit_ball_copy(r, &y, n);
}

/* Fractions */

void posit_ball_set_fraction(struct posit_ball *r, const uint64_t *f, uint64_t err, int n)
{
    posit_ball_set(r, false, f[0], 0, n);
    for (int i = 1; i < n; i++)
        r->m[i] = f[i];
    normalise(r, 0, err, n);
}

void posit_ball_get_fraction(uint64_t *f, uint64_t *err, const struct posit_ball *a, int n)
{
    int64_t by = -a->exp;

    if (by >= 64 * n) {
        memset(f, 0, (size_t)n * sizeof(*f));
        *err = 2;
        return;
    }
    *err = posit_words_shift_right(f, a->m, (int)by, n);
    if (a->rad != 0)
        *err += (by < 32 ? a->rad >> by : 0) + 1;
}
