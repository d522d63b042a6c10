// SPDX-License-Identifier: GPL-2.0-or-later
/* From counters to points. */
#include <errno.h>
#include <stdio.h>

#include "base/macro.h"
#include "cli/record/record.h"

/* So many are refused by name in one run; of the others the number is said. */
#define PK_REFUSED_NAMED 20u

static int pk_sink_add(struct pk_sink *k, struct pk_series *s, int64_t t, union pk_value v)
{
    int r = pk_tsdb_add(k->db, s, t, v, k->d);

    if (!r)
        k->points++;
    return r;
}

/* 0: *ret may still be NULL, without room for another series. */
static int pk_sink_series(struct pk_sink *k, const struct pk_metric *m, struct pk_series **ret)
{
    _pk_diags_ struct pk_diags unheard = {0};
    int r = pk_tsdb_series(k->db, m, k->refused < PK_REFUSED_NAMED ? k->d : &unheard, ret);

    if (r != -ENOSPC || pk_tsdb_count(k->db) < k->series_max)
        return r;
    k->refused++;
    return 0;
}

/* The last time at which the counter still had its last value; INT64_MIN: not known. */
static int64_t pk_cell_rested(const struct pk_sink *k, const struct pk_cell *c)
{
    if (!c->known)
        return INT64_MIN;
    return c->fresh ? PK_MAX(k->t_before, k->t_fresh) : k->t_before;
}

static int pk_cell_series(struct pk_sink *k, struct pk_cell *c, const struct pk_metric *m)
{
    struct pk_metric counter = *m;
    int r;

    counter.spec = (struct pk_value_spec){.counter = true};
    r = pk_sink_series(k, &counter, &c->s);
    c->refused = !r && !c->s;
    return r;
}

int pk_cell_put(struct pk_sink *k, struct pk_cell *c, const struct pk_metric *m, uint64_t v)
{
    int64_t rested = pk_cell_rested(k, c);
    int r = 0;

    if (pk_cell_rests(c, v))
        return 0;
    if (c->s && !c->s->id) /* all of it was too old to be kept */
        c->s = NULL;
    if (!c->s && v)
        r = pk_cell_series(k, c, m);
    if (r || c->refused)
        return r;
    if (c->s && c->s->t_last >= k->t) /* another one of that name has just ended */
        return 0;
    if (c->s && c->s->t_last < rested)
        r = pk_sink_add(k, c->s, rested, (union pk_value){.counter = c->last});
    if (!r && c->s)
        r = pk_sink_add(k, c->s, k->t, (union pk_value){.counter = v});
    if (r)
        return r;
    c->last = v;
    c->known = true;
    c->fresh = false;
    return 0;
}

int pk_cell_end(struct pk_sink *k, struct pk_cell *c, int64_t t)
{
    if (!c->s || !c->s->id || !c->known || c->s->t_last >= t)
        return 0;
    return pk_sink_add(k, c->s, t, (union pk_value){.counter = c->last});
}

int pk_gauge_put_as(struct pk_sink *k, struct pk_gauge *g, const struct pk_metric *m, double v,
                    bool always)
{
    int r = 0;

    if (g->refused || (g->s && g->last == v && !always))
        return 0;
    if (g->s && !g->s->id)
        g->s = NULL;
    if (!g->s)
        r = pk_sink_series(k, m, &g->s);
    if (r)
        return r;
    if (!g->s) {
        g->refused = true;
        return 0;
    }
    if (!always && g->s->t_last < k->t_before)
        r = pk_sink_add(k, g->s, k->t_before, (union pk_value){.gauge = g->last});
    if (!r)
        r = pk_sink_add(k, g->s, k->t, (union pk_value){.gauge = v});
    if (!r)
        g->last = v;
    return r;
}

int pk_gauge_put(struct pk_sink *k, struct pk_gauge *g, const char *name, const char *unit,
                 double v, bool always)
{
    const struct pk_metric m = {.name = name, .unit = unit};

    return pk_gauge_put_as(k, g, &m, v, always);
}

static int pk_cells_put_one(struct pk_sink *k, struct pk_cell *c, const char *name,
                            const char *unit, const struct pk_label *labels, size_t n_labels,
                            uint64_t v)
{
    char text[64];
    const struct pk_metric m = {.name = text, .labels = labels, .n_labels = n_labels, .unit = unit};

    if (pk_cell_rests(c, v))
        return 0;
    snprintf(text, sizeof(text), "%s_%s_total", name, unit);
    return pk_cell_put(k, c, &m, v);
}

int pk_cells_put(struct pk_sink *k, struct pk_cells *c, const char *name,
                 const struct pk_label *labels, size_t n_labels, struct pk_counters v)
{
    int r = pk_cells_put_one(k, &c->packets, name, "packets", labels, n_labels, v.packets);

    return r ? r : pk_cells_put_one(k, &c->bytes, name, "bytes", labels, n_labels, v.bytes);
}

int pk_cells_end(struct pk_sink *k, struct pk_cells *c, int64_t t)
{
    int r = pk_cell_end(k, &c->packets, t);

    return r ? r : pk_cell_end(k, &c->bytes, t);
}
