// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bound that a ball states is a bound: at each precision of Ziv's loop the true value, from
 * MPFR with twice the bits, is in it. That a posit is correctly rounded seldom depends on the last
 * bits of a bound, so that the other tests would not notice one that is too small. And each
 * precision but the last is asked alone for posits: what it decides must be what the loop decides.
 */
#include "mpfr_ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "posit/elementary.h"

#include "oracle_pairs.h"

#define ARGUMENTS 400
#define TRUE_BITS 1600

struct evaluated {
    const char *name;
    posit_eval *eval;
    double worst[POSIT_TIERS]; /* the largest error seen, as a part of its bound */
};

#define ENTRY(f) {#f, posit_eval_##f, {0}},
/* clang-format off */
static struct evaluated evals[] = {
    POSIT_EVALS_UNARY(ENTRY)
    POSIT_EVALS_BINARY(ENTRY)
    POSIT_EVALS_INTEGER(ENTRY)
};
/* clang-format on */
#define EVALS (sizeof(evals) / sizeof(*evals))

static mpfr_t x_value, y_value, real, middle, radius;

static void set_ball(mpfr_t ret, const struct posit_ball *b, int n)
{
    mpz_t m;

    mpz_init(m);
    mpz_import(m, (size_t)n, 1, sizeof(*b->m), 0, 0, b->m);
    mpfr_set_z_2exp(ret, m, b->exp - 64 * n, MPFR_RNDN); /* exact: TRUE_BITS are enough */
    if (b->negative)
        mpfr_neg(ret, ret, MPFR_RNDN);
    mpz_clear(m);
}

/* |real - middle| <= rad units; real is known to 2^-TRUE_BITS, which a ball that is not exact
 * contains many times. */
static void check_contains(struct evaluated *e, int tier, const struct mpfr_args *a,
                           const struct posit_ball *b, bool cut)
{
    int n = posit_tier_words[tier];
    double part;

    if (posit_ball_is_lost(b))
        return;
    if (labs((long)b->exp) > 4000 && (mpfr_zero_p(real) ? cut : labs(mpfr_get_exp(real)) > 4000))
        return; /* far beyond all posits any number is good that is as well */
    set_ball(middle, b, n);
    mpfr_sub(middle, middle, real, MPFR_RNDN);
    if (b->rad == 0) {
        if (!mpfr_zero_p(middle) || cut)
            fail_msg("%s(%#llx, %#llx, %lld), %d words: not exact", e->name,
                     (unsigned long long)a->x, (unsigned long long)a->y, (long long)a->k, n);
        return;
    }
    mpfr_set_uj_2exp(radius, b->rad, b->exp - 64 * n, MPFR_RNDN);
    mpfr_div(middle, middle, radius, MPFR_RNDA);
    part = mpfr_get_d(middle, MPFR_RNDA);
    part = part < 0 ? -part : part;
    if (part > e->worst[tier])
        e->worst[tier] = part;
    if (!(part <= 1))
        fail_msg("%s(%#llx, %#llx, %lld), %d words: %g times the bound off", e->name,
                 (unsigned long long)a->x, (unsigned long long)a->y, (long long)a->k, n, part);
}

static uint64_t one_tier(struct evaluated *e, int tier, unsigned size, const struct mpfr_args *a,
                         struct posit_ball *ret, bool *decided)
{
    int n = posit_tier_words[tier];
    unsigned bits = 8u << size;
    struct posit_args args = {.k = a->k};
    uint64_t code = UINT64_C(1) << (bits - 1);

    posit_ball_set_code(&args.x, bits, a->x, n);
    posit_ball_set_code(&args.y, bits, a->y, n);
    *decided = true;
    ret->rad = POSIT_BALL_LOST;
    if (e->eval(ret, &args, n))
        *decided = posit_ball_round(ret, n, bits, &code);
    return code;
}

static void check_args(struct evaluated *e, unsigned size, const struct mpfr_args *a)
{
    const struct mpfr_ref *f = mpfr_ref_find(e->name);
    const uint64_t want = f->posit[size](a->x, a->y, a->k);
    bool decided, cut;

    mpfr_ref_set(x_value, a->x, 8u << size);
    mpfr_ref_set(y_value, a->y, 8u << size);
    cut = f->mpfr(real, x_value, y_value, (long)a->k) != 0;
    for (int tier = 0; tier < POSIT_TIERS; tier++) {
        struct posit_ball ball;
        uint64_t code = one_tier(e, tier, size, a, &ball, &decided);

        if (decided && code != want)
            fail_msg("%s(%#llx, %#llx, %lld), tier %d: %#llx, not %#llx", e->name,
                     (unsigned long long)a->x, (unsigned long long)a->y, (long long)a->k, tier,
                     (unsigned long long)code, (unsigned long long)want);
        if (mpfr_number_p(real))
            check_contains(e, tier, a, &ball, cut);
    }
}

static void test_bounds(void **state)
{
    for (unsigned size = 1; size < 4; size++) {
        struct oracle_pairs r = oracle_pairs_new(61, 8u << size);
        uint64_t nar = UINT64_C(1) << ((8u << size) - 1);

        for (size_t i = 0; i < EVALS; i++)
            for (int j = 0; j < ARGUMENTS; j++) {
                struct mpfr_args a;

                oracle_pairs_next(&r, &a.x, &a.y);
                a.k = (int64_t)(oracle_random(&r) % 200) - 100;
                if (a.x != nar && a.y != nar)
                    check_args(&evals[i], size, &a);
            }
    }
    for (size_t i = 0; i < EVALS; i++)
        printf("# %-13s error / bound: %.2f %.2f %.2f %.2f\n", evals[i].name, evals[i].worst[0],
               evals[i].worst[1], evals[i].worst[2], evals[i].worst[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bounds)};

    mpfr_inits2(TRUE_BITS, x_value, y_value, real, middle, radius, (mpfr_ptr)NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
