// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way of a packet: parse, recall or classify, verdict, count. Every hook has two programs: its
 * judge parses plain packets without a function call and recalls what became of others like them;
 * what it cannot do so it hands on to the hook's walk, which parses anything and asks the rules.
 * Every verdict leaves by pk_exit.
 */
#pragma once

#include "datapath/env.bpf.h"
/*
 * The including hook has defined PK_CTX (its context), struct pk_source, pk_load,
 * pk_source_init(source, ctx) and pk_interfaces.
 */
#include "classify/walk.h"
#include "datapath/flow.bpf.h"

/* A reason that drops? */
static __always_inline int pk_drops(enum pk_reason r)
{
    return (r >= PK_R_DROP_RULE && r <= PK_R_DROP_NO_PROG) || r == PK_R_DROP_STATE;
}

/* The one exit: counts why, and says whether the packet goes on (1) or is dropped (0). */
static __always_inline int pk_exit(enum pk_where where, enum pk_reason reason, __u32 bytes)
{
    pk_count_reason(where, reason, bytes);
    return !pk_drops(reason);
}

static __always_inline enum pk_reason pk_reason_of(const struct pk_walk *w)
{
    int drop = w->action == PK_ACT_DROP;

    switch (w->end) {
    case PK_WALK_RULE:
        return drop ? PK_R_DROP_RULE : PK_R_ACCEPT_RULE;
    case PK_WALK_POLICY:
        return drop ? PK_R_DROP_POLICY : PK_R_ACCEPT_POLICY;
    case PK_WALK_HOTDROP:
        return PK_R_DROP_HOT;
    default:
        return PK_R_DROP_WALK;
    }
}

/*
 * The verdict of base chain `hook` on a parsed packet, as a reason. A global function: the verifier
 * proves it once, for any packet, whatever way parsing took. (It may not be inlined, nor be
 * static.)
 */
PK_GLOBAL int pk_classify(PK_CTX *ctx, const struct pk_packet *p, __u32 hook, __u32 image)
{
    const struct pk_family_tab *t;
    struct pk_walk w = {.ctx = ctx, .p = p};
    struct pk_flow_drafts *d;
    enum pk_reason r;

    if (!p || hook >= PK_HOOK_N)
        return PK_R_DROP_WALK;
    t = &pk_head(image)->family[p->family == PK_IPV6];
    if (!t->present)
        return PK_R_PASS_OPEN;
    d = pk_flow_drafts();
    if (!d)
        return PK_R_DROP_WALK;
    w.flow = &d->draft[pk_flow_begin(d, p, hook, image) & 1].flow;
    pk_walk_chain(&w, t, hook);
    r = pk_reason_of(&w);
    pk_flow_learn((struct pk_flow_draft *)w.flow, r);
    return r;
}

/* Parses what stands at `s`. PK_REASON_N: go on to judge it; else the reason to leave by. */
static __always_inline enum pk_reason pk_parse(const struct pk_source *s, struct pk_packet *p,
                                               int ipv6)
{
    switch (ipv6 ? pk_parse_ipv6(s, p) : pk_parse_ipv4(s, p)) {
    case PK_PARSE_OK:
        return PK_REASON_N;
    case PK_PARSE_EXTHDRS:
        return PK_R_DROP_EXTHDR;
    default:
        return PK_R_PASS_MALFORMED;
    }
}

/*
 * A packet without VLAN tags, IP options or extension headers, all of it at hand: parsed without a
 * call. 0: it is not so plain. The source says so too, if it could not read (pk_source.missed).
 */
static __always_inline int pk_parse_plain(struct pk_source *s, struct pk_packet *p, int ipv6)
{
    __u8 next = 0;

    if (!ipv6) {
        if (pk_parse_ipv4(s, p) != PK_PARSE_OK)
            return 0;
    } else {
        if (pk_parse_ipv6_fixed(s, p, &next) || pk_is_exthdr(next))
            return 0;
        pk_parse_ipv6_l4(s, p, next, 40);
    }
    return !s->missed;
}

/* What is known of a plain packet's flow; PK_REASON_N: walk. */
static __always_inline enum pk_reason pk_recall(const struct pk_packet *p, __u32 hook, __u32 image)
{
    const struct pk_image_head *h = pk_head(image);
    const struct pk_family_tab *t = &h->family[p->family == PK_IPV6];
    const __u64 *mask = pk_flow_mask(t, hook);
    union {
        struct pk_flow_key4 four;
        struct pk_flow_key any;
    } k;

    if (t->present != PK_FORM_TREE || !pk_flow_tells(p, mask))
        return PK_REASON_N;
    if (pk_flow_short(p->family, mask)) {
        pk_flow_key4_make(&k.four, p, hook, mask);
        return pk_flow_recall(PK_FLOW_SHORT, &k.four, p->len, h->epoch);
    }
    if (!pk_flow_key(&k.any, p, hook, mask))
        return PK_REASON_N;
    return pk_flow_recall(PK_FLOW_LONG, &k.any, p->len, h->epoch);
}

/* Hands the packet on to the walk of the same hook and bank; does not come back. */
static __always_inline int pk_walk_on(void *ctx, __u32 slot, __u32 bank)
{
    bpf_tail_call(ctx, &progs, pk_prog_index(bank & 0xff, PK_PROG_WALK(slot)));
    return pk_exit(PK_AT_NONE, PK_R_DROP_NO_PROG, 0);
}
