// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The compiler against the reference evaluator: random rule sets, random packets drawn from the
 * same values, the walk over the image (walk.h) in user space. Verdict, how it came about, deciding
 * rule and every counter must be equal, whatever structures the compiler was told to choose, and
 * each that it can choose must have been met.
 *
 * PK_SEED: start from this seed; PK_ROUNDS: so many rounds a size. A failure prints the seed of its
 * round, with which PK_SEED=... PK_ROUNDS=1 repeats it.
 */
#include "compile_fixture.h"

static unsigned wrong_effects(size_t *ret_n)
{
    unsigned wrong = 0, i;

    for (i = 0; i < PK_TEST_COUNTERS; i++) {
        wrong += effects_walked[i] != effects_wanted[i];
        *ret_n += effects_wanted[i] != 0;
    }
    memset(effects_walked, 0, sizeof(effects_walked));
    memset(effects_wanted, 0, sizeof(effects_wanted));
    return wrong;
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

/* Ascending keys from 0: what walk.h takes for granted. */
static void check_keys(const struct pk_image_head *h, const struct pk_field_tab *t)
{
    const void *rows = (const char *)h + t->rows;
    struct pk_u128 key, last = {0, 0};
    uint32_t k;

    assert_true(t->n >= 1);
    if (t->method == PK_M_DIRECT)
        return;
    assert_true(t->n <= 1u << 20);
    for (k = 0; k < t->n; k++, last = key) {
        key = t->method == PK_M_SEARCH32
                  ? (struct pk_u128){0, ((const struct pk_key32 *)rows)[k].key}
                  : ((const struct pk_key128 *)rows)[k].key;
        assert_true(k ? pk_u128_less(last, key) : !(key.hi | key.lo));
    }
}

static void check_image(const struct pk_image_head *h)
{
    const struct pk_family_tab *t;
    unsigned f, i, kinds;

    assert_int_equal(h->magic, PK_IMAGE_MAGIC);
    for (f = 0; f < PK_FAMILY_N; f++) {
        t = &h->family[f];
        kinds = 0;
        for (i = 0; t->present && i < t->n_fields; i++) {
            check_keys(h, &t->field[i]);
            kinds += t->field[i].field == PK_F_KIND;
        }
        for (i = 0; t->present && i < t->n_lists; i++)
            check_keys(h, &t->list[i].tab);
        assert_int_equal(kinds, h->family[f].present != 0);
    }
}

/*
 * What the compiler chose, by classifier: lookups by their method, and whether they begin at an
 * index; rows by their length, which is one word, one group or block, or more than that, and the
 * order of their bits; lists of one leaf, of several, of as many as a list takes, and lists beside
 * rows.
 */
enum {
    INDEXED = PK_M_SEARCH128 + 1,
    ROWS_WORD,
    ROWS_ONE,
    ROWS_MORE,
    ORDER_RULES,
    ORDER_OWN,
    LIST_ONE,
    LIST_SOME,
    LIST_FULL,
    LISTS_AND_ROWS,
    CHOICES_N
};

static size_t chosen[PK_CLASSIFIER_N][CHOICES_N];

static void note_lists(const struct pk_image_head *h, const struct pk_field_tab *t, size_t *noted)
{
    const char *row = (const char *)h + t->rows;
    const struct pk_list_entry *e;
    unsigned i, n;
    uint32_t list;

    for (i = 0; i < t->n; i++, row += pk_row_width((enum pk_method)t->method)) {
        memcpy(&list, row, sizeof(list));
        if (!list)
            continue;
        e = (const void *)((const char *)h + list);
        for (n = 1; !(e[n - 1].leaf & PK_LIST_LAST); n++)
            assert_true(n < PK_LIST_ENTRIES);
        noted[n == 1 ? LIST_ONE : n < PK_LIST_ENTRIES ? LIST_SOME : LIST_FULL]++;
    }
}

static void note_choices(const struct pk_image_head *h, enum pk_classifier classifier)
{
    const unsigned one = classifier == PK_CLASSIFIER_LBVS ? PK_BLOCK_LEAVES : 64 * 64;
    const struct pk_family_tab *t;
    unsigned f, i;

    for (f = 0; f < PK_FAMILY_N; f++) {
        t = &h->family[f];
        assert_int_equal(t->present,
                         classifier == PK_CLASSIFIER_LBVS ? PK_FORM_DENSE : PK_FORM_TREE);
        for (i = 0; i < t->n_fields; i++) {
            chosen[classifier][t->field[i].method]++;
            chosen[classifier][INDEXED] += t->field[i].index != 0;
        }
        for (i = 0; i < t->n_lists; i++)
            note_lists(h, &t->list[i].tab, chosen[classifier]);
        chosen[classifier][LISTS_AND_ROWS] += t->n_lists && t->n_fields > 1;
        chosen[classifier][t->n_leaves <= 64    ? ROWS_WORD
                           : t->n_leaves <= one ? ROWS_ONE
                                                : ROWS_MORE]++;
        chosen[classifier][t->order ? ORDER_OWN : ORDER_RULES]++;
    }
}

static void round_of(uint64_t seed, unsigned rules, unsigned packets, bool sieve,
                     enum pk_classifier classifier, size_t seen[SEEN_N])
{
    _bench_ struct bench b = bench_new();
    struct gen g[PK_FAMILY_N];
    struct gen_shape shape;
    unsigned f, wrong = 0;

    for (f = 0; f < PK_FAMILY_N; f++) {
        g[f] = gen_new(seed, f, rules);
        g[f].test_steps = true;
        shape = gen_shape_for(&g[f], rules);
        if (sieve)
            shape = (struct gen_shape){.rules = rules, .sieve = true};
        gen_rules(&g[f], &shape, &b.text);
        bench_read(&b, f);
        assert_int_equal(b.read.family[f]->n_rules, rules);
    }
    b.o.classifier = classifier;
    bench_compile(&b);
    check_image(b.image.head);
    note_choices(b.image.head, classifier);
    for (f = 0; f < PK_FAMILY_N && !wrong; f++)
        wrong += judge_all(&b, &g[f], packets);
    if (!wrong)
        wrong = wrong_counters(&b);
    wrong += wrong_effects(&seen[SEEN_EFFECTS]);
    for (f = 0; f < PK_L4_STATUS_N; f++)
        seen[f] += b.seen[f];
    seen[SEEN_HOT] += b.hot;
    if (wrong)
        fail_msg("%u rules, classifier %d: repeat with PK_SEED=%" PRIu64 " PK_ROUNDS=1", rules,
                 classifier, seed);
}

static void test_random(void **state)
{
    static const struct {
        unsigned rules, rounds, packets;
        bool sieve;
    } sizes[] = {
        {0, 1, 30},      {1, 300, 30},         {3, 400, 60},         {12, 400, 100}, {63, 20, 300},
        {64, 20, 300},   {65, 20, 300},        {500, 5, 600},        {4095, 1, 500}, {4097, 1, 500},
        {20000, 1, 300}, {700, 20, 300, true}, {9000, 2, 300, true},
    };
    uint64_t seed = number_from("PK_SEED", 1), rounds = number_from("PK_ROUNDS", 0), i, n;
    size_t seen[SEEN_N] = {0}, s;

    for (s = 0; s < PK_ARRAY_SIZE(sizes); s++) {
        n = rounds ? rounds : sizes[s].rounds;
        for (i = 0; i < n * PK_CLASSIFIER_N; i++)
            round_of(seed + i / PK_CLASSIFIER_N, sizes[s].rules, sizes[s].packets, sizes[s].sieve,
                     i % PK_CLASSIFIER_N, seen);
    }
    for (s = 0; s < PK_CLASSIFIER_N; s++)
        for (i = PK_M_DIRECT; i < CHOICES_N && !rounds; i++)
            assert_int_equal(chosen[s][i] > 0, s != PK_CLASSIFIER_LBVS || i < ORDER_OWN);
    /* A test of statuses that never occur would say nothing. */
    for (s = 0; s < SEEN_N && !rounds; s++)
        assert_true(seen[s] > 100);
}

static struct pk_leaf_rec *leaf_of(struct bench *b, unsigned i)
{
    return (struct pk_leaf_rec *)((char *)b->image.head + b->image.head->family[0].leaves) + i;
}

/*
 * Two rules of the first 4,096 have one field of the packet each, in words apart: the top of the
 * rows says that group may have a candidate, the group that it has none, and the next one has. Nine
 * ports keep them all in rows, and jumps keep their bits in turn.
 */
static void test_group_without_a_candidate(void **state)
{
    _bench_ struct bench b = bench_new();
    struct pk_buf rules = PK_BUF_INIT(1 << 20);
    uint8_t ip[28] = {0x45, 0, 0, 28, 0,  0, 0, 0, 64, 17, 0, 0,
                      10,   0, 0, 1,  10, 0, 0, 2, 0,  0,  0, 17};
    const struct pk_source source = {.ip = ip, .len = sizeof(ip)};
    struct pk_packet p = {0};
    struct pk_walk w;
    unsigned i;

    pk_buf_str(&rules, ":found - [0:0]\n");
    for (i = 0; i < 4096 + 70; i++)
        pk_buf_fmt(&rules,
                   "-A INPUT -s 10.0.0.%u -d 10.0.0.%u -p udp -m multiport --dports "
                   "1,3,5,7,9,11,13,15,17 -j found\n",
                   i == 5 || i == 4096 + 3 ? 1 : 9, i == 700 || i == 4096 + 3 ? 2 : 8);
    pk_buf_str(&rules, "-A INPUT -j DROP\n-A found -j ACCEPT\n");
    read_and_compile(&b, rules.data);
    assert_int_equal(b.image.head->family[PK_IPV4].n_lists, 0);
    assert_int_equal(pk_packet_parse(ip, sizeof(ip), &p), 0);
    pk_user_count = NULL;
    w = pk_user_walk(b.image.head, PK_INPUT, &source, &p);
    assert_int_equal(w.end, PK_WALK_RULE);
    assert_int_equal(w.action, PK_ACT_ACCEPT);
    pk_buf_done(&rules);
}

/* Does the comparison notice? Each of these images is wrong in one place. */
static void test_comparison_notices_an_action(void **state)
{
    _bench_ struct bench b = bench_new();
    struct gen g = gen_new(7, PK_IPV4, 1);

    b.quiet = true;
    read_and_compile(&b, "-A INPUT -p 6 -j DROP\n");
    leaf_of(&b, 0)->action = PK_ACT_ACCEPT;
    assert_true(judge_all(&b, &g, 60));
}

static void test_comparison_notices_a_counter(void **state)
{
    _bench_ struct bench b = bench_new();
    struct gen g = gen_new(7, PK_IPV4, 1);

    b.quiet = true;
    read_and_compile(&b, "-A INPUT -p 6\n-A INPUT -p 6\n");
    leaf_of(&b, 0)->counter++;
    assert_false(judge_all(&b, &g, 60));
    assert_int_equal(wrong_counters(&b), 2);
}

static void test_comparison_notices_a_key(void **state)
{
    _bench_ struct bench b = bench_new();
    struct gen g = gen_new(7, PK_IPV4, 1);
    struct pk_field_tab *t;
    char rule[64];

    snprintf(rule, sizeof(rule), "-A INPUT -s %u.%u.%u.%u -j DROP\n",
             (unsigned)(g.addr[0].lo >> 24), (unsigned)(g.addr[0].lo >> 16 & 255),
             (unsigned)(g.addr[0].lo >> 8 & 255), (unsigned)(g.addr[0].lo & 255));
    b.quiet = true;
    read_and_compile(&b, rule);
    t = &b.image.head->family[0].field[0];
    assert_int_equal(t->field, PK_F_SADDR);
    assert_int_equal(t->n, 3);
    ((struct pk_key32 *)((char *)b.image.head + t->rows))[1].key++;
    assert_true(judge_all(&b, &g, 3000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_group_without_a_candidate),
        cmocka_unit_test(test_comparison_notices_an_action),
        cmocka_unit_test(test_comparison_notices_a_counter),
        cmocka_unit_test(test_comparison_notices_a_key),
    };

    if (pk_test_register())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
