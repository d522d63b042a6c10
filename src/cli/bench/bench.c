// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bench/bench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/macro.h"
#include "cli/bench/args.h"
#include "cli/cli.h"
#include "cli/codes.h"

const struct pk_option_def pk_options_bench[] = {
    {"part", 0, "LIST", "rates and costs (the default), ddos, state, syn, or all"},
    {"ddos", 0, NULL, "only what a web server still serves under a flood"},
    {"state", 0, NULL, "only new connections and bulk TCP behind a stateful rule set"},
    {"syn", 0, NULL, "only what 10,000 connections still carry under a flood of SYNs"},
    {"workload", 0, "LIST", "five-tuple (the default), mixed, blocklist, acl, fw, ipc, or all"},
    {"family", 0, "LIST", "ipv4 (the default), ipv6, or all"},
    {"traffic", 0, "LIST", "miss, uniform, zipf (the default), adversarial, random, or all"},
    {"rules", 0, "LIST", "numbers of rules (1000,10000,100000)"},
    {"only", 0, "LIST", "only subjects with one of these in their name, and XDP_DROP"},
    {"full", 0, NULL, "all workloads, families and traffic, and what takes long to load"},
    {"quick", 0, NULL, "short rounds: a first look, not a figure to quote"},
    {"rounds", 0, "N", "rounds, of which the median is shown (5)"},
    {"time", 0, "MS", "milliseconds a subject sends in a round (80)"},
    {"svg", 0, "FILE", "draw the ratios to XDP_DROP against the number of rules"},
    {"print-rules", 0, "WORKLOAD",
     "print a workload's N rules (picket bench --print-rules acl 100)"},
    PK_COMMON_OPTIONS};

static volatile sig_atomic_t pk_bench_stopped;

static void pk_bench_on_signal(int number)
{
    pk_bench_stopped = number;
}

bool pk_bench_stopping(void)
{
    return pk_bench_stopped;
}

static void pk_bench_signals(void)
{
    struct sigaction a = {.sa_handler = pk_bench_on_signal};

    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGHUP, &a, NULL);
}

void pk_bench_progress(const char *what, double share)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (what)
        fprintf(stderr, "\r\033[K%3.0f %%  %s", 100 * PK_MIN(share, 1.0), what);
    else
        fprintf(stderr, "\r\033[K");
    fflush(stderr);
}

double pk_bench_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* `--print-rules`: the file that the subjects load, for whoever wants to load it elsewhere. */
static int pk_bench_print_rules(const struct pk_bench_wish *w)
{
    struct pk_bench_set s = {.workload = w->print,
                             .family = w->families == 1u << PK_IPV6 ? PK_IPV6 : PK_IPV4,
                             .n = w->sizes[0]};
    int r = pk_bench_set_make(&s, 0);

    if (!r && fwrite(s.text.data, 1, s.text.len, stdout) != s.text.len)
        r = -EIO;
    pk_bench_set_done(&s);
    return r;
}

/* Opened before anything is measured, so that a bad name costs no minutes. */
static int pk_bench_svg_open(const char *path, FILE **ret, struct pk_diags *d)
{
    int r;

    *ret = fopen(path, "we");
    if (*ret)
        return 0;
    r = -errno;
    pk_error(d, PK_D_REFUSED, ((struct pk_place){path, 0, 0}), NULL, "cannot write: %s",
             strerror(-r));
    return r;
}

static int pk_bench_measure(const struct pk_bench_wish *w, struct pk_cli *c)
{
    struct pk_bench b = {.wish = *w, .out = PK_NETNS_NONE};
    FILE *svg = NULL;
    int r = w->svg ? pk_bench_svg_open(w->svg, &svg, &c->d) : 0;

    pk_bench_signals();
    if (!r)
        r = pk_bench_run(&b, &c->d);
    if (!r)
        r = w->json ? pk_bench_json(&b, c->obj) : pk_bench_print(&b);
    if (!r && svg)
        r = pk_bench_svg(&b, svg);
    if (svg && fclose(svg) && !r)
        r = -EIO;
    pk_bench_done(&b);
    return r;
}

int pk_cli_bench(int argc, char **argv)
{
    struct pk_bench_wish w;
    _pk_cli_ struct pk_cli c;
    int r;

    pk_cli_begin(&c, "bench");
    r = pk_bench_arguments(argc, argv, &w);
    if (r)
        return r - 1;
    c.json = w.json;
    r = w.print ? pk_bench_print_rules(&w) : pk_bench_measure(&w, &c);
    return pk_cli_end(&c, r ? pk_cli_refused(&c, r, "bench") : PK_EXIT_DONE);
}
