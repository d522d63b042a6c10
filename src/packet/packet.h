// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fields of one IP packet, as the classifier, the reference evaluator and the BPF programs know
 * them. Shared by user space and BPF.
 */
#pragma once

#include "base/u128.h"

enum pk_family { PK_IPV4, PK_IPV6, PK_FAMILY_N };

/* The filter table's three hooks, in the order of iptables-save. */
enum pk_hook { PK_INPUT, PK_FORWARD, PK_OUTPUT, PK_HOOK_N };

/*
 * How much of the layer-4 header a match can read. iptables' matches differ in what they do about
 * each, so it is a field of the classifier like any other:
 *
 *              whole header   tcp match       udp, icmp match   multiport
 *   OK         present        evaluates       evaluates         evaluates
 *   FRAG       offset > 1 *   does not match  does not match    does not match
 *   FRAG1      IPv4 offset 1  drops (hotdrop) does not match    does not match
 *   SHORT      >= 4 bytes     drops           drops             evaluates ports
 *   TINY       < 4 bytes      drops           drops             drops
 *   BROKEN     IPv6: the chain of extension headers cannot be followed to its end: a rule with -p,
 *              whatever protocol it names, drops (ip6_packet_match)
 *
 * (*) IPv6 has no FRAG1: ipv6_find_hdr reports the offset in bytes, a multiple of 8.
 * "Whole header": tcp 20 bytes, udp 8, icmp 8, icmpv6 8, sctp 12, dccp 12, udplite 8; other
 * protocols are always OK unless a fragment. For non-first fragments the protocol is known and the
 * ports, flags and types are not.
 */
enum pk_l4_status {
    PK_L4_OK,
    PK_L4_FRAG,
    PK_L4_FRAG1,
    PK_L4_SHORT,
    PK_L4_TINY,
    PK_L4_BROKEN,
    PK_L4_STATUS_N
};

#define PK_STATUS_BIT(s) (1u << (s))

/* IPv6 extension headers followed before the packet is dropped under its own reason. */
#define PK_EXTHDR_MAX 16

struct pk_packet {
    struct pk_u128 saddr, daddr; /* see base/u128.h */
    struct pk_u128 iif, oif;     /* interface names; all zero where the hook has none */
    __u32 len;                   /* bytes of the IP packet, what counters count (skb->len) */
    __u16 l4_off;                /* from the start of the IP header to layer 4 */
    __u16 sport, dport;          /* host order; 0 unless status lets them be read (OK, SHORT) */
    __u16 icmp;                  /* type << 8 | code; 0 unless status OK and proto icmp, icmpv6 */
    __u8 family;                 /* enum pk_family */
    __u8 proto;                  /* after extension headers; 0 if BROKEN */
    __u8 status;                 /* enum pk_l4_status */
    __u8 tcp_flags;              /* byte 13 of the TCP header; 0 unless status OK and proto tcp */
    __u8 ttl;                    /* TTL or hop limit */
    __u8 tracked;                /* 1: by a table of our own (state/) */
    __u8 ct;                     /* pk_ct_told() of rules/conntrack.h; 0: not known */
    __u8 tos;                    /* or IPv6's traffic class: routing may go by it */
};

_Static_assert(sizeof(struct pk_packet) == 88, "shared with BPF");
