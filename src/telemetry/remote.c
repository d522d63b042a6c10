// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/remote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "telemetry/codes.h"
#include "telemetry/remote_internal.h"

#define WINDOW INT64_C(1800000000000) /* ns: half an hour of all series, then the next */
#define MILLISECOND INT64_C(1000000)
#define WAIT_MAX 60u /* seconds, whatever the receiver asks for */

/* A series of the store on its way. */
struct pk_pushed {
    struct pk_mark mark;
    int64_t came; /* the last of its points that is in a batch, or left out for one; INT64_MIN */
    int64_t next; /* its first point that is in none; INT64_MAX: there is none */
    bool selected;
};

struct pk_pushing {
    struct pk_tsdb *db;
    const struct pk_remote *r;
    struct pk_remote_done *done;
    struct pk_diags *d;
    struct pk_marks *marks;
    struct pk_batch batch;
    struct pk_pushed *series; /* as the store has them */
    size_t n;
    size_t at;  /* the series at hand */
    bool whole; /* the batch must not be cut: it is the one in doubt */
};

static int64_t pk_ms(int64_t t)
{
    return t / MILLISECOND - (t % MILLISECOND < 0);
}

static int64_t pk_behind(int64_t t)
{
    return t == INT64_MAX ? t : t + 1;
}

static int pk_push_error(struct pk_pushing *p, int r)
{
    if (r == -ENOMEM || r == -E2BIG)
        pk_error(p->d, PK_T_MEMORY, PK_NOWHERE, NULL, "out of memory");
    return r;
}

/* Remembers of all series in the batch that it is sent, or stored; or takes back that it was. */
enum pk_note { PK_NOTE_SENT, PK_NOTE_STORED, PK_NOTE_REFUSED };

static int pk_push_note(struct pk_pushing *p, enum pk_note note)
{
    const struct pk_batch *b = &p->batch;
    int r = pk_marks_begin(p->marks, p->d);

    for (size_t i = 0; i < b->n_ends && !r; i++) {
        struct pk_mark *mark = &p->series[b->end[i].series].mark;

        mark->sent = note == PK_NOTE_REFUSED ? mark->stored : b->end[i].t;
        if (note == PK_NOTE_STORED)
            mark->stored = mark->sent;
        r = pk_marks_put(p->marks, pk_tsdb_at(p->db, b->end[i].series)->text, *mark, p->d);
    }
    if (r)
        return r; /* closing the file rolls back */
    return pk_marks_end(p->marks, p->d);
}

/* What Prometheus says of points that it has, or has newer ones than. */
static bool pk_says_known(const struct pk_remote_reply *reply)
{
    return reply->status == 400 && (strstr(reply->text, "out of order sample") ||
                                    strstr(reply->text, "duplicate sample for timestamp"));
}

static bool pk_may_try_again(const struct pk_remote_reply *reply)
{
    return !reply->status || reply->status == 429 || reply->status / 100 == 5;
}

static int pk_push_refused(struct pk_pushing *p, const struct pk_remote_reply *reply)
{
    const char *hint = reply->status == 404 ? "is it a receiver of remote write?" : NULL;

    if (strstr(reply->text, "out of bounds"))
        hint = "it takes no points so old; --from leaves them out";
    pk_error(p->d, PK_T_REMOTE, PK_NOWHERE, hint, "the receiver refused points: HTTP %ld: %s",
             reply->status, reply->text);
    return -EPROTO;
}

static int pk_push_no_answer(struct pk_pushing *p, const struct pk_remote_reply *reply)
{
    static const char hint[] = "push again: it goes on from here";

    if (reply->status)
        pk_error(p->d, PK_T_REMOTE, PK_NOWHERE, hint, "HTTP %ld in %u tries: %s", reply->status,
                 PK_REMOTE_TRIES, reply->text);
    else
        pk_error(p->d, PK_T_REMOTE, PK_NOWHERE, hint, "no answer in %u tries: %s", PK_REMOTE_TRIES,
                 reply->text);
    return -EHOSTUNREACH;
}

/* `doubt`: it may be stored already. 0, or what was refused. */
static int pk_push_try(struct pk_pushing *p, bool doubt)
{
    const struct pk_buf *body = &p->batch.body;
    struct pk_remote_reply reply;

    for (unsigned i = 0; i < PK_REMOTE_TRIES; i++) {
        if (i)
            p->r->wait(p->r->arg, reply.wait ? PK_MIN(reply.wait, WAIT_MAX) : 1u << (i - 1));
        p->done->again += i || doubt;
        reply = (struct pk_remote_reply){0};
        p->r->send(p->r->arg, body->data, body->len, &reply);
        if (reply.status / 100 == 2 || (doubt && pk_says_known(&reply)))
            return 0;
        if (!pk_may_try_again(&reply)) {
            int r = doubt ? 0 : pk_push_note(p, PK_NOTE_REFUSED);

            return r ? r : pk_push_refused(p, &reply);
        }
        doubt = true;
    }
    return pk_push_no_answer(p, &reply);
}

static int pk_push_batch(struct pk_pushing *p)
{
    struct pk_batch *b = &p->batch;
    int r = 0;

    if (!b->n_ends)
        return 0;
    if (b->points) {
        r = p->whole ? 0 : pk_push_note(p, PK_NOTE_SENT);
        if (!r)
            r = pk_push_try(p, p->whole);
        if (!r) {
            p->done->batches++;
            p->done->points += b->points;
        }
    }
    if (!r)
        r = pk_push_note(p, PK_NOTE_STORED);
    pk_batch_reset(b);
    return r;
}

static int pk_push_point(struct pk_pushing *p, const struct pk_series *s, int64_t t,
                         union pk_value v)
{
    int64_t *came = &p->series[p->at].came;
    int r = 0;

    if (!p->whole && pk_batch_is_full(&p->batch)) {
        r = pk_push_error(p, pk_batch_end(&p->batch, p->at, *came));
        if (!r)
            r = pk_push_batch(p);
        pk_batch_begin(&p->batch, &s->metric);
    }
    if (*came != INT64_MIN && pk_ms(*came) == pk_ms(t))
        p->done->same_ms++;
    else
        pk_batch_point(&p->batch, pk_ms(t), s->metric.spec.counter ? (double)v.counter : v.gauge);
    *came = t;
    return r;
}

static int pk_push_points(void *arg, const int64_t *t, const union pk_value *v, size_t n)
{
    struct pk_pushing *p = arg;
    const struct pk_series *s = pk_tsdb_at(p->db, p->at);
    int r = 0;

    for (size_t i = 0; i < n && !r; i++)
        r = pk_push_point(p, s, t[i], v[i]);
    return r;
}

/* One series' points with from <= t < to. */
static int pk_push_series(struct pk_pushing *p, size_t at, int64_t from, int64_t to)
{
    const struct pk_series *s = pk_tsdb_at(p->db, at);
    int64_t before = p->series[at].came;
    int r;

    p->at = at;
    pk_batch_begin(&p->batch, &s->metric);
    r = pk_tsdb_points(p->db, s, from, to, pk_push_points, p, p->d);
    if (r || p->series[at].came == before)
        return r;
    return pk_push_error(p, pk_batch_end(&p->batch, at, p->series[at].came));
}

static int pk_take_first(void *arg, const int64_t *t, const union pk_value *v, size_t n)
{
    *(int64_t *)arg = t[0];
    return 1;
}

/* Looks for the first point to be sent from `from` on. */
static int pk_push_find(struct pk_pushing *p, size_t at, int64_t from)
{
    int r;

    p->series[at].next = INT64_MAX;
    r = pk_tsdb_points(p->db, pk_tsdb_at(p->db, at), PK_MAX(from, p->r->from), p->r->to,
                       pk_take_first, &p->series[at].next, p->d);
    return r < 0 ? r : 0;
}

/* What the last push left in doubt, as one batch again; of points that are gone only the mark. */
static int pk_push_doubt(struct pk_pushing *p)
{
    int r = 0;

    p->whole = true;
    for (size_t i = 0; i < p->n && !r; i++) {
        const struct pk_mark *m = &p->series[i].mark;

        if (m->sent == m->stored)
            continue;
        r = pk_push_series(p, i, PK_MAX(pk_behind(m->stored), p->r->from), pk_behind(m->sent));
        if (!r && p->series[i].came != m->sent)
            r = pk_push_error(p, pk_batch_end(&p->batch, i, m->sent));
    }
    if (!r)
        r = pk_push_batch(p);
    p->whole = false;
    return r;
}

static int pk_push_window(struct pk_pushing *p, int64_t to)
{
    int r = 0;

    for (size_t i = 0; i < p->n && !r; i++) {
        if (p->series[i].next >= to)
            continue;
        r = pk_push_series(p, i, p->series[i].next, to);
        if (!r)
            r = pk_push_find(p, i, to);
    }
    return r;
}

static int64_t pk_push_earliest(const struct pk_pushing *p)
{
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < p->n; i++)
        least = PK_MIN(least, p->series[i].next);
    return least;
}

static int pk_push_windows(struct pk_pushing *p)
{
    int64_t begin = pk_push_earliest(p);
    int r = 0;

    while (begin != INT64_MAX && !r) {
        int64_t end = begin > INT64_MAX - WINDOW ? INT64_MAX : begin + WINDOW;

        r = pk_push_window(p, PK_MIN(end, p->r->to));
        begin = pk_push_earliest(p);
    }
    return r ? r : pk_push_batch(p);
}

static int pk_push_load(struct pk_pushing *p)
{
    int r = 0;

    for (size_t i = 0; i < p->n && !r; i++) {
        const struct pk_series *s = pk_tsdb_at(p->db, i);
        struct pk_pushed *of = &p->series[i];

        *of = (struct pk_pushed){.mark = {INT64_MIN, INT64_MIN}, .next = INT64_MAX};
        of->selected = pk_selector_matches(p->r->selector, &s->metric);
        if (of->selected)
            r = pk_marks_get(p->marks, s->text, &of->mark, p->d);
        of->came = of->mark.stored;
    }
    return r;
}

static int pk_push_run(struct pk_pushing *p)
{
    int r = pk_push_load(p);

    if (!r)
        r = pk_push_doubt(p);
    for (size_t i = 0; i < p->n && !r; i++) {
        p->series[i].came = p->series[i].mark.stored;
        if (p->series[i].selected)
            r = pk_push_find(p, i, pk_behind(p->series[i].came));
    }
    return r ? r : pk_push_windows(p);
}

int pk_remote_push(struct pk_tsdb *db, const struct pk_remote *remote, struct pk_remote_done *ret,
                   struct pk_diags *d)
{
    struct pk_pushing p = {
        .db = db, .r = remote, .done = ret, .d = d, .batch = PK_BATCH_INIT, .n = pk_tsdb_count(db)};
    _pk_marks_ struct pk_marks *marks = NULL;
    _pk_free_ struct pk_pushed *series = calloc(p.n + 1, sizeof(*series));
    int r = series ? pk_marks_open(remote->state, remote->url, d, &marks) : -ENOMEM;

    *ret = (struct pk_remote_done){0};
    if (!r) {
        p.marks = marks;
        p.series = series;
        r = pk_push_run(&p);
    }
    pk_batch_done(&p.batch);
    return r == -ENOMEM && !d->n_errors ? pk_push_error(&p, r) : r;
}
