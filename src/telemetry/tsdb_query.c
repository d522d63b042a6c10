// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions: steps of sums from heads where they suffice, and the points themselves. */
#include "telemetry/tsdb_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"

struct pk_scan {
    struct pk_tsdb *db;
    const struct pk_series *s;
    int64_t from, to; /* the points with from <= t < to */
    uint64_t step;
    struct pk_agg sum; /* of the step at hand; count 0: none yet */
    uint64_t at;       /* its number */
    pk_tsdb_step_fn *each;
    pk_tsdb_points_fn *points;
    void *arg;
};

static uint64_t pk_step_of(const struct pk_scan *q, int64_t t)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): no step is UINT64_MAX, see pk_tsdb_query */
    return ((uint64_t)t - (uint64_t)q->from) / q->step;
}

static int pk_scan_flush(struct pk_scan *q)
{
    int64_t begin = (int64_t)((uint64_t)q->from + q->at * q->step);
    int r = q->sum.count ? q->each(q->arg, begin, &q->sum) : 0;

    q->sum.count = 0;
    return r;
}

/* A run of points within one step. */
static int pk_scan_agg(struct pk_scan *q, const struct pk_agg *a)
{
    uint64_t step = pk_step_of(q, a->t_first);
    int r = q->sum.count && step != q->at ? pk_scan_flush(q) : 0;

    q->at = step;
    pk_agg_join(&q->sum, a);
    return r;
}

/* Where in t[0..n-1] the first one is that is not before `when`. */
static size_t pk_time_search(const int64_t *t, size_t n, int64_t when)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (t[middle] < when)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Points in memory: of a decoded block if there is a head, else unsealed ones. */
static int pk_scan_points(struct pk_scan *q, const struct pk_block_head *head, const int64_t *t,
                          const union pk_value *v, size_t n)
{
    size_t begin = pk_time_search(t, n, q->from), stop = pk_time_search(t, n, q->to), end;
    int r = 0;

    if (q->points) {
        for (size_t i = begin; i < stop && !r; i = end) {
            end = PK_MIN(i + PK_BLOCK_MAX, stop);
            r = q->points(q->arg, t + i, v + i, end - i);
        }
        return r;
    }
    for (size_t i = begin; i < stop && !r; i = end) {
        struct pk_agg a;

        end = pk_bucket_end(t, i, stop, q->from, q->step);
        if (head)
            pk_agg_codes(&head->how, q->db->coder->code, t, v, i, end, &a);
        else
            pk_agg_points(q->s->metric.spec.counter, t + i, v + i, end - i, &a);
        r = pk_scan_agg(q, &a);
    }
    return r;
}

/* The body is asked for only if it is needed: SQLite does not read it otherwise. */
struct pk_row {
    const void *head;
    size_t head_len;
    sqlite3_stmt *row; /* body in column 1, or NULL and: */
    const struct pk_buf *body;
};

static int pk_scan_body(struct pk_scan *q, struct pk_block_head *head, const struct pk_row *row)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): one of row and body is there */
    const void *body = row->row ? sqlite3_column_blob(row->row, 1) : row->body->data;
    size_t len = row->row ? (size_t)sqlite3_column_bytes(row->row, 1) : row->body->len;
    int r = pk_tsdb_decode(q->db, head, body, len);

    return r ? r : pk_scan_points(q, head, q->db->t, q->db->v, head->how.n);
}

static int pk_scan_block(struct pk_scan *q, const struct pk_row *row, struct pk_diags *d)
{
    struct pk_block_head head;
    int r = pk_block_head_read(row->head, row->head_len, &head);

    if (r || head.how.counter != q->s->metric.spec.counter)
        return pk_tsdb_damaged(q->db, q->s->text, d);
    if (head.agg.t_last < q->from || head.agg.t_first >= q->to)
        return 0;
    if (!q->points && head.agg.t_first >= q->from && head.agg.t_last < q->to &&
        pk_step_of(q, head.agg.t_first) == pk_step_of(q, head.agg.t_last))
        return pk_scan_agg(q, &head.agg);
    r = pk_scan_body(q, &head, row);
    return r == -EBADMSG ? pk_tsdb_damaged(q->db, q->s->text, d) : r;
}

static int pk_scan_stored(struct pk_scan *q, struct pk_diags *d)
{
    sqlite3_stmt *s = pk_sql(q->db, PK_SQL_BLOCK_RANGE);
    int r;

    sqlite3_bind_int64(s, 1, q->s->id);
    sqlite3_bind_int64(s, 2, q->from);
    sqlite3_bind_int64(s, 3, q->to);
    while ((r = pk_sql_step(q->db, s, d)) > 0) {
        const struct pk_row row = {.head = sqlite3_column_blob(s, 0),
                                   .head_len = (size_t)sqlite3_column_bytes(s, 0),
                                   .row = s};

        r = pk_scan_block(q, &row, d);
        if (r) {
            sqlite3_reset(s);
            return r;
        }
    }
    return r;
}

static int pk_scan_waiting(struct pk_scan *q, struct pk_diags *d)
{
    int r = 0;

    for (const struct pk_pending *p = q->db->pending; p && !r; p = p->next) {
        const struct pk_row row = {.head = p->head.data, .head_len = p->head.len, .body = &p->body};

        if (p->series == q->s)
            r = pk_scan_block(q, &row, d);
    }
    return r ? r : pk_scan_points(q, NULL, q->s->t, q->s->v, q->s->n);
}

/* The first of a series' rows; INT64_MAX: there are none. */
static int pk_first(struct pk_tsdb *db, sqlite3_stmt *s, int64_t *ret, struct pk_diags *d)
{
    int r = pk_sql_step(db, s, d);

    *ret = INT64_MAX;
    if (r <= 0)
        return r;
    *ret = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return 0;
}

/* One row of a tier, those of its buckets that begin in the range and before `until`. */
static int pk_scan_rollup(struct pk_scan *q, sqlite3_stmt *s, enum pk_tier tier, int64_t until,
                          struct pk_diags *d)
{
    _pk_free_ struct pk_agg *a = NULL;
    size_t n = 0;
    int r = pk_rollup_read(q->db, q->s->metric.spec.counter, sqlite3_column_blob(s, 0),
                           (size_t)sqlite3_column_bytes(s, 0), tier, &a, &n);

    if (r)
        return r == -ENOMEM ? pk_tsdb_no_memory(d) : pk_tsdb_damaged(q->db, "a roll-up", d);
    for (size_t i = 0; i < n && !r; i++)
        if (a[i].t_first >= q->from && a[i].t_first < PK_MIN(q->to, until))
            r = pk_scan_agg(q, &a[i]);
    return r;
}

/* The rows of a tier that begin before `until`: those of blocks that are gone. */
static int pk_scan_tier(struct pk_scan *q, enum pk_tier tier, int64_t until, struct pk_diags *d)
{
    sqlite3_stmt *s = pk_sql(q->db, PK_SQL_ROLLUP_RANGE);
    int r;

    sqlite3_bind_int64(s, 1, tier);
    sqlite3_bind_int64(s, 2, q->s->id);
    sqlite3_bind_int64(s, 3, q->from);
    sqlite3_bind_int64(s, 4, PK_MIN(q->to, until));
    while ((r = pk_sql_step(q->db, s, d)) > 0) {
        r = pk_scan_rollup(q, s, tier, until, d);
        if (r) {
            sqlite3_reset(s);
            return r;
        }
    }
    return r;
}

static int pk_scan_rollups(struct pk_scan *q, struct pk_diags *d)
{
    sqlite3_stmt *s = pk_sql(q->db, PK_SQL_BLOCK_FIRST);
    int64_t raw, minute;
    int r;

    sqlite3_bind_int64(s, 1, q->s->id);
    r = pk_first(q->db, s, &raw, d);
    s = pk_sql(q->db, PK_SQL_ROLLUP_FIRST);
    sqlite3_bind_int64(s, 1, PK_TIER_MINUTE);
    sqlite3_bind_int64(s, 2, q->s->id);
    if (!r)
        r = pk_first(q->db, s, &minute, d);
    if (!r && q->from < raw)
        r = pk_scan_tier(q, PK_TIER_HOUR, PK_MIN(raw, minute), d);
    if (!r && q->from < raw)
        r = pk_scan_tier(q, PK_TIER_MINUTE, raw, d);
    return r;
}

int pk_tsdb_query(struct pk_tsdb *db, const struct pk_series *s, int64_t from, int64_t to,
                  int64_t step, pk_tsdb_step_fn *each, void *arg, struct pk_diags *d)
{
    struct pk_scan q = {.db = db, .s = s, .from = from, .to = to, .each = each, .arg = arg};
    int r;

    q.step = step > 0 ? (uint64_t)step : UINT64_MAX;
    if (from >= to)
        return 0;
    r = pk_scan_rollups(&q, d);
    if (!r)
        r = pk_scan_stored(&q, d);
    if (!r)
        r = pk_scan_waiting(&q, d);
    return r ? r : pk_scan_flush(&q);
}

int pk_tsdb_points(struct pk_tsdb *db, const struct pk_series *s, int64_t from, int64_t to,
                   pk_tsdb_points_fn *each, void *arg, struct pk_diags *d)
{
    struct pk_scan q = {.db = db, .s = s, .from = from, .to = to, .points = each, .arg = arg};
    int r = from < to ? pk_scan_stored(&q, d) : 0;

    return r || from >= to ? r : pk_scan_waiting(&q, d);
}

/* Of a block that begins before `when`. */
static int pk_before_row(struct pk_tsdb *db, sqlite3_stmt *row, bool counter, int64_t when,
                         int64_t *ret_t, union pk_value *ret)
{
    struct pk_block_head head;
    size_t at;
    int r = pk_block_head_read(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0),
                               &head);

    if (r || head.how.counter != counter)
        return -EBADMSG;
    if (head.agg.t_last < when) {
        *ret_t = head.agg.t_last;
        *ret = head.agg.last;
        return 1;
    }
    r = pk_tsdb_decode(db, &head, sqlite3_column_blob(row, 1),
                       (size_t)sqlite3_column_bytes(row, 1));
    if (r)
        return r;
    at = pk_time_search(db->t, head.how.n, when);
    if (!at)
        return -EBADMSG; /* the row's time is not the block's */
    *ret_t = db->t[at - 1];
    *ret = db->v[at - 1];
    return 1;
}

/* Blocks that wait for a commit are looked at only by who reads: they have none. */
int pk_tsdb_before(struct pk_tsdb *db, const struct pk_series *s, int64_t when, int64_t *ret_t,
                   union pk_value *ret, struct pk_diags *d)
{
    size_t at = pk_time_search(s->t, s->n, when);
    sqlite3_stmt *row;
    int r;

    if (at) {
        *ret_t = s->t[at - 1];
        *ret = s->v[at - 1];
        return 1;
    }
    row = pk_sql(db, PK_SQL_BLOCK_NEWEST);
    sqlite3_bind_int64(row, 1, s->id);
    sqlite3_bind_int64(row, 2, when);
    r = pk_sql_step(db, row, d);
    if (r <= 0)
        return r;
    r = pk_before_row(db, row, s->metric.spec.counter, when, ret_t, ret);
    sqlite3_reset(row);
    return r == -EBADMSG ? pk_tsdb_damaged(db, s->text, d) : r;
}
