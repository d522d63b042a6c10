// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The store: the series of one host in one SQLite file (WAL). One process writes, any number read.
 *
 * What is lost and what is not. pk_tsdb_commit stores, in one transaction that is on the disk when
 * it returns 0, all points added since the last one: those of sealed blocks as blocks, the others
 * in a log. A process that is killed, or a machine that stops, at any point loses at most the
 * points added after the last commit that returned 0; no sealed block, and nothing of an earlier
 * commit. pk_tsdb_add commits by itself when PK_TSDB_PENDING_MAX bytes of sealed blocks wait. A
 * commit that fails (a full disk) stores nothing and forgets nothing: the points wait in memory,
 * and a later commit stores them; while as many bytes wait, pk_tsdb_add refuses points with the
 * same error.
 *
 * A block is sealed when it has PK_BLOCK_MAX points; when an hour (UTC) ends in which it began and
 * of which it has PK_TSDB_SEAL_MIN points or more; and when a day ends and it has that many, or is
 * a week old. So blocks of series of about a point a second lie within an hour, and questions by
 * the hour are answered from their heads.
 *
 * pk_tsdb_keep merges blocks of a day that are small (tsdb_merge.c) once it is over: blocks of up
 * to PK_MERGED_MAX points, in fewer rows.
 *
 * Memory: 16 bytes for each unsealed point, 128 KiB a series at most; PK_TSDB_PENDING_MAX; a coder.
 * The log's size is bounded by PK_TSDB_LOG_MAX or 8 bytes a waiting point, whichever is more: then
 * the unsealed blocks are written as they are, losslessly encoded, and the log is emptied.
 */
#pragma once

#include "telemetry/agg.h"
#include "telemetry/block.h"
#include "telemetry/metric.h"

#define PK_TSDB_PENDING_MAX (4u << 20)
#define PK_TSDB_LOG_MAX (4u << 20)
#define PK_TSDB_SEAL_MIN 2048u
#define PK_TSDB_SERIES_MAX 1000000u

struct pk_tsdb;

/* A series of an open store; lives as long as that. Read, do not change. One of which nothing is
 * stored any more is dropped from the store by pk_tsdb_keep, and enters it anew with its next
 * point. */
struct pk_series {
    int64_t id;       /* 0: dropped */
    bool has_points;  /* pk_tsdb_keep, at work: it is not dropped */
    const char *text; /* pk_metric_text */
    struct pk_metric metric;
    int64_t t_last;          /* of the newest point; INT64_MIN: there is none */
    int64_t t_sealed;        /* of the newest that is sealed */
    int64_t t_merged;        /* small blocks that begin before are merged, as far as they can be */
    size_t n, cap, n_logged; /* points not sealed; of them, those that a commit has stored */
    int64_t *t;
    union pk_value *v;
};

struct pk_tsdb_options {
    bool read_only;    /* a snapshot: what others commit later is not seen. Keep it open briefly. */
    bool rollups;      /* write 1 min and 1 h roll-ups when blocks are sealed */
    size_t series_max; /* 0: PK_TSDB_SERIES_MAX */
};

/* Opens, and unless read_only makes, the store. 0 or -errno with a diagnostic. */
int pk_tsdb_open(const char *path, const struct pk_tsdb_options *o, struct pk_diags *d,
                 struct pk_tsdb **ret);
/* Commits and closes. The store is closed in any case; not 0: the last commit failed. */
int pk_tsdb_close(struct pk_tsdb **db, struct pk_diags *d);

/* The series of a metric, made if there is none, and stored with the next commit. -ENOSPC:
 * series_max; -EEXIST: known with another kind, scale or error bound. */
int pk_tsdb_series(struct pk_tsdb *db, const struct pk_metric *m, struct pk_diags *d,
                   struct pk_series **ret);

/* Adds a point: t in ns since 1970, newer than the series' last, else -ESTALE without a diagnostic.
 */
int pk_tsdb_add(struct pk_tsdb *db, struct pk_series *s, int64_t t, union pk_value v,
                struct pk_diags *d);
int pk_tsdb_commit(struct pk_tsdb *db, struct pk_diags *d);
/* Seals what is unsealed, and commits. For an end of recording, and for tests. */
int pk_tsdb_seal(struct pk_tsdb *db, struct pk_diags *d);

/* All series, in the order of their ids. */
size_t pk_tsdb_count(const struct pk_tsdb *db);
struct pk_series *pk_tsdb_at(const struct pk_tsdb *db, size_t i);
/* The next series from *i on that the selector matches, *i behind it; NULL: no more. */
struct pk_series *pk_tsdb_next(const struct pk_tsdb *db, const struct pk_metric *selector,
                               size_t *i);

/* Called for each step that has points; t is its begin. Not 0 ends the query, which returns it. */
typedef int pk_tsdb_step_fn(void *arg, int64_t t, const struct pk_agg *a);
/* Called with up to PK_BLOCK_MAX points. */
typedef int pk_tsdb_points_fn(void *arg, const int64_t *t, const union pk_value *v, size_t n);

/*
 * The points with from <= t < to, in steps from `from` on; step 0: all in one. Blocks that lie in a
 * step are not decoded. What has been deleted from the blocks is taken from roll-ups where they
 * reach back further; a roll-up's minute or hour counts for the step in which it begins, and is in
 * the range if its begin is. Sums of roll-ups are rounded to double.
 */
int pk_tsdb_query(struct pk_tsdb *db, const struct pk_series *s, int64_t from, int64_t to,
                  int64_t step, pk_tsdb_step_fn *each, void *arg, struct pk_diags *d);
int pk_tsdb_points(struct pk_tsdb *db, const struct pk_series *s, int64_t from, int64_t to,
                   pk_tsdb_points_fn *each, void *arg, struct pk_diags *d);

/* The newest point before `when`, in at most one block. 1, 0: there is none, or -errno. */
int pk_tsdb_before(struct pk_tsdb *db, const struct pk_series *s, int64_t when, int64_t *ret_t,
                   union pk_value *ret, struct pk_diags *d);

/* Retention. 0 keeps for ever. */
struct pk_keep {
    int64_t raw, minute, hour; /* ns: blocks and roll-ups whose points are all older are deleted */
    uint64_t bytes;            /* of pages in use: then the oldest, blocks before roll-ups */
};

/* When the catalogue is fuller than this share of series_max, series that have but roll-ups left go
 * with these, the longest known first: a host whose rules come and go must not run out of series.
 */
#define PK_TSDB_CROWDED(max) ((max) - (max) / 4)

/* Besides, merges small blocks of days that were over at `now`; as many as take a second or so,
 * the others with the next call. */
int pk_tsdb_keep(struct pk_tsdb *db, const struct pk_keep *keep, int64_t now, struct pk_diags *d);

/* What sealed blocks take. */
struct pk_usage {
    uint64_t blocks, points, bytes;
    uint64_t constant, zone, rough; /* blocks with that flag */
    double error;                   /* posits: the greatest relative error made */
};

/* Sums up the blocks of a series by codec, without decoding. */
int pk_tsdb_usage(struct pk_tsdb *db, const struct pk_series *s, struct pk_usage ret[PK_CODEC_N],
                  struct pk_diags *d);

/* Where the bytes are. Rows of log and tails are what is unsealed, twice for a while. */
struct pk_sizes {
    uint64_t file, wal;        /* files */
    uint64_t pages_free;       /* bytes within the file that can be used again */
    uint64_t blocks, n_blocks; /* heads and bodies */
    uint64_t log, n_log;       /* commits since the log was emptied */
    uint64_t tails, n_tails;
    uint64_t minute, n_minute; /* roll-ups */
    uint64_t hour, n_hour;
};

int pk_tsdb_sizes(struct pk_tsdb *db, struct pk_sizes *ret, struct pk_diags *d);
