// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What tracking reads of a packet, besides what the classifier does: whose connection it belongs
 * to, which way it goes, and of TCP what windows are checked with. Shared by user space and BPF;
 * the includer provides what packet/frame.h asks for.
 *
 * Nothing here changes a packet, an entry or the table.
 */
#pragma once

#include "state/chunks.h"

/* a before b, a after b: sequence numbers wrap (RFC 9293, 3.4). */
PK_INLINE int pk_before(__u32 a, __u32 b)
{
    return (__s32)(a - b) < 0;
}

PK_INLINE int pk_after(__u32 a, __u32 b)
{
    return (__s32)(b - a) < 0;
}

/*
 * The key of what goes from `s` to `d`, whose smaller end comes first. *ret_from: the end that is
 * the source.
 */
PK_INLINE void pk_key_ends(struct pk_state_key *k, const struct pk_u128 *s, const struct pk_u128 *d,
                           __u16 sport, __u16 dport, __u8 *ret_from)
{
    int same = pk_u128_equal(*s, *d);
    int swap = same ? dport < sport : pk_u128_less(*d, *s);

    k->addr[0] = swap ? *d : *s;
    k->addr[1] = swap ? *s : *d;
    k->port[0] = swap ? dport : sport;
    k->port[1] = swap ? sport : dport;
    *ret_from = swap ? 1 : 0;
}

/* A request's type of ICMP, ICMPv6 that an answer of type `type` is to; 0: it is no answer. */
PK_INLINE __u8 pk_icmp_asked(__u8 proto, __u8 type)
{
    if (proto == 58)
        return type == 129 ? 128 : type == 140 ? 139 : 0;
    switch (type) {
    case 0: /* echo */
        return 8;
    case 14: /* timestamp */
    case 16: /* information */
    case 18: /* address mask */
        return type - 1;
    }
    return 0;
}

PK_INLINE int pk_icmp_asks(__u8 proto, __u8 type)
{
    if (proto == 58)
        return type == 128 || type == 139;
    return type == 8 || type == 13 || type == 15 || type == 17;
}

/* A query's key: the end that asks comes first, and the type is the request's. */
PK_INLINE enum pk_seen_kind pk_key_icmp(struct pk_state_key *k, const struct pk_u128 *s,
                                        const struct pk_u128 *d, const __u8 head[8], __u8 *ret_from)
{
    __u8 asked = pk_icmp_asked(k->proto, head[0]);

    if (!asked && !pk_icmp_asks(k->proto, head[0]))
        return PK_SEEN_INVALID;
    k->addr[0] = asked ? *d : *s;
    k->addr[1] = asked ? *s : *d;
    k->port[0] = pk_be16_at(head + 4);
    k->port[1] = (__u16)((asked ? asked : head[0]) << 8 | head[1]);
    *ret_from = asked ? 1 : 0;
    return asked ? PK_SEEN_ANSWERS : PK_SEEN_OPENS;
}

/* Protocols whose connections are told apart by ports. DCCP has no tracker in Linux since 6.16. */
PK_INLINE int pk_state_has_ports(__u8 proto)
{
    return proto == 6 || proto == 17 || proto == 132 || proto == 136;
}

/*
 * The call that GRE version 1 names (RFC 2637, 4.1), 0 of other versions and of what is cut short;
 * -1: it carries no PPP, which Linux does not track (gre_pkt_to_tuple()).
 */
PK_INLINE int pk_gre_call(const struct pk_source *s, __u32 off, __u32 len)
{
    __u8 h[8] PK_WORDS;

    if (off + 8 > len || pk_load_far(s, off, h, 8) || (h[1] & 7) != 1)
        return 0;
    return pk_be16_at(h + 2) == 0x880b ? pk_be16_at(h + 6) : -1;
}

/* Combinations of flags that Linux takes, of FIN, SYN, RST, ACK and URG (tcp_valid_flags). */
PK_INLINE int pk_tcp_flags_valid(__u8 flags)
{
    switch (flags & (PK_FLAG_FIN | PK_FLAG_SYN | PK_FLAG_RST | PK_FLAG_ACK | PK_FLAG_URG)) {
    case PK_FLAG_SYN:
    case PK_FLAG_SYN | PK_FLAG_URG:
    case PK_FLAG_SYN | PK_FLAG_ACK:
    case PK_FLAG_RST:
    case PK_FLAG_RST | PK_FLAG_ACK:
    case PK_FLAG_FIN | PK_FLAG_ACK:
    case PK_FLAG_FIN | PK_FLAG_ACK | PK_FLAG_URG:
    case PK_FLAG_ACK:
    case PK_FLAG_ACK | PK_FLAG_URG:
        return 1;
    }
    return 0;
}

PK_INLINE enum pk_tcp_kind pk_tcp_kind(__u8 flags)
{
    if (flags & PK_FLAG_RST)
        return PK_TCP_RST;
    if (flags & PK_FLAG_SYN)
        return flags & PK_FLAG_ACK ? PK_TCP_SYNACK : PK_TCP_SYN;
    if (flags & PK_FLAG_FIN)
        return PK_TCP_FIN;
    return flags & PK_FLAG_ACK ? PK_TCP_ACK : PK_TCP_NOTHING;
}

/* The options of one segment, from `off` to `end`. */
struct pk_seen_options {
    const struct pk_source *source;
    struct pk_seen *seen;
    __u32 off, end;
};

/* One SACK option's blocks: the highest right edge beyond what is acknowledged. */
static inline void pk_seen_sack(struct pk_seen_options *o, __u32 len)
{
    __u8 b[4] PK_WORDS;
    __u32 i, edge;

    for (i = 0; i < 4 && 2 + 8 * (i + 1) <= len; i++) {
        if (pk_load_far(o->source, o->off + 2 + 8 * i + 4, b, 4))
            return;
        edge = pk_be32_at(b);
        if (pk_after(edge, o->seen->sack))
            o->seen->sack = edge;
    }
}

static inline void pk_seen_option(struct pk_seen_options *o, __u8 kind, __u8 len)
{
    __u8 scale;

    if (kind == 5 && len >= 10 && !((len - 2) & 7)) {
        pk_seen_sack(o, len);
        if (!(o->seen->tcp_flags & PK_FLAG_SYN))
            o->off = o->end; /* tcp_sack() looks for no second one */
        return;
    }
    if (kind == 4 && len == 2)
        o->seen->options |= PK_TCPF_SACK_PERM;
    if (kind != 3 || len != 3 || pk_load_far(o->source, o->off + 2, &scale, 1))
        return;
    o->seen->options |= PK_TCPF_WINDOW_SCALE;
    o->seen->scale = scale > 14 ? 14 : scale; /* RFC 7323, 2.3 */
}

/* One option; 1: that was the last. As tcp_options() and tcp_sack() of Linux, in one pass. */
static long pk_seen_options_step(__u32 i, struct pk_seen_options *o)
{
    __u8 b[2];

    (void)i;
    if (o->off >= o->end || pk_load_far(o->source, o->off, b, 1) || b[0] == 0)
        return 1;
    if (b[0] == 1) {
        o->off++;
        return 0;
    }
    if (o->off + 2 > o->end || pk_load_far(o->source, o->off, b, 2) || b[1] < 2 ||
        o->off + b[1] > o->end)
        return 1;
    pk_seen_option(o, b[0], b[1]);
    o->off += b[1];
    return 0;
}

/* Twelve bytes of options that are a timestamp: what most segments have (tcp_sack()). */
PK_INLINE int pk_seen_only_timestamp(const struct pk_source *s, __u32 off, __u32 len)
{
    __u8 b[4] PK_WORDS;

    return len == 12 && !pk_load(s, off, b, 4) && pk_be32_at(b) == 0x0101080a;
}

PK_INLINE void pk_seen_tcp_options(const struct pk_source *s, __u32 off, __u32 len,
                                   struct pk_seen *seen)
{
    struct pk_seen_options o = {.source = s, .seen = seen, .off = off, .end = off + len};

    seen->has_options = len != 0;
    if (len && !pk_seen_only_timestamp(s, off, len))
        pk_loop(40, pk_seen_options_step, &o);
}

/* The segment; 0: it is none that Linux would track (tcp_error()). */
PK_INLINE int pk_seen_tcp(const struct pk_source *s, const struct pk_packet *p,
                          struct pk_seen *seen)
{
    __u8 h[16] PK_WORDS;
    __u32 head, data;

    if (pk_load(s, p->l4_off, h, 16))
        return 0;
    head = (__u32)(h[12] >> 4) * 4;
    if (head < 20 || p->len < p->l4_off + head || !pk_tcp_flags_valid(h[13]))
        return 0;
    data = p->len - p->l4_off - head;
    seen->tcp_flags = h[13];
    seen->segment = (__u8)pk_tcp_kind(h[13]);
    seen->seq = pk_be32_at(h + 4);
    seen->ack = seen->sack = pk_be32_at(h + 8);
    seen->win = pk_be16_at(h + 14);
    seen->end = seen->seq + data + (h[13] & PK_FLAG_SYN ? 1 : 0) + (h[13] & PK_FLAG_FIN ? 1 : 0);
    pk_seen_tcp_options(s, p->l4_off + 20u, head - 20, seen);
    return 1;
}

/* udp_error(), but for the checksum. The first fragment has not got all that the length says. */
PK_INLINE int pk_seen_udp(const struct pk_source *s, const struct pk_packet *p, int partial)
{
    __u8 b[2];
    __u32 len;

    if (pk_load(s, p->l4_off + 4u, b, 2))
        return 0;
    len = pk_be16_at(b);
    return len >= 8 && (partial || len <= p->len - p->l4_off);
}

/*
 * What is embedded in an ICMP error: the packet that failed, as far as it is there. As Linux does,
 * it is read as one of the error's own family, whatever version it names. A frame may go on behind
 * the error's end, `len`: that is none of it.
 */
struct pk_embedded {
    struct pk_u128 saddr, daddr;
    __u32 l4, len;
    __u8 proto;
};

PK_INLINE int pk_embedded_ipv4(const struct pk_source *s, __u32 off, struct pk_embedded *e)
{
    __u8 h[20] PK_WORDS;

    if (off + 20 > e->len || pk_load_far(s, off, h, 20) || pk_be16_at(h + 6) & 0x1fff)
        return 0;
    e->proto = h[9];
    e->saddr.lo = pk_be32_at(h + 12);
    e->daddr.lo = pk_be32_at(h + 16);
    e->l4 = off + (h[0] & 15u) * 4;
    return e->l4 <= e->len;
}

PK_INLINE int pk_embedded_ipv6(const struct pk_source *s, __u32 off, struct pk_embedded *e)
{
    struct pk_exthdr_walk w = {.source = s, .off = off + 40, .len = e->len};
    __u8 h[40] PK_WORDS;

    if (off + 40 > e->len || pk_load_far(s, off, h, 40))
        return 0;
    e->saddr.hi = pk_be64_at(h + 8);
    e->saddr.lo = pk_be64_at(h + 16);
    e->daddr.hi = pk_be64_at(h + 24);
    e->daddr.lo = pk_be64_at(h + 32);
    w.next = h[6];
    pk_loop(PK_EXTHDR_MAX + 1, pk_exthdr_step, &w);
    e->proto = w.next;
    e->l4 = w.off;
    return w.end == PK_EXT_PROTO;
}

/* The key of the embedded packet, and which of its ends had sent it. 0: there is none. */
PK_INLINE int pk_embedded_key(const struct pk_source *s, const struct pk_embedded *e,
                              struct pk_state_key *k, __u8 *ret_from)
{
    int call = e->proto == 47 ? pk_gre_call(s, e->l4, e->len) : 0;
    __u8 b[8] PK_WORDS = {0};

    k->proto = e->proto;
    if (e->proto == (k->family == PK_IPV6 ? 58 : 1)) {
        if (e->l4 + 8 > e->len || pk_load_far(s, e->l4, b, 8))
            return 0;
        return pk_key_icmp(k, &e->saddr, &e->daddr, b, ret_from) != PK_SEEN_INVALID;
    }
    if (!pk_state_has_ports(e->proto)) {
        pk_key_ends(k, &e->saddr, &e->daddr, 0, (__u16)call, ret_from);
        return call >= 0;
    }
    if (e->l4 + 4 > e->len || pk_load_far(s, e->l4, b, 4))
        return 0;
    pk_key_ends(k, &e->saddr, &e->daddr, pk_be16_at(b), pk_be16_at(b + 2), ret_from);
    return 1;
}

#define PK_ICMPV6_REDIRECT 137u

/* Where the packet that it is about begins, from the start of the ICMP header. A redirect has it in
 * an option (RFC 4861, 4.6.3), the first one here, as in nf_conntrack_icmpv6_redirect(). */
PK_INLINE __u32 pk_embedded_at(const struct pk_packet *p)
{
    return p->proto == 58 && p->icmp >> 8 == PK_ICMPV6_REDIRECT ? 48 : 8;
}

/*
 * An ICMP error (nf_conntrack_inet_error()): it goes to whoever sent the packet that failed, and
 * counts as coming from the other end.
 */
PK_INLINE enum pk_seen_kind pk_seen_error(const struct pk_source *s, const struct pk_packet *p,
                                          struct pk_seen *seen)
{
    struct pk_embedded e = {.len = p->len};
    __u32 off = p->l4_off + pk_embedded_at(p);

    if (p->family == PK_IPV6 ? !pk_embedded_ipv6(s, off, &e) : !pk_embedded_ipv4(s, off, &e))
        return PK_SEEN_INVALID;
    if (!pk_u128_equal(e.saddr, p->daddr) || !pk_embedded_key(s, &e, &seen->key, &seen->from))
        return PK_SEEN_INVALID;
    seen->from ^= 1;
    return PK_SEEN_ERROR;
}

PK_INLINE int pk_icmp_is_error(__u8 proto, __u8 type)
{
    if (proto == 58)
        return type < 128;
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* MLD and neighbour discovery but for redirects: nf_conntrack_icmpv6_error(). */
PK_INLINE int pk_icmpv6_untracked(__u8 type)
{
    return (type >= 130 && type <= 136) || type == 143;
}

/* A redirect that a router on the link may have sent, whose first option is the packet. */
PK_INLINE int pk_redirect_sound(const struct pk_source *s, const struct pk_packet *p)
{
    __u8 option[2];

    return p->icmp == PK_ICMPV6_REDIRECT << 8 && p->ttl == 255 && p->saddr.hi >> 54 == 0x3fa &&
           p->l4_off + 42u <= p->len && !pk_load_far(s, p->l4_off + 40u, option, 2) &&
           option[0] == 4 && option[1] != 0;
}

PK_INLINE enum pk_seen_kind pk_seen_icmp(const struct pk_source *s, const struct pk_packet *p,
                                         struct pk_seen *seen)
{
    __u8 b[8] PK_WORDS;

    if (pk_load(s, p->l4_off, b, 8))
        return PK_SEEN_INVALID;
    if (p->proto == 58 && pk_icmpv6_untracked(b[0]))
        return PK_SEEN_UNTRACKED;
    if (pk_icmp_is_error(p->proto, b[0]))
        return PK_SEEN_ERROR;
    if (p->proto == 58 && b[0] == PK_ICMPV6_REDIRECT)
        return pk_redirect_sound(s, p) ? PK_SEEN_ERROR : PK_SEEN_INVALID;
    return pk_key_icmp(&seen->key, &p->saddr, &p->daddr, b, &seen->from);
}

/* Of IPv6: what the first fragment header says, wherever in the chain it stands; if there is one.
 */
PK_INLINE int pk_seen_ident_ipv6(const struct pk_source *s, const struct pk_packet *p,
                                 __u32 *ret_ident, __u8 *ret_more)
{
    struct pk_exthdr_walk w = {.source = s, .off = 40, .len = p->len, .want = 44 + 1};
    __u8 h[8] PK_WORDS;

    if (pk_ipv6_bare(p))
        return 0;
    if (pk_load_far(s, 6, h, 1))
        return -1;
    w.next = h[0];
    pk_loop(PK_EXTHDR_MAX + 1, pk_exthdr_step, &w);
    if (w.end == PK_EXT_PROTO)
        return 0;
    if (w.end != PK_EXT_FOUND || pk_load_far(s, w.off, h, 8))
        return -1;
    *ret_ident = pk_be32_at(h + 4);
    *ret_more = h[3] & 1;
    return 0;
}

/*
 * Where a datagram's fragments say which they are: 0, `*ret_more` set if more follow, and the
 * identification; -1: they do not.
 */
PK_INLINE int pk_seen_ident(const struct pk_source *s, const struct pk_packet *p, __u32 *ret_ident,
                            __u8 *ret_more)
{
    __u8 h[4] PK_WORDS;

    *ret_more = 0;
    if (p->family == PK_IPV6)
        return pk_seen_ident_ipv6(s, p, ret_ident, ret_more);
    if (pk_load(s, 4, h, 4))
        return -1;
    *ret_ident = pk_be16_at(h);
    *ret_more = h[2] >> 5 & 1;
    return 0;
}

/* The key under which a datagram's first fragment leaves its state to the others. One direction. */
PK_INLINE void pk_fragment_key(struct pk_state_key *k, const struct pk_packet *p, __u32 ident)
{
    k->addr[0] = p->saddr;
    k->addr[1] = p->daddr;
    k->port[0] = (__u16)(ident >> 16);
    k->port[1] = (__u16)ident;
    k->proto = p->proto;
    k->family = p->family | PK_STATE_FRAGMENT;
}

PK_INLINE enum pk_seen_kind pk_seen_fragment(const struct pk_source *s, const struct pk_packet *p,
                                             struct pk_seen *seen)
{
    __u8 more;

    if (p->status > PK_L4_FRAG1 || pk_seen_ident(s, p, &seen->ident, &more))
        return PK_SEEN_INVALID;
    pk_fragment_key(&seen->key, p, seen->ident);
    return PK_SEEN_FRAGMENT;
}

PK_INLINE enum pk_seen_kind pk_seen_whole(const struct pk_source *s, const struct pk_packet *p,
                                          struct pk_seen *seen)
{
    int call = p->proto == 47 ? pk_gre_call(s, p->l4_off, p->len) : 0;

    if (pk_seen_ident(s, p, &seen->ident, &seen->partial) || call < 0)
        return PK_SEEN_INVALID;
    if (p->proto == (p->family == PK_IPV6 ? 58 : 1))
        return pk_seen_icmp(s, p, seen);
    if (p->proto == 1 || p->proto == 58)
        return PK_SEEN_INVALID; /* the other family's */
    if (p->proto == 59 && p->family == PK_IPV6)
        return PK_SEEN_INVALID; /* no next header: ipv6_skip_exthdr() */
    if (p->proto == 6 && !pk_seen_tcp(s, p, seen))
        return PK_SEEN_INVALID;
    if (p->proto == 17 && !pk_seen_udp(s, p, seen->partial))
        return PK_SEEN_INVALID;
    if (p->proto == 132 && !pk_seen_sctp(s, p, seen))
        return PK_SEEN_INVALID;
    if (pk_state_has_ports(p->proto))
        pk_key_ends(&seen->key, &p->saddr, &p->daddr, p->sport, p->dport, &seen->from);
    else
        pk_key_ends(&seen->key, &p->saddr, &p->daddr, 0, (__u16)call, &seen->from);
    return PK_SEEN_OPENS;
}

/* All of it, but for what pk_seen_error() reads of an error; `seen` is zero on entry, but for the
 * zone. */
PK_INLINE void pk_see(const struct pk_source *s, const struct pk_packet *p, struct pk_seen *seen)
{
    seen->key.family = p->family;
    seen->key.proto = p->proto;
    if (p->status == PK_L4_OK)
        seen->kind = (__u8)pk_seen_whole(s, p, seen);
    else
        seen->kind = (__u8)pk_seen_fragment(s, p, seen);
}

/* The checksum of an ICMP message, to which IPv6 adds addresses, length and protocol. */
struct pk_sum {
    const struct pk_source *source;
    __u32 off, end;
    __u64 sum;
};

#define PK_SUM_PIECE 32u
#define PK_SUM_PIECES 2048u /* 64 KiB, what the loopback device carries */

static long pk_sum_step(__u32 i, struct pk_sum *c)
{
    __u8 b[PK_SUM_PIECE] PK_WORDS;
    __u32 k;

    (void)i;
    if (c->off + PK_SUM_PIECE > c->end || pk_load_far(c->source, c->off, b, PK_SUM_PIECE))
        return 1;
    for (k = 0; k < PK_SUM_PIECE; k += 4)
        c->sum += pk_be32_at(b + k);
    c->off += PK_SUM_PIECE;
    return 0;
}

/* What is left, less than a piece. */
static long pk_sum_tail(__u32 i, struct pk_sum *c)
{
    __u8 b[2] = {0, 0};

    (void)i;
    if (c->off >= c->end)
        return 1;
    if (pk_load_far(c->source, c->off, b, c->off + 2 > c->end ? 1 : 2))
        return 1;
    c->sum += pk_be16_at(b);
    c->off += 2;
    return 0;
}

PK_INLINE __u64 pk_sum_addr(struct pk_u128 a)
{
    return (a.hi >> 32) + (__u32)a.hi + (a.lo >> 32) + (__u32)a.lo;
}

/* Whether the checksum of an ICMP message is right. */
PK_INLINE int pk_icmp_sum_right(const struct pk_source *s, const struct pk_packet *p)
{
    struct pk_sum c = {.source = s, .off = p->l4_off, .end = p->len};

    if (p->family == PK_IPV6)
        c.sum = pk_sum_addr(p->saddr) + pk_sum_addr(p->daddr) + (p->len - p->l4_off) + p->proto;
    pk_loop(PK_SUM_PIECES, pk_sum_step, &c);
    if (c.end - c.off >= PK_SUM_PIECE)
        return 0;
    pk_loop(PK_SUM_PIECE / 2, pk_sum_tail, &c);
    if (c.off < c.end)
        return 0;
    c.sum = (c.sum >> 32) + (__u32)c.sum;
    c.sum = (c.sum >> 32) + (__u32)c.sum;
    c.sum = (c.sum >> 16) + (c.sum & 0xffff);
    c.sum = (c.sum >> 16) + (c.sum & 0xffff);
    return c.sum == 0xffff;
}
