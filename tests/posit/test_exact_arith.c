// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_exact_arith BITS: clauses 5.2 to 5.4 and the square root, against the oracle. posit8: all
 * pairs. posit16: all codes of what takes one, and PK_PAIRS pairs. posit32 and posit64: PK_PAIRS
 * pairs, heavy at the edges (1,000,000 if it is not set).
 */
#include "oracle_ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "oracle_check.h"
#include "oracle_pairs.h"

static const struct ops *o;
static mpq_t vx, vy, real;

/* Calls f for all pairs of posit8, else for many. */
static void for_pairs(void (*f)(uint64_t x, uint64_t y), uint64_t seed)
{
    const char *given = getenv("PK_PAIRS");
    unsigned long count = given ? strtoul(given, NULL, 0) : 1000000;
    struct oracle_pairs r = oracle_pairs_new(seed, o->n);
    uint64_t x, y;

    if (o->n == 8) {
        for (x = 0; x < 256; x++)
            for (y = 0; y < 256; y++)
                f(x, y);
        return;
    }
    while (count--) {
        oracle_pairs_next(&r, &x, &y);
        f(x, y);
    }
}

/* Calls f for all codes of posit8 and posit16, else for many. */
static void for_codes(void (*f)(uint64_t x, uint64_t y), uint64_t seed)
{
    if (o->n > 16) {
        for_pairs(f, seed);
        return;
    }
    for (uint64_t x = 0; x <= oracle_mask(o->n); x++)
        f(x, 0);
}

static bool load(uint64_t x, uint64_t y)
{
    if (x == oracle_nar(o->n) || y == oracle_nar(o->n))
        return false;
    oracle_value(vx, x, o->n);
    oracle_value(vy, y, o->n);
    return true;
}

static void check_add(uint64_t x, uint64_t y)
{
    const struct asked add = {"add", o->n, x, y, 0}, sub = {"sub", o->n, x, y, 0};

    if (!load(x, y)) {
        check_code(&add, o->add(x, y), oracle_nar(o->n));
        check_code(&sub, o->sub(x, y), oracle_nar(o->n));
        return;
    }
    mpq_add(real, vx, vy);
    check_rounded(&add, o->add(x, y), real);
    mpq_sub(real, vx, vy);
    check_rounded(&sub, o->sub(x, y), real);
}

static void check_mul(uint64_t x, uint64_t y)
{
    const struct asked a = {"mul", o->n, x, y, 0};

    if (!load(x, y)) {
        check_code(&a, o->mul(x, y), oracle_nar(o->n));
        return;
    }
    mpq_mul(real, vx, vy);
    check_rounded(&a, o->mul(x, y), real);
}

static void check_div(uint64_t x, uint64_t y)
{
    const struct asked a = {"div", o->n, x, y, 0};

    if (!load(x, y) || !y) {
        check_code(&a, o->div(x, y), oracle_nar(o->n));
        return;
    }
    mpq_div(real, vx, vy);
    check_rounded(&a, o->div(x, y), real);
}

static void check_sqrt(uint64_t x, uint64_t y)
{
    const struct asked a = {"sqrt", o->n, x, 0, 0};

    if (!load(x, 0) || mpq_sgn(vx) < 0)
        check_code(&a, o->sqrt(x), oracle_nar(o->n));
    else
        check_root(&a, o->sqrt(x), vx);
}

/* A square, and the codes beside it: exact roots and what is nearly one. */
static void check_square(uint64_t x, uint64_t y)
{
    const uint64_t square = o->mul(x, x);

    check_sqrt(square, 0);
    check_sqrt((square + 1) & oracle_mask(o->n), 0);
    check_sqrt((square - 1) & oracle_mask(o->n), 0);
}

/* By the values, not by the codes: NaR equals itself and is less than all else. */
static void check_compare(uint64_t x, uint64_t y)
{
    const uint64_t nar = oracle_nar(o->n);
    int c = load(x, y) ? mpq_cmp(vx, vy) : (y == nar) - (x == nar);

    c = (c > 0) - (c < 0);
    assert_int_equal(o->equal(x, y), c == 0);
    assert_int_equal(o->not_equal(x, y), c != 0);
    assert_int_equal(o->greater(x, y), c > 0);
    assert_int_equal(o->greater_equal(x, y), c >= 0);
    assert_int_equal(o->less(x, y), c < 0);
    assert_int_equal(o->less_equal(x, y), c <= 0);
}

static void check_signs(uint64_t x, uint64_t y)
{
    const uint64_t nar = oracle_nar(o->n);
    const struct asked a[] = {
        {"negate", o->n, x, 0, 0}, {"abs", o->n, x, 0, 0}, {"sign", o->n, x, 0, 0}};

    if (!load(x, 0)) {
        check_code(&a[0], o->negate(x), nar);
        check_code(&a[1], o->abs(x), nar);
        check_code(&a[2], o->sign(x), nar);
        return;
    }
    mpq_neg(real, vx);
    check_rounded(&a[0], o->negate(x), real);
    mpq_abs(real, vx);
    check_rounded(&a[1], o->abs(x), real);
    mpq_set_si(real, mpq_sgn(vx), 1);
    check_rounded(&a[2], o->sign(x), real);
}

static void check_steps(uint64_t x, uint64_t y)
{
    const struct asked next = {"next", o->n, x, 0, 0}, prior = {"prior", o->n, x, 0, 0};

    check_code(&next, o->next(x), (x + 1) & oracle_mask(o->n));
    check_code(&prior, o->prior(x), (x - 1) & oracle_mask(o->n));
}

/* real = floor(vx + add / 2); tells whether vx + add / 2 was an integer */
static bool to_floor(unsigned add)
{
    mpq_t sum;
    mpz_t rest;
    bool exact;

    mpq_init(sum);
    mpz_init(rest);
    mpq_set_ui(sum, add, 2);
    mpq_canonicalize(sum);
    mpq_add(sum, sum, vx);
    mpz_fdiv_qr(mpq_numref(real), rest, mpq_numref(sum), mpq_denref(sum));
    mpz_set_ui(mpq_denref(real), 1);
    exact = !mpz_sgn(rest);
    mpz_clear(rest);
    mpq_clear(sum);
    return exact;
}

static void check_integers(uint64_t x, uint64_t y)
{
    const uint64_t nar = oracle_nar(o->n);
    const struct asked floor = {"floor", o->n, x, 0, 0}, ceil = {"ceil", o->n, x, 0, 0};
    const struct asked nearest = {"nearest_int", o->n, x, 0, 0};

    if (!load(x, 0)) {
        check_code(&floor, o->floor(x), nar);
        check_code(&ceil, o->ceil(x), nar);
        check_code(&nearest, o->nearest_int(x), nar);
        return;
    }
    if (to_floor(1) && mpz_odd_p(mpq_numref(real)))
        mpz_sub_ui(mpq_numref(real), mpq_numref(real), 1); /* a tie, and the even one is below */
    check_rounded(&nearest, o->nearest_int(x), real);
    if (!to_floor(0))
        mpz_add_ui(mpq_numref(real), mpq_numref(real), 1);
    check_rounded(&ceil, o->ceil(x), real);
    to_floor(0);
    check_rounded(&floor, o->floor(x), real);
}

static void test_add_sub(void **state)
{
    for_pairs(check_add, 11);
}

static void test_mul(void **state)
{
    for_pairs(check_mul, 12);
}

static void test_div(void **state)
{
    for_pairs(check_div, 13);
}

static void test_sqrt(void **state)
{
    for_codes(check_sqrt, 14);
    for_codes(check_square, 14);
}

static void test_compare(void **state)
{
    for_pairs(check_compare, 15);
}

static void test_one_argument(void **state)
{
    for_codes(check_signs, 16);
    for_codes(check_steps, 16);
    for_codes(check_integers, 17);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_sub), cmocka_unit_test(test_mul),
        cmocka_unit_test(test_div),     cmocka_unit_test(test_sqrt),
        cmocka_unit_test(test_compare), cmocka_unit_test(test_one_argument),
    };

    if (argc < 2)
        return 2;
    for (int i = 0; i < 4; i++)
        if (ops_of[i].n == strtoul(argv[1], NULL, 10))
            o = &ops_of[i];
    if (!o)
        return 2;
    mpq_inits(vx, vy, real, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
