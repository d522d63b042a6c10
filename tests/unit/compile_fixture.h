// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A rule set that is compiled, and packets that the walk over its image (walk.h) and the reference
 * evaluator judge both, with the counters of either.
 */
#pragma once

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

static void read_and_compile(struct bench *b, const char *rules)
{
    pk_buf_str(&b->text,
               "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n");
    pk_buf_str(&b->text, rules);
    pk_buf_str(&b->text, "COMMIT\n");
    bench_read(b, PK_IPV4);
    bench_compile(b);
}
