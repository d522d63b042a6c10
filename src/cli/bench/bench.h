// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `picket bench`: packets judged per second, against the peers that are installed. Read in this
 * order: bench.c (the verb), rules.c and flows.c (what is loaded and sent), run.c (rounds), rig.c
 * (one subject with one rule set), cell.c (one measurement), picket.c, iptables.c, nft.c and
 * bpfilter.c (the subjects), cost.c, ddos.c, state.c and syn.c (the other parts), show.c, json.c
 * and svg.c (what is shown).
 *
 *    sender namespace                    one namespace a rig
 *   +------------------+   veth pairs   +---------------------------------+
 *   | live frames  s0 ==================== r0  XDP_DROP                    |
 *   |              s1 ==================== r0  picket netfilter, 1000 rules|
 *   |              …   |                |  …                              |
 *   +------------------+                +---------------------------------+
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "cli/bench/flows.h"
#include "cli/bench/rules.h"
#include "cli/bench/tool.h"
#include "kernel/fence.h"
#include "kernel/live.h"
#include "kernel/netns.h"
#include "kernel/usage.h"

#define PK_BENCH_ROUNDS_MAX 101
#define PK_BENCH_SIZES_MAX 8
#define PK_BENCH_WORKLOADS 6
#define PK_BENCH_TRAFFICS 5
#define PK_BENCH_SUBJECTS 12
#define PK_BENCH_RIGS_MAX (1 + PK_BENCH_SUBJECTS * PK_BENCH_SIZES_MAX)

enum pk_bench_part {
    PK_BENCH_RATES = 1,
    PK_BENCH_COSTS = 2,
    PK_BENCH_DDOS = 4,
    PK_BENCH_STATEFUL = 8,
    PK_BENCH_SYN = 16
};

/* What was asked for. Bit k of a mask: entry k of pk_bench_workloads and its like. */
struct pk_bench_wish {
    unsigned parts; /* of enum pk_bench_part */
    unsigned workloads, traffics, families;
    unsigned sizes[PK_BENCH_SIZES_MAX];
    size_t n_sizes;
    bool sizes_given;
    const char *only; /* NULL: every subject */
    bool full;        /* also what takes long */
    unsigned rounds, ms;
    bool json;
    const char *svg;
    const struct pk_bench_workload *print; /* print its rules and be done */
};

/* One rule set and the traffic made for it. */
struct pk_bench_set {
    const struct pk_bench_workload *workload;
    enum pk_family family;
    unsigned n;
    struct pk_bench_rule *rules;
    struct pk_buf text; /* iptables-save */
    struct pk_bench_flows flows[PK_BENCH_TRAFFICS];
};
/* `traffics`: a mask. 0, -ENOMEM or -E2BIG. */
int pk_bench_set_make(struct pk_bench_set *s, unsigned traffics);
void pk_bench_set_done(struct pk_bench_set *s);

struct pk_bench_rig;

/* What is compared. */
struct pk_bench_subject {
    const char *name;
    bool bare;         /* has no rules: one rig only */
    unsigned patience; /* more rules only with --full or when asked for by number */
    /* Which workloads it can express; NULL: all. */
    bool (*fits)(const struct pk_bench_workload *w);
    /* Puts the set in force on a rig; fills rig->why and returns -errno if it cannot. */
    int (*start)(struct pk_bench_rig *rig);
    /* Packets judged so far by the policy, and by rules. */
    int (*judged)(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules);
    void (*stop)(struct pk_bench_rig *rig);
    /* One rule (or element) more, the k-th, by a process of its own: seconds; or -errno. NULL: no.
     */
    int (*append)(struct pk_bench_rig *rig, unsigned k, double *ret_wall);
    /* Puts the set in force once more, over itself. Of subjects made of BPF maps, to weigh them. */
    int (*again)(struct pk_bench_rig *rig);
    const char *arg; /* picket: the hook; iptables: the variant */
    const char *classifier;
};
extern const struct pk_bench_subject pk_bench_subjects[]; /* ends with a NULL name */

enum pk_bench_state { PK_BENCH_READY, PK_BENCH_MISSING, PK_BENCH_FAILED, PK_BENCH_SKIPPED };

/* One subject with one rule set, in a namespace of its own. */
struct pk_bench_rig {
    const struct pk_bench_subject *subject;
    const struct pk_bench_set *set; /* NULL: bare */
    enum pk_family family;
    struct pk_live_sender *sender; /* not owned */
    struct pk_netns ns;
    unsigned out_ifindex, in_ifindex; /* the sender's end; the receiver's */
    enum pk_bench_state state;
    char why[160];           /* of what is not READY */
    uint64_t policy, rules;  /* counters when last read */
    double wall, cpu;        /* seconds that putting it in force took */
    void (*tick)(void *arg); /* meanwhile, or NULL */
    void *tick_arg;
    struct pk_fence *fence; /* picket: open, and what it holds */
    struct pk_live live;
    struct pk_arena arena;
    struct pk_counters *counters;
};

struct pk_bench_sample {
    double rate; /* judged per second */
    uint64_t sent, judged, matched;
};

/* One subject, one rule set, one kind of traffic: a line of the table. */
struct pk_bench_cell {
    const struct pk_bench_subject *subject;
    const struct pk_bench_workload *workload;
    const struct pk_bench_traffic *traffic;
    enum pk_family family;
    unsigned n_rules;  /* of the set; the bare subject has none, but its traffic */
    unsigned distinct; /* flows */
    size_t base;       /* the cell of XDP_DROP with the same traffic */
    enum pk_bench_state state;
    char why[160];
    unsigned chunk; /* frames in one system call */
    bool warm;      /* each flow was sent twice before the first sample */
    struct pk_bench_sample samples[PK_BENCH_ROUNDS_MAX];
    unsigned n_samples;
};

/* What a change costs: one subject, one rule set. */
struct pk_bench_cost {
    const struct pk_bench_subject *subject;
    const struct pk_bench_workload *workload;
    enum pk_family family;
    unsigned n_rules;
    enum pk_bench_state state;
    char why[160];
    double load[PK_BENCH_ROUNDS_MAX], load_cpu[PK_BENCH_ROUNDS_MAX], append[PK_BENCH_ROUNDS_MAX];
    unsigned n_load, n_append;
    char append_why[160];                 /* if there is no figure */
    struct pk_map_usage loaded, swapping; /* after loading; the most while it was loaded again */
};

/* A web server under a flood, guarded by one subject. */
struct pk_bench_flood {
    const struct pk_bench_subject *subject;
    double share; /* of pk_bench.flood_max: the flood */
    enum pk_bench_state state;
    char why[160];
    double requests[PK_BENCH_ROUNDS_MAX]; /* answered per second */
    double offered[PK_BENCH_ROUNDS_MAX];  /* frames per second sent; 0: no flood */
    double judged[PK_BENCH_ROUNDS_MAX];   /* that the subject dropped by rule */
    unsigned n;
};

/* Real TCP, guarded by one subject. */
struct pk_bench_tcp {
    const struct pk_bench_subject *subject;
    enum pk_bench_state state;
    char why[160];
    double requests[PK_BENCH_ROUNDS_MAX]; /* answered per CPU second, a connection each */
    double bits[PK_BENCH_ROUNDS_MAX];     /* of bulk transfer, received per second */
    unsigned n;
};

/* Connections that stay, guarded by one subject. */
struct pk_bench_carried {
    const struct pk_bench_subject *subject;
    const char *flood; /* "none", or the port that the SYNs are for: "closed", "open" */
    enum pk_bench_state state;
    char why[160];
    double answers[PK_BENCH_ROUNDS_MAX]; /* per second, over all connections */
    double offered[PK_BENCH_ROUNDS_MAX]; /* SYNs per second sent */
    unsigned n;
    uint64_t sent;  /* SYNs in all */
    unsigned alive; /* connections that have answered after all that */
};

struct pk_bench {
    struct pk_bench_wish wish;
    int cpu;       /* that measures */
    int other_cpu; /* another one; the same if there is none */
    struct pk_netns out;
    unsigned wires; /* laid so far: a namespace that is gone may keep its end for a while */
    struct pk_live_sender *sender;
    uint16_t *order[2]; /* PK_BENCH_SLOTS each: in turn, Zipf */
    struct pk_bench_cell *cells;
    size_t n_cells, cap_cells;
    struct pk_bench_cost *costs;
    size_t n_costs;
    struct pk_bench_flood *floods;
    size_t n_floods;
    struct pk_bench_tcp *tcp;
    size_t n_tcp;
    struct pk_bench_carried *carried;
    size_t n_carried;
    double flood_max; /* frames per second that XDP_DROP takes of the generator */
    double seconds;   /* the whole run */
};

/* Every workload and family that was asked for, one group after the other. 0 or -errno. */
int pk_bench_run(struct pk_bench *b, struct pk_diags *d);
void pk_bench_done(struct pk_bench *b);
double pk_bench_clock(void);
/* A line that is written over, on a terminal only; NULL wipes it. */
void pk_bench_progress(const char *what, double share);
/* Set by SIGINT, SIGTERM, SIGHUP: stop, clean up, say nothing of figures. */
bool pk_bench_stopping(void);

/* A rig that cannot be used has a state and a reason; -errno only if none can be built. */
int pk_bench_rig_open(struct pk_bench *b, struct pk_bench_rig *rig, struct pk_diags *d);
void pk_bench_rig_close(struct pk_bench_rig *rig);
/* "TOOL: why", once; returns -EIO. */
int pk_bench_rig_failed(struct pk_bench_rig *rig, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int pk_bench_rig_missing(struct pk_bench_rig *rig, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* How long to send: `ms` milliseconds, or less if `frames`, flows in turn, are sent before. */
struct pk_bench_span {
    unsigned ms;
    uint64_t frames; /* 0: any number, in the traffic's own order */
};

/* Writes flows into the sender's slots, in turn or by Zipf's law. 0 or -errno. */
int pk_bench_cell_select(const struct pk_bench *b, const struct pk_bench_cell *c,
                         const struct pk_bench_flows *flows, bool zipf);
#define PK_BENCH_FRAME_MAX 74u
/* The frame whose fields the sender fills in; its length. */
size_t pk_bench_frame(enum pk_family f, uint8_t frame[PK_BENCH_FRAME_MAX]);
/* Sends, and reads the receiver's counters. 0 or -errno. */
int pk_bench_cell_run(struct pk_bench *b, struct pk_bench_cell *c, struct pk_bench_rig *rig,
                      const struct pk_bench_flows *flows, const struct pk_bench_span *span,
                      struct pk_bench_sample *ret);

/* Loading, appending, memory, of every subject and size that was asked for. 0 or -errno. */
int pk_bench_costs(struct pk_bench *b, struct pk_diags *d);
int pk_bench_ddos(struct pk_bench *b, struct pk_diags *d);
int pk_bench_stateful(struct pk_bench *b, struct pk_diags *d);
int pk_bench_syn(struct pk_bench *b, struct pk_diags *d);
#define PK_BENCH_UNSEEN "kernel threads cannot be seen from this process namespace"

/*
 * Sends bursts of frames to a rig until a time, not faster than `rate` a second (HUGE_VAL: as fast
 * as it goes; 0: none, it only waits). How many were sent.
 */
uint64_t pk_bench_flood(struct pk_bench_rig *rig, unsigned burst, double rate, double end);
/*
 * The generator stands for machines of its own: before ordinary tasks of its CPU while it floods.
 * Its children, the client first of all, are ordinary.
 */
int pk_bench_urgent(bool on);

/* The k-th rig's addresses and neighbours: 192.0.2.4k+1 sends and asks, 192.0.2.4k+2 serves. */
int pk_bench_rig_address(struct pk_bench *b, struct pk_bench_rig *rig, unsigned k,
                         char ret[static 16]);
int pk_bench_orders(struct pk_bench *b);
/* Whether a subject was asked for, and can do a workload. */
bool pk_bench_wanted(const struct pk_bench *b, const struct pk_bench_subject *s,
                     const struct pk_bench_workload *w);
/* Why a rule set of this size is left out, or NULL. */
const char *pk_bench_left_out(const struct pk_bench *b, const struct pk_bench_subject *s,
                              unsigned n);
int pk_bench_sender(struct pk_bench *b, enum pk_family f, struct pk_diags *d);
/* A rig's tool, whose costs are added to the rig's. */
int pk_bench_rig_tool(struct pk_bench_rig *rig, struct pk_tool_run *run);

/* The parts of pk_bench_subjects. */
int pk_bench_nothing(struct pk_bench_rig *rig);
int pk_bench_none_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules);
int pk_bench_drop_start(struct pk_bench_rig *rig);
int pk_bench_drop_udp_start(struct pk_bench_rig *rig); /* passes all but UDP */
int pk_bench_drop_syn_start(struct pk_bench_rig *rig); /* all but SYNs */
int pk_bench_drop_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules);
int pk_bench_iptables_start(struct pk_bench_rig *rig);
int pk_bench_iptables_append(struct pk_bench_rig *rig, unsigned k, double *ret_wall);
int pk_bench_iptables_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules);
/* A file of nft's. 0 or -errno, with rig->why. */
int pk_bench_nft_load(struct pk_bench_rig *rig, const struct pk_buf *text);
bool pk_bench_nft_fits(const struct pk_bench_workload *w);
int pk_bench_nft_start(struct pk_bench_rig *rig);
int pk_bench_nft_append(struct pk_bench_rig *rig, unsigned k, double *ret_wall);
int pk_bench_nft_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules);
bool pk_bench_ipset_fits(const struct pk_bench_workload *w);
int pk_bench_ipset_start(struct pk_bench_rig *rig);
int pk_bench_ipset_append(struct pk_bench_rig *rig, unsigned k, double *ret_wall);
bool pk_bench_bpfilter_fits(const struct pk_bench_workload *w);
int pk_bench_bpfilter_start(struct pk_bench_rig *rig);
int pk_bench_bpfilter_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules);
void pk_bench_bpfilter_stop(struct pk_bench_rig *rig);
/* A web server's rules, with state: for iptables and picket, and by hand for nft. */
extern const struct pk_bench_workload pk_bench_stateful_workload;
int pk_bench_stateful_set(struct pk_bench_set *ret); /* 0 or -errno; ret->text is to be freed */
int pk_bench_stateful_nft_start(struct pk_bench_rig *rig);
/*
 * Opens the k-th rig, whose subject and set are filled in, with its addresses: `address` serves.
 * 0, with rig->state; -errno if none can be built.
 */
int pk_bench_stateful_rig(struct pk_bench *b, struct pk_bench_rig *rig, unsigned k,
                          char address[static 16], struct pk_diags *d);
int pk_bench_picket_start(struct pk_bench_rig *rig);
int pk_bench_picket_append(struct pk_bench_rig *rig, unsigned k, double *ret_wall);
int pk_bench_picket_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules);
int pk_bench_picket_again(struct pk_bench_rig *rig);
void pk_bench_picket_stop(struct pk_bench_rig *rig);

/* Median and quartiles of a cell's rates; and of its ratios to `base`, round by round. */
struct pk_bench_stat {
    double median, low, high; /* low, high: the quartiles */
    double ratio, ratio_low, ratio_high;
};
struct pk_bench_stat pk_bench_stat(const struct pk_bench *b, const struct pk_bench_cell *c);
struct pk_bench_sample pk_bench_sum(const struct pk_bench_cell *c);

void pk_bench_quartiles(double *v, unsigned n, double *low, double *median, double *high);

struct pk_bench_spread {
    double median, low, high; /* low, high: the quartiles */
};
/* Of values that stay in their order, for ratios round by round. */
struct pk_bench_spread pk_bench_spread_of(const double *v, unsigned n);
json_t *pk_bench_spread_json(struct pk_bench_spread s);
const char *pk_bench_state_name(enum pk_bench_state s);
void pk_bench_print_tcp(struct pk_bench *b);
json_t *pk_bench_tcp_json(const struct pk_bench *b);
void pk_bench_print_syn(struct pk_bench *b);
json_t *pk_bench_syn_json(const struct pk_bench *b);
void pk_bench_print_costs(struct pk_bench *b);
void pk_bench_print_floods(struct pk_bench *b);
int pk_bench_print(struct pk_bench *b);
int pk_bench_json(struct pk_bench *b, json_t *obj);
int pk_bench_svg(const struct pk_bench *b, FILE *to);
