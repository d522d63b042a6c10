// SPDX-License-Identifier: GPL-2.0-or-later
/* -m sctp: as sctp_mt() of the kernel's xt_sctp.c, without --chunk-types. */
#include "rules/match/list.h"
#include "rules/match/number.h"
#include "rules/match/ports.h"

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
    struct pk_port_pair *i = info;

    if (use->option->id == SCTP_CHUNK_TYPES)
        return pk_option_refuse(use);
    return pk_ports_parse(use, "sctp", true, use->option->id == SCTP_SPORT ? &i->sport : &i->dport);
}

static int sctp_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    return pk_proto_require(use, r, "sctp", 132, "sctp");
}

const struct pk_match_def pk_match_sctp = {
    .name = "sctp",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct pk_port_pair),
    .options = options,
    .parse = sctp_parse,
    .finish = sctp_finish,
    .print = pk_port_pair_print,
    .eval = pk_port_pair_eval,
    .compile = pk_port_pair_compile,
};
