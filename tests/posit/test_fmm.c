// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fMM: x * y * z, rounded once. posit8: all 2^24 triples. The others: triples heavy at the edges,
 * of which some are such that rounding twice is wrong (else the test proves nothing).
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
#include "oracle_table.h"

#define TRIPLES 1000000

static void test_posit8(void **state)
{
    struct oracle_table t;

    oracle_table_init(&t, 8);
    for (uint64_t x = 0; x < 256; x++)
        for (uint64_t y = 0; y < 256; y++)
            for (uint64_t z = 0; z < 256; z++) {
                const struct asked a = {"fmm", 8, x, y, z};
                const uint64_t r = ops_of[0].fmm(x, y, z);

                if (x == 0x80 || y == 0x80 || z == 0x80)
                    check_code(&a, r, 0x80);
                else if (!oracle_table_has(&t, t.value[x] * t.value[y] * t.value[z], r))
                    fail_msg("fmm(%#x, %#x, %#x): %#x", (unsigned)x, (unsigned)y, (unsigned)z,
                             (unsigned)r);
            }
    oracle_table_free(&t);
}

/* Returns whether rounding twice gives something else. */
static bool check_triple(const struct ops *o, const struct asked *a, mpq_t real, mpq_t factor)
{
    const uint64_t nar = oracle_nar(o->n), r = o->fmm(a->x, a->y, a->z);

    if (a->x == nar || a->y == nar || a->z == nar) {
        check_code(a, r, nar);
        return false;
    }
    oracle_value(real, a->x, o->n);
    oracle_value(factor, a->y, o->n);
    mpq_mul(real, real, factor);
    oracle_value(factor, a->z, o->n);
    mpq_mul(real, real, factor);
    check_rounded(a, r, real);
    return o->mul(o->mul(a->x, a->y), a->z) != r;
}

static void check_size(const struct ops *o)
{
    const char *given = getenv("PK_PAIRS");
    unsigned long count = given ? strtoul(given, NULL, 0) : TRIPLES, differ = 0;
    struct oracle_pairs r = oracle_pairs_new(31, o->n);
    struct asked a = {"fmm", o->n, 0, 0, 0};
    mpq_t real, factor;

    mpq_inits(real, factor, NULL);
    for (unsigned long i = 0; i < count; i++) {
        oracle_pairs_next(&r, &a.x, &a.y);
        a.z = oracle_pairs_code(&r);
        differ += check_triple(o, &a, real, factor);
    }
    assert_true(differ > count / 100);
    mpq_clears(real, factor, NULL);
}

static void test_posit16(void **state)
{
    check_size(&ops_of[1]);
}

static void test_posit32(void **state)
{
    check_size(&ops_of[2]);
}

static void test_posit64(void **state)
{
    check_size(&ops_of[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_posit8),
        cmocka_unit_test(test_posit16),
        cmocka_unit_test(test_posit32),
        cmocka_unit_test(test_posit64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
