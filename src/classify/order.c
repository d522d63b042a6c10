// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/order.h"

#include <errno.h>
#include <stdlib.h>

/* A leaf, and where it would stand. */
struct place {
    struct pk_u128 value; /* the least of its set in the field that tells it apart best */
    uint32_t field;       /* that field; PK_FIELD_N: it takes every packet */
    uint32_t leaf;
};

struct order {
    struct pk_leaf_list *l;
    uint32_t *share[PK_FIELD_N]; /* [sets.n] how many leaves have the set in the field */
    struct place *place;         /* [l->n] */
};

/* Ends the walk or its chain, or leads to another one for good; no predicate can say no. */
static bool is_final(const struct pk_leaf_rec *rec)
{
    return rec->action != PK_ACT_NONE && rec->action != PK_ACT_JUMP && !rec->n_predicates;
}

/* A set of more than one eighth of all values tells little apart, however few leaves have it. */
static bool is_wide(const struct pk_iset *set, struct pk_u128 max)
{
    struct pk_u128 n = {0, 0};
    size_t i;

    for (i = 0; i < set->n; i++) {
        const struct pk_interval *iv = &set->iv[i];

        n.hi += iv->hi.hi - iv->lo.hi - (iv->hi.lo < iv->lo.lo);
        n.lo += iv->hi.lo - iv->lo.lo;
        n.hi += n.lo < iv->hi.lo - iv->lo.lo;
    }
    max.lo = max.lo >> 3 | max.hi << 61;
    max.hi >>= 3;
    return pk_u128_less(max, n);
}

static int count_shares(struct order *o, struct pk_arena *a)
{
    const struct pk_leaf_list *l = o->l;
    unsigned f;
    size_t i;

    for (f = 0; f < PK_FIELD_N; f++) {
        struct pk_u128 max = pk_field_max(f, l->rs->family);

        o->share[f] = pk_arena_array(a, uint32_t, l->sets.n);
        if (!o->share[f])
            return -ENOMEM;
        for (i = 0; i < l->n; i++)
            if (l->set[i][f] != PK_SET_ANY && !o->share[f][l->set[i][f]]++ &&
                is_wide(l->sets.set[l->set[i][f]], max))
                o->share[f][l->set[i][f]] = UINT32_MAX / 2;
    }
    return 0;
}

static struct place place_of(const struct order *o, uint32_t leaf)
{
    const uint32_t *set = o->l->set[leaf];
    struct place p = {.field = PK_FIELD_N, .leaf = leaf};
    uint32_t least = UINT32_MAX;
    unsigned f;

    for (f = 0; f < PK_FIELD_N; f++) {
        if (set[f] == PK_SET_ANY || o->share[f][set[f]] >= least)
            continue;
        least = o->share[f][set[f]];
        p.field = f;
        p.value = o->l->sets.set[set[f]]->iv[0].lo;
    }
    return p;
}

static int compare(const void *a, const void *b)
{
    const struct place *p = a, *q = b;

    if (p->field != q->field)
        return p->field < q->field ? -1 : 1;
    if (!pk_u128_equal(p->value, q->value))
        return pk_u128_less(p->value, q->value) ? -1 : 1;
    return p->leaf < q->leaf ? -1 : 1;
}

static int compare_leaves(const void *a, const void *b)
{
    const uint32_t p = *(const uint32_t *)a, q = *(const uint32_t *)b;

    return (p > q) - (p < q);
}

/* Within a word leaves stand in the rules' order: of those that are left of it the first one is
 * the one to look at. */
static void sort_words(uint32_t *at, uint32_t from, uint32_t end)
{
    uint32_t next;

    for (; from < end; from = next) {
        next = (from | 63) + 1 < end ? (from | 63) + 1 : end;
        qsort(at + from, next - from, sizeof(*at), compare_leaves);
    }
}

static void order_run(struct order *o, uint32_t from, uint32_t end)
{
    struct pk_leaf_list *l = o->l;
    uint32_t i;

    for (i = from; i < end; i++)
        o->place[i] = place_of(o, i);
    qsort(o->place + from, end - from, sizeof(*o->place), compare);
    for (i = from; i < end; i++) {
        l->at[i] = o->place[i].leaf;
        l->rec[i].from = from;
        l->rec[i].end = end;
    }
    sort_words(l->at, from, end);
    l->n_moved += end - from;
}

/* How many of them have bits. */
static size_t in_rows(const struct pk_leaf_list *l, uint32_t from, uint32_t end)
{
    size_t n = 0;

    for (; from < end; from++)
        n += !l->listed[from];
    return n;
}

/* Leaves that keep their places, up to the next run. */
static void keep(struct pk_leaf_list *l, uint32_t from, uint32_t end)
{
    for (; from < end; from++) {
        l->rec[from].from = PK_IN_ORDER;
        l->rec[from].end = end;
    }
}

static void order_chain(struct order *o, const struct pk_run *run)
{
    const struct pk_leaf_rec *rec = o->l->rec;
    uint32_t kept = run->start, from, end;

    for (from = run->start; from < run->end; from = end + 1) {
        for (end = from; end < run->end && is_final(&rec[end]); end++)
            ;
        if (in_rows(o->l, from, end) < PK_ORDER_MIN)
            continue;
        keep(o->l, kept, from);
        order_run(o, from, end);
        kept = end;
    }
    keep(o->l, kept, run->end);
}

int pk_leaf_list_order(struct pk_leaf_list *l, bool in_order, struct pk_arena *a)
{
    _pk_arena_ struct pk_arena scratch = {0};
    struct order o = {.l = l};
    size_t i;

    l->at = pk_arena_array(a, uint32_t, l->n);
    o.place = pk_arena_array(&scratch, struct place, l->n);
    if (!l->at || !o.place || count_shares(&o, &scratch))
        return -ENOMEM;
    for (i = 0; i < l->n; i++)
        l->at[i] = (uint32_t)i;
    for (i = 0; i < l->rs->n_chains; i++)
        if (in_order)
            keep(l, l->chain[i].start, l->chain[i].end);
        else
            order_chain(&o, &l->chain[i]);
    return 0;
}
