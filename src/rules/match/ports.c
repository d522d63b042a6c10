// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/match/ports.h"

void pk_port_pair_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct pk_port_pair *i = info;

    if (i->sport.given)
        pk_ports_print("sport", &i->sport, out);
    if (i->dport.given)
        pk_ports_print("dport", &i->dport, out);
}

static bool port_match(const struct pk_port_range *r, uint16_t port)
{
    return !r->given || (port >= r->lo && port <= r->hi) != r->invert;
}

enum pk_answer pk_port_pair_eval(const void *info, const struct pk_view *v)
{
    const struct pk_port_pair *i = info;

    if (v->p->status == PK_L4_FRAG || v->p->status == PK_L4_FRAG1)
        return PK_NO;
    if (v->p->status != PK_L4_OK)
        return PK_HOTDROP;
    if (!port_match(&i->sport, v->p->sport) || !port_match(&i->dport, v->p->dport))
        return PK_NO;
    return PK_YES;
}

enum pk_answer pk_port_pair_compile(const void *info, struct pk_compile *ctx)
{
    const struct pk_port_pair *i = info;
    enum pk_answer a = PK_YES;

    if (ctx->status == PK_L4_FRAG || ctx->status == PK_L4_FRAG1)
        return PK_NO;
    if (ctx->status != PK_L4_OK)
        return PK_HOTDROP;
    if (i->sport.given)
        a = pk_compile_port_range(ctx, PK_F_SPORT, i->sport.lo, i->sport.hi, i->sport.invert);
    if (a == PK_YES && i->dport.given)
        a = pk_compile_port_range(ctx, PK_F_DPORT, i->dport.lo, i->dport.hi, i->dport.invert);
    return a;
}
