// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interval sets against a naive model: a bitmap of a universe of 64 numbers, laid at three places
 * of the 128-bit line so that carries between the words and the last number of all are met.
 */
#include "base/iset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define UNIVERSE 64u
#define ROUNDS 20000

static uint64_t seed_now;

static uint32_t next_random(void)
{
    seed_now ^= seed_now << 13;
    seed_now ^= seed_now >> 7;
    seed_now ^= seed_now << 17;
    return (uint32_t)(seed_now >> 32);
}

static struct pk_u128 at(struct pk_u128 base, unsigned i)
{
    struct pk_u128 v = {base.hi, base.lo + i};

    v.hi += v.lo < base.lo;
    return v;
}

static uint64_t model_range(unsigned lo, unsigned hi)
{
    uint64_t m = 0;

    for (unsigned i = lo; i <= hi; i++)
        m |= 1ull << i;
    return m;
}

static void check_canonical(const struct pk_iset *s)
{
    assert_non_null(s);
    for (size_t i = 0; i < s->n; i++) {
        assert_false(pk_u128_less(s->iv[i].hi, s->iv[i].lo));
        if (i) {
            struct pk_u128 next = at(s->iv[i - 1].hi, 1);

            assert_true(pk_u128_less(next, s->iv[i].lo)); /* disjoint, sorted, not adjacent */
        }
    }
}

static void check_model(const struct pk_iset *s, uint64_t model, struct pk_u128 base)
{
    check_canonical(s);
    for (unsigned i = 0; i < UNIVERSE; i++)
        assert_int_equal(pk_iset_has(s, at(base, i)), model >> i & 1);
}

static const struct pk_iset *random_set(struct pk_arena *a, struct pk_u128 base, uint64_t *model)
{
    struct pk_interval iv[8];
    unsigned n = next_random() % 9;

    *model = 0;
    for (unsigned k = 0; k < n; k++) {
        unsigned lo = next_random() % UNIVERSE, hi = lo + next_random() % (UNIVERSE / 4);

        if (hi >= UNIVERSE)
            hi = UNIVERSE - 1;
        iv[k] = (struct pk_interval){at(base, lo), at(base, hi)};
        *model |= model_range(lo, hi);
    }
    return pk_iset_from(a, iv, n);
}

/* One range out of all, against the set. */
static void check_range(const struct pk_iset *s, uint64_t model, struct pk_u128 base)
{
    unsigned lo = next_random() % UNIVERSE, hi = lo + next_random() % (UNIVERSE - lo);
    uint64_t range = model_range(lo, hi);

    assert_int_equal(pk_iset_covers(s, at(base, lo), at(base, hi)), (range & ~model) == 0);
    assert_int_equal(pk_iset_within(s, at(base, lo), at(base, hi)), (model & ~range) == 0);
    assert_int_equal(pk_iset_is_range(s, at(base, lo), at(base, hi)), model == range);
}

static void one_round(struct pk_u128 base)
{
    _pk_arena_ struct pk_arena a = {0};
    uint64_t mx, my, mn;
    const struct pk_iset *x = random_set(&a, base, &mx);
    const struct pk_iset *y = random_set(&a, base, &my);
    const struct pk_iset *low, *n;

    check_model(x, mx, base);
    check_model(y, my, base);
    check_model(pk_iset_and(&a, x, y), mx & my, base);
    check_model(pk_iset_or(&a, x, y), mx | my, base);
    mn = ~mx;
    n = pk_iset_not(&a, x, at(base, UNIVERSE - 1));
    check_model(n, mn, base);
    low = pk_iset_range(&a, base, at(base, UNIVERSE - 1));
    assert_true(pk_iset_equal(pk_iset_not(&a, pk_iset_and(&a, n, low), at(base, UNIVERSE - 1)),
                              pk_iset_or(&a, x, pk_iset_not(&a, low, at(base, UNIVERSE - 1)))));
    assert_int_equal(pk_iset_equal(x, y), mx == my);
    assert_int_equal(pk_iset_subset(x, y), (mx & ~my) == 0);
    assert_int_equal(pk_iset_subset(y, x), (my & ~mx) == 0);
    assert_true(pk_iset_equal(pk_iset_copy(&a, x), x));
    check_range(x, mx, base);
}

static void test_model(void **state)
{
    static const struct pk_u128 bases[] = {
        {0, 0}, {0, UINT64_MAX - 30}, {UINT64_MAX, UINT64_MAX - (UNIVERSE - 1)}};
    const char *given = getenv("PK_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 0x1f2e3d4c5b6a7988ull;

    print_message("# seed %#llx (PK_SEED)\n", (unsigned long long)seed);
    seed_now = seed;
    for (int i = 0; i < ROUNDS; i++)
        one_round(bases[i % 3]);
}

static void test_edges(void **state)
{
    _pk_arena_ struct pk_arena a = {0};
    struct pk_u128 zero = {0, 0}, one = {0, 1}, last = {UINT64_MAX, UINT64_MAX};
    const struct pk_iset *all = pk_iset_range(&a, zero, last);

    assert_int_equal(pk_iset_empty()->n, 0);
    assert_false(pk_iset_has(pk_iset_empty(), zero));
    assert_true(pk_iset_has(all, last));
    assert_int_equal(pk_iset_not(&a, all, last)->n, 0);
    assert_true(pk_iset_equal(pk_iset_not(&a, pk_iset_empty(), last), all));
    assert_int_equal(pk_iset_range(&a, one, zero)->n, 0);
    assert_true(pk_iset_subset(pk_iset_empty(), pk_iset_empty()));
    assert_false(pk_iset_subset(all, pk_iset_empty()));
}

/* Every second number: PK_ISET_MAX intervals are allowed, one more is refused. */
static void test_limit(void **state)
{
    _pk_arena_ struct pk_arena a = {0};
    struct pk_interval *iv = calloc(PK_ISET_MAX + 1, sizeof(*iv));
    const struct pk_iset *full;

    assert_non_null(iv);
    for (size_t i = 0; i <= PK_ISET_MAX; i++)
        iv[i].lo.lo = iv[i].hi.lo = 2 * i + 1;
    full = pk_iset_from(&a, iv, PK_ISET_MAX);
    assert_non_null(full);
    assert_int_equal(full->n, PK_ISET_MAX);
    assert_null(pk_iset_from(&a, iv, PK_ISET_MAX + 1));
    assert_null(pk_iset_not(&a, full, (struct pk_u128){0, 1u << 20}));
    assert_null(pk_iset_or(&a, full, pk_iset_range(&a, iv[PK_ISET_MAX].lo, iv[PK_ISET_MAX].lo)));
    free(iv);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
