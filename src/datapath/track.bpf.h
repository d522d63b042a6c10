// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What tc and XDP do before the rules are asked and afterwards, if they ask for a state: look the
 * packet's connection up, and make an entry for what was accepted (state/track.h). The includer has
 * defined pk_vlan(ctx) and pk_index_of(ctx).
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
 * The zone of what is seen here: that of the outermost VLAN tag, else that of the device. Both ends
 * of a connection are seen at the same device, coming or going, unless it is forwarded: then what
 * they come by has to be mapped alike, as with -j CT --zone.
 */
PK_GLOBAL __u32 pk_zone(PK_CTX *ctx)
{
    struct pk_u128 of = {.lo = pk_vlan(ctx)};
    __u32 *zone = of.lo ? bpf_map_lookup_elem(&zones, &of) : NULL;

    if (!zone) {
        of.lo = pk_index_of(ctx);
        of = pk_name_of(of);
        zone = bpf_map_lookup_elem(&zones, &of);
    }
    return zone ? *zone : 0;
}

static __always_inline void pk_state_look(PK_CTX *ctx, const struct pk_packet *p,
                                          struct pk_track *t, const struct pk_ctl *c, __u32 side)
{
    struct pk_rtt *r;

    __builtin_memset(t, 0, sizeof(*t));
    t->epoch = c->state_epoch;
    t->own = side == PK_RTT_HOST && !p->iif.lo; /* else forwarded, from what is not guarded */
    if (c->state_zones)
        t->seen.key.zone = (__u16)pk_zone(ctx);
    t->now = pk_state_tick(bpf_ktime_get_coarse_ns()); /* last: of `c` nothing is kept for it */
    pk_track_packet(ctx, p, t);
    t->begun = 1;
    r = t->rtt ? bpf_map_lookup_elem(&rtt, &side) : NULL;
    if (r)
        pk_rtt_add(r, t->rtt);
}

/*
 * Before the rules: what is known of the packet's connection, for pk_ct_get() and for the key of
 * its flow. `first`: in the hook's judge; its walk, if it comes to that, finds what was seen there,
 * since a connection changes once by each packet. `side`: where the packet comes from.
 */
PK_GLOBAL int pk_state_begin(PK_CTX *ctx, struct pk_packet *p, __u32 side, __u32 first)
{
    struct pk_track *t = pk_state_view();
    __u32 zero = 0;
    struct pk_ctl *c = bpf_map_lookup_elem(&ctl, &zero);

    if (!t || !p || !c)
        return 0;
    if (first || !t->begun)
        pk_state_look(ctx, p, t, c, side);
    p->tracked = 1;
    p->ct = (__u8)pk_ct_told(t->info, t->entry != PK_TRACK_NONE, t->status);
    return 0;
}

/* The judge leaves all of the packet to the walk: what stands in the view is another one's. */
static __always_inline void pk_state_leave(void)
{
    struct pk_track *t = pk_config.state.buckets ? pk_state_view() : NULL;

    if (t)
        t->begun = 0;
}

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pk_state_counts);
} state_counts SEC(".maps");

/* The rules have accepted it for reason `r`: the reason to leave by. */
PK_GLOBAL int pk_state_end(const struct pk_packet *p, __u32 r)
{
    struct pk_track *t = pk_state_view();
    struct pk_state_counts *c;
    __u32 zero = 0;
    int kept;

    if (!t || !p)
        return r;
    kept = pk_track_keep(p, t);
    c = t->looked ? bpf_map_lookup_elem(&state_counts, &zero) : NULL;
    if (c)
        pk_state_count(c, t, kept, pk_state_config()->buckets);
    return kept ? r : PK_R_DROP_STATE;
}

static __always_inline enum pk_reason pk_state_accept(const struct pk_packet *p, enum pk_reason r)
{
    if (pk_config.state.buckets && p->tracked && !pk_drops(r))
        return pk_state_end(p, r);
    return r;
}

/* pk_classify(), with the state of the packet's connection where the rules ask for one. `side`:
 * enum pk_rtt_side. */
static __always_inline enum pk_reason pk_judge(PK_CTX *ctx, struct pk_packet *p, __u32 hook,
                                               __u32 image, __u32 side)
{
    if (pk_tracks(p->family == PK_IPV6, image))
        pk_state_begin(ctx, p, side, 0);
    return pk_state_accept(p, pk_classify(ctx, p, hook, image));
}

/* Likewise pk_recall(). */
static __always_inline enum pk_reason pk_remember(PK_CTX *ctx, struct pk_packet *p, __u32 hook,
                                                  __u32 image, __u32 side)
{
    enum pk_reason r;

    if (pk_tracks(p->family == PK_IPV6, image))
        pk_state_begin(ctx, p, side, 1);
    r = pk_recall(p, hook, image);
    return r == PK_REASON_N ? r : pk_state_accept(p, r);
}
