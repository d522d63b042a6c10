// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Posits of 1 to 8 bytes, codes taken apart (all sizes from 2 to 64 bits), and arrays, whose
 * results must be those of one element at a time.
 */
#include "posit/posit.h"

#include <errno.h>
#include <math.h>
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

#define NAR64 UINT64_C(0x8000000000000000)
#define ARRAY_MAX 300

static mpq_t value, text_value;

static uint64_t read_code(const uint8_t *bytes, size_t len, bool sortable)
{
    posit64 x = {0x55};

    assert_int_equal((sortable ? posit64_read_sortable : posit64_read)(bytes, len, &x), 0);
    return x.bits;
}

/* Rounded to len bytes as a posit of 8 * len bits; written, it is read back as it was. */
static void check_length(uint64_t x, size_t len)
{
    const struct asked a = {"round_to_bytes", (unsigned)len * 8, x, len, 0};
    const uint64_t r = posit64_round_to_bytes((posit64){x}, len).bits;
    uint8_t bytes[9] = {0}, sortable[9] = {0};

    assert_true(len == 8 || r << (8 * len) == 0);
    if (x == NAR64) {
        assert_true(r == NAR64);
    } else {
        oracle_value(value, x, 64);
        check_rounded(&a, r >> (64 - 8 * len), value);
    }
    assert_true(posit64_bytes((posit64){r}) <= len);
    bytes[len] = sortable[len] = 0x5a;
    posit64_write((posit64){r}, bytes, len);
    posit64_write_sortable((posit64){r}, sortable, len);
    assert_true(bytes[len] == 0x5a && sortable[len] == 0x5a);
    assert_true(read_code(bytes, len, false) == r);
    assert_true(read_code(sortable, len, true) == r);
    assert_int_equal(bytes[0] ^ sortable[0], 0x80);
    assert_memory_equal(bytes + 1, sortable + 1, len - 1);
}

static void test_lengths(void **state)
{
    struct oracle_pairs r = oracle_pairs_new(61, 64);

    for (int k = 0; k < 60000; k++) {
        const uint64_t x = oracle_pairs_code(&r);
        const size_t least = posit64_bytes((posit64){x});
        uint8_t bytes[8];

        for (size_t len = 1; len <= 8; len++)
            check_length(x, len);
        assert_true(posit64_round_to_bytes((posit64){x}, 9).bits == x);
        assert_true(least >= 1 && least <= 8);
        assert_true(least == 8 || x << (8 * least) == 0);
        assert_true(least == 1 || x << (8 * (least - 1)) != 0);
        posit64_write((posit64){x}, bytes, least);
        assert_true(read_code(bytes, least, false) == x);
    }
}

/* A posit of n bits is the posit64 with zeros behind. */
static void test_network_order(void **state)
{
    uint8_t bytes[8];
    posit64 x = {0x55};

    posit64_write(posit64_from_double(1), bytes, 1);
    assert_int_equal(bytes[0], 0x40);
    posit64_write((posit64){UINT64_C(0x0123456789abcdef)}, bytes, 8);
    assert_memory_equal(bytes, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
    assert_int_equal(posit64_read(bytes, 0, &x), -EINVAL);
    assert_int_equal(posit64_read(bytes, 9, &x), -EINVAL);
    assert_int_equal(posit64_read_sortable(bytes, 0, &x), -EINVAL);
    assert_int_equal(posit64_read_sortable(bytes, 9, &x), -EINVAL);
    assert_int_equal(x.bits, 0x55);
    for (uint32_t code = 0; code < 65536; code++) {
        bytes[0] = (uint8_t)(code >> 8);
        bytes[1] = (uint8_t)code;
        assert_true(read_code(bytes, 2, false) ==
                    posit16_to_posit64((posit16){(uint16_t)code}).bits);
    }
}

/* memcmp of sortable fields, the shorter filled with zeros, has the order of the values. */
static void test_sortable(void **state)
{
    struct oracle_pairs r = oracle_pairs_new(62, 64);

    for (int k = 0; k < 100000; k++) {
        uint8_t a[8] = {0}, b[8] = {0};
        uint64_t x, y;
        int order;

        oracle_pairs_next(&r, &x, &y);
        x = posit64_round_to_bytes((posit64){x}, 1 + oracle_random(&r) % 8).bits;
        y = posit64_round_to_bytes((posit64){y}, 1 + oracle_random(&r) % 8).bits;
        posit64_write_sortable((posit64){x}, a, posit64_bytes((posit64){x}));
        posit64_write_sortable((posit64){y}, b, posit64_bytes((posit64){y}));
        order = memcmp(a, b, 8);
        assert_int_equal((order > 0) - (order < 0), posit64_greater((posit64){x}, (posit64){y}) -
                                                        posit64_less((posit64){x}, (posit64){y}));
    }
}

static double any_double(struct oracle_pairs *r)
{
    uint64_t bits = oracle_random(r);
    double d;

    if (oracle_random(r) % 3)
        bits = (bits & ~(UINT64_C(0x7ff) << 52)) | (oracle_random(r) % 600 + 723) << 52;
    memcpy(&d, &bits, sizeof(d));
    return oracle_random(r) % 40 ? d : (const double[]){0, -0.0, INFINITY, NAN}[bits % 4];
}

/* Rounded once: not through posit64. */
static void test_from_double(void **state)
{
    struct oracle_pairs r = oracle_pairs_new(63, 64);

    for (int k = 0; k < 60000; k++) {
        const uint64_t code = oracle_pairs_code(&r);
        const double d = k % 2 ? posit64_to_double((posit64){code}) : any_double(&r);

        if (!isfinite(d)) {
            assert_true(posit64_from_double_bytes(d, 1 + (size_t)k % 8).bits == NAR64);
            continue;
        }
        mpq_set_d(value, d);
        for (size_t len = 1; len <= 8; len++) {
            const struct asked a = {"from_double_bytes", (unsigned)len * 8, code, len, 0};
            const uint64_t got = posit64_from_double_bytes(d, len).bits;

            assert_true(len == 8 || got << (8 * len) == 0);
            check_rounded(&a, got >> (64 - 8 * len), value);
        }
    }
}

/* The formula of clause 3, from the fields. */
static void value_of_fields(const struct posit_fields *f)
{
    const long power = (1 - 2 * (long)f->sign) * (4L * f->regime + (long)f->exponent + f->sign);

    mpq_set_ui(value, f->fraction, 1);
    mpq_div_2exp(value, value, f->fraction_width);
    mpq_set_si(text_value, 1 - 3 * (long)f->sign, 1);
    mpq_add(value, value, text_value);
    if (power >= 0)
        mpq_mul_2exp(value, value, (mp_bitcnt_t)power);
    else
        mpq_div_2exp(value, value, (mp_bitcnt_t)-power);
}

static void check_scale(int scale)
{
    mpq_abs(value, value);
    if (scale >= 0)
        mpq_div_2exp(value, value, (mp_bitcnt_t)scale);
    else
        mpq_mul_2exp(value, value, (mp_bitcnt_t)-scale);
    assert_true(mpq_cmp_ui(value, 1, 1) >= 0 && mpq_cmp_ui(value, 2, 1) < 0);
}

static void check_fields(unsigned n, uint64_t code)
{
    struct posit_fields f;
    mpq_t want;

    assert_int_equal(posit_decode_fields(n, code, &f), 0);
    assert_int_equal(f.n, n);
    assert_true(f.code == code);
    assert_int_equal(f.sign, code >> (n - 1));
    assert_int_equal(f.is_zero, !code);
    assert_int_equal(f.is_nar, code == oracle_nar(n));
    if (f.is_zero || f.is_nar) {
        assert_string_equal(f.text, code ? "NaR" : "0");
        assert_string_equal(f.shortest, f.text);
        return;
    }
    assert_int_equal(1 + f.regime_width + f.exponent_width + f.fraction_width, n);
    mpq_init(want);
    oracle_value(want, code, n);
    value_of_fields(&f);
    assert_true(mpq_equal(value, want));
    check_scale(f.scale);
    assert_true(oracle_decimal_read(text_value, f.text));
    assert_true(mpq_equal(text_value, want));
    assert_true(oracle_decimal_read(text_value, f.shortest));
    assert_true(oracle_is_rounded(text_value, code, n));
    mpq_clear(want);
}

static void test_fields(void **state)
{
    struct posit_fields f;

    for (unsigned n = 2; n <= 12; n++)
        for (uint64_t code = 0; code <= oracle_mask(n); code++)
            check_fields(n, code);
    for (unsigned n = 13; n <= 64; n++) {
        struct oracle_pairs r = {.state = n, .n = n};

        for (int k = 0; k < 400; k++)
            check_fields(n, oracle_pairs_code(&r));
    }
    assert_int_equal(posit_decode_fields(0, 0, &f), -EINVAL);
    assert_int_equal(posit_decode_fields(1, 0, &f), -EINVAL);
    assert_int_equal(posit_decode_fields(65, 0, &f), -EINVAL);
    assert_int_equal(posit_decode_fields(8, 0x100, &f), -EINVAL);
    assert_int_equal(posit_decode_fields(63, UINT64_MAX, &f), -EINVAL);
}

#define CHECK_ARRAYS(n)                                                                            \
    static void check_arrays##n(struct oracle_pairs *r, size_t count)                              \
    {                                                                                              \
        double in[ARRAY_MAX] = {0}, back[ARRAY_MAX + 1];                                           \
        posit##n out[ARRAY_MAX + 1];                                                               \
                                                                                                   \
        for (size_t i = 0; i < count; i++)                                                         \
            in[i] = any_double(r);                                                                 \
        out[count].bits = 0x5a;                                                                    \
        back[count] = 90;                                                                          \
        posit##n##_from_doubles(out, in, count);                                                   \
        for (size_t i = 0; i < count; i++)                                                         \
            assert_true(out[i].bits == posit##n##_from_double(in[i]).bits);                        \
        for (size_t i = 0; i < count; i++)                                                         \
            out[i].bits = (uint##n##_t)(i % 2 ? out[i].bits : oracle_pairs_code(r));               \
        posit##n##_to_doubles(back, out, count);                                                   \
        for (size_t i = 0; i < count; i++) {                                                       \
            const double want = posit##n##_to_double(out[i]);                                      \
                                                                                                   \
            assert_memory_equal(&back[i], &want, sizeof(want));                                    \
        }                                                                                          \
        assert_true(out[count].bits == 0x5a && back[count] == 90);                                 \
    }

/* clang-format off */
CHECK_ARRAYS(16)
CHECK_ARRAYS(32)
CHECK_ARRAYS(64)
/* clang-format on */

static void test_arrays(void **state)
{
    struct oracle_pairs r16 = oracle_pairs_new(64, 16), r32 = oracle_pairs_new(64, 32),
                        r64 = oracle_pairs_new(64, 64);

    for (int round = 0; round < 20; round++)
        for (size_t count = 0; count < ARRAY_MAX; count++) {
            check_arrays16(&r16, count);
            check_arrays32(&r32, count);
            check_arrays64(&r64, count);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),  cmocka_unit_test(test_network_order),
        cmocka_unit_test(test_sortable), cmocka_unit_test(test_from_double),
        cmocka_unit_test(test_fields),   cmocka_unit_test(test_arrays),
    };

    mpq_inits(value, text_value, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
