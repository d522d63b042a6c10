// SPDX-License-Identifier: GPL-2.0-or-later
#include "gen.h"

#include "base/hash.h"
#include "base/macro.h"
#include "gen_values.h"

const char *const gen_devices[GEN_DEVICES] = {
    "eth0", "eth1", "eth1.4094", "lo", "wlan0", "abcdefghijklmno", "e",
};

const uint8_t gen_protocols[GEN_PROTOCOLS] = {TCP,  TCP,  TCP,     UDP, UDP, ICMP, ICMP6,
                                              SCTP, DCCP, UDPLITE, GRE, ESP, AH,   MH};

uint64_t gen_next(struct gen *g)
{
    g->state += 0x9e3779b97f4a7c15ULL;
    return pk_mix64(g->state);
}

uint32_t gen_below(struct gen *g, uint32_t n)
{
    return (uint32_t)((gen_next(g) >> 32) * n >> 32);
}

bool gen_chance(struct gen *g, unsigned percent)
{
    return gen_below(g, 100) < percent;
}

static void pick_addr(struct gen *g, struct pk_u128 *a)
{
    if (g->family == PK_IPV4)
        *a = (struct pk_u128){0, 0x0a000000u | (gen_below(g, 4) << 16) | gen_below(g, 1024)};
    else
        *a = (struct pk_u128){0x20010db800000000ULL | gen_below(g, 3), gen_below(g, 1024)};
    if (gen_chance(g, 5))
        *a = (struct pk_u128){g->family == PK_IPV4 ? 0 : gen_next(g), (uint32_t)gen_next(g)};
    if (gen_chance(g, 2))
        *a = (struct pk_u128){0, 0};
    if (gen_chance(g, 2))
        *a = (struct pk_u128){g->family == PK_IPV4 ? 0 : ~0ULL,
                              g->family == PK_IPV4 ? 0xffffffffu : ~0ULL};
}

struct gen gen_new(uint64_t seed, enum pk_family family, unsigned rules)
{
    static const uint16_t edges[] = {0, 65535, 80, 443, 53, 1, 1023, 1024};
    struct gen g = {.state = pk_mix64(seed + 1) ^ family, .family = family};
    unsigned i;

    for (i = 0; i < GEN_VALUES_MAX; i++) {
        pick_addr(&g, &g.addr[i]);
        g.port[i] = i < PK_ARRAY_SIZE(edges) ? edges[i] : (uint16_t)gen_next(&g);
    }
    g.n_addrs = PK_MIN(8 + rules / 16, GEN_VALUES_MAX);
    g.n_ports = PK_MIN(8 + rules / 32, GEN_VALUES_MAX);
    return g;
}

uint16_t gen_port(struct gen *g)
{
    return (uint16_t)(g->port[gen_below(g, g->n_ports)] +
                      (gen_chance(g, 30) ? gen_below(g, 5) - 2 : 0));
}

struct pk_u128 gen_address(struct gen *g)
{
    struct pk_u128 a = g->addr[gen_below(g, g->n_addrs)];

    if (gen_chance(g, 30))
        a.lo += (uint64_t)gen_below(g, 5) - 2;
    if (g->family == PK_IPV4)
        a.lo &= 0xffffffffu;
    return a;
}

void gen_addr_bytes(const struct gen *g, struct pk_u128 a, uint8_t b[static 16])
{
    unsigned n = g->family == PK_IPV4 ? 4 : 16, i;

    for (i = 0; i < n; i++)
        b[n - 1 - i] = (uint8_t)(i < 8 ? a.lo >> (8 * i) : a.hi >> (8 * (i - 8)));
}
