// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

/*
 * The rules of a chain that stay keep their places as far as they can: those outside a longest
 * increasing subsequence of their old places are the ones that moved. O(n log n).
 */
struct diff {
    struct pk_arena *arena;
    struct pk_change *changes;
    size_t n, cap;
    uint32_t *from;  /* by ordinal after: ordinal before, or PK_NEW */
    bool *kept;      /* by ordinal before: stays */
    bool *in_place;  /* by ordinal after: stays and did not move */
    uint32_t *tails; /* scratch: ordinal after that ends the best run of each length */
    uint32_t *link;  /* scratch, by ordinal after: the one before it in its run */
};

static int emit(struct diff *d, struct pk_change change)
{
    struct pk_change *p = pk_arena_grow(d->arena, d->changes, d->n, &d->cap, sizeof(*p));

    if (!p)
        return -ENOMEM;
    d->changes = p;
    d->changes[d->n++] = change;
    return 0;
}

/* The length of the longest run that a rule from `place` can be put behind. */
static size_t run_before(const struct diff *d, size_t n_tails, uint32_t place)
{
    size_t lo = 0, hi = n_tails;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (d->from[d->tails[mid]] < place)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void mark_in_place(struct diff *d, const struct pk_chain *after)
{
    size_t n_tails = 0;
    uint32_t last;

    for (size_t i = 0; i < after->n_rules; i++) {
        uint32_t o = after->rules[i]->ordinal;
        size_t run;

        if (d->from[o] == PK_NEW)
            continue;
        run = run_before(d, n_tails, d->from[o]);
        d->link[o] = run ? d->tails[run - 1] : PK_NEW;
        d->tails[run] = o;
        n_tails = PK_MAX(n_tails, run + 1);
    }
    last = n_tails ? d->tails[n_tails - 1] : PK_NEW;
    for (; last != PK_NEW; last = d->link[last])
        d->in_place[last] = true;
}

/* Removed rules of `before` from *next up to the rule with ordinal `until`. */
static int emit_removed(struct diff *d, const struct pk_chain *before, size_t *next, uint32_t until,
                        const struct pk_chain *chain)
{
    for (; before && *next < before->n_rules; ++*next) {
        const struct pk_rule *r = before->rules[*next];

        if (r->ordinal >= until)
            return 0;
        if (!d->kept[r->ordinal] &&
            emit(d, (struct pk_change){.kind = PK_CHANGE_REMOVE, .chain = chain, .rule = r}))
            return -ENOMEM;
    }
    return 0;
}

static int diff_rules(struct diff *d, const struct pk_chain *before, const struct pk_chain *after)
{
    size_t next = 0;

    mark_in_place(d, after);
    for (size_t i = 0; i < after->n_rules; i++) {
        const struct pk_rule *r = after->rules[i];
        uint32_t from = d->from[r->ordinal];
        struct pk_change change = {.chain = after, .rule = r};

        if (d->in_place[r->ordinal]) {
            if (emit_removed(d, before, &next, from, after))
                return -ENOMEM;
            continue;
        }
        change.kind = from == PK_NEW ? PK_CHANGE_ADD : PK_CHANGE_MOVE;
        if (emit(d, change))
            return -ENOMEM;
    }
    return emit_removed(d, before, &next, UINT32_MAX, after);
}

static int diff_chain(struct diff *d, const struct pk_chain *before, const struct pk_chain *after)
{
    enum pk_action policy = before ? before->policy : PK_ACT_ACCEPT;
    struct pk_change change = {.chain = after, .policy_before = policy};
    int err = 0;

    if (after->hook >= 0 && after->policy != policy) {
        change.kind = PK_CHANGE_POLICY;
        err = emit(d, change);
    } else if (after->hook < 0 && !before) {
        change.kind = PK_CHANGE_CHAIN_NEW;
        err = emit(d, change);
    }
    return err ? err : diff_rules(d, before, after);
}

static int diff_gone(struct diff *d, const struct pk_ruleset *before,
                     const struct pk_ruleset *after)
{
    for (size_t i = 0; before && i < before->n_chains; i++) {
        const struct pk_chain *c = before->chains[i];
        size_t next = 0;

        if (pk_ruleset_chain(after, c->name, strlen(c->name)))
            continue;
        if (emit_removed(d, c, &next, UINT32_MAX, c) ||
            emit(d, (struct pk_change){.kind = PK_CHANGE_CHAIN_GONE, .chain = c}))
            return -ENOMEM;
    }
    return 0;
}

static int diff_start(struct diff *d, const struct pk_ruleset *before,
                      const struct pk_ruleset *after)
{
    d->from = pk_arena_array(d->arena, uint32_t, after->n_rules);
    d->tails = pk_arena_array(d->arena, uint32_t, after->n_rules);
    d->link = pk_arena_array(d->arena, uint32_t, after->n_rules);
    d->in_place = pk_arena_array(d->arena, bool, after->n_rules);
    d->kept = pk_arena_array(d->arena, bool, before ? before->n_rules : 0);
    if (!d->from || !d->tails || !d->link || !d->in_place || !d->kept ||
        pk_ruleset_stays(before, after, d->from))
        return -ENOMEM;
    for (uint32_t i = 0; i < after->n_rules; i++)
        if (d->from[i] != PK_NEW)
            d->kept[d->from[i]] = true;
    return 0;
}

int pk_ruleset_diff(const struct pk_ruleset *before, const struct pk_ruleset *after,
                    struct pk_arena *a, struct pk_change **ret, size_t *ret_n)
{
    struct diff d = {.arena = a};
    int err = diff_start(&d, before, after);

    for (size_t i = 0; i < after->n_chains && !err; i++) {
        const struct pk_chain *c = after->chains[i];

        err = diff_chain(&d, before ? pk_ruleset_chain(before, c->name, strlen(c->name)) : NULL, c);
    }
    if (!err)
        err = diff_gone(&d, before, after);
    if (err)
        return err;
    *ret = d.changes;
    *ret_n = d.n;
    return 0;
}
