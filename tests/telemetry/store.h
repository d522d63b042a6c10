// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For tests of the store: one in a folder of its own, and a model of it, a list of points in memory
 * with which it is filled and compared.
 */
#pragma once

#include <errno.h>
#include <sqlite3.h>
#include <unistd.h>

#include "model.h"
#include "telemetry/tsdb.h"

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define START (INT64_C(1700000000) * SECOND - 800 * SECOND) /* a full hour */
#define POINTS 60000
#define SERIES 3

static char folder[] = "/tmp/picket-tsdb-XXXXXX", path[64];

/* What should be in the store. */
struct model {
    struct pk_metric metric;
    size_t n;
    int64_t t[POINTS];
    union pk_value v[POINTS];
};

static struct model models[SERIES];

static inline void remove_store(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
    char name[80];

    for (size_t i = 0; i < PK_ARRAY_SIZE(ends); i++) {
        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        unlink(name);
    }
}

static inline struct pk_tsdb *open_store(const struct pk_tsdb_options *o)
{
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db = NULL;
    int r = pk_tsdb_open(path, o, &d, &db);

    if (r)
        pk_diags_print(&d, stderr);
    assert_int_equal(r, 0);
    return db;
}

static inline void close_store(struct pk_tsdb **db)
{
    _pk_diags_ struct pk_diags d = {0};

    assert_int_equal(pk_tsdb_close(db, &d), 0);
}

static inline void make_models(void)
{
    static const char *const names[SERIES] = {"rtt", "bytes_total", "rate"};

    for (unsigned s = 0; s < SERIES; s++) {
        struct model *m = &models[s];

        memset(m, 0, sizeof(*m));
        m->metric = (struct pk_metric){.name = names[s], .unit = "x"};
        m->metric.spec.counter = s == 1;
        m->metric.spec.error = s == 2 ? 1e-3 : 0;
    }
}

/* The next point of each series; they go at different paces. */
static inline void add_points(struct pk_tsdb *db, struct pk_diags *d)
{
    static const int64_t pace[SERIES] = {SECOND, SECOND / 10, 97 * SECOND};

    for (unsigned s = 0; s < SERIES; s++) {
        struct model *m = &models[s];
        struct pk_series *series;
        size_t i = m->n++;

        m->t[i] = (i ? m->t[i - 1] : START) + pace[s] - 5 + (int64_t)model_below(10);
        if (s == 1)
            m->v[i].counter = i % 9000 ? m->v[i - 1].counter + model_below(5000) : model_below(9);
        else
            m->v[i].gauge = s ? exp(6 * model_uniform()) : floor(20000 * model_uniform()) / 1000;
        assert_int_equal(pk_tsdb_series(db, &m->metric, d, &series), 0);
        assert_int_equal(pk_tsdb_add(db, series, m->t[i], m->v[i], d), 0);
        assert_int_equal(pk_tsdb_add(db, series, m->t[i], m->v[i], d), -ESTALE);
    }
}

/* Writes n points to each, committing and closing now and then. */
static inline void fill(size_t n, const struct pk_tsdb_options *o)
{
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db = open_store(o);

    for (size_t i = 0; i < n; i++) {
        add_points(db, &d);
        if (!model_below(1000))
            assert_int_equal(pk_tsdb_commit(db, &d), 0);
        if (!model_below(9000)) {
            close_store(&db);
            db = open_store(o);
        }
    }
    close_store(&db);
    assert_int_equal(d.n_errors, 0);
}

struct reading {
    struct model *m;
    size_t at;
};

static inline bool stored_as(const struct model *m, union pk_value given, union pk_value got)
{
    if (m->metric.spec.error == 0 || given.counter == got.counter)
        return given.counter == got.counter;
    return fabs(got.gauge - given.gauge) <= m->metric.spec.error * fabs(given.gauge);
}

static inline int read_points(void *arg, const int64_t *t, const union pk_value *v, size_t n)
{
    struct reading *r = arg;

    for (size_t i = 0; i < n; i++, r->at++) {
        assert_true(r->at < r->m->n);
        assert_int_equal(t[i], r->m->t[r->at]);
        assert_true(stored_as(r->m, r->m->v[r->at], v[i]));
        r->m->v[r->at] = v[i]; /* from now on the model knows what is stored */
    }
    return 0;
}

static inline struct pk_series *find(struct pk_tsdb *db, const char *name)
{
    const struct pk_metric selector = {.name = name};
    size_t i = 0;

    return pk_tsdb_next(db, &selector, &i);
}

static inline void check_points(struct pk_tsdb *db)
{
    _pk_diags_ struct pk_diags d = {0};

    for (unsigned s = 0; s < SERIES; s++) {
        struct reading r = {.m = &models[s]};

        assert_int_equal(pk_tsdb_points(db, find(db, models[s].metric.name), INT64_MIN, INT64_MAX,
                                        read_points, &r, &d),
                         0);
        assert_int_equal(r.at, models[s].n);
    }
}

struct asking {
    const struct model *m;
    int64_t from, to, step;
    size_t at; /* the next point that is expected */
    bool sums; /* sums are compared, too */
};

static inline int check_step(void *arg, int64_t t, const struct pk_agg *a)
{
    struct asking *q = arg;
    size_t first = q->at, n = 0;
    struct pk_agg want;

    while (first + n < q->m->n && q->m->t[first + n] < q->to &&
           (!q->step || q->m->t[first + n] - t < q->step))
        n++;
    assert_true(n > 0 && q->m->t[first] >= t && (t - q->from) % PK_MAX(q->step, 1) == 0);
    pk_agg_points(q->m->metric.spec.counter, q->m->t + first, q->m->v + first, n, &want);
    assert_int_equal(a->count, n);
    assert_int_equal(a->rise, want.rise);
    assert_int_equal(a->min.counter, want.min.counter);
    assert_int_equal(a->max.counter, want.max.counter);
    assert_int_equal(a->first.counter, want.first.counter);
    assert_int_equal(a->last.counter, want.last.counter);
    if (q->sums)
        assert_true(fabs(pk_sum_value(&a->sum) - pk_sum_value(&want.sum)) <=
                    1e-12 * fabs(pk_sum_value(&want.sum)));
    q->at += n;
    return 0;
}

static inline void ask(struct pk_tsdb *db, const struct model *m, int64_t from, int64_t to,
                       int64_t step)
{
    _pk_diags_ struct pk_diags d = {0};
    struct asking q = {.m = m, .from = from, .to = to, .step = step, .sums = true};
    size_t end;

    while (q.at < m->n && m->t[q.at] < from)
        q.at++;
    for (end = q.at; end < m->n && m->t[end] < to; end++)
        ;
    assert_int_equal(
        pk_tsdb_query(db, find(db, m->metric.name), from, to, step, check_step, &q, &d), 0);
    assert_int_equal(q.at, PK_MAX(end, q.at));
}

static inline void check_queries(struct pk_tsdb *db)
{
    static const int64_t steps[] = {HOUR, 60 * SECOND, DAY, 7 * SECOND, 5000 * SECOND, 400 * DAY};

    for (unsigned i = 0; i < 60; i++) {
        const struct model *m = &models[i % SERIES];
        int64_t span = m->t[m->n - 1] - START, from = START, to = START + span + 1;

        if (i % 4) {
            from += (int64_t)model_below((uint64_t)span);
            to = from + 1 + (int64_t)model_below((uint64_t)span);
        }
        if (i % 8 >= 4)
            from -= from % HOUR;
        ask(db, m, from, to, steps[i / 2 % PK_ARRAY_SIZE(steps)]);
        ask(db, m, from, to, 0);
    }
}

static inline int count_points(void *arg, const int64_t *t, const union pk_value *v, size_t n)
{
    *(size_t *)arg += n;
    return 0;
}

static inline size_t points_of(struct pk_tsdb *db, const struct pk_series *s)
{
    _pk_diags_ struct pk_diags d = {0};
    size_t n = 0;

    assert_int_equal(pk_tsdb_points(db, s, INT64_MIN, INT64_MAX, count_points, &n, &d), 0);
    return n;
}

/* All that the models have is there, and the store is done with. */
static inline void check_and_close(struct pk_tsdb **db)
{
    check_points(*db);
    check_queries(*db);
    close_store(db);
}

static inline void run_sql(const char *text)
{
    sqlite3 *sql;

    assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sql, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sql);
}

static inline int setup(void **state)
{
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/store", folder);
    return 0;
}

static inline int teardown(void **state)
{
    remove_store();
    return rmdir(folder);
}
