// SPDX-License-Identifier: GPL-2.0-or-later
/* Retention, by age and by size, with merging; and what series take. */
#include "telemetry/tsdb_internal.h"

#include <errno.h>

#include "base/macro.h"

/* No row takes more, so as many as this may go at once without deleting too much. */
#define ROW_BYTES_MAX 65536

/* The statements of one kind of rows. */
struct pk_kind {
    enum pk_sql newest, delete;
    int tier; /* -1: blocks */
};

static const struct pk_kind kinds[] = {
    {PK_SQL_BLOCK_BEFORE, PK_SQL_BLOCK_DELETE, -1},
    {PK_SQL_ROLLUP_BEFORE, PK_SQL_ROLLUP_DELETE, PK_TIER_MINUTE},
    {PK_SQL_ROLLUP_BEFORE, PK_SQL_ROLLUP_DELETE, PK_TIER_HOUR},
};

static sqlite3_stmt *pk_keep_bind(struct pk_tsdb *db, enum pk_sql which, const struct pk_kind *kind,
                                  const struct pk_series *s, int64_t t)
{
    sqlite3_stmt *q = pk_sql(db, which);

    sqlite3_bind_int64(q, 1, s->id);
    sqlite3_bind_int64(q, 2, t);
    if (kind->tier >= 0)
        sqlite3_bind_int(q, 3, kind->tier);
    return q;
}

/*
 * A row's points end before the next row begins. So all points of the rows before the newest that
 * begins at or before the limit are older than the limit; that one may reach over it and stays,
 * unless the whole series is older.
 */
static int pk_keep_series(struct pk_tsdb *db, const struct pk_kind *kind, const struct pk_series *s,
                          int64_t limit, struct pk_diags *d)
{
    sqlite3_stmt *q;
    bool none;
    int64_t first;
    int r;

    if (s->t_last < limit)
        return pk_sql_run(db, pk_keep_bind(db, kind->delete, kind, s, INT64_MAX), d);
    q = pk_keep_bind(db, kind->newest, kind, s, limit);
    r = pk_sql_step(db, q, d);
    if (r <= 0)
        return r;
    none = sqlite3_column_type(q, 0) == SQLITE_NULL;
    first = sqlite3_column_int64(q, 0);
    sqlite3_reset(q);
    return none ? 0 : pk_sql_run(db, pk_keep_bind(db, kind->delete, kind, s, first), d);
}

static int pk_keep_age(struct pk_tsdb *db, const struct pk_kind *kind, int64_t age, int64_t now,
                       struct pk_diags *d)
{
    int64_t limit;
    int r = 0;

    if (age <= 0 || __builtin_sub_overflow(now, age, &limit))
        return 0;
    for (size_t i = 0; i < db->n_series && !r; i++)
        r = pk_keep_series(db, kind, db->series[i], limit, d);
    return r;
}

static int pk_used(struct pk_tsdb *db, uint64_t *ret, struct pk_diags *d)
{
    sqlite3_stmt *q = pk_sql(db, PK_SQL_PAGES_USED);
    int r = pk_sql_step(db, q, d);

    if (r <= 0)
        return r;
    *ret = (uint64_t)sqlite3_column_int64(q, 0);
    sqlite3_reset(q);
    return 0;
}

/* The oldest rows, blocks first, until few enough pages are in use or there is nothing to delete.
 */
static int pk_keep_size(struct pk_tsdb *db, uint64_t bytes, struct pk_diags *d)
{
    static const enum pk_sql oldest[] = {PK_SQL_BLOCK_OLDEST, PK_SQL_ROLLUP_OLDEST};
    uint64_t used = 0;
    size_t which = 0;
    int r = bytes ? pk_used(db, &used, d) : 0;

    while (!r && used > bytes && which < PK_ARRAY_SIZE(oldest)) {
        sqlite3_stmt *q = pk_sql(db, oldest[which]);

        sqlite3_bind_int64(q, 1, (int64_t)((used - bytes) / ROW_BYTES_MAX + 1));
        r = pk_sql_run(db, q, d);
        if (!r && !sqlite3_changes(db->sql))
            which++;
        if (!r)
            r = pk_used(db, &used, d);
    }
    return r;
}

/* Does the series stay in the catalogue? `crowd`: so many too many there are. */
static int pk_keep_known(struct pk_tsdb *db, struct pk_series *s, size_t *crowd, struct pk_diags *d)
{
    sqlite3_stmt *q = pk_sql(db, PK_SQL_SERIES_ROWS);
    bool blocks, rollups;
    int r;

    s->has_points = true;
    if (s->n)
        return 0;
    sqlite3_bind_int64(q, 1, s->id);
    r = pk_sql_step(db, q, d);
    if (r <= 0)
        return r;
    blocks = sqlite3_column_int(q, 0);
    rollups = sqlite3_column_int(q, 1);
    sqlite3_reset(q);
    if (blocks || (rollups && !*crowd))
        return 0;
    s->has_points = false;
    *crowd -= *crowd > 0;
    q = pk_sql(db, PK_SQL_SERIES_DROP_ROLLUPS);
    sqlite3_bind_int64(q, 1, s->id);
    r = pk_sql_run(db, q, d);
    if (r)
        return r;
    q = pk_sql(db, PK_SQL_SERIES_DROP);
    sqlite3_bind_int64(q, 1, s->id);
    return pk_sql_run(db, q, d);
}

/* What is old and was never sealed, since no more points came: then its age can be seen. */
static int pk_keep_seal(struct pk_tsdb *db, const struct pk_keep *keep, int64_t now,
                        struct pk_diags *d)
{
    int64_t limit;

    if (keep->raw <= 0 || __builtin_sub_overflow(now, keep->raw, &limit))
        return 0;
    for (size_t i = 0; i < db->n_series; i++)
        if (db->series[i]->n && db->series[i]->t_last < limit && pk_seal(db, db->series[i]))
            return pk_tsdb_no_memory(d);
    return 0;
}

static int pk_keep_all(struct pk_tsdb *db, const struct pk_keep *keep, int64_t now,
                       struct pk_diags *d)
{
    const int64_t age[] = {keep->raw, keep->minute, keep->hour};
    size_t most = PK_TSDB_CROWDED(db->options.series_max);
    size_t crowd = db->n_series > most ? db->n_series - most : 0;
    int r = pk_sql_run(db, pk_sql(db, PK_SQL_BEGIN), d);

    /* The log may hold points of blocks that go now; without the block they would come back. */
    if (!r)
        r = pk_tails_write(db, d);
    for (size_t i = 0; i < PK_ARRAY_SIZE(kinds) && !r; i++)
        r = pk_keep_age(db, &kinds[i], age[i], now, d);
    if (!r)
        r = pk_keep_size(db, keep->bytes, d);
    if (!r)
        r = pk_merge(db, now, d);
    for (size_t i = 0; i < db->n_series && !r; i++)
        r = pk_keep_known(db, db->series[i], &crowd, d);
    return r ? r : pk_sql_run(db, pk_sql(db, PK_SQL_COMMIT), d);
}

int pk_tsdb_keep(struct pk_tsdb *db, const struct pk_keep *keep, int64_t now, struct pk_diags *d)
{
    size_t log_bytes;
    bool has_tails;
    int r = pk_keep_seal(db, keep, now, d);

    if (!r)
        r = pk_tsdb_commit(db, d);
    if (r)
        return r;
    log_bytes = db->log_bytes;
    has_tails = db->has_tails;
    r = pk_keep_all(db, keep, now, d);
    if (r) {
        db->log_bytes = log_bytes;
        db->has_tails = has_tails;
        if (!sqlite3_get_autocommit(db->sql))
            sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
        return r;
    }
    pk_series_drop(db);
    return 0;
}

static void pk_usage_add(struct pk_usage *u, const struct pk_block_head *head, uint64_t bytes)
{
    u->blocks++;
    u->points += head->how.n;
    u->bytes += bytes;
    u->constant += (head->flags & PK_BLOCK_CONSTANT) != 0;
    u->zone += (head->flags & PK_BLOCK_ZONE) != 0;
    u->rough += (head->flags & PK_BLOCK_ROUGH) != 0;
    u->error = PK_MAX(u->error, head->how.error);
}

int pk_tsdb_usage(struct pk_tsdb *db, const struct pk_series *s, struct pk_usage ret[PK_CODEC_N],
                  struct pk_diags *d)
{
    sqlite3_stmt *q = pk_sql(db, PK_SQL_BLOCK_USAGE);
    struct pk_usage sum[PK_CODEC_N] = {0};
    int r;

    sqlite3_bind_int64(q, 1, s->id);
    while ((r = pk_sql_step(db, q, d)) > 0) {
        size_t len = (size_t)sqlite3_column_bytes(q, 0);
        struct pk_block_head head;

        if (pk_block_head_read(sqlite3_column_blob(q, 0), len, &head)) {
            sqlite3_reset(q);
            return pk_tsdb_damaged(db, s->text, d);
        }
        pk_usage_add(&sum[head.how.codec], &head, len + (uint64_t)sqlite3_column_int64(q, 1));
    }
    if (!r)
        memcpy(ret, sum, sizeof(sum));
    return r;
}
