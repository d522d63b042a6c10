// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decimal strings. Printing: all of posit8 and posit16 and many others are read back, no decimal
 * with fewer digits would be, and none with as many is nearer. Reading: decimals of any length at
 * the ties between posits, just above and below them, against the oracle.
 */
#include "oracle_ops.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "oracle_check.h"
#include "oracle_decimal.h"
#include "oracle_pairs.h"

#define TEXT_MAX 4096

static const struct ops *o;
static mpq_t value, text_value, low, high, gap;

static unsigned long many(void)
{
    const char *given = getenv("PK_PAIRS");

    return given ? strtoul(given, NULL, 0) / 20 : 30000;
}

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

/* The two decimals of so many digits on either side of value > 0 (one of them may have fewer). */
static void find_neighbours(unsigned digits)
{
    const long unit = oracle_decimal_exponent(value) - ((long)digits - 1);
    mpz_t whole;

    mpz_init(whole);
    mpq_set(low, value);
    oracle_decimal_scale(low, -unit);
    mpz_fdiv_q(whole, mpq_numref(low), mpq_denref(low));
    mpq_set_z(low, whole);
    mpz_add_ui(whole, whole, 1);
    mpq_set_z(high, whole);
    oracle_decimal_scale(low, unit);
    oracle_decimal_scale(high, unit);
    mpz_clear(whole);
}

static void check_shortest(uint64_t x, const char *text)
{
    const unsigned digits = oracle_decimal_digits(text);
    mpq_ptr other;

    if (digits > 1) {
        find_neighbours(digits - 1);
        if (oracle_is_rounded(low, x, o->n) || oracle_is_rounded(high, x, o->n))
            fail_msg("posit%u %#llx: fewer digits than in %s would do", o->n, (unsigned long long)x,
                     text);
    }
    find_neighbours(digits);
    assert_true(mpq_equal(text_value, low) || mpq_equal(text_value, high));
    other = mpq_equal(text_value, low) ? high : low;
    if (!oracle_is_rounded(other, x, o->n))
        return;
    mpq_sub(low, value, low);
    mpq_sub(high, high, value);
    mpq_sub(gap, other == low ? low : high, other == low ? high : low); /* the other's, less ours */
    if (mpq_sgn(gap) < 0)
        fail_msg("posit%u %#llx: not %s is nearest", o->n, (unsigned long long)x, text);
}

/*
 * An exponent below 1e-5, from 1e17 on, and where more than six zeros would follow the digits; no
 * plus sign, no zeros for show.
 */
static void check_form(const char *text)
{
    const char *s = text + (*text == '-'), *point = strchr(s, '.'), *e = strchr(s, 'e');
    const size_t mantissa = e ? (size_t)(e - s) : strlen(s);
    long exponent;

    mpq_abs(gap, text_value);
    exponent = oracle_decimal_exponent(gap);
    if ((e != NULL) !=
        (exponent >= 17 || exponent < -5 || exponent + 1 - (long)oracle_decimal_digits(text) > 6))
        fail_msg("posit%u: the form of %s", o->n, text);
    assert_true(strspn(s, "0123456789.") == mantissa);
    assert_false(s[0] == '0' && s[1] != '.');
    assert_true(s[0] != '.');
    assert_false(point && (s[mantissa - 1] == '0' || s[mantissa - 1] == '.'));
}

static void check_print(uint64_t x)
{
    const unsigned digits_max = o->n == 8 ? 3 : o->n == 16 ? 5 : o->n == 32 ? 10 : 20;
    char text[OPS_STRING_MAX];
    uint64_t back = ~x & oracle_mask(o->n);
    size_t len;

    memset(text, '#', sizeof(text));
    len = o->to_string(x, text);
    assert_true(len < 32 && text[len] == 0 && text[32] == '#');
    assert_int_equal(len, strlen(text));
    assert_int_equal(o->from_string(text, len, &back), 0);
    assert_true(back == x);
    if (x == oracle_nar(o->n) || !x) {
        assert_string_equal(text, x ? "NaR" : "0");
        return;
    }
    oracle_value(value, x, o->n);
    assert_true(oracle_decimal_read(text_value, text));
    assert_true(oracle_is_rounded(text_value, x, o->n));
    assert_true(oracle_decimal_digits(text) <= digits_max);
    check_form(text);
    if (mpq_sgn(value) > 0) {
        check_shortest(x, text);
    } else { /* as its negation */
        char positive[OPS_STRING_MAX];

        o->to_string(oracle_negate(x, o->n), positive);
        assert_true(text[0] == '-');
        assert_string_equal(positive, text + 1);
    }
}

static void check_exact(uint64_t x)
{
    char text[OPS_STRING_MAX];
    size_t len;

    memset(text, '#', sizeof(text));
    len = o->to_exact(x, text);
    assert_true(len < 256 && text[len] == 0 && text[256] == '#');
    assert_int_equal(len, strlen(text));
    if (x == oracle_nar(o->n)) {
        assert_string_equal(text, "NaR");
        return;
    }
    oracle_value(value, x, o->n);
    assert_null(strchr(text, 'e'));
    assert_true(oracle_decimal_read(text_value, text));
    assert_true(mpq_equal(value, text_value));
    assert_false(strchr(text, '.') && text[len - 1] == '0');
}

static void check_hex(uint64_t x)
{
    char text[OPS_STRING_MAX], want[OPS_STRING_MAX];
    uint64_t back = ~x & oracle_mask(o->n);
    size_t len = o->to_hex(x, text);

    snprintf(want, sizeof(want), "0x%0*llx", (int)o->n / 4, (unsigned long long)x);
    assert_string_equal(text, want);
    assert_int_equal(len, strlen(want));
    assert_int_equal(o->from_hex(text, len, &back), 0);
    assert_true(back == x);
    assert_int_equal(o->from_hex(text + 2, len - 2, &back), 0);
    assert_true(back == x);
}

static void test_print(void **state)
{
    for (int i = 0; i < 4; i++) {
        o = &ops_of[i];
        for_codes(check_print, 51);
    }
}

static void test_print_exact(void **state)
{
    for (int i = 0; i < 4; i++) {
        o = &ops_of[i];
        for_codes(check_exact, 52);
        for_codes(check_hex, 52);
    }
}

static void check_read(const char *text)
{
    const struct asked a = {text, o->n, 0, 0, 0};
    uint64_t got = 0x55;

    assert_true(oracle_decimal_read(text_value, text));
    assert_int_equal(o->from_string(text, strlen(text), &got), 0);
    check_rounded(&a, got, text_value);
}

/* digits as they are with an exponent, or with a point among them, or with zeros about them */
static void write_decimal(char *ret, const char *sign, const char *digits, long exponent,
                          unsigned how)
{
    const size_t len = strlen(digits), at = len / 3 + 1;

    if (how == 0 || len < 2)
        snprintf(ret, TEXT_MAX, "%s%se%ld", sign, digits, exponent);
    else if (how == 1)
        snprintf(ret, TEXT_MAX, "%s%.*s.%sE%+ld", sign, (int)at, digits, digits + at,
                 exponent + (long)(len - at));
    else if (how == 2)
        snprintf(ret, TEXT_MAX, "%s000.%0*d%s0000e%ld", sign, 50, 0, digits,
                 exponent + (long)len + 50);
    else
        snprintf(ret, TEXT_MAX, "%s0%s%0*d.0e%ld", sign, digits, 30, 0, exponent - 30);
}

/* value > 0 has a finite decimal expansion: at it, and less than a digit above and below. */
static void check_tie(struct oracle_pairs *r)
{
    const mp_bitcnt_t k = mpz_sizeinbase(mpq_denref(value), 2) - 1;
    const char *sign = oracle_random(r) >> 63 ? "-" : "";
    char digits[TEXT_MAX], text[TEXT_MAX];
    const int more = 1 + (int)(oracle_random(r) % 300);
    size_t len;

    oracle_decimal_scale(value, (long)k);
    gmp_snprintf(digits, TEXT_MAX / 2, "%Zd", mpq_numref(value));
    write_decimal(text, sign, digits, -(long)k, oracle_random(r) % 4);
    check_read(text);
    len = strlen(digits);
    snprintf(digits + len, TEXT_MAX - len, "%0*d", more, 1);
    write_decimal(text, sign, digits, -(long)k - more, oracle_random(r) % 4);
    check_read(text);
    mpz_sub_ui(mpq_numref(value), mpq_numref(value), 1);
    gmp_snprintf(digits, TEXT_MAX / 2, "%Zd", mpq_numref(value));
    len = strlen(digits);
    for (int i = 0; i < more; i++)
        digits[len++] = '9';
    digits[len] = 0;
    write_decimal(text, sign, digits, -(long)k - more, oracle_random(r) % 4);
    check_read(text);
}

static void test_read_ties(void **state)
{
    for (int i = 0; i < 4; i++) {
        struct oracle_pairs r = oracle_pairs_new(53, ops_of[i].n);

        o = &ops_of[i];
        for (unsigned long k = many() / 6; k; k--) {
            const uint64_t code = oracle_pairs_code(&r) & (oracle_nar(o->n) - 1);

            if (code == oracle_nar(o->n) - 1)
                continue;
            oracle_value(value, ((oracle_code)code << 1) | 1, o->n + 1);
            check_tie(&r);
        }
    }
}

static void test_read_random(void **state)
{
    for (int i = 0; i < 4; i++) {
        struct oracle_pairs r = oracle_pairs_new(54, ops_of[i].n);

        o = &ops_of[i];
        for (unsigned long k = many(); k; k--) {
            const int range = oracle_random(&r) % 2 ? 6 : 90;
            const int e = (int)(oracle_random(&r) % (unsigned)(2 * range)) - range;
            const uint64_t digits = oracle_random(&r) >> (oracle_random(&r) >> 58);
            char text[64];

            snprintf(text, sizeof(text), "%s%llu.%llue%d", digits % 3 ? "-" : "+",
                     (unsigned long long)(digits % 1000), (unsigned long long)digits, e);
            check_read(text);
        }
    }
}

static void expect_code(const char *text, uint64_t want)
{
    const struct asked a = {text, o->n, 0, 0, 0};
    uint64_t got = 0x55;

    assert_int_equal(o->from_string(text, strlen(text), &got), 0);
    check_code(&a, got, want);
}

/* Beyond any posit, by the exponent or by the number of digits; and zeros in every form. */
static void test_read_extremes(void **state)
{
    static char zeros[200000];

    for (int i = 0; i < 4; i++) {
        const uint64_t max = oracle_nar(ops_of[i].n) - 1, mask = oracle_mask(ops_of[i].n);

        o = &ops_of[i];
        expect_code("1e99999999999999999999999999999", max);
        expect_code("-1e99999999999999999999999999999", max + 2);
        expect_code("1e-99999999999999999999999999999", 1);
        expect_code("-1e-9223372036854775808", mask);
        expect_code("1e2147483648", max);
        expect_code("1e-4294967296", 1);
        expect_code("0e99999999999999999999999999999", 0);
        expect_code("-0", 0);
        expect_code("+.0e-7", 0);
        expect_code("5.", o->from_signed[3](5));
        expect_code(".5", o->from_double(0.5));
        expect_code("-0016.", o->from_signed[3](-16));
        expect_code("nar", max + 1);
        expect_code("NAR", max + 1);
        memset(zeros, '0', sizeof(zeros));
        memcpy(zeros + 100000, "1e-99998", 9); /* 0...01e-99998 */
        expect_code(zeros, 1);
        memset(zeros, '0', sizeof(zeros));
        zeros[0] = '1';
        memcpy(zeros + 100000, "e-99999", 8); /* 1 */
        expect_code(zeros, o->from_signed[3](1));
        memset(zeros, '0', sizeof(zeros));
        zeros[1] = '.';
        memcpy(zeros + 100000, "3e99999", 8); /* 3 */
        expect_code(zeros, o->from_signed[3](3));
    }
}

static void expect_refused(const char *text, size_t len)
{
    uint64_t got = 0x55;

    assert_int_equal(o->from_string(text, len, &got), -EINVAL);
    assert_int_equal(got, 0x55);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "",      "+",     "-",   ".",    "+.",   "e5",    ".e5",  "1e",  "1e+",
        "1e-",   " 1",    "1 ",  "1,5",  "0x1",  "1.2.",  "..1",  "--1", "+-1",
        "1e1.",  "1e+-1", "inf", "nan",  "-NaR", "NaRN",  "Na",   "1f",  "1e5x",
        "1_000", "\n1",   "1\n", "1e 5", "١",    "1e5e5", "+NaR", "naN", "1d5",
    };
    static const char *const bad_hex[] = {"", "0x", "x1", "0xg", "-1", "0x1 ", "00x1", "+1", "1.0"};
    uint64_t got = 0x55;

    for (int i = 0; i < 4; i++) {
        o = &ops_of[i];
        for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
            expect_refused(bad[k], strlen(bad[k]));
        expect_refused("1\0", 2);
        expect_refused("12", 0);
        for (size_t k = 0; k < sizeof(bad_hex) / sizeof(bad_hex[0]); k++)
            assert_int_equal(o->from_hex(bad_hex[k], strlen(bad_hex[k]), &got), -EINVAL);
        assert_int_equal(o->from_hex("00000000000000000", o->n / 4 + 1, &got), -EINVAL);
        assert_int_equal(got, 0x55);
        /* Only len bytes are looked at. */
        assert_int_equal(o->from_string("16x", 2, &got), 0);
        assert_true(got == o->from_signed[3](16));
        got = 0x55;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print),         cmocka_unit_test(test_print_exact),
        cmocka_unit_test(test_read_ties),     cmocka_unit_test(test_read_random),
        cmocka_unit_test(test_read_extremes), cmocka_unit_test(test_refused),
    };

    mpq_inits(value, text_value, low, high, gap, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
