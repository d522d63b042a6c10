// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of connections in the kernel (state/), for hooks that stand before Linux's tracking. A
 * packet comes here only if its family's rules ask for a state. The includer has defined PK_CTX,
 * struct pk_source, pk_load, pk_load_far and pk_source_init.
 */
#pragma once

#include "datapath/env.bpf.h"
#include "state/view.h"

/* One for the fence, which all its banks share; the loader sets the size. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pk_state_bucket);
} state SEC(".maps");

/*
 * The packet under way. Programs of tc and XDP are not interrupted by each other: both run with
 * softirqs off.
 */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pk_track);
} state_view SEC(".maps");

static __always_inline struct pk_track *pk_state_view(void)
{
    __u32 zero = 0;

    return bpf_map_lookup_elem(&state_view, &zero);
}

static __always_inline struct pk_state_bucket *pk_bucket(__u32 i)
{
    return bpf_map_lookup_elem(&state, &i);
}

/* Not through the constant, whose value here is not the loader's. */
static __always_inline const struct pk_state_config *pk_state_config(void)
{
    const struct pk_state_config *c = (const struct pk_state_config *)&pk_config.state;

    __asm__ volatile("" : "+r"(c));
    return c;
}

/* As they are now: an apply may change them. */
static __always_inline const struct pk_state_rules *pk_state_rules(void)
{
    __u32 zero = 0;
    const struct pk_ctl *c = bpf_map_lookup_elem(&ctl, &zero);

    return c ? &c->state_rules : NULL;
}

#define pk_clock() bpf_ktime_get_ns()
#define pk_lock(b) bpf_spin_lock(&(b)->lock)
#define pk_unlock(b) bpf_spin_unlock(&(b)->lock)

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, PK_ZONES_MAX + 1);
    __type(key, struct pk_u128);
    __type(value, __u32);
} zones SEC(".maps");

/* What rules/match/conntrack.bpf.h asks for. */
#define PK_CT struct pk_track

static __always_inline const struct pk_track *pk_state_of(__u32 *info)
{
    const struct pk_track *t = pk_state_view();

    *info = t ? t->info : 0;
    return t && t->entry ? t : NULL;
}

#define pk_ct_get(ctx, info) ((void)(ctx), pk_state_of(info))
#define pk_ct_status(t) ((t)->status)
#define pk_ct_expires(t) pk_track_expires(t)
#define pk_ct_proto(t) ((__u32)(t)->seen.key.proto)
#define pk_ct_port(t, end) pk_track_port((t), (end))
#define pk_ct_addr(t, end, ipv6) ((void)(ipv6), pk_track_addr((t), (end)))
