// SPDX-License-Identifier: GPL-2.0-or-later
/* -m dccp: as dccp_mt() of the kernel's xt_dccp.c, without --dccp-types and --dccp-option. */
#include "rules/compile_ctx.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

struct dccp_info {
    struct pk_port_range sport, dport;
};

enum { DCCP_SPORT, DCCP_DPORT, DCCP_TYPES, DCCP_OPTION };

static const struct pk_option options[] = {
    {.name = "sport",
     .alias = "source-port",
     .id = DCCP_SPORT,
     .n_args = 1,
     .invertible = true,
     .arg = "port[:port]",
     .help = "the source port is this, or between these"},
    {.name = "dport",
     .alias = "destination-port",
     .id = DCCP_DPORT,
     .n_args = 1,
     .invertible = true,
     .arg = "port[:port]",
     .help = "the destination port is this, or between these"},
    {.name = "dccp-types",
     .id = DCCP_TYPES,
     .n_args = 1,
     .invertible = true,
     .arg = "type[,type...]",
     .help = "not supported: refused"},
    {.name = "dccp-option",
     .id = DCCP_OPTION,
     .n_args = 1,
     .invertible = true,
     .arg = "number",
     .help = "not supported: refused"},
    {0},
};

static int dccp_parse(struct pk_option_use *use, void *info)
{
    struct dccp_info *i = info;

    if (use->option->id == DCCP_TYPES || use->option->id == DCCP_OPTION)
        return pk_option_refuse(use);
    return pk_ports_parse(use, NULL, false, use->option->id == DCCP_SPORT ? &i->sport : &i->dport);
}

static int dccp_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    return pk_proto_require(use, r, "dccp", 33, "dccp");
}

static void dccp_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct dccp_info *i = info;

    if (i->sport.given)
        pk_ports_print("sport", &i->sport, out);
    if (i->dport.given)
        pk_ports_print("dport", &i->dport, out);
}

static bool dccp_port_match(const struct pk_port_range *r, uint16_t port)
{
    return !r->given || (port >= r->lo && port <= r->hi) != r->invert;
}

static enum pk_answer dccp_eval(const void *info, const struct pk_view *v)
{
    const struct dccp_info *i = info;

    if (v->p->status == PK_L4_FRAG || v->p->status == PK_L4_FRAG1)
        return PK_NO;
    if (v->p->status != PK_L4_OK)
        return PK_HOTDROP;
    if (!dccp_port_match(&i->sport, v->p->sport) || !dccp_port_match(&i->dport, v->p->dport))
        return PK_NO;
    return PK_YES;
}

static enum pk_answer dccp_compile(const void *info, struct pk_compile *ctx)
{
    const struct dccp_info *i = info;
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

const struct pk_match_def pk_match_dccp = {
    .name = "dccp",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct dccp_info),
    .options = options,
    .parse = dccp_parse,
    .finish = dccp_finish,
    .print = dccp_print,
    .eval = dccp_eval,
    .compile = dccp_compile,
};
