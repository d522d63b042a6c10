// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Quires of all sizes against a model: an integer of any size, in units of the quire's lowest bit,
 * or NaR. Each step compares all bits, and what lies behind the quire must stay as it was.
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

#define BEHIND UINT64_C(0xa5a5a5a5a5a5a5a5)
#define STEPS 30000
#define LENGTH_MAX 100000

struct model {
    mpz_t units;
    bool is_nar;
};

struct pair {
    const struct ops *o;
    struct ops_quire q;
    struct model m;
};

static mpq_t left, right;
static mpz_t units, limit;

static unsigned fraction_bits(unsigned n)
{
    return 8 * n - 16;
}

static void pair_new(struct pair *p, const struct ops *o)
{
    memset(p, 0, sizeof(*p));
    p->o = o;
    mpz_init(p->m.units);
    for (size_t i = o->n / 4; i < sizeof(p->q.limb) / 8; i++)
        p->q.limb[i] = BEHIND;
}

static void pair_free(struct pair *p)
{
    mpz_clear(p->m.units);
}

/* A sum whose magnitude reaches 2^(16n - 1) units is NaR (the least integer is NaR's code). */
static void model_limit(struct model *m, unsigned n)
{
    mpz_set_ui(limit, 1);
    mpz_mul_2exp(limit, limit, 16 * n - 1);
    m->is_nar = m->is_nar || mpz_cmpabs(m->units, limit) >= 0;
    if (m->is_nar)
        mpz_set_ui(m->units, 0);
}

/* A quire's bits as an integer in two's complement. */
static void import(mpz_t ret, const struct ops_quire *q, unsigned n)
{
    mpz_import(ret, n / 4, -1, 8, 0, 0, q->limb);
    if (q->limb[n / 4 - 1] >> 63) {
        mpz_set_ui(limit, 1);
        mpz_mul_2exp(limit, limit, 16 * n);
        mpz_sub(ret, ret, limit);
    }
}

static void export(struct ops_quire *q, const mpz_t value, unsigned n)
{
    mpz_set_ui(limit, 1);
    mpz_mul_2exp(limit, limit, 16 * n);
    mpz_fdiv_r(limit, value, limit);
    memset(q->limb, 0, n * 2);
    mpz_export(q->limb, NULL, -1, 8, 0, 0, limit);
}

static void check(const struct pair *p)
{
    const unsigned n = p->o->n;

    import(units, &p->q, n);
    if (p->m.is_nar) {
        mpz_set_ui(limit, 1);
        mpz_mul_2exp(limit, limit, 16 * n - 1);
        assert_true(!mpz_cmpabs(units, limit));
    } else {
        assert_true(!mpz_cmp(units, p->m.units));
    }
    assert_int_equal(p->o->quire_is_nar(&p->q), p->m.is_nar);
    for (size_t i = n / 4; i < sizeof(p->q.limb) / 8; i++)
        assert_true(p->q.limb[i] == BEHIND);
}

/* qToP */
static void check_posit(const struct pair *p)
{
    const unsigned n = p->o->n;
    uint64_t r = p->o->quire_to_posit(&p->q);

    if (p->m.is_nar) {
        assert_true(r == oracle_nar(n));
        return;
    }
    mpq_set_z(left, p->m.units);
    mpq_div_2exp(left, left, fraction_bits(n));
    if (!oracle_is_rounded(left, r, n))
        fail_msg("quire%u: %#llx, want %#llx", n, (unsigned long long)r,
                 (unsigned long long)oracle_round(left, n));
}

/* x * y in units; false if one is NaR. y may be the code of 1. */
static bool product(mpz_t ret, uint64_t x, uint64_t y, unsigned n)
{
    if (x == oracle_nar(n) || y == oracle_nar(n))
        return false;
    oracle_value(left, x, n);
    oracle_value(right, y, n);
    mpq_mul(left, left, right);
    mpq_mul_2exp(left, left, fraction_bits(n));
    assert_true(!mpz_cmp_ui(mpq_denref(left), 1));
    mpz_set(ret, mpq_numref(left));
    return true;
}

static void model_add(struct model *m, bool is_real, const mpz_t x, bool subtract, unsigned n)
{
    if (!is_real)
        m->is_nar = true;
    else if (subtract)
        mpz_sub(m->units, m->units, x);
    else
        mpz_add(m->units, m->units, x);
    model_limit(m, n);
}

static uint64_t one(unsigned n)
{
    return UINT64_C(1) << (n - 2);
}

static void set(struct pair *p, uint64_t x)
{
    p->o->quire_from_posit(&p->q, x);
    mpz_set_ui(p->m.units, 0);
    p->m.is_nar = false;
    model_add(&p->m, product(units, x, one(p->o->n), p->o->n), units, false, p->o->n);
}

static void add_posit(struct pair *p, uint64_t x, bool subtract)
{
    (subtract ? p->o->quire_sub_posit : p->o->quire_add_posit)(&p->q, x);
    model_add(&p->m, product(units, x, one(p->o->n), p->o->n), units, subtract, p->o->n);
}

static void add_product(struct pair *p, uint64_t x, uint64_t y, bool subtract)
{
    (subtract ? p->o->quire_mul_sub : p->o->quire_mul_add)(&p->q, x, y);
    model_add(&p->m, product(units, x, y, p->o->n), units, subtract, p->o->n);
}

static void add_quire(struct pair *p, struct pair *other, bool subtract)
{
    (subtract ? p->o->quire_sub : p->o->quire_add)(&p->q, &other->q);
    mpz_set(units, other->m.units);
    model_add(&p->m, !other->m.is_nar, units, subtract, p->o->n);
}

static void turn(struct pair *p, bool absolute)
{
    (absolute ? p->o->quire_abs : p->o->quire_negate)(&p->q);
    if (absolute)
        mpz_abs(p->m.units, p->m.units);
    else
        mpz_neg(p->m.units, p->m.units);
}

static void step(struct pair *p, struct pair *other, struct oracle_pairs *r)
{
    const uint64_t kind = oracle_random(r) >> 32;
    uint64_t x, y;

    oracle_pairs_next(r, &x, &y);
    if (kind % 64 && (x == oracle_nar(r->n) || y == oracle_nar(r->n)))
        return; /* else NaR would be everywhere */
    if (kind % 16 < 8)
        add_product(p, x, y, kind / 16 % 2);
    else if (kind % 16 < 11)
        add_posit(p, x, kind / 16 % 2);
    else if (kind % 16 < 13)
        add_quire(p, kind / 32 % 16 ? other : p, kind / 16 % 2);
    else if (kind % 16 < 15)
        turn(p, kind / 16 % 2);
    else if (p->m.is_nar || kind / 16 % 4 == 0)
        set(p, x);
}

static void test_operations(void **state)
{
    for (int i = 0; i < 4; i++) {
        struct oracle_pairs r = oracle_pairs_new(5, ops_of[i].n);
        struct pair p, other;

        pair_new(&p, &ops_of[i]);
        pair_new(&other, &ops_of[i]);
        for (int k = 0; k < STEPS; k++) {
            step(k % 2 ? &p : &other, k % 2 ? &other : &p, &r);
            check(k % 2 ? &p : &other);
            check_posit(k % 2 ? &p : &other);
        }
        pair_free(&p);
        pair_free(&other);
    }
}

/* Every length from 1 to LENGTH_MAX, as the sum grows: about 1, then of any codes. */
static void check_dots(const struct ops *o, bool any)
{
    struct oracle_pairs r = oracle_pairs_new(6, o->n);
    struct pair p;

    pair_new(&p, o);
    for (int k = 0; k < LENGTH_MAX; k++) {
        uint64_t x = oracle_random(&r) >> (64 - o->n), y = oracle_random(&r) >> (64 - o->n);

        if (!any) {
            x = (x >> 2) + one(o->n) / 2;
            y = oracle_negate((y >> 2) + one(o->n) / 2, o->n);
            y = k % 3 ? oracle_negate(y, o->n) : y;
        }
        if (x == oracle_nar(o->n) || y == oracle_nar(o->n))
            continue;
        add_product(&p, x, y, false);
        check(&p);
        check_posit(&p);
    }
    assert_false(p.m.is_nar);
    pair_free(&p);
}

static void test_dots(void **state)
{
    for (int i = 0; i < 4; i++) {
        check_dots(&ops_of[i], false);
        check_dots(&ops_of[i], true);
    }
}

/* 0 - minPos^2 is ones everywhere, and back. */
static void test_borrow(void **state)
{
    for (int i = 0; i < 4; i++) {
        struct pair p;

        pair_new(&p, &ops_of[i]);
        add_product(&p, 1, 1, true);
        check(&p);
        assert_int_equal(ops_of[i].quire_to_posit(&p.q), oracle_mask(ops_of[i].n));
        add_product(&p, 1, 1, false);
        check(&p);
        assert_int_equal(ops_of[i].quire_to_posit(&p.q), 0);
        add_quire(&p, &p, true);
        check(&p);
        pair_free(&p);
    }
}

/* 2^30 times maxPos^2 by doubling, then all there is room for; one more is NaR. */
static void check_full(const struct ops *o, bool negative)
{
    const uint64_t max = oracle_nar(o->n) - 1;
    struct pair p, power;

    pair_new(&p, o);
    pair_new(&power, o);
    add_product(&power, max, max, negative);
    for (int k = 0; k < 31; k++) { /* the sum of 2^0 to 2^30 */
        add_quire(&p, &power, false);
        check(&p);
        assert_false(p.m.is_nar);
        add_quire(&power, &power, false);
        check(&power);
        assert_int_equal(power.m.is_nar, k == 30);
    }
    check_posit(&p);
    add_product(&p, max, max, negative);
    check(&p);
    assert_true(p.m.is_nar);
    pair_free(&p);
    pair_free(&power);
}

static void test_full(void **state)
{
    for (int i = 0; i < 4; i++) {
        check_full(&ops_of[i], false);
        check_full(&ops_of[i], true);
    }
}

/* At the last number before NaR, on either side, each operation that adds makes NaR of it or not.
 */
static void check_edge(const struct ops *o, bool negative)
{
    struct pair p, last;

    pair_new(&p, o);
    pair_new(&last, o);
    mpz_set_ui(last.m.units, 1);
    mpz_mul_2exp(last.m.units, last.m.units, 16 * o->n - 1);
    mpz_sub_ui(last.m.units, last.m.units, 1);
    if (negative)
        mpz_neg(last.m.units, last.m.units);
    export(&last.q, last.m.units, o->n);
    check(&last);
    for (unsigned how = 0; how < 8; how++) {
        mpz_set(p.m.units, last.m.units);
        p.m.is_nar = false;
        p.q = last.q;
        if (how / 2 == 0)
            add_product(&p, 1, 1, how % 2);
        else if (how / 2 == 1)
            add_posit(&p, 1, how % 2);
        else if (how / 2 == 2)
            add_quire(&p, &last, how % 2);
        else
            add_product(&p, oracle_nar(o->n) - 1, oracle_mask(o->n), how % 2);
        check(&p);
        check_posit(&p);
        if (how / 2 == 2)
            assert_int_equal(p.m.is_nar, how % 2 == 0);
        else
            assert_int_equal(p.m.is_nar, (how % 2 == negative) == (how / 2 < 3));
    }
    pair_free(&p);
    pair_free(&last);
}

static void test_edge(void **state)
{
    for (int i = 0; i < 4; i++) {
        check_edge(&ops_of[i], false);
        check_edge(&ops_of[i], true);
    }
}

static void test_nar(void **state)
{
    for (int i = 0; i < 4; i++) {
        const uint64_t nar = oracle_nar(ops_of[i].n);
        struct pair p, other;

        pair_new(&p, &ops_of[i]);
        pair_new(&other, &ops_of[i]);
        for (unsigned how = 0; how < 10; how++) {
            set(&p, how < 5 ? one(ops_of[i].n) : nar);
            set(&other, how % 5 == 4 ? nar : one(ops_of[i].n));
            if (how % 5 == 0)
                add_product(&p, nar, 0, false);
            else if (how % 5 == 1)
                add_product(&p, 0, nar, true);
            else if (how % 5 == 2)
                add_posit(&p, nar, false);
            else if (how % 5 == 3)
                add_posit(&p, nar, true);
            else
                add_quire(&p, &other, how > 5);
            check(&p);
            assert_true(p.m.is_nar);
            turn(&p, how % 2);
            add_product(&p, one(ops_of[i].n), one(ops_of[i].n), false);
            check(&p);
            check_posit(&p);
        }
        set(&p, one(ops_of[i].n));
        check(&p);
        assert_false(p.m.is_nar);
        pair_free(&p);
        pair_free(&other);
    }
}

/* The tie behind a code, one unit below and above it, of either sign. */
static void check_ties(struct pair *p, uint64_t code)
{
    const unsigned n = p->o->n;

    oracle_value(left, ((oracle_code)code << 1) | 1, n + 1);
    mpq_mul_2exp(left, left, fraction_bits(n));
    for (int k = 0; k < 6; k++) {
        mpz_set(p->m.units, mpq_numref(left));
        if (k / 2 == 1)
            mpz_add_ui(p->m.units, p->m.units, 1);
        else if (k / 2 == 2)
            mpz_sub_ui(p->m.units, p->m.units, 1);
        if (k % 2)
            mpz_neg(p->m.units, p->m.units);
        export(&p->q, p->m.units, n);
        mpq_swap(left, right);
        check(p);
        check_posit(p);
        mpq_swap(left, right);
    }
}

static void test_ties(void **state)
{
    for (int i = 0; i < 4; i++) {
        struct oracle_pairs r = oracle_pairs_new(7, ops_of[i].n);
        struct pair p;

        pair_new(&p, &ops_of[i]);
        for (int k = 0; k < 5000; k++) {
            uint64_t code = oracle_pairs_code(&r) & (oracle_nar(r.n) - 1);

            if (code && code < oracle_nar(r.n) - 1)
                check_ties(&p, code);
        }
        pair_free(&p);
    }
}

/* Bits of any kind, dense in one limb or few. */
static void test_any_bits(void **state)
{
    for (int i = 0; i < 4; i++) {
        struct oracle_pairs r = oracle_pairs_new(8, ops_of[i].n);
        struct pair p;

        pair_new(&p, &ops_of[i]);
        for (int k = 0; k < 20000; k++) {
            mpz_set_ui(p.m.units, 0);
            for (unsigned w = 0; w < 3; w++) {
                mpz_set_ui(units, oracle_random(&r) >> (oracle_random(&r) >> 58));
                mpz_mul_2exp(units, units, (oracle_random(&r) >> 32) % (16 * r.n - 64));
                mpz_add(p.m.units, p.m.units, units);
            }
            if (k % 2)
                mpz_neg(p.m.units, p.m.units);
            export(&p.q, p.m.units, r.n);
            check(&p);
            check_posit(&p);
            turn(&p, true);
            check(&p);
        }
        pair_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations), cmocka_unit_test(test_dots),
        cmocka_unit_test(test_borrow),     cmocka_unit_test(test_full),
        cmocka_unit_test(test_edge),       cmocka_unit_test(test_nar),
        cmocka_unit_test(test_ties),       cmocka_unit_test(test_any_bits),
    };

    mpq_inits(left, right, NULL);
    mpz_inits(units, limit, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
