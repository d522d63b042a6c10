// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How full the tables are in which the rule set's connections are remembered: entries, and how many
 * there may be. On the netfilter hook that is Linux's connection tracking, which counts by network
 * namespace; what it holds goes by its own limit, so a table that is nearly full is seen before new
 * connections are lost. A table of another kind would be another row here.
 */
#include <errno.h>
#include <stdio.h>

#include "base/macro.h"
#include "cli/record/record.h"
#include "kernel/conntrack.h"

static const struct {
    const char *file, *metric;
} pk_state_files[PK_STATE_GAUGES] = {
    {"/proc/sys/net/netfilter/nf_conntrack_count", "picket_conntrack_entries"},
    {"/proc/sys/net/netfilter/nf_conntrack_max", "picket_conntrack_entries_max"},
};

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

/* Where no rule asks, or there is no table, 0, once there has been one. */
int pk_state_sample(struct pk_sink *k, struct pk_fence_watch *w)
{
    int r = 0;

    for (int i = 0; i < PK_STATE_GAUGES && !r; i++) {
        double v = 0;
        bool known = w->fence && w->state_asked && !pk_state_read(pk_state_files[i].file, &v);

        if (known || w->state[i].s)
            r = pk_gauge_put(k, &w->state[i], pk_state_files[i].metric, "entries", v, false);
    }
    return r;
}
