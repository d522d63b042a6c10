// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a value's list of leaves to the first that matches the packet (docs/adr/0014). Included by
 * walk.h.
 */
#pragma once

#include "classify/lookup.h"

#define PK_NO_LEAF 0x7fffffffu

/* Whether a value is in one of a set's ranges. */
PK_GLOBAL int pk_need_met(const struct pk_packet *p, __u32 need)
{
    __u32 at = need & ~PK_NEED_FIELD, left, i;
    const struct pk_range *range;
    struct pk_u128 v;

    if (!p)
        return 0;
    v = pk_field_value(p, need & PK_NEED_FIELD);
    left = PK_IMG(struct pk_need_set, at)->n;
    at += (__u32)sizeof(struct pk_need_set);
    for (i = 0; i < PK_NEED_INTERVALS && i < left; i++, at += (__u32)sizeof(*range)) {
        range = PK_IMG(struct pk_range, at);
        if (pk_ge_mask(v, range->lo) & pk_ge_mask(range->hi, v))
            return 1;
    }
    return 0;
}

/*
 * Whether a packet has what a leaf needs besides the value that it was found by. Inlined: one frame
 * more and Linux 6.1 finds the stack too large.
 */
PK_INLINE int pk_needs_met(const struct pk_packet *p, __u32 needs)
{
    __u32 k, need;

    for (k = 0; p && k < PK_FIELD_N - 1; k++) {
        need = *PK_IMG(__u32, needs + k * 4);
        if (!need)
            break;
        if (!pk_need_met(p, need))
            return 0;
    }
    return 1;
}

/* 0: v is in [lo, hi]; else 1. Without a branch, as the verifier would follow both. */
static inline __u64 pk_outside(__u64 v, __u32 lo, __u32 hi)
{
    __u64 out = ((v - lo) | (hi - v)) >> 63;

    __asm__ volatile("" : "+r"(out));
    return out;
}

/* What entries are compared with: the number of the packet's other address, and its port. */
static inline __u64 pk_list_sought(const struct pk_packet *p, const struct pk_list_tab *t)
{
    __u64 port = pk_port_value(p, p->dport);

    port = port < 0xffff ? port : 0xffff;
    return port << 32 |
           pk_scaled(t->tab.field == PK_F_SADDR ? p->daddr : p->saddr, t->base, t->shift);
}

/* Whether a packet may match the leaf of an entry, and that is in `run`: from << 32 | end. */
static inline int pk_list_may(const struct pk_list_entry *e, __u64 sought, __u64 run)
{
    __u64 out = pk_outside(e->leaf & ~PK_LIST_LAST, run >> 32, (__u32)run - 1);

    out |= pk_outside((__u32)sought, e->lo, e->hi);
    out |= pk_outside(sought >> 32, e->dport_lo, e->dport_hi);
    return !out;
}

/*
 * The first leaf of a list that matches, in `run`; or PK_NO_LEAF. What can be read again is not
 * kept: see pk_needs_met().
 */
PK_GLOBAL __u32 pk_list_next(const struct pk_packet *p, __u32 list, __u32 tab, __u64 run)
{
    const struct pk_list_tab *t = PK_IMG(struct pk_list_tab, tab);
    const struct pk_list_entry *e;
    __u64 sought;
    __u32 i;

    if (!p)
        return PK_NO_LEAF;
    sought = pk_list_sought(p, t);
    for (i = 0; i < PK_LIST_ENTRIES; i++, list += 16) {
        e = PK_IMG(struct pk_list_entry, list);
        if (pk_list_may(e, sought, run) &&
            pk_needs_met(p, PK_IMG(struct pk_list_tab, tab)->needs +
                                (e->leaf & ~PK_LIST_LAST) * (__u32)sizeof(struct pk_needs)))
            return PK_IMG(struct pk_list_entry, list)->leaf & ~PK_LIST_LAST;
        if (PK_IMG(struct pk_list_entry, list)->leaf & PK_LIST_LAST)
            break;
    }
    return PK_NO_LEAF;
}
