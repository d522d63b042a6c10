// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PK_STEP_CONNTRACK, PK_STEP_CONNTRACK_ADDR: conntrack_mt() of xt_conntrack.c, revision 3.
 *
 * An includer that can have entries has defined PK_CT, their type, and
 *
 *     const PK_CT *pk_ct_get(ctx, &info)   the packet's entry or NULL; info: PK_CT_*
 *     pk_ct_status(ct), pk_ct_expires(ct), pk_ct_proto(ct), pk_ct_port(ct, end)
 *     pk_ct_addr(ct, end, ipv6)            struct pk_u128
 */
#pragma once

#include "packet/packet.h"
#include "rules/conntrack.h"
#include "rules/step.h"

#ifndef PK_CT /* a hook before connection tracking: no packet has an entry */
#define PK_CT struct pk_conntrack
#define pk_ct_get(ctx, info) ((void)(ctx), *(info) = 0, (const struct pk_conntrack *)0)
#define pk_ct_status(ct) ((ct)->status)
#define pk_ct_expires(ct) ((ct)->expires)
#define pk_ct_proto(ct) ((ct)->proto)
#define pk_ct_port(ct, end) ((ct)->port[end])
#define pk_ct_addr(ct, end, ipv6) ((ct)->addr[end])
#endif

#define PK_CTP_BIT(word, part) ((word) >> (part)&1)

/*
 * While nothing tracks (PK_CT_LOST): what a filter without state would say. A TCP segment that
 * opens a connection is NEW, anything else may belong to one.
 */
static inline __u32 pk_ct_guess(const struct pk_packet *p)
{
    if (p->proto == 6 && (p->tcp_flags & 0x17) == 0x02) /* of FIN, SYN, RST, ACK: SYN alone */
        return PK_CTS_NEW;
    return PK_CTS_ESTABLISHED | PK_CTS_RELATED;
}

static inline __u32 pk_ct_states(const struct pk_packet *p, const PK_CT *ct, __u32 info)
{
    __u32 bits, status;

    if (info == PK_CT_LOST)
        return pk_ct_guess(p);
    if (!ct)
        return info == PK_CT_UNTRACKED ? PK_CTS_UNTRACKED : PK_CTS_INVALID;
    bits = 2u << (info % PK_CT_IS_REPLY);
    status = pk_ct_status(ct);
    if (status & PK_CTF_SRC_NAT)
        bits |= PK_CTS_SNAT;
    if (status & PK_CTF_DST_NAT)
        bits |= PK_CTS_DNAT;
    return bits;
}

static inline int pk_ct_ports_fit(const PK_CT *ct, const struct pk_step *st)
{
    __u32 end, port, range, in;

#pragma GCC unroll 4
    for (end = 0; end < PK_CT_ENDS; end++) {
        if (!PK_CTP_BIT(st->arg, PK_CTP_PORT + end))
            continue;
        port = pk_ct_port(ct, end);
        range = (__u32)(st->data[end / 2] >> (end % 2 * 32));
        in = port >= (range & 0xffff) && port <= range >> 16;
        if (in == PK_CTP_BIT(st->arg, 16 + PK_CTP_PORT + end))
            return 0;
    }
    return 1;
}

static inline int pk_ct_expire_fits(const PK_CT *ct, const struct pk_step *st)
{
    __u32 expires = pk_ct_expires(ct);

    return expires >= (__u32)st->data[2] && expires <= (__u32)(st->data[2] >> 32);
}

/* What is asked of an entry that exists. */
static inline int pk_ct_entry_fits(const PK_CT *ct, __u32 info, const struct pk_step *st)
{
    __u32 asked = st->arg, inverted = asked >> 16;

    if (PK_CTP_BIT(asked, PK_CTP_DIR) &&
        (info < PK_CT_IS_REPLY) == PK_CTP_BIT(inverted, PK_CTP_DIR))
        return 0;
    if (PK_CTP_BIT(asked, PK_CTP_PROTO) &&
        (pk_ct_proto(ct) == (st->data[3] >> 32 & 0xff)) == PK_CTP_BIT(inverted, PK_CTP_PROTO))
        return 0;
    if (!pk_ct_ports_fit(ct, st))
        return 0;
    if (PK_CTP_BIT(asked, PK_CTP_STATUS) && ((pk_ct_status(ct) & (st->data[3] >> 16 & 0xffff)) !=
                                             0) == PK_CTP_BIT(inverted, PK_CTP_STATUS))
        return 0;
    return !PK_CTP_BIT(asked, PK_CTP_EXPIRE) ||
           (__u32)pk_ct_expire_fits(ct, st) != PK_CTP_BIT(inverted, PK_CTP_EXPIRE);
}

static inline enum pk_answer pk_step_conntrack(PK_CTX *ctx, const struct pk_packet *p,
                                               const struct pk_step *st)
{
    __u32 info;
    const PK_CT *ct = pk_ct_get(ctx, &info);

    if (PK_CTP_BIT(st->arg, PK_CTP_STATE) && ((pk_ct_states(p, ct, info) & st->data[3] & 0xffff) !=
                                              0) == PK_CTP_BIT(st->arg, 16 + PK_CTP_STATE))
        return PK_NO;
    if (!ct)
        return PK_CTP_BIT(st->arg, PK_CTP_STATE) ? PK_YES : PK_NO;
    return pk_ct_entry_fits(ct, info, st) ? PK_YES : PK_NO;
}

static inline enum pk_answer pk_step_conntrack_addr(PK_CTX *ctx, const struct pk_packet *p,
                                                    const struct pk_step *st)
{
    __u32 info;
    const PK_CT *ct = pk_ct_get(ctx, &info);
    struct pk_u128 a;
    __u64 differs;

    if (!ct)
        return st->arg & PK_CTP_HAS_STATE ? PK_YES : PK_NO;
    a = pk_ct_addr(ct, st->arg & 3, p->family == PK_IPV6);
    differs = ((a.hi & st->data[2]) ^ st->data[0]) | ((a.lo & st->data[3]) ^ st->data[1]);
    return (differs != 0) == (st->invert != 0) ? PK_YES : PK_NO;
}
