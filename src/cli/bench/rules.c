// SPDX-License-Identifier: GPL-2.0-or-later
/* What the workloads share, the two plain ones, and how rules are written. */
#include "cli/bench/rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/macro.h"

const struct pk_bench_iface pk_bench_ifaces[] = {
    {"", true},         {" -i " PK_BENCH_IN, true}, {" -i r+", true},
    {" ! -i lo", true}, {" -i eth1", false},
};

uint64_t pk_bench_bits(uint64_t i, unsigned salt)
{
    return pk_mix64(i * 64 + salt + 1);
}

uint32_t pk_bench_pick(uint64_t i, unsigned salt, uint32_t among)
{
    return (uint32_t)((pk_bench_bits(i, salt) >> 32) * among >> 32);
}

struct pk_bench_net pk_bench_net_cut(uint64_t hi, uint64_t lo, unsigned len)
{
    struct pk_bench_net net = {.hi = hi, .lo = lo, .len = (uint8_t)len};

    if (len < 64)
        net.hi &= len ? ~0ULL << (64 - len) : 0;
    if (len < 128)
        net.lo &= len > 64 ? ~0ULL << (128 - len) : 0;
    return net;
}

bool pk_bench_net_has(const struct pk_bench_net *net, uint64_t hi, uint64_t lo)
{
    struct pk_bench_net cut = pk_bench_net_cut(hi, lo, net->len);

    return (cut.hi == net->hi && cut.lo == net->lo) != net->not ;
}

/* `len` counts from the first bit in both families; IPv6 prefixes are as long as IPv4's would be
 * 32 bits further on, but for hosts. */
static struct pk_bench_net pk_bench_place(uint64_t first, unsigned fixed, enum pk_family f,
                                          uint64_t k, unsigned len)
{
    uint64_t hi, bits = pk_bench_bits(k, 40);

    if (f == PK_IPV4) {
        hi = (first | (uint32_t)(bits >> fixed >> 32)) << 32;
        return pk_bench_net_cut(hi, 0, len);
    }
    hi = first << 32 | bits >> 32; /* a site and a network in it */
    return pk_bench_net_cut(hi, pk_bench_bits(k, 41) >> 48 << 4 | 1, len == 32 ? 128 : len + 32);
}

struct pk_bench_net pk_bench_source(enum pk_family f, uint64_t k, unsigned len)
{
    return pk_bench_place(f == PK_IPV4 ? 0x80000000u : 0x20010db8u, 2, f, k, len);
}

struct pk_bench_net pk_bench_destination(enum pk_family f, uint64_t k, unsigned len)
{
    return pk_bench_place(f == PK_IPV4 ? 0x0a000000u : 0xfd005afeu, 8, f, k, len);
}

struct pk_bench_net pk_bench_chain_net(enum pk_family f, unsigned k)
{
    return pk_bench_destination(f, 1000000007u + k, f == PK_IPV4 ? 16 : 8);
}

struct pk_bench_rule pk_bench_rule_any(void)
{
    return (struct pk_bench_rule){.sport = {0, 65535, false}, .dport = {0, 65535, false}};
}

/*
 * Exact hosts and ports. The values of a field come from a pool that grows with n, as on a host
 * with n/4 clients, n/32 addresses and n/8 services: rules share values, so that every field alone
 * is ambiguous and a packet can have every value known and yet match nothing.
 */
static struct pk_bench_rule pk_bench_five_tuple_rule(enum pk_family f, uint64_t i, unsigned n)
{
    uint32_t ports = PK_MIN(PK_MAX(n / 8, 8u), 60000u);
    uint16_t sport = (uint16_t)(1024 + pk_bench_pick(i, 2, ports));
    uint16_t dport = (uint16_t)(1024 + pk_bench_pick(i, 3, ports));

    return (struct pk_bench_rule){
        .src = pk_bench_source(f, pk_bench_pick(i, 0, PK_MAX(n / 4, 8u)), 32),
        .dst = pk_bench_destination(f, pk_bench_pick(i, 1, PK_MAX(n / 32, 4u)), 32),
        .sport = {sport, sport, false},
        .dport = {dport, dport, false},
        .proto = i % 2 ? IPPROTO_TCP : IPPROTO_UDP,
    };
}

/*
 * Sources of attacks as block lists carry them: hosts for the most part, networks of the sizes that
 * are announced (/24 first of all), a few large ones.
 */
static struct pk_bench_rule pk_bench_block_rule(enum pk_family f, uint64_t i, unsigned n)
{
    static const uint8_t lens[16] = {32, 32, 32, 32, 32, 32, 32, 24,
                                     24, 24, 24, 23, 22, 21, 20, 16};
    struct pk_bench_rule r = pk_bench_rule_any();

    r.src = pk_bench_source(f, i, lens[pk_bench_pick(i, 0, PK_ARRAY_SIZE(lens))]);
    return r;
}

const struct pk_bench_workload pk_bench_workloads[] = {
    {"five-tuple", "exact hosts, ports and protocol", pk_bench_five_tuple_rule, 0, false},
    {"mixed", "prefixes, ranges, negation, interfaces, user chains", pk_bench_mixed_rule, 0, false},
    {"blocklist", "24,000 source prefixes", pk_bench_block_rule, PK_BENCH_BLOCK, false},
    {"acl", "the shape of ClassBench's acl1", pk_bench_acl_rule, 0, false},
    {"fw", "the shape of ClassBench's firewalls", pk_bench_fw_rule, 0, false},
    {"ipc", "the shape of ClassBench's IP chains", pk_bench_ipc_rule, 0, false},
    {0},
};

const struct pk_bench_workload *pk_bench_workload_find(const char *name, size_t len)
{
    const struct pk_bench_workload *w;

    for (w = pk_bench_workloads; w->name; w++) {
        if (strlen(w->name) == len && !memcmp(w->name, name, len))
            return w;
    }
    return NULL;
}

struct pk_bench_rule *pk_bench_rules(const struct pk_bench_workload *w, enum pk_family f,
                                     unsigned n)
{
    struct pk_bench_rule *rules = calloc(n ? n : 1, sizeof(*rules));
    unsigned i;

    for (i = 0; rules && i < n; i++)
        rules[i] = w->rule(f, i, n);
    return rules;
}

void pk_bench_net_text(const struct pk_bench_net *net, enum pk_family f, bool bare,
                       struct pk_buf *out)
{
    unsigned host = f == PK_IPV4 ? 32 : 128;
    char text[INET6_ADDRSTRLEN];
    uint8_t bytes[16];
    unsigned i;

    for (i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(net->hi >> (56 - 8 * i));
        bytes[8 + i] = (uint8_t)(net->lo >> (56 - 8 * i));
    }
    inet_ntop(f == PK_IPV4 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
    pk_buf_str(out, text);
    if (!bare || net->len != host)
        pk_buf_fmt(out, "/%u", net->len);
}

static void pk_bench_put_net(const struct pk_bench_net *net, const char *option, enum pk_family f,
                             struct pk_buf *out)
{
    if (!net->len)
        return;
    pk_buf_fmt(out, "%s %s ", net->not ? " !" : "", option);
    pk_bench_net_text(net, f, false, out);
}

static bool pk_bench_any_port(const struct pk_bench_ports *p)
{
    return p->from == 0 && p->to == 65535;
}

static void pk_bench_put_ports(const struct pk_bench_ports *p, const char *option,
                               struct pk_buf *out)
{
    if (pk_bench_any_port(p))
        return;
    pk_buf_fmt(out, "%s %s %u", p->not ? " !" : "", option, p->from);
    if (p->to != p->from)
        pk_buf_fmt(out, ":%u", p->to);
}

static const char *pk_bench_proto(uint8_t proto, char buf[static 16])
{
    switch (proto) {
    case IPPROTO_TCP:
        return "tcp";
    case IPPROTO_UDP:
        return "udp";
    case IPPROTO_ICMP:
        return "icmp";
    case IPPROTO_ICMPV6:
        return "ipv6-icmp";
    default:
        snprintf(buf, 16, "%u", proto);
        return buf;
    }
}

static void pk_bench_put_rule(const struct pk_bench_rule *r, enum pk_family f, struct pk_buf *out)
{
    char buf[16];

    pk_buf_str(out, "-A ");
    if (r->chain)
        pk_buf_fmt(out, "net%u", r->chain);
    else
        pk_buf_str(out, "INPUT");
    pk_bench_put_net(&r->src, "-s", f, out);
    pk_bench_put_net(&r->dst, "-d", f, out);
    pk_buf_str(out, pk_bench_ifaces[r->iface].text);
    if (r->proto)
        pk_buf_fmt(out, " -p %s", pk_bench_proto(r->proto, buf));
    if (!pk_bench_any_port(&r->sport) || !pk_bench_any_port(&r->dport))
        pk_buf_fmt(out, " -m %s", pk_bench_proto(r->proto, buf));
    pk_bench_put_ports(&r->sport, "--sport", out);
    pk_bench_put_ports(&r->dport, "--dport", out);
    pk_buf_str(out, " -j DROP\n");
}

/* Each chain is jumped to where its first rule stands in the order. */
static void pk_bench_put_jump(unsigned k, enum pk_family f, struct pk_buf *out)
{
    struct pk_bench_net net = pk_bench_chain_net(f, k);

    pk_buf_str(out, "-A INPUT");
    pk_bench_put_net(&net, "-d", f, out);
    pk_buf_fmt(out, " -j net%u\n", k);
}

void pk_bench_rules_text(const struct pk_bench_rule *rules, unsigned n, enum pk_family f, bool open,
                         struct pk_buf *out)
{
    bool seen[PK_BENCH_CHAINS + 1] = {0};
    unsigned i;

    pk_buf_fmt(out, "*filter\n:INPUT %s [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n",
               open ? "ACCEPT" : "DROP");
    for (i = 0; i < n; i++) {
        if (rules[i].chain && !seen[rules[i].chain])
            pk_buf_fmt(out, ":net%u - [0:0]\n", rules[i].chain);
        seen[rules[i].chain] = true;
    }
    memset(seen, 0, sizeof(seen));
    for (i = 0; i < n; i++) {
        if (rules[i].chain && !seen[rules[i].chain])
            pk_bench_put_jump(rules[i].chain, f, out);
        seen[rules[i].chain] = true;
        pk_bench_put_rule(&rules[i], f, out);
    }
    pk_buf_str(out, "COMMIT\n");
}
