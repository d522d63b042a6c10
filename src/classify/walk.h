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
 *     PK_GLOBAL                                          linkage of what is proved on its own
 *
 * Cost: one lookup per used field, then per candidate leaf, or group passed over in which only
 * fields apart from each other have leaves, three loads per used field. Nothing here depends on the
 * number of rules.
 */
#pragma once

#include "classify/flow.h"
#include "packet/frame.h"
#include "rules/steps.h"

/* An interface's name; a hook that knows only its index looks it up, if a rule asks. */
#ifndef pk_interface
#define pk_interface(v) (v)
#endif

#define PK_IMG(type, off) ((const type *)pk_at((off), sizeof(type)))

/* A bound on the steps of one walk; the compiler refuses rule sets whose walk could need more. */
#define PK_WALK_STEPS_MAX (1u << 23)

enum pk_walk_end {
    PK_WALK_RUNNING,
    PK_WALK_RULE,    /* `action` of leaf cursor - 1 decided */
    PK_WALK_POLICY,  /* the base chain ended, or RETURN stood in it */
    PK_WALK_HOTDROP, /* leaf cursor - 1 could not read the packet */
    PK_WALK_BROKEN,  /* the image is damaged: more jumps or steps than it says */
};

/* The rows that a packet's values have: offsets, one for each field that the family uses. */
struct pk_rows {
    __u32 n;
    __u32 row[PK_FIELD_N];
};

struct pk_walk {
    PK_CTX *ctx;
    const struct pk_packet *p;
    struct pk_flow *flow; /* where the outcome is being written down; NULL: nowhere */
    struct pk_rows rows;
    __u32 leaves; /* offset of the leaf records */
    __u32 cursor, chain_end;
    __u8 action;
    __u8 end; /* enum pk_walk_end */
    __u8 depth;
    __u32 stack[PK_DEPTH_MAX]; /* leaves of the jumps that were taken */
};

static inline __u32 pk_popcount(__u64 x)
{
    x -= x >> 1 & 0x5555555555555555ULL;
    x = (x & 0x3333333333333333ULL) + (x >> 2 & 0x3333333333333333ULL);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
    return (__u32)(x * 0x0101010101010101ULL >> 56);
}

/* Number of the lowest set bit; x is not 0. */
static inline __u32 pk_lowest(__u64 x)
{
    return pk_popcount(~x & (x - 1));
}

/* All ones if v >= key, else 0; without a branch, since the verifier would follow both. */
static inline __u32 pk_ge_mask(struct pk_u128 v, struct pk_u128 key)
{
    __u64 lo = ((~v.lo & key.lo) | ((~v.lo | key.lo) & (v.lo - key.lo))) >> 63;
    __u64 hi = ((~v.hi & key.hi) | ((~v.hi | key.hi) & (v.hi - key.hi - lo))) >> 63;
    __u32 mask = (__u32)hi - 1;

    __asm__ volatile("" : "+r"(mask));
    return mask;
}

/*
 * The index of the last key <= value in `n` ascending keys at offset `keys`; keys[0] is 0. `width`
 * is 4 or 16 bytes. A binary search whose halves never depend on what was found.
 */
PK_GLOBAL __u32 pk_search(__u32 keys, __u32 n, __u32 width, __u64 hi, __u64 lo)
{
    struct pk_u128 v = {hi, lo}, key = {0, 0};
    __u32 at = 0, half, i;

    for (i = 0; i < 20 && n > 1; i++) {
        half = n >> 1;
        if (width == 4)
            key.lo = *PK_IMG(__u32, keys + (at + half) * 4);
        else
            key = *PK_IMG(struct pk_u128, keys + (at + half) * 16);
        at += half & pk_ge_mask(v, key);
        n -= half;
    }
    return at;
}

static inline __u32 pk_port_value(const struct pk_packet *p, __u32 port)
{
    if (p->status == PK_L4_OK)
        return port;
    if (p->status == PK_L4_SHORT && pk_has_ports(p->proto))
        return PK_PORT_SHORT + port;
    return PK_PORT_NONE;
}

static inline struct pk_u128 pk_field_value(const struct pk_packet *p, __u32 field)
{
    struct pk_u128 v = {0, 0};

    switch (field) {
    case PK_F_KIND:
        v.lo = (__u32)p->status << 8 | p->proto;
        break;
    case PK_F_DADDR:
        return p->daddr;
    case PK_F_SADDR:
        return p->saddr;
    case PK_F_DPORT:
        v.lo = pk_port_value(p, p->dport);
        break;
    case PK_F_SPORT:
        v.lo = pk_port_value(p, p->sport);
        break;
    case PK_F_FLAGS:
        v.lo = p->status == PK_L4_OK ? p->tcp_flags : PK_FLAGS_NONE;
        break;
    case PK_F_ICMP:
        v.lo = p->status == PK_L4_OK ? p->icmp : PK_ICMP_NONE;
        break;
    case PK_F_IIF:
        return pk_interface(p->iif);
    case PK_F_OIF:
        return pk_interface(p->oif);
    }
    return v;
}

/*
 * The offset of the row that a packet's value of a field has; `tab` is the offset of the field's
 * table. It, and what reads rows below, are global functions: inlined, the verifier would prove
 * their nine rounds anew for each way to get there, and loading a program would take ten times as
 * long.
 */
PK_GLOBAL __u32 pk_row(const struct pk_packet *p, __u32 tab)
{
    const struct pk_field_tab *t = PK_IMG(struct pk_field_tab, tab);
    struct pk_u128 v;
    __u32 i;

    if (!p)
        return 0;
    v = pk_field_value(p, t->field);
    if (t->method == PK_M_DIRECT)
        i = v.lo < t->n ? (__u32)v.lo : t->n - 1;
    else
        i = pk_search(t->keys, t->n, t->method == PK_M_SEARCH32 ? 4 : 16, v.hi, v.lo);
    return *PK_IMG(__u32, t->rows + i * 4);
}

/* The offset of child `i` of a node, if the node has it, of `size` bytes each. */
static inline __u32 pk_child(const struct pk_group *g, __u32 i, __u32 size)
{
    return g->at + pk_popcount(g->sum & ((1ULL << (i & 63)) - 1)) * size;
}

/* The AND of all rows' tops, for leaves from t << 18 on. */
PK_GLOBAL __u64 pk_rows_top(const struct pk_rows *r, __u32 t)
{
    __u64 sum = ~0ULL;
    __u32 k;

    for (k = 0; r && k < PK_FIELD_N && k < r->n; k++)
        sum &= PK_IMG(struct pk_group, r->row[k] + t * 16)->sum;
    return sum;
}

/* The AND of all rows' groups with number `group`; every top has it. */
PK_GLOBAL __u64 pk_rows_group(const struct pk_rows *r, __u32 group)
{
    __u64 sum = ~0ULL;
    const struct pk_group *top;
    __u32 k;

    for (k = 0; r && k < PK_FIELD_N && k < r->n; k++) {
        top = PK_IMG(struct pk_group, r->row[k] + (group >> 6) * 16);
        sum &= PK_IMG(struct pk_group, pk_child(top, group, 16))->sum;
    }
    return sum;
}

/* The AND of all rows' words with number `word`; every group has it. */
PK_GLOBAL __u64 pk_rows_word(const struct pk_rows *r, __u32 word)
{
    __u64 bits = ~0ULL;
    const struct pk_group *top, *group;
    __u32 k;

    for (k = 0; r && k < PK_FIELD_N && k < r->n; k++) {
        top = PK_IMG(struct pk_group, r->row[k] + (word >> 12) * 16);
        group = PK_IMG(struct pk_group, pk_child(top, word >> 6, 16));
        bits &= *PK_IMG(__u64, pk_child(group, word, 8));
    }
    return bits;
}

static inline long pk_walk_end(struct pk_walk *w, enum pk_walk_end end)
{
    w->end = end;
    return 1;
}

/* Leaves the current chain: back behind the jump that led here, or to the policy. 1: the walk ends.
 */
static inline long pk_walk_leave(struct pk_walk *w)
{
    __u32 depth = w->depth;

    if (depth == 0)
        return pk_walk_end(w, PK_WALK_POLICY);
    depth = (depth - 1) & (PK_DEPTH_MAX - 1); /* the mask is for the verifier */
    w->depth = (__u8)depth;
    w->cursor = w->stack[depth] + 1;
    w->chain_end = PK_IMG(struct pk_leaf_rec, w->leaves + w->stack[depth] * 32)->chain_end;
    return 0;
}

/* One residual predicate. On its own, so that it is proved once and not for each of a leaf's. */
PK_GLOBAL int pk_leaf_predicate(PK_CTX *ctx, const struct pk_packet *p, __u32 step)
{
    return p ? pk_step_eval(ctx, p, PK_IMG(struct pk_step, step)) : PK_NO;
}

/*
 * The residual predicates of a leaf, in order; PK_YES if all say so. It and the effects are proved
 * on their own: to the walk their answer is a number of which nothing is known.
 */
PK_GLOBAL int pk_leaf_predicates(PK_CTX *ctx, const struct pk_packet *p, __u32 steps, __u32 n)
{
    int a = PK_YES;
    __u32 i;

    if (!p)
        return PK_NO;
    for (i = 0; i < PK_STEPS_MAX && i < n && a == PK_YES; i++)
        a = pk_leaf_predicate(ctx, p, steps + i * 40);
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
    const struct pk_leaf_rec *l = PK_IMG(struct pk_leaf_rec, w->leaves + leaf * 32);
    int answer = PK_YES;
    __u32 depth;

    w->cursor = leaf + 1;
    if (w->flow && l->n_predicates + l->n_effects)
        w->flow->n = PK_FLOW_NOT; /* they see more of a packet than its key */
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
        w->cursor = l->target;
        w->chain_end = l->target_end;
        return 0;
    case PK_ACT_GOTO:
        w->cursor = l->target;
        w->chain_end = l->target_end;
        return 0;
    }
    return 0;
}

/*
 * One step: from the cursor to the next candidate below the same group, or over what has none, or
 * out of the chain. 1: the walk has ended.
 */
static long pk_walk_step(__u32 i, struct pk_walk *w)
{
    __u32 cursor = w->cursor, group = cursor >> 12, word, first;
    __u64 sum, bits;

    (void)i;
    if (cursor >= w->chain_end)
        return pk_walk_leave(w);
    sum = pk_rows_top(&w->rows, cursor >> 18) & ~0ULL << (group & 63);
    if (!sum) {
        w->cursor = ((cursor >> 18) + 1) << 18;
        return 0;
    }
    word = cursor >> 6;
    if (!(sum >> (group & 63) & 1)) {
        group = (group & ~63u) + (pk_lowest(sum) & 63);
        word = group << 6;
    }
    sum = pk_rows_group(&w->rows, group) & ~0ULL << (word & 63);
    if (!sum) {
        w->cursor = (group + 1) << 12;
        return 0;
    }
    word = (group << 6) + (pk_lowest(sum) & 63);
    first = word << 6;
    bits = pk_rows_word(&w->rows, word);
    if (first < cursor)
        bits &= ~0ULL << (cursor & 63);
    if (!bits) {
        w->cursor = first + 64;
        return 0;
    }
    first += pk_lowest(bits);
    if (first >= w->chain_end) {
        w->cursor = w->chain_end;
        return 0;
    }
    return pk_walk_leaf(w, first);
}

/*
 * Judges a packet by base chain `hook` of its family. `w` is all zero on entry but for source and
 * p; afterwards w->end says how it ended and w->action what the verdict is. The policy is counted
 * here.
 */
static inline void pk_walk_chain(struct pk_walk *w, const struct pk_family_tab *t, __u32 hook)
{
    const struct pk_base_chain *base = &t->base[hook < PK_HOOK_N ? hook : 0];
    __u32 k, tab = (__u32)((const char *)t->field - (const char *)pk_at(0, 0));

    w->rows.n = t->n_fields;
    for (k = 0; k < PK_FIELD_N && k < t->n_fields; k++)
        w->rows.row[k] = pk_row(w->p, tab + k * (__u32)sizeof(struct pk_field_tab));
    w->leaves = t->leaves;
    w->cursor = base->start;
    w->chain_end = base->end;
    w->depth = t->zero;
    pk_loop(PK_WALK_STEPS_MAX, pk_walk_step, w);
    if (w->end == PK_WALK_POLICY) {
        w->action = (__u8)base->policy;
        pk_walk_count(w, base->counter);
    } else if (w->end != PK_WALK_RULE) {
        w->action = PK_ACT_DROP;
    }
}
