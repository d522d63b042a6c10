// SPDX-License-Identifier: GPL-2.0-or-later
/* -m udp: as udp_mt() of the kernel's xt_tcpudp.c. */
#include "rules/compile_ctx.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

struct udp_info {
    struct pk_port_range sport, dport;
};

enum { UDP_SPORT, UDP_DPORT };

static const struct pk_option options[] = {
    {.name = "sport",
     .alias = "source-port",
     .id = UDP_SPORT,
     .n_args = 1,
     .invertible = true,
     .arg = "port[:port]",
     .help = "the source port is this, or between these"},
    {.name = "dport",
     .alias = "destination-port",
     .id = UDP_DPORT,
     .n_args = 1,
     .invertible = true,
     .arg = "port[:port]",
     .help = "the destination port is this, or between these"},
    {0},
};

static int udp_init(void *info)
{
    struct udp_info *u = info;

    u->sport = u->dport = PK_PORTS_ALL;
    return 0;
}

static int udp_parse(struct pk_option_use *use, void *info)
{
    struct udp_info *u = info;

    return pk_ports_parse_saved(use, "udp", false,
                                use->option->id == UDP_SPORT ? &u->sport : &u->dport);
}

static int udp_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    return pk_proto_require(use, r, "udp", 17, "udp");
}

static void udp_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct udp_info *u = info;

    pk_ports_print_saved("sport", &u->sport, out);
    pk_ports_print_saved("dport", &u->dport, out);
}

static bool udp_port_match(const struct pk_port_range *r, uint16_t port)
{
    return (port >= r->lo && port <= r->hi) != r->invert;
}

static enum pk_answer udp_eval(const void *info, const struct pk_view *v)
{
    const struct udp_info *u = info;

    if (v->p->status == PK_L4_FRAG || v->p->status == PK_L4_FRAG1)
        return PK_NO;
    if (v->p->status != PK_L4_OK)
        return PK_HOTDROP;
    if (!udp_port_match(&u->sport, v->p->sport) || !udp_port_match(&u->dport, v->p->dport))
        return PK_NO;
    return PK_YES;
}

static enum pk_answer udp_compile(const void *info, struct pk_compile *ctx)
{
    const struct udp_info *u = info;
    enum pk_answer a;

    if (ctx->status == PK_L4_FRAG || ctx->status == PK_L4_FRAG1)
        return PK_NO;
    if (ctx->status != PK_L4_OK)
        return PK_HOTDROP;
    a = pk_compile_port_range(ctx, PK_F_SPORT, u->sport.lo, u->sport.hi, u->sport.invert);
    if (a == PK_YES)
        a = pk_compile_port_range(ctx, PK_F_DPORT, u->dport.lo, u->dport.hi, u->dport.invert);
    return a;
}

const struct pk_match_def pk_match_udp = {
    .name = "udp",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct udp_info),
    .options = options,
    .init = udp_init,
    .parse = udp_parse,
    .finish = udp_finish,
    .print = udp_print,
    .eval = udp_eval,
    .compile = udp_compile,
};
