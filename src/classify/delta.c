// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/delta.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "classify/leaves.h"

void pk_image_leaves(const struct pk_image_head *image, enum pk_family family, size_t n_rules,
                     uint32_t *first)
{
    const struct pk_family_tab *t = &image->family[family];
    const struct pk_leaf_rec *leaf = (const void *)((const char *)image + t->leaves);
    uint32_t l = 0;

    for (size_t i = 0; i <= n_rules; i++) {
        while (l < t->n_leaves && leaf[l].rule < i)
            l++;
        first[i] = l;
    }
}

static size_t align8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static size_t gone_bytes(const struct pk_family_tab *under, const struct pk_delta_part *p)
{
    return p->n_gone ? ((size_t)under->n_leaves + 63) / 64 * 8 : 0;
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
static uint64_t gone_leaves(const struct pk_delta_part *p)
{
    uint64_t n = 0;

    for (size_t i = 0; i < p->n_gone; i++)
        n += p->gone[i].end - p->gone[i].start;
    return n;
}

static bool has_leaves(const struct pk_family_tab *under, const struct pk_delta_part *p)
{
    for (size_t i = 0; p->rs && i < p->rs->n_rules; i++)
        if (p->anchor[i] > under->n_leaves)
            return false;
    for (size_t i = 0; i < p->n_gone; i++)
        if (p->gone[i].start > p->gone[i].end || p->gone[i].end > under->n_leaves)
            return false;
    return true;
}

/*
 * Whether the walk can do it: it meets each leaf of the delta once a visit of its chain, at most,
 * and passes each that is gone, where it may have ended when its length was reckoned.
 */
static bool fits(const struct pk_family_tab *under, const struct pk_delta_part *p,
                 const struct pk_family_tab *t)
{
    uint64_t more = 2 * (uint64_t)t->n_leaves + gone_leaves(p);
    uint64_t steps = under->steps + under->visits * more;

    return t->n_leaves <= PK_DELTA_LEAVES && t->words - t->rows <= PK_DELTA_NODES * 16 &&
           steps <= PK_WALK_STEPS_COMPILED;
}

/* Gives the small image what makes it a delta; returns the offset behind that. */
static size_t write_part(const struct pk_family_tab *under, const struct pk_delta_part *p,
                         char *image, struct pk_family_tab *t, size_t at)
{
    const struct pk_leaf_rec *leaf = (const struct pk_leaf_rec *)(image + t->leaves);
    uint32_t *anchor = (uint32_t *)(image + at);
    uint64_t *gone;

    for (uint32_t i = 0; i < t->n_leaves; i++)
        anchor[i] = p->anchor[leaf[i].rule];
    if (t->n_leaves)
        t->anchors = (uint32_t)at;
    at += align8(t->n_leaves * sizeof(*anchor));
    gone = (uint64_t *)(image + at);
    for (size_t i = 0; i < p->n_gone; i++)
        for (uint32_t l = p->gone[i].start; l < p->gone[i].end; l++)
            gone[l / 64] |= 1ULL << l % 64;
    if (p->n_gone)
        t->gone = (uint32_t)at;
    return at + gone_bytes(under, p);
}

static void write_under(const struct pk_family_tab *under, struct pk_family_tab *t)
{
    t->under = under->under;
    t->under_leaves = under->under_leaves;
    t->under_chains = under->under_chains;
    for (unsigned h = 0; h < PK_HOOK_N; h++)
        for (unsigned i = 0; i < PK_FLOW_WORDS; i++)
            t->mask[h][i] |= under->mask[h][i];
}

/* Makes `img`, an image like any other, the delta. */
static int make_delta(const struct pk_image_head *below, const struct pk_delta_part *part,
                      struct pk_image *img)
{
    size_t at = align8(img->head->size), size = at;
    struct pk_image_head *head;

    for (unsigned f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_family_tab *under = &below->family[f];

        if (!under->present)
            continue;
        if (!has_leaves(under, &part[f]))
            return -EBADMSG;
        if (!fits(under, &part[f], &img->head->family[f]))
            return -E2BIG;
        size +=
            align8(img->head->family[f].n_leaves * sizeof(uint32_t)) + gone_bytes(under, &part[f]);
    }
    head = realloc(img->head, size);
    if (!head)
        return -ENOMEM;
    img->head = head;
    memset((char *)head + head->size, 0, size - head->size);
    for (unsigned f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_family_tab *under = &below->family[f];

        if (!under->present)
            continue;
        at = write_part(under, &part[f], (char *)head, &head->family[f], at);
        write_under(under, &head->family[f]);
    }
    head->delta = 1;
    head->size = (uint32_t)size;
    return 0;
}

int pk_delta_compile(const struct pk_image_head *under,
                     const struct pk_delta_part part[PK_FAMILY_N], const struct pk_slots *slots,
                     struct pk_image *ret, struct pk_diags *d)
{
    const struct pk_compile_options o = {.in_order = true};
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
    r = make_delta(under, part, &img);
    if (r)
        pk_image_done(&img);
    else
        *ret = img;
    return r;
}
