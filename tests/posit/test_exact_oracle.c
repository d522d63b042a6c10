// SPDX-License-Identifier: GPL-2.0-or-later
/* The oracle itself, against what the standard states about its formats, and against order. */
#include "oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "oracle_pairs.h"

static const unsigned sizes[] = {8, 16, 32, 64};

/* 2^power */
static void set_power(mpq_t ret, long power)
{
    mpq_set_ui(ret, 1, 1);
    if (power >= 0)
        mpq_mul_2exp(ret, ret, (mp_bitcnt_t)power);
    else
        mpq_div_2exp(ret, ret, (mp_bitcnt_t)-power);
}

static void check_value(unsigned n, uint64_t code, long numerator, long power)
{
    mpq_t got, want, scale;

    mpq_inits(got, want, scale, NULL);
    oracle_value(got, code, n);
    mpq_set_si(want, numerator, 1);
    set_power(scale, power);
    mpq_mul(want, want, scale);
    assert_true(mpq_equal(got, want));
    assert_true(oracle_is_rounded(want, code, n));
    assert_int_equal(oracle_round(want, n), code);
    mpq_clears(got, want, scale, NULL);
}

/* The table of section 3, and codes worked out by hand. */
static void test_known(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        const unsigned n = sizes[i];

        check_value(n, 0, 0, 0);
        check_value(n, 1, 1, -4 * (long)n + 8);
        check_value(n, oracle_nar(n) - 1, 1, 4 * (long)n - 8);
        check_value(n, oracle_nar(n) + 1, -1, 4 * (long)n - 8);
        check_value(n, oracle_mask(n), -1, -4 * (long)n + 8);
        check_value(n, UINT64_C(1) << (n - 2), 1, 0);
        check_value(n, UINT64_C(3) << (n - 2), -1, 0);
        check_value(n, UINT64_C(5) << (n - 4), 4, 0);
        check_value(n, UINT64_C(3) << (n - 3), 16, 0);
        check_value(n, UINT64_C(9) << (n - 5), 2, 0);
    }
    check_value(8, 0x4d, 13, -2);        /* 0 10 01 101: (1 + 5/8) * 2 */
    check_value(8, 0xb3, -13, -2);       /* its negation */
    check_value(16, 0x2a80, 21, -7);     /* 0 01 01 01010000000: 1.3125 * 2^(-4 + 1) */
    check_value(32, 0x7ffffffd, 1, 114); /* 0 1^29 0 1: the exponent reads 10 */
}

/* Codes as signed integers and their values have one order; a 0 behind changes no value. */
static void test_order(void **state)
{
    mpq_t x, before, wide;

    mpq_inits(x, before, wide, NULL);
    for (unsigned n = 3; n <= 16; n++) {
        for (uint64_t i = 1; i <= oracle_mask(n); i++) {
            const uint64_t code = (oracle_nar(n) + i) & oracle_mask(n);

            oracle_value(x, code, n);
            oracle_value(wide, (oracle_code)code << 1, n + 1);
            assert_true(mpq_equal(x, wide));
            assert_true(i == 1 || mpq_cmp(before, x) < 0);
            assert_true(oracle_is_rounded(x, code, n));
            assert_false(oracle_is_rounded(x, (code + 1) & oracle_mask(n), n));
            mpq_set(before, x);
        }
    }
    mpq_clears(x, before, wide, NULL);
}

/* A tie goes to the even code, and the least bit beyond it to that side. */
static void check_tie(uint64_t code, unsigned n)
{
    mpq_t tie, x, bit;
    uint64_t even = code + code % 2;

    mpq_inits(tie, x, bit, NULL);
    oracle_value(tie, ((oracle_code)code << 1) | 1, n + 1);
    assert_int_equal(oracle_round(tie, n), even);
    assert_true(oracle_is_rounded(tie, even, n));
    assert_false(oracle_is_rounded(tie, even ^ 1, n));
    set_power(bit, -4000);
    mpq_add(x, tie, bit);
    assert_int_equal(oracle_round(x, n), code + 1);
    mpq_sub(x, tie, bit);
    assert_int_equal(oracle_round(x, n), code);
    mpq_neg(x, x);
    assert_int_equal(oracle_round(x, n), oracle_negate(code, n));
    mpq_clears(tie, x, bit, NULL);
}

static void test_ties(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        struct oracle_pairs p = oracle_pairs_new(1, sizes[i]);

        for (int k = 0; k < 2000; k++) {
            uint64_t code = oracle_pairs_code(&p) & (oracle_nar(sizes[i]) - 1);

            if (code && code < oracle_nar(sizes[i]) - 1)
                check_tie(code, sizes[i]);
        }
    }
}

/* Never to 0, never to NaR. */
static void test_saturation(void **state)
{
    mpq_t x;

    mpq_init(x);
    for (unsigned i = 0; i < 4; i++) {
        const unsigned n = sizes[i];

        set_power(x, -5000);
        assert_int_equal(oracle_round(x, n), 1);
        assert_false(oracle_is_rounded(x, 0, n));
        mpq_inv(x, x);
        assert_int_equal(oracle_round(x, n), oracle_nar(n) - 1);
        assert_false(oracle_is_rounded(x, oracle_nar(n), n));
        mpq_neg(x, x);
        assert_int_equal(oracle_round(x, n), oracle_nar(n) + 1);
    }
    mpq_clear(x);
}

static void test_root(void **state)
{
    mpq_t x;

    mpq_init(x);
    for (unsigned i = 0; i < 4; i++) {
        const unsigned n = sizes[i];

        mpq_set_ui(x, 4, 1);
        assert_int_equal(oracle_round_root(x, n), UINT64_C(9) << (n - 5));
        assert_true(oracle_is_root(x, UINT64_C(9) << (n - 5), n));
        assert_false(oracle_is_root(x, (UINT64_C(9) << (n - 5)) + 1, n));
        mpq_set_ui(x, 0, 1);
        assert_true(oracle_is_root(x, 0, n));
        assert_false(oracle_is_root(x, 1, n));
    }
    mpq_clear(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known), cmocka_unit_test(test_order),
        cmocka_unit_test(test_ties),  cmocka_unit_test(test_saturation),
        cmocka_unit_test(test_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
