// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the store's bytes are. */
#include "telemetry/tsdb_internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"

/* Bytes and rows. */
static const struct {
    const char *sql;
    size_t bytes, rows; /* where in struct pk_sizes */
} counts[] = {
    {"SELECT coalesce(sum(length(head) + length(body)), 0), count(*) FROM block",
     offsetof(struct pk_sizes, blocks), offsetof(struct pk_sizes, n_blocks)},
    {"SELECT coalesce(sum(length(points)), 0), count(*) FROM log", offsetof(struct pk_sizes, log),
     offsetof(struct pk_sizes, n_log)},
    {"SELECT coalesce(sum(length(head) + length(body)), 0), count(*) FROM tail",
     offsetof(struct pk_sizes, tails), offsetof(struct pk_sizes, n_tails)},
    {"SELECT coalesce(sum(length(body)), 0), count(*) FROM rollup WHERE tier = 0",
     offsetof(struct pk_sizes, minute), offsetof(struct pk_sizes, n_minute)},
    {"SELECT coalesce(sum(length(body)), 0), count(*) FROM rollup WHERE tier = 1",
     offsetof(struct pk_sizes, hour), offsetof(struct pk_sizes, n_hour)},
    {"SELECT (SELECT freelist_count FROM pragma_freelist_count) *"
     " (SELECT page_size FROM pragma_page_size), 0",
     offsetof(struct pk_sizes, pages_free), offsetof(struct pk_sizes, pages_free)},
};

static int pk_sizes_row(struct pk_tsdb *db, size_t i, struct pk_sizes *s, struct pk_diags *d)
{
    sqlite3_stmt *q = NULL;
    int r = 0;

    if (sqlite3_prepare_v2(db->sql, counts[i].sql, -1, &q, NULL) != SQLITE_OK ||
        sqlite3_step(q) != SQLITE_ROW) {
        r = pk_sql_fail(db, d);
    } else {
        *(uint64_t *)((char *)s + counts[i].rows) = (uint64_t)sqlite3_column_int64(q, 1);
        *(uint64_t *)((char *)s + counts[i].bytes) = (uint64_t)sqlite3_column_int64(q, 0);
    }
    sqlite3_finalize(q);
    return r;
}

static uint64_t pk_file_bytes(const char *path, const char *end)
{
    _pk_free_ char *name = NULL;
    struct stat st;

    if (asprintf(&name, "%s%s", path, end) < 0) {
        name = NULL;
        return 0;
    }
    return stat(name, &st) ? 0 : (uint64_t)st.st_size;
}

int pk_tsdb_sizes(struct pk_tsdb *db, struct pk_sizes *ret, struct pk_diags *d)
{
    struct pk_sizes s = {.file = pk_file_bytes(db->path, ""),
                         .wal = pk_file_bytes(db->path, "-wal")};

    for (size_t i = 0; i < PK_ARRAY_SIZE(counts); i++) {
        int r = pk_sizes_row(db, i, &s, d);

        if (r)
            return r;
    }
    *ret = s;
    return 0;
}
