// SPDX-License-Identifier: GPL-2.0-or-later
/* Open, add, seal, commit, close. */
#include "telemetry/tsdb_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/macro.h"

#define APPLICATION_ID 0x70696b74 /* "pikt" */
#define FORMAT 2
#define BUSY_MS 5000

/*
 * Of a new file: pages of 1 KiB, since rows have some KiB and large pages would end half empty
 * (4 KiB: files up to 25 % larger), and free pages that can be given back. Not of one that is
 * there: to say auto_vacuum again writes, which a full disk refuses.
 */
static const char pragmas_new[] = "PRAGMA page_size = 1024;"
                                  "PRAGMA auto_vacuum = INCREMENTAL;";

/* `synchronous = FULL`: in WAL mode a commit is on the disk when it returns. */
static const char pragmas[] = "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = FULL;"
                              "PRAGMA wal_autocheckpoint = 4000;"
                              "PRAGMA journal_size_limit = 8388608;";

/* Read through a mapping, a block of 20 KiB is not 20 reads of pages (rtt-double of
 * bench/telemetry: 52 M points/s without, 102 with it). Without one all goes on, only slower. */
static const char mapping[] = "PRAGMA mmap_size = 268435456;";

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE series (id INTEGER PRIMARY KEY, metric TEXT NOT NULL, unit TEXT NOT NULL,"
    " counter INTEGER NOT NULL, scale INTEGER NOT NULL, error REAL NOT NULL);"
    "CREATE TABLE block (id INTEGER PRIMARY KEY, series INTEGER NOT NULL, t0 INTEGER NOT NULL,"
    " head BLOB NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX block_of ON block (series, t0);"
    "CREATE TABLE rollup (id INTEGER PRIMARY KEY, tier INTEGER NOT NULL, series INTEGER NOT NULL,"
    " t0 INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE UNIQUE INDEX rollup_of ON rollup (tier, series, t0);"
    "CREATE TABLE tail (series INTEGER PRIMARY KEY, head BLOB NOT NULL, body BLOB NOT NULL);"
    "CREATE TABLE log (id INTEGER PRIMARY KEY, points BLOB NOT NULL);"
    "PRAGMA application_id = 1885956980;"
    "PRAGMA user_version = 2;"
    "COMMIT;";

static_assert(APPLICATION_ID == 1885956980, "the schema names it in decimal");

static void pk_pending_free(struct pk_pending *p)
{
    pk_buf_done(&p->head);
    pk_buf_done(&p->body);
    for (unsigned i = 0; i < PK_TIER_N; i++)
        pk_buf_done(&p->rollup[i]);
    free(p);
}

static void pk_pending_clear(struct pk_tsdb *db)
{
    while (db->pending) {
        struct pk_pending *p = db->pending;

        db->pending = p->next;
        pk_pending_free(p);
    }
    db->pending_end = &db->pending;
    db->pending_bytes = 0;
}

static void pk_tsdb_free(struct pk_tsdb *db)
{
    for (unsigned i = 0; i < PK_SQL_N; i++)
        sqlite3_finalize(db->stmt[i]);
    sqlite3_close(db->sql);
    pk_pending_clear(db);
    for (size_t i = 0; i < db->n_slots; i++)
        if (db->by_text[i]) {
            free(db->by_text[i]->t);
            free(db->by_text[i]->v);
        }
    free(db->series);
    free(db->by_text);
    pk_arena_done(&db->arena);
    if (db->coder)
        pk_coder_free(&db->coder);
    free(db->t);
    free(db->v);
    free(db->path);
    if (db->lock >= 0)
        close(db->lock);
    free(db);
}

static void pk_tsdb_free_p(struct pk_tsdb **db)
{
    if (*db)
        pk_tsdb_free(*db);
}

/* Not a lock on the store itself: closing another descriptor of that would drop SQLite's own locks.
 */
static int pk_tsdb_lock(struct pk_tsdb *db, struct pk_diags *d)
{
    const struct pk_place at = {.file = db->path};
    char *name;

    if (asprintf(&name, "%s-lock", db->path) < 0)
        return pk_tsdb_no_memory(d);
    db->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    free(name);
    if (db->lock >= 0 && !flock(db->lock, LOCK_EX | LOCK_NB))
        return 0;
    if (db->lock >= 0 && errno == EWOULDBLOCK) {
        pk_error(d, PK_T_LOCKED, at, "one process records; others may read",
                 "another process writes to the store");
        return -EBUSY;
    }
    pk_error(d, errno == ENOSPC ? PK_T_FULL : PK_T_OPEN, at, NULL, "the store cannot be opened: %s",
             strerror(errno));
    return errno == ENOSPC ? -ENOSPC : -EACCES;
}

static int pk_tsdb_pragma(struct pk_tsdb *db, const char *text, int64_t *ret, struct pk_diags *d)
{
    sqlite3_stmt *s = NULL;
    int r = 0;

    if (sqlite3_prepare_v2(db->sql, text, -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        *ret = sqlite3_column_int64(s, 0);
    else
        r = pk_sql_fail(db, d);
    sqlite3_finalize(s);
    return r;
}

static int pk_tsdb_exec(struct pk_tsdb *db, const char *text, struct pk_diags *d)
{
    int r = 0;

    if (sqlite3_exec(db->sql, text, NULL, NULL, NULL) != SQLITE_OK)
        r = pk_sql_fail(db, d);
    if (r && !sqlite3_get_autocommit(db->sql))
        sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
    return r;
}

/* Is the file ours, and of this format? An empty one becomes so. */
static int pk_tsdb_format(struct pk_tsdb *db, struct pk_diags *d)
{
    const struct pk_place at = {.file = db->path};
    int64_t application = 0, format = 0, objects = 0;
    int r = pk_tsdb_pragma(db, "PRAGMA application_id", &application, d);

    if (!r)
        r = pk_tsdb_pragma(db, "PRAGMA user_version", &format, d);
    if (!r)
        r = pk_tsdb_pragma(db, "SELECT count(*) FROM sqlite_schema", &objects, d);
    if (r)
        return r;
    if (!objects && !application && !db->options.read_only)
        return pk_tsdb_exec(db, schema, d);
    if (application == APPLICATION_ID && format == FORMAT)
        return 0;
    pk_error(d, PK_T_FOREIGN, at, "name another file",
             application == APPLICATION_ID ? "a store of format %jd; this program knows format 2"
                                           : "this is no store of Picket's",
             (intmax_t)format);
    return -EMEDIUMTYPE;
}

static int pk_tsdb_open_sql(struct pk_tsdb *db, struct pk_diags *d)
{
    const struct pk_place at = {.file = db->path};
    int flags =
        db->options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

    if (sqlite3_open_v2(db->path, &db->sql, flags | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK) {
        int r = db->sql ? pk_sql_errno(db->sql) : ENOMEM;

        pk_error(d, PK_T_OPEN, at, r == ENOENT ? "`picket record` makes it" : NULL,
                 "the store cannot be opened: %s", strerror(r));
        return -r;
    }
    sqlite3_busy_timeout(db->sql, BUSY_MS);
    sqlite3_exec(db->sql, mapping, NULL, NULL, NULL);
    sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return 0;
}

static int pk_tsdb_prepare(struct pk_tsdb *db, struct pk_diags *d)
{
    int64_t pages = 0;
    int r = pk_tsdb_pragma(db, "PRAGMA page_count", &pages, d);

    if (!r && !pages)
        r = pk_tsdb_exec(db, pragmas_new, d);
    return r ? r : pk_tsdb_exec(db, pragmas, d);
}

static int pk_tsdb_start(struct pk_tsdb *db, struct pk_diags *d)
{
    int r = db->options.read_only ? 0 : pk_tsdb_lock(db, d);

    if (!r)
        r = pk_tsdb_open_sql(db, d);
    if (!r && !db->options.read_only)
        r = pk_tsdb_prepare(db, d);
    if (!r)
        r = pk_tsdb_format(db, d);
    if (!r && db->options.read_only)
        r = pk_tsdb_exec(db, "BEGIN", d); /* the snapshot */
    if (!r)
        r = pk_series_load(db, d);
    return r ? r : pk_log_load(db, d);
}

int pk_tsdb_open(const char *path, const struct pk_tsdb_options *o, struct pk_diags *d,
                 struct pk_tsdb **ret)
{
    __attribute__((cleanup(pk_tsdb_free_p))) struct pk_tsdb *db = calloc(1, sizeof(*db));
    int r;

    if (!db)
        return pk_tsdb_no_memory(d);
    db->lock = -1;
    db->options = *o;
    if (!db->options.series_max || db->options.series_max > PK_TSDB_SERIES_MAX)
        db->options.series_max = PK_TSDB_SERIES_MAX;
    db->pending_end = &db->pending;
    db->path = strdup(path);
    db->t = calloc(PK_MERGED_MAX, sizeof(*db->t));
    db->v = calloc(PK_MERGED_MAX, sizeof(*db->v));
    if (!db->path || !db->t || !db->v || pk_coder_new(&db->coder))
        return pk_tsdb_no_memory(d);
    r = pk_tsdb_start(db, d);
    if (!r)
        *ret = PK_TAKE_PTR(db);
    return r;
}

static int pk_seal_rollups(struct pk_tsdb *db, struct pk_pending *p)
{
    int r = 0;

    for (unsigned tier = 0; tier < PK_TIER_N && db->options.rollups && !r; tier++)
        r = pk_rollup_write(db, p, tier, &p->rollup[tier]);
    return r;
}

/* The unsealed points become a block that waits for the next commit. */
int pk_seal(struct pk_tsdb *db, struct pk_series *s)
{
    struct pk_pending *p = calloc(1, sizeof(*p));
    int r;

    if (!p)
        return -ENOMEM;
    p->head = p->body = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);
    p->rollup[PK_TIER_MINUTE] = p->rollup[PK_TIER_HOUR] = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);
    p->series = s;
    p->t0 = s->t[0];
    r = pk_block_write(db->coder, &s->metric.spec, s->t, s->v, s->n, &p->head, &p->body);
    if (!r)
        r = pk_seal_rollups(db, p);
    if (r) {
        pk_pending_free(p);
        return r;
    }
    *db->pending_end = p;
    db->pending_end = &p->next;
    db->pending_bytes += p->head.cap + p->body.cap + sizeof(*p);
    s->t_sealed = s->t_last;
    s->n = s->n_logged = 0;
    return 0;
}

/* Does the block end before a point at t? The file's header comment in tsdb.h says when and why. */
static bool pk_seal_due(const struct pk_series *s, int64_t t)
{
    int64_t first, last;

    if (!s->n || s->n == PK_BLOCK_MAX)
        return s->n > 0;
    first = s->t[0];
    last = s->t_last;
    if ((uint64_t)t - (uint64_t)first > INT64_MAX)
        return true; /* a block's span is a signed number */
    if (pk_period(last, PK_DAY) != pk_period(t, PK_DAY))
        return s->n >= PK_TSDB_SEAL_MIN || (uint64_t)last - (uint64_t)first >= 7 * (uint64_t)PK_DAY;
    return s->n >= PK_TSDB_SEAL_MIN && pk_period(first, PK_HOUR) == pk_period(last, PK_HOUR) &&
           pk_period(last, PK_HOUR) != pk_period(t, PK_HOUR);
}

int pk_tsdb_add(struct pk_tsdb *db, struct pk_series *s, int64_t t, union pk_value v,
                struct pk_diags *d)
{
    int r = s->id ? 0 : pk_series_revive(db, s, d);

    if (r)
        return r;
    if (s->n ? t <= s->t_last : t <= s->t_last && s->t_last != INT64_MIN)
        return -ESTALE;
    if (pk_seal_due(s, t)) {
        r = db->pending_bytes >= PK_TSDB_PENDING_MAX ? pk_tsdb_commit(db, d) : 0;
        if (r)
            return r;
        if (pk_seal(db, s))
            return pk_tsdb_no_memory(d);
    }
    return pk_series_push(s, t, v) ? pk_tsdb_no_memory(d) : 0;
}

static int pk_pending_write(struct pk_tsdb *db, const struct pk_pending *p, struct pk_diags *d)
{
    sqlite3_stmt *q = pk_sql(db, PK_SQL_BLOCK_ADD);
    int r;

    sqlite3_bind_int64(q, 1, p->series->id);
    sqlite3_bind_int64(q, 2, p->t0);
    pk_sql_blob(q, 3, &p->head);
    pk_sql_blob(q, 4, &p->body);
    r = pk_sql_run(db, q, d);
    for (unsigned tier = 0; tier < PK_TIER_N && !r; tier++) {
        if (!p->rollup[tier].len)
            continue;
        q = pk_sql(db, PK_SQL_ROLLUP_ADD);
        sqlite3_bind_int64(q, 1, tier);
        sqlite3_bind_int64(q, 2, p->series->id);
        sqlite3_bind_int64(q, 3, p->t0);
        pk_sql_blob(q, 4, &p->rollup[tier]);
        r = pk_sql_run(db, q, d);
    }
    return r;
}

static int pk_commit_all(struct pk_tsdb *db, struct pk_diags *d)
{
    int r = pk_sql_run(db, pk_sql(db, PK_SQL_BEGIN), d);

    if (!r)
        r = pk_series_write(db, d);
    for (const struct pk_pending *p = db->pending; p && !r; p = p->next)
        r = pk_pending_write(db, p, d);
    if (!r)
        r = pk_log_write(db, d);
    return r ? r : pk_sql_run(db, pk_sql(db, PK_SQL_COMMIT), d);
}

int pk_tsdb_commit(struct pk_tsdb *db, struct pk_diags *d)
{
    size_t log_bytes = db->log_bytes;
    bool has_tails = db->has_tails;
    int r;

    if (db->options.read_only)
        return 0;
    r = pk_commit_all(db, d);
    if (r) {
        db->log_bytes = log_bytes;
        db->has_tails = has_tails;
        if (!sqlite3_get_autocommit(db->sql))
            sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
        return r;
    }
    pk_pending_clear(db);
    db->n_stored = db->n_series;
    for (size_t i = 0; i < db->n_series; i++)
        db->series[i]->n_logged = db->series[i]->n;
    return 0;
}

int pk_tsdb_seal(struct pk_tsdb *db, struct pk_diags *d)
{
    for (size_t i = 0; i < db->n_series; i++)
        if (db->series[i]->n && pk_seal(db, db->series[i]))
            return pk_tsdb_no_memory(d);
    return pk_tsdb_commit(db, d);
}

int pk_tsdb_close(struct pk_tsdb **db, struct pk_diags *d)
{
    struct pk_tsdb *old = PK_TAKE_PTR(*db);
    int r;

    old->closing = true;
    r = pk_tsdb_commit(old, d);
    if (!r && !old->options.read_only) /* give back what the log took; if not, no harm is done */
        sqlite3_exec(old->sql, "PRAGMA incremental_vacuum", NULL, NULL, NULL);
    pk_tsdb_free(old);
    return r;
}
