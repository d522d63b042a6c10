// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prometheus remote write 1.0: points to a receiver, each once.
 *
 * Batches of up to PK_REMOTE_POINTS points go out in the order of time, half an hour of all series
 * after the other, since a receiver takes a series' points in their order only, and none that are
 * much older than the newest it has (Prometheus: an hour). How far each series has come is kept
 * beside the store in FILE-push, a small SQLite file: before a batch is sent that it will be sent,
 * and after the receiver's answer that it was. What a failure left in doubt (no answer came, or
 * none could be kept) is sent again as the same batch; if the receiver then says that these points
 * are not newer than its own, they were stored. So nothing is lost and nothing is stored twice.
 *
 * What gets lost in the protocol itself: times are whole milliseconds, and of points in the same
 * one the first is sent; values are doubles, so counters beyond 2^53 are rounded. NaNs are sent as
 * the one quiet NaN that is not Prometheus' mark for stale series.
 *
 * No clock and no network here: sending, compressing and waiting are the caller's.
 */
#pragma once

#include "telemetry/select.h"
#include "telemetry/tsdb.h"

#define PK_REMOTE_POINTS 5000u
#define PK_REMOTE_BYTES_MAX ((size_t)4 << 20) /* of a batch */
#define PK_REMOTE_TRIES 6u

struct pk_remote_reply {
    long status;    /* HTTP's; 0: no answer came */
    unsigned wait;  /* seconds, if it said so; else 0 */
    char text[256]; /* what it said, or why there was no answer */
};

struct pk_remote {
    const char *url;   /* what the receiver is called where it is remembered */
    const char *state; /* the file; it is made if there is none */
    const struct pk_selector *selector;
    int64_t from, to; /* ns: from <= t < to, of what has not been sent */
    /* Posts a WriteRequest, in protobuf as it stands here; *ret is zeroed. */
    void (*send)(void *arg, const void *body, size_t len, struct pk_remote_reply *ret);
    void (*wait)(void *arg, unsigned seconds);
    void *arg;
};

struct pk_remote_done {
    uint64_t points, batches; /* stored by the receiver */
    uint64_t again;           /* batches sent again */
    uint64_t same_ms;         /* points left out: their millisecond has one */
};

/* *ret is set in any case. 0, -EBUSY (another one sends to this receiver), -EPROTO (refused),
 * -EHOSTUNREACH (no answer in PK_REMOTE_TRIES tries) or -errno, with a diagnostic. */
int pk_remote_push(struct pk_tsdb *db, const struct pk_remote *r, struct pk_remote_done *ret,
                   struct pk_diags *d);
