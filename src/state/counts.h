// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a table of connections counts of itself: what gave way, what found no place, and how full it
 * is. Shared by user space and BPF.
 *
 * No entry is counted as it comes and goes, since a place whose time runs out tells nobody. But
 * each new connection looks into one bucket, drawn by a hash that nobody outside can foresee: the
 * entries that live there are a fair sample of the whole. Their running average follows the table
 * by the time that a few hundred new ones have come, and its maximum is the high-water mark, to
 * some percent of the table's size.
 */
#pragma once

#include "state/view.h"

enum pk_state_evicted {
    PK_EVICT_HALF_OPEN, /* TCP, whose handshake was not completed */
    PK_EVICT_CLOSED,    /* TCP, closed or about to be */
    PK_EVICT_OTHER,     /* another protocol, not ASSURED; of a fragmented datagram */
    PK_EVICT_N
};

/* For each CPU: the one element of "state_counts". Fill: entries a bucket << PK_FILL_SHIFT. */
#define PK_FILL_SHIFT 24u
struct pk_state_counts {
    __u64 evicted[PK_EVICT_N];
    __u64 refused; /* packets dropped, since all places of their key were held */
    __u32 fill, high;
};

_Static_assert(sizeof(struct pk_state_counts) == 40, "shared with BPF");

/* Of `buckets`, what a new one says for the average: 1/16, or 1/256 where there are many. */
static inline void pk_state_fill_seen(struct pk_state_counts *c, __u32 live, __u32 buckets)
{
    __u32 shift = buckets < 4096 ? 4 : 8;

    c->fill += (__u32)((__s32)((live << PK_FILL_SHIFT) - c->fill) >> shift);
    if (c->fill > c->high)
        c->high = c->fill;
}

/* After pk_track_keep(), which has answered `kept`. */
static inline void pk_state_count(struct pk_state_counts *c, const struct pk_track *t, int kept,
                                  __u32 buckets)
{
    __u32 i;

    for (i = 0; i < PK_EVICT_N; i++)
        c->evicted[i] += t->pushed >> i & 1;
    c->refused += !kept;
    pk_state_fill_seen(c, t->looked - 1u, buckets);
}
