// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "cli/bench/bench.h"
#include "cli/bench/talk.h"
#include "cli/cli.h"

/* The line of XDP_DROP under the same flood, or NULL. */
static const struct pk_bench_carried *pk_syn_bare(const struct pk_bench *b, const char *flood)
{
    for (size_t k = 0; k < b->n_carried; k++)
        if (!strcmp(b->carried[k].flood, flood) && !strcmp(b->carried[k].subject->name, "XDP_DROP"))
            return &b->carried[k];
    return NULL;
}

/* Round by round; n 0: there is none. */
static struct pk_bench_spread pk_syn_ratio(const struct pk_bench *b,
                                           const struct pk_bench_carried *c, unsigned *ret_n)
{
    const struct pk_bench_carried *bare = pk_syn_bare(b, c->flood);
    double ratios[PK_BENCH_ROUNDS_MAX] = {0};

    *ret_n = bare ? PK_MIN(c->n, bare->n) : 0;
    for (unsigned i = 0; i < *ret_n; i++)
        ratios[i] = bare->answers[i] > 0 ? c->answers[i] / bare->answers[i] : 0;
    return pk_bench_spread_of(ratios, *ret_n);
}

static void pk_syn_line(const struct pk_bench *b, const struct pk_bench_carried *c)
{
    struct pk_bench_spread s, ratio;
    char text[48], times[32] = "-";
    unsigned n;

    printf("%-17s%-8s", c->subject->name, c->flood);
    if (!c->n) {
        printf("%.70s\n", c->why);
        return;
    }
    s = pk_bench_spread_of(c->answers, c->n);
    ratio = pk_syn_ratio(b, c, &n);
    snprintf(text, sizeof(text), "%.0f (%.0f - %.0f)", s.median, s.low, s.high);
    if (n)
        snprintf(times, sizeof(times), "%.2f (%.2f - %.2f)", ratio.median, ratio.low, ratio.high);
    printf("%-26s%-21s%10llu%8u\n", text, times, (unsigned long long)c->sent, c->alive);
}

void pk_bench_print_syn(struct pk_bench *b)
{
    printf(
        "Answers of 1 KiB per second on %u connections that stay, while SYNs of made-up sources\n"
        "come, 100,000 a second, to a port that the rules close or to the open one; median and\n"
        "quartiles of %u rounds, interleaved. Ratios, round by round, are to a bare program that\n"
        "drops SYNs. At the end, how many SYNs that were, and connections that still answer.\n\n"
        "guarded by       port    answers/s (quartiles)     ratio (quartiles)          SYNs"
        "   alive\n",
        PK_TALK_CONNECTIONS, b->wish.rounds);
    for (size_t k = 0; k < b->n_carried; k++)
        pk_syn_line(b, &b->carried[k]);
    printf("\n");
}

static json_t *pk_syn_one_json(const struct pk_bench *b, const struct pk_bench_carried *c)
{
    json_t *o = json_pack("{s:s,s:s,s:s}", "subject", c->subject->name, "flood", c->flood, "state",
                          pk_bench_state_name(c->state));
    struct pk_bench_spread ratio;
    unsigned n;

    if (!c->n) {
        json_object_set_new(o, "reason", pk_json_text(c->why));
        return o;
    }
    json_object_set_new(o, "rounds", json_integer(c->n));
    json_object_set_new(o, "answers_per_second",
                        pk_bench_spread_json(pk_bench_spread_of(c->answers, c->n)));
    json_object_set_new(o, "syns_per_second",
                        pk_bench_spread_json(pk_bench_spread_of(c->offered, c->n)));
    json_object_set_new(o, "syns", json_integer((json_int_t)c->sent));
    json_object_set_new(o, "alive", json_integer(c->alive));
    ratio = pk_syn_ratio(b, c, &n);
    if (n)
        json_object_set_new(o, "ratio", pk_bench_spread_json(ratio));
    return o;
}

json_t *pk_bench_syn_json(const struct pk_bench *b)
{
    json_t *o = json_object(), *subjects = json_array();

    for (size_t k = 0; k < b->n_carried; k++)
        json_array_append_new(subjects, pk_syn_one_json(b, &b->carried[k]));
    json_object_set_new(o, "connections", json_integer(PK_TALK_CONNECTIONS));
    json_object_set_new(o, "subjects", subjects);
    return o;
}
