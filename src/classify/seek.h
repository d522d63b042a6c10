// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the rows of a packet's values to the next candidate: the first leaf, at a cursor or behind
 * it, that is in all of them. Rows are trees or dense (image.h). Included by walk.h.
 */
#pragma once

#include "classify/list.h"

/*
 * The rows that a packet's values have: offsets, one for each field that the family uses. `over` is
 * the walk's, which has no room elsewhere (512 bytes of stack).
 */
struct pk_rows {
    __u16 n;
    __u16 over; /* 1 + the next candidate of the delta in this chain, or 0 */
    __u32 row[PK_FIELD_N];
    __u32 list[PK_LISTS]; /* the lists that its values have; 0: none */
};

/* A bound on the steps of one walk; the compiler refuses rule sets whose walk could need more. */
#define PK_WALK_STEPS_MAX (1u << 23)

/* Where both kinds can stand: a leaf of the delta. No jump leads from one. */
#define PK_OVER 0x80000000u
#define PK_PASSED 0x80000000u /* see pk_rows_seek */
#define PK_FOUND PK_PASSED    /* see struct pk_dense */

/* The offset of child `i` of a node, if the node has it, of `size` bytes each. */
static inline __u32 pk_child(const struct pk_group *g, __u32 i, __u32 size)
{
    return g->at + pk_popcount(g->sum & ((1ULL << (i & 63)) - 1)) * size;
}

/*
 * The AND of all rows' tops, for leaves from t << 18 on; of their groups with number `group`, which
 * every top has; of their words with number `word`, which every group has. Once nothing is left,
 * the other rows are not read.
 */
PK_GLOBAL __u64 pk_rows_top(const struct pk_rows *r, __u32 t)
{
    __u64 sum = ~0ULL;
    __u32 k;

    for (k = 0; r && k < PK_FIELD_N && k < r->n && sum; k++)
        sum &= PK_IMG(struct pk_group, r->row[k] + t * 16)->sum;
    return sum;
}

PK_GLOBAL __u64 pk_rows_group(const struct pk_rows *r, __u32 group)
{
    __u64 sum = ~0ULL;
    const struct pk_group *top;
    __u32 k;

    for (k = 0; r && k < PK_FIELD_N && k < r->n && sum; k++) {
        top = PK_IMG(struct pk_group, r->row[k] + (group >> 6) * 16);
        sum &= PK_IMG(struct pk_group, pk_child(top, group, 16))->sum;
    }
    return sum;
}

PK_GLOBAL __u64 pk_rows_word(const struct pk_rows *r, __u32 word)
{
    __u64 bits = ~0ULL;
    const struct pk_group *top, *group;
    __u32 k;

    for (k = 0; r && k < PK_FIELD_N && k < r->n && bits; k++) {
        top = PK_IMG(struct pk_group, r->row[k] + (word >> 12) * 16);
        group = PK_IMG(struct pk_group, pk_child(top, word >> 6, 16));
        bits &= *PK_IMG(__u64, pk_child(group, word, 8));
    }
    return bits;
}

/*
 * One search through rows that are trees, from bit `from` to bit `end`: for the first candidate;
 * or, through bits that stand in an order of their own, for the least leaf. None that stands before
 * the cursor is found in such a run: it would have ended the walk, or the visit of its chain.
 */
struct pk_seek {
    const struct pk_rows *rows;
    __u64 groups, words, bits; /* what is still to be looked at, of a top, a group and a word */
    __u32 group, word;         /* the last one that was taken of each */
    __u32 from, end;
    __u32 order; /* offset of the leaves of bits; 0: bits are in the order of leaves */
    __u32 gone;  /* offset of the bits of leaves that are passed over; 0: none is */
    __u32 found; /* or PK_NO_LEAF */
    __u32 pad;
};

/* Whether the rule of a leaf under a delta is gone; `gone` is its table's. */
static inline int pk_leaf_gone(__u32 gone, __u32 leaf)
{
    return gone && *PK_IMG(__u64, gone + (leaf >> 6) * 8) >> (leaf & 63) & 1;
}

/* The words of the next group. 1: there is none. */
static inline long pk_seek_group(struct pk_seek *d)
{
    if (!d->groups) {
        d->group = (d->group | 63) + 1;
        if (d->group << 12 >= d->end)
            return 1;
        d->groups = pk_rows_top(d->rows, d->group >> 6);
        if (!d->groups)
            return 0;
    }
    d->group = (d->group & ~63u) + (pk_lowest(d->groups) & 63);
    d->groups &= d->groups - 1;
    if (d->group << 12 >= d->end)
        return 1;
    d->words = pk_rows_group(d->rows, d->group) & pk_from_mask(d->group, d->from >> 6);
    return 0;
}

/* The bits of the next word. 1: there is none. */
static inline long pk_seek_word(struct pk_seek *d)
{
    if (!d->words && pk_seek_group(d))
        return 1;
    if (!d->words)
        return 0;
    d->word = (d->group << 6) + (pk_lowest(d->words) & 63);
    d->words &= d->words - 1;
    if (d->word << 6 >= d->end)
        return 1;
    d->bits = pk_rows_word(d->rows, d->word) & pk_from_mask(d->word, d->from);
    if (d->word == d->end >> 6)
        d->bits &= ~(~0ULL << (d->end & 63));
    return 0;
}

/* Looks at one bit. In a word they stand in the order of their leaves. 1: the search ends. */
static long pk_seek_step(__u32 i, struct pk_seek *d)
{
    __u32 leaf;

    (void)i;
    if (!d->bits && pk_seek_word(d))
        return 1;
    if (!d->bits)
        return 0;
    leaf = (d->word << 6) + pk_lowest(d->bits);
    d->bits &= d->bits - 1;
    if (d->order)
        leaf = *PK_IMG(__u32, d->order + leaf * 4);
    if (pk_leaf_gone(d->gone, leaf))
        return 0;
    d->bits = 0;
    if (leaf < d->found)
        d->found = leaf;
    return !d->order;
}

/*
 * The next candidate from leaf `cursor` on, before `end` of the chain; or PK_PASSED and the leaf to
 * go on at. `tab` is the offset of the family's table: of the delta, if there is one.
 */
PK_GLOBAL __u32 pk_rows_seek(const struct pk_rows *r, __u32 tab, __u32 cursor, __u32 end)
{
    const struct pk_family_tab *t = PK_IMG(struct pk_family_tab, tab);
    struct pk_seek d = {.rows = r,
                        .words = pk_nought(t->zero),
                        .bits = pk_nought(t->zero),
                        .word = t->zero,
                        .from = cursor,
                        .end = end,
                        .order = PK_IMG(struct pk_family_tab, t->under)->order,
                        .gone = t->gone,
                        .found = PK_NO_LEAF ^ t->zero};
    const struct pk_leaf_rec *l;

    if (!r)
        return PK_PASSED | end;
    if (d.order) {
        l = PK_IMG(struct pk_leaf_rec, t->under_leaves + cursor * 32);
        d.end = l->end;
        if (l->from == PK_IN_ORDER)
            d.order = 0;
        else
            d.from = l->from;
    }
    d.group = d.from >> 12;
    d.groups = pk_rows_top(r, d.from >> 18) & ~0ULL << (d.group & 63);
    pk_loop(PK_WALK_STEPS_MAX, pk_seek_step, &d);
    return d.found == PK_NO_LEAF ? PK_PASSED | d.end : d.found;
}

/* The bits of a block from number `from` on. */
static inline void pk_block_from(struct pk_block *b, __u32 from)
{
    __u32 i;

    for (i = 0; i < PK_BLOCK_WORDS; i++)
        b->word[i] = ~0ULL;
    for (i = 0; i < PK_BLOCK_WORDS && from; i++)
        b->word[i] = pk_from_mask(i, from) & ~(__u64)(__s64)(__s32)pk_less_mask(i, from >> 6);
}

/*
 * The number of a block's first bit; it has one. Without a branch, and without an AND of what is 0
 * or -1 and a constant: Linux 6.18 follows both cases of those, too (maybe_fork_scalars()).
 */
static inline __u32 pk_block_first(const struct pk_block *b)
{
    __u64 bits = b->word[0], some;
    __u32 first = 0, i;

    for (i = 1; i < PK_BLOCK_WORDS; i++) {
        some = (bits | -bits) >> 63;
        __asm__ volatile("" : "+r"(some));
        bits |= b->word[i] & (some - 1);
        first += 64 - ((__u32)some << 6);
    }
    return first + pk_lowest(bits);
}

/* *b AND block `block` of all rows; of their first ones only, if nothing is left, which is said. */
static inline int pk_rows_block(const struct pk_rows *r, __u32 block, struct pk_block *b)
{
    const struct pk_block *row;
    __u64 any = 1;
    __u32 k, i;

    for (k = 0; k < PK_FIELD_N && k < r->n && any; k++) {
        row = PK_IMG(struct pk_block, r->row[k] + block * (__u32)sizeof(*row));
        for (i = 0, any = 0; i < PK_BLOCK_WORDS; i++)
            any |= b->word[i] &= row->word[i];
    }
    return !any;
}

/* One search through dense rows. */
struct pk_dense {
    const struct pk_rows *rows;
    __u32 cursor, end; /* cursor: where to go on; or PK_FOUND and the leaf */
};

/* One block. 1: the search ends. */
static long pk_dense_step(__u32 i, struct pk_dense *d)
{
    __u32 block = d->cursor / PK_BLOCK_LEAVES;
    struct pk_block b;

    (void)i;
    pk_block_from(&b, d->cursor % PK_BLOCK_LEAVES);
    d->cursor = (block + 1) * PK_BLOCK_LEAVES;
    if (pk_rows_block(d->rows, block, &b))
        return d->cursor >= d->end;
    d->cursor = PK_FOUND | (block * PK_BLOCK_LEAVES + pk_block_first(&b));
    return 1;
}

/* Linear bit-vector search: as pk_rows_seek, but through dense rows and to leaf `end`. */
PK_GLOBAL __u32 pk_dense_seek(const struct pk_rows *r, __u32 cursor, __u32 end)
{
    struct pk_dense d = {r, cursor, end};

    if (r)
        pk_loop(PK_WALK_STEPS_MAX, pk_dense_step, &d);
    return d.cursor ^ PK_FOUND; /* which makes what was not found PK_PASSED */
}
