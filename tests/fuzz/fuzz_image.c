// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walk over an image against the reference evaluator, on packets that are any bytes at all. The
 * first four bytes choose a random rule set, of which every other is searched as bit vectors, and
 * the hook; the rest is the packet, whose length
 * field may say more or less than there is.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../lib/gen.h"
#include "base/macro.h"
#include "classify/compile.h"
#include "classify/eval.h"
#include "classify/walk_user.h"
#include "packet/packet_user.h"
#include "rules/text.h"

#define SETS 64u
#define RULES_MAX 32u
#define SLOTS (RULES_MAX + PK_HOOK_N)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct set {
    struct pk_arena arena;
    struct pk_ruleset *rs;
    struct pk_image image;
};

static struct set sets[PK_FAMILY_N][SETS];
static struct pk_counters walked[SLOTS];

static void count(__u32 slot, __u32 bytes)
{
    if (slot >= SLOTS)
        abort();
    walked[slot].packets++;
    walked[slot].bytes += bytes;
}

static struct pk_ruleset *make_rules(struct gen *g, unsigned n, struct pk_arena *a)
{
    const struct pk_read_options o = {.format = PK_TEXT_SAVE, .family = (int)g->family};
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(1u << 20);
    _pk_diags_ struct pk_diags d = {0};
    struct gen_shape shape = gen_shape_for(g, n);
    struct pk_read read;

    gen_rules(g, &shape, &text);
    if (pk_text_read(text.data, text.len, "gen", &o, a, &read, &d)) {
        pk_diags_print(&d, stderr);
        abort();
    }
    return read.family[g->family];
}

static void compile_set(const struct pk_ruleset *rs, enum pk_classifier classifier,
                        struct pk_image *ret)
{
    const struct pk_ruleset *both[PK_FAMILY_N] = {0};
    _pk_diags_ struct pk_diags d = {0};
    uint32_t rule[RULES_MAX], i;
    struct pk_slots slots = {0};

    for (i = 0; i < RULES_MAX; i++)
        rule[i] = PK_HOOK_N + i;
    for (i = 0; i < PK_HOOK_N; i++)
        slots.policy[rs->family][i] = i;
    slots.rule[rs->family] = rule;
    both[rs->family] = rs;
    if (pk_compile(both, &slots, &(struct pk_compile_options){.classifier = classifier}, ret, &d)) {
        pk_diags_print(&d, stderr);
        abort();
    }
}

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "walk and evaluator differ: %s\n", what);
    abort();
}

static void compare(const struct pk_ruleset *rs, const struct pk_image_head *image,
                    enum pk_hook hook, const struct pk_view *v, const struct pk_source *s)
{
    static const uint8_t ends[] = {[PK_END_RULE] = PK_WALK_RULE,
                                   [PK_END_POLICY] = PK_WALK_POLICY,
                                   [PK_END_HOTDROP] = PK_WALK_HOTDROP};
    struct pk_counters rule[RULES_MAX] = {0};
    struct pk_tally tally = {.rule = rule};
    struct pk_verdict verdict = pk_eval(rs, hook, v, &tally, NULL, NULL);
    struct pk_walk w;

    memset(walked, 0, sizeof(walked));
    pk_user_count = count;
    w = pk_user_walk(image, hook, s, v->p);
    expect(w.end == ends[verdict.end], "how it ended");
    expect(w.action == verdict.action, "verdict");
    expect(!memcmp(walked, tally.policy, sizeof(tally.policy)), "policy counters");
    expect(!memcmp(walked + PK_HOOK_N, rule, sizeof(rule)), "rule counters");
}

static const struct set *find_set(enum pk_family family, unsigned i)
{
    struct set *set = &sets[family][i];
    struct gen g = gen_new(i, family, RULES_MAX);

    if (!set->rs) {
        set->rs = make_rules(&g, gen_below(&g, RULES_MAX + 1), &set->arena);
        compile_set(set->rs, i % PK_CLASSIFIER_N, &set->image);
    }
    return set;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pk_source source = {.ip = data + 3, .len = size > 3 ? size - 3 : 0};
    struct pk_packet p = {0};
    struct pk_view view = {.p = &p, .ip = source.ip};
    const struct set *set;
    struct gen g;

    if (!source.len || pk_packet_parse(source.ip, source.len, &p) != PK_PARSE_OK)
        return 0;
    set = find_set(p.family, data[0] % SETS);
    g = gen_new(data[2], p.family, RULES_MAX);
    gen_interfaces(&g, data[1] % PK_HOOK_N, &p);
    /* Bytes behind the packet's own length are no part of it: the kernel has trimmed them. */
    view.len = PK_MIN(source.len, p.len);
    compare(set->rs, set->image.head, data[1] % PK_HOOK_N, &view, &source);
    return 0;
}
