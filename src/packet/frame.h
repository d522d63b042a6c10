// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frame to fields: the one description of parsing, for user space and for every BPF hook.
 *
 * The includer says how bytes are read, before including this file:
 *
 *     static int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len);
#ifdef PK_TWO_LOADS
static int pk_load_far(const struct pk_source *s, __u32 off, void *dst, __u32 len);
#else
#define pk_load_far pk_load
#endif
 *
 * copies `len` (a constant at each call) bytes at `off` from the start of the *IP header* and
 * returns 0, or not 0 if they are not all there. pk_load_far() does the same by the one way that
 * always works; loops use it, and what reads beyond the fixed headers. Everything below is bounded
 * and branch-light, so that the verifier passes it in a few thousand steps.
 */
#pragma once

#include "packet/packet.h"

struct pk_source; /* the includer's */

/* In BPF a call costs more than what it calls here. */
#define PK_INLINE static inline __attribute__((always_inline))

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
#ifdef PK_TWO_LOADS
static int pk_load_far(const struct pk_source *s, __u32 off, void *dst, __u32 len);
#else
#define pk_load_far pk_load
#endif

/* As the kernel's ipv6_ext_hdr(), but for "no next header" (59), which ends the chain. */
static inline int pk_is_exthdr(__u8 h)
{
    return h == 0 || h == 43 || h == 44 || h == 51 || h == 60;
}

/* Bytes of layer 4 that a match on this protocol reads; 0: no match reads any. */
PK_INLINE __u32 pk_l4_need(__u8 proto)
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

/* Buffers of whole words: BPF has no unaligned loads from its stack, and would read bytes. */
#define PK_WORDS __attribute__((aligned(8)))

static inline __u16 pk_be16_at(const __u8 *b)
{
    __u16 v;

    __builtin_memcpy(&v, b, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap16(v);
#endif
    return v;
}

static inline __u32 pk_be32_at(const __u8 *b)
{
    __u32 v;

    __builtin_memcpy(&v, b, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}

static inline __u64 pk_be64_at(const __u8 *b)
{
    return (__u64)pk_be32_at(b) << 32 | pk_be32_at(b + 4);
}

/* Layer 4 of a packet whose family, proto, len and l4_off are known and that is no later fragment.
 */
PK_INLINE void pk_parse_l4(const struct pk_source *s, struct pk_packet *p)
{
    __u32 need = pk_l4_need(p->proto);
    __u32 there = p->len > p->l4_off ? p->len - p->l4_off : 0;
    __u8 b[4] PK_WORDS, flags;

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

PK_INLINE enum pk_parse_result pk_parse_ipv4(const struct pk_source *s, struct pk_packet *p)
{
    int accepted = p->len != 0;
    __u8 h[20] PK_WORDS;
    __u32 ihl, frag;

    if (pk_load(s, 0, h, 20))
        return PK_PARSE_MALFORMED;
    ihl = (h[0] & 15u) * 4;
    if (!p->len)
        p->len = pk_be16_at(h + 2);
    if (!accepted && (h[0] >> 4 != 4 || ihl < 20 || p->len < ihl))
        return PK_PARSE_MALFORMED;
    p->family = PK_IPV4;
    p->tos = h[1];
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
 *   - the end of the packet inside the chain: an error with offset 0, hence BROKEN (of a routing
 *     header its four fixed bytes must be there, of the others two);
 *   - a later fragment: its next header is the protocol, if that is no extension header;
 *     else an error with offset 0, hence BROKEN.
 * With a header to end at it is ipv6_find_hdr(skb, &off, want, NULL, NULL).
 */
enum pk_exthdr_end {
    PK_EXT_MORE,
    PK_EXT_PROTO,
    PK_EXT_LATER_FRAGMENT,
    PK_EXT_BROKEN,
    PK_EXT_FOUND, /* at `off` */
};

struct pk_exthdr_walk {
    const struct pk_source *source;
    __u32 off, len;
    __u16 want; /* 1 + the extension header to end at; 0: none, all are followed */
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

    if (w->off + 4 > w->len || pk_load_far(w->source, w->off, b, 4))
        return pk_exthdr_end(w, PK_EXT_BROKEN);
    if (w->want == 44 + 1)
        return pk_exthdr_end(w, PK_EXT_FOUND);
    w->next = b[0];
    if (pk_be16_at(b + 2) & 0xfff8u)
        return pk_exthdr_end(w, PK_EXT_LATER_FRAGMENT);
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
    if (w->off + (w->next == 43 ? 4 : 2) > w->len || pk_load_far(w->source, w->off, b, 2))
        return pk_exthdr_end(w, PK_EXT_BROKEN);
    if (w->want == w->next + 1)
        return pk_exthdr_end(w, PK_EXT_FOUND);
    w->off += w->next == 51 ? (b[1] + 2u) * 4 : (b[1] + 1u) * 8;
    w->next = b[0];
    return 0;
}

/* The fixed header of 40 bytes. */
PK_INLINE enum pk_parse_result pk_parse_ipv6_fixed(const struct pk_source *s, struct pk_packet *p,
                                                   __u8 *ret_next)
{
    __u8 h[40] PK_WORDS;

    if (pk_load(s, 0, h, 40))
        return PK_PARSE_MALFORMED;
    if (!p->len && h[0] >> 4 != 6)
        return PK_PARSE_MALFORMED;
    p->family = PK_IPV6;
    if (!p->len)
        p->len = 40u + pk_be16_at(h + 4);
    p->tos = (__u8)(h[0] << 4 | h[1] >> 4);
    p->ttl = h[7];
    p->saddr.hi = pk_be64_at(h + 8);
    p->saddr.lo = pk_be64_at(h + 16);
    p->daddr.hi = pk_be64_at(h + 24);
    p->daddr.lo = pk_be64_at(h + 32);
    *ret_next = h[6];
    return PK_PARSE_OK;
}

PK_INLINE void pk_parse_ipv6_l4(const struct pk_source *s, struct pk_packet *p, __u8 proto,
                                __u32 off)
{
    p->l4_off = (__u16)(off > 0xffff ? 0xffff : off);
    p->proto = proto;
    pk_parse_l4(s, p);
}

static inline enum pk_parse_result pk_parse_ipv6(const struct pk_source *s, struct pk_packet *p)
{
    struct pk_exthdr_walk w = {.source = s, .off = 40};
    enum pk_parse_result r = pk_parse_ipv6_fixed(s, p, &w.next);

    if (r != PK_PARSE_OK)
        return r;
    w.len = p->len;
    pk_loop(PK_EXTHDR_MAX + 1, pk_exthdr_step, &w);
    if (w.end == PK_EXT_MORE)
        return PK_PARSE_EXTHDRS;
    if (w.end == PK_EXT_BROKEN || (w.end == PK_EXT_LATER_FRAGMENT && pk_is_exthdr(w.next))) {
        p->status = PK_L4_BROKEN;
        return PK_PARSE_OK;
    }
    if (w.end == PK_EXT_LATER_FRAGMENT) {
        p->l4_off = (__u16)(w.off > 0xffff ? 0xffff : w.off);
        p->proto = w.next;
        p->status = PK_L4_FRAG;
    } else {
        pk_parse_ipv6_l4(s, p, w.next, w.off);
    }
    return PK_PARSE_OK;
}

/*
 * A parsed IPv6 packet without extension headers, as are those whose flows are recalled. The offset
 * alone does not tell: of a later fragment it is its fragment header's.
 */
static inline int pk_ipv6_bare(const struct pk_packet *p)
{
    return p->l4_off == 40 && p->status != PK_L4_BROKEN && p->status != PK_L4_FRAG;
}
