// SPDX-License-Identifier: BSD-2-Clause
#include "elementary.h"

/*
 * Ziv's loop: evaluate, and if all numbers in the ball round to the same posit, that is the
 * correctly rounded one, because rounding is monotonous; else evaluate with more words. It ends
 * because a value that is not exact (rad 0) is no tie: results that can be ties are evaluated
 * exactly. Those are powers and roots (see fun_two.c), 2^k and 2^k - 1, 10^k and 10^k - 1, which
 * all are exact balls once n is large enough; the other functions take no algebraic argument to
 * such a value (Lindemann; for the _pi functions Niven) but for a few like 1/4, which are posits
 * and no ties in every size.
 */
const int posit_tier_words[POSIT_TIERS] = {1, 2, 4, 10};

static uint64_t round_words(const struct posit_ball *b, const uint64_t *m, int64_t exp, int n,
                            unsigned size)
{
    uint64_t sig = m[0], tail = 0;

    for (int i = 1; i < n; i++)
        tail |= m[i];
    if (sig >> 63 == 0) { /* a subtraction from 2^(64n - 1): one zero */
        sig = sig << 1 | (n > 1 ? m[1] >> 63 : 0);
        exp--;
        if (n == 2)
            tail <<= 1;
    }
    return posit_encode(size, b->negative, (int)exp - 1, sig, tail != 0);
}

bool posit_ball_round(const struct posit_ball *b, int n, unsigned size, uint64_t *ret)
{
    uint64_t rad[POSIT_LIMBS] = {0}, m[POSIT_LIMBS], low, high;

    if (posit_ball_is_lost(b) || b->m[0] >> 63 == 0) {
        *ret = 0;
        return posit_ball_is_zero(b);
    }
    if (b->rad == 0) {
        *ret = round_words(b, b->m, b->exp, n, size);
        return true;
    }
    rad[n - 1] = b->rad;
    posit_words_sub(m, b->m, rad, n);
    low = round_words(b, m, b->exp, n, size);
    if (posit_words_add(m, b->m, rad, n)) { /* 2^64n and a little */
        m[0] = UINT64_C(1) << 63;
        high = posit_encode(size, b->negative, (int)b->exp, m[0], true);
    } else {
        high = round_words(b, m, b->exp, n, size);
    }
    *ret = low == high ? low : round_words(b, b->m, b->exp, n, size);
    return low == high;
}

void posit_ball_set_code(struct posit_ball *b, unsigned size, uint64_t code, int n)
{
    struct posit_parts parts;

    if (code == 0) {
        posit_ball_set(b, false, 0, 0, n);
        return;
    }
    parts = posit_decode(size, code);
    posit_ball_set(b, parts.negative, parts.sig, parts.scale + 1, n);
}

static uint64_t evaluate(unsigned size, posit_eval *f, uint64_t x, uint64_t y, int64_t k)
{
    struct posit_args args;
    struct posit_ball value;
    uint64_t code = posit_nar(size);

    if (x == posit_nar(size) || y == posit_nar(size))
        return code;
    args.k = k;
    for (int tier = size > 32; tier < POSIT_TIERS; tier++) {
        int n = posit_tier_words[tier];

        posit_ball_set_code(&args.x, size, x, n);
        posit_ball_set_code(&args.y, size, y, n);
        if (!f(&value, &args, n))
            return posit_nar(size);
        if (posit_ball_round(&value, n, size, &code))
            break;
    }
    return code;
}

#define UNARY_SIZE(n, f)                                                                           \
    posit##n posit##n##_##f(posit##n x)                                                            \
    {                                                                                              \
        return (posit##n){(uint##n##_t)evaluate(n, posit_eval_##f, x.bits, 0, 0)};                 \
    }
#define BINARY_SIZE(n, f)                                                                          \
    posit##n posit##n##_##f(posit##n x, posit##n y)                                                \
    {                                                                                              \
        return (posit##n){(uint##n##_t)evaluate(n, posit_eval_##f, x.bits, y.bits, 0)};            \
    }
#define INTEGER_SIZE(n, f)                                                                         \
    posit##n posit##n##_##f(posit##n x, int64_t k)                                                 \
    {                                                                                              \
        return (posit##n){(uint##n##_t)evaluate(n, posit_eval_##f, x.bits, 0, k)};                 \
    }

#define UNARY(f) UNARY_SIZE(8, f) UNARY_SIZE(16, f) UNARY_SIZE(32, f) UNARY_SIZE(64, f)
#define BINARY(f) BINARY_SIZE(8, f) BINARY_SIZE(16, f) BINARY_SIZE(32, f) BINARY_SIZE(64, f)
#define INTEGER(f) INTEGER_SIZE(8, f) INTEGER_SIZE(16, f) INTEGER_SIZE(32, f) INTEGER_SIZE(64, f)

POSIT_EVALS_UNARY(UNARY)
POSIT_EVALS_BINARY(BINARY)
POSIT_EVALS_INTEGER(INTEGER)
