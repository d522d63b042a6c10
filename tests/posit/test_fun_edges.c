// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Elementary functions at the borders of their domains, at exact values, and at the ends, by the
 * code; NaR in, NaR out. Written down from the standard and from mathematics, not computed.
 */
#include "mpfr_ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* posit16 codes; posit32 and posit64 have the same bits first, as long as values are short. */
enum {
    ZERO = 0,
    ONE = 0x4000,
    MINUS_ONE = 0xc000,
    TWO = 0x4800,
    MINUS_TWO = 0xb800,
    THREE = 0x4c00,
    FOUR = 0x5000,
    EIGHT = 0x5800,
    NINE = 0x5900,
    TEN = 0x5a00,
    HUNDRED = 0x6a40,
    HALF = 0x3800,
    MINUS_HALF = 0xc800,
    QUARTER = 0x3000,
    ONE_AND_HALF = 0x4400,
    EIGHTH = 0x2800,
    MINUS_NINE = 0xa700,
    TWENTY_SEVEN = 0x62c0,
    MAX = 0x7fff,
    MIN = 1,
    MINUS_MAX = 0x8001,
    MINUS_MIN = 0xffff,
    NAR = 0x8000,
};

static const struct known {
    const char *name;
    uint64_t x, y;
    int64_t k;
    uint64_t want;
} known[] = {
    {"rsqrt", ZERO, 0, 0, NAR},
    {"rsqrt", MINUS_MIN, 0, 0, NAR},
    {"rsqrt", FOUR, 0, 0, HALF},
    {"rsqrt", QUARTER, 0, 0, TWO},
    {"exp", ZERO, 0, 0, ONE},
    {"exp", MAX, 0, 0, MAX},
    {"exp", MINUS_MAX, 0, 0, MIN}, /* never 0 */
    {"exp_minus1", ZERO, 0, 0, ZERO},
    {"exp_minus1", MINUS_MAX, 0, 0, MINUS_ONE},
    {"exp_minus1", MIN, 0, 0, MIN},
    {"exp2", THREE, 0, 0, EIGHT},
    {"exp2", MINUS_TWO, 0, 0, QUARTER},
    {"exp2_minus1", TWO, 0, 0, THREE},
    {"exp2_minus1", MINUS_ONE, 0, 0, MINUS_HALF},
    {"exp10", ONE, 0, 0, TEN},
    {"exp10", TWO, 0, 0, HUNDRED},
    {"exp10_minus1", ONE, 0, 0, NINE},
    {"log", ONE, 0, 0, ZERO},
    {"log", ZERO, 0, 0, NAR},
    {"log", MINUS_ONE, 0, 0, NAR},
    {"log_plus1", ZERO, 0, 0, ZERO},
    {"log_plus1", MINUS_ONE, 0, 0, NAR},
    {"log_plus1", MINUS_TWO, 0, 0, NAR},
    {"log2", FOUR, 0, 0, TWO},
    {"log2", HALF, 0, 0, MINUS_ONE},
    {"log2", ZERO, 0, 0, NAR},
    {"log2_plus1", THREE, 0, 0, TWO},
    {"log2_plus1", MINUS_HALF, 0, 0, MINUS_ONE},
    {"log2_plus1", MINUS_ONE, 0, 0, NAR},
    {"log10", HUNDRED, 0, 0, TWO},
    {"log10", ONE, 0, 0, ZERO},
    {"log10", MINUS_MAX, 0, 0, NAR},
    {"log10_plus1", NINE, 0, 0, ONE},
    {"log10_plus1", MINUS_ONE, 0, 0, NAR},
    {"sin", ZERO, 0, 0, ZERO},
    {"sin", MIN, 0, 0, MIN},
    {"cos", ZERO, 0, 0, ONE},
    {"tan", ZERO, 0, 0, ZERO},
    {"sin_pi", HALF, 0, 0, ONE},
    {"sin_pi", ONE_AND_HALF, 0, 0, MINUS_ONE},
    {"sin_pi", MAX, 0, 0, ZERO},
    {"sin_pi", MINUS_ONE, 0, 0, ZERO},
    {"cos_pi", ONE, 0, 0, MINUS_ONE},
    {"cos_pi", HALF, 0, 0, ZERO},
    {"cos_pi", MAX, 0, 0, ONE},
    {"tan_pi", QUARTER, 0, 0, ONE},
    {"tan_pi", HALF, 0, 0, NAR},
    {"tan_pi", MINUS_HALF, 0, 0, NAR},
    {"tan_pi", ONE, 0, 0, ZERO},
    {"arcsin", TWO, 0, 0, NAR},
    {"arcsin", ZERO, 0, 0, ZERO},
    {"arcsin_pi", ONE, 0, 0, HALF},
    {"arcsin_pi", MINUS_ONE, 0, 0, MINUS_HALF},
    {"arccos", ONE, 0, 0, ZERO},
    {"arccos", MINUS_TWO, 0, 0, NAR},
    {"arccos_pi", MINUS_ONE, 0, 0, ONE},
    {"arccos_pi", ZERO, 0, 0, HALF},
    {"arctan_pi", ONE, 0, 0, QUARTER},
    {"arctan_pi", MAX, 0, 0, HALF},
    {"sinh", ZERO, 0, 0, ZERO},
    {"sinh", MINUS_MAX, 0, 0, MINUS_MAX},
    {"cosh", ZERO, 0, 0, ONE},
    {"cosh", MINUS_MAX, 0, 0, MAX},
    {"tanh", MAX, 0, 0, ONE},
    {"tanh", MINUS_MIN, 0, 0, MINUS_MIN},
    {"arcsinh", ZERO, 0, 0, ZERO},
    {"arccosh", ONE, 0, 0, ZERO},
    {"arccosh", HALF, 0, 0, NAR},
    {"arccosh", MINUS_TWO, 0, 0, NAR},
    {"arctanh", ONE, 0, 0, NAR},
    {"arctanh", MINUS_ONE, 0, 0, NAR},
    {"arctanh", ZERO, 0, 0, ZERO},

    {"hypot", ZERO, ZERO, 0, ZERO},
    {"hypot", ZERO, MINUS_TWO, 0, TWO},
    {"hypot", MAX, MAX, 0, MAX},
    {"pow", ZERO, ZERO, 0, ONE},
    {"pow", MINUS_TWO, ZERO, 0, ONE},
    {"pow", ZERO, TWO, 0, ZERO},
    {"pow", ZERO, MINUS_ONE, 0, NAR},
    {"pow", MINUS_TWO, TWO, 0, FOUR},
    {"pow", MINUS_TWO, MINUS_ONE, 0, MINUS_HALF},
    {"pow", MINUS_TWO, HALF, 0, NAR},
    {"pow", NINE, ONE_AND_HALF, 0, TWENTY_SEVEN},
    {"pow", THREE, TWO, 0, NINE},
    {"pow", MAX, MAX, 0, MAX},
    {"pow", MAX, MINUS_MAX, 0, MIN},
    {"arctan2", ZERO, ZERO, 0, NAR},
    {"arctan2", ZERO, ONE, 0, ZERO},
    {"arctan2_pi", ZERO, MINUS_ONE, 0, ONE},
    {"arctan2_pi", ONE, ZERO, 0, HALF},
    {"arctan2_pi", MINUS_ONE, ZERO, 0, MINUS_HALF},
    {"arctan2_pi", TWO, TWO, 0, QUARTER},
    {"compound", MINUS_ONE, 0, 0, ONE},
    {"compound", MINUS_ONE, 0, 3, ZERO},
    {"compound", MINUS_ONE, 0, -3, NAR},
    {"compound", MINUS_TWO, 0, 2, NAR},
    {"compound", TWO, 0, 2, NINE},
    {"compound", ONE, 0, -3, EIGHTH},
    {"compound", MAX, 0, INT64_MAX, MAX},
    {"compound", MAX, 0, INT64_MIN, MIN},
    {"root_n", NINE, 0, 2, THREE},
    {"root_n", TWENTY_SEVEN, 0, 3, THREE},
    {"root_n", MINUS_NINE, 0, 2, NAR},
    {"root_n", TWO, 0, 0, NAR},
    {"root_n", ZERO, 0, 2, ZERO},
    {"root_n", ZERO, 0, -2, NAR},
    {"root_n", FOUR, 0, -2, HALF},
    {"root_n", MINUS_ONE, 0, 5, MINUS_ONE},
};

/* The same value in another size; the largest and the smallest are those of the size. */
static uint64_t in_size(uint64_t code, unsigned size)
{
    const unsigned n = 8u << size;
    const uint64_t mask = UINT64_MAX >> (64 - n);

    switch (code) {
    case MAX:
        return mask >> 1;
    case MIN:
        return 1;
    case MINUS_MAX:
        return (mask >> 1) + 2;
    case MINUS_MIN:
        return mask;
    }
    return size == 0 ? code >> 8 : code << (n - 16);
}

/* posit8 has no 100 and no 27. */
static bool is_in_posit8(uint64_t code)
{
    return (code & 0xff) == 0 || code == MAX || code == MIN || code == MINUS_MAX ||
           code == MINUS_MIN;
}

static void test_known(void **state)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        for (unsigned size = 0; size < 4; size++) {
            const struct known *t = &known[i];
            uint64_t got;

            if (size == 0 && !(is_in_posit8(t->x) && is_in_posit8(t->y) && is_in_posit8(t->want)))
                continue;
            got =
                mpfr_ref_find(t->name)->posit[size](in_size(t->x, size), in_size(t->y, size), t->k);
            if (got != in_size(t->want, size))
                fail_msg("posit%u_%s, line %zu: %#llx, not %#llx", 8u << size, t->name, i,
                         (unsigned long long)got, (unsigned long long)in_size(t->want, size));
        }
}

static void test_nar(void **state)
{
    for (size_t i = 0; i < mpfr_refs_count; i++)
        for (unsigned size = 0; size < 4; size++) {
            const struct mpfr_ref *f = &mpfr_refs[i];
            const uint64_t nar = in_size(NAR, size), one = in_size(ONE, size);

            assert_true(f->posit[size](nar, one, 1) == nar);
            assert_true(f->posit[size](nar, 0, 0) == nar);
            if (f->kind == 'y') {
                assert_true(f->posit[size](one, nar, 0) == nar);
                assert_true(f->posit[size](nar, nar, 0) == nar);
            }
        }
}

/* Arguments of the largest scales that come nearest to a multiple of pi/2 (continued fractions). */
static void test_near_half_pi(void **state)
{
    static const struct {
        uint64_t sig;
        long exp;
        unsigned size;
    } worst[] = {
        {0xc90fdaa, -27, 2},         {0xc90fdaa, -26, 2},        {0x7c17c8f, -20, 2},
        {0x776169d, -22, 2},         {0x7e72f88, -19, 2},        {0xc90fdaa22168c23, -59, 3},
        {0x5b1b2f117723780, -53, 3}, {0xf69469f48ab1fe, -38, 3}, {0xfb53d14aa9c2f2c, -57, 3},
        {0x6e547c55cbae94, -31, 3},
    };
    static const char *const names[] = {"sin", "cos", "tan"};

    for (size_t i = 0; i < sizeof(worst) / sizeof(*worst); i++)
        for (int j = 0; j < 3; j++) {
            const unsigned size = worst[i].size;
            mpfr_t x, back;
            struct mpfr_args a = {0};

            mpfr_inits2(64, x, back, (mpfr_ptr)NULL);
            mpfr_set_uj_2exp(x, worst[i].sig, worst[i].exp, MPFR_RNDN);
            a.x = mpfr_ref_from(x, 8u << size);
            mpfr_ref_set(back, a.x, 8u << size);
            assert_true(mpfr_equal_p(x, back)); /* it is a posit */
            assert_true(mpfr_ref_check(mpfr_ref_find(names[j]), size, &a));
            mpfr_clears(x, back, (mpfr_ptr)NULL);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_nar),
        cmocka_unit_test(test_near_half_pi),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
