// SPDX-License-Identifier: GPL-2.0-or-later
/* What a change costs: loading a file, one rule more, memory. Each in a process of its own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "cli/bench/bench.h"

#define PK_COST_SECONDS 1.0 /* of loading one set, or appending to it, again and again */

/* Weighs the maps that are newer than `newest`, and keeps the most. */
struct pk_cost_scale {
    uint32_t newest;
    struct pk_map_usage most;
};

static void pk_cost_weigh(void *arg)
{
    struct pk_cost_scale *s = arg;
    struct pk_map_usage now;

    if (!pk_map_usage(s->newest, &now) && now.bytes > s->most.bytes)
        s->most = now;
}

/* The state of a rig that did not come up. */
static void pk_cost_failed(struct pk_bench_cost *c, const struct pk_bench_rig *rig)
{
    c->state = rig->state;
    snprintf(c->why, sizeof(c->why), "%s", rig->why);
}

static void pk_cost_append(struct pk_bench *b, struct pk_bench_rig *rig, struct pk_bench_cost *c)
{
    double start = pk_bench_clock();
    unsigned k;

    for (k = 0; k < b->wish.rounds && rig->subject->append && !pk_bench_stopping(); k++) {
        if (k && pk_bench_clock() - start > PK_COST_SECONDS)
            return;
        if (rig->subject->append(rig, k, &c->append[k])) {
            snprintf(c->append_why, sizeof(c->append_why), "%s", rig->why);
            rig->state = PK_BENCH_READY;
            return;
        }
        c->n_append++;
    }
}

/* Loads the set a second time over the first, weighing all the while. */
static void pk_cost_swap(struct pk_bench_rig *rig, uint32_t newest, struct pk_bench_cost *c)
{
    struct pk_cost_scale s = {.newest = newest};

    if (!rig->subject->again)
        return;
    pk_cost_weigh(&s);
    c->loaded = s.most;
    rig->tick = pk_cost_weigh;
    rig->tick_arg = &s;
    rig->subject->again(rig);
    pk_cost_weigh(&s);
    rig->tick = NULL;
    rig->tick_arg = NULL;
    c->swapping = s.most;
}

/* One fresh namespace: load; the first time also swap and append. */
static int pk_cost_round(struct pk_bench *b, const struct pk_bench_set *set,
                         struct pk_bench_cost *c, struct pk_diags *d)
{
    struct pk_bench_rig rig = {
        .subject = c->subject, .set = set, .family = set->family, .ns = PK_NETNS_NONE};
    uint32_t newest = pk_map_usage_newest();
    int r = pk_bench_rig_open(b, &rig, d);

    if (!r && rig.state != PK_BENCH_READY) {
        pk_cost_failed(c, &rig);
    } else if (!r) {
        c->load[c->n_load] = rig.wall;
        c->load_cpu[c->n_load] = rig.cpu;
        if (c->n_load++ == 0) {
            pk_cost_swap(&rig, newest, c);
            pk_cost_append(b, &rig, c);
        }
    }
    pk_bench_rig_close(&rig);
    return r;
}

static int pk_cost_of(struct pk_bench *b, const struct pk_bench_set *set, struct pk_bench_cost *c,
                      struct pk_diags *d)
{
    double start = pk_bench_clock();
    char what[96];
    int r = 0;

    snprintf(what, sizeof(what), "%s, %u rules: loading and appending with %s", c->workload->name,
             c->n_rules, c->subject->name);
    while (!r && c->state == PK_BENCH_READY && c->n_load < b->wish.rounds && !pk_bench_stopping()) {
        pk_bench_progress(what, (double)c->n_load / b->wish.rounds);
        r = pk_cost_round(b, set, c, d);
        if (pk_bench_clock() - start > PK_COST_SECONDS)
            break;
    }
    return r;
}

static int pk_cost_set(struct pk_bench *b, const struct pk_bench_set *set, struct pk_diags *d)
{
    const struct pk_bench_subject *s;
    int r = 0;

    for (s = pk_bench_subjects; s->name && !r && !pk_bench_stopping(); s++) {
        const char *why = pk_bench_left_out(b, s, set->n);
        struct pk_bench_cost *c, *more;

        if (s->bare || !pk_bench_wanted(b, s, set->workload))
            continue;
        more = realloc(b->costs, (b->n_costs + 1) * sizeof(*more));
        if (!more)
            return -ENOMEM;
        b->costs = more;
        c = &b->costs[b->n_costs++];
        *c = (struct pk_bench_cost){
            .subject = s, .workload = set->workload, .family = set->family, .n_rules = set->n};
        if (why) {
            c->state = PK_BENCH_SKIPPED;
            snprintf(c->why, sizeof(c->why), "%s", why);
        } else {
            r = pk_cost_of(b, set, c, d);
        }
    }
    return r;
}

static int pk_cost_group(struct pk_bench *b, const struct pk_bench_workload *w, enum pk_family f,
                         struct pk_diags *d)
{
    bool own = w->size && !b->wish.sizes_given;
    size_t n = own ? 1 : b->wish.n_sizes, i;
    int r = pk_bench_sender(b, f, d);

    for (i = 0; i < n && !r && !pk_bench_stopping(); i++) {
        struct pk_bench_set set = {
            .workload = w, .family = f, .n = own ? w->size : b->wish.sizes[i]};

        r = pk_bench_set_make(&set, 0);
        if (!r)
            r = pk_cost_set(b, &set, d);
        pk_bench_set_done(&set);
    }
    pk_live_p(&b->sender);
    pk_netns_done(&b->out);
    return r;
}

int pk_bench_costs(struct pk_bench *b, struct pk_diags *d)
{
    unsigned w, f;
    int r = 0;

    for (w = 0; w < PK_BENCH_WORKLOADS && !r; w++) {
        for (f = 0; f < PK_FAMILY_N && !r && !pk_bench_stopping(); f++) {
            if (b->wish.workloads >> w & 1 && b->wish.families >> f & 1)
                r = pk_cost_group(b, &pk_bench_workloads[w], (enum pk_family)f, d);
        }
    }
    return r;
}
