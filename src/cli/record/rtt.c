// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Round-trip times (state/rtt.h): how many, their sum, and of those that came since the sample
 * before the mean and, from the sizes that they are counted by, the least, the middle and the
 * greatest. Times are about milliseconds: as posits of these they keep their error bound in two
 * bytes or less.
 */
#include "base/macro.h"
#include "cli/record/record.h"

#define PK_RTT_SECONDS ((double)(1u << PK_RTT_SHIFT) / 1e9) /* a unit */

static const char *const pk_rtt_sides[PK_RTT_SIDES] = {"network", "host"};

static const struct {
    const char *label;
    double q;
} pk_rtt_quantiles[PK_RTT_QUANTILES] = {{"0", 0}, {"0.5", 0.5}, {"1", 1}};

double pk_rtt_quantile(const struct pk_rtt *r, double q)
{
    uint64_t rank = (uint64_t)(q * (double)r->halves), below = 0;
    uint32_t i = 0;

    rank = PK_MIN(rank, r->halves - 1);
    while (i < PK_RTT_SIZES - 1 && below + r->size[i] <= rank)
        below += r->size[i++];
    return (double)(pk_rtt_least(i) + pk_rtt_least(i + 1) - 1) / 2 * PK_RTT_SECONDS;
}

static struct pk_rtt pk_rtt_since(const struct pk_rtt *now, const struct pk_rtt *before)
{
    struct pk_rtt r = {now->halves - before->halves, now->units - before->units, {0}, 0};

    for (uint32_t i = 0; i < PK_RTT_SIZES; i++)
        r.size[i] = now->size[i] - before->size[i];
    return r;
}

static int pk_rtt_put_totals(struct pk_sink *k, struct pk_rtt_cells *c,
                             const struct pk_label *label, const struct pk_rtt *now)
{
    const struct pk_metric halves = {
        .name = "picket_round_trips_total", .labels = label, .n_labels = 1};
    const struct pk_metric ns = {.name = "picket_round_trip_nanoseconds_total",
                                 .labels = label,
                                 .n_labels = 1,
                                 .unit = "nanoseconds"};
    int r = pk_cell_put(k, &c->halves, &halves, now->halves);

    return r ? r : pk_cell_put(k, &c->ns, &ns, now->units << PK_RTT_SHIFT);
}

static int pk_rtt_put_new(struct pk_sink *k, struct pk_rtt_cells *c, const struct pk_label *side,
                          const struct pk_rtt *new)
{
    struct pk_label labels[] = {{"quantile", NULL}, *side};
    struct pk_metric m = {.name = "picket_round_trip_mean_seconds",
                          .labels = side,
                          .n_labels = 1,
                          .unit = "seconds",
                          .spec = {.scale = PK_RTT_SCALE, .error = PK_RTT_MEAN_ERROR}};
    int r = pk_gauge_put_as(k, &c->mean, &m,
                            (double)new->units / (double)new->halves *PK_RTT_SECONDS, true);

    m.name = "picket_round_trip_seconds";
    m.labels = labels;
    m.n_labels = 2;
    m.spec.error = PK_RTT_QUANTILE_ERROR;
    for (int i = 0; i < PK_RTT_QUANTILES && !r; i++) {
        labels[0].value = pk_rtt_quantiles[i].label;
        r = pk_gauge_put_as(k, &c->quantile[i], &m, pk_rtt_quantile(new, pk_rtt_quantiles[i].q),
                            true);
    }
    return r;
}

int pk_rtt_sample(struct pk_sink *k, struct pk_rtt_watch *w, const struct pk_fence *f)
{
    struct pk_rtt now[PK_RTT_SIDES];
    int r = pk_fence_rtt(f, now);

    for (int i = 0; i < PK_RTT_SIDES && !r; i++) {
        const struct pk_label label = {"side", pk_rtt_sides[i]};
        struct pk_rtt new = pk_rtt_since(&now[i], &w->last[i]);

        r = pk_rtt_put_totals(k, &w->side[i], &label, &now[i]);
        if (!r && w->known && new.halves)
            r = pk_rtt_put_new(k, &w->side[i], &label, &new);
        if (!r)
            w->last[i] = now[i];
    }
    w->known |= !r;
    return r;
}

void pk_rtt_watch_begin(struct pk_rtt_watch *w, bool fresh)
{
    const struct pk_cell cell = {.known = fresh, .fresh = fresh};

    *w = (struct pk_rtt_watch){.known = fresh};
    for (int i = 0; i < PK_RTT_SIDES; i++)
        w->side[i].halves = w->side[i].ns = cell;
}

int pk_rtt_watch_end(struct pk_sink *k, struct pk_rtt_watch *w)
{
    int r = 0;

    for (int i = 0; i < PK_RTT_SIDES && !r; i++) {
        r = pk_cell_end(k, &w->side[i].halves, k->t);
        if (!r)
            r = pk_cell_end(k, &w->side[i].ns, k->t);
    }
    return r;
}
