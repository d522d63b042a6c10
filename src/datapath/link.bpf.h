// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What tc and XDP share: they stand at a device, below IP. They follow VLAN tags, ask the kernel's
 * routing which chain a packet belongs to, and know interfaces by index. The includer has defined
 * PK_CTX, its context.
 */
#pragma once

#include "datapath/env.bpf.h"

#define PK_VLAN_TAGS_MAX 2

static __always_inline int pk_is_vlan(__u16 ethertype)
{
    return ethertype == 0x8100 || ethertype == 0x88a8;
}

/* The name of the interface whose index is v.lo; no name if it appeared after the last apply. */
static __always_inline struct pk_u128 pk_name_of(struct pk_u128 v)
{
    __u32 index = (__u32)v.lo;
    struct pk_ifname *i = index ? bpf_map_lookup_elem(&ifnames, &index) : NULL;

    v.hi = i ? i->name.hi : 0;
    v.lo = i ? i->name.lo : 0;
    return v;
}

#define pk_interface(v) pk_name_of(v)

static __always_inline int pk_index_guarded(__u32 index)
{
    struct pk_ifname *i = bpf_map_lookup_elem(&ifnames, &index);

    return i && i->guarded;
}

static __always_inline int pk_is_multicast(const struct pk_packet *p)
{
    if (p->family == PK_IPV6)
        return p->daddr.hi >> 56 == 0xff;
    return (p->daddr.lo & 0xf0000000) == 0xe0000000;
}

/*
 * What never reaches the routing table on its way in, and is the host's own (ip_route_input_slow):
 * multicast, the limited broadcast, and 0.0.0.0 to 0.0.0.0.
 */
static __always_inline int pk_is_input(const struct pk_packet *p)
{
    if (pk_is_multicast(p))
        return 1;
    return p->family == PK_IPV4 && (p->daddr.lo == 0xffffffff || !(p->saddr.lo | p->daddr.lo));
}

static __always_inline void pk_fib_addr(__u32 *be, struct pk_u128 v)
{
    be[0] = __builtin_bswap32((__u32)(v.hi >> 32));
    be[1] = __builtin_bswap32((__u32)v.hi);
    be[2] = __builtin_bswap32((__u32)(v.lo >> 32));
    be[3] = __builtin_bswap32((__u32)v.lo);
}

/*
 * INPUT or FORWARD, by the kernel's own routing at this moment, so that an address added later
 * needs nobody to tell us. Local, broadcast and "this host does not forward" are INPUT; whatever
 * else, unreachable destinations included, is FORWARD, so that nothing the stack may forward goes
 * unjudged. p->oif gets the index of the outgoing interface. A global function, so that its
 * arguments do not lie under the walk's stack (512 bytes in all).
 */
PK_GLOBAL __u32 pk_route(PK_CTX *ctx, struct pk_packet *p, __u32 ifindex)
{
    struct bpf_fib_lookup f = {.ifindex = ifindex};
    long r;

    if (!p || pk_is_input(p))
        return PK_INPUT;
    if (p->family == PK_IPV6) {
        f.family = 10;
        pk_fib_addr(f.ipv6_src, p->saddr);
        pk_fib_addr(f.ipv6_dst, p->daddr);
    } else {
        f.family = 2;
        f.ipv4_src = __builtin_bswap32((__u32)p->saddr.lo);
        f.ipv4_dst = __builtin_bswap32((__u32)p->daddr.lo);
    }
    r = bpf_fib_lookup(ctx, &f, sizeof(f), 0);
    if (r == BPF_FIB_LKUP_RET_NOT_FWDED || r == BPF_FIB_LKUP_RET_FWD_DISABLED)
        return PK_INPUT;
    /* After any other answer f.ifindex is still the incoming one. */
    if (r == BPF_FIB_LKUP_RET_SUCCESS || r == BPF_FIB_LKUP_RET_NO_NEIGH ||
        r == BPF_FIB_LKUP_RET_FRAG_NEEDED)
        p->oif.lo = f.ifindex;
    return PK_FORWARD;
}
