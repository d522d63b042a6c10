// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PK_STEP_TCP_OPTION: as the last part of tcp_mt() with tcp_find_option() (xt_tcpudp.c), one option
 * a step of pk_loop, so that the verifier follows one option and not all paths through 40 bytes.
 *
 *     kind 0, 1      kind >= 2, length     kind ...
 *     | 1 |          | 4 | 3 | x |         | ...
 *       ^ at           ^ at: += length, or 1 if that is 0
 *
 * As in the kernel a length of 1 makes the length byte itself the next kind.
 */
#pragma once

#include "packet/frame.h"
#include "rules/step.h"

#define PK_TCP_OPTIONS_MAX 40u

struct pk_tcp_options {
    const struct pk_source *source;
    __u32 at, end; /* from the IP header: the next kind; behind the last byte */
    __u32 option;
    __u32 found;
};

static long pk_tcp_options_step(__u32 i, struct pk_tcp_options *o)
{
    __u8 b = 0;

    (void)i;
    if (o->at >= o->end || pk_load_far(o->source, o->at, &b, 1))
        return 1;
    if (b == o->option) {
        o->found = 1;
        return 1;
    }
    if (b >= 2 && o->at + 1 < o->end)
        (void)pk_load_far(o->source, o->at + 1, &b, 1);
    else
        b = 1;
    o->at += b ? b : 1;
    return 0;
}

static inline enum pk_answer pk_step_tcp_option(PK_CTX *ctx, const struct pk_packet *p,
                                                const struct pk_step *st)
{
    struct pk_source s;
    struct pk_tcp_options o = {.source = &s, .at = p->l4_off + 20u, .option = st->arg};
    __u8 b[4];
    __u32 len;

    pk_source_init(&s, ctx);
    if (o.at > p->len || pk_load_far(&s, p->l4_off + 12u, b, 1))
        return PK_HOTDROP;
    len = (b[0] >> 4) * 4u;
    o.end = p->l4_off + len;
    if (len < 20 || o.end > p->len)
        return PK_HOTDROP;
    /* The last of them is asked for first: the kernel reads all options before it looks. */
    if (len > 20 && pk_load_far(&s, o.end - 4, b, 4))
        return PK_HOTDROP;
    pk_loop(PK_TCP_OPTIONS_MAX, pk_tcp_options_step, &o);
    return o.found != (st->invert != 0) ? PK_YES : PK_NO;
}
