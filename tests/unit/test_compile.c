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
#include "classify/compile.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "../lib/gen.h"
#include "../lib/nomem.h"
#include "base/macro.h"
#include "classify/codes.h"
#include "classify/eval.h"
#include "test_defs.h"
#include "test_steps.h"

/* The effects of rules with -j TESTCOUNT that the walk ran, and that the evaluator saw match. */
static size_t effects_walked[PK_TEST_COUNTERS], effects_wanted[PK_TEST_COUNTERS];

static void pk_test_effect(__u32 arg, const struct pk_packet *p)
{
    effects_walked[arg] += p->len;
}

#include "classify/walk_user.h"
#include "packet/packet_user.h"
#include "rules/text.h"

/* What a run met: packets by status, hotdrops, test counters that counted. */
enum { SEEN_HOT = PK_L4_STATUS_N, SEEN_EFFECTS, SEEN_N };

#define SLOT_BASE 100u /* rules' slots are ordinals from here: not mixed up with ordinals */

/* One rule set, compiled, with the counters of both sides. */
struct bench {
    struct pk_arena arena;
    struct pk_read read;
    struct pk_diags d;
    struct pk_buf text;
    uint32_t *slot[PK_FAMILY_N];
    struct pk_slots slots;
    struct pk_compile_options o;
    struct pk_image image;
    struct pk_counters *want, *got; /* by slot; policies first */
    size_t n_slots;
    size_t seen[PK_L4_STATUS_N], hot; /* what the packets were */
    bool quiet;                       /* a difference is expected */
};

static struct pk_counters *counters_now;

static void count_now(__u32 slot, __u32 bytes)
{
    counters_now[slot].packets++;
    counters_now[slot].bytes += bytes;
}

static void bench_done(struct bench *b)
{
    pk_image_done(&b->image);
    pk_buf_done(&b->text);
    pk_diags_done(&b->d);
    pk_arena_done(&b->arena);
    free(b->want);
    free(b->got);
}

#define _bench_ __attribute__((cleanup(bench_done)))

static struct bench bench_new(void)
{
    return (struct bench){.text = PK_BUF_INIT((size_t)256 << 20)};
}

static void show_diags(const struct bench *b)
{
    pk_diags_print(&b->d, stderr);
}

/* Reads b->text into the family's rule set. */
static void bench_read(struct bench *b, enum pk_family family)
{
    const struct pk_read_options o = {.format = PK_TEXT_SAVE, .family = family};
    struct pk_read read;
    int r = pk_text_read(b->text.data, b->text.len, "gen", &o, &b->arena, &read, &b->d);

    if (r) {
        show_diags(b);
        fail_msg("the text was refused: %s", strerror(-r));
    }
    assert_non_null(read.family[family]);
    b->read.family[family] = read.family[family];
    pk_buf_reset(&b->text);
}

static void bench_slots(struct bench *b)
{
    const struct pk_ruleset *rs;
    uint32_t next = SLOT_BASE, f, i;

    for (f = 0; f < PK_FAMILY_N; f++) {
        for (i = 0; i < PK_HOOK_N; i++)
            b->slots.policy[f][i] = f * PK_HOOK_N + i;
        rs = b->read.family[f];
        if (!rs)
            continue;
        b->slot[f] = pk_arena_array(&b->arena, uint32_t, rs->n_rules);
        for (i = 0; i < rs->n_rules; i++)
            b->slot[f][i] = next++;
        b->slots.rule[f] = b->slot[f];
    }
    b->n_slots = next;
    b->want = calloc(next, sizeof(*b->want));
    b->got = calloc(next, sizeof(*b->got));
    assert_true(b->want && b->got);
}

static int bench_try(struct bench *b)
{
    const struct pk_ruleset *const rs[PK_FAMILY_N] = {b->read.family[0], b->read.family[1]};

    bench_slots(b);
    return pk_compile(rs, &b->slots, &b->o, &b->image, &b->d);
}

static void bench_compile(struct bench *b)
{
    int r = bench_try(b);

    if (r)
        show_diags(b);
    assert_int_equal(r, 0);
}

static void add_tally(struct bench *b, enum pk_family family, const struct pk_tally *t)
{
    const struct pk_ruleset *rs = b->read.family[family];
    uint32_t i;

    for (i = 0; i < rs->n_rules; i++) {
        b->want[b->slot[family][i]].packets += t->rule[i].packets;
        b->want[b->slot[family][i]].bytes += t->rule[i].bytes;
    }
    for (i = 0; i < PK_HOOK_N; i++) {
        b->want[b->slots.policy[family][i]].packets += t->policy[i].packets;
        b->want[b->slots.policy[family][i]].bytes += t->policy[i].bytes;
    }
}

/* Is the walk's end that of the evaluator? */
static bool same(const struct pk_image_head *head, const struct pk_walk *w,
                 const struct pk_verdict *v, enum pk_family family)
{
    static const uint8_t ends[] = {[PK_END_RULE] = PK_WALK_RULE,
                                   [PK_END_POLICY] = PK_WALK_POLICY,
                                   [PK_END_HOTDROP] = PK_WALK_HOTDROP};
    const struct pk_leaf_rec *leaves =
        (const void *)((const char *)head + head->family[family].leaves);

    if (w->end != ends[v->end] || w->action != v->action)
        return false;
    return v->end == PK_END_POLICY || leaves[w->cursor - 1].rule == v->rule->ordinal;
}

static void show_packet(const uint8_t *ip, size_t len, const struct pk_packet *p, enum pk_hook hook,
                        const struct pk_walk *w, const struct pk_verdict *v)
{
    size_t i;

    fprintf(stderr, "hook %u status %u proto %u ports %u %u flags %02x icmp %04x packet ", hook,
            p->status, p->proto, p->sport, p->dport, p->tcp_flags, p->icmp);
    for (i = 0; i < len; i++)
        fprintf(stderr, "%02x", ip[i]);
    fprintf(stderr,
            "\nevaluator: end %d action %d rule %d line %u: %s\nwalk: end %u action %u leaf %u\n",
            v->end, v->action, v->rule ? (int)v->rule->ordinal : -1, v->rule ? v->rule->line : 0,
            v->rule ? v->rule->text : "-", w->end, w->action, w->cursor - 1);
}

/* A rule that matched has its effect; the index stands first in what TESTCOUNT's parser left. */
static void note_effect(void *arg, const struct pk_rule *r, enum pk_answer answer, const char *why)
{
    const struct pk_packet *p = arg;

    (void)why;
    if (answer == PK_YES && r->target)
        effects_wanted[*(const uint32_t *)r->target_info] += p->len;
}

/* Judges one packet by both. True: they agree on its end. */
static bool judge(struct bench *b, struct gen *g, enum pk_hook hook, struct pk_tally *tally)
{
    uint8_t ip[GEN_PACKET_MAX];
    size_t len = gen_packet(g, ip);
    const struct pk_source source = {.ip = ip, .len = len};
    struct pk_packet p = {0};
    const struct pk_view view = {.p = &p, .ip = ip, .len = len};
    struct pk_verdict v;
    struct pk_walk w;

    if (pk_packet_parse(ip, len, &p))
        return true;
    gen_interfaces(g, hook, &p);
    v = pk_eval(b->read.family[g->family], hook, &view, tally, note_effect, &p);
    counters_now = b->got;
    pk_user_count = count_now;
    w = pk_user_walk(b->image.head, hook, &source, &p);
    b->seen[p.status]++;
    b->hot += v.end == PK_END_HOTDROP;
    if (same(b->image.head, &w, &v, g->family))
        return true;
    if (!b->quiet)
        show_packet(ip, len, &p, hook, &w, &v);
    return false;
}

/* So many packets through every hook. The number of those whose end differs. */
static unsigned judge_all(struct bench *b, struct gen *g, unsigned packets)
{
    size_t n = b->read.family[g->family]->n_rules;
    struct pk_tally tally = {.rule = calloc(n + 1, sizeof(*tally.rule))};
    unsigned wrong = 0, i;

    assert_non_null(tally.rule);
    for (i = 0; i < packets && !wrong; i++)
        wrong += !judge(b, g, i % PK_HOOK_N, &tally);
    add_tally(b, g->family, &tally);
    free(tally.rule);
    return wrong;
}

static unsigned wrong_counters(const struct bench *b)
{
    unsigned wrong = 0;
    size_t i;

    for (i = 0; i < b->n_slots; i++) {
        if (!memcmp(&b->want[i], &b->got[i], sizeof(b->want[i])))
            continue;
        wrong++;
        if (b->quiet)
            continue;
        fprintf(stderr, "slot %zu: evaluator %" PRIu64 " packets, walk %" PRIu64 "\n", i,
                b->want[i].packets, b->got[i].packets);
    }
    return wrong;
}

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

/* Ascending keys from 0, rows inside the image: what walk.h takes for granted. */
static void check_image(const struct pk_image_head *h)
{
    const struct pk_field_tab *t;
    unsigned f, i, k, kinds;

    assert_int_equal(h->magic, PK_IMAGE_MAGIC);
    for (f = 0; f < PK_FAMILY_N; f++) {
        kinds = 0;
        for (i = 0; h->family[f].present && i < h->family[f].n_fields; i++) {
            t = &h->family[f].field[i];
            assert_true(t->n >= 1);
            kinds += t->field == PK_F_KIND;
            if (t->method == PK_M_DIRECT)
                continue;
            assert_true(t->n <= 1u << 20);
            for (k = 0; k < t->n && t->method == PK_M_SEARCH32; k++) {
                const uint32_t *key = (const void *)((const char *)h + t->keys);

                assert_true(k ? key[k] > key[k - 1] : key[k] == 0);
            }
            for (k = 0; k < t->n && t->method == PK_M_SEARCH128; k++) {
                const struct pk_u128 *key = (const void *)((const char *)h + t->keys);

                assert_true(k ? pk_u128_less(key[k - 1], key[k]) : !(key[k].hi | key[k].lo));
            }
        }
        assert_int_equal(kinds, h->family[f].present != 0);
    }
}

/*
 * What the compiler chose, by classifier: lookups by their method, rows by their length, which is
 * one word, one group or block, or more than that, and the order of their bits.
 */
enum { ROWS_WORD = PK_M_SEARCH128 + 1, ROWS_ONE, ROWS_MORE, ORDER_RULES, ORDER_OWN, CHOICES_N };

static size_t chosen[PK_CLASSIFIER_N][CHOICES_N];

static void note_choices(const struct pk_image_head *h, enum pk_classifier classifier)
{
    const unsigned one = classifier == PK_CLASSIFIER_LBVS ? PK_BLOCK_LEAVES : 64 * 64;
    const struct pk_family_tab *t;
    unsigned f, i;

    for (f = 0; f < PK_FAMILY_N; f++) {
        t = &h->family[f];
        assert_int_equal(t->present,
                         classifier == PK_CLASSIFIER_LBVS ? PK_FORM_DENSE : PK_FORM_TREE);
        for (i = 0; i < t->n_fields; i++)
            chosen[classifier][t->field[i].method]++;
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
            assert_true(chosen[s][i] > 0 || (s == PK_CLASSIFIER_LBVS && i == ORDER_OWN));
    /* A test of statuses that never occur would say nothing. */
    for (s = 0; s < SEEN_N && !rounds; s++)
        assert_true(seen[s] > 100);
}

static void read_and_compile(struct bench *b, const char *rules)
{
    pk_buf_str(&b->text,
               "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n");
    pk_buf_str(&b->text, rules);
    pk_buf_str(&b->text, "COMMIT\n");
    bench_read(b, PK_IPV4);
    bench_compile(b);
}

static struct pk_leaf_rec *leaf_of(struct bench *b, unsigned i)
{
    return (struct pk_leaf_rec *)((char *)b->image.head + b->image.head->family[0].leaves) + i;
}

/*
 * Two rules of the first 4,096 have one field of the packet each, in words apart: the top of the
 * rows says that group may have a candidate, the group that it has none, and the next one has.
 */
static void test_group_without_a_candidate(void **state)
{
    _bench_ struct bench b = bench_new();
    struct pk_buf rules = PK_BUF_INIT(1 << 20);
    uint8_t ip[28] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
    const struct pk_source source = {.ip = ip, .len = sizeof(ip)};
    struct pk_packet p = {0};
    struct pk_walk w;
    unsigned i;

    for (i = 0; i < 4096 + 70; i++)
        pk_buf_fmt(&rules, "-A INPUT -s 10.0.0.%u -d 10.0.0.%u -j ACCEPT\n",
                   i == 5 || i == 4096 + 3 ? 1 : 9, i == 700 || i == 4096 + 3 ? 2 : 8);
    pk_buf_str(&rules, "-A INPUT -j DROP\n");
    read_and_compile(&b, rules.data);
    assert_int_equal(pk_packet_parse(ip, sizeof(ip), &p), 0);
    pk_user_count = NULL;
    w = pk_user_walk(b.image.head, PK_INPUT, &source, &p);
    assert_int_equal(w.end, PK_WALK_RULE);
    assert_int_equal(w.cursor - 1, 4096 + 3);
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
    ((uint32_t *)((char *)b.image.head + t->keys))[1]++;
    assert_true(judge_all(&b, &g, 3000));
}

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
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_group_without_a_candidate),
        cmocka_unit_test(test_comparison_notices_an_action),
        cmocka_unit_test(test_comparison_notices_a_counter),
        cmocka_unit_test(test_comparison_notices_a_key),
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
