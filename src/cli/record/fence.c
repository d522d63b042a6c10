// SPDX-License-Identifier: GPL-2.0-or-later
/* A sample of the fence, whichever stands, and the changes that come between two of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "cli/cli.h"
#include "cli/codes.h"
#include "cli/reason.h"
#include "cli/record/record.h"

/* Changes that come while one sample is taken. */
#define PK_WATCH_TRIES 16

static const struct {
    const char *name, *unit;
    size_t at; /* in struct pk_device */
} pk_device_counters[PK_DEVICE_COUNTERS] = {
    {"picket_interface_receive_packets_total", "packets", offsetof(struct pk_device, rx_packets)},
    {"picket_interface_receive_bytes_total", "bytes", offsetof(struct pk_device, rx_bytes)},
    {"picket_interface_receive_dropped_packets_total", "packets",
     offsetof(struct pk_device, rx_dropped)},
    {"picket_interface_transmit_packets_total", "packets", offsetof(struct pk_device, tx_packets)},
    {"picket_interface_transmit_bytes_total", "bytes", offsetof(struct pk_device, tx_bytes)},
    {"picket_interface_transmit_dropped_packets_total", "packets",
     offsetof(struct pk_device, tx_dropped)},
};

static uint64_t pk_device_counter(const struct pk_device *d, int i)
{
    uint64_t v;

    memcpy(&v, (const char *)d + pk_device_counters[i].at, sizeof(v));
    return v;
}

static bool pk_device_is(const struct pk_device_cell *c, const struct pk_device *d)
{
    return c->ifindex == d->ifindex && !strcmp(c->name, d->name);
}

static int pk_device_end(struct pk_sink *k, struct pk_device_cell *c)
{
    int r = 0;

    for (int i = 0; i < PK_DEVICE_COUNTERS && !r; i++)
        r = pk_cell_end(k, &c->cell[i], k->t_before);
    return r;
}

/* The cells of the interfaces that are there now; both lists are in the order of the indexes. */
static int pk_devices_follow(struct pk_sink *k, struct pk_fence_watch *w, const struct pk_device *d,
                             size_t n)
{
    _pk_free_ struct pk_device_cell *now = calloc(n + 1, sizeof(*now));
    size_t o = 0;
    int r = now ? 0 : -ENOMEM;

    for (size_t i = 0; i < n && !r; i++) {
        while (o < w->n_devices && w->device[o].ifindex < d[i].ifindex && !r)
            r = pk_device_end(k, &w->device[o++]);
        if (o < w->n_devices && pk_device_is(&w->device[o], &d[i])) {
            now[i] = w->device[o++];
        } else {
            memcpy(now[i].name, d[i].name, sizeof(now[i].name));
            now[i].ifindex = d[i].ifindex;
        }
    }
    while (o < w->n_devices && !r)
        r = pk_device_end(k, &w->device[o++]);
    if (r)
        return r;
    free(w->device);
    w->device = PK_TAKE_PTR(now);
    w->n_devices = n;
    return 0;
}

static bool pk_devices_same(const struct pk_fence_watch *w, const struct pk_device *d, size_t n)
{
    size_t i = 0;

    while (i < n && i < w->n_devices && pk_device_is(&w->device[i], &d[i]))
        i++;
    return i == n && i == w->n_devices;
}

static int pk_device_put(struct pk_sink *k, struct pk_device_cell *c, const struct pk_device *d)
{
    const struct pk_label label = {"device", d->name};
    int r = 0;

    for (int i = 0; i < PK_DEVICE_COUNTERS && !r; i++) {
        const struct pk_metric m = {.name = pk_device_counters[i].name,
                                    .labels = &label,
                                    .n_labels = 1,
                                    .unit = pk_device_counters[i].unit};

        r = pk_cell_put(k, &c->cell[i], &m, pk_device_counter(d, i));
    }
    return r;
}

static int pk_devices_sample(struct pk_sink *k, struct pk_fence_watch *w)
{
    _pk_free_ struct pk_device *d = NULL;
    size_t n = 0;
    int r = pk_fence_devices(w->fence, &d, &n);

    if (!r && !pk_devices_same(w, d, n))
        r = pk_devices_follow(k, w, d, n);
    for (size_t i = 0; i < n && !r; i++)
        r = pk_device_put(k, &w->device[i], &d[i]);
    return r;
}

static int pk_reasons_sample(struct pk_sink *k, struct pk_fence_watch *w)
{
    struct pk_count now[PK_WHERE_N][PK_REASON_N];
    int r = pk_fence_reasons(w->fence, now);

    for (int at = 0; at < PK_WHERE_N; at++)
        for (int i = 0; i < PK_REASON_N && !r; i++) {
            const struct pk_label labels[] = {{"at", pk_where_name(at)},
                                              {"reason", pk_reason_name(i)}};
            const struct pk_counters v = {now[at][i].packets, now[at][i].bytes};

            r = pk_cells_put(k, &w->reason[at][i], "picket", labels, 2, v);
        }
    return r;
}

/* What follows happened after what has been put so far, and before what will be. */
static void pk_sink_step(struct pk_sink *k)
{
    k->t_fresh = k->t + PK_RECORD_GRAIN;
    k->t += 2 * PK_RECORD_GRAIN;
}

static void pk_fence_watch_close(struct pk_fence_watch *w)
{
    pk_rule_watch_free(&w->rules);
    pk_rule_watch_free(&w->before);
    if (w->fence)
        pk_fence_close(&w->fence);
    free(w->device);
    w->device = NULL;
    w->n_devices = 0;
}

/* The fence has been taken down. Its maps live as long as they are open: the last counts. */
static int pk_fence_gone(struct pk_sink *k, struct pk_fence_watch *w)
{
    int r = pk_reasons_sample(k, w);

    if (!r)
        r = pk_rtt_sample(k, &w->rtt, w->fence);
    if (!r)
        r = pk_rtt_watch_end(k, &w->rtt);
    if (!r && w->rules)
        r = pk_rule_watch_end(k, w->fence, w->rules);
    for (int at = 0; at < PK_WHERE_N; at++)
        for (int i = 0; i < PK_REASON_N && !r; i++)
            r = pk_cells_end(k, &w->reason[at][i], k->t);
    if (!r)
        r = pk_state_gone(k, w);
    for (size_t i = 0; i < w->n_devices && !r; i++)
        r = pk_device_end(k, &w->device[i]);
    pk_fence_watch_close(w);
    pk_sink_step(k);
    return r;
}

/* Reasons count from 0 in a fence that did not stand at the sample before. */
static int pk_fence_come(struct pk_sink *k, struct pk_fence_watch *w)
{
    bool fresh = k->t_before != INT64_MIN;
    const struct pk_cell begin = {.known = fresh, .fresh = fresh};
    int r = pk_fence_open(&w->fence, k->d);

    if (r)
        return r == -ENOENT ? 0 : r;
    for (int at = 0; at < PK_WHERE_N; at++)
        for (int i = 0; i < PK_REASON_N; i++)
            w->reason[at][i] = (struct pk_cells){begin, begin};
    pk_rtt_watch_begin(&w->rtt, fresh);
    for (int i = 0; i < PK_STATE_COUNTERS; i++)
        w->state_count[i] = begin;
    (void)!pk_rule_watch_before(w->fence, &w->before); /* there need not be one */
    return 0;
}

static bool pk_rules_changed(const struct pk_fence_watch *w)
{
    return !w->rules || w->rules->live.generation != pk_fence_generation(w->fence);
}

/* The rule set in force, and the end of what it has not got of the one before. */
static int pk_rules_follow(struct pk_sink *k, struct pk_fence_watch *w)
{
    struct pk_rule_watch *new, *old = w->rules;
    int r = pk_rule_watch_new(w->fence, old, w->before, &new, k->d);

    if (r)
        return r;
    w->rules = new;
    w->state_asked = pk_state_asked(new);
    if (!old)
        return 0;
    r = pk_rule_watch_end(k, w->fence, old);
    pk_rule_watch_free(&w->before);
    w->before = old;
    pk_sink_step(k);
    return r;
}

/* Between reading a set and its counters two changes may come; then it is another set. */
static int pk_rules_sample(struct pk_sink *k, struct pk_fence_watch *w)
{
    int r = pk_rule_watch_sample(k, w->fence, w->rules);

    for (int i = 1; i < PK_WATCH_TRIES && r == -ESTALE; i++) {
        r = pk_rules_follow(k, w);
        if (!r)
            r = pk_rule_watch_sample(k, w->fence, w->rules);
    }
    return r;
}

static int pk_standing_sample(struct pk_sink *k, struct pk_fence_watch *w)
{
    double generation = w->fence ? (double)pk_fence_generation(w->fence) : 0;
    int r = pk_gauge_put(k, &w->standing, "picket_fence_standing", NULL, w->fence != NULL, true);

    return r ? r
             : pk_gauge_put(k, &w->generation, "picket_fence_generation", NULL, generation, false);
}

/* A set that cannot be read is no reason not to look at the rest. */
static int pk_standing_fence_sample(struct pk_sink *k, struct pk_fence_watch *w)
{
    int rules = pk_rules_changed(w) ? pk_rules_follow(k, w) : 0;
    int r = pk_standing_sample(k, w);

    if (!r)
        r = pk_reasons_sample(k, w);
    if (!r)
        r = pk_devices_sample(k, w);
    if (!r)
        r = pk_rtt_sample(k, &w->rtt, w->fence);
    if (!r && !rules)
        r = pk_rules_sample(k, w);
    return r ? r : rules;
}

/* A fence that goes while it is sampled is found gone by the next sample. */
int pk_fence_watch_sample(struct pk_sink *k, struct pk_fence_watch *w)
{
    size_t errors = k->d->n_errors;
    int r = w->fence && !pk_fence_stands(w->fence) ? pk_fence_gone(k, w) : 0;

    if (!r && !w->fence)
        r = pk_fence_come(k, w);
    if (!r)
        r = w->fence ? pk_standing_fence_sample(k, w) : pk_standing_sample(k, w);
    if (!r)
        r = pk_state_sample(k, w);
    if (r && k->d->n_errors == errors)
        pk_error(k->d, PK_D_REFUSED, PK_NOWHERE, NULL, "cannot sample the fence: %s", strerror(-r));
    return r;
}

bool pk_fence_watch_changed(const struct pk_fence_watch *w)
{
    return w->fence && w->rules && pk_rules_changed(w);
}

void pk_fence_watch_done(struct pk_fence_watch *w)
{
    pk_fence_watch_close(w);
}
