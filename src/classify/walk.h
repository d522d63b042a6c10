// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walk: one packet through one base chain of an image (image.h). This is what runs in the
 * kernel, and the same text runs in user space under sanitizers, fuzzers and the property tests.
 *
 * The includer provides, before including this file:
 *
 *     static const void *pk_at(__u32 off, __u32 size);   bytes of the image; never NULL
 *     static void pk_count(__u32 slot, __u32 bytes);     one packet for a counter
 *     pk_load() and struct pk_source                     see packet/frame.h
 *     pk_loop(n, step, walk)                             calls step(i, walk) until it is not 0
 *     PK_CTX, pk_source_init(source, ctx)                what it has a packet in
 *     pk_load_mac(ctx, dst)                              see rules/match/header.bpf.h
 *     PK_GLOBAL                                          linkage of what is proved on its own
 *
 * Cost: one lookup per field that has lists, and a line or two of each list that the packet's
 * values have, per chain. For the leaves that stand in rows: one lookup per used field; then, per
 * chain or run of leaves in an order of their own (image.h), six loads per used field, and three
 * for each word of leaves more that is not zero in the rows of all fields, of which few are left
 * where rows have their bits together. A delta (image.h) adds one lookup per field it uses and
 * chain that has leaves of it, and another for each of those that is a candidate.
 *
 * That is with rows that are trees. Through dense ones it costs a load per used field for each 64
 * leaves that are passed, or less where the first fields leave nothing of 512.
 */
#pragma once

#include "classify/flow.h"
#include "classify/list.h"
#include "classify/seek.h"
#include "rules/steps.h"

enum pk_walk_end {
    PK_WALK_RUNNING,
    PK_WALK_RULE,    /* `action` of leaf cursor - 1 decided */
    PK_WALK_POLICY,  /* the base chain ended, or RETURN stood in it */
    PK_WALK_HOTDROP, /* leaf cursor - 1 could not read the packet */
    PK_WALK_BROKEN,  /* the image is damaged: more jumps or steps than it says */
};

struct pk_walk {
    PK_CTX *ctx;
    const struct pk_packet *p;
    struct pk_flow *flow; /* where the outcome is being written down; NULL: nowhere */
    struct pk_rows rows;
    __u32 tab; /* offset of the family's table: of the delta, if there is one */
    __u32 cursor, chain_end;
    __u8 action;
    __u8 end; /* enum pk_walk_end */
    __u8 depth;
    __u8 dense;                /* the rows are */
    __u32 stack[PK_DEPTH_MAX]; /* leaves of the jumps that were taken */
};

static inline long pk_walk_end(struct pk_walk *w, enum pk_walk_end end)
{
    w->end = end;
    return 1;
}

/* Where the table of the k-th field stands in a family's. */
static inline __u32 pk_field_at(__u32 k)
{
    return (__u32)(__builtin_offsetof(struct pk_family_tab, field) +
                   k * sizeof(struct pk_field_tab));
}

/* A run of a delta's leaves in one word: a function's frame has no room for two. */
static inline __u32 pk_delta_run(__u32 from, __u32 end)
{
    return from << 16 | end;
}

/* The rows that a packet's values have in a delta, in nodes from the first row on. */
struct pk_delta_rows {
    __u16 row[PK_FIELD_N];
};

/*
 * The AND of all rows' words with the number of the lowest bit of `sum`, from leaf `from` on; of
 * their groups' sums, if `sum` is 0.
 */
PK_GLOBAL __u64 pk_delta_and(const struct pk_delta_rows *r, __u32 tab, __u64 sum, __u32 from)
{
    const struct pk_family_tab *t = PK_IMG(struct pk_family_tab, tab);
    const struct pk_group *group;
    __u32 word = pk_lowest(sum), k; /* 64, if there is none */
    __u64 bits = pk_from_mask(word, from);

    for (k = 0; r && k < PK_FIELD_N && k < t->n_fields; k++) {
        group = PK_IMG(struct pk_group, t->rows + r->row[k] * 16u);
        if (!(group->sum & 1))
            return 0;
        group = PK_IMG(struct pk_group, group->at);
        bits &= word < 64 ? *PK_IMG(__u64, pk_child(group, word, 8)) : group->sum;
    }
    return bits;
}

/* 1 + the first candidate in a run of a delta's leaves; 0: none. */
PK_GLOBAL __u32 pk_delta_next(const struct pk_packet *p, __u32 tab, __u32 run)
{
    const struct pk_family_tab *t = PK_IMG(struct pk_family_tab, tab);
    struct pk_delta_rows rows = {0};
    __u64 sum, bits = 0;
    __u32 k, leaf;

    if (!p || run >> 16 >= (run & 0xffff))
        return 0;
    for (k = 0; k < PK_FIELD_N && k < t->n_fields; k++)
        rows.row[k] = (__u16)((pk_row(p, tab + pk_field_at(k)) - t->rows) / 16);
    sum = pk_delta_and(&rows, tab, 0, 0) & ~0ULL << (run >> 22 & 63);
    for (k = 0; k < 64 && sum; k++) {
        bits = pk_delta_and(&rows, tab, sum, run >> 16);
        if (bits)
            break;
        sum &= sum - 1;
    }
    leaf = (pk_lowest(sum) << 6) + pk_lowest(bits) + 1;
    return bits && leaf <= (run & 0xffff) ? leaf : 0;
}

/* The delta's leaves of a chain from leaf `at` under it on, as a run. */
PK_GLOBAL __u32 pk_delta_from(__u32 tab, __u32 chain, __u32 at)
{
    const struct pk_family_tab *t = PK_IMG(struct pk_family_tab, tab);
    const struct pk_run *run = PK_IMG(struct pk_run, t->chains + chain * 8);
    __u32 first = run->start, end = run->end, n = end - first, half, i;

    for (i = 0; i < 12 && n > 1; i++) { /* of at most 2^12 leaves */
        half = n >> 1;
        first += half & pk_less_mask(*PK_IMG(__u32, t->anchors + (first + half - 1) * 4), at);
        n -= half;
    }
    if (n)
        first -= pk_less_mask(*PK_IMG(__u32, t->anchors + first * 4), at);
    return pk_delta_run(first, end);
}

static inline __u32 pk_list_at(__u32 k)
{
    return (__u32)(__builtin_offsetof(struct pk_family_tab, list) + k * sizeof(struct pk_list_tab));
}

static inline const struct pk_family_tab *pk_walk_tab(const struct pk_walk *w)
{
    return PK_IMG(struct pk_family_tab, w->tab);
}

/* The record of a leaf; PK_OVER says that it is the delta's. */
static inline const struct pk_leaf_rec *pk_walk_rec(const struct pk_walk *w, __u32 leaf)
{
    const struct pk_family_tab *t = pk_walk_tab(w);
    __u32 leaves = leaf & PK_OVER ? t->leaves : t->under_leaves;

    return PK_IMG(struct pk_leaf_rec, leaves + (leaf & ~PK_OVER) * 32);
}

/* Goes on in a chain at leaf `at`. */
PK_INLINE void pk_walk_at(struct pk_walk *w, __u32 chain, __u32 at)
{
    const struct pk_family_tab *t = pk_walk_tab(w);

    w->cursor = at;
    w->chain_end = PK_IMG(struct pk_run, t->under_chains + chain * 8)->end;
    if (t->anchors)
        w->rows.over = (__u16)pk_delta_next(w->p, w->tab, pk_delta_from(w->tab, chain, at));
}

PK_INLINE void pk_walk_enter(struct pk_walk *w, __u32 chain)
{
    pk_walk_at(w, chain, PK_IMG(struct pk_run, pk_walk_tab(w)->under_chains + chain * 8)->start);
}

/* Leaves the current chain: back behind the jump that led here, or to the policy. 1: the walk ends.
 */
PK_INLINE long pk_walk_leave(struct pk_walk *w)
{
    __u32 depth = w->depth, leaf;

    if (depth == 0)
        return pk_walk_end(w, PK_WALK_POLICY);
    depth = (depth - 1) & (PK_DEPTH_MAX - 1); /* the mask is for the verifier */
    w->depth = (__u8)depth;
    leaf = w->stack[depth];
    pk_walk_at(w, pk_walk_rec(w, leaf)->chain, leaf + 1);
    return 0;
}

/* One residual predicate. On its own, so that it is proved once and not for each of a leaf's. */
PK_GLOBAL int pk_leaf_predicate(PK_CTX *ctx, const struct pk_packet *p, __u32 step)
{
    return p ? pk_step_eval_plain(ctx, p, PK_IMG(struct pk_step, step)) : PK_NO;
}

/* One that looks into a header of the packet. */
PK_GLOBAL int pk_leaf_header(PK_CTX *ctx, const struct pk_packet *p, __u32 step, int where)
{
    return p ? pk_step_eval_header(ctx, p, PK_IMG(struct pk_step, step), where) : PK_NO;
}

/*
 * The residual predicates of a leaf, in order; PK_YES if all say so. It and the effects are proved
 * on their own: to the walk their answer is a number of which nothing is known.
 */
PK_GLOBAL int pk_leaf_predicates(PK_CTX *ctx, const struct pk_packet *p, __u32 steps, __u32 n)
{
    const struct pk_step *st;
    int a = PK_YES;
    __u32 i;

    if (!p)
        return PK_NO;
    for (i = 0; i < PK_STEPS_MAX && i < n && a == PK_YES; i++, steps += 40) {
        st = PK_IMG(struct pk_step, steps);
        if (pk_step_of_header(st))
            a = pk_leaf_header(ctx, p, steps, pk_header_where(ctx, p, st));
        else
            a = pk_leaf_predicate(ctx, p, steps);
    }
    return a;
}

static inline void pk_walk_count(struct pk_walk *w, __u32 slot)
{
    pk_count(slot, w->p->len);
    if (w->flow)
        pk_flow_note(w->flow, slot);
}

/* The effects of a leaf that has matched, in order. */
PK_GLOBAL int pk_leaf_effects(PK_CTX *ctx, const struct pk_packet *p, __u32 steps, __u32 n)
{
    __u32 i;

    /* Without an effect compiled in, the compiler would pass garbage, which the verifier refuses.
     */
    __asm__ volatile("" : : "r"(ctx), "r"(p), "r"(steps), "r"(n));
    for (i = 0; p && i < PK_STEPS_MAX && i < n; i++)
        pk_step_effect(ctx, p, PK_IMG(struct pk_step, steps + i * 40));
    return 0;
}

/* A candidate: its residual part, its counter, its effects, and where the walk goes. */
static inline long pk_walk_leaf(struct pk_walk *w, __u32 leaf)
{
    const struct pk_leaf_rec *l = pk_walk_rec(w, leaf);
    int answer = PK_YES;
    __u32 depth;

    if (w->flow && (l->sees_more || (l->sees_headers && !pk_ipv6_bare(w->p))))
        w->flow->n = PK_FLOW_NOT;
    if (l->n_predicates)
        answer = pk_leaf_predicates(w->ctx, w->p, l->steps, l->n_predicates);
    if (answer == PK_NO)
        return 0;
    if (answer != PK_YES || l->hot >> (w->p->status & 7) & 1)
        return pk_walk_end(w, PK_WALK_HOTDROP);

    pk_walk_count(w, l->counter);
    if (l->n_effects)
        pk_leaf_effects(w->ctx, w->p, l->steps + l->n_predicates * 40u, l->n_effects);
    switch (l->action) {
    case PK_ACT_ACCEPT:
    case PK_ACT_DROP:
        w->action = l->action;
        return pk_walk_end(w, PK_WALK_RULE);
    case PK_ACT_RETURN:
        return pk_walk_leave(w);
    case PK_ACT_JUMP:
        depth = w->depth;
        if (depth >= PK_DEPTH_MAX)
            return pk_walk_end(w, PK_WALK_BROKEN);
        w->stack[depth] = leaf;
        w->depth = (__u8)(depth + 1);
        pk_walk_enter(w, l->target);
        return 0;
    case PK_ACT_GOTO:
        pk_walk_enter(w, l->target);
        return 0;
    }
    return 0;
}

/* The delta's next candidate, at which the walk has arrived; the one after it is looked for. */
static inline __u32 pk_walk_over(struct pk_walk *w)
{
    const struct pk_family_tab *t = pk_walk_tab(w);
    __u32 leaf = w->rows.over - 1u, end = pk_walk_rec(w, leaf | PK_OVER)->chain;

    end = PK_IMG(struct pk_run, t->chains + end * 8)->end;
    w->rows.over = (__u16)pk_delta_next(w->p, w->tab, pk_delta_run(leaf + 1, end));
    return leaf | PK_OVER;
}

/* Whether the delta has a candidate that stands before leaf `leaf`, or at it. */
static inline int pk_walk_over_at(const struct pk_walk *w, __u32 leaf)
{
    return w->rows.over &&
           *PK_IMG(__u32, pk_walk_tab(w)->anchors + (w->rows.over - 1u) * 4) <= leaf;
}

/* The candidate at the cursor, or the delta's that stands before it. PK_NO_LEAF: its rule is gone.
 */
static inline __u32 pk_walk_next(struct pk_walk *w)
{
    __u32 leaf = w->cursor;

    if (pk_walk_over_at(w, leaf))
        return pk_walk_over(w);
    w->cursor = leaf + 1;
    return pk_leaf_gone(pk_walk_tab(w)->gone, leaf) ? PK_NO_LEAF : leaf;
}

/* The next candidate in this chain that is found by a list; or PK_NO_LEAF. */
static inline __u32 pk_walk_listed(const struct pk_walk *w)
{
    __u32 under = pk_walk_tab(w)->under, found = PK_NO_LEAF, leaf, k;
    __u64 run = (__u64)w->cursor << 32 | w->chain_end;

    for (k = 0; k < PK_LISTS; k++) {
        if (!w->rows.list[k])
            continue;
        leaf = pk_list_next(w->p, w->rows.list[k], under + pk_list_at(k), run);
        found = leaf < found ? leaf : found;
    }
    return found;
}

/*
 * One step: from the cursor to the next candidate, or over the rest of a run that has none, or out
 * of the chain. 1: the walk has ended.
 */
static long pk_walk_step(__u32 i, struct pk_walk *w)
{
    __u32 leaf, listed;

    (void)i;
    if (w->cursor < w->chain_end && !pk_walk_over_at(w, w->cursor)) {
        listed = pk_walk_listed(w);
        if (w->dense)
            leaf = pk_dense_seek(&w->rows, w->cursor, w->chain_end);
        else if (w->rows.n)
            leaf = pk_rows_seek(&w->rows, w->tab, w->cursor, w->chain_end);
        else
            leaf = PK_PASSED | w->chain_end;
        if (listed <= (leaf & ~PK_PASSED))
            leaf = listed;
        w->cursor = leaf & ~PK_PASSED;
        if (leaf & PK_PASSED && w->cursor < w->chain_end)
            return 0;
    }
    if (w->cursor < w->chain_end)
        leaf = pk_walk_next(w);
    else if (w->rows.over)
        leaf = pk_walk_over(w);
    else
        return pk_walk_leave(w);
    return leaf == PK_NO_LEAF ? 0 : pk_walk_leaf(w, leaf);
}

/*
 * Judges a packet by base chain `hook` of its family, whose table is `t`: of the delta, if there is
 * one. `w` is all zero on entry but for ctx, p and flow; afterwards w->end says how it ended and
 * w->action what the verdict is. The policy is counted here.
 */
static inline void pk_walk_chain(struct pk_walk *w, const struct pk_family_tab *t, __u32 hook)
{
    const struct pk_family_tab *under = PK_IMG(struct pk_family_tab, t->under);
    __u32 k;
    const struct pk_base_chain *base;

    hook = hook < PK_HOOK_N ? hook : 0;
    w->rows.n = (__u16)under->n_fields;
    for (k = 0; k < PK_FIELD_N && k < under->n_fields; k++)
        w->rows.row[k] = pk_row(w->p, t->under + pk_field_at(k));
    for (k = 0; k < PK_LISTS && k < under->n_lists; k++)
        w->rows.list[k] = pk_row(w->p, t->under + pk_list_at(k));
    w->tab = (__u32)((const char *)t - (const char *)pk_at(0, 0));
    w->dense = under->present & PK_FORM_DENSE;
    w->depth = (__u8)t->zero;
    w->stack[t->zero & (PK_DEPTH_MAX - 1)] = t->zero; /* any number: see pk_nought() */
    pk_walk_enter(w, hook);
    pk_loop(PK_WALK_STEPS_MAX, pk_walk_step, w);
    base = &pk_walk_tab(w)->base[hook];
    if (w->end == PK_WALK_POLICY) {
        w->action = (__u8)base->policy;
        pk_walk_count(w, base->counter);
    } else if (w->end != PK_WALK_RULE) {
        w->action = PK_ACT_DROP;
    }
}
