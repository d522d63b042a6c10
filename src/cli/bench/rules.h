// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rule sets of `picket bench`, as data: printed for iptables and Picket, turned into sets for
 * nft and ipset, and asked whether a packet matches when the traffic is made. All of it is a
 * function of workload, family and number of rules: two runs on two machines compare the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "rules/ruleset.h"

#define PK_BENCH_RULES_MAX 1000000u
#define PK_BENCH_IN "r0"      /* the receiver's interface */
#define PK_BENCH_CHAINS 16u   /* user chains of the mixed workload */
#define PK_BENCH_BLOCK 24000u /* prefixes of the block list, unless another number is asked for */
/* Bytes of a printed rule set: no rule takes more than 250. */
#define PK_BENCH_TEXT_MAX ((size_t)PK_BENCH_RULES_MAX * 250)

/* An address or prefix, left-aligned: IPv4 is the upper half of `hi`. Bits past `len` are 0. */
struct pk_bench_net {
    uint64_t hi, lo;
    uint8_t len; /* 0: any */
    bool not ;
};

struct pk_bench_ports {
    uint16_t from, to; /* 0 to 65535: any */
    bool not ;
};

struct pk_bench_rule {
    struct pk_bench_net src, dst;
    struct pk_bench_ports sport, dport;
    uint8_t proto; /* 0: any */
    uint8_t iface; /* index into pk_bench_ifaces; 0: any */
    uint8_t chain; /* 0: INPUT; k: user chain k, to which INPUT jumps for its prefix */
};

struct pk_bench_iface {
    const char *text; /* of iptables-save */
    bool matches;     /* a packet that arrives at PK_BENCH_IN */
};
extern const struct pk_bench_iface pk_bench_ifaces[];

struct pk_bench_workload {
    const char *name, *help;
    struct pk_bench_rule (*rule)(enum pk_family family, uint64_t i, unsigned n);
    unsigned size; /* 0: the sizes that were asked for */
    bool open;     /* the policy of INPUT is ACCEPT */
};
extern const struct pk_bench_workload pk_bench_workloads[]; /* ends with a NULL name */
const struct pk_bench_workload *pk_bench_workload_find(const char *name, size_t len);

/* n rules in the order of the file; the caller frees. NULL: no memory. */
struct pk_bench_rule *pk_bench_rules(const struct pk_bench_workload *w, enum pk_family f,
                                     unsigned n);
/* As iptables-save prints them; every rule drops. `open`: the policy of INPUT is ACCEPT, not DROP.
 */
void pk_bench_rules_text(const struct pk_bench_rule *rules, unsigned n, enum pk_family f, bool open,
                         struct pk_buf *out);

/* "198.51.100.0/24"; without the length if it is that of a host and `bare`. */
void pk_bench_net_text(const struct pk_bench_net *net, enum pk_family f, bool bare,
                       struct pk_buf *out);

/* The prefix of user chain k, within which its rules' destinations lie. */
struct pk_bench_net pk_bench_chain_net(enum pk_family f, unsigned k);
bool pk_bench_net_has(const struct pk_bench_net *net, uint64_t hi, uint64_t lo);
struct pk_bench_net pk_bench_net_cut(uint64_t hi, uint64_t lo, unsigned len);

/* A number below `among`, made of i and a salt: the same for ever. */
uint32_t pk_bench_pick(uint64_t i, unsigned salt, uint32_t among);
uint64_t pk_bench_bits(uint64_t i, unsigned salt);
/* The k-th source (2001:db8::/32, 128.0.0.0/2) and the k-th destination (fd00::/8, 10.0.0.0/8). */
struct pk_bench_net pk_bench_source(enum pk_family f, uint64_t k, unsigned len);
struct pk_bench_net pk_bench_destination(enum pk_family f, uint64_t k, unsigned len);

struct pk_bench_rule pk_bench_rule_any(void);
struct pk_bench_rule pk_bench_mixed_rule(enum pk_family f, uint64_t i, unsigned n);
struct pk_bench_rule pk_bench_acl_rule(enum pk_family f, uint64_t i, unsigned n);
struct pk_bench_rule pk_bench_fw_rule(enum pk_family f, uint64_t i, unsigned n);
struct pk_bench_rule pk_bench_ipc_rule(enum pk_family f, uint64_t i, unsigned n);
