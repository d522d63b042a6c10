// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether any rule of a set matches a packet, fast enough to make traffic for 100,000 rules: rules
 * are sorted by source prefix, those without one by destination prefix, and the rest is tried one
 * by one. For sets made by rules.c; user chains need no regard there, since a rule of theirs
 * has its chain's condition in itself.
 */
#pragma once

#include "cli/bench/rules.h"

struct pk_bench_packet {
    uint64_t src_hi, src_lo, dst_hi, dst_lo;
    uint16_t sport, dport;
    uint8_t proto;
};

/* Owned; the rules are the caller's and stay. */
struct pk_bench_index {
    const struct pk_bench_rule *rules;
    unsigned n;
    enum pk_family family;
    struct pk_bench_net any_src, any_dst; /* where addresses may lie if no rule says it */
    uint32_t *order;                      /* rules by source, then by destination, then the rest */
    unsigned n_src, n_dst;
    uint8_t src_lens[130], dst_lens[130]; /* in use, ended by 255 */
};

/* 0; -ENOMEM; -ENODATA: no rules. */
int pk_bench_index_make(enum pk_family f, const struct pk_bench_rule *rules, unsigned n,
                        struct pk_bench_index *ret);
void pk_bench_index_done(struct pk_bench_index *x);
#define _pk_bench_index_ __attribute__((cleanup(pk_bench_index_done)))

bool pk_bench_rule_has(const struct pk_bench_rule *r, const struct pk_bench_packet *p);
bool pk_bench_index_has(const struct pk_bench_index *x, const struct pk_bench_packet *p);
