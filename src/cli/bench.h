// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `picket bench`: packets judged per second, against the peers that are installed. Read in this
 * order: bench.c (the verb), bench_cell.c (one subject with one number of rules), bench_rules.c
 * (the rule sets and flows), bench_peer.c (iptables), bench_show.c (table and JSON).
 *
 *    sender namespace                    one namespace a cell
 *   +------------------+   veth pairs   +---------------------------------+
 *   | live frames  s0 ==================== r0  XDP_DROP                    |
 *   |              s1 ==================== r0  picket netfilter, 0 rules   |
 *   |              …   |                |  …                              |
 *   +------------------+                +---------------------------------+
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "datapath/abi/bench.h"
#include "kernel/live.h"
#include "kernel/netns.h"

#define PK_BENCH_ROUNDS_MAX 101
#define PK_BENCH_SIZES 4
#define PK_BENCH_RULES_MAX 8000
#define PK_BENCH_CELLS_MAX 32
#define PK_BENCH_FRAME 60u /* bytes on the wire without the checksum: the shortest frame */

extern const unsigned pk_bench_sizes[PK_BENCH_SIZES]; /* 0, 100, 1,000, 8,000 */

/* Five-tuple rules as iptables-save text, policy of INPUT DROP. Deterministic. */
void pk_bench_rules_text(unsigned n_rules, struct pk_buf *out);
/*
 * PK_BENCH_FLOWS flows that no rule of the set matches, though some rule has each of their
 * addresses and each of their ports. 0 or -ENOMEM.
 */
int pk_bench_flows(unsigned n_rules, struct pk_bench_flow *ret);

struct pk_bench_cell;

/* What is compared. */
struct pk_bench_subject {
    const char *name;
    bool bare; /* has no rules: one cell only */
    /* Puts the subject in force on a cell; fills cell->why and returns -errno if it cannot. */
    int (*start)(struct pk_bench_cell *c, struct pk_diags *d);
    /* Packets judged so far by the policy, and by rules (which must stay 0). */
    int (*judged)(struct pk_bench_cell *c, uint64_t *ret_policy, uint64_t *ret_rules);
    void (*stop)(struct pk_bench_cell *c);
    int hook; /* picket's enum pk_attach_kind */
};

enum pk_bench_state { PK_BENCH_READY, PK_BENCH_MISSING, PK_BENCH_FAILED };

struct pk_bench_sample {
    double rate; /* judged per second */
    uint64_t sent, judged, matched;
};

/* One subject with one number of rules, in a namespace of its own. */
struct pk_bench_cell {
    const struct pk_bench_subject *subject;
    unsigned n_rules;
    unsigned table;                /* the sender's flows that fit the rules */
    struct pk_live_sender *sender; /* not owned */
    struct pk_netns ns;
    unsigned out_ifindex, in_ifindex; /* the sender's end; the receiver's */
    enum pk_bench_state state;
    char why[160];          /* of MISSING and FAILED */
    unsigned chunk;         /* frames in one system call */
    uint64_t policy, rules; /* counters when last read */
    struct pk_bench_sample samples[PK_BENCH_ROUNDS_MAX];
    unsigned n_samples;
};

struct pk_bench {
    unsigned rounds, round_ms;
    int cpu;
    struct pk_netns out;
    struct pk_live_sender *sender;
    struct pk_bench_cell cells[PK_BENCH_CELLS_MAX];
    size_t n_cells;
    double seconds; /* the whole run */
};

extern const struct pk_bench_subject pk_bench_subjects[]; /* ends with a NULL name */

int pk_bench_cell_open(struct pk_bench *b, struct pk_bench_cell *c, struct pk_diags *d);
/* Sends for `ms` milliseconds and reads the receiver's counters. 0 or -errno. */
int pk_bench_cell_run(struct pk_bench *b, struct pk_bench_cell *c, unsigned ms,
                      struct pk_bench_sample *ret);
void pk_bench_cell_close(struct pk_bench_cell *c);

int pk_bench_drop_start(struct pk_bench_cell *c, struct pk_diags *d);
int pk_bench_drop_judged(struct pk_bench_cell *c, uint64_t *ret_policy, uint64_t *ret_rules);
int pk_bench_legacy_start(struct pk_bench_cell *c, struct pk_diags *d);
int pk_bench_legacy_judged(struct pk_bench_cell *c, uint64_t *ret_policy, uint64_t *ret_rules);
int pk_bench_nft_start(struct pk_bench_cell *c, struct pk_diags *d);
int pk_bench_nft_judged(struct pk_bench_cell *c, uint64_t *ret_policy, uint64_t *ret_rules);
int pk_bench_picket_start(struct pk_bench_cell *c, struct pk_diags *d);
int pk_bench_picket_judged(struct pk_bench_cell *c, uint64_t *ret_policy, uint64_t *ret_rules);
void pk_bench_picket_stop(struct pk_bench_cell *c);

/* Median, least and most of a cell's rates; and the median of its ratios to `base`, round by round.
 */
struct pk_bench_stat {
    double median, min, max, ratio;
};
struct pk_bench_stat pk_bench_stat(const struct pk_bench_cell *c, const struct pk_bench_cell *base);

int pk_bench_print(const struct pk_bench *b);
int pk_bench_json(const struct pk_bench *b, json_t *obj);
