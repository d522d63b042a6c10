// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How full the tables are in which the rule set's connections are remembered: entries, and how many
 * there may be. On the netfilter hook that is Linux's connection tracking, which counts by network
 * namespace; what it holds goes by its own limit, so a table that is nearly full is seen before new
 * connections are lost. On tc and XDP it is the fence's own, which also counts what gave way.
 */
#include <errno.h>
#include <stdio.h>

#include "base/macro.h"
#include "cli/record/record.h"
#include "kernel/conntrack.h"

/* Of the own table so many buckets are counted each second (4 MiB); what is beyond is estimated. */
#define PK_STATE_LOOK 4096u

enum { LINUX_ENTRIES, LINUX_MAX, OWN_ENTRIES, OWN_MAX, OWN_HIGH };

static const struct {
    const char *file, *metric;
} pk_state_gauges[PK_STATE_GAUGES] = {
    [LINUX_ENTRIES] = {"/proc/sys/net/netfilter/nf_conntrack_count", "picket_conntrack_entries"},
    [LINUX_MAX] = {"/proc/sys/net/netfilter/nf_conntrack_max", "picket_conntrack_entries_max"},
    [OWN_ENTRIES] = {NULL, "picket_state_entries"},
    [OWN_MAX] = {NULL, "picket_state_entries_max"},
    [OWN_HIGH] = {NULL, "picket_state_entries_high"},
};

static const char *const pk_state_causes[PK_STATE_COUNTERS] = {
    [PK_EVICT_HALF_OPEN] = "half-open", [PK_EVICT_CLOSED] = "closed", [PK_EVICT_OTHER] = "other"};

bool pk_state_asked(const struct pk_rule_watch *w)
{
    bool asked = false;

    for (int f = 0; f < PK_FAMILY_N; f++)
        asked |= pk_conntrack_asked(w->live.family[f]);
    return asked;
}

/* -ENOENT: the kernel has no such table (the module is not loaded). */
static int pk_state_read(const char *file, double *ret)
{
    FILE *f = fopen(file, "re");
    unsigned long v;
    int r;

    if (!f)
        return -errno;
    r = fscanf(f, "%lu", &v) == 1 ? 0 : -EIO;
    fclose(f);
    if (!r)
        *ret = (double)v;
    return r;
}

static int pk_state_counters(struct pk_sink *k, struct pk_fence_watch *w,
                             const struct pk_table_level *t)
{
    int r = 0;

    for (int i = 0; i < PK_STATE_COUNTERS && !r; i++) {
        const struct pk_label cause = {"cause", pk_state_causes[i]};
        const struct pk_metric evicted = {.name = "picket_state_evicted_total",
                                          .labels = &cause,
                                          .n_labels = 1,
                                          .unit = "entries"},
                               refused = {.name = "picket_state_refused_total", .unit = "packets"};
        uint64_t v = i < PK_EVICT_N ? t->evicted[i] : t->refused;

        if (!pk_cell_rests(&w->state_count[i], v))
            r = pk_cell_put(k, &w->state_count[i], i < PK_EVICT_N ? &evicted : &refused, v);
    }
    return r;
}

/* Where no rule asks, or there is no table, 0, once there has been one. */
static int pk_state_gauge(struct pk_sink *k, struct pk_fence_watch *w, int i, bool known, double v)
{
    if (!known && !w->state[i].s)
        return 0;
    return pk_gauge_put(k, &w->state[i], pk_state_gauges[i].metric, "entries", known ? v : 0,
                        false);
}

int pk_state_sample(struct pk_sink *k, struct pk_fence_watch *w)
{
    struct pk_table_level t = {0};
    bool asked = w->fence && w->state_asked;
    bool own = asked && !pk_fence_table_level(w->fence, PK_STATE_LOOK, &t);
    double values[PK_STATE_GAUGES] = {[OWN_ENTRIES] = (double)t.now.count,
                                      [OWN_MAX] = (double)t.now.max,
                                      [OWN_HIGH] = (double)t.high};
    int r = 0;

    for (int i = 0; i < PK_STATE_GAUGES && !r; i++) {
        const char *file = pk_state_gauges[i].file;
        bool known = file ? asked && !own && !pk_state_read(file, &values[i]) : own;

        r = pk_state_gauge(k, w, i, known, values[i]);
    }
    return r || !own ? r : pk_state_counters(k, w, &t);
}

int pk_state_gone(struct pk_sink *k, struct pk_fence_watch *w)
{
    struct pk_table_level t = {0};
    int r = pk_fence_table_level(w->fence, 1, &t) ? 0 : pk_state_counters(k, w, &t);

    for (int i = 0; i < PK_STATE_COUNTERS && !r; i++)
        r = pk_cell_end(k, &w->state_count[i], k->t);
    return r;
}
