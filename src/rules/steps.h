// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Residual steps (step.h) evaluated, the same in user space and in BPF. A step that answers for a
 * match stands in rules/match/x.bpf.h and has its case here.
 *
 * The includer defines pk_load() and struct pk_source (packet/frame.h), PK_CTX (what it has a
 * packet in) and pk_source_init(source, ctx), for steps that read bytes of the packet; and, where
 * packets can have conntrack entries, PK_CT and what goes with it (rules/match/conntrack.bpf.h). A
 * build of the tests defines PK_TEST_STEPS and has tests/steps in its include path; a shipped one
 * knows no test step.
 */
#pragma once

#include "packet/frame.h"
#include "rules/match/addr.bpf.h"
#include "rules/match/conntrack.bpf.h"
#include "rules/match/tcp.bpf.h"
#include "rules/step.h"

#ifdef PK_TEST_STEPS
#include "test_steps.h"
#endif

/* A predicate. One of a kind that is not known, which only a damaged image has, says no. */
static inline enum pk_answer pk_step_eval(PK_CTX *ctx, const struct pk_packet *p,
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
