// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way of a packet: parse, classify, verdict, count. Every hook's program prepares a source and
 * what it knows of the interfaces, and then calls pk_judge; every verdict leaves by pk_exit.
 */
#pragma once

#include "datapath/env.bpf.h"
/*
 * The including hook has defined PK_CTX (its context), struct pk_source, pk_load and
 * pk_source_init(source, ctx).
 */
#include "classify/walk.h"

/* A reason that drops? */
static __always_inline int pk_drops(enum pk_reason r)
{
    return r >= PK_R_DROP_RULE && r <= PK_R_DROP_NO_PROG;
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
PK_GLOBAL int pk_classify(PK_CTX *ctx, const struct pk_packet *p, __u32 hook)
{
    const struct pk_family_tab *t;
    struct pk_walk w = {.ctx = ctx, .p = p};

    if (!p || hook >= PK_HOOK_N)
        return PK_R_DROP_WALK;
    t = &((const struct pk_image_head *)pk_at(0, 0))->family[p->family == PK_IPV6];
    if (!t->present)
        return PK_R_PASS_OPEN;
    pk_walk_chain(&w, t, hook);
    return pk_reason_of(&w);
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
