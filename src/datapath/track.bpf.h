// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What tc and XDP do before the rules are asked and afterwards, if they ask for a state: look the
 * packet's connection up, and make an entry for what was accepted (state/track.h).
 */
#pragma once

#include "datapath/judge.bpf.h"
#include "state/track.h"

/*
 * Whether rules of the packet's family ask for a state. Programs without a table have nothing of
 * what follows: the verifier knows the constant.
 */
static __always_inline int pk_tracks(int ipv6, __u32 image)
{
    const struct pk_family_tab *t = &pk_head(image)->family[ipv6];

    if (!pk_config.state.buckets)
        return 0;
    return PK_IMG(struct pk_family_tab, t->under)->conntrack != 0;
}

/* Times of handshakes, for each CPU, by side. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, PK_RTT_SIDES);
    __type(key, __u32);
    __type(value, struct pk_rtt);
} rtt SEC(".maps");

/*
 * Before the rules: what is known of the packet's connection, for pk_ct_get(). `side`: where the
 * packet comes from.
 */
PK_GLOBAL int pk_state_begin(PK_CTX *ctx, struct pk_packet *p, __u32 side)
{
    struct pk_track *t = pk_state_view();
    __u32 zero = 0;
    struct pk_ctl *c = bpf_map_lookup_elem(&ctl, &zero);
    struct pk_rtt *r;

    if (!t || !p || !c)
        return 0;
    __builtin_memset(t, 0, sizeof(*t));
    t->now = pk_state_tick(bpf_ktime_get_coarse_ns());
    t->epoch = c->state_epoch;
    pk_track_packet(ctx, p, t);
    p->tracked = 1;
    r = t->rtt ? bpf_map_lookup_elem(&rtt, &side) : NULL;
    if (r)
        pk_rtt_add(r, t->rtt);
    return 0;
}

/* The rules have accepted it for reason `r`: the reason to leave by. */
PK_GLOBAL int pk_state_end(const struct pk_packet *p, __u32 r)
{
    struct pk_track *t = pk_state_view();

    if (!t || !p)
        return r;
    return pk_track_keep(p, t) ? r : PK_R_DROP_STATE;
}

/* pk_classify(), with the state of the packet's connection where the rules ask for one. `side`:
 * enum pk_rtt_side. */
static __always_inline enum pk_reason pk_judge(PK_CTX *ctx, struct pk_packet *p, __u32 hook,
                                               __u32 image, __u32 side)
{
    enum pk_reason r;

    if (pk_tracks(p->family == PK_IPV6, image))
        pk_state_begin(ctx, p, side);
    r = pk_classify(ctx, p, hook, image);
    if (pk_config.state.buckets && p->tracked && !pk_drops(r))
        r = pk_state_end(p, r);
    return r;
}
