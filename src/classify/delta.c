// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/delta.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "classify/leaves.h"

/* The family of an image that a delta is for. */
struct under {
    const struct pk_family_tab *t;
    const struct pk_leaf_rec *leaf;
};

static struct under under_of(const struct pk_image_head *head, uint32_t place, unsigned family)
{
    const struct pk_family_tab *t = &head->family[family];

    return (struct under){t, (const void *)((const char *)head + (t->leaves - place))};
}

/* The first leaf of a rule, or of one behind it. */
static uint32_t leaf_of(const struct under *u, uint32_t rule)
{
    uint32_t first = 0, n = u->t->n_leaves, half;

    while (n) {
        half = n / 2;
        if (u->leaf[first + half].rule < rule) {
            first += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return first;
}

static size_t align8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static size_t gone_bytes(const struct under *u, const struct pk_delta_part *p)
{
    return p->n_gone ? align8((u->t->n_leaves + 63) / 64 * 8) : 0;
}

static bool jumps(const struct pk_ruleset *rs)
{
    for (size_t c = 0; c < rs->n_chains; c++)
        for (size_t i = 0; i < rs->chains[c]->n_rules; i++)
            if (rs->chains[c]->rules[i]->to)
                return true;
    return false;
}

/* Leaves whose rules went. */
static uint64_t gone_leaves(const struct under *u, const struct pk_delta_part *p)
{
    uint64_t n = 0;

    for (size_t i = 0; i < p->n_gone; i++)
        n += leaf_of(u, p->gone[i] + 1) - leaf_of(u, p->gone[i]);
    return n;
}

/*
 * Whether the walk can do it: it meets each leaf of the delta once a visit of its chain, at most,
 * and passes each that is gone, where it may have ended when its length was reckoned.
 */
static bool fits(const struct under *u, const struct pk_delta_part *p,
                 const struct pk_family_tab *t)
{
    uint64_t more = 2 * (uint64_t)t->n_leaves + gone_leaves(u, p);
    uint64_t steps = u->t->steps + u->t->visits * more;

    return t->n_leaves <= PK_DELTA_LEAVES && t->words - t->rows <= PK_DELTA_NODES * 16 &&
           steps <= PK_WALK_STEPS_COMPILED;
}

/* Gives the small image what makes it a delta; returns the offset behind that. */
static size_t write_part(const struct under *u, const struct pk_delta_part *p, char *image,
                         struct pk_family_tab *t, size_t at)
{
    const struct pk_leaf_rec *leaf = (const struct pk_leaf_rec *)(image + t->leaves);
    uint32_t *anchor = (uint32_t *)(image + at);
    uint64_t *gone;

    for (uint32_t i = 0; i < t->n_leaves; i++)
        anchor[i] = leaf_of(u, p->before[leaf[i].rule]);
    if (t->n_leaves)
        t->anchors = (uint32_t)at;
    at += align8(t->n_leaves * sizeof(*anchor));
    gone = (uint64_t *)(image + at);
    for (size_t i = 0; i < p->n_gone; i++)
        for (uint32_t l = leaf_of(u, p->gone[i]);
             l < u->t->n_leaves && u->leaf[l].rule == p->gone[i]; l++)
            gone[l / 64] |= 1ULL << l % 64;
    if (p->n_gone)
        t->gone = (uint32_t)at;
    return at + gone_bytes(u, p);
}

static void write_under(const struct under *u, struct pk_family_tab *t)
{
    t->under = u->t->under;
    t->under_leaves = u->t->under_leaves;
    t->under_chains = u->t->under_chains;
    for (unsigned i = 0; i < PK_FLOW_WORDS; i++)
        t->mask[i] |= u->t->mask[i];
}

/* Makes `img`, an image like any other, the delta. */
static int make_delta(const struct pk_image_head *below, uint32_t place,
                      const struct pk_delta_part *part, struct pk_image *img)
{
    size_t at = align8(img->head->size), size = at;
    struct pk_image_head *head;

    for (unsigned f = 0; f < PK_FAMILY_N; f++) {
        const struct under u = under_of(below, place, f);

        if (!u.t->present)
            continue;
        if (!fits(&u, &part[f], &img->head->family[f]))
            return -E2BIG;
        size += align8(img->head->family[f].n_leaves * sizeof(uint32_t)) + gone_bytes(&u, &part[f]);
    }
    head = realloc(img->head, size);
    if (!head)
        return -ENOMEM;
    img->head = head;
    memset((char *)head + head->size, 0, size - head->size);
    for (unsigned f = 0; f < PK_FAMILY_N; f++) {
        const struct under u = under_of(below, place, f);

        if (!u.t->present)
            continue;
        at = write_part(&u, &part[f], (char *)head, &head->family[f], at);
        write_under(&u, &head->family[f]);
    }
    head->delta = 1;
    head->size = (uint32_t)size;
    return 0;
}

int pk_delta_compile(const struct pk_image_head *under, uint32_t place,
                     const struct pk_delta_part part[PK_FAMILY_N], const struct pk_slots *slots,
                     struct pk_image *ret, struct pk_diags *d)
{
    const struct pk_compile_options o = {0};
    const struct pk_ruleset *rs[PK_FAMILY_N];
    struct pk_image img;
    int r;

    for (unsigned f = 0; f < PK_FAMILY_N; f++) {
        rs[f] = part[f].rs;
        if (rs[f] && jumps(rs[f]))
            return -E2BIG;
    }
    r = pk_compile(rs, slots, &o, &img, d);
    if (r)
        return r;
    r = make_delta(under, place, part, &img);
    if (r)
        pk_image_done(&img);
    else
        *ret = img;
    return r;
}
