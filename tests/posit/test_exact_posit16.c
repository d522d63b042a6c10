// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_exact_posit16 [OPERATION [PART PARTS]]: + - x / of posit16 for all 2^32 pairs of codes. With
 * PART (from 0) and PARTS, one of so many equal parts. Without arguments: all four, for 64 first
 * operands that the seed chooses and those at the edges.
 */
#include "oracle_ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "oracle.h"
#include "oracle_pairs.h"
#include "oracle_table.h"

#define CODES 65536u
#define NAR 0x8000u
#define SEEDED 64

static struct oracle_table t;
static const struct ops *o = &ops_of[1];

/* Each: is what the library has for x and y right? No argument is NaR, and no divisor 0. */
static bool add_is_right(uint32_t x, uint32_t y)
{
    return oracle_table_has_sum(&t, t.value[x], t.value[y], o->add(x, y));
}

static bool sub_is_right(uint32_t x, uint32_t y)
{
    return oracle_table_has_sum(&t, t.value[x], -t.value[y], o->sub(x, y));
}

static bool mul_is_right(uint32_t x, uint32_t y)
{
    return oracle_table_has(&t, t.value[x] * t.value[y], o->mul(x, y));
}

static bool div_is_right(uint32_t x, uint32_t y)
{
    return oracle_table_has_ratio(&t, t.value[x], t.value[y], o->div(x, y));
}

static const struct operation {
    const char *name;
    bool (*is_right)(uint32_t x, uint32_t y);
    ops_binary *const *library;
    bool is_div;
} operations[] = {
    {"add", add_is_right, &ops_of[1].add, false},
    {"sub", sub_is_right, &ops_of[1].sub, false},
    {"mul", mul_is_right, &ops_of[1].mul, false},
    {"div", div_is_right, &ops_of[1].div, true},
};

static unsigned long check_row(const struct operation *op, uint32_t x)
{
    unsigned long wrong = 0;

    for (uint32_t y = 0; y < CODES; y++) {
        bool is_nar = x == NAR || y == NAR || (op->is_div && !y);

        if (is_nar ? (*op->library)(x, y) == NAR : op->is_right(x, y))
            continue;
        if (!wrong++)
            printf("# %s(%#x, %#x): %#llx is wrong\n", op->name, x, y,
                   (unsigned long long)(*op->library)(x, y));
    }
    return wrong;
}

static void test_rows(void **state)
{
    struct oracle_pairs r = oracle_pairs_new(21, 16);
    const uint32_t edges[] = {0,      1,      2,      3,   0x3fff, 0x4000,
                              0x4001, 0x7ffe, 0x7fff, NAR, 0x8001, 0xffff};

    for (size_t k = 0; k < sizeof(operations) / sizeof(operations[0]); k++) {
        unsigned long wrong = 0;

        for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
            wrong += check_row(&operations[k], edges[i]);
        for (int i = 0; i < SEEDED; i++)
            wrong += check_row(&operations[k], (uint32_t)oracle_pairs_code(&r));
        assert_int_equal(wrong, 0);
    }
}

/* The tables against the rationals they come from: a wrong neighbour is never taken for right. */
static void test_tables(void **state)
{
    struct oracle_pairs r = oracle_pairs_new(22, 16);
    mpq_t x, y, real;

    mpq_inits(x, y, real, NULL);
    for (int i = 0; i < 100000; i++) {
        uint64_t a, b, got;

        oracle_pairs_next(&r, &a, &b);
        if (a == NAR || b == NAR || !b)
            continue;
        oracle_value(x, a, 16);
        oracle_value(y, b, 16);
        got = (o->add(a, b) + oracle_random(&r) % 3 - 1) & 0xffff;
        mpq_add(real, x, y);
        assert_true(oracle_table_has_sum(&t, t.value[a], t.value[b], got) ==
                    oracle_is_rounded(real, got, 16));
        got = (o->mul(a, b) + oracle_random(&r) % 3 - 1) & 0xffff;
        mpq_mul(real, x, y);
        assert_true(oracle_table_has(&t, t.value[a] * t.value[b], got) ==
                    oracle_is_rounded(real, got, 16));
        got = (o->div(a, b) + oracle_random(&r) % 3 - 1) & 0xffff;
        mpq_div(real, x, y);
        assert_true(oracle_table_has_ratio(&t, t.value[a], t.value[b], got) ==
                    oracle_is_rounded(real, got, 16));
    }
    mpq_clears(x, y, real, NULL);
}

/* Prints how many pairs there were: a run that checks nothing is no proof. */
static int check_part(const char *name, unsigned long part, unsigned long parts)
{
    unsigned long wrong = 0, pairs = 0;

    for (size_t k = 0; k < sizeof(operations) / sizeof(operations[0]); k++) {
        if (strcmp(operations[k].name, name) != 0)
            continue;
        for (unsigned long x = part; x < CODES; x += parts, pairs += CODES)
            wrong += check_row(&operations[k], (uint32_t)x);
    }
    printf("posit16 %s: %lu pairs, %lu wrong\n", name, pairs, wrong);
    return wrong || !pairs;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_tables)};
    unsigned long part = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
    unsigned long parts = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
    int r;

    if (!parts || part >= parts)
        return 2;
    oracle_table_init(&t, 16);
    r = argc > 1 ? check_part(argv[1], part, parts) : cmocka_run_group_tests(tests, NULL, NULL);
    oracle_table_free(&t);
    return r;
}
