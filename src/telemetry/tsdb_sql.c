// SPDX-License-Identifier: GPL-2.0-or-later
/* Statements, and what SQLite's errors mean here. */
#include "telemetry/tsdb_internal.h"

#include <errno.h>

static const char *const texts[PK_SQL_N] = {
    [PK_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [PK_SQL_COMMIT] = "COMMIT",
    [PK_SQL_ROLLBACK] = "ROLLBACK",
    [PK_SQL_SERIES_ALL] = "SELECT id, metric, unit, counter, scale, error FROM series ORDER BY id",
    [PK_SQL_SERIES_ADD] = "INSERT INTO series (id, metric, unit, counter, scale, error)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [PK_SQL_SERIES_ROWS] = "SELECT EXISTS (SELECT 1 FROM block WHERE series = ?1),"
                           " EXISTS (SELECT 1 FROM rollup WHERE tier IN (0, 1) AND series = ?1)",
    [PK_SQL_SERIES_DROP] = "DELETE FROM series WHERE id = ?1",
    [PK_SQL_SERIES_DROP_ROLLUPS] = "DELETE FROM rollup WHERE tier IN (0, 1) AND series = ?1",
    [PK_SQL_BLOCK_ADD] = "INSERT INTO block (series, t0, head, body) VALUES (?1, ?2, ?3, ?4)",
    [PK_SQL_BLOCK_LAST] = "SELECT head FROM block WHERE series = ?1 ORDER BY t0 DESC LIMIT 1",
    [PK_SQL_BLOCK_FIRST] = "SELECT t0 FROM block WHERE series = ?1 ORDER BY t0 LIMIT 1",
    /* The block that begins before ?2 may reach into the range. */
    [PK_SQL_BLOCK_RANGE] =
        "SELECT head, body FROM block WHERE series = ?1 AND t0 < ?3 AND t0 >= coalesce("
        "(SELECT max(t0) FROM block WHERE series = ?1 AND t0 <= ?2), ?2) ORDER BY t0",
    [PK_SQL_BLOCK_NEWEST] =
        "SELECT head, body FROM block WHERE series = ?1 AND t0 < ?2 ORDER BY t0 DESC LIMIT 1",
    [PK_SQL_BLOCK_USAGE] = "SELECT head, length(body) FROM block WHERE series = ?1",
    [PK_SQL_BLOCK_HEADS] = "SELECT head, length(body) FROM block"
                           " WHERE series = ?1 AND t0 >= ?2 AND t0 < ?3 ORDER BY t0",
    [PK_SQL_BLOCK_RUN] = "SELECT head, body FROM block"
                         " WHERE series = ?1 AND t0 BETWEEN ?2 AND ?3 ORDER BY t0",
    [PK_SQL_BLOCK_REPLACE] = "UPDATE block SET head = ?3, body = ?4 WHERE series = ?1 AND t0 = ?2",
    [PK_SQL_BLOCK_DROP] = "DELETE FROM block WHERE series = ?1 AND t0 > ?2 AND t0 <= ?3",
    [PK_SQL_BLOCK_BEFORE] = "SELECT max(t0) FROM block WHERE series = ?1 AND t0 <= ?2",
    [PK_SQL_BLOCK_DELETE] = "DELETE FROM block WHERE series = ?1 AND t0 < ?2",
    [PK_SQL_BLOCK_OLDEST] =
        "DELETE FROM block WHERE id IN (SELECT id FROM block ORDER BY id LIMIT ?1)",
    [PK_SQL_ROLLUP_ADD] =
        "INSERT OR REPLACE INTO rollup (tier, series, t0, body) VALUES (?1, ?2, ?3, ?4)",
    [PK_SQL_ROLLUP_FIRST] =
        "SELECT t0 FROM rollup WHERE tier = ?1 AND series = ?2 ORDER BY t0 LIMIT 1",
    [PK_SQL_ROLLUP_RANGE] =
        "SELECT body FROM rollup WHERE tier = ?1 AND series = ?2 AND t0 < ?4 AND t0 >= coalesce("
        "(SELECT max(t0) FROM rollup WHERE tier = ?1 AND series = ?2 AND t0 <= ?3), ?3)"
        " ORDER BY t0",
    [PK_SQL_ROLLUP_BEFORE] =
        "SELECT max(t0) FROM rollup WHERE tier = ?3 AND series = ?1 AND t0 <= ?2",
    [PK_SQL_ROLLUP_DELETE] = "DELETE FROM rollup WHERE tier = ?3 AND series = ?1 AND t0 < ?2",
    [PK_SQL_ROLLUP_OLDEST] =
        "DELETE FROM rollup WHERE id IN (SELECT id FROM rollup ORDER BY id LIMIT ?1)",
    [PK_SQL_TAIL_ALL] = "SELECT series, head, body FROM tail",
    [PK_SQL_TAIL_ADD] = "INSERT INTO tail (series, head, body) VALUES (?1, ?2, ?3)",
    [PK_SQL_TAIL_CLEAR] = "DELETE FROM tail",
    [PK_SQL_LOG_ALL] = "SELECT points FROM log ORDER BY id",
    [PK_SQL_LOG_ADD] = "INSERT INTO log (points) VALUES (?1)",
    [PK_SQL_LOG_CLEAR] = "DELETE FROM log",
    [PK_SQL_PAGES_USED] = "SELECT ((SELECT page_count FROM pragma_page_count) -"
                          " (SELECT freelist_count FROM pragma_freelist_count)) *"
                          " (SELECT page_size FROM pragma_page_size)",
};

/* NULL if it cannot be prepared: the error is then SQLite's last. */
sqlite3_stmt *pk_sql(struct pk_tsdb *db, enum pk_sql which)
{
    sqlite3_stmt **s = &db->stmt[which];

    if (!*s)
        sqlite3_prepare_v3(db->sql, texts[which], -1, SQLITE_PREPARE_PERSISTENT, s, NULL);
    return *s;
}

void pk_sql_blob(sqlite3_stmt *s, int at, const struct pk_buf *b)
{
    sqlite3_bind_blob64(s, at, b->len ? b->data : "", b->len, SQLITE_STATIC);
}

int pk_sql_errno(sqlite3 *sql)
{
    int system = sqlite3_system_errno(sql);

    switch (sqlite3_errcode(sql)) {
    case SQLITE_FULL:
        return ENOSPC;
    case SQLITE_NOMEM:
        return ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return EBUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* a table that is not there, or has other columns */
    case SQLITE_SCHEMA:
        return EBADMSG;
    case SQLITE_READONLY:
        return EROFS;
    default:
        return system == ENOSPC || system == EDQUOT ? ENOSPC : system ? system : EIO;
    }
}

int pk_sql_fail(struct pk_tsdb *db, struct pk_diags *d)
{
    const struct pk_place at = {.file = db->path};
    int code = pk_sql_errno(db->sql);

    if (code == ENOSPC)
        pk_error(d, PK_T_FULL, at, "free some, or keep less; nothing stored before is lost",
                 "no space left for the store");
    else if (code == EBADMSG)
        pk_error(d, PK_T_DAMAGED, at, "move the file away; `sqlite3 FILE .recover` may save much",
                 "the store is damaged: %s", sqlite3_errmsg(db->sql));
    else
        pk_error(d, PK_T_SYSTEM, at, NULL, "the store: %s (%s)", sqlite3_errmsg(db->sql),
                 strerror(code));
    return -code;
}

int pk_tsdb_damaged(struct pk_tsdb *db, const char *what, struct pk_diags *d)
{
    const struct pk_place at = {.file = db->path};

    pk_error(d, PK_T_DAMAGED, at, "restore the file from a copy, or move it away",
             "the store is damaged: %s", what);
    return -EBADMSG;
}

int pk_tsdb_no_memory(struct pk_diags *d)
{
    pk_error(d, PK_T_MEMORY, PK_NOWHERE, NULL, "out of memory");
    return -ENOMEM;
}

int pk_sql_step(struct pk_tsdb *db, sqlite3_stmt *s, struct pk_diags *d)
{
    int rc = s ? sqlite3_step(s) : SQLITE_ERROR, r;

    if (rc == SQLITE_ROW)
        return 1;
    r = rc == SQLITE_DONE ? 0 : pk_sql_fail(db, d);
    if (s)
        sqlite3_reset(s);
    return r;
}

int pk_sql_run(struct pk_tsdb *db, sqlite3_stmt *s, struct pk_diags *d)
{
    int r = pk_sql_step(db, s, d);

    if (r > 0) {
        sqlite3_reset(s);
        r = 0;
    }
    if (s)
        sqlite3_clear_bindings(s);
    return r;
}
