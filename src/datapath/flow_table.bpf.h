// SPDX-License-Identifier: GPL-2.0-or-later
/* The flow cache's tables in the kernel (classify/flow.h), and what has been counted there. */
#pragma once

#include "classify/flow.h"
#include "datapath/count.bpf.h"

/*
 * Tables of pk_config.flow_mask + 1 entries, one for each possible CPU; the loader sets the size.
 * An array that could be mapped begins at a page, so that entries are cache lines; another begins
 * behind its kernel object, and each entry would be two.
 */
#define PK_FLOW_TABLE(name, entry)                                                                 \
    struct {                                                                                       \
        __uint(type, BPF_MAP_TYPE_ARRAY);                                                          \
        __uint(map_flags, BPF_F_MMAPABLE);                                                         \
        __uint(max_entries, PK_FLOW_WAYS);                                                         \
        __type(key, __u32);                                                                        \
        __type(value, struct entry);                                                               \
    } name SEC(".maps")

PK_FLOW_TABLE(flows_long, pk_flow_entry);
PK_FLOW_TABLE(flows_long_far, pk_flow_far);
PK_FLOW_TABLE(flows_short, pk_flow_entry4); /* of flows with short keys */
PK_FLOW_TABLE(flows_short_far, pk_flow_far);

static __always_inline void *pk_flow_entry(enum pk_flow_form form, __u32 i)
{
    if (form == PK_FLOW_SHORT)
        return bpf_map_lookup_elem(&flows_short, &i);
    return bpf_map_lookup_elem(&flows_long, &i);
}

static __always_inline struct pk_flow_far *pk_flow_far(enum pk_flow_form form, __u32 i)
{
    if (form == PK_FLOW_SHORT)
        return bpf_map_lookup_elem(&flows_short_far, &i);
    return bpf_map_lookup_elem(&flows_long_far, &i);
}

static __always_inline struct pk_flow_end *pk_flow_end(enum pk_flow_form form, void *entry)
{
    if (form == PK_FLOW_SHORT)
        return &((struct pk_flow_entry4 *)entry)->end;
    return &((struct pk_flow_entry *)entry)->end;
}

/* A function, so that it is proved once and not for each of an entry's counters. */
PK_GLOBAL int pk_flow_tell_one(__u32 slot, __u64 packets, __u64 bytes)
{
    pk_count_all(slot, packets, bytes);
    return 0;
}

/* Tells all counters of a flow of so many packets. */
static __always_inline void pk_flow_tell_all(__u32 what, const struct pk_flow_far *far,
                                             __u64 packets, __u64 bytes)
{
    __u32 n = pk_flow_counters(what), k;

    if (n)
        pk_flow_tell_one(pk_flow_first(what), packets, bytes);
#pragma unroll /* Linux 6.1 refuses what clang makes of the loop: it falls through to its start */
    for (k = 0; k < PK_FLOW_SLOTS - 1; k++)
        if (k + 1 < n)
            pk_flow_tell_one(pk_volatile(far->slot[k]), packets, bytes);
}

/* Tells the counters of entry `i`, which is the caller's to write, what it had counted. */
static __always_inline int pk_flow_tell(enum pk_flow_form form, __u32 i, __u64 count)
{
    struct pk_flow_far *far = pk_flow_far(form, i);
    void *f = pk_flow_entry(form, i);

    if (f && far)
        pk_flow_tell_all(pk_flow_end(form, f)->what, far, pk_flow_packets(count),
                         pk_flow_bytes(count));
    return 0;
}

/*
 * Tells the counters of entry `i` what it has counted, `count` of it, and one more packet of `more`
 * bytes, unless that is 0. What it has counted is 0 then. Returns 0 if somebody has changed it
 * since; which counters they are is read before: as long as the count is the same, so are they.
 */
static __always_inline int pk_flow_move(enum pk_flow_form form, __u32 i, __u64 count, __u32 more)
{
    struct pk_flow_far *far = pk_flow_far(form, i), copy = {0};
    void *f = pk_flow_entry(form, i);
    struct pk_flow_end *end;
    __u32 what, k;

    if (!f || !far)
        return 0;
    end = pk_flow_end(form, f);
    what = pk_volatile(end->what);
    if (pk_flow_counters(what) > 1) {
#pragma unroll
        for (k = 0; k < PK_FLOW_SLOTS - 1; k++)
            copy.slot[k] = pk_volatile(far->slot[k]);
    }
    if (!__sync_bool_compare_and_swap(&end->count, count, pk_flow_counted(count)))
        return 0;
    pk_flow_tell_all(what, &copy, pk_flow_packets(count) + !!more,
                     (__u64)pk_flow_bytes(count) + more);
    return 1;
}

/* Global functions, since few packets need them. */
PK_GLOBAL int pk_flow_tell_long(__u32 i, __u64 count)
{
    return pk_flow_tell(PK_FLOW_LONG, i, count);
}

PK_GLOBAL int pk_flow_tell_short(__u32 i, __u64 count)
{
    return pk_flow_tell(PK_FLOW_SHORT, i, count);
}

PK_GLOBAL int pk_flow_move_long(__u32 i, __u64 count, __u32 more)
{
    return pk_flow_move(PK_FLOW_LONG, i, count, more);
}

PK_GLOBAL int pk_flow_move_short(__u32 i, __u64 count, __u32 more)
{
    return pk_flow_move(PK_FLOW_SHORT, i, count, more);
}
