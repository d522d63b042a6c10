// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of the store share. */
#pragma once

#include <sqlite3.h>

#include "telemetry/codes.h"
#include "telemetry/tsdb.h"

#define PK_SECOND INT64_C(1000000000)
#define PK_MINUTE (60 * PK_SECOND)
#define PK_HOUR (60 * PK_MINUTE)
#define PK_DAY (24 * PK_HOUR)

/* Statements, prepared when first used; their texts are in tsdb_sql.c. */
enum pk_sql {
    PK_SQL_BEGIN,
    PK_SQL_COMMIT,
    PK_SQL_ROLLBACK,
    PK_SQL_SERIES_ALL,
    PK_SQL_SERIES_ADD,
    PK_SQL_SERIES_ROWS,
    PK_SQL_SERIES_DROP,
    PK_SQL_SERIES_DROP_ROLLUPS,
    PK_SQL_BLOCK_ADD,
    PK_SQL_BLOCK_LAST,
    PK_SQL_BLOCK_FIRST,
    PK_SQL_BLOCK_RANGE,
    PK_SQL_BLOCK_NEWEST,
    PK_SQL_BLOCK_USAGE,
    PK_SQL_BLOCK_HEADS,
    PK_SQL_BLOCK_RUN,
    PK_SQL_BLOCK_REPLACE,
    PK_SQL_BLOCK_DROP,
    PK_SQL_BLOCK_BEFORE,
    PK_SQL_BLOCK_DELETE,
    PK_SQL_BLOCK_OLDEST,
    PK_SQL_ROLLUP_ADD,
    PK_SQL_ROLLUP_FIRST,
    PK_SQL_ROLLUP_RANGE,
    PK_SQL_ROLLUP_BEFORE,
    PK_SQL_ROLLUP_DELETE,
    PK_SQL_ROLLUP_OLDEST,
    PK_SQL_TAIL_ALL,
    PK_SQL_TAIL_ADD,
    PK_SQL_TAIL_CLEAR,
    PK_SQL_LOG_ALL,
    PK_SQL_LOG_ADD,
    PK_SQL_LOG_CLEAR,
    PK_SQL_PAGES_USED,
    PK_SQL_N,
};

enum pk_tier { PK_TIER_MINUTE, PK_TIER_HOUR, PK_TIER_N };

static inline int64_t pk_tier_width(enum pk_tier tier)
{
    return tier == PK_TIER_MINUTE ? PK_MINUTE : PK_HOUR;
}

/* Which hour or day since 1970. */
static inline int64_t pk_period(int64_t t, int64_t width)
{
    return t / width - (t % width < 0);
}

/* A sealed block that no commit has stored yet. */
struct pk_pending {
    struct pk_pending *next;
    struct pk_series *series;
    struct pk_buf head, body, rollup[PK_TIER_N];
    int64_t t0;
};

struct pk_tsdb {
    sqlite3 *sql;
    sqlite3_stmt *stmt[PK_SQL_N];
    char *path;
    int lock;
    struct pk_tsdb_options options;
    struct pk_arena arena; /* the catalogue's texts */
    struct pk_series **series;
    size_t n_series, cap_series, n_stored; /* those that a commit has stored come first */
    int64_t last_id;
    struct pk_series **by_text; /* open addressing; a power of two, at most half full */
    size_t n_slots, n_named;    /* named: those that were dropped, too */
    struct pk_pending *pending, **pending_end;
    size_t pending_bytes, log_bytes;
    bool has_tails, closing;
    struct pk_coder *coder;
    int64_t *t; /* a block's points, PK_MERGED_MAX */
    union pk_value *v;
};

/* tsdb_sql.c */
sqlite3_stmt *pk_sql(struct pk_tsdb *db, enum pk_sql which);
void pk_sql_blob(sqlite3_stmt *s, int at, const struct pk_buf *b);
/* 1 a row, 0 no more, or -errno with a diagnostic; but for a row the statement is reset. */
int pk_sql_step(struct pk_tsdb *db, sqlite3_stmt *s, struct pk_diags *d);
/* A statement without rows. */
int pk_sql_run(struct pk_tsdb *db, sqlite3_stmt *s, struct pk_diags *d);
/* The errno, positive, of the last error. */
int pk_sql_errno(sqlite3 *sql);
int pk_sql_fail(struct pk_tsdb *db, struct pk_diags *d);
int pk_tsdb_damaged(struct pk_tsdb *db, const char *what, struct pk_diags *d);
int pk_tsdb_no_memory(struct pk_diags *d);

/* tsdb.c */
int pk_seal(struct pk_tsdb *db, struct pk_series *s);

/* tsdb_series.c */
int pk_series_load(struct pk_tsdb *db, struct pk_diags *d);
/* Stores the series that are new; within a transaction. */
int pk_series_write(struct pk_tsdb *db, struct pk_diags *d);
/* Of a series that was dropped: enters it again. */
int pk_series_revive(struct pk_tsdb *db, struct pk_series *s, struct pk_diags *d);
/* Takes those that have no points out of the catalogue; after the commit that deleted them. */
void pk_series_drop(struct pk_tsdb *db);
struct pk_series *pk_series_by_id(const struct pk_tsdb *db, int64_t id);
/* Puts a point behind the unsealed ones; the caller has looked at its time. */
int pk_series_push(struct pk_series *s, int64_t t, union pk_value v);

/* tsdb_merge.c */
/* Merges small blocks of days that were over at `now`; some now, others with the next call. Within
 * a transaction. */
int pk_merge(struct pk_tsdb *db, int64_t now, struct pk_diags *d);

/* tsdb_log.c */
int pk_log_load(struct pk_tsdb *db, struct pk_diags *d);
int pk_log_write(struct pk_tsdb *db, struct pk_diags *d);
/* Writes unsealed blocks as tails and empties the log; within a transaction. */
int pk_tails_write(struct pk_tsdb *db, struct pk_diags *d);

/* tsdb_rollup.c */
int pk_rollup_write(struct pk_tsdb *db, const struct pk_pending *p, enum pk_tier tier,
                    struct pk_buf *out);
int pk_rollup_read(struct pk_tsdb *db, bool counter, const void *data, size_t len,
                   enum pk_tier tier, struct pk_agg **ret, size_t *ret_n);
/* Decodes a block into db->t and db->v. */
int pk_tsdb_decode(struct pk_tsdb *db, struct pk_block_head *head, const void *body, size_t len);
/* Ends [*i, ret) of the points from *i on that lie in the same bucket of `width` counted from
 * `from`. */
size_t pk_bucket_end(const int64_t *t, size_t i, size_t n, int64_t from, uint64_t width);
