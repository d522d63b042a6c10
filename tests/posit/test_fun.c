// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All elementary functions against MPFR: posit8, all arguments and all pairs; posit16, a sixteenth
 * of all arguments, which one the seed says, or with PK_ALL set all of them; the others, and pairs,
 * edge-heavy arguments, PK_PAIRS of them. Besides, for all sizes, multiples of pi/2 and their
 * neighbours, powers of 10 and their neighbours, and powers that are exact or ties. Usage: test_fun
 * 8|16|32|64
 */
#include "mpfr_ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "oracle_pairs.h"

#define DEFAULT_PAIRS 50000

static unsigned size; /* 0..3 */

static unsigned long pairs(void)
{
    const char *given = getenv("PK_PAIRS");

    return given ? strtoul(given, NULL, 0) : size == 2 ? DEFAULT_PAIRS : DEFAULT_PAIRS / 5;
}

/* All of a group are tried, so that a failure shows its extent, to 20 wrong ones. */
static void check(const struct mpfr_ref *f, const struct mpfr_args *a, unsigned *wrong)
{
    *wrong += !mpfr_ref_check(f, size, a);
    assert_true(*wrong < 20);
}

/* Small integers, large ones, and the ends. */
static int64_t integer(struct oracle_pairs *r)
{
    static const int64_t ends[] = {0, 1, -1, 2, -2, INT64_MAX, INT64_MIN, INT64_MIN + 1};
    uint64_t random = oracle_random(r);

    switch (random % 4) {
    case 0:
        return ends[random >> 32 & 7];
    case 1:
        return (int64_t)(oracle_random(r) >> (random >> 32 & 63)) * (random >> 40 & 1 ? -1 : 1);
    default:
        return (int64_t)(random >> 32 & 127) - 64;
    }
}

static bool only_of_two;

static void test_random(void **state)
{
    struct oracle_pairs r = oracle_pairs_new(51, 8u << size);

    for (size_t i = 0; i < mpfr_refs_count; i++) {
        unsigned wrong = 0;

        if (only_of_two && mpfr_refs[i].kind == 'x')
            continue;

        for (unsigned long j = 0; j < pairs(); j++) {
            struct mpfr_args a;

            oracle_pairs_next(&r, &a.x, &a.y);
            a.k = integer(&r);
            check(&mpfr_refs[i], &a, &wrong);
        }
        assert_int_equal(wrong, 0);
    }
}

static void test_posit8_all(void **state)
{
    for (size_t i = 0; i < mpfr_refs_count; i++) {
        const struct mpfr_ref *f = &mpfr_refs[i];
        int64_t count = f->kind == 'x' ? 1 : 256;
        unsigned wrong = 0;

        for (uint64_t x = 0; x < 256; x++)
            for (int64_t k = 0; k < count; k++)
                check(f, &(struct mpfr_args){x, (uint64_t)k, k - 128}, &wrong);
        assert_int_equal(wrong, 0);
    }
}

static void test_posit16_all(void **state)
{
    struct oracle_pairs r = oracle_pairs_new(52, 16);
    uint64_t step = getenv("PK_ALL") != NULL ? 1 : 16, first = oracle_random(&r) % step;

    for (size_t i = 0; i < mpfr_refs_count; i++) {
        unsigned wrong = 0;

        if (mpfr_refs[i].kind != 'x')
            continue;
        for (uint64_t x = first; x < 65536; x += step)
            check(&mpfr_refs[i], &(struct mpfr_args){.x = x}, &wrong);
        assert_int_equal(wrong, 0);
    }
}

/* Codes next to a real: up to three beside it, of both signs. */
static void check_near(const mpfr_t real)
{
    const uint64_t code = mpfr_ref_from(real, 8u << size), mask = UINT64_MAX >> (64 - (8u << size));

    for (size_t i = 0; i < mpfr_refs_count; i++) {
        unsigned wrong = 0;

        for (uint64_t beside = 0; beside < 7; beside++) {
            const uint64_t x = code + beside - 3;

            check(&mpfr_refs[i], &(struct mpfr_args){x & mask, code, 3}, &wrong);
            check(&mpfr_refs[i], &(struct mpfr_args){(0 - x) & mask, code, -3}, &wrong);
        }
        assert_int_equal(wrong, 0);
    }
}

static void check_near_half_pi(long times)
{
    mpfr_t x;

    mpfr_init2(x, 128);
    mpfr_const_pi(x, MPFR_RNDN);
    mpfr_mul_si(x, x, times, MPFR_RNDN);
    mpfr_div_2ui(x, x, 1, MPFR_RNDN);
    check_near(x);
    mpfr_clear(x);
}

static void check_near_power_of_ten(long power)
{
    mpfr_t x;

    mpfr_init2(x, 128);
    mpfr_set_si(x, power, MPFR_RNDN);
    mpfr_exp10(x, x, MPFR_RNDN);
    check_near(x);
    mpfr_clear(x);
}

static void test_near_reals(void **state)
{
    for (long k = 1; k < 20; k++)
        check_near_half_pi(k);
    for (int bits = 5; bits < 60; bits += 7)
        check_near_half_pi((1L << bits) + 1);
    for (long k = -75; k < 76; k += size == 0 ? 3 : 1)
        check_near_power_of_ten(k);
}

/* integer / 2^halvings, rounded */
static uint64_t dyadic(long integer, unsigned halvings)
{
    mpfr_t x;
    uint64_t code;

    mpfr_init2(x, 64);
    mpfr_set_si_2exp(x, integer, -(long)halvings, MPFR_RNDN);
    code = mpfr_ref_from(x, 8u << size);
    mpfr_clear(x);
    return code;
}

/* Small integers and halves: among 10^k - 1 is a tie, posit32's for k = 7. */
static void test_small(void **state)
{
    for (size_t i = 0; i < mpfr_refs_count; i++) {
        unsigned wrong = 0;

        for (long m = -300; m < 600; m++)
            check(&mpfr_refs[i], &(struct mpfr_args){dyadic(m, 1), dyadic(m % 9, 0), m % 9},
                  &wrong);
        assert_int_equal(wrong, 0);
    }
}

/* m^(a / 2^b), among them all that are exact and many that are ties. */
static void test_exact_powers(void **state)
{
    const struct mpfr_ref *pow = mpfr_ref_find("pow"), *root = mpfr_ref_find("root_n"),
                          *compound = mpfr_ref_find("compound");
    unsigned wrong = 0;

    for (long m = 1; m < 1300; m += 1 + m / 60)
        for (unsigned scale = 0; scale < 24; scale += 6)
            for (long a = -5; a < 12; a++) {
                struct mpfr_args args = {dyadic(m, scale), dyadic(a, scale % 4), a};

                check(pow, &args, &wrong);
                check(root, &args, &wrong);
                check(compound, &args, &wrong);
            }
    assert_int_equal(wrong, 0);
}

/* hypot of (p^2 - q^2, 2pq) is p^2 + q^2 */
static void test_exact_hypot(void **state)
{
    const struct mpfr_ref *hypot = mpfr_ref_find("hypot");
    unsigned wrong = 0;

    for (long p = 1; p < 1L << (1u << size) && p < 70000; p += 1 + p / 40)
        for (long q = 1; q < p; q += 1 + q / 10)
            check(hypot, &(struct mpfr_args){dyadic(p * p - q * q, 5), dyadic(2 * p * q, 5), 0},
                  &wrong);
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest every[] = {
        cmocka_unit_test(test_random),      cmocka_unit_test(test_near_reals),
        cmocka_unit_test(test_small),       cmocka_unit_test(test_exact_powers),
        cmocka_unit_test(test_exact_hypot),
    };
    const struct CMUnitTest posit8[] = {
        cmocka_unit_test(test_posit8_all),   cmocka_unit_test(test_random),
        cmocka_unit_test(test_near_reals),   cmocka_unit_test(test_small),
        cmocka_unit_test(test_exact_powers), cmocka_unit_test(test_exact_hypot),
    };
    const struct CMUnitTest posit16[] = {
        cmocka_unit_test(test_posit16_all),  cmocka_unit_test(test_random),
        cmocka_unit_test(test_near_reals),   cmocka_unit_test(test_small),
        cmocka_unit_test(test_exact_powers), cmocka_unit_test(test_exact_hypot),
    };
    const struct CMUnitTest random[] = {cmocka_unit_test(test_random)};
    const struct CMUnitTest all16[] = {cmocka_unit_test(test_posit16_all)};

    if (argc < 2)
        return 2;
    for (long n = strtol(argv[1], NULL, 10); n > 8; n /= 2)
        size++;
    only_of_two = argc > 2;
    if (only_of_two)
        return cmocka_run_group_tests(random, NULL, NULL);
    if (size == 1 && getenv("PK_ALL") != NULL)
        return cmocka_run_group_tests(all16, NULL, NULL);
    if (size == 0)
        return cmocka_run_group_tests(posit8, NULL, NULL);
    if (size == 1)
        return cmocka_run_group_tests(posit16, NULL, NULL);
    return cmocka_run_group_tests(every, NULL, NULL);
}
