// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of remote write share. */
#pragma once

#include "telemetry/remote.h"

/*
 * A batch as protobuf (remote.proto of Prometheus):
 *
 *     message WriteRequest { repeated TimeSeries timeseries = 1; }
 *     message TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; }
 *     message Label        { string name = 1; string value = 2; }
 *     message Sample       { double value = 1; int64 timestamp = 2; }
 *
 * An owned object.
 */
struct pk_batch {
    struct pk_buf body, series; /* series: the TimeSeries at hand */
    struct pk_batch_end *end;   /* how far each series in it will have come */
    size_t n_ends, cap_ends;
    size_t points, series_points; /* of the series at hand */
};

struct pk_batch_end {
    size_t series; /* its place in the store */
    int64_t t;
};

#define PK_BATCH_INIT                                                                              \
    ((struct pk_batch){.body = PK_BUF_INIT(2 * PK_REMOTE_BYTES_MAX),                               \
                       .series = PK_BUF_INIT(PK_REMOTE_BYTES_MAX)})

void pk_batch_begin(struct pk_batch *b, const struct pk_metric *m);
void pk_batch_point(struct pk_batch *b, int64_t ms, double v);
/* The series at hand is whole, and comes to `t`. 0, -ENOMEM or -E2BIG. */
int pk_batch_end(struct pk_batch *b, size_t series, int64_t t);
void pk_batch_reset(struct pk_batch *b);
void pk_batch_done(struct pk_batch *b);

static inline bool pk_batch_is_full(const struct pk_batch *b)
{
    return b->points >= PK_REMOTE_POINTS || b->body.len + b->series.len >= PK_REMOTE_BYTES_MAX / 2;
}

/* How far the series have come with one receiver. An owned object. */
struct pk_marks;

struct pk_mark {
    int64_t stored; /* the receiver has all points up to here; INT64_MIN: none */
    int64_t sent;   /* > stored: the batch in doubt had points up to here */
};

int pk_marks_open(const char *path, const char *url, struct pk_diags *d, struct pk_marks **ret);
/* The mark of a metric's text. */
int pk_marks_get(struct pk_marks *m, const char *metric, struct pk_mark *ret, struct pk_diags *d);
/* Several puts are one transaction, from begin to end. */
int pk_marks_begin(struct pk_marks *m, struct pk_diags *d);
int pk_marks_put(struct pk_marks *m, const char *metric, struct pk_mark mark, struct pk_diags *d);
int pk_marks_end(struct pk_marks *m, struct pk_diags *d);
void pk_marks_close(struct pk_marks **m);

static inline void pk_marks_p(struct pk_marks **m)
{
    if (*m)
        pk_marks_close(m);
}
#define _pk_marks_ __attribute__((cleanup(pk_marks_p)))
