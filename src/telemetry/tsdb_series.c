// SPDX-License-Identifier: GPL-2.0-or-later
/* The catalogue: which series there are. */
#include "telemetry/tsdb_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/macro.h"

#define POINTS_FIRST 64u

size_t pk_tsdb_count(const struct pk_tsdb *db)
{
    return db->n_series;
}

struct pk_series *pk_tsdb_at(const struct pk_tsdb *db, size_t i)
{
    return db->series[i];
}

struct pk_series *pk_tsdb_next(const struct pk_tsdb *db, const struct pk_metric *selector,
                               size_t *i)
{
    while (*i < db->n_series) {
        struct pk_series *s = db->series[(*i)++];

        if (pk_metric_matches(&s->metric, selector))
            return s;
    }
    return NULL;
}

/* Ids rise with the place in the array. */
struct pk_series *pk_series_by_id(const struct pk_tsdb *db, int64_t id)
{
    size_t low = 0, high = db->n_series;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (db->series[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < db->n_series && db->series[low]->id == id ? db->series[low] : NULL;
}

/* The slot of a text: where it is, or where it would go. */
static struct pk_series **pk_slot(const struct pk_tsdb *db, const char *text)
{
    size_t i = pk_hash64(text, strlen(text), 0) & (db->n_slots - 1);

    while (db->by_text[i] && strcmp(db->by_text[i]->text, text) != 0)
        i = (i + 1) & (db->n_slots - 1);
    return &db->by_text[i];
}

static int pk_slots_grow(struct pk_tsdb *db)
{
    struct pk_series **old = db->by_text;

    size_t n_old = db->n_slots;

    if (db->n_named * 2 < db->n_slots)
        return 0;
    db->by_text = calloc(PK_MAX(db->n_slots * 2, (size_t)64), sizeof(*db->by_text));
    if (!db->by_text) {
        db->by_text = old;
        return -ENOMEM;
    }
    db->n_slots = PK_MAX(db->n_slots * 2, (size_t)64);
    for (size_t i = 0; i < n_old; i++)
        if (old[i])
            *pk_slot(db, old[i]->text) = old[i];
    free(old);
    return 0;
}

static int pk_series_room(struct pk_tsdb *db)
{
    size_t cap = PK_MAX(db->cap_series * 2, (size_t)64);
    struct pk_series **grown;

    if (db->n_series == db->cap_series) {
        grown = realloc(db->series, cap * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        db->series = grown;
        db->cap_series = cap;
    }
    return pk_slots_grow(db);
}

/* A series whose texts are in the arena; pk_series_room has been called. */
static struct pk_series *pk_series_make(struct pk_tsdb *db, const char *text,
                                        const struct pk_metric *spec, struct pk_diags *d)
{
    struct pk_series *s = pk_arena_new(&db->arena, struct pk_series);
    struct pk_metric parsed;

    if (!s || pk_metric_parse(text, &db->arena, &parsed, d))
        return NULL;
    s->metric = parsed;
    s->metric.spec = spec->spec;
    s->metric.unit = pk_arena_strdup(&db->arena, spec->unit ? spec->unit : "");
    s->text = pk_arena_strdup(&db->arena, text);
    s->t_last = s->t_sealed = s->t_merged = INT64_MIN;
    return s->metric.unit && s->text ? s : NULL;
}

static void pk_series_enter(struct pk_tsdb *db, struct pk_series *s)
{
    struct pk_series **slot = pk_slot(db, s->text);

    db->n_named += !*slot;
    *slot = s;
    db->series[db->n_series++] = s;
    db->last_id = PK_MAX(db->last_id, s->id);
}

int pk_series_push(struct pk_series *s, int64_t t, union pk_value v)
{
    if (s->n == s->cap) {
        size_t cap = PK_MAX(s->cap * 2, (size_t)POINTS_FIRST);
        int64_t *times = realloc(s->t, cap * sizeof(*times));
        union pk_value *values;

        if (!times)
            return -ENOMEM;
        s->t = times;
        values = realloc(s->v, cap * sizeof(*values));
        if (!values)
            return -ENOMEM;
        s->v = values;
        s->cap = cap;
    }
    s->t[s->n] = s->t_last = t;
    s->v[s->n++] = v;
    return 0;
}

/* When its newest sealed block ends. */
static int pk_series_load_last(struct pk_tsdb *db, struct pk_series *s, struct pk_diags *d)
{
    sqlite3_stmt *q = pk_sql(db, PK_SQL_BLOCK_LAST);
    struct pk_block_head head;
    int r;

    sqlite3_bind_int64(q, 1, s->id);
    r = pk_sql_step(db, q, d);
    if (r <= 0)
        return r;
    r = pk_block_head_read(sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0), &head);
    sqlite3_reset(q);
    if (r)
        return pk_tsdb_damaged(db, s->text, d);
    s->t_last = s->t_sealed = head.agg.t_last;
    /* What is older was looked at by who wrote it. */
    if (__builtin_mul_overflow(pk_period(s->t_sealed, PK_DAY) - 1, PK_DAY, &s->t_merged))
        s->t_merged = INT64_MIN;
    return 0;
}

static int pk_series_load_one(struct pk_tsdb *db, sqlite3_stmt *q, struct pk_diags *d)
{
    const char *text = (const char *)sqlite3_column_text(q, 1);
    struct pk_metric m = {.unit = (const char *)sqlite3_column_text(q, 2),
                          .spec = {.counter = sqlite3_column_int(q, 3) != 0,
                                   .scale = sqlite3_column_int(q, 4),
                                   .error = sqlite3_column_double(q, 5)}};
    struct pk_series *s;

    if (!text || db->n_series >= PK_TSDB_SERIES_MAX)
        return pk_tsdb_damaged(db, "its list of series", d);
    if (pk_series_room(db))
        return pk_tsdb_no_memory(d);
    s = pk_series_make(db, text, &m, d);
    if (!s || sqlite3_column_int64(q, 0) <= 0 || *pk_slot(db, text) ||
        !(m.spec.error >= 0 && m.spec.error < 1) || abs(m.spec.scale) > PK_SCALE_MAX)
        return pk_tsdb_damaged(db, "its list of series", d);
    s->id = sqlite3_column_int64(q, 0);
    pk_series_enter(db, s);
    return 0;
}

int pk_series_load(struct pk_tsdb *db, struct pk_diags *d)
{
    sqlite3_stmt *q = pk_sql(db, PK_SQL_SERIES_ALL);
    int r;

    while ((r = pk_sql_step(db, q, d)) > 0) {
        r = pk_series_load_one(db, q, d);
        if (r) {
            sqlite3_reset(q);
            return r;
        }
    }
    db->n_stored = db->n_series;
    for (size_t i = 0; i < db->n_series && !r; i++)
        r = pk_series_load_last(db, db->series[i], d);
    return r;
}

static int pk_series_insert(struct pk_tsdb *db, const struct pk_series *s, struct pk_diags *d)
{
    sqlite3_stmt *q = pk_sql(db, PK_SQL_SERIES_ADD);

    sqlite3_bind_int64(q, 1, s->id);
    sqlite3_bind_text(q, 2, s->text, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 3, s->metric.unit, -1, SQLITE_STATIC);
    sqlite3_bind_int(q, 4, s->metric.spec.counter);
    sqlite3_bind_int(q, 5, s->metric.spec.scale);
    sqlite3_bind_double(q, 6, s->metric.spec.error);
    return pk_sql_run(db, q, d);
}

int pk_series_write(struct pk_tsdb *db, struct pk_diags *d)
{
    int r = 0;

    for (size_t i = db->n_stored; i < db->n_series && !r; i++)
        r = pk_series_insert(db, db->series[i], d);
    return r;
}

static int pk_series_known(struct pk_series *s, const struct pk_metric *m, struct pk_diags *d,
                           struct pk_series **ret)
{
    const struct pk_value_spec *a = &s->metric.spec, *b = &m->spec;

    if (a->counter != b->counter || a->scale != b->scale || a->error != b->error) {
        pk_error(d, PK_T_SERIES_DIFFERS, PK_NOWHERE, "give it another name or label",
                 "%s is known with another kind, scale or error bound", s->text);
        return -EEXIST;
    }
    *ret = s;
    return 0;
}

/* Room for one more series. */
static int pk_series_admit(struct pk_tsdb *db, const char *text, struct pk_diags *d)
{
    size_t max = db->options.series_max;

    if (db->options.read_only) {
        pk_error(d, PK_T_READ_ONLY, PK_NOWHERE, NULL, "the store has no series %s", text);
        return -EROFS;
    }
    if (db->n_series >= max) {
        pk_error(d, PK_T_SERIES_MAX, PK_NOWHERE, "raise the limit, or record fewer",
                 "%zu series are the most, so this one is not recorded: %s", max, text);
        return -ENOSPC;
    }
    if (db->last_id == INT64_MAX)
        return pk_tsdb_damaged(db, "its list of series", d);
    return pk_series_room(db) ? pk_tsdb_no_memory(d) : 0;
}

static int pk_series_new(struct pk_tsdb *db, const char *text, const struct pk_metric *m,
                         struct pk_diags *d, struct pk_series **ret)
{
    int r = pk_series_admit(db, text, d);
    struct pk_series *s;

    if (r)
        return r;
    s = pk_series_make(db, text, m, d);
    if (!s)
        return pk_tsdb_no_memory(d);
    s->id = db->last_id + 1;
    pk_series_enter(db, s);
    *ret = s;
    return 0;
}

int pk_series_revive(struct pk_tsdb *db, struct pk_series *s, struct pk_diags *d)
{
    int r = pk_series_admit(db, s->text, d);

    if (r)
        return r;
    s->id = db->last_id + 1;
    s->t_last = s->t_sealed = s->t_merged = INT64_MIN;
    pk_series_enter(db, s);
    return 0;
}

void pk_series_drop(struct pk_tsdb *db)
{
    size_t n = 0, stored = 0;

    for (size_t i = 0; i < db->n_series; i++) {
        struct pk_series *s = db->series[i];

        if (!s->has_points) {
            s->id = 0;
            continue;
        }
        stored += i < db->n_stored;
        db->series[n++] = s;
    }
    db->n_series = n;
    db->n_stored = stored;
}

int pk_tsdb_series(struct pk_tsdb *db, const struct pk_metric *m, struct pk_diags *d,
                   struct pk_series **ret)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_METRIC_TEXT_MAX);
    int r = pk_metric_text(m, &text, d);
    struct pk_series *s;

    if (r)
        return r;
    s = db->n_slots ? *pk_slot(db, text.data) : NULL;
    if (s && !s->id) {
        s->metric.spec = m->spec;
        r = pk_series_revive(db, s, d);
        if (r)
            return r;
    }
    return s ? pk_series_known(s, m, d, ret) : pk_series_new(db, text.data, m, d, ret);
}
