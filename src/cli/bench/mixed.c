// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mixed workload: what the rules of a host with a history look like. Prefixes from /8 to /32,
 * exact ports, lists of well-known ones and ranges, one rule in ten with a negated field, one in
 * ten bound to an interface, one in five in a user chain.
 */
#include <netinet/in.h>

#include "base/macro.h"
#include "cli/bench/rules.h"

/* Services that hosts offer; the pool beyond them grows with n. */
static const uint16_t pk_bench_services[] = {22,   25,   53,   80,   110,  123,   143,   161,
                                             179,  443,  465,  514,  587,  636,   993,   995,
                                             1194, 1433, 1521, 3306, 3389, 5060,  5432,  6379,
                                             8080, 8443, 9000, 9090, 9200, 11211, 25565, 27017};

static struct pk_bench_ports pk_bench_port(uint16_t p)
{
    return (struct pk_bench_ports){p, p, false};
}

static struct pk_bench_ports pk_bench_range(uint64_t i, unsigned salt)
{
    uint32_t from = 1024 + pk_bench_pick(i, salt, 1000) * 60;

    return (struct pk_bench_ports){
        (uint16_t)from, (uint16_t)(from + 9 + pk_bench_pick(i, salt + 1, 8) * 100), false};
}

static void pk_bench_mixed_ports(struct pk_bench_rule *r, uint64_t i, unsigned n)
{
    uint32_t kind = pk_bench_pick(i, 10, 100);

    r->proto = pk_bench_pick(i, 11, 3) ? IPPROTO_TCP : IPPROTO_UDP;
    if (kind < 50)
        r->dport = pk_bench_port(
            pk_bench_services[pk_bench_pick(i, 12, PK_ARRAY_SIZE(pk_bench_services))]);
    else if (kind < 75)
        r->dport =
            pk_bench_port((uint16_t)(1024 + pk_bench_pick(i, 12, PK_MIN(n / 8 + 8, 60000u))));
    else
        r->dport = pk_bench_range(i, 12);
    if (pk_bench_pick(i, 14, 10) == 0)
        r->sport = (struct pk_bench_ports){1024, 65535, false};
}

/* One field, among those that are set and that a negation does not make nearly void. */
static void pk_bench_negate(struct pk_bench_rule *r, uint64_t i)
{
    switch (pk_bench_pick(i, 20, 3)) {
    case 0:
        r->src.not = r->src.len > 0;
        break;
    case 1:
        r->dport.not = r->dport.from > 0;
        break;
    default:
        r->sport = (struct pk_bench_ports){1024, 65535, true};
    }
}

/* Long prefixes are the common ones; a short source goes with a host as destination. */
static void pk_bench_mixed_nets(struct pk_bench_rule *r, enum pk_family f, uint64_t i, unsigned n)
{
    static const uint8_t longer[] = {16, 18, 20, 21, 22, 23, 24, 24, 24, 25,
                                     26, 27, 28, 29, 30, 31, 32, 32, 32, 32};
    static const uint8_t shorter[] = {8, 9, 10, 11, 12, 13, 14, 15};
    uint32_t kind = pk_bench_pick(i, 0, 100), k = pk_bench_pick(i, 1, PK_MAX(n / 16, 8u));
    uint32_t client = pk_bench_pick(i, 2, PK_MAX(n / 4, 8u));

    r->dst = pk_bench_destination(f, k, 32);
    if (kind < 40)
        r->src = pk_bench_source(f, client, longer[pk_bench_pick(i, 3, PK_ARRAY_SIZE(longer))]);
    else if (kind < 60)
        r->src = pk_bench_source(f, client, shorter[pk_bench_pick(i, 3, PK_ARRAY_SIZE(shorter))]);
    else if (kind < 80)
        r->src = pk_bench_source(f, client, 32);
    if (kind < 20)
        r->dst = pk_bench_destination(f, k, 24 + pk_bench_pick(i, 4, 8));
}

/* Into a user chain, and so into the prefix that it is jumped to for. */
static void pk_bench_mixed_chain(struct pk_bench_rule *r, enum pk_family f, unsigned chain)
{
    struct pk_bench_net net = pk_bench_chain_net(f, chain);

    r->chain = (uint8_t)chain;
    r->dst.hi = net.hi | (r->dst.hi & ~0ULL >> net.len);
}

struct pk_bench_rule pk_bench_mixed_rule(enum pk_family f, uint64_t i, unsigned n)
{
    struct pk_bench_rule r = pk_bench_rule_any();
    uint32_t kind = pk_bench_pick(i, 5, 100);

    pk_bench_mixed_nets(&r, f, i, n);
    pk_bench_mixed_ports(&r, i, n);
    if (kind < 10)
        pk_bench_negate(&r, i);
    else if (kind < 20)
        r.iface = (uint8_t)(1 + pk_bench_pick(i, 6, 4));
    else if (kind < 40)
        pk_bench_mixed_chain(&r, f, 1 + pk_bench_pick(i, 7, PK_BENCH_CHAINS));
    return r;
}
