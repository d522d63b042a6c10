// SPDX-License-Identifier: GPL-2.0-or-later
/* The measured table, for people and for programs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/out.h"
#include "cli/bench.h"

static int pk_bench_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double pk_bench_median(double *v, unsigned n)
{
    qsort(v, n, sizeof(*v), pk_bench_order);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

struct pk_bench_stat pk_bench_stat(const struct pk_bench_cell *c, const struct pk_bench_cell *base)
{
    double rates[PK_BENCH_ROUNDS_MAX], ratios[PK_BENCH_ROUNDS_MAX];
    unsigned i, n = c->n_samples, n_ratios = PK_MIN(n, base->n_samples), got = 0;
    struct pk_bench_stat s = {0};

    if (!n)
        return s;
    for (i = 0; i < n; i++)
        rates[i] = c->samples[i].rate;
    for (i = 0; i < n_ratios; i++) {
        if (base->samples[i].rate > 0)
            ratios[got++] = c->samples[i].rate / base->samples[i].rate;
    }
    s.median = pk_bench_median(rates, n); /* sorts */
    s.min = rates[0];
    s.max = rates[n - 1];
    s.ratio = got ? pk_bench_median(ratios, got) : 0;
    return s;
}

static struct pk_bench_sample pk_bench_sum(const struct pk_bench_cell *c)
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
static const char *pk_bench_rate(double v, char buf[static 16])
{
    const char *unit = v >= 1e6 ? "M" : v >= 1e3 ? "k" : "";
    double x = v >= 1e6 ? v / 1e6 : v >= 1e3 ? v / 1e3 : v;

    snprintf(buf, 16, "%.*f %s", x >= 100 ? 0 : x >= 10 ? 1 : 2, x, unit);
    return buf;
}

/* "1.000", "0.0123": three digits however small. */
static void pk_bench_ratio(double v, char buf[static 16])
{
    snprintf(buf, 16, "%.*f", v >= 0.1 ? 2 : v >= 0.01 ? 3 : 5, v);
}

/* What is not as it should be: lost frames, or packets that a rule matched. */
static void pk_bench_doubt(const struct pk_bench_sample *sum, char buf[static 48])
{
    uint64_t lost = sum->sent - PK_MIN(sum->sent, sum->judged);

    buf[0] = 0;
    if (sum->matched)
        snprintf(buf, 48, "a rule matched %llu", (unsigned long long)sum->matched);
    else if (lost * 1000 > sum->sent)
        snprintf(buf, 48, "%.1f %% lost", 100.0 * (double)lost / (double)sum->sent);
}

static void pk_bench_row(const struct pk_bench_cell *c, const struct pk_bench_cell *base)
{
    struct pk_bench_stat s = pk_bench_stat(c, base);
    struct pk_bench_sample sum = pk_bench_sum(c);
    char median[16], min[16], max[16], ratio[16], doubt[48];

    if (c->state != PK_BENCH_READY || !c->n_samples) {
        printf("%-17s%6u  %.54s\n", c->subject->name, c->n_rules, c->why);
        return;
    }
    pk_bench_ratio(s.ratio, ratio);
    pk_bench_doubt(&sum, doubt);
    printf("%-17s%6u%10s%10s -%7s%9.0f  %-8s%s\n", c->subject->name, c->n_rules,
           pk_bench_rate(s.median, median), pk_bench_rate(s.min, min), pk_bench_rate(s.max, max),
           1e9 / s.median, ratio, doubt);
}

static const char pk_bench_method[] =
    "sender and receiver share one core: a frame's cost is sending it, the veth and the verdict";

int pk_bench_print(const struct pk_bench *b)
{
    struct utsname u;
    size_t k;

    uname(&u);
    printf("Packets judged per second, counted at the receiver. No rule matches; policy DROP.\n"
           "%u flows, UDP/IPv4, %u-byte frames; median (least - most) of %u rounds of %u ms,\n"
           "interleaved; Linux %s; sender and receiver share CPU %d of %ld.\n\n"
           "subject           rules packets/s     least - most  ns each  of XDP_DROP\n",
           PK_BENCH_FLOWS, PK_BENCH_FRAME, b->rounds, b->round_ms, u.release, b->cpu,
           sysconf(_SC_NPROCESSORS_ONLN));
    for (k = 0; k < b->n_cells; k++)
        pk_bench_row(&b->cells[k], &b->cells[0]);
    printf(
        "\nOne core pays for sending, the veth and the verdict: what two lines differ by is the\n"
        "subject's own; XDP_DROP is the ceiling. %.0f s.\n",
        b->seconds);
    return 0;
}

static json_t *pk_bench_json_cell(const struct pk_bench_cell *c, const struct pk_bench_cell *base)
{
    static const char *const states[] = {"measured", "missing", "failed"};
    struct pk_bench_stat s = pk_bench_stat(c, base);
    struct pk_bench_sample sum = pk_bench_sum(c);
    json_t *o = json_pack("{s:s,s:i,s:s}", "subject", c->subject->name, "rules", (int)c->n_rules,
                          "state", states[c->state]);
    json_t *rounds;
    unsigned i;

    if (c->state != PK_BENCH_READY) {
        json_object_set_new(o, "reason", json_string(c->why));
        return o;
    }
    json_object_set_new(o, "packets_per_second",
                        json_pack("{s:f,s:f,s:f}", "median", s.median, "min", s.min, "max", s.max));
    json_object_set_new(o, "nanoseconds_per_packet", json_real(s.median > 0 ? 1e9 / s.median : 0));
    json_object_set_new(o, "ratio_to_xdp_drop", json_real(s.ratio));
    json_object_set_new(o, "sent", json_integer((json_int_t)sum.sent));
    json_object_set_new(o, "judged", json_integer((json_int_t)sum.judged));
    json_object_set_new(o, "matched_by_rules", json_integer((json_int_t)sum.matched));
    rounds = json_array();
    for (i = 0; i < c->n_samples; i++)
        json_array_append_new(rounds, json_real(c->samples[i].rate));
    json_object_set_new(o, "rounds", rounds);
    return o;
}

int pk_bench_json(const struct pk_bench *b, json_t *obj)
{
    json_t *cells = json_array();
    struct utsname u;
    size_t k;

    uname(&u);
    for (k = 0; k < b->n_cells; k++)
        json_array_append_new(cells, pk_bench_json_cell(&b->cells[k], &b->cells[0]));
    json_object_set_new(obj, "method", json_string(pk_bench_method));
    json_object_set_new(obj, "kernel", json_string(u.release));
    json_object_set_new(obj, "machine", json_string(u.machine));
    json_object_set_new(obj, "cpu", json_integer(b->cpu));
    json_object_set_new(obj, "cpus_online", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
    json_object_set_new(obj, "flows", json_integer(PK_BENCH_FLOWS));
    json_object_set_new(obj, "frame_bytes", json_integer(PK_BENCH_FRAME));
    json_object_set_new(obj, "round_count", json_integer(b->rounds));
    json_object_set_new(obj, "round_ms", json_integer(b->round_ms));
    json_object_set_new(obj, "seconds", json_real(b->seconds));
    return json_object_set_new(obj, "cells", cells) ? -ENOMEM : 0;
}
