// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/macro.h"
#include "cli/bench.h"

const unsigned pk_bench_sizes[PK_BENCH_SIZES] = {0, 100, 1000, 8000};

/* 198.18.0.0/15 is set aside for benchmarks (RFC 2544): sources in its lower half. */
#define PK_BENCH_SADDR 0xc6120000u
#define PK_BENCH_DADDR 0xc6130000u

struct pk_bench_tuple {
    uint32_t saddr, daddr;
    uint16_t sport, dport;
    bool tcp;
};

static uint32_t pk_bench_pick(uint64_t i, unsigned salt, uint32_t among)
{
    return (uint32_t)(pk_mix64(i * 8 + salt + 1) % among);
}

/*
 * Rule i of n. The values of a field come from a pool that grows with n, as on a host with n/4
 * clients, n/32 addresses and n/8 services: rules share values, so that every field alone is
 * ambiguous and a packet can have every value known and yet match nothing.
 */
static struct pk_bench_tuple pk_bench_rule(unsigned i, unsigned n)
{
    return (struct pk_bench_tuple){
        .saddr = PK_BENCH_SADDR + 1 + pk_bench_pick(i, 0, PK_MAX(n / 4, 8u)),
        .daddr = PK_BENCH_DADDR + 1 + pk_bench_pick(i, 1, PK_MAX(n / 32, 4u)),
        .sport = (uint16_t)(1024 + pk_bench_pick(i, 2, PK_MAX(n / 8, 8u))),
        .dport = (uint16_t)(1024 + pk_bench_pick(i, 3, PK_MAX(n / 8, 8u))),
        .tcp = i % 2,
    };
}

static void pk_bench_addr(struct pk_buf *out, const char *option, uint32_t addr)
{
    pk_buf_fmt(out, " %s %u.%u.%u.%u/32", option, addr >> 24, addr >> 16 & 255, addr >> 8 & 255,
               addr & 255);
}

void pk_bench_rules_text(unsigned n_rules, struct pk_buf *out)
{
    unsigned i;

    pk_buf_str(out, "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n");
    for (i = 0; i < n_rules; i++) {
        struct pk_bench_tuple t = pk_bench_rule(i, n_rules);
        const char *proto = t.tcp ? "tcp" : "udp";

        pk_buf_str(out, "-A INPUT");
        pk_bench_addr(out, "-s", t.saddr);
        pk_bench_addr(out, "-d", t.daddr);
        pk_buf_fmt(out, " -p %s -m %s --sport %u --dport %u -j ACCEPT\n", proto, proto, t.sport,
                   t.dport);
    }
    pk_buf_str(out, "COMMIT\n");
}

/* The protocol is left out: a flow shall differ from every rule in more than that. */
static int pk_bench_compare(const void *a, const void *b)
{
    const struct pk_bench_tuple *x = a, *y = b;

    if (x->saddr != y->saddr)
        return x->saddr < y->saddr ? -1 : 1;
    if (x->daddr != y->daddr)
        return x->daddr < y->daddr ? -1 : 1;
    if (x->sport != y->sport)
        return x->sport < y->sport ? -1 : 1;
    return (x->dport > y->dport) - (x->dport < y->dport);
}

/* The checksum of the template's IPv4 header (RFC 1071) with these addresses in it. */
static uint16_t pk_bench_check(uint32_t saddr, uint32_t daddr)
{
    uint32_t sum = 0x4500 + (PK_BENCH_FRAME - 14) + (PK_BENCH_TTL << 8 | IPPROTO_UDP);

    sum += (saddr >> 16) + (saddr & 0xffff) + (daddr >> 16) + (daddr & 0xffff);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

/* Flow k: each value from some rule, the four from four rules. */
static struct pk_bench_tuple pk_bench_mix(uint64_t k, unsigned n)
{
    return (struct pk_bench_tuple){
        .saddr = pk_bench_rule(pk_bench_pick(k, 4, n), n).saddr,
        .daddr = pk_bench_rule(pk_bench_pick(k, 5, n), n).daddr,
        .sport = pk_bench_rule(pk_bench_pick(k, 6, n), n).sport,
        .dport = pk_bench_rule(pk_bench_pick(k, 7, n), n).dport,
    };
}

int pk_bench_flows(unsigned n_rules, struct pk_bench_flow *ret)
{
    unsigned n = n_rules ? n_rules : PK_BENCH_RULES_MAX, i, got = 0;
    _pk_free_ struct pk_bench_tuple *rules = calloc(n, sizeof(*rules));
    uint64_t k;

    if (!rules)
        return -ENOMEM;
    for (i = 0; i < n; i++)
        rules[i] = pk_bench_rule(i, n);
    qsort(rules, n, sizeof(*rules), pk_bench_compare);
    for (k = 0; got < PK_BENCH_FLOWS; k++) {
        struct pk_bench_tuple t = pk_bench_mix(k, n);

        if (bsearch(&t, rules, n, sizeof(*rules), pk_bench_compare))
            continue;
        ret[got++] = (struct pk_bench_flow){
            .saddr_be32 = htonl(t.saddr),
            .daddr_be32 = htonl(t.daddr),
            .sport_be16 = htons(t.sport),
            .dport_be16 = htons(t.dport),
            .check = pk_bench_check(t.saddr, t.daddr),
        };
    }
    return 0;
}
