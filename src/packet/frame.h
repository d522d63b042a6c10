// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frame to fields: the one description of parsing, for user space and for every BPF hook.
 *
 * The includer says how bytes are read, before including this file:
 *
 *     static int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len);
 *
 * copies `len` (a constant at each call) bytes at `off` from the start of the *IP header* and
 * returns 0, or not 0 if they are not all there. Everything below is bounded and branch-light, so
 * that the verifier passes it in a few thousand steps.
 */
#pragma once

#include "packet/packet.h"

struct pk_source; /* the includer's */

/* Calls step(i, arg) for i < n until it is not 0. In BPF this is bpf_loop(): verified once. */
#ifndef pk_loop
#define pk_loop(n, step, arg)                                                                      \
    do {                                                                                           \
        for (__u32 pk_i_ = 0; pk_i_ < (n); pk_i_++)                                                \
            if (step(pk_i_, arg))                                                                  \
                break;                                                                             \
    } while (0)
#endif

enum pk_parse_result {
    PK_PARSE_OK,
    PK_PARSE_MALFORMED, /* not an IP header that the stack accepts: it drops the packet by itself */
    PK_PARSE_EXTHDRS,   /* more than PK_EXTHDR_MAX extension headers */
};

/*
 * Where the stack has accepted the packet and knows its length (skb->len at netfilter), p->len is
 * set before: the header is then taken as it is, as ipt_do_table() and ip6t_do_table() take it.
 * (They meet odd ones: reassembly in nf_defrag_ipv6 behind long extension headers can leave the
 * network header inside of them.)
 */
static int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len);

/* As the kernel's ipv6_ext_hdr(), but for "no next header" (59), which ends the chain. */
static inline int pk_is_exthdr(__u8 h)
{
    return h == 0 || h == 43 || h == 44 || h == 51 || h == 60;
}

/* Bytes of layer 4 that a match on this protocol reads; 0: no match reads any. */
static inline __u32 pk_l4_need(__u8 proto)
{
    switch (proto) {
    case 1:   /* icmp */
    case 17:  /* udp */
    case 58:  /* icmpv6 */
    case 136: /* udplite: only multiport looks, at 4 bytes, but a whole header is 8 */
        return 8;
    case 6:
        return 20;
    case 33:  /* dccp */
    case 132: /* sctp */
        return 12;
    default:
        return 0;
    }
}

static inline int pk_has_ports(__u8 proto)
{
    return proto == 6 || proto == 17 || proto == 33 || proto == 132 || proto == 136;
}

static inline __u16 pk_be16_at(const __u8 *b)
{
    return (__u16)(b[0] << 8 | b[1]);
}

static inline __u32 pk_be32_at(const __u8 *b)
{
    return (__u32)b[0] << 24 | (__u32)b[1] << 16 | (__u32)b[2] << 8 | b[3];
}

static inline __u64 pk_be64_at(const __u8 *b)
{
    return (__u64)pk_be32_at(b) << 32 | pk_be32_at(b + 4);
}

/* Layer 4 of a packet whose family, proto, len and l4_off are known and that is no later fragment.
 */
static inline void pk_parse_l4(const struct pk_source *s, struct pk_packet *p)
{
    __u32 need = pk_l4_need(p->proto);
    __u32 there = p->len > p->l4_off ? p->len - p->l4_off : 0;
    __u8 b[8], flags;

    if (!need)
        return;
    if (there < 4 || pk_load(s, p->l4_off, b, 4)) {
        p->status = PK_L4_TINY;
        return;
    }
    if (pk_has_ports(p->proto)) {
        p->sport = pk_be16_at(b);
        p->dport = pk_be16_at(b + 2);
    }
    if (there < need) {
        p->status = PK_L4_SHORT;
        return;
    }
    if (p->proto == 6) {
        if (pk_load(s, p->l4_off + 13u, &flags, 1))
            p->status = PK_L4_SHORT;
        else
            p->tcp_flags = flags;
    } else if (!pk_has_ports(p->proto)) {
        p->icmp = pk_be16_at(b);
    }
}

static inline enum pk_parse_result pk_parse_ipv4(const struct pk_source *s, struct pk_packet *p)
{
    int accepted = p->len != 0;
    __u8 h[20];
    __u32 ihl, frag;

    if (pk_load(s, 0, h, 20))
        return PK_PARSE_MALFORMED;
    ihl = (h[0] & 15u) * 4;
    if (!p->len)
        p->len = pk_be16_at(h + 2);
    if (!accepted && (h[0] >> 4 != 4 || ihl < 20 || p->len < ihl))
        return PK_PARSE_MALFORMED;
    p->family = PK_IPV4;
    p->ttl = h[8];
    p->proto = h[9];
    p->saddr.lo = pk_be32_at(h + 12);
    p->daddr.lo = pk_be32_at(h + 16);
    p->l4_off = (__u16)ihl;
    frag = pk_be16_at(h + 6) & 0x1fffu;
    if (frag)
        p->status = frag == 1 ? PK_L4_FRAG1 : PK_L4_FRAG;
    else
        pk_parse_l4(s, p);
    return PK_PARSE_OK;
}

/*
 * The chain of extension headers, as ipv6_find_hdr(skb, &off, -1, &fragoff, NULL) follows it:
 *   - the end of the packet inside the chain: an error with offset 0, hence BROKEN;
 *   - a later fragment: its next header is the protocol, if that is no extension header;
 *     else an error with offset 0, hence BROKEN.
 */
enum pk_exthdr_end { PK_EXT_MORE, PK_EXT_PROTO, PK_EXT_LATER_FRAGMENT, PK_EXT_BROKEN };

struct pk_exthdr_walk {
    const struct pk_source *source;
    __u32 off, len;
    __u8 next;
    __u8 end; /* enum pk_exthdr_end */
};

static inline long pk_exthdr_end(struct pk_exthdr_walk *w, __u8 end)
{
    w->end = end;
    return 1;
}

/* A fragment header at w->off: a first fragment goes on behind it, a later one ends the chain. */
static inline long pk_exthdr_fragment(struct pk_exthdr_walk *w)
{
    __u8 b[4];

    if (w->off + 4 > w->len || pk_load(w->source, w->off, b, 4))
        return pk_exthdr_end(w, PK_EXT_BROKEN);
    w->next = b[0];
    if (pk_be16_at(b + 2) & 0xfff8u)
        return pk_exthdr_end(w, pk_is_exthdr(b[0]) ? PK_EXT_BROKEN : PK_EXT_LATER_FRAGMENT);
    w->off += 8;
    return 0;
}

/* One header of the chain; 1: the chain has ended. */
static long pk_exthdr_step(__u32 i, struct pk_exthdr_walk *w)
{
    __u8 b[2];

    (void)i;
    if (!pk_is_exthdr(w->next))
        return pk_exthdr_end(w, PK_EXT_PROTO);
    if (w->next == 44)
        return pk_exthdr_fragment(w);
    if (w->off + 2 > w->len || pk_load(w->source, w->off, b, 2))
        return pk_exthdr_end(w, PK_EXT_BROKEN);
    w->off += w->next == 51 ? (b[1] + 2u) * 4 : (b[1] + 1u) * 8;
    w->next = b[0];
    return 0;
}

static inline enum pk_parse_result pk_parse_ipv6(const struct pk_source *s, struct pk_packet *p)
{
    struct pk_exthdr_walk w = {.source = s, .off = 40};
    __u8 h[40];

    if (pk_load(s, 0, h, 40))
        return PK_PARSE_MALFORMED;
    if (!p->len && h[0] >> 4 != 6)
        return PK_PARSE_MALFORMED;
    p->family = PK_IPV6;
    if (!p->len)
        p->len = 40u + pk_be16_at(h + 4);
    p->ttl = h[7];
    p->saddr.hi = pk_be64_at(h + 8);
    p->saddr.lo = pk_be64_at(h + 16);
    p->daddr.hi = pk_be64_at(h + 24);
    p->daddr.lo = pk_be64_at(h + 32);
    w.len = p->len;
    w.next = h[6];
    pk_loop(PK_EXTHDR_MAX + 1, pk_exthdr_step, &w);
    if (w.end == PK_EXT_MORE)
        return PK_PARSE_EXTHDRS;
    if (w.end == PK_EXT_BROKEN) {
        p->status = PK_L4_BROKEN;
        return PK_PARSE_OK;
    }
    p->l4_off = (__u16)(w.off > 0xffff ? 0xffff : w.off);
    p->proto = w.next;
    if (w.end == PK_EXT_LATER_FRAGMENT)
        p->status = PK_L4_FRAG;
    else
        pk_parse_l4(s, p);
    return PK_PARSE_OK;
}
