// SPDX-License-Identifier: GPL-2.0-or-later
/* What each receiver has, in an SQLite file of its own: the store may be another process's. */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "base/macro.h"
#include "telemetry/codes.h"
#include "telemetry/remote_internal.h"

/* "pkps". Exclusive: the first write takes a lock that is held until the file is closed. */
static const char schema[] =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = TRUNCATE;"
    "PRAGMA synchronous = FULL;"
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS mark (url TEXT NOT NULL, metric TEXT NOT NULL,"
    " stored INTEGER NOT NULL, sent INTEGER NOT NULL, PRIMARY KEY (url, metric)) WITHOUT ROWID;"
    "PRAGMA application_id = 1886089331;"
    "PRAGMA user_version = 1;"
    "COMMIT;";

enum { GET, PUT, BEGIN, END, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [GET] = "SELECT stored, sent FROM mark WHERE url = ?1 AND metric = ?2",
    [PUT] = "INSERT OR REPLACE INTO mark (url, metric, stored, sent) VALUES (?1, ?2, ?3, ?4)",
    [BEGIN] = "BEGIN IMMEDIATE",
    [END] = "COMMIT",
};

struct pk_marks {
    sqlite3 *sql;
    sqlite3_stmt *stmt[STATEMENTS];
    char *path, *url;
};

void pk_marks_close(struct pk_marks **m)
{
    struct pk_marks *old = PK_TAKE_PTR(*m);

    for (unsigned i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(old->stmt[i]);
    sqlite3_close(old->sql);
    free(old->path);
    free(old->url);
    free(old);
}

static int pk_marks_fail(struct pk_marks *m, struct pk_diags *d)
{
    const struct pk_place at = {.file = m->path};
    int rc = m->sql ? sqlite3_errcode(m->sql) : SQLITE_NOMEM;

    if (rc == SQLITE_BUSY) {
        pk_error(d, PK_T_LOCKED, at, "wait for its end", "another push is running");
        return -EBUSY;
    }
    pk_error(d, PK_T_REMOTE_STATE, at, "without it points could be lost or sent twice",
             "what was sent cannot be remembered: %s",
             m->sql ? sqlite3_errmsg(m->sql) : "out of memory");
    return rc == SQLITE_FULL ? -ENOSPC : -EIO;
}

int pk_marks_open(const char *path, const char *url, struct pk_diags *d, struct pk_marks **ret)
{
    _pk_marks_ struct pk_marks *m = calloc(1, sizeof(*m));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;

    if (!m)
        return -ENOMEM;
    m->path = strdup(path);
    m->url = strdup(url);
    if (!m->path || !m->url)
        return -ENOMEM;
    if (sqlite3_open_v2(path, &m->sql, flags, NULL) != SQLITE_OK)
        return pk_marks_fail(m, d);
    sqlite3_db_config(m->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(m->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (sqlite3_exec(m->sql, schema, NULL, NULL, NULL) != SQLITE_OK)
        return pk_marks_fail(m, d);
    for (unsigned i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v2(m->sql, texts[i], -1, &m->stmt[i], NULL) != SQLITE_OK)
            return pk_marks_fail(m, d);
    *ret = PK_TAKE_PTR(m);
    return 0;
}

static int pk_marks_run(struct pk_marks *m, sqlite3_stmt *s, struct pk_diags *d)
{
    int r = sqlite3_step(s) == SQLITE_DONE ? 0 : pk_marks_fail(m, d);

    sqlite3_reset(s);
    return r;
}

int pk_marks_get(struct pk_marks *m, const char *metric, struct pk_mark *ret, struct pk_diags *d)
{
    sqlite3_stmt *s = m->stmt[GET];
    int rc, r = 0;

    sqlite3_bind_text(s, 1, m->url, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, metric, -1, SQLITE_STATIC);
    rc = sqlite3_step(s);
    *ret = (struct pk_mark){INT64_MIN, INT64_MIN};
    if (rc == SQLITE_ROW)
        *ret = (struct pk_mark){sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1)};
    else if (rc != SQLITE_DONE)
        r = pk_marks_fail(m, d);
    sqlite3_reset(s);
    return r;
}

int pk_marks_begin(struct pk_marks *m, struct pk_diags *d)
{
    return pk_marks_run(m, m->stmt[BEGIN], d);
}

int pk_marks_put(struct pk_marks *m, const char *metric, struct pk_mark mark, struct pk_diags *d)
{
    sqlite3_stmt *s = m->stmt[PUT];

    sqlite3_bind_text(s, 1, m->url, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, metric, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, mark.stored);
    sqlite3_bind_int64(s, 4, mark.sent);
    return pk_marks_run(m, s, d);
}

int pk_marks_end(struct pk_marks *m, struct pk_diags *d)
{
    int r = pk_marks_run(m, m->stmt[END], d);

    if (r && !sqlite3_get_autocommit(m->sql))
        sqlite3_exec(m->sql, "ROLLBACK", NULL, NULL, NULL);
    return r;
}
