// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules in the shape of ClassBench's filter sets (Taylor and Turner, "ClassBench: A Packet
 * Classification Benchmark", INFOCOM 2005 and ToN 15(3), 2007): access control lists, firewalls, IP
 * chains. A rule draws its protocol with its kinds of ports, then a pair of prefix lengths, then
 * values, each from a table of weights.
 *
 * ACL has the figures of ClassBench's parameter file acl1_seed (protocols, port pair classes,
 * prefix length pairs, ports), without the pairs under 13 bits, which are that set's default rules:
 * here the policy is. FW and IPC have the traits for which the paper sets them apart, in round
 * figures: FW wildcards and short prefixes, source ports, many protocols; IPC a mixture of both,
 * with ipc1_seed's source ranges. Prefix nesting is not modelled bit by bit: a prefix is cut off an
 * address from a pool, so that prefixes of several lengths nest.
 */
#include <netinet/in.h>
#include <string.h>

#include "base/macro.h"
#include "cli/bench/rules.h"

/* Port classes: any, 1024 to 65535, 0 to 1023, a range of the list, one port of the list. */
enum pk_bench_class { PK_WC, PK_HI, PK_LO, PK_AR, PK_EM };

struct pk_bench_head {
    uint16_t weight; /* out of 1,000 */
    uint8_t proto, sport, dport;
};

struct pk_bench_lens {
    uint16_t weight; /* out of 1,000 */
    uint8_t src, dst;
};

struct pk_bench_span {
    uint16_t weight; /* out of 1,000; what is left goes to ports from a pool */
    uint16_t from, to;
};

/* A table: its rows, whose first member is the weight. */
struct pk_bench_table {
    const void *rows;
    size_t n, size;
};
#define PK_TABLE(t)                                                                                \
    {                                                                                              \
        (t), PK_ARRAY_SIZE(t), sizeof((t)[0])                                                      \
    }

struct pk_bench_shape {
    struct pk_bench_table heads, lens[2]; /* lengths for rules without and with ports */
    struct pk_bench_table ranges, source_ranges, ports;
    uint16_t sources, destinations; /* a pool has n / this many */
};

static const struct pk_bench_head pk_acl_heads[] = {
    {85, 0, PK_WC, PK_WC},
    {31, IPPROTO_ICMP, PK_WC, PK_WC},
    {188, IPPROTO_TCP, PK_WC, PK_WC},
    {115, IPPROTO_TCP, PK_WC, PK_AR},
    {570, IPPROTO_TCP, PK_WC, PK_EM},
    {1, IPPROTO_UDP, PK_WC, PK_AR},
    {10, IPPROTO_UDP, PK_WC, PK_EM},
};
static const struct pk_bench_lens pk_acl_plain[] = {
    {499, 32, 32}, {112, 32, 24}, {99, 23, 32}, {81, 32, 22}, {54, 23, 16},
    {31, 31, 32},  {27, 30, 32},  {18, 30, 22}, {9, 31, 22},  {9, 23, 31},
    {9, 23, 24},   {9, 23, 25},   {9, 23, 26},  {9, 23, 15},  {5, 23, 2},
    {5, 23, 3},    {5, 23, 4},    {5, 23, 6},   {5, 23, 8},
};
static const struct pk_bench_lens pk_acl_ported[] = {
    {868, 32, 32}, {35, 32, 22}, {41, 31, 32}, {25, 23, 32},
    {10, 32, 30},  {11, 30, 22}, {6, 31, 22},  {4, 23, 28},
};
static const struct pk_bench_span pk_acl_ranges[] = {
    {82, 1600, 1649},   {71, 1300, 1349},   {71, 1300, 1350},   {47, 7500, 7599},
    {47, 2200, 2210},   {35, 1025, 65535},  {35, 1700, 1750},   {35, 5001, 65535},
    {35, 32200, 32207}, {35, 8000, 8100},   {24, 61700, 61709}, {24, 61500, 61509},
    {24, 61600, 61609}, {24, 61900, 61909}, {24, 62000, 62009}, {24, 61800, 61809},
    {24, 61100, 61119}, {24, 61200, 61209}, {24, 61000, 61009}, {24, 61400, 61409},
    {24, 61300, 61309}, {24, 62700, 62709}, {24, 1700, 1720},   {24, 62600, 62609},
    {24, 20000, 20010}, {24, 1600, 1650},   {24, 62400, 62409}, {24, 62100, 62109},
    {24, 62500, 62509}, {40, 62200, 62239}, {12, 1300, 1399},
};
static const struct pk_bench_span pk_acl_ports[] = {
    {188, 1521, 1521}, {54, 1526, 1526},   {42, 1221, 1221}, {35, 1433, 1433}, {28, 1525, 1525},
    {28, 135, 135},    {28, 14753, 14753}, {24, 1712, 1712}, {24, 1711, 1711}, {24, 1704, 1704},
    {24, 1708, 1708},  {21, 5555, 5555},   {21, 1705, 1705}, {21, 6000, 6000}, {21, 20, 20},
    {21, 21, 21},      {21, 1724, 1724},   {21, 1717, 1717}, {19, 1707, 1707}, {19, 1733, 1733},
    {19, 1706, 1706},  {19, 5540, 5540},   {19, 5541, 5541}, {16, 1734, 1734}, {14, 1489, 1489},
    {14, 1490, 1490},  {14, 5632, 5632},   {14, 5631, 5631}, {12, 6789, 6789}, {9, 1715, 1715},
    {9, 2121, 2121},
};

static const struct pk_bench_head pk_fw_heads[] = {
    {60, 0, PK_WC, PK_WC},
    {45, IPPROTO_ICMP, PK_WC, PK_WC},
    {15, IPPROTO_GRE, PK_WC, PK_WC},
    {15, IPPROTO_ESP, PK_WC, PK_WC},
    {110, IPPROTO_TCP, PK_WC, PK_WC},
    {240, IPPROTO_TCP, PK_WC, PK_EM},
    {80, IPPROTO_TCP, PK_HI, PK_EM},
    {60, IPPROTO_TCP, PK_EM, PK_WC},
    {40, IPPROTO_TCP, PK_EM, PK_HI},
    {40, IPPROTO_TCP, PK_WC, PK_HI},
    {40, IPPROTO_TCP, PK_WC, PK_AR},
    {15, IPPROTO_TCP, PK_WC, PK_LO},
    {100, IPPROTO_UDP, PK_WC, PK_EM},
    {50, IPPROTO_UDP, PK_EM, PK_WC},
    {30, IPPROTO_UDP, PK_EM, PK_EM},
    {30, IPPROTO_UDP, PK_WC, PK_AR},
    {30, IPPROTO_UDP, PK_HI, PK_EM},
};
static const struct pk_bench_lens pk_fw_plain[] = {
    {300, 32, 32}, {150, 24, 32}, {150, 32, 24}, {120, 16, 32}, {80, 24, 24},
    {80, 0, 32},   {60, 32, 16},  {40, 8, 32},   {20, 32, 0},
};
static const struct pk_bench_lens pk_fw_ported[] = {
    {310, 0, 32}, {200, 32, 32}, {120, 32, 0}, {100, 24, 32}, {80, 32, 24},
    {60, 16, 32}, {60, 0, 24},   {40, 24, 0},  {30, 8, 32},
};
static const struct pk_bench_span pk_fw_ranges[] = {
    {200, 6000, 6063}, {200, 137, 139},     {150, 33434, 33523}, {150, 5631, 5632},
    {100, 1645, 1646}, {100, 27010, 27015}, {100, 2000, 2100},
};
static const struct pk_bench_span pk_fw_ports[] = {
    {100, 80, 80},    {90, 53, 53}, {80, 443, 443}, {70, 25, 25},   {60, 23, 23},
    {50, 21, 21},     {40, 22, 22}, {40, 123, 123}, {40, 161, 161}, {30, 514, 514},
    {30, 1433, 1433}, {30, 20, 20}, {30, 110, 110}, {20, 389, 389}, {20, 1521, 1521},
};

static const struct pk_bench_head pk_ipc_heads[] = {
    {80, 0, PK_WC, PK_WC},
    {50, IPPROTO_ICMP, PK_WC, PK_WC},
    {10, IPPROTO_GRE, PK_WC, PK_WC},
    {160, IPPROTO_TCP, PK_WC, PK_WC},
    {250, IPPROTO_TCP, PK_WC, PK_EM},
    {50, IPPROTO_TCP, PK_AR, PK_HI},
    {50, IPPROTO_TCP, PK_EM, PK_HI},
    {40, IPPROTO_TCP, PK_HI, PK_EM},
    {20, IPPROTO_TCP, PK_WC, PK_AR},
    {60, IPPROTO_UDP, PK_WC, PK_WC},
    {120, IPPROTO_UDP, PK_WC, PK_EM},
    {50, IPPROTO_UDP, PK_EM, PK_HI},
    {40, IPPROTO_UDP, PK_EM, PK_EM},
    {20, IPPROTO_UDP, PK_AR, PK_HI},
};
static const struct pk_bench_lens pk_ipc_plain[] = {
    {420, 32, 32}, {140, 24, 24}, {120, 32, 24}, {120, 24, 32}, {60, 16, 24},
    {50, 28, 32},  {40, 20, 32},  {30, 0, 32},   {20, 32, 16},
};
static const struct pk_bench_lens pk_ipc_ported[] = {
    {520, 32, 32}, {120, 24, 32}, {100, 32, 24}, {90, 0, 32},
    {70, 28, 30},  {50, 32, 0},   {30, 16, 32},  {20, 20, 28},
};
static const struct pk_bench_span pk_ipc_source_ranges[] = {
    {294, 20, 23}, {294, 109, 110}, {235, 20, 21}, {147, 1645, 1646}, {30, 5000, 5001},
};

static const struct pk_bench_shape pk_acl = {
    .heads = PK_TABLE(pk_acl_heads),
    .lens = {PK_TABLE(pk_acl_plain), PK_TABLE(pk_acl_ported)},
    .ranges = PK_TABLE(pk_acl_ranges),
    .ports = PK_TABLE(pk_acl_ports),
    .sources = 8,
    .destinations = 2,
};
static const struct pk_bench_shape pk_fw = {
    .heads = PK_TABLE(pk_fw_heads),
    .lens = {PK_TABLE(pk_fw_plain), PK_TABLE(pk_fw_ported)},
    .ranges = PK_TABLE(pk_fw_ranges),
    .ports = PK_TABLE(pk_fw_ports),
    .sources = 4,
    .destinations = 4,
};
static const struct pk_bench_shape pk_ipc = {
    .heads = PK_TABLE(pk_ipc_heads),
    .lens = {PK_TABLE(pk_ipc_plain), PK_TABLE(pk_ipc_ported)},
    .ranges = PK_TABLE(pk_fw_ranges),
    .source_ranges = PK_TABLE(pk_ipc_source_ranges),
    .ports = PK_TABLE(pk_fw_ports),
    .sources = 4,
    .destinations = 4,
};

/* A row, by weight; NULL if the weights leave this draw over. */
static const void *pk_bench_row(const struct pk_bench_table *t, uint32_t draw)
{
    const char *row = t->rows;
    uint16_t weight;
    size_t k;

    for (k = 0; k < t->n; k++, row += t->size) {
        memcpy(&weight, row, sizeof(weight));
        if (draw < weight)
            return row;
        draw -= weight;
    }
    return NULL;
}

/* The same, but what is left over goes to the first row. */
static const void *pk_bench_row_always(const struct pk_bench_table *t, uint32_t draw)
{
    const void *row = pk_bench_row(t, draw);

    return row ? row : t->rows;
}

static struct pk_bench_ports pk_bench_class_ports(const struct pk_bench_table *ranges,
                                                  const struct pk_bench_table *ports, uint8_t class,
                                                  uint64_t i, unsigned salt, unsigned n)
{
    const struct pk_bench_span *s;
    uint16_t other = (uint16_t)(1024 + pk_bench_pick(i, salt + 1, PK_MIN(n / 8 + 8, 60000u)));

    switch (class) {
    case PK_HI:
        return (struct pk_bench_ports){1024, 65535, false};
    case PK_LO:
        return (struct pk_bench_ports){0, 1023, false};
    case PK_AR:
        s = pk_bench_row_always(ranges, pk_bench_pick(i, salt, 1000));
        return (struct pk_bench_ports){s->from, s->to, false};
    case PK_EM:
        s = pk_bench_row(ports, pk_bench_pick(i, salt, 1000));
        return s ? (struct pk_bench_ports){s->from, s->to, false}
                 : (struct pk_bench_ports){other, other, false};
    default:
        return (struct pk_bench_ports){0, 65535, false};
    }
}

static struct pk_bench_rule pk_bench_shaped(const struct pk_bench_shape *s, enum pk_family f,
                                            uint64_t i, unsigned n)
{
    const struct pk_bench_head *head = pk_bench_row_always(&s->heads, pk_bench_pick(i, 0, 1000));
    bool ported = head->sport != PK_WC || head->dport != PK_WC;
    const struct pk_bench_lens *lens =
        pk_bench_row_always(&s->lens[ported], pk_bench_pick(i, 1, 1000));
    const struct pk_bench_table *sources = s->source_ranges.n ? &s->source_ranges : &s->ranges;
    uint32_t src = pk_bench_pick(i, 2, PK_MAX(n / s->sources, 8u));
    uint32_t dst = pk_bench_pick(i, 3, PK_MAX(n / s->destinations, 8u));
    struct pk_bench_rule r = pk_bench_rule_any();

    r.proto = head->proto == IPPROTO_ICMP && f == PK_IPV6 ? IPPROTO_ICMPV6 : head->proto;
    if (lens->src)
        r.src = pk_bench_source(f, src, lens->src);
    if (lens->dst)
        r.dst = pk_bench_destination(f, dst, lens->dst);
    r.sport = pk_bench_class_ports(sources, &s->ports, head->sport, i, 10, n);
    r.dport = pk_bench_class_ports(&s->ranges, &s->ports, head->dport, i, 12, n);
    return r;
}

struct pk_bench_rule pk_bench_acl_rule(enum pk_family f, uint64_t i, unsigned n)
{
    return pk_bench_shaped(&pk_acl, f, i, n);
}

struct pk_bench_rule pk_bench_fw_rule(enum pk_family f, uint64_t i, unsigned n)
{
    return pk_bench_shaped(&pk_fw, f, i, n);
}

struct pk_bench_rule pk_bench_ipc_rule(enum pk_family f, uint64_t i, unsigned n)
{
    return pk_bench_shaped(&pk_ipc, f, i, n);
}
