// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a packet's value of a field to the row of leaves that admit it. Included by walk.h, which
 * says what has to be there before.
 */
#pragma once

#include "base/bits.h"
#include "classify/image.h"
#include "packet/frame.h"

/* An interface's name; a hook that knows only its index looks it up, if a rule asks. */
#ifndef pk_interface
#define pk_interface(v) (v)
#endif

#define PK_IMG(type, off) ((const type *)pk_at((off), sizeof(type)))

/*
 * The row of the last key <= value among `n` ascending ones at offset `keys`, the first of which is
 * not looked at. `width` is the size of struct pk_key32 or pk_key128. A binary search whose halves
 * never depend on what was found. (Its frame is 32 bytes; with more Linux 6.1 finds the stack too
 * large.)
 */
PK_GLOBAL __u32 pk_search(__u32 keys, __u32 n, __u32 width, __u64 hi, __u64 lo)
{
    struct pk_u128 v = {hi, lo}, key = {0, 0};
    __u32 at = 0, half, i;

    for (i = 0; i < 20 && n > 1; i++) {
        half = n >> 1;
        if (width == sizeof(struct pk_key32))
            key.lo =
                PK_IMG(struct pk_key32, keys + (at + half) * (__u32)sizeof(struct pk_key32))->key;
        else
            key =
                PK_IMG(struct pk_key128, keys + (at + half) * (__u32)sizeof(struct pk_key128))->key;
        at += half & pk_ge_mask(v, key);
        n -= half;
    }
    return *PK_IMG(__u32, keys + at * width);
}

static inline __u32 pk_port_value(const struct pk_packet *p, __u32 port)
{
    if (p->status == PK_L4_OK)
        return port;
    if (p->status == PK_L4_SHORT && pk_has_ports(p->proto))
        return PK_PORT_SHORT + port;
    return PK_PORT_NONE;
}

PK_INLINE struct pk_u128 pk_field_value(const struct pk_packet *p, __u32 field)
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

/* The row of a value of a field that is searched. */
static inline __u32 pk_row_searched(const struct pk_field_tab *t, struct pk_u128 v)
{
    __u32 width = pk_row_width((enum pk_method)t->method), first = 0, n = t->n, b;
    const struct pk_key_index *x;

    if (t->index) {
        x = PK_IMG(struct pk_key_index, t->index);
        b = pk_scaled(v, x->base, x->shift);
        b = b < x->buckets ? b : x->buckets - 1;
        b = t->index + (__u32)sizeof(*x) + b * 4;
        first = *PK_IMG(__u32, b);
        n = *PK_IMG(__u32, b + 4) - first + 1;
    }
    return pk_search(t->rows + first * width, n, width, v.hi, v.lo);
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
    if (t->method != PK_M_DIRECT)
        return pk_row_searched(t, v);
    i = v.lo < t->n ? (__u32)v.lo : t->n - 1;
    return *PK_IMG(__u32, t->rows + i * 4);
}
