// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Small blocks of a day as one. An hour of a series that hardly changes takes some hundred bytes,
 * of which head, row and the ends of pages are half. When the day is over, blocks of it that follow
 * each other and hold their values alike become one block, which stays under the first one's row.
 * Its codes are those of the blocks: nothing is rounded again. What an hour of such a day was is
 * then answered by decoding it, which for series like these is fast (300 M points a second and
 * more).
 */
#include "telemetry/tsdb_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"

/* Larger blocks fill pages by themselves, and have more to decode. */
#define SMALL_BYTES 1024u
#define RUNS_MAX 64u

/* Blocks to be merged: those of a series from t0 to t1, both begins of rows. */
struct pk_run {
    struct pk_values how; /* n: points */
    unsigned flags;
    int64_t t0, t1;
    size_t blocks;
};

struct pk_runs {
    struct pk_run run[RUNS_MAX];
    size_t n;
};

static bool pk_run_takes(const struct pk_run *run, const struct pk_block_head *h)
{
    const struct pk_values *a = &run->how, *b = &h->how;

    return a->counter == b->counter && a->codec == b->codec && a->param == b->param &&
           a->scale == b->scale && a->n + b->n <= PK_MERGED_MAX &&
           pk_period(run->t0, PK_DAY) == pk_period(h->agg.t_first, PK_DAY);
}

static void pk_run_begin(struct pk_run *run, const struct pk_block_head *h)
{
    *run = (struct pk_run){.how = h->how,
                           .flags = h->flags & PK_BLOCK_ZONE,
                           .t0 = h->agg.t_first,
                           .t1 = h->agg.t_first,
                           .blocks = 1};
}

static void pk_run_add(struct pk_run *run, const struct pk_block_head *h)
{
    run->how.n += h->how.n;
    run->how.error = PK_MAX(run->how.error, h->how.error);
    run->flags |= h->flags & PK_BLOCK_ZONE;
    run->t1 = h->agg.t_first;
    run->blocks++;
}

/* A row of a series, in the order of their times. A block that is damaged or large ends a run. */
static void pk_runs_row(struct pk_runs *runs, sqlite3_stmt *row)
{
    size_t len = (size_t)sqlite3_column_bytes(row, 0);
    struct pk_run *last = &runs->run[runs->n];
    struct pk_block_head h;

    if (pk_block_head_read(sqlite3_column_blob(row, 0), len, &h) || h.flags & PK_BLOCK_EXCEPTIONS ||
        h.how.n > PK_BLOCK_MAX || len + (uint64_t)sqlite3_column_int64(row, 1) > SMALL_BYTES) {
        runs->n += last->blocks > 1;
        if (runs->n < RUNS_MAX)
            runs->run[runs->n].blocks = 0;
    } else if (last->blocks && pk_run_takes(last, &h)) {
        pk_run_add(last, &h);
    } else {
        runs->n += last->blocks > 1;
        if (runs->n < RUNS_MAX)
            pk_run_begin(&runs->run[runs->n], &h);
    }
}

/* The runs of the rows that begin in [from, to), RUNS_MAX at most. */
static int pk_runs_find(struct pk_tsdb *db, const struct pk_series *s, int64_t from, int64_t to,
                        struct pk_runs *runs, struct pk_diags *d)
{
    sqlite3_stmt *q = pk_sql(db, PK_SQL_BLOCK_HEADS);
    int r = 0;

    runs->n = 0;
    runs->run[0].blocks = 0;
    sqlite3_bind_int64(q, 1, s->id);
    sqlite3_bind_int64(q, 2, from);
    sqlite3_bind_int64(q, 3, to);
    while (runs->n < RUNS_MAX && (r = pk_sql_step(db, q, d)) > 0)
        pk_runs_row(runs, q);
    sqlite3_reset(q);
    if (runs->n < RUNS_MAX)
        runs->n += runs->run[runs->n].blocks > 1;
    return PK_MIN(r, 0);
}

/* The points of a run, to db->t and db->v, and their codes. */
static int pk_run_read(struct pk_tsdb *db, const struct pk_series *s, const struct pk_run *run,
                       int64_t *code, struct pk_diags *d)
{
    sqlite3_stmt *q = pk_sql(db, PK_SQL_BLOCK_RUN);
    size_t n = 0;
    int r, bad = 0;

    sqlite3_bind_int64(q, 1, s->id);
    sqlite3_bind_int64(q, 2, run->t0);
    sqlite3_bind_int64(q, 3, run->t1);
    while (!bad && (r = pk_sql_step(db, q, d)) > 0) {
        struct pk_block_head h;

        bad = pk_block_head_read(sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0), &h);
        if (!bad && h.how.n > run->how.n - n)
            bad = -EBADMSG;
        if (!bad)
            bad = pk_block_read(db->coder, &h, sqlite3_column_blob(q, 1),
                                (size_t)sqlite3_column_bytes(q, 1), db->t + n, db->v + n);
        if (!bad)
            memcpy(code + n, db->coder->code, h.how.n * sizeof(*code));
        n += bad ? 0 : h.how.n;
    }
    sqlite3_reset(q);
    if (bad || r < 0)
        return bad ? bad : r;
    return n == run->how.n ? 0 : -EBADMSG;
}

static int pk_run_replace(struct pk_tsdb *db, const struct pk_series *s, const struct pk_run *run,
                          const struct pk_buf *head, const struct pk_buf *body, struct pk_diags *d)
{
    sqlite3_stmt *q = pk_sql(db, PK_SQL_BLOCK_REPLACE);
    int r;

    sqlite3_bind_int64(q, 1, s->id);
    sqlite3_bind_int64(q, 2, run->t0);
    pk_sql_blob(q, 3, head);
    pk_sql_blob(q, 4, body);
    r = pk_sql_run(db, q, d);
    if (r)
        return r;
    q = pk_sql(db, PK_SQL_BLOCK_DROP);
    sqlite3_bind_int64(q, 1, s->id);
    sqlite3_bind_int64(q, 2, run->t0);
    sqlite3_bind_int64(q, 3, run->t1);
    return pk_sql_run(db, q, d);
}

/* What cannot be read stays as it is: who asks for it is told. */
static int pk_run_merge(struct pk_tsdb *db, const struct pk_series *s, const struct pk_run *run,
                        int64_t *code, struct pk_diags *d)
{
    _pk_buf_ struct pk_buf head = PK_BUF_INIT(PK_BLOCK_BYTES_MAX),
                           body = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);
    int r = pk_run_read(db, s, run, code, d);

    if (!r)
        r = pk_block_join(db->coder, &run->how, run->flags, db->t, code, db->v, &head, &body);
    if (r)
        return r == -EBADMSG || r == -EINVAL || r == -E2BIG ? 0 : r;
    return pk_run_replace(db, s, run, &head, &body, d);
}

static int pk_merge_series(struct pk_tsdb *db, struct pk_series *s, int64_t to,
                           struct pk_runs *runs, int64_t *code, struct pk_diags *d)
{
    int r = pk_runs_find(db, s, s->t_merged, to, runs, d);

    for (size_t i = 0; i < runs->n && !r; i++)
        r = pk_run_merge(db, s, &runs->run[i], code, d);
    if (!r)
        s->t_merged = runs->n == RUNS_MAX ? runs->run[RUNS_MAX - 1].t1 + 1 : to;
    return r;
}

int pk_merge(struct pk_tsdb *db, int64_t now, struct pk_diags *d)
{
    _pk_free_ int64_t *code = calloc(PK_MERGED_MAX, sizeof(*code));
    _pk_free_ struct pk_runs *runs = calloc(1, sizeof(*runs));
    size_t merged = 0;
    int64_t to;
    int r = 0;

    if (!code || !runs)
        return pk_tsdb_no_memory(d);
    if (__builtin_mul_overflow(pk_period(now, PK_DAY), PK_DAY, &to))
        return 0;
    for (size_t i = 0; i < db->n_series && merged < RUNS_MAX && !r; i++) {
        if (db->series[i]->t_merged >= to)
            continue;
        r = pk_merge_series(db, db->series[i], to, runs, code, d);
        merged += runs->n;
    }
    return r;
}
