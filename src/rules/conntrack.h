// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What Linux's connection tracking says of a packet, as -m conntrack and -m state ask for it; and
 * the numbers that their residual steps are made of. Shared by user space and BPF.
 */
#pragma once

#include <linux/types.h>

#include "base/u128.h"

/* enum ip_conntrack_info, the low three bits of skb->_nfct. */
#define PK_CT_ESTABLISHED 0u
#define PK_CT_RELATED 1u
#define PK_CT_NEW 2u
#define PK_CT_IS_REPLY 3u /* from here on: ESTABLISHED and RELATED of the reply direction */
#define PK_CT_UNTRACKED 7u
/*
 * Ours: nobody tracks in this network namespace any more, though the rule set asks. The state is
 * guessed from the packet (pk_ct_guess), so that connections are not cut.
 */
#define PK_CT_LOST 8u

/* Bits of --ctstate, as XT_CONNTRACK_STATE_* of linux/netfilter/xt_conntrack.h. */
#define PK_CTS_INVALID (1u << 0)
#define PK_CTS_ESTABLISHED (1u << 1)
#define PK_CTS_RELATED (1u << 2)
#define PK_CTS_NEW (1u << 3)
#define PK_CTS_SNAT (1u << 6)
#define PK_CTS_DNAT (1u << 7)
#define PK_CTS_UNTRACKED (1u << 8)

/* Bits of an entry's status, as enum ip_conntrack_status. */
#define PK_CTF_EXPECTED (1u << 0)
#define PK_CTF_SEEN_REPLY (1u << 1)
#define PK_CTF_ASSURED (1u << 2)
#define PK_CTF_CONFIRMED (1u << 3)
#define PK_CTF_SRC_NAT (1u << 4)
#define PK_CTF_DST_NAT (1u << 5)

/* The four ends of an entry's two tuples. */
enum pk_ct_end { PK_CT_ORIGSRC, PK_CT_ORIGDST, PK_CT_REPLSRC, PK_CT_REPLDST, PK_CT_ENDS };

struct pk_conntrack {
    __u32 info;  /* PK_CT_* */
    __u32 entry; /* 0: there is none; the packet is INVALID, or UNTRACKED if `info` says so */
    __u32 status;
    __u32 expires;                   /* in seconds, rounded down */
    struct pk_u128 addr[PK_CT_ENDS]; /* as in struct pk_packet */
    __u16 port[PK_CT_ENDS];          /* or what the protocol has in their place */
    __u8 proto;
};

/*
 * The parts of one match, which are bits of a step's arg; inverted ones again << 16.
 *
 *     PK_STEP_CONNTRACK        all but addresses
 *         data[0..1]   four port ranges, each low | high << 16: ORIGSRC in the low half of data[0]
 *         data[2]      --ctexpire, low | high << 32
 *         data[3]      states | status << 16 | protocol << 32
 *     PK_STEP_CONNTRACK_ADDR   one address: data[0..1] address, already masked; data[2..3] mask
 *         arg          enum pk_ct_end | PK_CTP_HAS_STATE if the match asks for a state
 */
#define PK_CTP_STATE 0u
#define PK_CTP_PROTO 1u
#define PK_CTP_ADDR 2u /* four of them, by enum pk_ct_end */
#define PK_CTP_PORT 6u /* likewise */
#define PK_CTP_STATUS 10u
#define PK_CTP_EXPIRE 11u
#define PK_CTP_DIR 12u /* inverted: REPLY */

#define PK_CTP_HAS_STATE 0x100u

/*
 * What a flow's key (classify/flow.h) tells of a packet's connection, in a byte that is never 0.
 *
 *        7        6        5    4     3      2   0
 *     |ASSURED|SEEN_REPLY|DNAT|SNAT|entry| info    |   without an entry: UNTRACKED or INVALID
 */
#define PK_CT_TOLD_STATE 0x0fu
#define PK_CT_TOLD_NAT (PK_CTF_SRC_NAT | PK_CTF_DST_NAT)
#define PK_CT_TOLD_STATUS ((PK_CTF_SEEN_REPLY | PK_CTF_ASSURED) << 5)
#define PK_CT_TOLD_INVALID 6u

/* 0: it must be looked at (PK_CT_LOST). */
static inline __u32 pk_ct_told(__u32 info, __u32 entry, __u32 status)
{
    if (info == PK_CT_LOST)
        return 0;
    if (!entry)
        return info == PK_CT_UNTRACKED ? PK_CT_UNTRACKED : PK_CT_TOLD_INVALID;
    return (info & 7) | 8 | (status & PK_CT_TOLD_NAT) | (status << 5 & PK_CT_TOLD_STATUS);
}

/* The bits of it that a PK_STEP_CONNTRACK with these words goes by; 0: it asks for more. */
static inline __u32 pk_ct_told_asked(__u32 arg, __u64 states_status)
{
    const __u32 known = 1u << PK_CTP_STATE | 1u << PK_CTP_STATUS | 1u << PK_CTP_DIR;
    __u32 asked = PK_CT_TOLD_STATE, status = states_status >> 16 & 0xffff;

    if (arg & 0xffff & ~known)
        return 0;
    if (arg >> PK_CTP_STATUS & 1) {
        if (status & ~(PK_CTF_SEEN_REPLY | PK_CTF_ASSURED))
            return 0;
        asked |= status << 5;
    }
    if (arg >> PK_CTP_STATE & 1) {
        asked |= states_status & PK_CTS_SNAT ? PK_CTF_SRC_NAT : 0;
        asked |= states_status & PK_CTS_DNAT ? PK_CTF_DST_NAT : 0;
    }
    return asked;
}
