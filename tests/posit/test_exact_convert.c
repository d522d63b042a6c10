// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clause 6: between sizes, with integers and with IEEE 754, of the size that the argument names;
 * all codes of posit8 and posit16, PK_PAIRS (10^6) of the others. Rounding to a posit is checked by
 * the oracle, to an integer by rationals, to float and double by MPFR.
 */
#include "oracle_ops.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <gmp.h>
#include <mpfr.h>

#include "oracle_check.h"
#include "oracle_pairs.h"

static const struct ops *o;
static mpq_t value;
static mpfr_t wide;

static unsigned long many(void)
{
    const char *given = getenv("PK_PAIRS");

    return given ? strtoul(given, NULL, 0) : o->n > 16 ? 1000000 : 150000;
}

/* Calls f for all codes of posit8 and posit16, else for many. */
static void for_codes(void (*f)(uint64_t x), uint64_t seed)
{
    struct oracle_pairs r = oracle_pairs_new(seed, o->n);
    unsigned long count = many();

    if (o->n > 16)
        while (count--)
            f(oracle_pairs_code(&r));
    else
        for (uint64_t x = 0; x <= oracle_mask(o->n); x++)
            f(x);
}

static void check_sizes(uint64_t x)
{
    const uint64_t nar = oracle_nar(o->n);

    if (x != nar)
        oracle_value(value, x, o->n);
    for (int i = 0; i < 4; i++) {
        const struct asked a = {"to_posit", ops_of[i].n, x, o->n, 0};

        if (!o->to_posit[i])
            continue;
        if (x == nar)
            check_code(&a, o->to_posit[i](x), oracle_nar(a.n));
        else
            check_rounded(&a, o->to_posit[i](x), value);
        if (a.n > o->n)
            check_code(&a, o->to_posit[i](x), x << (a.n - o->n));
    }
}

/* The double's value, rounded; infinities and NaN are NaR, and -0 is 0. */
static void check_from_double(double d)
{
    struct asked a = {"from_double", o->n, 0, 0, 0};

    memcpy(&a.x, &d, sizeof(d));
    if (!isfinite(d)) {
        check_code(&a, o->from_double(d), oracle_nar(o->n));
        return;
    }
    mpq_set_d(value, d);
    check_rounded(&a, o->from_double(d), value);
}

static void check_from_float(float f)
{
    struct asked a = {"from_float", o->n, 0, 0, 0};

    memcpy(&a.x, &f, sizeof(f));
    if (!isfinite(f)) {
        check_code(&a, o->from_float(f), oracle_nar(o->n));
        return;
    }
    mpq_set_d(value, (double)f);
    check_rounded(&a, o->from_float(f), value);
}

static double double_of(uint64_t bits)
{
    double d;

    memcpy(&d, &bits, sizeof(d));
    return d;
}

static float float_of(uint32_t bits)
{
    float f;

    memcpy(&f, &bits, sizeof(f));
    return f;
}

static void check_specials(void)
{
    const double edges[] = {0.0,
                            -0.0,
                            INFINITY,
                            -INFINITY,
                            NAN,
                            -NAN,
                            0x1p-1074,
                            -0x1p-1074,
                            0x1p-1022,
                            0x1p-149,
                            0x1p-126,
                            0x1p-120,
                            0x1p-248,
                            0x1p248,
                            0x1p120,
                            0x1p1023,
                            -0x1.fffffffffffffp1023};

    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        check_from_double(edges[i]);
        check_from_float((float)edges[i]);
        check_from_double(nextafter(edges[i], INFINITY));
        check_from_double(nextafter(edges[i], -INFINITY));
        check_from_float(nextafterf((float)edges[i], INFINITY));
        check_from_float(nextafterf((float)edges[i], -INFINITY));
    }
    check_from_double(double_of(UINT64_C(0x7ff0000000000001))); /* signalling */
    check_from_float(float_of(0x7f800001));
}

/* Any bits; and, where a posit's tie is a number of that format, the tie and its neighbours. */
static void test_from_ieee(void **state)
{
    struct oracle_pairs r = oracle_pairs_new(41, o->n);

    check_specials();
    for (unsigned long k = many(); k; k--) {
        uint64_t bits = oracle_random(&r), code = oracle_pairs_code(&r);
        double tie;

        check_from_double(double_of(bits));
        check_from_float(float_of((uint32_t)bits));
        if (code == oracle_nar(o->n) || code == oracle_nar(o->n) - 1)
            continue;
        oracle_value(value, ((oracle_code)code << 1) | 1, o->n + 1);
        tie = mpq_get_d(value); /* cut, if it is no double */
        check_from_double(tie);
        check_from_double(nextafter(tie, INFINITY));
        check_from_double(nextafter(tie, -INFINITY));
        check_from_float((float)tie);
        check_from_float(nextafterf((float)tie, bits & 2 ? INFINITY : -INFINITY));
    }
}

static void check_to_ieee(uint64_t x)
{
    const double d = o->to_double(x);
    const float f = o->to_float(x);
    double want;
    float want_f;

    if (x == oracle_nar(o->n)) {
        uint64_t bits;

        memcpy(&bits, &d, sizeof(d));
        assert_true(isnan(d) && isnan(f));
        assert_true(bits >> 51 & 1); /* quiet */
        return;
    }
    oracle_value(value, x, o->n);
    assert_int_equal(mpfr_set_q(wide, value, MPFR_RNDN), 0);
    want = mpfr_get_d(wide, MPFR_RNDN);
    want_f = mpfr_get_flt(wide, MPFR_RNDN);
    if (d != want || signbit(d) != signbit(want))
        fail_msg("posit%u_to_double(%#llx): %a, want %a", o->n, (unsigned long long)x, d, want);
    if (f != want_f || signbit(f) != signbit(want_f))
        fail_msg("posit%u_to_float(%#llx): %a, want %a", o->n, (unsigned long long)x, (double)f,
                 (double)want_f);
}

/* posit64 whose value is at a tie between floats or doubles, normal and subnormal, or beside it. */
static void check_ieee_ties(void)
{
    struct oracle_pairs r = oracle_pairs_new(42, 64);

    for (unsigned long k = many(); k; k--) {
        const double d =
            double_of((oracle_random(&r) >> 12) | (1023 + oracle_random(&r) % 40) << 52);
        const float f = float_of((uint32_t)(oracle_random(&r) >> 36));
        uint64_t code;

        mpq_set_d(value, d);
        mpq_div_2exp(value, value, oracle_random(&r) % 60);
        code = oracle_round(value, 64) | UINT64_C(1) << (oracle_random(&r) % 12);
        check_to_ieee(code);
        check_to_ieee(code + 1);
        check_to_ieee(code - 1);
        mpq_set_d(value, ((double)f + (double)nextafterf(f, INFINITY)) / 2);
        if (!mpq_sgn(value))
            continue;
        code = oracle_round(value, 64);
        check_to_ieee(code);
        check_to_ieee(code + 1);
        check_to_ieee(code - 1);
    }
}

static void test_to_ieee(void **state)
{
    for_codes(check_to_ieee, 43);
    if (o->n == 64)
        check_ieee_ties();
}

/* value = the nearest integer, a tie to the even one */
static void round_value(void)
{
    mpz_t twice, whole;

    mpz_inits(twice, whole, NULL);
    mpz_mul_2exp(twice, mpq_numref(value), 1);
    mpz_add(twice, twice, mpq_denref(value)); /* (2p + q) / 2q */
    mpz_mul_2exp(whole, mpq_denref(value), 1);
    mpz_fdiv_qr(mpq_numref(value), twice, twice, whole);
    if (!mpz_sgn(twice) && mpz_odd_p(mpq_numref(value)))
        mpz_sub_ui(mpq_numref(value), mpq_numref(value), 1);
    mpz_set_ui(mpq_denref(value), 1);
    mpz_clears(twice, whole, NULL);
}

static void check_to_integers(uint64_t x)
{
    const bool is_nar = x == oracle_nar(o->n);
    mpz_ptr whole = mpq_numref(value);

    if (!is_nar) {
        oracle_value(value, x, o->n);
        round_value();
    }
    for (unsigned i = 0; i < 4; i++) {
        const unsigned bits = 8u << i;
        const struct asked s = {"to_int", o->n, x, bits, 0}, u = {"to_uint", o->n, x, bits, 0};
        const int64_t least = INT64_MIN >> (64 - bits);
        int64_t want = least;
        uint64_t want_u = UINT64_MAX >> (64 - bits);

        if (!is_nar && mpz_fits_slong_p(whole) && mpz_get_si(whole) >= least &&
            mpz_get_si(whole) <= ~least)
            want = mpz_get_si(whole);
        if (!is_nar && mpz_fits_ulong_p(whole) && mpz_get_ui(whole) <= want_u)
            want_u = mpz_get_ui(whole);
        check_code(&s, (uint64_t)o->to_signed[i](x), (uint64_t)want);
        check_code(&u, o->to_unsigned[i](x), want_u);
    }
}

/* Half-integers and what is beside them, and the ends of the integer types. */
static void check_near_integers(void)
{
    struct oracle_pairs r = oracle_pairs_new(45, o->n);

    for (unsigned long k = many() / 4; k; k--) {
        const uint64_t twice = oracle_random(&r) >> (oracle_random(&r) >> 58);
        uint64_t code;

        mpq_set_ui(value, twice, 2);
        mpq_canonicalize(value);
        code = oracle_round(value, o->n);
        for (uint64_t c = code - 1; c != code + 2; c++) {
            check_to_integers(c & oracle_mask(o->n));
            check_to_integers(oracle_negate(c & oracle_mask(o->n), o->n));
        }
    }
    for (unsigned power = 0; power < 66; power++) {
        mpq_set_ui(value, 1, 1);
        mpq_mul_2exp(value, value, power);
        for (uint64_t c = oracle_round(value, o->n) - 3, k = 0; k < 7; c++, k++) {
            check_to_integers(c & oracle_mask(o->n));
            check_to_integers(oracle_negate(c & oracle_mask(o->n), o->n));
        }
    }
}

static void test_to_integers(void **state)
{
    for_codes(check_to_integers, 44);
    check_near_integers();
}

/* The low 8, 16, 32 and 64 bits of x as integers of that width. The least signed one is NaR. */
static void check_from_integers(uint64_t x)
{
    for (unsigned i = 0; i < 4; i++) {
        const unsigned bits = 8u << i;
        const int64_t v = (int64_t)(x << (64 - bits)) >> (64 - bits);
        const uint64_t w = x << (64 - bits) >> (64 - bits);
        const struct asked s = {"from_int", o->n, (uint64_t)v, bits, 0};
        const struct asked u = {"from_uint", o->n, w, bits, 0};

        mpq_set_si(value, v, 1);
        if (v == INT64_MIN >> (64 - bits))
            check_code(&s, o->from_signed[i](v), oracle_nar(o->n));
        else
            check_rounded(&s, o->from_signed[i](v), value);
        mpq_set_ui(value, w, 1);
        check_rounded(&u, o->from_unsigned[i](w), value);
    }
}

static void test_from_integers(void **state)
{
    struct oracle_pairs r = oracle_pairs_new(46, o->n);

    for (uint64_t x = 0; x < 65536; x++)
        check_from_integers(x);
    for (unsigned bits = 1; bits <= 64; bits++)
        for (uint64_t d = 0; d < 5; d++) {
            check_from_integers((UINT64_MAX >> (64 - bits)) - 2 + d);
            check_from_integers(0 - ((UINT64_MAX >> (64 - bits)) - 2 + d));
        }
    for (unsigned long k = many() / 3; k; k--) {
        const uint64_t few = oracle_random(&r) << (oracle_random(&r) >> 58);

        check_from_integers(oracle_random(&r) >> (oracle_random(&r) >> 58));
        check_from_integers(few >> (oracle_random(&r) >> 59)); /* ties */
        check_from_integers((few >> (oracle_random(&r) >> 59)) + 1);
    }
}

static void test_sizes(void **state)
{
    for_codes(check_sizes, 40);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),         cmocka_unit_test(test_from_ieee),
        cmocka_unit_test(test_to_ieee),       cmocka_unit_test(test_to_integers),
        cmocka_unit_test(test_from_integers),
    };

    if (argc < 2)
        return 2;
    for (int i = 0; i < 4; i++)
        if (ops_of[i].n == strtoul(argv[1], NULL, 10))
            o = &ops_of[i];
    if (!o)
        return 2;
    mpq_init(value);
    mpfr_init2(wide, 128);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
