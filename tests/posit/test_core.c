// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be worked out by hand: values that the standard states or that follow from its formula
 * in a line. Everything else is compared with the oracle, in test_exact_*.c.
 */
#include "posit/posit.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static posit32 p32(const char *s)
{
    posit32 ret = {POSIT32_NAR};

    assert_int_equal(posit32_from_string(s, strlen(s), &ret), 0);
    return ret;
}

static void test_landmarks(void **state)
{
    assert_int_equal(posit32_from_double(1).bits, 0x40000000);
    assert_int_equal(posit32_from_double(-1).bits, 0xc0000000);
    assert_int_equal(posit32_from_double(16).bits, 0x60000000); /* r = 1: 110 */
    assert_int_equal(posit32_from_double(0x1p120).bits, POSIT32_MAX);
    assert_int_equal(posit32_from_double(0x1p-120).bits, 1);
    assert_int_equal(posit8_from_double(0x1p24).bits, POSIT8_MAX);
    assert_int_equal(posit16_from_double(0x1p-56).bits, 1);
    assert_true(posit64_from_double(0x1p248).bits == POSIT64_MAX);
    assert_int_equal(posit16_from_double(3.140625).bits, 0x4c90); /* 0 10 01 10010010000 */
}

/* Clause 4: never to 0, never to NaR; and the tie is between the codes, not between the values. */
static void test_rounding(void **state)
{
    assert_int_equal(posit8_from_double(1e30).bits, POSIT8_MAX);
    assert_int_equal(posit8_from_double(-1e-30).bits, 0xff);
    assert_int_equal(posit8_from_double(0x1p22).bits,
                     0x7e); /* 2^20 and 2^24: a tie, to the even one */
    assert_int_equal(posit8_from_double(0x1.8p22).bits, POSIT8_MAX);
    assert_int_equal(posit8_from_double(1 + 0x1p-4).bits, 0x40);
    assert_int_equal(posit8_from_double(1 + 0x3p-4).bits, 0x42);
    assert_int_equal(posit8_mul((posit8){1}, (posit8){1}).bits, 1);
    assert_int_equal(posit8_mul((posit8){0x7f}, (posit8){0x81}).bits, 0x81);
}

static void test_nar(void **state)
{
    const posit32 nar = {POSIT32_NAR}, zero = {0}, one = {0x40000000};

    assert_int_equal(posit32_div(one, zero).bits, POSIT32_NAR);
    assert_int_equal(posit32_sqrt(posit32_negate(one)).bits, POSIT32_NAR);
    assert_int_equal(posit32_add(nar, one).bits, POSIT32_NAR);
    assert_int_equal(posit32_mul(zero, nar).bits, POSIT32_NAR);
    assert_int_equal(posit32_negate(nar).bits, POSIT32_NAR);
    assert_true(posit32_equal(nar, nar));
    assert_true(posit32_less(nar, (posit32){0x80000001}));
    assert_int_equal(posit32_next((posit32){POSIT32_MAX}).bits, POSIT32_NAR);
    assert_int_equal(posit32_next(nar).bits, 0x80000001);
    assert_int_equal(posit32_prior(nar).bits, POSIT32_MAX);
    assert_true(isnan(posit32_to_double(nar)));
    assert_int_equal(posit32_from_double(INFINITY).bits, POSIT32_NAR);
    assert_int_equal(posit32_from_double(-0.0).bits, 0);
}

static void test_integers(void **state)
{
    assert_int_equal(posit32_from_int32(INT32_MIN).bits, POSIT32_NAR);
    assert_int_equal(posit32_from_int8(INT8_MIN).bits, POSIT32_NAR);
    assert_int_equal(posit32_to_int16((posit32){POSIT32_NAR}), INT16_MIN);
    assert_int_equal(posit32_to_int8(posit32_from_double(127.5)), INT8_MIN);
    assert_int_equal(posit32_to_int8(posit32_from_double(127.4375)), 127);
    assert_int_equal(posit32_to_int8(posit32_from_double(-2.5)), -2);
    assert_int_equal(posit32_to_int8(posit32_from_double(0.5)), 0);
    assert_int_equal(posit32_to_int8(posit32_from_double(1.5)), 2);
    assert_int_equal(posit32_to_uint8(posit32_from_double(-0.5)), 0);
    assert_int_equal(posit32_to_uint8(posit32_from_double(-0.75)), UINT8_MAX);
    for (int32_t i = 0; i <= 1 << 23; i += 1021) /* pIntMax */
        assert_int_equal(posit32_to_int32(posit32_from_int32(-i)), -i);
}

/* The article's number. */
static void test_101_1(void **state)
{
    struct posit_fields f;
    char text[POSIT_EXACT_SIZE];

    posit32_to_exact(p32("101.1"), text);
    assert_string_equal(text, "101.1000003814697265625");
    posit32_to_string(p32("101.1"), text);
    assert_string_equal(text, "101.1");
    posit16_to_exact(posit16_from_double(101.1), text);
    assert_string_equal(text, "101.125");

    assert_int_equal(posit_decode_fields(16, posit16_from_double(101.1).bits, &f), 0);
    assert_int_equal(f.regime, 1);
    assert_int_equal(f.regime_width, 3);
    assert_int_equal(f.exponent, 2);
    assert_int_equal(f.fraction_width, 10);
    assert_int_equal(f.fraction, 594); /* 101.125 = 2^6 (1 + 594/1024) */
    assert_int_equal(f.scale, 6);
    assert_int_equal(posit_decode_fields(1, 0, &f), -EINVAL);
    assert_int_equal(posit_decode_fields(8, 0x100, &f), -EINVAL);
}

static void test_bytes(void **state)
{
    const posit64 x = posit64_from_double_bytes(101.1, 2);
    uint8_t bytes[8];
    posit64 back = {1};

    assert_int_equal(posit64_bytes(x), 2);
    posit64_write(x, bytes, 2);
    assert_int_equal(bytes[0] << 8 | bytes[1], posit16_from_double(101.1).bits);
    assert_int_equal(posit64_read(bytes, 2, &back), 0);
    assert_true(back.bits == x.bits);
    assert_int_equal(posit64_read(bytes, 0, &back), -EINVAL);
    assert_int_equal(posit64_read(bytes, 9, &back), -EINVAL);
    assert_true(back.bits == x.bits);
    posit64_write_sortable((posit64){POSIT64_NAR}, bytes, 1);
    assert_int_equal(bytes[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_landmarks), cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_nar),       cmocka_unit_test(test_integers),
        cmocka_unit_test(test_101_1),     cmocka_unit_test(test_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
