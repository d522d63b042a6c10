// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules and policies as series. A rule's series is named after its family, chain and text, which do
 * not change when it moves; of rules that are equal the second and later ones have a label `copy`.
 * A rule that stays keeps its counter's slot, and its series goes by that.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/macro.h"
#include "cli/cli.h"
#include "cli/record/rules.h"

/* A rule's text in a label: a longer one is cut, and ends in its hash. */
#define PK_RULE_LABEL_MAX 1024u
#define PK_RULE_LABEL_CUT 1000u
#define PK_RULE_TEXT_MAX ((size_t)1 << 20)

static int pk_rule_watch_room(struct pk_rule_watch *w)
{
    for (int f = 0; f < PK_FAMILY_N; f++) {
        uint32_t n = pk_family_given(w, f) ? w->live.family[f]->n_rules : 0;

        w->rule[f] = pk_arena_array(&w->arena, struct pk_rule_cell, n + 1u);
        w->value[f] = pk_arena_array(&w->arena, struct pk_counters, n + 1u);
        if (!w->rule[f] || !w->value[f])
            return -ENOMEM;
    }
    return 0;
}

void pk_rule_watch_free(struct pk_rule_watch **w)
{
    if (!*w)
        return;
    pk_arena_done(&(*w)->arena);
    free(*w);
    *w = NULL;
}

#define _pk_rule_watch_ __attribute__((cleanup(pk_rule_watch_free)))

static int pk_rule_watch_read(struct pk_fence *f, bool before, struct pk_rule_watch **ret,
                              struct pk_diags *d)
{
    _pk_rule_watch_ struct pk_rule_watch *w = calloc(1, sizeof(*w));
    int r = w ? pk_fence_read(f, before, &w->arena, &w->live, d) : -ENOMEM;

    if (!r)
        r = pk_rule_watch_room(w);
    if (!r)
        *ret = PK_TAKE_PTR(w);
    return r;
}

int pk_rule_watch_new(struct pk_fence *f, struct pk_rule_watch *live, struct pk_rule_watch *before,
                      struct pk_rule_watch **ret, struct pk_diags *d)
{
    _pk_rule_watch_ struct pk_rule_watch *w = NULL;
    int r = pk_rule_watch_read(f, false, &w, d);

    if (!r)
        r = pk_rule_watch_move(live, before, w);
    if (!r)
        *ret = PK_TAKE_PTR(w);
    return r;
}

static struct pk_cell pk_cell_of(uint64_t v)
{
    return (struct pk_cell){.known = true, .last = v};
}

static struct pk_cells pk_cells_of(struct pk_counters v)
{
    return (struct pk_cells){pk_cell_of(v.packets), pk_cell_of(v.bytes)};
}

/* Cells without series, which know what their counters are. */
static int pk_rule_watch_prime(struct pk_rule_watch *w, enum pk_family f,
                               const struct pk_counters policy[PK_HOOK_N])
{
    int r = pk_rule_watch_number(w, f);

    if (r)
        return r;
    for (uint32_t i = 0; i < w->live.family[f]->n_rules; i++)
        w->rule[f][i].cells = pk_cells_of(w->value[f][i]);
    for (int h = 0; h < PK_HOOK_N; h++)
        w->policy[f][h] = pk_cells_of(policy[h]);
    return 0;
}

int pk_rule_watch_before(struct pk_fence *f, struct pk_rule_watch **ret)
{
    struct pk_counters policy[PK_FAMILY_N][PK_HOOK_N] = {0};
    _pk_diags_ struct pk_diags unheard = {0};
    _pk_rule_watch_ struct pk_rule_watch *w = NULL;
    int r = pk_rule_watch_read(f, true, &w, &unheard);

    if (!r)
        r = pk_fence_sample(f, &w->live, w->value, policy);
    for (int i = 0; i < PK_FAMILY_N && !r; i++)
        if (pk_family_given(w, i))
            r = pk_rule_watch_prime(w, (enum pk_family)i, policy[i]);
    if (!r)
        *ret = PK_TAKE_PTR(w);
    return r;
}

/* The rule's text, fit for a label. */
static int pk_rule_label(const struct pk_rule *r, struct pk_buf *out)
{
    size_t len = strlen(r->text);

    pk_buf_text(out, r->text, len);
    pk_buf_add(out, "", 0);
    if (out->failed || out->len <= PK_RULE_LABEL_MAX)
        return out->failed;
    out->len = PK_RULE_LABEL_CUT;
    while (((unsigned char)out->data[out->len] & 0xc0) == 0x80)
        out->len--;
    pk_buf_fmt(out, " #%016" PRIx64, pk_hash64(r->text, len, 0));
    return out->failed;
}

static int pk_rule_put_as(struct pk_sink *k, enum pk_family f, const struct pk_rule *r,
                          const char *text, struct pk_rule_cell *c, struct pk_counters v)
{
    char copy[16];
    const struct pk_label labels[] = {
        {"family", pk_family_name(f)}, {"chain", r->chain->name}, {"rule", text}, {"copy", copy}};

    snprintf(copy, sizeof(copy), "%" PRIu32, c->copy);
    return pk_cells_put(k, &c->cells, "picket_rule", labels, c->copy > 1 ? 4 : 3, v);
}

static int pk_rule_put(struct pk_sink *k, enum pk_family f, const struct pk_rule *r,
                       struct pk_rule_cell *c, struct pk_counters v)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_RULE_TEXT_MAX);
    int bad = pk_rule_label(r, &text);

    return bad ? bad : pk_rule_put_as(k, f, r, text.data, c, v);
}

static bool pk_cells_rest(const struct pk_cells *c, struct pk_counters v)
{
    return pk_cell_rests(&c->packets, v.packets) && pk_cell_rests(&c->bytes, v.bytes);
}

static int pk_policies_put(struct pk_sink *k, struct pk_rule_watch *w, enum pk_family f,
                           const struct pk_counters policy[PK_HOOK_N])
{
    int r = 0;

    for (int h = 0; h < PK_HOOK_N && !r; h++) {
        const struct pk_label labels[] = {{"family", pk_family_name(f)},
                                          {"chain", pk_hook_name(h)}};

        r = pk_cells_put(k, &w->policy[f][h], "picket_policy", labels, 2, policy[h]);
    }
    return r;
}

static int pk_rules_put(struct pk_sink *k, struct pk_rule_watch *w, enum pk_family f, bool gone)
{
    const struct pk_ruleset *rs = w->live.family[f];
    int r = 0;

    for (size_t c = 0; c < rs->n_chains && !r; c++)
        for (size_t i = 0; i < rs->chains[c]->n_rules && !r; i++) {
            const struct pk_rule *rule = pk_rule_at(rs, c, i);
            struct pk_rule_cell *cell = &w->rule[f][rule->ordinal];
            struct pk_counters v = w->value[f][rule->ordinal];

            if (!(gone && cell->moved) && !pk_cells_rest(&cell->cells, v))
                r = pk_rule_put(k, f, rule, cell, v);
        }
    return r;
}

/* `gone`: only what no later set has. */
static int pk_watch_sample(struct pk_sink *k, struct pk_fence *fence, struct pk_rule_watch *w,
                           bool gone)
{
    struct pk_counters policy[PK_FAMILY_N][PK_HOOK_N];
    int r = pk_fence_sample(fence, &w->live, w->value, policy);

    for (int f = 0; f < PK_FAMILY_N && !r; f++) {
        if (!pk_family_given(w, f))
            continue;
        r = pk_rules_put(k, w, (enum pk_family)f, gone);
        if (!r && !(gone && w->policy_moved[f]))
            r = pk_policies_put(k, w, (enum pk_family)f, policy[f]);
    }
    return r;
}

int pk_rule_watch_sample(struct pk_sink *k, struct pk_fence *f, struct pk_rule_watch *w)
{
    return pk_watch_sample(k, f, w, false);
}

/* The last points of a family's series that no later set goes on with. */
static int pk_family_end(struct pk_sink *k, struct pk_rule_watch *w, enum pk_family f, int64_t t)
{
    int r = 0;

    for (uint32_t i = 0; i < w->live.family[f]->n_rules && !r; i++)
        if (!w->rule[f][i].moved)
            r = pk_cells_end(k, &w->rule[f][i].cells, t);
    for (int h = 0; h < PK_HOOK_N && !r && !w->policy_moved[f]; h++)
        r = pk_cells_end(k, &w->policy[f][h], t);
    return r;
}

int pk_rule_watch_end(struct pk_sink *k, struct pk_fence *fence, struct pk_rule_watch *w)
{
    int r = pk_watch_sample(k, fence, w, true);
    int64_t t = r == -ESTALE ? k->t_before : k->t;

    if (r == -ESTALE)
        r = 0;
    for (int f = 0; f < PK_FAMILY_N && !r; f++)
        if (pk_family_given(w, f))
            r = pk_family_end(k, w, (enum pk_family)f, t);
    return r;
}
