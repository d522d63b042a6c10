// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bench/flows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/macro.h"
#include "cli/bench/index.h"

/* Draws for one flow before it is given up. */
#define PK_BENCH_TRIES 100u

const struct pk_bench_traffic pk_bench_traffics[] = {
    {"miss", "each field has a value of some rule; no rule matches", PK_BENCH_IN_TURN, false, false,
     false},
    {"uniform", "each flow matches, all flows alike", PK_BENCH_IN_TURN, true, false, false},
    {"zipf", "each flow matches, Zipf's law with s = 1", PK_BENCH_IN_TURN, true, true, false},
    {"adversarial", "each packet a new tuple of the rules' values", PK_BENCH_CROSSED, false, false,
     true},
    {"random", "each packet a new tuple of random bits", PK_BENCH_RANDOM, false, false, true},
    {0},
};

/* Random bits for field `field` of draw k. */
static uint64_t pk_flow_bits(uint64_t k, unsigned field)
{
    return pk_mix64(k * 16 + field + 0x9e3779b97f4a7c15ULL);
}

/* An address inside a prefix; of a negated or absent one, somewhere. */
static void pk_flow_address(const struct pk_bench_net *net, uint64_t k, unsigned field,
                            uint64_t *hi, uint64_t *lo)
{
    struct pk_bench_net ones = pk_bench_net_cut(~0ULL, ~0ULL, net->len);

    *hi = net->hi | (pk_flow_bits(k, field) & ~ones.hi);
    *lo = net->lo | (pk_flow_bits(k, field + 1) & ~ones.lo);
}

static uint16_t pk_flow_port(const struct pk_bench_ports *p, uint64_t k, unsigned field)
{
    uint64_t bits = pk_flow_bits(k, field) >> 32;

    return (uint16_t)(p->from + (bits * (p->to - p->from + 1u) >> 32));
}

static bool pk_flow_ported(uint8_t proto)
{
    return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

/* The rule's prefix, or where addresses may lie if it has none, or one that reaches further. */
static const struct pk_bench_net *pk_flow_within(const struct pk_bench_net *net,
                                                 const struct pk_bench_net *any)
{
    return net->not || net->len < any->len ? any : net;
}

/* The fields of draw k from the rules that `from` names: source, destination, ports. */
static struct pk_bench_packet pk_flow_draw(const struct pk_bench_index *x, const unsigned from[4],
                                           uint64_t k)
{
    const struct pk_bench_rule *s = &x->rules[from[0]], *d = &x->rules[from[1]];
    const struct pk_bench_rule *p = &x->rules[from[2]], *q = &x->rules[from[3]];
    struct pk_bench_packet pkt = {.proto = p->proto};

    pk_flow_address(pk_flow_within(&s->src, &x->any_src), k, 0, &pkt.src_hi, &pkt.src_lo);
    pk_flow_address(pk_flow_within(&d->dst, &x->any_dst), k, 2, &pkt.dst_hi, &pkt.dst_lo);
    if (!pkt.proto)
        pkt.proto = pk_flow_bits(k, 6) & 1 ? IPPROTO_TCP : IPPROTO_UDP;
    if (pk_flow_ported(pkt.proto)) {
        static const struct pk_bench_ports any = {0, 65535, false};

        pkt.sport = pk_flow_port(p->sport.not ? &any : &p->sport, k, 4);
        pkt.dport = pk_flow_port(q->dport.not ? &any : &q->dport, k, 5);
    }
    return pkt;
}

/*
 * The prefix next to that of the rule: for sets of one field, where a packet that has a value of
 * some rule matches.
 */
static void pk_flow_neighbour(const struct pk_bench_net *net, struct pk_bench_packet *p)
{
    if (net->len && net->len <= 64)
        p->src_hi ^= 1ULL << (64 - net->len);
    else if (net->len)
        p->src_lo ^= 1ULL << (128 - net->len);
}

/* A packet of one rule, or of four; as `hits` wants it. False: not found. */
static bool pk_flow_find(const struct pk_bench_index *x, bool hits, uint64_t i,
                         struct pk_bench_packet *ret)
{
    unsigned from[4] = {0}, t, k;

    for (t = 0; t < PK_BENCH_TRIES; t++) {
        uint64_t draw = i * PK_BENCH_TRIES + t;

        for (k = 0; k < 4; k++)
            from[k] =
                hits && k ? from[0] : (unsigned)((pk_flow_bits(draw, 8 + k) >> 32) * x->n >> 32);
        *ret = pk_flow_draw(x, from, draw);
        if (!hits && t >= PK_BENCH_TRIES / 2)
            pk_flow_neighbour(&x->rules[from[0]].src, ret);
        if (hits ? pk_bench_rule_has(&x->rules[from[0]], ret) : !pk_bench_index_has(x, ret))
            return true;
    }
    return false;
}

static void pk_flow_write(const struct pk_bench_packet *p, bool ipv4, struct pk_bench_flow6 *ret)
{
    unsigned i, n = ipv4 ? 4 : 16;

    *ret = (struct pk_bench_flow6){
        .sport = htons(p->sport), .dport = htons(p->dport), .proto = p->proto};
    for (i = 0; i < n; i++) {
        ret->saddr[i] = (uint8_t)((i < 8 ? p->src_hi : p->src_lo) >> (56 - i % 8 * 8));
        ret->daddr[i] = (uint8_t)((i < 8 ? p->dst_hi : p->dst_lo) >> (56 - i % 8 * 8));
    }
}

static int pk_flow_compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct pk_bench_flow6));
}

static int pk_flow_distinct(const struct pk_bench_flow6 *flow, unsigned *ret)
{
    _pk_free_ struct pk_bench_flow6 *sorted = malloc(PK_BENCH_FLOWS * sizeof(*sorted));
    unsigned i;

    if (!sorted)
        return -ENOMEM;
    memcpy(sorted, flow, PK_BENCH_FLOWS * sizeof(*sorted));
    qsort(sorted, PK_BENCH_FLOWS, sizeof(*sorted), pk_flow_compare);
    for (i = 1, *ret = 1; i < PK_BENCH_FLOWS; i++)
        *ret += pk_flow_compare(&sorted[i - 1], &sorted[i]) != 0;
    return 0;
}

int pk_bench_flows(const struct pk_bench_traffic *t, enum pk_family f,
                   const struct pk_bench_rule *rules, unsigned n, struct pk_bench_flows *ret)
{
    _pk_free_ struct pk_bench_flow6 *flow = calloc(PK_BENCH_FLOWS, sizeof(*flow));
    _pk_bench_index_ struct pk_bench_index x = {0};
    struct pk_bench_packet p;
    unsigned i, distinct;
    int r;

    r = flow ? pk_bench_index_make(f, rules, n, &x) : -ENOMEM;
    for (i = 0; i < PK_BENCH_FLOWS && !r; i++) {
        if (!pk_flow_find(&x, t->hits, i, &p))
            r = -ENODATA;
        else
            pk_flow_write(&p, f == PK_IPV4, &flow[i]);
    }
    if (!r)
        r = pk_flow_distinct(flow, &distinct);
    if (!r)
        *ret = (struct pk_bench_flows){.flow = PK_TAKE_PTR(flow), .distinct = distinct};
    return r;
}

void pk_bench_flows_done(struct pk_bench_flows *f)
{
    free(f->flow);
    f->flow = NULL;
}

/* Drawn from the cumulated weights 1/1, 1/2, 1/3, …: rank k is sent in proportion to 1/k. */
static void pk_flow_zipf(uint16_t *order)
{
    static double up_to[PK_BENCH_FLOWS];
    double sum = 0;
    unsigned i;

    for (i = 0; i < PK_BENCH_FLOWS; i++)
        up_to[i] = sum += 1.0 / (i + 1);
    for (i = 0; i < PK_BENCH_SLOTS; i++) {
        double x = (double)(pk_flow_bits(i, 15) >> 11) * 0x1p-53 * sum;
        unsigned lo = 0, hi = PK_BENCH_FLOWS - 1;

        while (lo < hi) {
            unsigned mid = (lo + hi) / 2;

            if (up_to[mid] > x)
                hi = mid;
            else
                lo = mid + 1;
        }
        order[i] = (uint16_t)lo;
    }
}

void pk_bench_in_order(bool zipf, uint16_t *order)
{
    unsigned i;

    if (zipf) {
        pk_flow_zipf(order);
        return;
    }
    for (i = 0; i < PK_BENCH_SLOTS; i++)
        order[i] = (uint16_t)(i % PK_BENCH_FLOWS);
}
