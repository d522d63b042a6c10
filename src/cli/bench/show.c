// SPDX-License-Identifier: GPL-2.0-or-later
/* The measured table, for people; and the statistics that every output shares. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/macro.h"
#include "cli/bench/bench.h"
#include "cli/cli.h"

static int pk_stat_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Between the neighbours, as most programs do it (type 7 of Hyndman and Fan, 1996). */
static double pk_stat_quantile(const double *sorted, unsigned n, double q)
{
    double at = q * (n - 1);
    unsigned i = (unsigned)at;

    return i + 1 < n ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

void pk_bench_quartiles(double *v, unsigned n, double *low, double *median, double *high)
{
    if (!n)
        return;
    qsort(v, n, sizeof(*v), pk_stat_order);
    *low = pk_stat_quantile(v, n, 0.25);
    *median = pk_stat_quantile(v, n, 0.5);
    *high = pk_stat_quantile(v, n, 0.75);
}

struct pk_bench_spread pk_bench_spread_of(const double *v, unsigned n)
{
    double sorted[PK_BENCH_ROUNDS_MAX] = {0};
    struct pk_bench_spread s = {0};

    memcpy(sorted, v, n * sizeof(*v));
    pk_bench_quartiles(sorted, n, &s.low, &s.median, &s.high);
    return s;
}

struct pk_bench_stat pk_bench_stat(const struct pk_bench *b, const struct pk_bench_cell *c)
{
    const struct pk_bench_cell *base = &b->cells[c->base];
    double rates[PK_BENCH_ROUNDS_MAX], ratios[PK_BENCH_ROUNDS_MAX];
    unsigned i, n = PK_MIN(c->n_samples, base->n_samples), got = 0;
    struct pk_bench_stat s = {0};

    for (i = 0; i < c->n_samples; i++)
        rates[i] = c->samples[i].rate;
    for (i = 0; i < n; i++) {
        if (base->samples[i].rate > 0)
            ratios[got++] = c->samples[i].rate / base->samples[i].rate;
    }
    pk_bench_quartiles(rates, c->n_samples, &s.low, &s.median, &s.high);
    pk_bench_quartiles(ratios, got, &s.ratio_low, &s.ratio, &s.ratio_high);
    return s;
}

struct pk_bench_sample pk_bench_sum(const struct pk_bench_cell *c)
{
    struct pk_bench_sample s = {0};
    unsigned i;

    for (i = 0; i < c->n_samples; i++) {
        s.sent += c->samples[i].sent;
        s.judged += c->samples[i].judged;
        s.matched += c->samples[i].matched;
    }
    return s;
}

/* Packets per second with three digits: "5.12 M", "43.1 k". */
static const char *pk_show_rate(double v, char buf[static 16])
{
    const char *unit = v >= 1e6 ? "M" : v >= 1e3 ? "k" : "";
    double x = v >= 1e6 ? v / 1e6 : v >= 1e3 ? v / 1e3 : v;

    snprintf(buf, 16, "%.*f %s", x >= 100 ? 0 : x >= 10 ? 1 : 2, x, unit);
    return buf;
}

/* "0.86", "0.0123": two digits or more, however small. */
static const char *pk_show_ratio(double v, char buf[static 16])
{
    snprintf(buf, 16, "%.*f", v >= 0.1 ? 2 : v >= 0.01 ? 3 : 5, v);
    return buf;
}

/*
 * What is not as it should be: lost frames, packets that a rule matched or did not, or flows that
 * were not sent before they were measured.
 */
static const char *pk_show_doubt(const struct pk_bench_cell *c, char buf[static 64])
{
    struct pk_bench_sample s = pk_bench_sum(c);
    uint64_t lost = s.sent - PK_MIN(s.sent, s.judged), wrong;

    buf[0] = 0;
    wrong = c->traffic->hits ? s.judged - s.matched : s.matched;
    if (wrong * 1000 > s.judged && !c->traffic->mixed_verdict && !c->subject->bare)
        snprintf(buf, 64, "  %.1f %% %s", 100.0 * (double)wrong / (double)PK_MAX(s.judged, 1u),
                 c->traffic->hits ? "matched nothing" : "matched a rule");
    else if (lost * 1000 > s.sent)
        snprintf(buf, 64, "  %.1f %% lost", 100.0 * (double)lost / (double)s.sent);
    else if (!c->warm && !c->traffic->mixed_verdict)
        snprintf(buf, 64, "  not warm");
    return buf;
}

static void pk_show_row(const struct pk_bench *b, const struct pk_bench_cell *c)
{
    struct pk_bench_stat s = pk_bench_stat(b, c);
    char rate[16], ratio[16], low[16], high[16], doubt[64];

    if (!c->n_samples) {
        printf("%-17s%7u  %.70s\n", c->subject->name, c->n_rules, c->why);
        return;
    }
    printf("%-17s%7u%10s%9.0f  %7s  %s - %s%s\n", c->subject->name, c->n_rules,
           pk_show_rate(s.median, rate), 1e9 / s.median, pk_show_ratio(s.ratio, ratio),
           pk_show_ratio(s.ratio_low, low), pk_show_ratio(s.ratio_high, high),
           pk_show_doubt(c, doubt));
}

/* The lines of one workload, family and kind of traffic: subject after subject, by size. */
static void pk_show_block(const struct pk_bench *b, const struct pk_bench_cell *head)
{
    const struct pk_bench_subject *s;
    size_t k;

    printf("\n%s, %s, %s (%s)\n"
           "subject            rules packets/s  ns each  of XDP_DROP (quartiles)\n",
           head->workload->name, pk_family_title(head->family), head->traffic->name,
           head->traffic->help);
    for (s = pk_bench_subjects; s->name; s++) {
        for (k = 0; k < b->n_cells; k++) {
            const struct pk_bench_cell *c = &b->cells[k];

            if (c->subject == s && c->workload == head->workload && c->family == head->family &&
                c->traffic == head->traffic)
                pk_show_row(b, c);
        }
    }
}

/* Whether an earlier cell belongs to the same block. */
static bool pk_show_seen(const struct pk_bench *b, size_t k)
{
    const struct pk_bench_cell *c = &b->cells[k];
    size_t i;

    for (i = 0; i < k; i++) {
        if (b->cells[i].workload == c->workload && b->cells[i].family == c->family &&
            b->cells[i].traffic == c->traffic)
            return true;
    }
    return false;
}

static void pk_show_rates(const struct pk_bench *b)
{
    size_t k;

    printf("Packets judged per second, counted at the receiver; all are dropped. %u flows, each\n"
           "sent twice before; median and quartiles of %u rounds of %u ms, interleaved. A packet "
           "pays\n"
           "for sending, the veth and the verdict, all on one CPU; XDP_DROP is the ceiling.\n",
           PK_BENCH_FLOWS, b->wish.rounds, b->wish.ms);
    for (k = 0; k < b->n_cells; k++) {
        if (!pk_show_seen(b, k))
            pk_show_block(b, &b->cells[k]);
    }
    printf("\n");
}

int pk_bench_print(struct pk_bench *b)
{
    struct utsname u;

    uname(&u);
    if (b->n_cells)
        pk_show_rates(b);
    if (b->n_costs)
        pk_bench_print_costs(b);
    if (b->n_floods)
        pk_bench_print_floods(b);
    if (b->n_carried)
        pk_bench_print_syn(b);
    if (b->n_tcp)
        pk_bench_print_tcp(b);
    printf("Linux %s, CPU %d of %ld; %.0f s.\n", u.release, b->cpu, sysconf(_SC_NPROCESSORS_ONLN),
           b->seconds);
    return 0;
}
