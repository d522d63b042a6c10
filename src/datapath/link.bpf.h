// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What tc and XDP share: they stand at a device, below IP. They follow VLAN tags, ask the kernel's
 * routing which chain a packet belongs to, and know interfaces by index. The includer has defined
 * PK_CTX, its context.
 */
#pragma once

#include "classify/flow.h"
#include "datapath/env.bpf.h"
#include "datapath/state.bpf.h"

/* The few fields of the kernel's own types that are read; relocated against its BTF. */
struct in_device {
    struct {
        int data[1];
    } __attribute__((preserve_access_index)) cnf;
} __attribute__((preserve_access_index));

struct inet6_dev {
    struct {
        int forwarding;
    } __attribute__((preserve_access_index)) cnf;
} __attribute__((preserve_access_index));

struct net_device {
    struct in_device *ip_ptr;
    struct inet6_dev *ip6_ptr;
} __attribute__((preserve_access_index));

/* Linux 6.2. Weak: where the kernel has not got it, pk_config.cast is 0 and no call is left. */
extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym __weak;

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
 * Whether the stack forwards nothing that comes by this device: the first thing that
 * bpf_fib_lookup() looks at (bpf_ipv4_fib_lookup, bpf_ipv6_fib_lookup), without the call.
 */
static __always_inline int pk_forwards_nothing(const struct net_device *dev, int ipv6)
{
    if (ipv6)
        return !dev->ip6_ptr || !dev->ip6_ptr->cnf.forwarding;
    return !dev->ip_ptr || !dev->ip_ptr->cnf.data[0]; /* IPV4_DEVCONF_FORWARDING - 1 */
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
    f.l4_protocol = p->proto; /* this and the ports are for `ip rule` and for several paths */
    f.sport = __builtin_bswap16(p->sport);
    f.dport = __builtin_bswap16(p->dport);
    if (p->family == PK_IPV6) {
        f.family = 10;
        f.flowinfo = __builtin_bswap32((__u32)p->tos << 20);
        pk_fib_addr(f.ipv6_src, p->saddr);
        pk_fib_addr(f.ipv6_dst, p->daddr);
    } else {
        f.family = 2;
        f.tos = p->tos;
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
    p->ttl--; /* as ip_forward() and ip6_forward() do before the hook */
    return PK_FORWARD;
}

/* The chain of a packet; on a host that does not forward, without a call. */
static __always_inline __u32 pk_route_plain(PK_CTX *ctx, struct pk_packet *p,
                                            const struct net_device *dev)
{
    if (dev && pk_forwards_nothing(dev, p->family == PK_IPV6))
        return PK_INPUT;
    return pk_route(ctx, p, (__u32)p->iif.lo);
}

/* Interfaces are known by their index. */
static __always_inline int pk_interfaces(struct pk_flow_key *k, const struct pk_packet *p,
                                         __u64 wanted)
{
    k->word[PK_FW_INTERFACES] = (p->iif.lo << 32 | (__u32)p->oif.lo) & wanted;
    return 1;
}
