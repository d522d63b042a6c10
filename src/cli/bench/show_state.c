// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections and bulk TCP behind a stateful rule set, for people and for programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "cli/bench/bench.h"
#include "cli/cli.h"
#include "state/table.h"

#define PK_SLABINFO "/proc/slabinfo"
#define PK_SLABINFO_MAX ((size_t)1 << 20)

static const struct pk_bench_tcp *pk_tcp_find(const struct pk_bench *b, const char *name)
{
    for (size_t k = 0; k < b->n_tcp; k++)
        if (!strcmp(b->tcp[k].subject->name, name))
            return &b->tcp[k];
    return NULL;
}

/* Of the two that people have the one with the better median. NULL: there is none of them. */
static const struct pk_bench_tcp *pk_tcp_peer(const struct pk_bench *b, bool bulk)
{
    static const char *const names[] = {"iptables-legacy", "nft"};
    const struct pk_bench_tcp *best = NULL;
    double most = 0;

    for (size_t k = 0; k < PK_ARRAY_SIZE(names); k++) {
        const struct pk_bench_tcp *t = pk_tcp_find(b, names[k]);
        double median =
            t && t->n ? pk_bench_spread_of(bulk ? t->bits : t->requests, t->n).median : 0;

        if (median > most) {
            most = median;
            best = t;
        }
    }
    return best;
}

/* Round by round, to that one; n 0: there is none. The better of each round would be lucky, too. */
static struct pk_bench_spread pk_tcp_ratio(const struct pk_bench *b, const struct pk_bench_tcp *t,
                                           bool bulk, unsigned *ret_n)
{
    const struct pk_bench_tcp *peer = pk_tcp_peer(b, bulk);
    double ratios[PK_BENCH_ROUNDS_MAX];
    unsigned n = peer ? PK_MIN(t->n, peer->n) : 0;

    for (unsigned i = 0; i < n; i++)
        ratios[i] = bulk ? t->bits[i] / peer->bits[i] : t->requests[i] / peer->requests[i];
    *ret_n = n;
    return pk_bench_spread_of(ratios, n);
}

/* "12345 (12000 - 13000)  1.02" */
static void pk_tcp_cell(const struct pk_bench *b, const struct pk_bench_tcp *t, bool bulk)
{
    struct pk_bench_spread s = pk_bench_spread_of(bulk ? t->bits : t->requests, t->n), ratio;
    double unit = bulk ? 1e9 : 1;
    char text[48], times[16] = "-";
    unsigned n;

    ratio = pk_tcp_ratio(b, t, bulk, &n);
    if (n)
        snprintf(times, sizeof(times), "%.2f", ratio.median);
    snprintf(text, sizeof(text), "%.*f (%.*f - %.*f)", bulk ? 2 : 0, s.median / unit, bulk ? 2 : 0,
             s.low / unit, bulk ? 2 : 0, s.high / unit);
    printf("  %-24s%5s", text, times);
}

/* Bytes of one of Linux's entries, without its extensions; 0: it does not say. */
static unsigned long pk_tcp_entry_bytes(void)
{
    _pk_buf_ struct pk_buf text = {.data = NULL};
    const char *line;
    unsigned long bytes = 0;

    if (pk_file_read(PK_SLABINFO, PK_SLABINFO_MAX, &text))
        return 0;
    line = text.len ? strstr(text.data, "\nnf_conntrack ") : NULL;
    if (line && sscanf(line, " nf_conntrack %*u %*u %lu", &bytes) != 1)
        bytes = 0;
    return bytes;
}

/* A connection's part of picket's own table, which has half as many places again. */
static size_t own_entry_bytes(void)
{
    return sizeof(struct pk_state_bucket) * pk_state_buckets_for(1000) / 1000;
}

void pk_bench_print_tcp(struct pk_bench *b)
{
    unsigned long entry = pk_tcp_entry_bytes();

    printf(
        "Real TCP behind a stateful rule set: requests per second of CPU time, of client and "
        "server,\n"
        "that nginx answers, each on a connection of its own, and bulk TCP (iperf3); median and\n"
        "quartiles of %u rounds, interleaved. Ratios, round by round, are to the better of\n"
        "iptables-legacy and nft.\n\n"
        "guarded by         requests/s (quartiles)  ratio  Gbit/s (quartiles)      ratio\n",
        b->wish.rounds);
    for (size_t k = 0; k < b->n_tcp; k++) {
        printf("%-17s", b->tcp[k].subject->name);
        if (!b->tcp[k].n) {
            printf("  %.78s\n", b->tcp[k].why);
            continue;
        }
        pk_tcp_cell(b, &b->tcp[k], false);
        pk_tcp_cell(b, &b->tcp[k], true);
        printf("\n");
    }
    if (pk_tcp_find(b, "picket xdp") && pk_tcp_find(b, "picket xdp")->n)
        printf(
            "\nXDP sees frames before GRO joins them, and a veth with it takes no large segments: "
            "bulk TCP pays\nfor each frame, and does so for a program that only passes "
            "(XDP_PASS).\n");
    if (entry)
        printf("\nA connection takes %lu bytes in Linux's table, without extensions, and %zu in\n"
               "picket's own, with its share of places that stay free.\n",
               entry, own_entry_bytes());
    printf("\n");
}

static json_t *pk_tcp_one_json(const struct pk_bench *b, const struct pk_bench_tcp *t)
{
    json_t *o =
        json_pack("{s:s,s:s}", "subject", t->subject->name, "state", pk_bench_state_name(t->state));
    struct pk_bench_spread ratio;
    unsigned n;

    if (!t->n) {
        json_object_set_new(o, "reason", pk_json_text(t->why));
        return o;
    }
    json_object_set_new(o, "rounds", json_integer(t->n));
    json_object_set_new(o, "requests_per_second",
                        pk_bench_spread_json(pk_bench_spread_of(t->requests, t->n)));
    json_object_set_new(o, "bits_per_second",
                        pk_bench_spread_json(pk_bench_spread_of(t->bits, t->n)));
    ratio = pk_tcp_ratio(b, t, false, &n);
    if (n)
        json_object_set_new(o, "requests_ratio", pk_bench_spread_json(ratio));
    ratio = pk_tcp_ratio(b, t, true, &n);
    if (n)
        json_object_set_new(o, "bits_ratio", pk_bench_spread_json(ratio));
    return o;
}

json_t *pk_bench_tcp_json(const struct pk_bench *b)
{
    json_t *o = json_object(), *subjects = json_array();
    unsigned long entry = pk_tcp_entry_bytes();

    for (size_t k = 0; k < b->n_tcp; k++)
        json_array_append_new(subjects, pk_tcp_one_json(b, &b->tcp[k]));
    json_object_set_new(o, "subjects", subjects);
    json_object_set_new(o, "own_entry_bytes", json_integer((json_int_t)own_entry_bytes()));
    if (entry)
        json_object_set_new(o, "kernel_entry_bytes", json_integer((json_int_t)entry));
    return o;
}
