// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every function, on the same arguments, in all four rounding modes of the processor: the same
 * codes. What the results should be is for the other tests to say.
 */
#include "posit/posit.h"

#include <fenv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "oracle_ops.h"
#include "oracle_pairs.h"

#define ARGUMENTS 400u
#define RESULTS_MAX 400000u

struct results {
    size_t count;
    uint64_t code[RESULTS_MAX];
};

static struct results first, again;

static void add(struct results *r, uint64_t code)
{
    assert_true(r->count < RESULTS_MAX);
    r->code[r->count++] = code;
}

#define ELEMENTARY(X, n)                                                                           \
    X(n, sqrt)                                                                                     \
    X(n, rsqrt)                                                                                    \
    X(n, exp)                                                                                      \
    X(n, exp_minus1)                                                                               \
    X(n, exp2)                                                                                     \
    X(n, exp2_minus1)                                                                              \
    X(n, exp10)                                                                                    \
    X(n, exp10_minus1)                                                                             \
    X(n, log)                                                                                      \
    X(n, log_plus1)                                                                                \
    X(n, log2)                                                                                     \
    X(n, log2_plus1)                                                                               \
    X(n, log10)                                                                                    \
    X(n, log10_plus1)                                                                              \
    X(n, sin)                                                                                      \
    X(n, sin_pi)                                                                                   \
    X(n, cos)                                                                                      \
    X(n, cos_pi)                                                                                   \
    X(n, tan)                                                                                      \
    X(n, tan_pi)                                                                                   \
    X(n, arcsin)                                                                                   \
    X(n, arcsin_pi)                                                                                \
    X(n, arccos)                                                                                   \
    X(n, arccos_pi)                                                                                \
    X(n, arctan)                                                                                   \
    X(n, arctan_pi)                                                                                \
    X(n, sinh)                                                                                     \
    X(n, cosh)                                                                                     \
    X(n, tanh)                                                                                     \
    X(n, arcsinh)                                                                                  \
    X(n, arccosh)                                                                                  \
    X(n, arctanh)

#define UNARY(n, f) add(r, posit##n##_##f(x).bits);
#define ELEMENTS(n)                                                                                \
    static void elements##n(struct results *r, uint64_t a, uint64_t b)                             \
    {                                                                                              \
        const posit##n x = {(uint##n##_t)a}, y = {(uint##n##_t)b};                                 \
                                                                                                   \
        ELEMENTARY(UNARY, n)                                                                       \
        add(r, posit##n##_hypot(x, y).bits);                                                       \
        add(r, posit##n##_pow(x, y).bits);                                                         \
        add(r, posit##n##_arctan2(x, y).bits);                                                     \
        add(r, posit##n##_arctan2_pi(x, y).bits);                                                  \
        add(r, posit##n##_compound(x, (int64_t)(b % 64) - 32).bits);                               \
        add(r, posit##n##_root_n(x, (int64_t)(b % 64) - 32).bits);                                 \
    }

/* clang-format off */
ELEMENTS(8)
ELEMENTS(16)
ELEMENTS(32)
ELEMENTS(64)
/* clang-format on */

static void basic(const struct ops *o, struct results *r, uint64_t x, uint64_t y)
{
    add(r, o->add(x, y));
    add(r, o->sub(x, y));
    add(r, o->mul(x, y));
    add(r, o->div(x, y));
    add(r, o->fmm(x, y, y));
    add(r, o->nearest_int(x));
    add(r, o->ceil(x));
    add(r, o->floor(x));
    add(r, (uint64_t)o->to_signed[3](x));
    add(r, o->to_unsigned[3](x));
    add(r, o->from_signed[3]((int64_t)y));
    add(r, o->from_unsigned[3](y));
    for (int i = 0; i < 4; i++)
        if (o->to_posit[i])
            add(r, o->to_posit[i](x));
}

static void ieee(const struct ops *o, struct results *r, uint64_t x, uint64_t bits)
{
    double d = o->to_double(x), from;
    float f = o->to_float(x), from_f;
    uint64_t code = 0;

    memcpy(&code, &d, sizeof(d));
    add(r, code);
    code = 0;
    memcpy(&code, &f, sizeof(f));
    add(r, code);
    memcpy(&from, &bits, sizeof(from));
    memcpy(&from_f, &bits, sizeof(from_f));
    add(r, o->from_double(from));
    add(r, o->from_float(from_f));
}

static void strings(const struct ops *o, struct results *r, uint64_t x, uint64_t y)
{
    char text[OPS_STRING_MAX];
    uint64_t code = 0;
    size_t len = o->to_string(x, text);

    for (size_t i = 0; i < len; i++)
        code = code * 257 + (unsigned char)text[i];
    add(r, code);
    len = (size_t)snprintf(text, sizeof(text), "%llu.%llue-%llu", (unsigned long long)y,
                           (unsigned long long)x, (unsigned long long)(y % 50));
    assert_int_equal(o->from_string(text, len, &code), 0);
    add(r, code);
}

static void arrays(struct results *r, uint64_t seed)
{
    struct oracle_pairs p = {.state = seed, .n = 64};
    uint64_t bits[64];
    double in[64], out[64];
    posit32 half[64];
    posit16 quarter[64];

    for (int i = 0; i < 64; i++) {
        bits[i] = (oracle_random(&p) & ~(UINT64_C(0x7ff) << 52)) | (oracle_random(&p) % 300 + 873)
                                                                       << 52;
        memcpy(&in[i], &bits[i], sizeof(in[i]));
    }
    posit32_from_doubles(half, in, 64);
    posit16_from_doubles(quarter, in, 64);
    posit32_to_doubles(out, half, 64);
    for (int i = 0; i < 64; i++) {
        add(r, half[i].bits);
        add(r, quarter[i].bits);
        memcpy(&bits[i], &out[i], sizeof(out[i]));
        add(r, bits[i]);
        add(r, posit64_from_double_bytes(in[i], 1 + (size_t)i % 8).bits);
    }
}

static void compute(struct results *r)
{
    r->count = 0;
    for (int i = 0; i < 4; i++) {
        const struct ops *o = &ops_of[i];
        struct oracle_pairs p = {.state = 71, .n = o->n};

        for (unsigned k = 0; k < ARGUMENTS; k++) {
            uint64_t x, y;

            oracle_pairs_next(&p, &x, &y);
            basic(o, r, x, y);
            ieee(o, r, x, oracle_random(&p));
            strings(o, r, x, y);
            (o->n == 8    ? elements8
             : o->n == 16 ? elements16
             : o->n == 32 ? elements32
                          : elements64)(r, x, y);
        }
    }
    arrays(r, 72);
}

/* The processor does as it is told: else the test would prove nothing. */
static bool is_set(int mode)
{
    volatile double one = 1, three = 3, minus = -1;
    const double up = one / three, down = minus / three;

    if (mode == FE_TONEAREST || mode == FE_TOWARDZERO)
        return up == -down;
    return up != -down;
}

static void check_mode(int mode)
{
    assert_int_equal(fesetround(mode), 0);
    assert_true(is_set(mode));
    compute(&again);
    assert_int_equal(fegetround(), mode); /* and left as it was */
    assert_int_equal(fesetround(FE_TONEAREST), 0);
    assert_int_equal(first.count, again.count);
    for (size_t i = 0; i < first.count; i++)
        if (first.code[i] != again.code[i])
            fail_msg("result %zu: %#llx, to nearest %#llx", i, (unsigned long long)again.code[i],
                     (unsigned long long)first.code[i]);
}

static void test_modes(void **state)
{
    assert_int_equal(fesetround(FE_TONEAREST), 0);
    compute(&first);
    assert_true(first.count > 20000);
    check_mode(FE_UPWARD);
    check_mode(FE_DOWNWARD);
    check_mode(FE_TOWARDZERO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_modes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
