// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is stored of blocks that are not sealed: tails, which are blocks, losslessly encoded; and
 * behind them the log, one row a commit, with the points that it added:
 *
 *     series (varint) | count (varint) | first time (signed) | values and times in turn
 *     a value is 8 bytes, little-endian; a time is the varint of how much later it is than the one
 * before
 *
 * Both are read with one rule: a point that is not newer than the series' last is there already
 * (the block has been sealed since), and is skipped.
 */
#include "telemetry/tsdb_internal.h"

#include <errno.h>

#include "base/macro.h"

/* A row: at most all unsealed points of all series. */
#define LOG_ROW_MAX (900u << 20)

static void pk_log_series(const struct pk_series *s, struct pk_buf *out)
{
    int64_t before = s->t[s->n_logged];

    pk_put_varint(out, (uint64_t)s->id);
    pk_put_varint(out, s->n - s->n_logged);
    pk_put_signed(out, before);
    for (size_t i = s->n_logged; i < s->n; i++) {
        if (i > s->n_logged)
            pk_put_varint(out, (uint64_t)s->t[i] - (uint64_t)before);
        pk_buf_add(out, &s->v[i], sizeof(s->v[i]));
        before = s->t[i];
    }
}

static int pk_log_row(struct pk_tsdb *db, struct pk_diags *d)
{
    _pk_buf_ struct pk_buf row = PK_BUF_INIT(LOG_ROW_MAX);
    sqlite3_stmt *q = pk_sql(db, PK_SQL_LOG_ADD);

    for (size_t i = 0; i < db->n_series; i++)
        if (db->series[i]->n > db->series[i]->n_logged)
            pk_log_series(db->series[i], &row);
    if (row.failed)
        return pk_tsdb_no_memory(d);
    if (!row.len)
        return 0;
    db->log_bytes += row.len;
    pk_sql_blob(q, 1, &row);
    return pk_sql_run(db, q, d);
}

static int pk_tail_write(struct pk_tsdb *db, const struct pk_series *s, struct pk_diags *d)
{
    const struct pk_value_spec lossless = {.counter = s->metric.spec.counter};
    _pk_buf_ struct pk_buf head = PK_BUF_INIT(PK_BLOCK_BYTES_MAX),
                           body = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);
    sqlite3_stmt *q = pk_sql(db, PK_SQL_TAIL_ADD);

    if (pk_block_write(db->coder, &lossless, s->t, s->v, s->n, &head, &body))
        return pk_tsdb_no_memory(d);
    sqlite3_bind_int64(q, 1, s->id);
    pk_sql_blob(q, 2, &head);
    pk_sql_blob(q, 3, &body);
    return pk_sql_run(db, q, d);
}

int pk_tails_write(struct pk_tsdb *db, struct pk_diags *d)
{
    int r = pk_sql_run(db, pk_sql(db, PK_SQL_TAIL_CLEAR), d);
    bool has_tails = false;

    for (size_t i = 0; i < db->n_series && !r; i++)
        if (db->series[i]->n) {
            r = pk_tail_write(db, db->series[i], d);
            has_tails = true;
        }
    if (!r)
        r = pk_sql_run(db, pk_sql(db, PK_SQL_LOG_CLEAR), d);
    if (!r) {
        db->log_bytes = 0;
        db->has_tails = has_tails;
    }
    return r;
}

/* Tails at the end, when the log is long, and when nothing waits that it would be needed for. */
int pk_log_write(struct pk_tsdb *db, struct pk_diags *d)
{
    bool stored = db->log_bytes || db->has_tails;
    size_t waiting = 0;

    for (size_t i = 0; i < db->n_series; i++)
        waiting += db->series[i]->n;
    if ((stored && !waiting) || (db->closing && (db->log_bytes || waiting)) ||
        db->log_bytes > PK_MAX((size_t)PK_TSDB_LOG_MAX, 8 * waiting))
        return pk_tails_write(db, d);
    return pk_log_row(db, d);
}

/* A point read back. */
static int pk_point_load(struct pk_series *s, int64_t t, union pk_value v)
{
    if (t <= s->t_last)
        return 0;
    if (s->n == PK_BLOCK_MAX)
        return -EBADMSG;
    return pk_series_push(s, t, v);
}

static int pk_tail_load(struct pk_tsdb *db, sqlite3_stmt *q)
{
    struct pk_series *s = pk_series_by_id(db, sqlite3_column_int64(q, 0));
    struct pk_block_head head;
    int r;

    if (!s)
        return -EBADMSG;
    db->has_tails = true;
    r = pk_block_head_read(sqlite3_column_blob(q, 1), (size_t)sqlite3_column_bytes(q, 1), &head);
    if (!r)
        r = pk_tsdb_decode(db, &head, sqlite3_column_blob(q, 2),
                           (size_t)sqlite3_column_bytes(q, 2));
    if (!r && head.how.counter != s->metric.spec.counter)
        r = -EBADMSG;
    for (size_t i = 0; i < head.how.n && !r; i++)
        r = pk_point_load(s, db->t[i], db->v[i]);
    return r;
}

static int pk_log_load_series(struct pk_tsdb *db, struct pk_reader *r)
{
    struct pk_series *s = pk_series_by_id(db, (int64_t)pk_get_varint(r));
    uint64_t count = pk_get_varint(r);
    int64_t t = pk_get_signed(r);
    int bad = s && !r->bad ? 0 : -EBADMSG;

    for (uint64_t i = 0; i < count && !bad; i++) {
        union pk_value v;
        const uint8_t *p;

        if (i)
            t = pk_wrap_add(t, (int64_t)pk_get_varint(r));
        p = pk_get(r, sizeof(v));
        if (!p)
            return -EBADMSG;
        memcpy(&v, p, sizeof(v));
        bad = pk_point_load(s, t, v);
    }
    return bad;
}

static int pk_log_load_row(struct pk_tsdb *db, sqlite3_stmt *q)
{
    const uint8_t *p = sqlite3_column_blob(q, 0);
    size_t len = (size_t)sqlite3_column_bytes(q, 0);
    struct pk_reader r = {.p = p, .end = len ? p + len : p};
    int bad = 0;

    db->log_bytes += len;
    while (pk_left(&r) && !bad)
        bad = pk_log_load_series(db, &r);
    return bad;
}

static int pk_load(struct pk_tsdb *db, enum pk_sql which,
                   int (*row)(struct pk_tsdb *db, sqlite3_stmt *q), const char *what,
                   struct pk_diags *d)
{
    sqlite3_stmt *q = pk_sql(db, which);
    int r, bad;

    while ((r = pk_sql_step(db, q, d)) > 0) {
        bad = row(db, q);
        if (bad) {
            sqlite3_reset(q);
            return bad == -ENOMEM ? pk_tsdb_no_memory(d) : pk_tsdb_damaged(db, what, d);
        }
    }
    return r;
}

int pk_log_load(struct pk_tsdb *db, struct pk_diags *d)
{
    int r = pk_load(db, PK_SQL_TAIL_ALL, pk_tail_load, "an unsealed block", d);

    if (!r)
        r = pk_load(db, PK_SQL_LOG_ALL, pk_log_load_row, "its log", d);
    for (size_t i = 0; i < db->n_series && !r; i++)
        db->series[i]->n_logged = db->series[i]->n;
    return r;
}
