// SPDX-License-Identifier: GPL-2.0-or-later
/* -m dccp: as dccp_mt() of the kernel's xt_dccp.c, without --dccp-types and --dccp-option. */
#include "rules/match/list.h"
#include "rules/match/number.h"
#include "rules/match/ports.h"

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
    struct pk_port_pair *i = info;

    if (use->option->id == DCCP_TYPES || use->option->id == DCCP_OPTION)
        return pk_option_refuse(use);
    return pk_ports_parse(use, NULL, false, use->option->id == DCCP_SPORT ? &i->sport : &i->dport);
}

static int dccp_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    return pk_proto_require(use, r, "dccp", 33, "dccp");
}

const struct pk_match_def pk_match_dccp = {
    .name = "dccp",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct pk_port_pair),
    .options = options,
    .parse = dccp_parse,
    .finish = dccp_finish,
    .print = pk_port_pair_print,
    .eval = pk_port_pair_eval,
    .compile = pk_port_pair_compile,
};
