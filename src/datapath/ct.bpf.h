// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The packet's conntrack entry, where Linux has looked it up before us: at the netfilter hooks,
 * from skb->_nfct. What is read of it is what xt_conntrack reads; zones, NAT and helpers come with
 * it. Without an entry nothing but one field of the skb is read.
 */
#pragma once

#include "classify/flow.h"
#include "datapath/skb.bpf.h"
#include "packet/packet.h"
#include "rules/conntrack.h"

struct netns_nf {
    unsigned int defrag_ipv4_users, defrag_ipv6_users;
} __attribute__((preserve_access_index));

struct net {
    struct netns_nf nf;
} __attribute__((preserve_access_index));

union nf_inet_addr {
    __u32 all[4];
} __attribute__((preserve_access_index));

union nf_conntrack_man_proto {
    __u16 all;
} __attribute__((preserve_access_index));

struct nf_conntrack_man {
    union nf_inet_addr u3;
    union nf_conntrack_man_proto u;
} __attribute__((preserve_access_index));

struct nf_conntrack_tuple {
    struct nf_conntrack_man src;
    struct {
        union nf_inet_addr u3;
        union {
            __u16 all;
        } u;
        __u8 protonum;
    } dst;
} __attribute__((preserve_access_index));

struct nf_conntrack_tuple_hash {
    struct nf_conntrack_tuple tuple;
} __attribute__((preserve_access_index));

struct nf_conn {
    __u32 timeout;
    struct nf_conntrack_tuple_hash tuplehash[2];
    unsigned long status;
} __attribute__((preserve_access_index));

#define PK_CT struct nf_conn

/*
 * Whether the packet has neither an entry nor a mark because nothing tracks in its namespace: who
 * tracks has packets defragmented (nf_ct_netns_do_get()), and nobody has. If somebody else has, for
 * a use of his own, a loss is not seen, and the packet is INVALID.
 */
static __always_inline int pk_ct_lost(const struct nf_hook_state *state, const struct sk_buff *skb)
{
    const struct net *net =
        bpf_rdonly_cast((const void *)pk_pointer(&state->net), bpf_core_type_id_kernel(struct net));
    const struct netns_nf *nf = &net->nf;

    if (!bpf_core_field_exists(skb->_nfct) || !bpf_core_field_exists(nf->defrag_ipv4_users) ||
        !bpf_core_field_exists(nf->defrag_ipv6_users) || skb->_nfct)
        return 0;
    return !(state->pf == NFPROTO_IPV6 ? nf->defrag_ipv6_users : nf->defrag_ipv4_users);
}

/* nf_ct_get() */
static __always_inline const struct nf_conn *pk_ct_of(const struct nf_hook_state *state,
                                                      const struct sk_buff *skb, __u32 *info)
{
    unsigned long nfct = 0;

    if (bpf_core_field_exists(skb->_nfct) && bpf_core_type_exists(struct nf_conn))
        nfct = skb->_nfct;
    *info = pk_ct_lost(state, skb) ? PK_CT_LOST : nfct & 7;
    return (const struct nf_conn *)(nfct & ~7UL);
}

#define pk_ct_get(ctx, info) pk_ct_of((ctx)->state, (ctx)->skb, (info))

/* A kernel without connection tracking has no such field: the value is then of no use. */
#define pk_ct_read(dst, field)                                                                     \
    do {                                                                                           \
        if (bpf_core_field_exists(field))                                                          \
            bpf_core_read(&(dst), sizeof(dst), &(field));                                          \
    } while (0)

static __always_inline __u32 pk_ct_status(const struct nf_conn *ct)
{
    unsigned long status = 0;

    pk_ct_read(status, ct->status);
    return (__u32)status;
}

/* For a flow's key, of which the rules ask for the bits of `mask`: nothing else is read. */
static __always_inline __u32 pk_ct_tell(const struct nf_hook_state *state,
                                        const struct sk_buff *skb, __u64 mask)
{
    __u32 info, status = 0;
    const struct nf_conn *ct = pk_ct_of(state, skb, &info);

    if (ct && mask >> PK_FW_CT_SHIFT & (PK_CT_TOLD_NAT | PK_CT_TOLD_STATUS))
        status = pk_ct_status(ct);
    return pk_ct_told(info, ct != NULL, status);
}

/* nf_ct_expires() in seconds */
static __always_inline __u32 pk_ct_expires(const struct nf_conn *ct)
{
    __u32 at = 0, left;

    pk_ct_read(at, ct->timeout);
    left = at - (__u32)bpf_jiffies64();
    if ((__s32)left < 0 || !pk_config.hz)
        return 0;
    return left / pk_config.hz;
}

/* nf_ct_protonum() */
static __always_inline __u32 pk_ct_proto(const struct nf_conn *ct)
{
    __u8 proto = 0;

    pk_ct_read(proto, ct->tuplehash[0].tuple.dst.protonum);
    return proto;
}

static __always_inline __u32 pk_ct_port(const struct nf_conn *ct, __u32 end)
{
    __u16 port = 0;

    switch (end) {
    case PK_CT_ORIGSRC:
        pk_ct_read(port, ct->tuplehash[0].tuple.src.u.all);
        break;
    case PK_CT_ORIGDST:
        pk_ct_read(port, ct->tuplehash[0].tuple.dst.u.all);
        break;
    case PK_CT_REPLSRC:
        pk_ct_read(port, ct->tuplehash[1].tuple.src.u.all);
        break;
    default:
        pk_ct_read(port, ct->tuplehash[1].tuple.dst.u.all);
    }
    return (__u16)__builtin_bswap16(port);
}

static __always_inline struct pk_u128 pk_ct_addr(const struct nf_conn *ct, __u32 end, int ipv6)
{
    struct pk_u128 v = {0, 0};
    __u32 a[4] = {0};

    switch (end) {
    case PK_CT_ORIGSRC:
        pk_ct_read(a, ct->tuplehash[0].tuple.src.u3.all);
        break;
    case PK_CT_ORIGDST:
        pk_ct_read(a, ct->tuplehash[0].tuple.dst.u3.all);
        break;
    case PK_CT_REPLSRC:
        pk_ct_read(a, ct->tuplehash[1].tuple.src.u3.all);
        break;
    default:
        pk_ct_read(a, ct->tuplehash[1].tuple.dst.u3.all);
    }
    if (!ipv6) {
        v.lo = __builtin_bswap32(a[0]);
        return v;
    }
    v.hi = (__u64)__builtin_bswap32(a[0]) << 32 | __builtin_bswap32(a[1]);
    v.lo = (__u64)__builtin_bswap32(a[2]) << 32 | __builtin_bswap32(a[3]);
    return v;
}
