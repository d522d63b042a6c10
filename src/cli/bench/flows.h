// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The traffic of `picket bench`: flows made for a rule set, and the order in which they are sent.
 * What a flow must do (match or not) is checked by asking the rules themselves.
 */
#pragma once

#include "cli/bench/rules.h"
#include "datapath/abi/bench.h"

struct pk_bench_traffic {
    const char *name, *help;
    enum pk_bench_order order;
    bool hits; /* each flow matches a rule; else none does */
    bool zipf;
    bool mixed_verdict; /* it may match or not */
};
extern const struct pk_bench_traffic pk_bench_traffics[]; /* ends with a NULL name */

/* PK_BENCH_FLOWS flows and how many of them differ. Owned. */
struct pk_bench_flows {
    struct pk_bench_flow6 *flow; /* IPv4: the address is in the first 4 bytes */
    unsigned distinct;
};

/*
 * 0; -ENOMEM; -ENODATA: the rules leave no such traffic (all packets match, or none can), or there
 * is no rule to take values from.
 */
int pk_bench_flows(const struct pk_bench_traffic *t, enum pk_family f,
                   const struct pk_bench_rule *rules, unsigned n, struct pk_bench_flows *ret);
void pk_bench_flows_done(struct pk_bench_flows *f);

/*
 * The k-th slot's flow: in turn, or by Zipf's law with exponent 1 over all flows. `order` is for
 * PK_BENCH_SLOTS; deterministic.
 */
void pk_bench_in_order(bool zipf, uint16_t *order);
