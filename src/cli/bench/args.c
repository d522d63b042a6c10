// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bench/args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "cli/cli.h"

#define PK_ARGS_ALL(n) ((1u << (n)) - 1)

static const unsigned pk_bench_usual_sizes[] = {1000, 10000, 100000};

static int pk_bench_refuse(const char *word, size_t len, const char *why)
{
    fprintf(stderr, "picket bench: %.*s: %s\n", (int)len, word, why);
    return -EINVAL;
}

static int pk_bench_number(const char *text, unsigned max, unsigned *ret)
{
    uint64_t v;

    if (pk_arg_size(text, &v) || v < 1 || v > max) {
        fprintf(stderr, "picket bench: %s: not a number from 1 to %u\n", text, max);
        return -EINVAL;
    }
    *ret = (unsigned)v;
    return 0;
}

/* The name of entry k of a list, NULL past its end. */
typedef const char *pk_bench_name_fn(unsigned k);

static const char *pk_bench_workload_name(unsigned k)
{
    return pk_bench_workloads[k].name;
}

static const char *pk_bench_traffic_name(unsigned k)
{
    return pk_bench_traffics[k].name;
}

static const char *pk_bench_part_name(unsigned k)
{
    static const char *const names[] = {"rates", "costs", "ddos", "state", "syn", NULL};

    return names[k];
}

static const char *pk_bench_family_name(unsigned k)
{
    return k < PK_FAMILY_N ? pk_family_name((enum pk_family)k) : NULL;
}

/* "five-tuple,mixed" or "all" to a mask. */
static int pk_bench_mask(const char *list, pk_bench_name_fn *name, unsigned *ret)
{
    unsigned k, mask = 0;
    const char *s;
    size_t len;

    for (s = list;; s += len + 1) {
        len = strcspn(s, ",");
        for (k = 0; name(k) && (strlen(name(k)) != len || memcmp(name(k), s, len)); k++)
            ;
        if (len == 3 && !memcmp(s, "all", 3))
            for (k = 0; name(k); k++)
                mask |= 1u << k;
        else if (!name(k))
            return pk_bench_refuse(s, len, "not one of those that `picket help bench` lists");
        else
            mask |= 1u << k;
        if (!s[len])
            break;
    }
    *ret = mask;
    return 0;
}

/* A number given twice is one set. */
static bool pk_bench_size_known(const struct pk_bench_wish *w, unsigned n)
{
    size_t i;

    for (i = 0; i < w->n_sizes && w->sizes[i] != n; i++)
        ;
    return i < w->n_sizes;
}

static int pk_bench_sizes(const char *list, struct pk_bench_wish *w)
{
    char word[16];
    const char *s;
    size_t len;

    w->n_sizes = 0;
    w->sizes_given = true;
    for (s = list;; s += len + 1) {
        len = strcspn(s, ",");
        snprintf(word, sizeof(word), "%.*s", (int)PK_MIN(len, sizeof(word)), s);
        if (w->n_sizes == PK_BENCH_SIZES_MAX)
            return pk_bench_refuse(s, len, "too many numbers of rules, at most 8");
        if (pk_bench_number(word, PK_BENCH_RULES_MAX, &w->sizes[w->n_sizes]))
            return -EINVAL;
        w->n_sizes += !pk_bench_size_known(w, w->sizes[w->n_sizes]);
        if (!s[len])
            return 0;
    }
}

static int pk_bench_print_of(const char *name, struct pk_bench_wish *w)
{
    w->print = pk_bench_workload_find(name, strlen(name));
    return w->print ? 0 : pk_bench_refuse(name, strlen(name), "no workload has this name");
}

static void pk_bench_all(struct pk_bench_wish *w)
{
    w->full = true;
    w->parts = PK_ARGS_ALL(5);
    w->workloads = PK_ARGS_ALL(PK_BENCH_WORKLOADS);
    w->traffics = PK_ARGS_ALL(PK_BENCH_TRAFFICS);
    w->families = PK_ARGS_ALL(PK_FAMILY_N);
}

static int pk_bench_option(const struct pk_args *a, const struct pk_option_def *o,
                           struct pk_bench_wish *w)
{
    if (pk_option_is(o, "part"))
        return pk_bench_mask(a->value, pk_bench_part_name, &w->parts);
    if (pk_option_is(o, "workload"))
        return pk_bench_mask(a->value, pk_bench_workload_name, &w->workloads);
    if (pk_option_is(o, "family"))
        return pk_bench_mask(a->value, pk_bench_family_name, &w->families);
    if (pk_option_is(o, "traffic"))
        return pk_bench_mask(a->value, pk_bench_traffic_name, &w->traffics);
    if (pk_option_is(o, "rules"))
        return pk_bench_sizes(a->value, w);
    if (pk_option_is(o, "rounds"))
        return pk_bench_number(a->value, PK_BENCH_ROUNDS_MAX, &w->rounds);
    if (pk_option_is(o, "time"))
        return pk_bench_number(a->value, 10000, &w->ms);
    if (pk_option_is(o, "print-rules"))
        return pk_bench_print_of(a->value, w);
    if (pk_option_is(o, "only"))
        w->only = a->value;
    else if (pk_option_is(o, "svg"))
        w->svg = a->value;
    else if (pk_option_is(o, "full"))
        pk_bench_all(w);
    else if (pk_option_is(o, "ddos"))
        w->parts = PK_BENCH_DDOS;
    else if (pk_option_is(o, "state"))
        w->parts = PK_BENCH_STATEFUL;
    else if (pk_option_is(o, "syn"))
        w->parts = PK_BENCH_SYN;
    else if (pk_option_is(o, "quick"))
        w->ms = 20;
    else
        w->json = true;
    return 0;
}

/* The one word there is: how many rules to print. */
static int pk_bench_word(const char *word, struct pk_bench_wish *w)
{
    if (!w->print)
        return pk_bench_refuse(word, strlen(word), "takes no words");
    w->n_sizes = 1;
    return pk_bench_number(word, PK_BENCH_RULES_MAX, &w->sizes[0]);
}

int pk_bench_arguments(int argc, char **argv, struct pk_bench_wish *ret)
{
    struct pk_bench_wish w = {.parts = PK_BENCH_RATES | PK_BENCH_COSTS,
                              .workloads = 1,
                              .traffics = 7,
                              .families = 1u << PK_IPV4,
                              .rounds = 5,
                              .ms = 80,
                              .n_sizes = PK_ARRAY_SIZE(pk_bench_usual_sizes)};
    const struct pk_option_def *o;
    struct pk_args a;
    enum pk_arg k;
    int r = 0;

    memcpy(w.sizes, pk_bench_usual_sizes, sizeof(pk_bench_usual_sizes));
    pk_args_begin(&a, pk_options_bench, argc, argv);
    while (!r && ((k = pk_args_next(&a, &o)) == PK_ARG_OPTION || k == PK_ARG_WORD))
        r = k == PK_ARG_OPTION ? pk_bench_option(&a, o, &w) : pk_bench_word(a.value, &w);
    if (r || k == PK_ARG_BAD)
        return PK_EXIT_USAGE + 1;
    if (k == PK_ARG_HELP)
        return PK_EXIT_DONE + 1;
    *ret = w;
    return 0;
}
