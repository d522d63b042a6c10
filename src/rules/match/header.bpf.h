// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The steps of rules/header.h: as ip6t_frag.c, ip6t_rt.c, ip6t_hbh.c, ip6t_ah.c, ip6t_mh.c,
 * ip6t_ipv6header.c, ip6t_eui64.c, ipt_ah.c, xt_esp.c and xt_ecn.c read a packet. Headers are read
 * anew from the packet when such a rule is reached, so that sets without one pay nothing.
 *
 * The includer provides, besides what frame.h needs,
 *
 *     static int pk_load_mac(PK_CTX *ctx, __u8 dst[8]);
 *
 * the six bytes of the source MAC address. 1: the frame is of another kind than IPv6; -1: there is
 * no Ethernet header.
 */
#pragma once

#include "packet/frame.h"
#include "rules/header.h"
#include "rules/step.h"

/*
 * Where the first extension header `want` stands, as ipv6_find_hdr() finds it. 0: there is none;
 * -1: the chain ends before. The parser (frame.h) has followed the chain of this packet to its end,
 * so that its bound is not met here. This and what reads bytes are proved on their own (PK_GLOBAL),
 * once for all steps.
 */
PK_GLOBAL int pk_header_find(PK_CTX *ctx, const struct pk_packet *p, __u32 want)
{
    struct pk_source s;
    struct pk_exthdr_walk w = {.source = &s, .off = 40, .want = (__u16)(want + 1)};

    if (!p || pk_ipv6_bare(p))
        return 0;
    pk_source_init(&s, ctx);
    w.len = p->len;
    if (pk_load_far(&s, 6, &w.next, 1))
        return -1;
    pk_loop(PK_EXTHDR_MAX + 1, pk_exthdr_step, &w);
    if (w.end == PK_EXT_FOUND)
        return (int)w.off;
    return w.end == PK_EXT_BROKEN ? -1 : 0;
}

/* One, two or four bytes as a number; -1: they are not all there. */
PK_GLOBAL __s64 pk_header_bytes(PK_CTX *ctx, __u32 off, __u32 n)
{
    __u8 b[4] PK_WORDS = {0};
    struct pk_source s;
    int r;

    pk_source_init(&s, ctx);
    if (n == 1)
        r = pk_load_far(&s, off, b + 3, 1);
    else if (n == 2)
        r = pk_load_far(&s, off, b + 2, 2);
    else
        r = pk_load_far(&s, off, b, 4);
    return r ? -1 : (__s64)pk_be32_at(b);
}

/* The length of header `kind` from its first two bytes; not of a fragment. */
static inline __u32 pk_header_length(__s64 head, __u32 kind)
{
    __u32 words = ((__u32)head & 0xff) + 1;

    return kind == 51 ? words * 4 + 4 : words * 8;
}

/*
 * Where the next one stands. A bound, above any packet's length, that the verifier sees in each
 * round of a loop anew: it then need not follow all of them.
 */
static inline __u32 pk_header_next(__u32 off, __u32 bytes)
{
    return (off + bytes) & 0xfffff;
}

static inline enum pk_answer pk_step_header(PK_CTX *ctx, const struct pk_packet *p,
                                            const struct pk_step *st, __u32 off)
{
    __u32 need = st->arg >> 8 & 0xff;
    __s64 high, more;
    __u64 value;

    if (off + need > p->len || pk_header_bytes(ctx, off + need - 1, 1) < 0)
        return PK_HOTDROP;
    high = pk_header_bytes(ctx, off, 2);
    if (high < 0)
        return PK_HOTDROP;
    if (st->arg & PK_HEADER_WHOLE && off + pk_header_length(high, st->arg & 0xff) > p->len)
        return PK_HOTDROP;
    if (st->arg & PK_HEADER_LAST && high >> 8 != 59)
        return PK_HOTDROP;
    high = pk_header_bytes(ctx, off, 4);
    more = (__u32)st->data[0] ? pk_header_bytes(ctx, off + 4, 4) : 0;
    if (high < 0 || more < 0)
        return PK_HOTDROP;
    value = ((__u64)high << 32 | (__u64)more) & st->data[0];
    return (value >= st->data[1] && value <= st->data[2]) != (st->invert != 0) ? PK_YES : PK_NO;
}

/* Where options or a routing header end; -1: not in the packet, or it cannot be read. */
static inline __s64 pk_header_end(PK_CTX *ctx, const struct pk_packet *p, __u32 off)
{
    __s64 head = pk_header_bytes(ctx, off, 2);
    __u32 end = off + pk_header_length(head, 0);

    return head < 0 || end > p->len ? -1 : (__s64)end;
}

/* One walk through the options of a header that the packet has whole. */
struct pk_header_options {
    PK_CTX *ctx;
    const struct pk_step *step;
    __u32 at, end; /* from the IP header: the next option; behind the header, 0: one is wrong */
};

static inline long pk_header_bad(struct pk_header_options *o)
{
    o->end = 0;
    return 1;
}

/*
 * One option. 1: it does not fit, or there is none any more. (Beyond the last that is asked for the
 * kernel does not look, nor at where that one ends.)
 */
static long pk_header_option(__u32 i, struct pk_header_options *o)
{
    __u32 want = (__u32)(o->step->data[i >> 2 & 3] >> ((i & 3) * 16)) & 0xffff;
    __s64 type, length = -1;

    if (o->at >= o->end)
        return pk_header_bad(o);
    type = pk_header_bytes(o->ctx, o->at, 1);
    if (type != want >> 8)
        return pk_header_bad(o);
    if (type && o->at + 2 <= o->end)
        length = pk_header_bytes(o->ctx, o->at + 1, 1);
    want &= 0xff;
    if (type && (length < 0 || (want != 0xff && want != length)))
        return pk_header_bad(o);
    o->at = pk_header_next(o->at, (__u32)(length + 2)); /* Pad1: 1 */
    return 0;
}

static inline enum pk_answer pk_step_options(PK_CTX *ctx, const struct pk_packet *p,
                                             const struct pk_step *st, __u32 off)
{
    __s64 end = pk_header_end(ctx, p, off);
    struct pk_header_options o = {ctx, st, off + 2, (__u32)end};
    __u32 n = st->arg >> 8 & 0xff;

    if (end < 0)
        return PK_HOTDROP;
    pk_loop(n < PK_OPTIONS_MAX ? n : PK_OPTIONS_MAX, pk_header_option, &o);
    return o.end ? PK_YES : PK_NO;
}

struct pk_header_route {
    PK_CTX *ctx;
    const struct pk_step *step;
    __u32 at;    /* from the IP header: the next address */
    __u32 found; /* how many of those asked for came, in their order */
};

/* Whether eight bytes of the packet are these. */
PK_GLOBAL int pk_header_same(PK_CTX *ctx, __u32 off, __u64 want)
{
    __u8 b[8] PK_WORDS;
    struct pk_source s;

    pk_source_init(&s, ctx);
    return !pk_load_far(&s, off, b, 8) && pk_be64_at(b) == want;
}

/* One address of the packet. 1: all have come. */
static long pk_header_hop(__u32 i, struct pk_header_route *r)
{
    const struct pk_step *st = r->step + (r->found >> 1 & 7);
    __u32 k = (r->found & 1) * 2;

    (void)i;
    if (pk_header_same(r->ctx, r->at, st->data[k]) &&
        pk_header_same(r->ctx, r->at + 8, st->data[k + 1]))
        r->found++;
    r->at = pk_header_next(r->at, 16);
    return r->found >= (r->step->arg >> 8 & 0xff);
}

static inline enum pk_answer pk_step_route(PK_CTX *ctx, const struct pk_packet *p,
                                           const struct pk_step *st, __u32 off)
{
    __s64 end = pk_header_end(ctx, p, off);
    struct pk_header_route r = {ctx, st, off + 8, 0};
    __u32 hops = ((__u32)end - r.at) / 16, n = st->arg >> 8 & 0xff;

    if (end < 0)
        return PK_HOTDROP;
    if (hops < n || (st->arg & PK_ROUTE_STRICT && hops != n))
        return PK_NO;
    pk_loop(hops, pk_header_hop, &r);
    return r.found == n ? PK_YES : PK_NO;
}

/* One walk of ipv6header_mt6(), which takes what follows a later fragment for headers, too. */
struct pk_header_kinds {
    PK_CTX *ctx;
    __u32 off, len;
    __u32 seen; /* PK_IPV6H_* */
    __u8 next;
    __u8 answer; /* enum pk_answer */
};

/* 1 if the two are the same, else 0. Without a branch: the verifier would follow each anew. */
static inline __u32 pk_header_is(__u8 a, __u8 b)
{
    return (__u32)(((__u64)(a ^ b) - 1) >> 63);
}

static inline __u32 pk_header_kind(__u8 next)
{
    __u32 kind = pk_header_is(next, 59) << 1 | pk_header_is(next, 50) << 2 |
                 pk_header_is(next, 51) << 3 | pk_header_is(next, 44) << 4 |
                 pk_header_is(next, 43) << 5 | pk_header_is(next, 60) << 6 |
                 pk_header_is(next, 0) << 7;

    return kind | pk_header_is((__u8)kind, 0);
}

static inline long pk_header_kinds_end(struct pk_header_kinds *w, enum pk_answer a)
{
    w->answer = (__u8)a;
    return 1;
}

static long pk_header_kinds_step(__u32 i, struct pk_header_kinds *w)
{
    __u32 kind = pk_header_kind(w->next), bytes;
    __s64 head;

    (void)i;
    if (!(kind & (PK_IPV6H_PROTO | PK_IPV6H_NONE)) && w->off + 2 > w->len)
        return pk_header_kinds_end(w, PK_NO);
    w->seen |= kind;
    if (kind & (PK_IPV6H_PROTO | PK_IPV6H_NONE | PK_IPV6H_ESP))
        return 1;
    head = pk_header_bytes(w->ctx, w->off, 2);
    if (head < 0)
        return pk_header_kinds_end(w, PK_HOTDROP);
    bytes = kind & PK_IPV6H_FRAGMENT ? 8 : pk_header_length(head, w->next);
    w->off = pk_header_next(w->off, bytes);
    w->next = (__u8)(head >> 8);
    if (w->off <= w->len)
        return 0;
    /* Beyond the end: what it names counts as a protocol, if it is not none or ESP. */
    w->seen |= (pk_header_is(w->next, 50) | pk_header_is(w->next, 59)) ^ 1;
    return 1;
}

static inline enum pk_answer pk_step_ipv6header(PK_CTX *ctx, const struct pk_packet *p,
                                                const struct pk_step *st)
{
    struct pk_header_kinds w = {.ctx = ctx, .off = 40, .len = p->len, .answer = PK_YES};
    __u32 asked = st->arg & 0xff;
    __s64 next = pk_header_bytes(ctx, 6, 1);

    if (next < 0)
        return PK_HOTDROP;
    w.next = (__u8)next;
    pk_loop(PK_IPV6H_WALK, pk_header_kinds_step, &w);
    if (w.answer != PK_YES)
        return (enum pk_answer)w.answer;
    if (st->arg & PK_IPV6H_SOFT) /* inverted: none of those asked for */
        return (st->invert ? !(w.seen & asked) : (w.seen & asked) == asked) ? PK_YES : PK_NO;
    return (w.seen == asked) != (st->invert != 0) ? PK_YES : PK_NO;
}

/* The source MAC address as a number; -1: there is none; -2: of a frame that is not IPv6. */
PK_GLOBAL __s64 pk_header_mac(PK_CTX *ctx)
{
    __u8 mac[8] PK_WORDS = {0};
    int r = pk_load_mac(ctx, mac);

    if (r)
        return r < 0 ? -1 : -2;
    return (__s64)(pk_be64_at(mac) >> 16);
}

static inline enum pk_answer pk_step_eui64(PK_CTX *ctx, const struct pk_packet *p)
{
    __s64 mac = pk_header_mac(ctx);
    __u64 id = ((__u64)mac >> 24) << 40 | 0xfffe000000ULL | ((__u64)mac & 0xffffff);

    if (mac < 0)
        return mac == -1 ? PK_HOTDROP : PK_NO;
    return p->saddr.lo == (id ^ 0x0200000000000000ULL) ? PK_YES : PK_NO;
}

/* Where xt_ecn.c takes a later fragment to have a TCP header: of IPv6 its place is never set. */
static inline enum pk_answer pk_step_ecn(PK_CTX *ctx, const struct pk_packet *p,
                                         const struct pk_step *st)
{
    __u32 off = p->family == PK_IPV6 ? 0 : p->l4_off;
    __s64 byte;

    if (off + 20 > p->len || pk_header_bytes(ctx, off + 19, 1) < 0)
        return PK_NO;
    byte = pk_header_bytes(ctx, off + 13, 1);
    return byte >= 0 && ((__u32)byte & st->arg) == (__u32)st->data[0] ? PK_YES : PK_NO;
}

/*
 * Where the header of a step stands: pk_header_find(). It is found before the step is entered, so
 * that the one does not lie on the other's stack.
 */
static inline int pk_header_where(PK_CTX *ctx, const struct pk_packet *p, const struct pk_step *st)
{
    if (st->kind == PK_STEP_IPV6HEADER || st->kind == PK_STEP_EUI64 || st->kind == PK_STEP_DATA ||
        st->kind == PK_STEP_ECN)
        return 1; /* it does not ask */
    if (st->kind == PK_STEP_HEADER && st->arg & PK_HEADER_L4)
        return p->l4_off;
    return pk_header_find(ctx, p, st->arg & 0xff);
}
