// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Groups and rounds. A group is one workload in one family: the rigs of all its sizes and subjects
 * stand side by side, and a round visits each once, sizes and kinds of traffic in turn, so that
 * slow drift of the machine hits all alike. XDP_DROP is measured in each round with each kind of
 * traffic for each size, next to the subjects that are compared with it.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "cli/bench/bench.h"
#include "cli/cli.h"
#include "cli/codes.h"

/*
 * Before a cell's first round each of its flows is sent twice, so that figures are those of traffic
 * that lasts and not of each flow's first packet; slow subjects are given up on, and the cell says
 * so. Of traffic that never repeats, a moment is sent.
 */
#define PK_RUN_WARM_MS 4000
#define PK_RUN_WARM_FRAMES (2 * PK_BENCH_FLOWS)
#define PK_RUN_COLD_MS 20
#define PK_RUN_CELLS_MAX 65536u

struct pk_bench_group {
    const struct pk_bench_workload *workload;
    enum pk_family family;
    struct pk_bench_set sets[PK_BENCH_SIZES_MAX];
    size_t n_sets;
    struct pk_bench_rig rigs[PK_BENCH_RIGS_MAX];
    size_t n_rigs;
    size_t first;       /* cell */
    size_t measured;    /* cells, each once a round */
    double done, share; /* of the whole run: of the groups before; of this one */
};

int pk_bench_set_make(struct pk_bench_set *s, unsigned traffics)
{
    unsigned t;
    int r;

    s->text = PK_BUF_INIT(PK_BENCH_TEXT_MAX);
    s->rules = pk_bench_rules(s->workload, s->family, s->n);
    if (!s->rules)
        return -ENOMEM;
    pk_bench_rules_text(s->rules, s->n, s->family, s->workload->open, &s->text);
    for (t = 0; t < PK_BENCH_TRAFFICS && !s->text.failed; t++) {
        if (!(traffics >> t & 1))
            continue;
        r = pk_bench_flows(&pk_bench_traffics[t], s->family, s->rules, s->n, &s->flows[t]);
        if (r && r != -ENODATA)
            return r;
    }
    return s->text.failed;
}

void pk_bench_set_done(struct pk_bench_set *s)
{
    unsigned t;

    free(s->rules);
    s->rules = NULL;
    pk_buf_done(&s->text);
    for (t = 0; t < PK_BENCH_TRAFFICS; t++)
        pk_bench_flows_done(&s->flows[t]);
}

static struct pk_bench_cell *pk_bench_cell_add(struct pk_bench *b)
{
    if (b->n_cells == b->cap_cells) {
        size_t cap = PK_MAX(2 * b->cap_cells, 64u);
        struct pk_bench_cell *more =
            cap <= PK_RUN_CELLS_MAX ? realloc(b->cells, cap * sizeof(*more)) : NULL;

        if (!more)
            return NULL;
        b->cells = more;
        b->cap_cells = cap;
    }
    b->cells[b->n_cells] = (struct pk_bench_cell){0};
    return &b->cells[b->n_cells++];
}

/* Whether a name has one of the words of a list "xdp,nft" in it. */
static bool pk_bench_named(const char *name, const char *list)
{
    char word[64];
    size_t n;

    for (; list; list = *list ? list + 1 : NULL) {
        n = strcspn(list, ",");
        snprintf(word, sizeof(word), "%.*s", (int)n, list);
        if (n && strcasestr(name, word))
            return true;
        list += n;
        if (!*list)
            break;
    }
    return false;
}

bool pk_bench_wanted(const struct pk_bench *b, const struct pk_bench_subject *s,
                     const struct pk_bench_workload *w)
{
    if (s->bare)
        return true;
    return (!s->fits || s->fits(w)) && (!b->wish.only || pk_bench_named(s->name, b->wish.only));
}

const char *pk_bench_left_out(const struct pk_bench *b, const struct pk_bench_subject *s,
                              unsigned n)
{
    return s->patience && n > s->patience && !b->wish.full ? "takes long: ask with --full" : NULL;
}

static int pk_group_sets(struct pk_bench *b, struct pk_bench_group *g)
{
    bool own = g->workload->size && !b->wish.sizes_given;
    size_t n = own ? 1 : b->wish.n_sizes, i;
    int r = 0;

    for (i = 0; i < n && !r && !pk_bench_stopping(); i++) {
        struct pk_bench_set *s = &g->sets[g->n_sets++];

        *s = (struct pk_bench_set){.workload = g->workload,
                                   .family = g->family,
                                   .n = own ? g->workload->size : b->wish.sizes[i]};
        pk_bench_progress("making rules and traffic", g->done);
        r = pk_bench_set_make(s, b->wish.traffics);
    }
    return r;
}

static void pk_group_plan(struct pk_bench *b, struct pk_bench_group *g)
{
    const struct pk_bench_subject *s;
    size_t i;

    for (s = pk_bench_subjects; s->name; s++) {
        if (!pk_bench_wanted(b, s, g->workload))
            continue;
        for (i = 0; i < (s->bare ? 1 : g->n_sets); i++) {
            struct pk_bench_rig *rig = &g->rigs[g->n_rigs++];

            *rig = (struct pk_bench_rig){.subject = s,
                                         .set = s->bare ? NULL : &g->sets[i],
                                         .family = g->family,
                                         .ns = PK_NETNS_NONE};
            if (pk_bench_left_out(b, s, g->sets[i].n)) {
                rig->state = PK_BENCH_SKIPPED;
                snprintf(rig->why, sizeof(rig->why), "%s", pk_bench_left_out(b, s, g->sets[i].n));
            }
        }
    }
}

static int pk_group_open(struct pk_bench *b, struct pk_bench_group *g, struct pk_diags *d)
{
    char what[96];
    size_t i;
    int r = 0;

    for (i = 0; i < g->n_rigs && !r && !pk_bench_stopping(); i++) {
        struct pk_bench_rig *rig = &g->rigs[i];

        snprintf(what, sizeof(what), "%s %s: loading %u rules into %s", g->workload->name,
                 pk_family_title(g->family), rig->set ? rig->set->n : 0, rig->subject->name);
        pk_bench_progress(what, g->done + g->share * 0.2 * (double)i / (double)g->n_rigs);
        if (rig->state == PK_BENCH_READY)
            r = pk_bench_rig_open(b, rig, d);
    }
    return r;
}

/* The line of the table for one rig with one set and one kind of traffic. */
static int pk_group_cell(struct pk_bench *b, const struct pk_bench_rig *rig,
                         const struct pk_bench_set *set, unsigned traffic, size_t base)
{
    struct pk_bench_cell *c = pk_bench_cell_add(b);

    if (!c)
        return -ENOMEM;
    c->subject = rig->subject;
    c->workload = set->workload;
    c->traffic = &pk_bench_traffics[traffic];
    c->family = set->family;
    c->n_rules = set->n;
    c->distinct = set->flows[traffic].distinct;
    c->base = base;
    c->state = rig->state;
    snprintf(c->why, sizeof(c->why), "%s", rig->why);
    if (!set->flows[traffic].flow && c->state == PK_BENCH_READY) {
        c->state = PK_BENCH_SKIPPED;
        snprintf(c->why, sizeof(c->why), "these rules leave no such traffic");
    }
    return 0;
}

/* The lines of one set and kind of traffic; XDP_DROP, rig 0, first. */
static int pk_group_block(struct pk_bench *b, const struct pk_bench_group *g,
                          const struct pk_bench_set *set, unsigned traffic)
{
    size_t k, base = b->n_cells;
    int r = 0;

    for (k = 0; k < g->n_rigs && !r; k++) {
        if (!g->rigs[k].set || g->rigs[k].set == set)
            r = pk_group_cell(b, &g->rigs[k], set, traffic, base);
    }
    return r;
}

static int pk_group_cells(struct pk_bench *b, struct pk_bench_group *g)
{
    unsigned t;
    size_t i;
    int r = 0;

    g->first = b->n_cells;
    for (i = 0; i < g->n_sets; i++) {
        for (t = 0; t < PK_BENCH_TRAFFICS && !r; t++) {
            if (b->wish.traffics >> t & 1)
                r = pk_group_block(b, g, &g->sets[i], t);
        }
    }
    return r;
}

/* The rig that a cell is measured on. */
static struct pk_bench_rig *pk_group_rig(struct pk_bench_group *g, const struct pk_bench_cell *c)
{
    size_t k;

    for (k = 0; k < g->n_rigs; k++) {
        if (g->rigs[k].subject == c->subject &&
            (!g->rigs[k].set || g->rigs[k].set->n == c->n_rules))
            return &g->rigs[k];
    }
    return NULL;
}

static const struct pk_bench_flows *pk_group_flows(const struct pk_bench_group *g,
                                                   const struct pk_bench_cell *c)
{
    size_t i;

    for (i = 0; i < g->n_sets; i++) {
        if (g->sets[i].n == c->n_rules)
            return &g->sets[i].flows[c->traffic - pk_bench_traffics];
    }
    return NULL;
}

static struct pk_bench_span pk_group_span(const struct pk_bench *b, const struct pk_bench_cell *c,
                                          bool keep)
{
    if (keep)
        return (struct pk_bench_span){.ms = b->wish.ms};
    if (c->traffic->mixed_verdict)
        return (struct pk_bench_span){.ms = PK_RUN_COLD_MS};
    return (struct pk_bench_span){.ms = PK_RUN_WARM_MS, .frames = PK_RUN_WARM_FRAMES};
}

static void pk_group_measure(struct pk_bench *b, struct pk_bench_group *g, struct pk_bench_cell *c,
                             bool keep)
{
    const struct pk_bench_flows *flows = pk_group_flows(g, c);
    struct pk_bench_rig *rig = pk_group_rig(g, c);
    struct pk_bench_span span = pk_group_span(b, c, keep);
    struct pk_bench_sample s;
    int r;

    if (c->state != PK_BENCH_READY || !flows || !rig)
        return;
    r = pk_bench_cell_run(b, c, rig, flows, &span, &s);
    if (r) {
        c->state = PK_BENCH_FAILED;
        snprintf(c->why, sizeof(c->why), "%s", strerror(-r));
    } else if (keep) {
        c->samples[c->n_samples++] = s;
    } else {
        c->warm = span.frames && s.sent >= span.frames;
    }
}

/*
 * Every cell of the group once whose traffic repeats, or never does: in the order of the table or
 * from its end, so that neighbours take turns.
 */
static void pk_group_round(struct pk_bench *b, struct pk_bench_group *g, unsigned round, bool once)
{
    size_t n = b->n_cells - g->first, j;
    char what[128];

    for (j = 0; j < n && !pk_bench_stopping(); j++) {
        struct pk_bench_cell *c = &b->cells[g->first + (round % 2 ? n - 1 - j : j)];
        double part = (double)g->measured / ((double)n * (b->wish.rounds + 1));

        if (c->traffic->mixed_verdict != once)
            continue;
        snprintf(what, sizeof(what), "%s %s, %u rules, %s: %s", g->workload->name,
                 pk_family_title(g->family), c->n_rules, c->traffic->name, c->subject->name);
        pk_bench_progress(what, g->done + g->share * (0.2 + 0.8 * part));
        pk_group_measure(b, g, c, round > 0);
        g->measured++;
    }
}

/* Traffic that never repeats comes last: it fills a flow cache with flows that do not return. */
static void pk_group_rounds(struct pk_bench *b, struct pk_bench_group *g)
{
    unsigned i;

    for (i = 0; i <= b->wish.rounds && !pk_bench_stopping(); i++)
        pk_group_round(b, g, i, false);
    for (i = 0; i <= b->wish.rounds && !pk_bench_stopping(); i++)
        pk_group_round(b, g, i, true);
}

static void pk_group_close(struct pk_bench_group *g)
{
    size_t i;

    for (i = 0; i < g->n_rigs; i++)
        pk_bench_rig_close(&g->rigs[i]);
    for (i = 0; i < g->n_sets; i++)
        pk_bench_set_done(&g->sets[i]);
}

static int pk_group_run(struct pk_bench *b, struct pk_bench_group *g, struct pk_diags *d)
{
    int r = pk_group_sets(b, g);

    if (!r) {
        pk_group_plan(b, g);
        r = pk_group_open(b, g, d);
    }
    if (!r)
        r = pk_group_cells(b, g);
    if (!r)
        pk_group_rounds(b, g);
    pk_bench_progress("cleaning up", g->done + g->share);
    pk_group_close(g);
    return r;
}

/*
 * The last CPU this process may use: sender and receiver share it, so that a packet pays for both.
 * The first one is left for what shall run elsewhere.
 */
static int pk_bench_pin(struct pk_bench *b, const cpu_set_t *may)
{
    cpu_set_t one;
    int cpu;

    b->cpu = b->other_cpu = -1;
    for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, may))
            continue;
        b->other_cpu = b->other_cpu < 0 ? cpu : b->other_cpu;
        b->cpu = cpu;
    }
    if (b->cpu < 0)
        return -ENODEV;
    CPU_ZERO(&one);
    CPU_SET(b->cpu, &one);
    return sched_setaffinity(0, sizeof(one), &one) < 0 ? -errno : 0;
}

/* The sending namespace with the sender in it. */
int pk_bench_sender(struct pk_bench *b, enum pk_family f, struct pk_diags *d)
{
    int back, r;

    r = pk_netns_new(&b->out);
    if (!r)
        r = pk_netns_enter(&b->out, &back);
    if (r) {
        pk_error(d, PK_D_RIG, PK_NOWHERE, "run it as root", "cannot make a network namespace: %s",
                 strerror(-r));
        return r;
    }
    r = pk_live_new(f == PK_IPV6, &b->sender, d);
    if (pk_netns_leave(&back) < 0 && !r)
        r = -EIO;
    return r;
}

/* One workload in one family, with a sender of its own. */
static int pk_bench_group(struct pk_bench *b, unsigned w, enum pk_family f, double done,
                          double share, struct pk_diags *d)
{
    _pk_free_ struct pk_bench_group *g = calloc(1, sizeof(*g));
    int r;

    if (!g)
        return -ENOMEM;
    g->workload = &pk_bench_workloads[w];
    g->family = f;
    g->done = done;
    g->share = share;
    r = pk_bench_sender(b, f, d);
    if (!r)
        r = pk_group_run(b, g, d);
    pk_live_p(&b->sender);
    pk_netns_done(&b->out);
    return r;
}

int pk_bench_orders(struct pk_bench *b)
{
    unsigned i;

    for (i = 0; i < 2 && !b->order[i]; i++) {
        b->order[i] = calloc(PK_BENCH_SLOTS, sizeof(uint16_t));
        if (!b->order[i])
            return -ENOMEM;
        pk_bench_in_order(i, b->order[i]);
    }
    return 0;
}

static int pk_bench_rates(struct pk_bench *b, struct pk_diags *d)
{
    unsigned w, f, done = 0;
    unsigned n =
        (unsigned)(__builtin_popcount(b->wish.workloads) * __builtin_popcount(b->wish.families));
    int r = pk_bench_orders(b);

    for (w = 0; w < PK_BENCH_WORKLOADS && !r; w++) {
        for (f = 0; f < PK_FAMILY_N && !r && !pk_bench_stopping(); f++) {
            if (!(b->wish.workloads >> w & 1) || !(b->wish.families >> f & 1))
                continue;
            r = pk_bench_group(b, w, (enum pk_family)f, (double)done / n, 1.0 / n, d);
            done++;
        }
    }
    return r;
}

/* What a change costs is that of a process as a user starts it, which may use all CPUs. */
static int pk_bench_costs_free(struct pk_bench *b, const cpu_set_t *may, struct pk_diags *d)
{
    int r = sched_setaffinity(0, sizeof(*may), may) < 0 ? -errno : 0, back;

    if (!r)
        r = pk_bench_costs(b, d);
    back = pk_bench_pin(b, may);
    return r ? r : back;
}

int pk_bench_run(struct pk_bench *b, struct pk_diags *d)
{
    double start = pk_bench_clock();
    cpu_set_t may;
    int r = sched_getaffinity(0, sizeof(may), &may) < 0 ? -errno : pk_bench_pin(b, &may);

    if (!r && b->wish.parts & PK_BENCH_RATES)
        r = pk_bench_rates(b, d);
    if (!r && b->wish.parts & PK_BENCH_COSTS)
        r = pk_bench_costs_free(b, &may, d);
    if (!r && b->wish.parts & PK_BENCH_DDOS)
        r = pk_bench_ddos(b, d);
    if (!r && b->wish.parts & PK_BENCH_STATEFUL)
        r = pk_bench_stateful(b, d);
    if (!r && b->wish.parts & PK_BENCH_SYN)
        r = pk_bench_syn(b, d);
    pk_bench_progress(NULL, 1);
    b->seconds = pk_bench_clock() - start;
    return r ? r : pk_bench_stopping() ? -EINTR : 0;
}

void pk_bench_done(struct pk_bench *b)
{
    free(b->order[0]);
    free(b->order[1]);
    free(b->cells);
    free(b->costs);
    free(b->floods);
    free(b->tcp);
    free(b->carried);
}
