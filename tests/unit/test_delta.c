// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A compiled set under a delta against the reference evaluator on the set that both make: random
 * rules, of which some were added and some others went. Verdict and every counter must be equal.
 *
 * PK_SEED: start from this seed; PK_ROUNDS: so many rounds a size.
 */
#include "classify/delta.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../lib/gen.h"
#include "base/macro.h"
#include "classify/eval.h"
#include "classify/walk_user.h"
#include "packet/packet_user.h"
#include "rules/text.h"

#define PLACE_GAP 4096u /* between the image and its delta */

/* Where a rule of the whole set came from. */
enum { KEPT, ADDED, GONE };

/* One family of three sets: what stood, what was added, and what they make. */
struct three {
    struct pk_ruleset *whole, *under, *added;
    uint32_t *slot_whole, *slot_under, *slot_added;
    uint32_t *before, *gone; /* ordinals */
    size_t n_gone;
};

struct bench {
    struct pk_arena arena;
    struct pk_diags d;
    struct three part[PK_FAMILY_N];
    char *map; /* the image, and behind it the delta */
    const struct pk_image_head *delta;
    struct pk_counters *want, *got, *unused;
    size_t n_slots;
    size_t over;  /* how often rules of the delta matched */
    size_t flows; /* packets that differ and are one flow */
};

static struct pk_counters *counters_now;

static void count_now(__u32 slot, __u32 bytes)
{
    counters_now[slot].packets++;
    counters_now[slot].bytes += bytes;
}

static void bench_done(struct bench *b)
{
    pk_diags_done(&b->d);
    pk_arena_done(&b->arena);
    free(b->map);
    free(b->want);
    free(b->got);
    free(b->unused);
}

static struct pk_ruleset *read_text(struct bench *b, const struct pk_buf *text, enum pk_family f)
{
    const struct pk_read_options o = {.format = PK_TEXT_SAVE, .family = (int)f};
    struct pk_read read;
    int r = pk_text_read(text->data, text->len, "gen", &o, &b->arena, &read, &b->d);

    if (r)
        pk_diags_print(&b->d, stderr);
    assert_int_equal(r, 0);
    return read.family[f];
}

/* A line goes to the whole set, to what stood, or to what was added, or to two of these. */
static void put_line(struct pk_buf text[3], int fate, const char *line, size_t len)
{
    if (fate != GONE)
        pk_buf_add(&text[0], line, len);
    if (fate != ADDED)
        pk_buf_add(&text[1], line, len);
    if (fate == ADDED)
        pk_buf_add(&text[2], line, len);
}

static bool jumps(const char *line, size_t len)
{
    static const char *const ends[] = {" -j ACCEPT\n", " -j DROP\n", " -j RETURN\n"};

    if (!memmem(line, len, " -j ", 4) && !memmem(line, len, " -g ", 4))
        return false;
    for (size_t i = 0; i < PK_ARRAY_SIZE(ends); i++)
        if (len > strlen(ends[i]) &&
            !memcmp(line + len - strlen(ends[i]), ends[i], strlen(ends[i])))
            return false;
    return true;
}

/* The fates of the rules, chain by chain, in the order in which they stand there. */
struct fates {
    int8_t *fate; /* by place in the union of the three sets */
    size_t n;
};

/*
 * Splits a set into the three. Lines stand chain by chain, as pk_ruleset_save writes them, so their
 * order is the one of ordinals.
 */
static struct fates split(struct bench *b, struct gen *g, const struct pk_buf *all,
                          struct pk_buf text[3], unsigned share)
{
    struct fates f = {.fate = pk_arena_array(&b->arena, int8_t, all->len + 1)};
    const char *at = all->data, *end = at + all->len, *next;

    for (; at < end; at = next) {
        size_t len;
        int fate = KEPT;

        next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        len = (size_t)(next - at);
        if (*at != '-') {
            for (int i = 0; i < 3; i++)
                pk_buf_add(&text[i], at, len);
            continue;
        }
        if (!jumps(at, len) && gen_below(g, 100) < share)
            fate = gen_below(g, 2) ? ADDED : GONE;
        put_line(text, fate, at, len);
        f.fate[f.n++] = (int8_t)fate;
    }
    return f;
}

/* Numbers slots and what a delta needs to know. Rules of the three sets are met in one order. */
static void number(struct bench *b, struct three *t, const struct fates *f, uint32_t *slot)
{
    uint32_t whole = 0, under = 0, added = 0;

    t->slot_whole = pk_arena_array(&b->arena, uint32_t, f->n + 1);
    t->slot_under = pk_arena_array(&b->arena, uint32_t, f->n + 1);
    t->slot_added = pk_arena_array(&b->arena, uint32_t, f->n + 1);
    t->before = pk_arena_array(&b->arena, uint32_t, f->n + 1);
    t->gone = pk_arena_array(&b->arena, uint32_t, f->n + 1);
    for (size_t i = 0; i < f->n; i++, (*slot)++) {
        if (f->fate[i] != GONE)
            t->slot_whole[whole++] = *slot;
        if (f->fate[i] == GONE)
            t->gone[t->n_gone++] = under;
        if (f->fate[i] != ADDED) {
            t->slot_under[under++] = *slot;
        } else {
            t->before[added] = under;
            t->slot_added[added++] = *slot;
        }
    }
    assert_int_equal(whole, t->whole->n_rules);
    assert_int_equal(under, t->under->n_rules);
    assert_int_equal(added, t->added->n_rules);
}

static void make_family(struct bench *b, struct gen *g, unsigned rules, unsigned share,
                        uint32_t *slot)
{
    static const struct pk_counters zero[PK_HOOK_N];
    const struct pk_save_options save = {.policy = zero};
    struct gen_shape shape = gen_shape_for(g, rules);
    struct three *t = &b->part[g->family];
    struct pk_buf all = PK_BUF_INIT((size_t)1 << 28), text[3];
    struct fates f;

    for (int i = 0; i < 3; i++)
        text[i] = PK_BUF_INIT((size_t)1 << 28);
    gen_rules(g, &shape, &all);
    t->whole = read_text(b, &all, g->family);
    pk_buf_reset(&all);
    pk_ruleset_save(t->whole, &save, &all);
    f = split(b, g, &all, text, share);
    t->whole = read_text(b, &text[0], g->family);
    t->under = read_text(b, &text[1], g->family);
    t->added = read_text(b, &text[2], g->family);
    number(b, t, &f, slot);
    pk_buf_done(&all);
    for (int i = 0; i < 3; i++)
        pk_buf_done(&text[i]);
}

/* From rules to the leaves of them in what stood. */
static struct pk_delta_part part_of(struct bench *b, const struct three *t,
                                    const struct pk_image_head *under)
{
    uint32_t *first = pk_arena_array(&b->arena, uint32_t, t->under->n_rules + 1u);
    uint32_t *anchor = pk_arena_array(&b->arena, uint32_t, t->added->n_rules + 1u);
    struct pk_run *gone = pk_arena_array(&b->arena, struct pk_run, t->n_gone + 1);

    pk_image_leaves(under, t->under->family, t->under->n_rules, first);
    for (uint32_t i = 0; i < t->added->n_rules; i++)
        anchor[i] = first[t->before[i]];
    for (size_t i = 0; i < t->n_gone; i++)
        gone[i] = (struct pk_run){first[t->gone[i]], first[t->gone[i] + 1]};
    return (struct pk_delta_part){t->added, anchor, gone, t->n_gone};
}

/* Compiles what stood, then the delta, and puts both into one map. */
static void compile(struct bench *b)
{
    const struct pk_compile_options o = {0};
    const struct pk_ruleset *rs[PK_FAMILY_N];
    struct pk_delta_part part[PK_FAMILY_N];
    struct pk_slots slots = {0}, added = {0};
    struct pk_image under, delta;
    uint32_t place;

    for (unsigned f = 0; f < PK_FAMILY_N; f++) {
        struct three *t = &b->part[f];

        rs[f] = t->under;
        slots.rule[f] = t->slot_under;
        added.rule[f] = t->slot_added;
        for (uint32_t h = 0; h < PK_HOOK_N; h++)
            slots.policy[f][h] = added.policy[f][h] = f * PK_HOOK_N + h;
    }
    assert_int_equal(pk_compile(rs, &slots, &o, &under, &b->d), 0);
    for (unsigned f = 0; f < PK_FAMILY_N; f++)
        part[f] = part_of(b, &b->part[f], under.head);
    assert_int_equal(pk_delta_compile(under.head, part, &added, &delta, &b->d), 0);
    place = (under.head->size + PLACE_GAP) & ~(PLACE_GAP - 1);
    b->map = calloc(1, place + delta.head->size);
    memcpy(b->map, under.head, under.head->size);
    pk_image_place(delta.head, place);
    memcpy(b->map + place, delta.head, delta.head->size);
    ((struct pk_image_head *)b->map)->size = place + delta.head->size; /* of what may be read */
    b->delta = (const void *)(b->map + place);
    pk_image_done(&under);
    pk_image_done(&delta);
}

/* Something of a packet that a rule may look at, changed. */
static void change(struct gen *g, struct pk_packet *p)
{
    uint64_t bit = 1ULL << gen_below(g, p->family == PK_IPV6 ? 64 : 32);

    switch (gen_below(g, 5)) {
    case 0:
        p->saddr.lo ^= bit;
        break;
    case 1:
        p->daddr.lo ^= bit;
        break;
    case 2:
        p->sport ^= (uint16_t)(1u << gen_below(g, 16));
        break;
    case 3:
        p->dport ^= (uint16_t)(1u << gen_below(g, 16));
        break;
    case 4:
        p->tcp_flags ^= (uint8_t)(1u << gen_below(g, 8));
        break;
    }
}

/* What the flow cache takes for one flow (flow.h) ends in one way. False: it does not. */
static bool same_flow(struct bench *b, struct gen *g, enum pk_hook hook, const struct pk_walk *w)
{
    const struct pk_family_tab *t = &b->delta->family[g->family];
    struct pk_packet p = *w->p;
    struct pk_flow flow = {0};
    struct pk_walk other = {.ctx = w->ctx, .p = &p, .flow = &flow};
    struct pk_flow_key one, two;

    change(g, &p);
    pk_flow_key_make(&one, w->p, hook, 0, pk_flow_mask(t, hook));
    pk_flow_key_make(&two, &p, hook, 0, pk_flow_mask(t, hook));
    if (w->flow->n == PK_FLOW_NOT || !pk_flow_key_equal(&one, &two))
        return true;
    b->flows++;
    counters_now = b->unused;
    pk_walk_chain(&other, t, hook);
    return other.end == w->end && other.action == w->action && flow.n == w->flow->n &&
           !memcmp(flow.slot, w->flow->slot, sizeof(flow.slot));
}

static bool judge(struct bench *b, struct gen *g, enum pk_hook hook, struct pk_tally *tally)
{
    static const uint8_t ends[] = {[PK_END_RULE] = PK_WALK_RULE,
                                   [PK_END_POLICY] = PK_WALK_POLICY,
                                   [PK_END_HOTDROP] = PK_WALK_HOTDROP};
    uint8_t ip[GEN_PACKET_MAX];
    size_t len = gen_packet(g, ip);
    const struct pk_source source = {.ip = ip, .len = len};
    struct pk_packet p = {0};
    const struct pk_view view = {.p = &p, .ip = ip, .len = len};
    struct pk_flow flow = {0};
    struct pk_walk w = {.ctx = &source, .p = &p, .flow = &flow};
    struct pk_verdict v;

    if (pk_packet_parse(ip, len, &p))
        return true;
    gen_interfaces(g, hook, &p);
    v = pk_eval(b->part[g->family].whole, hook, &view, tally, NULL, NULL);
    pk_user_image = (const void *)b->map;
    pk_user_count = count_now;
    counters_now = b->got;
    pk_walk_chain(&w, &b->delta->family[g->family], hook);
    return w.end == ends[v.end] && w.action == v.action && same_flow(b, g, hook, &w);
}

static unsigned judge_all(struct bench *b, struct gen *g, unsigned packets)
{
    const struct three *t = &b->part[g->family];
    struct pk_tally tally = {.rule = calloc(t->whole->n_rules + 1u, sizeof(*tally.rule))};
    unsigned wrong = 0;

    for (unsigned i = 0; i < packets && !wrong; i++)
        wrong += !judge(b, g, i % PK_HOOK_N, &tally);
    for (uint32_t i = 0; i < t->whole->n_rules; i++)
        b->want[t->slot_whole[i]] = tally.rule[i];
    for (uint32_t i = 0; i < t->added->n_rules; i++)
        b->over += b->want[t->slot_added[i]].packets;
    for (unsigned h = 0; h < PK_HOOK_N; h++)
        b->want[g->family * PK_HOOK_N + h] = tally.policy[h];
    free(tally.rule);
    return wrong;
}

static void round_of(uint64_t seed, unsigned rules, unsigned share, unsigned packets,
                     size_t *ret_over, size_t *ret_flows)
{
    __attribute__((cleanup(bench_done))) struct bench b = {0};
    uint32_t slot = PK_FAMILY_N * PK_HOOK_N;
    struct gen g[PK_FAMILY_N];
    unsigned wrong = 0;

    for (unsigned f = 0; f < PK_FAMILY_N; f++) {
        g[f] = gen_new(seed, f, rules);
        make_family(&b, &g[f], rules, share, &slot);
    }
    b.n_slots = slot;
    b.want = calloc(slot, sizeof(*b.want));
    b.got = calloc(slot, sizeof(*b.got));
    b.unused = calloc(slot, sizeof(*b.unused));
    compile(&b);
    for (unsigned f = 0; f < PK_FAMILY_N && !wrong; f++)
        wrong += judge_all(&b, &g[f], packets);
    if (wrong || memcmp(b.want, b.got, b.n_slots * sizeof(*b.want)))
        fail_msg("%u rules, %u %%: repeat with PK_SEED=%" PRIu64 " PK_ROUNDS=1", rules, share,
                 seed);
    *ret_over += b.over;
    *ret_flows += b.flows;
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

static void test_random(void **state)
{
    static const struct {
        unsigned rules, rounds, packets;
    } sizes[] = {{1, 100, 30},   {3, 300, 60},   {12, 300, 100}, {64, 60, 300},
                 {500, 10, 600}, {4097, 2, 600}, {20000, 1, 300}};
    static const unsigned shares[] = {2, 20, 60, 100};
    uint64_t seed = number_from("PK_SEED", 1), rounds = number_from("PK_ROUNDS", 0);
    size_t met = 0, flows = 0;

    for (size_t s = 0; s < PK_ARRAY_SIZE(sizes); s++)
        for (uint64_t i = 0; i < (rounds ? rounds : sizes[s].rounds); i++)
            for (size_t k = 0; k < PK_ARRAY_SIZE(shares); k++)
                if (sizes[s].rules * shares[k] / 200 < 1500)
                    round_of(seed + i, sizes[s].rules, shares[k], sizes[s].packets, &met, &flows);
    if (!rounds)
        assert_true(met > 10000 && flows > 10000); /* else nothing was tested */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
