// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/merge.h"

#include <string.h>

#include "rules/match/codes.h"

/* Fields whose values are disjoint for OK, SHORT and the rest, and need no equality to be united.
 */
static bool follows_status(enum pk_field f)
{
    return f == PK_F_KIND || f == PK_F_SPORT || f == PK_F_DPORT || f == PK_F_FLAGS ||
           f == PK_F_ICMP;
}

static bool branch_is_empty(const struct pk_branch *b)
{
    for (unsigned f = 0; f < PK_FIELD_N; f++) {
        if (b->set[f] && !b->set[f]->n)
            return true;
    }
    return false;
}

static bool same_steps(const struct pk_step *a, const struct pk_step *b, unsigned n)
{
    return !memcmp(a, b, n * sizeof(*a));
}

static bool same_set(const struct pk_iset *a, const struct pk_iset *b)
{
    return a && b ? pk_iset_equal(a, b) : a == b;
}

/*
 * Whether branch b, which matches or (hot) drops at its end, can be a part of leaf m: the one with
 * fewer steps must have the beginning of the other's, and drop.
 */
static bool steps_fit(const struct pk_merged *m, const struct pk_branch *b, bool hot)
{
    if (b->n_steps > m->n_steps)
        return !m->matches && same_steps(m->steps, b->steps, m->n_steps);
    if (b->n_steps < m->n_steps && !hot)
        return false;
    return same_steps(m->steps, b->steps, b->n_steps);
}

static bool branch_fits(const struct pk_compile *ctx, const struct pk_merged *m,
                        const struct pk_branch *b, bool hot)
{
    if (m->statuses & PK_STATUS_BIT(ctx->status) || !steps_fit(m, b, hot))
        return false;
    for (unsigned f = 0; f < PK_FIELD_N; f++) {
        if (!follows_status((enum pk_field)f) && !same_set(m->set[f], b->set[f]))
            return false;
    }
    return true;
}

/* The protocols of a branch as values of KIND under its status. */
static const struct pk_iset *kind_values(struct pk_compile *ctx, const struct pk_iset *protos,
                                         enum pk_l4_status status)
{
    unsigned base = (unsigned)status << 8;
    struct pk_iset *kinds;

    protos = pk_set_explicit(ctx, PK_F_KIND, protos, PK_STATUS_BIT(status));
    if (!protos)
        return NULL;
    kinds = pk_arena_alloc(ctx->arena, sizeof(*kinds) + protos->n * sizeof(kinds->iv[0]));
    if (!pk_set_made(ctx, kinds, 0))
        return NULL;
    kinds->n = protos->n;
    for (size_t i = 0; i < protos->n; i++) {
        kinds->iv[i].lo.lo = protos->iv[i].lo.lo + base;
        kinds->iv[i].hi.lo = protos->iv[i].hi.lo + base;
    }
    return kinds;
}

static void unite_field(struct pk_compile *ctx, struct pk_merged *m, const struct pk_branch *b,
                        enum pk_field f)
{
    const struct pk_iset *old, *new;

    if (f == PK_F_KIND) {
        new = kind_values(ctx, b->set[f], ctx->status);
        m->set[f] = m->statuses ? pk_set_or(ctx, m->set[f], new) : new;
    } else if (!m->statuses || !follows_status(f)) {
        m->set[f] = b->set[f];
    } else if (m->set[f] || b->set[f]) {
        old = pk_set_explicit(ctx, f, m->set[f], m->statuses);
        new = pk_set_explicit(ctx, f, b->set[f], PK_STATUS_BIT(ctx->status));
        m->set[f] = pk_set_or(ctx, old, new);
    }
}

static void unite(struct pk_compile *ctx, struct pk_merged *m, const struct pk_branch *b, bool hot)
{
    for (unsigned f = 0; f < PK_FIELD_N; f++)
        unite_field(ctx, m, b, (enum pk_field)f);
    if (b->n_steps > m->n_steps) {
        memcpy(m->steps, b->steps, b->n_steps * sizeof(b->steps[0]));
        m->n_steps = b->n_steps;
    }
    m->statuses |= PK_STATUS_BIT(ctx->status);
    if (hot)
        m->hot_at[b->n_steps] |= PK_STATUS_BIT(ctx->status);
    else
        m->matches = true;
}

/* A branch is finished: it becomes a part of a leaf, or a leaf. */
void pk_merge_branch(struct pk_compile *ctx, const struct pk_branch *b, bool hot)
{
    struct pk_merge *all = ctx->merge;
    unsigned i = 0;

    if (ctx->error || branch_is_empty(b))
        return;
    while (i < all->n && !branch_fits(ctx, &all->leaf[i], b, hot))
        i++;
    if (i == PK_LEAVES_PER_RULE) {
        pk_compile_too_big(ctx, PK_CODE_RULE_LEAVES, "separate cases", PK_LEAVES_PER_RULE);
        return;
    }
    if (i == all->n)
        memset(&all->leaf[all->n++], 0, sizeof(all->leaf[0]));
    unite(ctx, &all->leaf[i], b, hot);
}
