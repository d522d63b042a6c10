// SPDX-License-Identifier: GPL-2.0-or-later
/* What users of other posit libraries have reported, and what was found in them: each by name. */
#include "oracle_ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "oracle_check.h"

static const struct ops *const p8 = &ops_of[0], *const p16 = &ops_of[1], *const p32 = &ops_of[2],
                               *const p64 = &ops_of[3];
static mpq_t x, y, real;

static void check_binary(const struct ops *o, char op, uint64_t a, uint64_t b)
{
    const struct asked asked = {(char[]){op, 0}, o->n, a, b, 0};

    oracle_value(x, a, o->n);
    oracle_value(y, b, o->n);
    if (op == '+')
        mpq_add(real, x, y);
    else if (op == '-')
        mpq_sub(real, x, y);
    else if (op == '*')
        mpq_mul(real, x, y);
    else
        mpq_div(real, x, y);
    check_rounded(&asked,
                  op == '+'   ? o->add(a, b)
                  : op == '-' ? o->sub(a, b)
                  : op == '*' ? o->mul(a, b)
                              : o->div(a, b),
                  real);
}

/* universal #534: 10 / 2 gave 4 with posit32 and posit64 */
static void universal_ten_by_two(void **state)
{
    for (int i = 0; i < 4; i++) {
        const struct ops *o = &ops_of[i];

        assert_true(o->div(o->from_double(10), o->from_double(2)) == o->from_double(5));
        assert_true(o->to_signed[0](o->div(o->from_double(10), o->from_double(2))) == 5);
    }
}

/* universal #343: posit16 division beside the golden model by one unit; 1 / y for all y */
static void universal_posit16_division(void **state)
{
    for (uint64_t b = 1; b < 65536; b++) {
        if (b == 0x8000)
            continue;
        check_binary(p16, '/', 0x4000, b);
        check_binary(p16, '/', 0x5555, b);
    }
}

/* universal #2, #5: rounding that carries from the exponent into the regime */
static void universal_carry_into_regime(void **state)
{
    for (int i = 0; i < 4; i++) {
        const struct ops *o = &ops_of[i];

        for (unsigned run = 1; run + 1 < o->n; run++) {
            const uint64_t head = (oracle_nar(o->n) - 1) >> run; /* 0 0..0 1..1: all ones below */

            for (uint64_t b = 1; b < oracle_nar(o->n); b = b * 2 + 1) {
                check_binary(o, '+', head, b);
                check_binary(o, '*', head, b);
                check_binary(o, '+', oracle_nar(o->n) - 1 - head, b);
                check_binary(o, '*', oracle_nar(o->n) - 1 - head, b);
            }
        }
    }
}

/* universal #45: adding to a quire; and a sum that returns to 0 */
static void universal_quire_sum(void **state)
{
    for (int i = 0; i < 4; i++) {
        const struct ops *o = &ops_of[i];
        struct ops_quire q = {{0}};

        for (int k = 0; k < 10; k++)
            o->quire_add_posit(&q, o->from_double(1));
        assert_true(o->quire_to_posit(&q) == o->from_double(10));
        for (int k = 0; k < 20; k++)
            o->quire_sub_posit(&q, o->from_double(0.5));
        assert_true(o->quire_to_posit(&q) == 0);
    }
}

/* universal: square roots through double, wrong in 34 of 100 for posit64 */
static void universal_square_root(void **state)
{
    uint64_t code = 0x4000000000000001;

    for (int k = 0; k < 20000; k++, code = code * UINT64_C(6364136223846793005) + 1) {
        const struct asked a64 = {"sqrt", 64, code >> 1, 0, 0},
                           a32 = {"sqrt", 32, code >> 33, 0, 0};

        oracle_value(x, a64.x, 64);
        check_root(&a64, p64->sqrt(a64.x), x);
        oracle_value(x, a32.x, 32);
        check_root(&a32, p32->sqrt(a32.x), x);
    }
}

/* SoftPosit pX2 at 32 bits: wrong at the end codes */
static void softposit_end_codes(void **state)
{
    const uint64_t ends[] = {1, 2, 3, 4, 0x7ffffffc, 0x7ffffffd, 0x7ffffffe, 0x7fffffff};

    assert_int_equal(p32->add(0xfffffffd, 0xfffffffe), 0xfffffffd);
    for (unsigned i = 0; i < 64; i++) {
        const uint64_t a = ends[i / 8], b = ends[i % 8];

        for (const char *op = "+-*/"; *op; op++) {
            check_binary(p32, *op, a, b);
            check_binary(p32, *op, oracle_negate(a, 32), b);
            check_binary(p32, *op, a, oracle_negate(b, 32));
        }
    }
}

/* SoftPosit: mulAdd loses what was shifted out. The quire does what it should have done. */
static void softposit_mul_add(void **state)
{
    struct ops_quire q;

    p16->quire_from_posit(&q, 0xfffd);
    p16->quire_mul_add(&q, 0x80ae, 0x3a00);
    assert_int_equal(p16->quire_to_posit(&q), 0x80c1);
    p32->quire_from_posit(&q, 0xf94132a8);
    p32->quire_mul_add(&q, 0xc0000000, 0x17326454);
    assert_int_equal(p32->quire_to_posit(&q), 0xe8bfa541);
    assert_int_equal(p32->sub(0xf94132a8, 0x17326454), 0xe8bfa541);
}

/* SoftPosit: a posit out of an integer's range became the largest integer; 2022 has the least. */
static void softposit_integer_range(void **state)
{
    assert_true(p32->to_signed[2](0x7fffffff) == INT32_MIN);
    assert_true(p32->to_signed[2](0x80000001) == INT32_MIN);
    assert_true(p32->to_signed[2](0x80000000) == INT32_MIN);
    assert_true(p32->from_signed[2](INT32_MIN) == 0x80000000);
    assert_true(p64->to_signed[3](0x7fffffffffffffff) == INT64_MIN);
    assert_true(p8->to_signed[0](p8->from_double(127.5)) == INT8_MIN);
    assert_true(p16->to_signed[0](p16->from_double(127.5)) == INT8_MIN);
    assert_true(p16->to_signed[0](p16->from_double(127.25)) == 127);
}

/* SoftPosit.jl #80: the float -0.007 became the posit32 of -818 */
static void softposit_jl_negative_float(void **state)
{
    const struct asked a = {"from_float", 32, 0, 0, 0};

    mpq_set_d(real, (double)-0.007f);
    check_rounded(&a, p32->from_float(-0.007f), real);
    assert_true(p32->to_float(p32->from_float(-0.007f)) == -0.007f);
}

/* hardposit-chisel #10: a difference with another regime than either operand's */
static void hardposit_subtraction(void **state)
{
    for (unsigned a = 1; a < 62; a++)
        for (unsigned b = 1; b < 62; b++) {
            const uint64_t max = oracle_nar(64) - 1;

            check_binary(p64, '-', max >> a, max >> b);
            check_binary(p64, '-', (max >> a) + 1, max >> b);
            check_binary(p32, '-', (max >> a) >> 32, (max >> b) >> 32);
            check_binary(p32, '-', ((max >> a) + 1) >> 32, (max - (max >> b)) >> 32);
        }
}

/* pysigmoid #15: numbers near 0 read and rounded */
static void pysigmoid_near_zero(void **state)
{
    for (int i = 0; i < 4; i++) {
        const struct ops *o = &ops_of[i];

        assert_true(o->from_double(0x1p-1074) == 1);
        assert_true(o->from_double(-0x1p-1074) == oracle_mask(o->n));
        assert_true(o->n == 64 || o->from_float(-0x1p-149f) == oracle_mask(o->n));
        for (uint64_t code = 1; code < 20; code++) {
            check_binary(o, '+', code, code);
            check_binary(o, '-', code, code + 1);
            check_binary(o, '*', code, o->from_double(0.5));
            check_binary(o, '/', code, o->from_double(3));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(universal_ten_by_two),        cmocka_unit_test(universal_posit16_division),
        cmocka_unit_test(universal_carry_into_regime), cmocka_unit_test(universal_quire_sum),
        cmocka_unit_test(universal_square_root),       cmocka_unit_test(softposit_end_codes),
        cmocka_unit_test(softposit_mul_add),           cmocka_unit_test(softposit_integer_range),
        cmocka_unit_test(softposit_jl_negative_float), cmocka_unit_test(hardposit_subtraction),
        cmocka_unit_test(pysigmoid_near_zero),
    };

    mpq_inits(x, y, real, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
