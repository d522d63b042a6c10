// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random rule sets, as iptables-save text, and random packets, both drawn from the same few values
 * so that they meet. All of it follows from one seed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "packet/packet.h"

#define GEN_VALUES_MAX 256u
#define GEN_PACKET_MAX 512u

struct gen {
    uint64_t state;
    enum pk_family family;
    bool test_steps;           /* use the match and the target of tests/steps */
    unsigned n_addrs, n_ports; /* of the pools below that are used: small sets use few values */
    struct pk_u128 addr[GEN_VALUES_MAX];
    uint16_t port[GEN_VALUES_MAX];
};

struct gen_shape {
    unsigned rules;
    unsigned chains; /* user chains; the rules are spread over all chains */
    unsigned levels; /* jumps only lead from a level to a deeper one; at most 8 */
    unsigned jumps;  /* of each chain, at most */
    bool sieve;      /* rules that few packets match; most end the walk or the chain */
};

struct gen gen_new(uint64_t seed, enum pk_family family, unsigned rules);
/* A number below n. */
uint32_t gen_below(struct gen *g, uint32_t n);
/* A shape for so many rules whose walks the compiler accepts. */
struct gen_shape gen_shape_for(struct gen *g, unsigned rules);
void gen_rules(struct gen *g, const struct gen_shape *shape, struct pk_buf *out);
/* A packet's bytes from its IP header on; their number. A few are malformed or cut short. */
size_t gen_packet(struct gen *g, uint8_t buf[static GEN_PACKET_MAX]);
/* The interfaces that a packet at this hook has. */
void gen_interfaces(struct gen *g, enum pk_hook hook, struct pk_packet *p);
