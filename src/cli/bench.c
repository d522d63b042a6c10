// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bench.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/macro.h"
#include "cli/cli.h"
#include "cli/codes.h"
#include "kernel/fence.h"

#define PK_BENCH_WARM_MS 20

const struct pk_bench_subject pk_bench_subjects[] = {
    {"XDP_DROP", true, pk_bench_drop_start, pk_bench_drop_judged, NULL, 0},
    {"picket netfilter", false, pk_bench_picket_start, pk_bench_picket_judged, pk_bench_picket_stop,
     PK_ATTACH_NETFILTER},
    {"picket tc", false, pk_bench_picket_start, pk_bench_picket_judged, pk_bench_picket_stop,
     PK_ATTACH_TC},
    {"picket xdp", false, pk_bench_picket_start, pk_bench_picket_judged, pk_bench_picket_stop,
     PK_ATTACH_XDP},
    {"iptables-legacy", false, pk_bench_legacy_start, pk_bench_legacy_judged, NULL, 0},
    {"iptables-nft", false, pk_bench_nft_start, pk_bench_nft_judged, NULL, 0},
    {0},
};

const struct pk_option_def pk_options_bench[] = {
    {"quick", 0, NULL, "short rounds: a first look, not a figure to quote"},
    {"rounds", 0, "N", "rounds, of which the median is shown (5)"},
    {"time", 0, "MS", "milliseconds a subject sends in a round (200)"},
    {"only", 0, "TEXT", "only subjects whose name has TEXT in it, and XDP_DROP"},
    PK_COMMON_OPTIONS};

static volatile sig_atomic_t pk_bench_stopped;

static void pk_bench_on_signal(int number)
{
    pk_bench_stopped = number;
}

static void pk_bench_signals(void)
{
    struct sigaction a = {.sa_handler = pk_bench_on_signal};

    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGHUP, &a, NULL);
}

/* A line that is written over, on a terminal only. */
static void pk_bench_progress(const char *what, size_t done, size_t of)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (what)
        fprintf(stderr, "\r\033[K%3zu %%  %s", of ? done * 100 / of : 0, what);
    else
        fprintf(stderr, "\r\033[K");
    fflush(stderr);
}

/* The last CPU this process may use: sender and receiver share it. Its number or -errno. */
static int pk_bench_pin(void)
{
    cpu_set_t may, one;
    int cpu;

    if (sched_getaffinity(0, sizeof(may), &may) < 0)
        return -errno;
    for (cpu = CPU_SETSIZE - 1; cpu >= 0 && !CPU_ISSET(cpu, &may); cpu--)
        ;
    if (cpu < 0)
        return -ENODEV;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof(one), &one) < 0 ? -errno : cpu;
}

static int pk_bench_table(struct pk_bench *b, unsigned table)
{
    _pk_free_ struct pk_bench_flow *flows = calloc(PK_BENCH_FLOWS, sizeof(*flows));
    int r;

    if (!flows)
        return -ENOMEM;
    r = pk_bench_flows(pk_bench_sizes[table], flows);
    return r ? r : pk_live_fill(b->sender, table, flows);
}

/* The sending namespace with the sender in it. */
static int pk_bench_sender(struct pk_bench *b, struct pk_diags *d)
{
    unsigned i;
    int back, r;

    r = pk_netns_new(&b->out);
    if (!r)
        r = pk_netns_enter(&b->out, &back);
    if (r) {
        pk_error(d, PK_D_RIG, PK_NOWHERE, "run it as root", "cannot make a network namespace: %s",
                 strerror(-r));
        return r;
    }
    r = pk_live_new(&b->sender, d);
    if (pk_netns_leave(&back) < 0 && !r)
        r = -EIO;
    for (i = 0; i < PK_BENCH_SIZES && !r; i++)
        r = pk_bench_table(b, i);
    return r;
}

static void pk_bench_plan(struct pk_bench *b, const char *only)
{
    const struct pk_bench_subject *s;
    unsigned i;

    for (s = pk_bench_subjects; s->name; s++) {
        if (only && !s->bare && !strcasestr(s->name, only))
            continue;
        for (i = 0; i < (s->bare ? 1 : PK_BENCH_SIZES) && b->n_cells < PK_BENCH_CELLS_MAX; i++) {
            b->cells[b->n_cells++] = (struct pk_bench_cell){.subject = s,
                                                            .n_rules = pk_bench_sizes[i],
                                                            .table = i,
                                                            .sender = b->sender,
                                                            .ns = PK_NETNS_NONE};
        }
    }
}

static int pk_bench_set_up(struct pk_bench *b, const char *only, struct pk_diags *d)
{
    char what[64];
    size_t k;
    int r;

    r = pk_bench_sender(b, d);
    if (r)
        return r;
    pk_bench_plan(b, only);
    for (k = 0; k < b->n_cells && !pk_bench_stopped; k++) {
        snprintf(what, sizeof(what), "set up %s, %u rules", b->cells[k].subject->name,
                 b->cells[k].n_rules);
        pk_bench_progress(what, 0, 1);
        r = pk_bench_cell_open(b, &b->cells[k], d);
        if (r)
            return r;
    }
    return 0;
}

/* One round: every cell once, the first one another each time. `ms` 0 keeps nothing: a warm-up. */
static void pk_bench_round(struct pk_bench *b, unsigned round, bool keep)
{
    struct pk_bench_sample s;
    char what[64];
    size_t k;
    int r;

    for (k = 0; k < b->n_cells && !pk_bench_stopped; k++) {
        struct pk_bench_cell *c = &b->cells[(k + round * 5) % b->n_cells];

        if (c->state != PK_BENCH_READY)
            continue;
        snprintf(what, sizeof(what), "round %u of %u: %s, %u rules", round + 1, b->rounds,
                 c->subject->name, c->n_rules);
        pk_bench_progress(keep ? what : "warming up", round * b->n_cells + (keep ? k : 0),
                          b->rounds * b->n_cells);
        r = pk_bench_cell_run(b, c, keep ? b->round_ms : PK_BENCH_WARM_MS, &s);
        if (r) {
            c->state = PK_BENCH_FAILED;
            snprintf(c->why, sizeof(c->why), "%s", strerror(-r));
        } else if (keep) {
            c->samples[c->n_samples++] = s;
        }
    }
}

static void pk_bench_tear_down(struct pk_bench *b)
{
    size_t k;

    pk_bench_progress("cleaning up", 1, 1);
    for (k = 0; k < b->n_cells; k++)
        pk_bench_cell_close(&b->cells[k]);
    pk_live_p(&b->sender);
    pk_netns_done(&b->out);
    pk_bench_progress(NULL, 0, 0);
}

static double pk_bench_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int pk_bench_run(struct pk_bench *b, const char *only, struct pk_diags *d)
{
    double start = pk_bench_clock();
    unsigned i;
    int r;

    b->cpu = pk_bench_pin();
    r = b->cpu < 0 ? b->cpu : pk_bench_set_up(b, only, d);
    if (!r) {
        pk_bench_round(b, 0, false);
        for (i = 0; i < b->rounds && !pk_bench_stopped; i++)
            pk_bench_round(b, i, true);
    }
    pk_bench_tear_down(b);
    b->seconds = pk_bench_clock() - start;
    if (!r && pk_bench_stopped)
        r = -EINTR;
    return r;
}

struct pk_bench_wish {
    unsigned rounds, ms;
    const char *only;
    bool json;
};

static int pk_bench_number(const struct pk_args *a, unsigned max, unsigned *ret)
{
    uint64_t v;

    if (pk_arg_size(a->value, &v) || v < 1 || v > max) {
        fprintf(stderr, "picket bench: %s: not a number from 1 to %u\n", a->value, max);
        return -EINVAL;
    }
    *ret = (unsigned)v;
    return 0;
}

/* 0: go on; else the exit status of the verb plus one. */
static int pk_bench_arguments(int argc, char **argv, struct pk_bench_wish *w)
{
    const struct pk_option_def *o;
    struct pk_args a;
    enum pk_arg k;
    int r = 0;

    pk_args_begin(&a, pk_options_bench, argc, argv);
    while ((k = pk_args_next(&a, &o)) == PK_ARG_OPTION && !r) {
        if (pk_option_is(o, "quick"))
            w->ms = 40;
        else if (pk_option_is(o, "json"))
            w->json = true;
        else if (pk_option_is(o, "only"))
            w->only = a.value;
        else if (pk_option_is(o, "rounds"))
            r = pk_bench_number(&a, PK_BENCH_ROUNDS_MAX, &w->rounds);
        else
            r = pk_bench_number(&a, 10000, &w->ms);
    }
    if (k == PK_ARG_WORD)
        fprintf(stderr, "picket bench: %s: takes no words\n", a.value);
    if (k == PK_ARG_HELP)
        return PK_EXIT_DONE + 1;
    return r || k != PK_ARG_END ? PK_EXIT_USAGE + 1 : 0;
}

int pk_cli_bench(int argc, char **argv)
{
    struct pk_bench_wish w = {.rounds = 5, .ms = 200};
    _pk_free_ struct pk_bench *b = NULL;
    _pk_cli_ struct pk_cli c;
    int r;

    pk_cli_begin(&c, "bench");
    r = pk_bench_arguments(argc, argv, &w);
    if (r)
        return r - 1;
    c.json = w.json;
    b = calloc(1, sizeof(*b));
    if (!b)
        return pk_cli_end(&c, pk_cli_refused(&c, -ENOMEM, "bench"));
    *b = (struct pk_bench){.rounds = w.rounds, .round_ms = w.ms, .out = PK_NETNS_NONE};
    pk_bench_signals();
    r = pk_bench_run(b, w.only, &c.d);
    if (r)
        return pk_cli_end(&c, pk_cli_refused(&c, r, "bench"));
    r = w.json ? pk_bench_json(b, c.obj) : pk_bench_print(b);
    return pk_cli_end(&c, r ? pk_cli_refused(&c, r, "bench") : PK_EXIT_DONE);
}
