// SPDX-License-Identifier: GPL-2.0-or-later
/* Picket as a subject of its own benchmark: the same calls as `picket apply` and `picket save`. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/macro.h"
#include "cli/bench.h"
#include "kernel/fence.h"
#include "rules/text.h"

#define PK_BENCH_TEXT_MAX (8u << 20)

static void pk_bench_failed(struct pk_bench_cell *c, const struct pk_diags *d, int r)
{
    const char *why = d->n ? d->items[d->n - 1].text : NULL;

    c->state = PK_BENCH_FAILED;
    snprintf(c->why, sizeof(c->why), "%s", why ? why : strerror(-r));
}

static int pk_bench_apply(struct pk_bench_cell *c, struct pk_arena *a, struct pk_diags *d)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_BENCH_TEXT_MAX);
    static const char *const devs[] = {"r0"};
    struct pk_apply_options o = {.hook = (enum pk_attach_kind)c->subject->hook, .hook_given = true};
    const struct pk_ruleset *rs[PK_FAMILY_N] = {0};
    struct pk_read_options how = {.family = PK_IPV4};
    struct pk_read read = {0};
    unsigned open;
    int r;

    pk_bench_rules_text(c->n_rules, &text);
    if (text.failed)
        return text.failed;
    r = pk_text_read(text.data, text.len, "bench.v4", &how, a, &read, d);
    if (r)
        return r;
    rs[PK_IPV4] = read.family[PK_IPV4];
    if (o.hook != PK_ATTACH_NETFILTER) {
        o.devs = devs;
        o.n_devs = PK_ARRAY_SIZE(devs);
        o.devs_given = true;
    }
    return pk_fence_apply(rs, &o, &open, d);
}

int pk_bench_picket_start(struct pk_bench_cell *c, struct pk_diags *d)
{
    _pk_diags_ struct pk_diags own = {0};
    _pk_arena_ struct pk_arena a = {0};
    int back, r;

    r = pk_netns_enter(&c->ns, &back);
    if (r)
        return r;
    r = pk_bench_apply(c, &a, &own);
    if (pk_netns_leave(&back) < 0 && !r)
        r = -EIO;
    if (r)
        pk_bench_failed(c, &own, r);
    return r;
}

/* In the cell's namespace. */
static int pk_bench_counters(uint64_t *ret_policy, uint64_t *ret_rules)
{
    _pk_diags_ struct pk_diags d = {0};
    _pk_arena_ struct pk_arena a = {0};
    struct pk_counters policy[PK_HOOK_N] = {0}, *rule;
    struct pk_live live = {0};
    struct pk_fence *f;
    uint32_t i, n;
    int r;

    r = pk_fence_open(&f, &d);
    if (r)
        return r;
    r = pk_fence_read(f, false, &a, &live, &d);
    n = r ? 0 : live.family[PK_IPV4]->n_rules;
    rule = pk_arena_array(&a, struct pk_counters, n + 1u);
    if (!r && !rule)
        r = -ENOMEM;
    if (!r)
        r = pk_fence_counters(f, &live, PK_IPV4, rule, policy);
    pk_fence_close(&f);
    if (r)
        return r;
    *ret_policy = policy[PK_INPUT].packets;
    for (i = 0, *ret_rules = 0; i < n; i++)
        *ret_rules += rule[i].packets;
    return 0;
}

int pk_bench_picket_judged(struct pk_bench_cell *c, uint64_t *ret_policy, uint64_t *ret_rules)
{
    int back, r;

    r = pk_netns_enter(&c->ns, &back);
    if (r)
        return r;
    r = pk_bench_counters(ret_policy, ret_rules);
    if (pk_netns_leave(&back) < 0 && !r)
        r = -EIO;
    return r;
}

void pk_bench_picket_stop(struct pk_bench_cell *c)
{
    _pk_diags_ struct pk_diags d = {0};
    int back;

    if (c->state == PK_BENCH_MISSING || pk_netns_enter(&c->ns, &back))
        return;
    pk_fence_detach(&d);
    pk_netns_leave(&back);
}
