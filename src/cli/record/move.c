// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which series a rule of a new set goes on with: that of the rule of an earlier set that has its
 * counter's slot, chain and text. Numbers of equal rules are kept, too.
 */
#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "base/macro.h"
#include "cli/record/rules.h"

/* The rules of a set by their ordinals. */
static int pk_rules_flat(const struct pk_ruleset *rs, struct pk_arena *a, struct pk_rule ***ret)
{
    struct pk_rule **flat = pk_arena_array(a, struct pk_rule *, rs->n_rules + 1u);

    if (!flat)
        return -ENOMEM;
    for (size_t c = 0; c < rs->n_chains; c++)
        for (size_t i = 0; i < rs->chains[c]->n_rules; i++)
            flat[pk_rule_at(rs, c, i)->ordinal] = pk_rule_at(rs, c, i);
    *ret = flat;
    return 0;
}

/* Sets of a family, while cells go from the earlier ones to the new one. */
struct pk_move {
    struct pk_arena *arena;
    struct pk_rule_watch *new;
    enum pk_family f;
    struct pk_rule **is; /* by ordinal */
    struct {
        const struct pk_rule *rule;
        uint32_t copies; /* the highest number in use */
    } * names;           /* open addressing, by chain and text */
    size_t mask;
};

static bool pk_rule_same(const struct pk_rule *a, const struct pk_rule *b)
{
    return !strcmp(a->text, b->text) && !strcmp(a->chain->name, b->chain->name);
}

static uint32_t *pk_copies_of(const struct pk_move *m, const struct pk_rule *r)
{
    uint64_t hash =
        pk_hash64(r->text, strlen(r->text), (uintptr_t)m->names) ^ pk_mix64(r->chain->index + 1u);

    while (m->names[hash & m->mask].rule && !pk_rule_same(m->names[hash & m->mask].rule, r))
        hash++;
    m->names[hash & m->mask].rule = r;
    return &m->names[hash & m->mask].copies;
}

static int pk_move_new(struct pk_move *m)
{
    const struct pk_ruleset *rs = m->new->live.family[m->f];
    size_t size = 16;

    while (size < (size_t)rs->n_rules * 2)
        size *= 2;
    m->mask = size - 1;
    m->names = pk_arena_alloc_array(m->arena, sizeof(*m->names), size);
    return m->names ? pk_rules_flat(rs, m->arena, &m->is) : -ENOMEM;
}

/* An earlier set by counter slot. */
struct pk_origin {
    struct pk_rule_watch *set;
    struct pk_rule **was; /* by ordinal */
    uint32_t *by_slot;    /* ordinal + 1 */
    uint32_t n_slots;
};

static int pk_origin_new(struct pk_rule_watch *set, const struct pk_move *m, struct pk_origin *ret)
{
    const struct pk_ruleset *rs = set->live.family[m->f];
    const uint32_t *slot = set->live.slot[m->f];
    struct pk_origin o = {.set = set};

    for (uint32_t i = 0; i < rs->n_rules; i++)
        o.n_slots = PK_MAX(o.n_slots, slot[i] + 1);
    o.by_slot = pk_arena_array(m->arena, uint32_t, o.n_slots + 1u);
    if (!o.by_slot || pk_rules_flat(rs, m->arena, &o.was))
        return -ENOMEM;
    for (uint32_t i = 0; i < rs->n_rules; i++)
        o.by_slot[slot[i]] = i + 1;
    *ret = o;
    return 0;
}

/* The cell of a rule that was in the earlier set; NULL: it was not. */
static struct pk_rule_cell *pk_origin_cell(const struct pk_origin *o, const struct pk_move *m,
                                           uint32_t ordinal)
{
    uint32_t slot = m->new->live.slot[m->f][ordinal], from;

    if (slot >= o->n_slots || !o->by_slot[slot])
        return NULL;
    from = o->by_slot[slot] - 1;
    return pk_rule_same(o->was[from], m->is[ordinal]) ? &o->set->rule[m->f][from] : NULL;
}

/* Takes over the cells of rules that have none yet, with their numbers; and those of policies. */
static int pk_move_from(const struct pk_move *m, struct pk_rule_watch *set, bool *policies)
{
    struct pk_rule_cell *to = m->new->rule[m->f], *from;
    struct pk_origin o;
    uint32_t *copies;

    if (!set || !pk_family_given(set, m->f))
        return 0;
    if (pk_origin_new(set, m, &o))
        return -ENOMEM;
    for (uint32_t i = 0; i < m->new->live.family[m->f]->n_rules; i++) {
        from = to[i].copy ? NULL : pk_origin_cell(&o, m, i);
        if (!from)
            continue;
        to[i] = *from; /* not moved itself */
        from->moved = true;
        copies = pk_copies_of(m, m->is[i]);
        *copies = PK_MAX(*copies, to[i].copy);
    }
    if (*policies || memcmp(set->live.policy_slot[m->f], m->new->live.policy_slot[m->f],
                            sizeof(set->live.policy_slot[m->f])) != 0)
        return 0;
    memcpy(m->new->policy[m->f], set->policy[m->f], sizeof(m->new->policy[m->f]));
    set->policy_moved[m->f] = *policies = true;
    return 0;
}

/* Rules that no earlier set has. */
static void pk_move_rest(const struct pk_move *m, bool fresh)
{
    struct pk_rule_cell *to = m->new->rule[m->f];

    for (uint32_t i = 0; i < m->new->live.family[m->f]->n_rules; i++) {
        if (to[i].copy)
            continue;
        to[i].copy = ++*pk_copies_of(m, m->is[i]);
        if (fresh)
            to[i].cells = (struct pk_cells){PK_CELL_FRESH, PK_CELL_FRESH};
    }
}

/*
 * An undone change brings rules back with their counters. New ones count from 0, unless the
 * counters of a file were loaded: then all slots are other ones, those of the policies too
 * (kernel/slots.h).
 */
static int pk_move_family(struct pk_rule_watch *live, struct pk_rule_watch *before,
                          struct pk_rule_watch *new, enum pk_family f)
{
    _pk_arena_ struct pk_arena a = {0};
    struct pk_move m = {.arena = &a, .new = new, .f = f};
    bool fresh = false, policies = false;
    int r = pk_move_new(&m);

    if (!r)
        r = pk_move_from(&m, live, &policies);
    fresh = policies;
    if (!r)
        r = pk_move_from(&m, before, &policies);
    if (!r)
        pk_move_rest(&m, fresh);
    return r;
}

static void pk_rule_watch_unmove(struct pk_rule_watch *w)
{
    for (int f = 0; f < PK_FAMILY_N; f++) {
        w->policy_moved[f] = false;
        for (uint32_t i = 0; pk_family_given(w, f) && i < w->live.family[f]->n_rules; i++)
            w->rule[f][i].moved = false;
    }
}

int pk_rule_watch_number(struct pk_rule_watch *w, enum pk_family f)
{
    _pk_arena_ struct pk_arena a = {0};
    struct pk_move m = {.arena = &a, .new = w, .f = f};
    int r = pk_move_new(&m);

    if (!r)
        pk_move_rest(&m, false);
    return r;
}

int pk_rule_watch_move(struct pk_rule_watch *live, struct pk_rule_watch *before,
                       struct pk_rule_watch *new)
{
    int r = 0;

    if (live)
        pk_rule_watch_unmove(live);
    for (int i = 0; i < PK_FAMILY_N && !r; i++)
        if (pk_family_given(new, i))
            r = pk_move_family(live, before, new, (enum pk_family)i);
    return r;
}
