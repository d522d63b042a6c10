// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Residual steps (step.h) evaluated, the same in user space and in BPF. A step that answers for a
 * match stands in rules/match/x.bpf.h and has its case here.
 *
 * The includer defines pk_load() and struct pk_source (packet/frame.h), PK_CTX (what it has a
 * packet in) and pk_source_init(source, ctx), for steps that read bytes of the packet, and
 * pk_load_mac() (rules/match/header.bpf.h); and, where packets can have conntrack entries, PK_CT
 * and what goes with it (rules/match/conntrack.bpf.h). A build of the tests defines PK_TEST_STEPS
 * and has tests/steps in its include path; a shipped one knows no test step.
 */
#pragma once

#include "packet/frame.h"
#include "rules/match/addr.bpf.h"
#include "rules/match/conntrack.bpf.h"
#include "rules/match/header.bpf.h"
#include "rules/match/ip_number.bpf.h"
#include "rules/match/tcp.bpf.h"
#include "rules/step.h"

#ifdef PK_TEST_STEPS
#include "test_steps.h"
#endif

/* Those of rules/header.h, which stand apart: the stack has no room for both kinds (walk.h). */
static inline int pk_step_of_header(const struct pk_step *st)
{
    return st->kind >= PK_STEP_HEADER && st->kind <= PK_STEP_ECN;
}

/* One of these; `where` is pk_header_where(). */
static inline enum pk_answer pk_step_eval_header(PK_CTX *ctx, const struct pk_packet *p,
                                                 const struct pk_step *st, int where)
{
    if (where <= 0)
        return where ? PK_HOTDROP : PK_NO;
    switch (st->kind) {
    case PK_STEP_HEADER:
        return pk_step_header(ctx, p, st, (__u32)where);
    case PK_STEP_OPTIONS:
        return pk_step_options(ctx, p, st, (__u32)where);
    case PK_STEP_ROUTE:
        return pk_step_route(ctx, p, st, (__u32)where);
    case PK_STEP_DATA:
        return PK_YES;
    case PK_STEP_IPV6HEADER:
        return pk_step_ipv6header(ctx, p, st);
    case PK_STEP_EUI64:
        return pk_step_eui64(ctx, p);
    case PK_STEP_ECN:
        return pk_step_ecn(ctx, p, st);
    default:
        return PK_NO;
    }
}

/* Any other. One of a kind that is not known, which only a damaged image has, says no. */
static inline enum pk_answer pk_step_eval_plain(PK_CTX *ctx, const struct pk_packet *p,
                                                const struct pk_step *st)
{
    switch (st->kind) {
    case PK_STEP_L4:
        return st->arg >> (p->status & 31) & 1 ? PK_HOTDROP : PK_YES;
    case PK_STEP_SADDR:
        return pk_step_address(p->saddr, st);
    case PK_STEP_DADDR:
        return pk_step_address(p->daddr, st);
    case PK_STEP_TCP_OPTION:
        return pk_step_tcp_option(ctx, p, st);
    case PK_STEP_CONNTRACK:
        return pk_step_conntrack(ctx, p, st);
    case PK_STEP_CONNTRACK_ADDR:
        return pk_step_conntrack_addr(ctx, p, st);
    case PK_STEP_NUMBER:
        return pk_step_number(p, st);
    case PK_STEP_NEVER:
        return PK_NO;
    default:
#ifdef PK_TEST_STEPS
        return pk_test_step_eval(p, st);
#else
        return PK_NO;
#endif
    }
}

/* A predicate. */
static inline enum pk_answer pk_step_eval(PK_CTX *ctx, const struct pk_packet *p,
                                          const struct pk_step *st)
{
    if (pk_step_of_header(st))
        return pk_step_eval_header(ctx, p, st, pk_header_where(ctx, p, st));
    return pk_step_eval_plain(ctx, p, st);
}

/* An effect of a rule that matched. */
static inline void pk_step_effect(PK_CTX *ctx, const struct pk_packet *p, const struct pk_step *st)
{
    (void)ctx;
#ifdef PK_TEST_STEPS
    pk_test_step_effect(p, st);
#else
    (void)p;
    (void)st;
#endif
}
