// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/leaves.h"

#include <errno.h>

#include "classify/codes.h"
#include "rules/conntrack.h"
#include "rules/header.h"

static int grow(struct pk_leaf_list *l, struct pk_arena *a)
{
    void *rec = pk_arena_grow(a, l->rec, l->n, &l->cap_rec, sizeof(*l->rec));
    void *set = pk_arena_grow(a, l->set, l->n, &l->cap_set, sizeof(*l->set));
    void *rule = pk_arena_grow(a, l->rule, l->n, &l->cap_rule, sizeof(*l->rule));

    if (!rec || !set || !rule)
        return -ENOMEM;
    l->rec = rec;
    l->set = set;
    l->rule = rule;
    return 0;
}

static int add_steps(struct pk_leaf_list *l, const struct pk_leaf *leaf, struct pk_arena *a,
                     uint32_t *ret_at)
{
    size_t n = leaf->n_predicates + leaf->n_effects, i;
    struct pk_step *larger;

    *ret_at = n ? (uint32_t)l->n_steps + 1 : 0;
    for (i = 0; i < n; i++) {
        larger = pk_arena_grow(a, l->steps, l->n_steps, &l->cap_steps, sizeof(*l->steps));
        if (!larger)
            return -ENOMEM;
        l->steps = larger;
        l->steps[l->n_steps++] = leaf->steps[i];
    }
    return 0;
}

/* Interns the sets of a leaf into the place behind the last leaf. */
static int add_sets(struct pk_leaf_list *l, const struct pk_leaf *leaf)
{
    unsigned f;
    int r;

    for (f = 0; f < PK_FIELD_N; f++) {
        r = pk_sets_add(&l->sets, leaf->set[f], pk_field_max(f, l->rs->family), &l->set[l->n][f]);
        if (r)
            return r;
    }
    return 0;
}

/* A leaf one of whose sets is empty can match no packet. */
static bool is_empty(const struct pk_leaf *leaf)
{
    unsigned f;

    for (f = 0; f < PK_FIELD_N; f++)
        if (leaf->set[f] && !leaf->set[f]->n)
            return true;
    return false;
}

/* Steps that say the same of every packet without an extension header: no. */
static bool goes_through_headers(const struct pk_step *st)
{
    if (st->kind == PK_STEP_HEADER)
        return !(st->arg & PK_HEADER_L4);
    return st->kind == PK_STEP_OPTIONS || st->kind == PK_STEP_ROUTE || st->kind == PK_STEP_DATA;
}

static bool sees_headers(const struct pk_leaf *leaf)
{
    for (unsigned i = 0; i < leaf->n_predicates; i++)
        if (goes_through_headers(&leaf->steps[i]))
            return true;
    return false;
}

/* What the steps of a leaf go by of PK_CT_TOLD_*; -1: they see more of a packet than its flow's
 * key.
 */
static int told_of(const struct pk_leaf *leaf)
{
    uint32_t told = 0, asked;

    if (leaf->n_effects)
        return -1;
    for (unsigned i = 0; i < leaf->n_predicates; i++) {
        const struct pk_step *st = &leaf->steps[i];

        if (st->kind == PK_STEP_L4 || st->kind == PK_STEP_NEVER || goes_through_headers(st))
            continue; /* the key has the layer-4 status; sees_headers() */
        asked = st->kind == PK_STEP_CONNTRACK ? pk_ct_told_asked(st->arg, st->data[3]) : 0;
        if (!asked)
            return -1;
        told |= asked;
    }
    return (int)told;
}

static int add_leaf(struct pk_leaf_list *l, const struct pk_rule *r, const struct pk_leaf *leaf,
                    uint32_t slot, struct pk_arena *a)
{
    int e, told = told_of(leaf);
    uint32_t steps;

    if (is_empty(leaf))
        return 0;
    e = grow(l, a);
    if (!e)
        e = add_sets(l, leaf);
    if (!e)
        e = add_steps(l, leaf, a, &steps);
    if (e)
        return e;
    l->rule[l->n] = r;
    l->told |= told < 0 ? 0 : (uint8_t)told;
    l->rec[l->n++] = (struct pk_leaf_rec){
        .counter = slot,
        .steps = steps,
        .chain = r->chain->index,
        .target = r->to ? r->to->index : 0,
        .rule = r->ordinal,
        .n_predicates = (uint8_t)leaf->n_predicates,
        .n_effects = leaf->n_effects & 63,
        .sees_more = told < 0,
        .sees_headers = sees_headers(leaf),
        .action = (uint8_t)r->action,
        .hot = (uint8_t)leaf->hot,
    };
    return 0;
}

static int add_rule(struct pk_leaf_list *l, const struct pk_rule *r, uint32_t slot,
                    struct pk_arena *a, struct pk_arena *scratch, struct pk_diags *d)
{
    struct pk_leaves leaves;
    unsigned i;
    int e;

    pk_arena_reset(scratch);
    e = pk_rule_compile(r, l->rs->family, scratch, &leaves, d);
    for (i = 0; !e && i < leaves.n; i++)
        e = add_leaf(l, r, &leaves.leaf[i], slot, a);
    return e;
}

int pk_leaf_list_make(struct pk_leaf_list *l, const struct pk_ruleset *rs, const uint32_t *slots,
                      struct pk_arena *a, struct pk_diags *d)
{
    _pk_arena_ struct pk_arena scratch = {0}; /* of one rule at a time */
    const struct pk_chain *c;
    size_t i, k;
    int r = pk_sets_init(&l->sets, a);

    l->rs = rs;
    l->chain = pk_arena_array(a, struct pk_run, rs->n_chains);
    if (r || !l->chain)
        return -ENOMEM;
    for (i = 0; i < rs->n_chains; i++) {
        c = rs->chains[i];
        l->chain[i].start = (uint32_t)l->n;
        for (k = 0; k < c->n_rules; k++) {
            r = add_rule(l, c->rules[k], slots[c->rules[k]->ordinal], a, &scratch, d);
            if (r)
                return r;
        }
        l->chain[i].end = (uint32_t)l->n;
    }
    return 0;
}

void pk_leaf_list_done(struct pk_leaf_list *l)
{
    pk_sets_done(&l->sets);
    *l = (struct pk_leaf_list){0};
}
