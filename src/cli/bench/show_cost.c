// SPDX-License-Identifier: GPL-2.0-or-later
/* What changes cost, for people. */
#include <stdio.h>
#include <string.h>

#include "cli/bench/bench.h"
#include "cli/cli.h"

/* Milliseconds with their quartiles: "12.3 (11.9 - 12.8)". */
static const char *pk_show_ms(double *v, unsigned n, char buf[static 48])
{
    double low = 0, median = 0, high = 0;
    int digits;

    pk_bench_quartiles(v, n, &low, &median, &high);
    digits = median >= 0.1 ? 0 : median >= 0.01 ? 1 : 2;
    snprintf(buf, 48, "%.*f (%.*f - %.*f)", digits, 1e3 * median, digits, 1e3 * low, digits,
             1e3 * high);
    return n ? buf : "";
}

static double pk_show_median(double *v, unsigned n)
{
    double low = 0, median = 0, high = 0;

    pk_bench_quartiles(v, n, &low, &median, &high);
    return median;
}

/* MiB: after loading, the most while swapping, per-CPU maps beside. */
static void pk_show_memory(const struct pk_bench_cost *c)
{
    const double mib = 1 << 20;

    if (c->subject->again)
        printf("%7.1f%7.1f%7.2f", (double)c->loaded.bytes / mib, (double)c->swapping.bytes / mib,
               (double)c->swapping.per_cpu / mib);
}

static void pk_show_cost(struct pk_bench_cost *c)
{
    char load[48], append[48];

    if (c->state != PK_BENCH_READY || !c->n_load) {
        printf("%-17s%7u  %.70s\n", c->subject->name, c->n_rules, c->why);
        return;
    }
    printf("%-17s%7u  %-20s%7.0f  %-20s", c->subject->name, c->n_rules,
           pk_show_ms(c->load, c->n_load, load), 1e3 * pk_show_median(c->load_cpu, c->n_load),
           c->n_append ? pk_show_ms(c->append, c->n_append, append) : "-");
    pk_show_memory(c);
    printf("\n");
}

void pk_bench_print_costs(struct pk_bench *b)
{
    size_t k;

    printf(
        "What a change costs: milliseconds of a fresh process from exec to exit, median and\n"
        "quartiles, to load a file and to append one rule. Memory: MiB of BPF maps as the kernel\n"
        "accounts them: after loading; the most while the set is loaded again over itself; of "
        "per-CPU\n"
        "maps beside.\n");
    for (k = 0; k < b->n_costs; k++) {
        struct pk_bench_cost *c = &b->costs[k];

        if (!k || c[-1].workload != c->workload || c[-1].family != c->family)
            printf("\n%s, %s\nsubject            rules  load                    CPU  append"
                   "              loaded   swap   CPUs\n",
                   c->workload->name, pk_family_title(c->family));
        pk_show_cost(c);
    }
    printf("\n");
}

static const char *pk_show_mega(double v, char buf[static 16])
{
    snprintf(buf, 16, "%.2f M", v / 1e6);
    return buf;
}

/* The median of what is served behind XDP_DROP under the same flood; 0: it is not known. */
static double pk_show_bare(struct pk_bench *b, double share)
{
    for (size_t k = 0; k < b->n_floods; k++)
        if (b->floods[k].share == share && !strcmp(b->floods[k].subject->name, "XDP_DROP"))
            return b->floods[k].n ? pk_show_median(b->floods[k].requests, b->floods[k].n) : 0;
    return 0;
}

static void pk_show_flood(struct pk_bench *b, struct pk_bench_flood *f)
{
    double low = 0, median = 0, high = 0, bare = pk_show_bare(b, f->share);
    char offered[16], judged[16], served[48], ratio[16] = "-";

    if (!f->n) {
        printf("%-17s%7.2f  %.70s\n", f->subject->name, f->share, f->why);
        return;
    }
    pk_bench_quartiles(f->requests, f->n, &low, &median, &high);
    if (bare > 0)
        snprintf(ratio, sizeof(ratio), "%.2f", median / bare);
    snprintf(served, sizeof(served), "%.0f (%.0f - %.0f)", median, low, high);
    printf("%-17s%7.2f  %-23s%6s%13s%11s\n", f->subject->name, f->share, served, ratio,
           pk_show_mega(pk_show_median(f->offered, f->n), offered),
           pk_show_mega(pk_show_median(f->judged, f->n), judged));
}

void pk_bench_print_floods(struct pk_bench *b)
{
    char most[16];

    printf("Requests that a web server answers per second while its core receives a flood (UDP, "
           "1,000\n"
           "rules drop it), median and quartiles, and the median's ratio to XDP_DROP's. Floods are "
           "shares\n"
           "of what XDP_DROP takes of the generator alone, %s packets/s.\n\n"
           "guarded by         flood  requests/s (quartiles)  ratio      offered    dropped\n",
           pk_show_mega(b->flood_max, most));
    for (size_t k = 0; k < b->n_floods; k++)
        pk_show_flood(b, &b->floods[k]);
    printf("\n");
}
