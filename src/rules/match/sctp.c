// SPDX-License-Identifier: GPL-2.0-or-later
/* -m sctp: as sctp_mt() of the kernel's xt_sctp.c, without --chunk-types. */
#include "rules/compile_ctx.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

struct sctp_info {
    struct pk_port_range sport, dport;
};

enum { SCTP_SPORT, SCTP_DPORT, SCTP_CHUNK_TYPES };

static const struct pk_option options[] = {
    {.name = "sport",
     .alias = "source-port",
     .id = SCTP_SPORT,
     .n_args = 1,
     .invertible = true,
     .arg = "port[:port]",
     .help = "the source port is this, or between these"},
    {.name = "dport",
     .alias = "destination-port",
     .id = SCTP_DPORT,
     .n_args = 1,
     .invertible = true,
     .arg = "port[:port]",
     .help = "the destination port is this, or between these"},
    {.name = "chunk-types",
     .id = SCTP_CHUNK_TYPES,
     .n_args = 2,
     .invertible = true,
     .arg = "all|any|none types",
     .help = "not supported: refused"},
    {0},
};

static int sctp_parse(struct pk_option_use *use, void *info)
{
    struct sctp_info *i = info;

    if (use->option->id == SCTP_CHUNK_TYPES)
        return pk_option_refuse(use);
    return pk_ports_parse(use, "sctp", true, use->option->id == SCTP_SPORT ? &i->sport : &i->dport);
}

static int sctp_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    return pk_proto_require(use, r, "sctp", 132, "sctp");
}

static void sctp_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct sctp_info *i = info;

    if (i->sport.given)
        pk_ports_print("sport", &i->sport, out);
    if (i->dport.given)
        pk_ports_print("dport", &i->dport, out);
}

static bool sctp_port_match(const struct pk_port_range *r, uint16_t port)
{
    return !r->given || (port >= r->lo && port <= r->hi) != r->invert;
}

static enum pk_answer sctp_eval(const void *info, const struct pk_view *v)
{
    const struct sctp_info *i = info;

    if (v->p->status == PK_L4_FRAG || v->p->status == PK_L4_FRAG1)
        return PK_NO;
    if (v->p->status != PK_L4_OK)
        return PK_HOTDROP;
    if (!sctp_port_match(&i->sport, v->p->sport) || !sctp_port_match(&i->dport, v->p->dport))
        return PK_NO;
    return PK_YES;
}

static enum pk_answer sctp_compile(const void *info, struct pk_compile *ctx)
{
    const struct sctp_info *i = info;
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

const struct pk_match_def pk_match_sctp = {
    .name = "sctp",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct sctp_info),
    .options = options,
    .parse = sctp_parse,
    .finish = sctp_finish,
    .print = sctp_print,
    .eval = sctp_eval,
    .compile = sctp_compile,
};
