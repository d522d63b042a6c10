// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `picket record`: what the fence counts, each second, into the store (telemetry/tsdb.h).
 *
 * Only totals are stored; a rate over any time is their rise over it, exactly. A counter that rests
 * costs nothing: no point is written. When it moves again, the point where it rested until is
 * written before the new one, so that every second's value follows from the points. A counter that
 * has never counted has no series. picket_fence_standing has a point in every sample: where that
 * has none, nobody looked.
 *
 * time.c and cell.c know nothing of the kernel.
 */
#pragma once

#include "kernel/sample.h"
#include "telemetry/tsdb.h"

#define PK_RECORD_DIR "/var/lib/picket"
#define PK_RECORD_DB PK_RECORD_DIR "/telemetry.db"

/* Points lie on a grid of 10 ms, so that times a second apart cost no bytes. */
#define PK_RECORD_GRAIN INT64_C(10000000)

/* The time of a sample taken at `now`, later than `last` even if the clock was set back. */
int64_t pk_record_stamp(int64_t now, int64_t last);
/* "90s", "15m", "12h", "30d", "2w", "1y" or "0" to ns. 0, -EINVAL or -ERANGE. */
int pk_record_age(const char *s, int64_t *ret);

/* Where points go. */
struct pk_sink {
    struct pk_tsdb *db;
    struct pk_diags *d;
    size_t series_max;
    int64_t t;        /* of this sample */
    int64_t t_before; /* of the one before in this run; INT64_MIN: there was none */
    int64_t t_fresh;  /* when what is fresh began, between the two */
    uint64_t points;  /* written in this run */
    size_t refused;   /* series that found no room in this run */
};

/* A counter that is watched, and what its series knows of it. Zeroed: nothing is known yet. */
struct pk_cell {
    struct pk_series *s; /* NULL: it has never counted in this run */
    uint64_t last;
    bool known;   /* `last` is its value at the sample before */
    bool fresh;   /* it began at 0 when t_fresh was */
    bool refused; /* there is no room for its series */
};

#define PK_CELL_FRESH ((struct pk_cell){.known = true, .fresh = true})

struct pk_gauge {
    struct pk_series *s;
    double last;
    bool refused;
};

static inline bool pk_cell_rests(const struct pk_cell *c, uint64_t v)
{
    return c->refused || (c->known && c->last == v);
}

/*
 * The counter's value in this sample; of the metric, name, unit and labels. 0; -ENOSPC without room
 * on the disk; -errno. What could not be written is written with a later sample.
 */
int pk_cell_put(struct pk_sink *k, struct pk_cell *c, const struct pk_metric *m, uint64_t v);
/* The counter is no more, and had its last value until t. */
int pk_cell_end(struct pk_sink *k, struct pk_cell *c, int64_t t);
/* A gauge's value: written in each sample if `always`, else when it has changed. */
int pk_gauge_put(struct pk_sink *k, struct pk_gauge *g, const char *name, const char *unit,
                 double v, bool always);

/* The same of a metric with labels, or that is kept within an error bound. */
int pk_gauge_put_as(struct pk_sink *k, struct pk_gauge *g, const struct pk_metric *m, double v,
                    bool always);

/* A pair of counters. */
struct pk_cells {
    struct pk_cell packets, bytes;
};

/* Names "NAME_packets_total" and "NAME_bytes_total". */
int pk_cells_put(struct pk_sink *k, struct pk_cells *c, const char *name,
                 const struct pk_label *labels, size_t n_labels, struct pk_counters v);
int pk_cells_end(struct pk_sink *k, struct pk_cells *c, int64_t t);

/* Rules and policies of one rule set (rules.c). Everything is in its arena. */
struct pk_rule_cell {
    struct pk_cells cells;
    uint32_t copy; /* which of the equal rules of its chain; from 1 */
    bool moved;    /* the next set has it */
};

struct pk_rule_watch {
    struct pk_arena arena;
    struct pk_live live;
    struct pk_rule_cell *rule[PK_FAMILY_N]; /* by ordinal */
    struct pk_counters *value[PK_FAMILY_N];
    struct pk_cells policy[PK_FAMILY_N][PK_HOOK_N];
    bool policy_moved[PK_FAMILY_N];
};

/* Reads the set in force. What `live`, the one that was in force, has of it goes over, then what
 * `before` has, the one before that; NULL: none. 0 or -errno (diagnosed). */
int pk_rule_watch_new(struct pk_fence *f, struct pk_rule_watch *live, struct pk_rule_watch *before,
                      struct pk_rule_watch **ret, struct pk_diags *d);
/* The set that an undo would bring back, with its counters as they are. Without a diagnostic. */
int pk_rule_watch_before(struct pk_fence *f, struct pk_rule_watch **ret);
/* -ESTALE: it is no longer in force, nor the one before. */
int pk_rule_watch_sample(struct pk_sink *k, struct pk_fence *f, struct pk_rule_watch *w);
/* Ends what the next set has not got, with its last values. If one change has come since they were
 * sampled they are exact, else they are those of the sample before. */
int pk_rule_watch_end(struct pk_sink *k, struct pk_fence *f, struct pk_rule_watch *w);
void pk_rule_watch_free(struct pk_rule_watch **w);

#define PK_DEVICE_COUNTERS 6
#define PK_STATE_GAUGES 5
#define PK_STATE_COUNTERS (PK_EVICT_N + 1)

struct pk_device_cell {
    char name[16];
    uint32_t ifindex;
    struct pk_cell cell[PK_DEVICE_COUNTERS];
};

/* Round-trip times (rtt.c). */
#define PK_RTT_QUANTILES 3
#define PK_RTT_SCALE (-10) /* seconds to about milliseconds */
#define PK_RTT_MEAN_ERROR 1e-4
#define PK_RTT_QUANTILE_ERROR 1e-3

struct pk_rtt_cells {
    struct pk_cell halves, ns;
    struct pk_gauge mean, quantile[PK_RTT_QUANTILES];
};

struct pk_rtt_watch {
    bool known; /* `last` is of the sample before */
    struct pk_rtt last[PK_RTT_SIDES];
    struct pk_rtt_cells side[PK_RTT_SIDES];
};

/* Of a fence that is new: `fresh`, it did not stand at the sample before. */
void pk_rtt_watch_begin(struct pk_rtt_watch *w, bool fresh);
int pk_rtt_sample(struct pk_sink *k, struct pk_rtt_watch *w, const struct pk_fence *f);
int pk_rtt_watch_end(struct pk_sink *k, struct pk_rtt_watch *w);
/* Seconds; 0 is the least, 1 the greatest of the times. There is one at least. */
double pk_rtt_quantile(const struct pk_rtt *r, double q);

/* The fence as it is watched (fence.c). */
struct pk_fence_watch {
    struct pk_fence *fence; /* NULL: none stands */
    struct pk_rule_watch *rules, *before;
    struct pk_cells reason[PK_WHERE_N][PK_REASON_N];
    struct pk_device_cell *device;
    size_t n_devices;
    struct pk_gauge standing, generation;
    struct pk_rtt_watch rtt;
    bool state_asked; /* by a rule of the set in force */
    struct pk_gauge state[PK_STATE_GAUGES];
    struct pk_cell state_count[PK_STATE_COUNTERS];
};

/* Tables of connections (state.c). */
bool pk_state_asked(const struct pk_rule_watch *w);
int pk_state_sample(struct pk_sink *k, struct pk_fence_watch *w);
/* The fence has been taken down: the last counts of its own table. */
int pk_state_gone(struct pk_sink *k, struct pk_fence_watch *w);

/* One sample of everything. 0 or -errno, diagnosed; what could be read has been put then. */
int pk_fence_watch_sample(struct pk_sink *k, struct pk_fence_watch *w);
/* Whether a sample now would find a change of the rule set. */
bool pk_fence_watch_changed(const struct pk_fence_watch *w);
void pk_fence_watch_done(struct pk_fence_watch *w);
