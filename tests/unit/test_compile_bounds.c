// SPDX-License-Identifier: GPL-2.0-or-later
/* What the compiler refuses, what it needs, and what an image has and has not. */
#include "compile_fixture.h"

/* Chains user 0 > 1 > … > n-1, the first called by INPUT; each holds `calls` jumps to the next. */
static void put_nest(struct bench *b, unsigned n, unsigned calls)
{
    unsigned i, k;

    pk_buf_str(&b->text,
               "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n");
    for (i = 0; i < n; i++)
        pk_buf_fmt(&b->text, ":u%u - [0:0]\n", i);
    pk_buf_str(&b->text, "-A INPUT -j u0\n");
    for (i = 0; i + 1 < n; i++)
        for (k = 0; k < calls; k++)
            pk_buf_fmt(&b->text, "-A u%u -j u%u\n", i, i + 1);
    pk_buf_str(&b->text, "COMMIT\n");
    bench_read(b, PK_IPV4);
}

static void expect_refusal(struct bench *b, int r, unsigned code, const char *says)
{
    if (r != -E2BIG || b->d.n_errors != 1 || !strstr(b->d.items[0].text, says))
        show_diags(b);
    assert_int_equal(r, -E2BIG);
    assert_int_equal(b->d.n_errors, 1);
    assert_int_equal(b->d.items[0].code, code);
    assert_non_null(strstr(b->d.items[0].text, says));
    assert_null(b->image.head);
}

static void test_nesting_is_bounded(void **state)
{
    _bench_ struct bench deepest = bench_new(), deeper = bench_new();

    put_nest(&deepest, PK_DEPTH_MAX, 1);
    bench_compile(&deepest);
    assert_int_equal(deepest.image.head->family[0].depth, PK_DEPTH_MAX);
    put_nest(&deeper, PK_DEPTH_MAX + 1, 1);
    expect_refusal(&deeper, bench_try(&deeper), PK_CODE_DEPTH,
                   "33 jumps deep, more than 32: INPUT > u0 > u1 > u2");
}

static void test_walk_is_bounded(void **state)
{
    _bench_ struct bench most = bench_new(), more = bench_new();

    put_nest(&most, 18, 2); /* 2^17 visits of the innermost chain */
    bench_compile(&most);
    put_nest(&more, 22, 2);
    expect_refusal(&more, bench_try(&more), PK_CODE_WALK, "more than 4000000: INPUT > u0 > u1");
}

/* The walk never takes more steps than the compiler counts: a long one, to its end. */
static void test_long_walk_ends(void **state)
{
    _bench_ struct bench b = bench_new();
    struct gen g = gen_new(3, PK_IPV4, 1);

    put_nest(&b, 18, 2);
    bench_compile(&b);
    assert_false(judge_all(&b, &g, 3));
    assert_int_equal(wrong_counters(&b), 0);
}

static void test_memory_is_bounded(void **state)
{
    _bench_ struct bench b = bench_new();
    struct gen g = gen_new(5, PK_IPV4, 500);
    const struct gen_shape shape = {.rules = 500};

    b.o.memory_max = 20000;
    gen_rules(&g, &shape, &b.text);
    bench_read(&b, PK_IPV4);
    expect_refusal(&b, bench_try(&b), PK_CODE_MEMORY, "IPv4 tables would pass 20000 bytes");
}

/* Each allocation of a compilation fails in turn: -ENOMEM, nothing returned, nothing leaked (ASan).
 */
static void test_no_memory(void **state)
{
    _bench_ struct bench b = bench_new();
    const struct pk_ruleset *rs[PK_FAMILY_N] = {0};
    const struct gen_shape shape = {.rules = 80};
    struct gen g = gen_new(5, PK_IPV4, 80);
    size_t n = 0;
    bool failed;
    int r;

    gen_rules(&g, &shape, &b.text);
    bench_read(&b, PK_IPV4);
    bench_slots(&b);
    rs[PK_IPV4] = b.read.family[PK_IPV4];
    do {
        pk_test_fail_in = ++n;
        r = pk_compile(rs, &b.slots, &(struct pk_compile_options){0}, &b.image, &b.d);
        failed = !pk_test_fail_in;
        pk_test_fail_in = 0;
        assert_int_equal(r, failed ? -ENOMEM : 0);
        assert_int_equal(b.image.head != NULL, !failed);
    } while (failed);
    assert_true(n > 50);
}

static void test_absent_families(void **state)
{
    const struct pk_ruleset *const none[PK_FAMILY_N] = {NULL, NULL};
    _bench_ struct bench b = bench_new();
    struct pk_slots slots = {0};

    assert_int_equal(pk_compile(none, &slots, &(struct pk_compile_options){0}, &b.image, &b.d), 0);
    assert_int_equal(b.image.head->size, sizeof(struct pk_image_head));
    assert_int_equal(b.image.head->family[0].present | b.image.head->family[1].present, 0);
    assert_int_equal(b.image.plan.bytes, b.image.head->size);
}

static void test_id_names_the_rules(void **state)
{
    _bench_ struct bench a = bench_new(), again = bench_new(), other = bench_new();

    read_and_compile(&a, "-A INPUT -p 6 -j DROP\n");
    read_and_compile(&again, "-A INPUT -p tcp -j DROP\n");
    read_and_compile(&other, "-A INPUT -p 17 -j DROP\n");
    assert_true(pk_u128_equal(a.image.head->id, again.image.head->id));
    assert_false(pk_u128_equal(a.image.head->id, other.image.head->id));
}

/* Fields that no rule uses cost nothing. */
static void test_only_used_fields_are_listed(void **state)
{
    _bench_ struct bench none = bench_new(), two = bench_new();

    read_and_compile(&none, "-A INPUT -j DROP\n");
    assert_int_equal(none.image.head->family[0].n_fields, 1);
    read_and_compile(&two, "-A INPUT -s 10.0.0.0/8 -i eth0 -j DROP\n-A INPUT -i eth1\n");
    assert_int_equal(two.image.head->family[0].n_fields, 3);
    assert_int_equal(two.image.head->family[0].field[0].field, PK_F_IIF);
    assert_int_equal(two.image.head->family[0].field[1].field, PK_F_SADDR);
    assert_true(two.image.plan.family[0].field[PK_F_IIF].used);
    assert_false(two.image.plan.family[0].field[PK_F_DPORT].used);
    assert_int_equal(two.image.plan.family[0].field[PK_F_SADDR].intervals, 3);
    assert_int_equal(two.image.plan.family[0].field[PK_F_SADDR].rows, 2);
}

static void put_five_tuples(struct gen *g, struct pk_buf *out, unsigned rules)
{
    static const char *const chains[] = {"INPUT", "FORWARD", "OUTPUT"};
    const char *prefix = g->family == PK_IPV6 ? "2001:db8:" : "10.";
    unsigned c, i;

    pk_buf_str(out, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n");
    for (c = 0; c < PK_HOOK_N; c++) {
        for (i = 0; i < rules; i++) {
            unsigned a = gen_below(g, 1u << 24), b = gen_below(g, 1u << 24);
            const char *proto = gen_below(g, 2) ? "tcp" : "udp";

            if (g->family == PK_IPV6)
                pk_buf_fmt(out, "-A %s -s %s%x::%x -d %s%x::%x", chains[c], prefix, a >> 16,
                           (a & 0xffff) + 1, prefix, b >> 16, (b & 0xffff) + 1);
            else
                pk_buf_fmt(out, "-A %s -s %s%u.%u.%u -d %s%u.%u.%u", chains[c], prefix, a >> 16,
                           a >> 8 & 255, a & 255, prefix, b >> 16, b >> 8 & 255, b & 255);
            pk_buf_fmt(out, " -p %s -m %s --sport %u --dport %u -j DROP\n", proto, proto,
                       gen_below(g, 65536), gen_below(g, 65536));
        }
    }
    pk_buf_str(out, "COMMIT\n");
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* 8,192 rules a chain, three chains, both families. */
static void test_capacity(void **state)
{
    _bench_ struct bench b = bench_new();
    double start;
    unsigned f;

    for (f = 0; f < PK_FAMILY_N; f++) {
        struct gen g = gen_new(11, f, 1);

        put_five_tuples(&g, &b.text, 8192);
        bench_read(&b, f);
    }
    start = seconds();
    bench_compile(&b);
    print_message("# 8192 rules x 3 chains x 2 families: %zu bytes, %.2f s\n", b.image.plan.bytes,
                  seconds() - start);
    for (f = 0; f < PK_FAMILY_N; f++) {
        struct gen g = gen_new(11, f, 1);

        assert_int_equal(b.image.plan.family[f].leaves, 3 * 8192);
        assert_int_equal(judge_all(&b, &g, 30), 0);
    }
    assert_int_equal(wrong_counters(&b), 0);
    assert_true(b.image.plan.bytes < 32u << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nesting_is_bounded),
        cmocka_unit_test(test_walk_is_bounded),
        cmocka_unit_test(test_long_walk_ends),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_absent_families),
        cmocka_unit_test(test_id_names_the_rules),
        cmocka_unit_test(test_only_used_fields_are_listed),
        cmocka_unit_test(test_capacity),
    };

    if (pk_test_register())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
