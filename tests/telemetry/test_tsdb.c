// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The store against a list of points in memory: written in pieces, closed and opened in between,
 * asked in steps, and cut by retention.
 */
#include "telemetry/tsdb.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model.h"

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

static void remove_store(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
    char name[80];

    for (size_t i = 0; i < PK_ARRAY_SIZE(ends); i++) {
        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        unlink(name);
    }
}

static struct pk_tsdb *open_store(const struct pk_tsdb_options *o)
{
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db = NULL;
    int r = pk_tsdb_open(path, o, &d, &db);

    if (r)
        pk_diags_print(&d, stderr);
    assert_int_equal(r, 0);
    return db;
}

static void close_store(struct pk_tsdb **db)
{
    _pk_diags_ struct pk_diags d = {0};

    assert_int_equal(pk_tsdb_close(db, &d), 0);
}

static void make_models(void)
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
static void add_points(struct pk_tsdb *db, struct pk_diags *d)
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
static void fill(size_t n, const struct pk_tsdb_options *o)
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

static bool stored_as(const struct model *m, union pk_value given, union pk_value got)
{
    if (m->metric.spec.error == 0 || given.counter == got.counter)
        return given.counter == got.counter;
    return fabs(got.gauge - given.gauge) <= m->metric.spec.error * fabs(given.gauge);
}

static int read_points(void *arg, const int64_t *t, const union pk_value *v, size_t n)
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

static struct pk_series *find(struct pk_tsdb *db, const char *name)
{
    const struct pk_metric selector = {.name = name};
    size_t i = 0;

    return pk_tsdb_next(db, &selector, &i);
}

static void check_points(struct pk_tsdb *db)
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

static int check_step(void *arg, int64_t t, const struct pk_agg *a)
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

static void ask(struct pk_tsdb *db, const struct model *m, int64_t from, int64_t to, int64_t step)
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

static void check_queries(struct pk_tsdb *db)
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

/* Points added, committed or not, stored, closed and opened: all are found, and summed rightly. */
static void test_against_model(void **state)
{
    const struct pk_tsdb_options plain = {0}, reader = {.read_only = true};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db;

    model_begin(0x74736462);
    remove_store();
    make_models();
    fill(40000, &plain);
    db = open_store(&plain);
    for (unsigned i = 0; i < 5000; i++)
        add_points(db, &d);
    check_points(db);
    check_queries(db);
    close_store(&db);
    db = open_store(&reader);
    check_points(db);
    check_queries(db);
    close_store(&db);
}

/* At a point a second blocks end with the hour, and an hour's answer needs no body. */
static void test_hours_from_heads(void **state)
{
    const struct pk_tsdb_options o = {0};
    const struct pk_metric m = {.name = "a"};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_usage u[PK_CODEC_N];
    struct pk_tsdb *db;
    struct pk_series *s;

    remove_store();
    db = open_store(&o);
    assert_int_equal(pk_tsdb_series(db, &m, &d, &s), 0);
    models[0].n = 0;
    models[0].metric = m;
    for (unsigned i = 0; i < 7 * 3600; i++) {
        models[0].t[i] = START + i * SECOND;
        models[0].v[i].gauge = i % 1000;
        assert_int_equal(pk_tsdb_add(db, s, models[0].t[i], models[0].v[i], &d), 0);
        models[0].n++;
    }
    assert_int_equal(pk_tsdb_seal(db, &d), 0);
    assert_int_equal(pk_tsdb_usage(db, s, u, &d), 0);
    assert_int_equal(u[PK_CODEC_INTEGER].blocks, 7);
    assert_int_equal(u[PK_CODEC_INTEGER].points, 7 * 3600);
    close_store(&db);
    {
        sqlite3 *sql;

        assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
        assert_int_equal(sqlite3_exec(sql, "UPDATE block SET body = x''", NULL, NULL, NULL),
                         SQLITE_OK);
        sqlite3_close(sql);
    }
    db = open_store(&o);
    ask(db, &models[0], START, START + 7 * HOUR, HOUR);
    ask(db, &models[0], START, START + 7 * HOUR, 7 * HOUR);
    /* and what needs one, and finds it damaged, says so */
    s = pk_tsdb_at(db, 0);
    assert_int_equal(pk_tsdb_query(db, s, START, START + HOUR, 60 * SECOND, check_step, NULL, &d),
                     -EBADMSG);
    assert_int_equal(d.n_errors, 1);
    close_store(&db);
}

struct totals {
    uint64_t count, steps;
    double min, max, sum;
    uint64_t rise;
};

static int add_up(void *arg, int64_t t, const struct pk_agg *a)
{
    struct totals *x = arg;

    x->count += a->count;
    x->steps++;
    x->min = fmin(x->min, pk_agg_double(a, a->min));
    x->max = fmax(x->max, pk_agg_double(a, a->max));
    x->sum += pk_sum_value(&a->sum);
    x->rise += a->rise;
    return 0;
}

static struct totals total(struct pk_tsdb *db, const char *name, int64_t step)
{
    struct totals x = {.min = INFINITY, .max = -INFINITY};
    _pk_diags_ struct pk_diags d = {0};

    assert_int_equal(pk_tsdb_query(db, find(db, name), START, INT64_MAX, step, add_up, &x, &d), 0);
    return x;
}

/* Roll-ups answer for blocks that are gone: the same extremes, counts and sums. */
static void test_rollups(void **state)
{
    const struct pk_tsdb_options o = {.rollups = true};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db;

    model_begin(0x726f6c6c);
    remove_store();
    make_models();
    fill(30000, &o);
    db = open_store(&o);
    assert_int_equal(pk_tsdb_seal(db, &d), 0);
    for (unsigned s = 0; s < SERIES; s++) {
        const struct model *m = &models[s];
        int64_t end = m->t[m->n - 1];
        struct totals before = total(db, m->metric.name, 0), after;
        const struct pk_keep no_raw = {.raw = 1};
        const struct pk_keep hours = {.raw = 1, .minute = (end - START) / 2};

        assert_int_equal(before.count, m->n);
        assert_int_equal(pk_tsdb_keep(db, s ? &hours : &no_raw, end + 1, &d), 0);
        after = total(db, m->metric.name, HOUR);
        assert_int_equal(after.count, before.count);
        assert_true(after.min == before.min && after.max == before.max);
        assert_true(fabs(after.sum - before.sum) <= 1e-9 * fabs(before.sum));
        assert_in_range(after.steps, (uint64_t)((end - START) / HOUR),
                        (uint64_t)((end - START) / HOUR + 1));
        after = total(db, m->metric.name, 0);
        assert_int_equal(after.rise, before.rise);
    }
    close_store(&db);
}

static int count_points(void *arg, const int64_t *t, const union pk_value *v, size_t n)
{
    *(size_t *)arg += n;
    return 0;
}

static size_t points_of(struct pk_tsdb *db, const struct pk_series *s)
{
    _pk_diags_ struct pk_diags d = {0};
    size_t n = 0;

    assert_int_equal(pk_tsdb_points(db, s, INT64_MIN, INT64_MAX, count_points, &n, &d), 0);
    return n;
}

/* By age and by size: whole blocks go, the newest stay while they are young, by size the unsealed
 * points always; a series without points goes, and comes again with a point. */
static void test_retention(void **state)
{
    const struct pk_tsdb_options o = {0};
    const struct pk_metric m = {.name = "a"};
    const struct pk_keep age = {.raw = 3 * HOUR}, size = {.bytes = 300000};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db;
    struct pk_series *s;
    size_t after;

    model_begin(0x6b656570);
    remove_store();
    db = open_store(&o);
    assert_int_equal(pk_tsdb_series(db, &m, &d, &s), 0);
    for (unsigned i = 0; i < 20 * 3600 + 100; i++)
        assert_int_equal(
            pk_tsdb_add(db, s, START + i * SECOND, (union pk_value){.gauge = model_uniform()}, &d),
            0);
    assert_int_equal(pk_tsdb_keep(db, &size, 0, &d), 0);
    after = points_of(db, s);
    assert_in_range(after, 3600, 20 * 3600);
    assert_int_equal(after % 3600, 100);
    assert_int_equal(pk_tsdb_keep(db, &age, START + 20 * HOUR, &d), 0);
    assert_int_equal(points_of(db, s), 3 * 3600 + 100);
    close_store(&db);
    db = open_store(&o); /* nothing comes back from the log */
    s = pk_tsdb_at(db, 0);
    assert_int_equal(points_of(db, s), 3 * 3600 + 100);
    assert_int_equal(pk_tsdb_keep(db, &age, START + 900 * HOUR, &d), 0);
    assert_int_equal(pk_tsdb_count(db), 0);
    assert_int_equal(pk_tsdb_add(db, s, START + 900 * HOUR, (union pk_value){.gauge = 1}, &d), 0);
    assert_int_equal(pk_tsdb_count(db), 1);
    close_store(&db);
    db = open_store(&o);
    assert_int_equal(points_of(db, pk_tsdb_at(db, 0)), 1);
    close_store(&db);
}

static struct pk_series *add_one(struct pk_tsdb *db, unsigned name, int64_t t, int want)
{
    char text[16];
    const struct pk_metric m = {.name = text};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_series *s = NULL;

    snprintf(text, sizeof(text), "s%u", name);
    assert_int_equal(pk_tsdb_series(db, &m, &d, &s), want);
    if (!want)
        assert_int_equal(pk_tsdb_add(db, s, t, (union pk_value){.gauge = name}, &d), 0);
    return s;
}

/* Series that come and go for longer than points are kept: there is room for new ones, those that
 * still have points stay, and roll-ups of old ones are kept while there is room. */
static void test_series_come_and_go(void **state)
{
    const struct pk_tsdb_options o = {.rollups = true, .series_max = 100};
    const struct pk_keep keep = {.raw = DAY};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db;
    struct pk_series *s;

    remove_store();
    db = open_store(&o);
    for (unsigned i = 0; i < 1000; i++) { /* a new one each half hour: 48 have points */
        int64_t now = START + i * HOUR / 2;

        add_one(db, i, now, 0);
        add_one(db, 9999, now, 0); /* and one that stays */
        assert_int_equal(pk_tsdb_keep(db, &keep, now, &d), 0);
        assert_in_range(pk_tsdb_count(db), PK_MIN(i + 2, 70), 76);
        if (i % 300 == 299) {
            close_store(&db);
            db = open_store(&o);
        }
    }
    assert_int_equal(total(db, "s9999", 0).count, 1000);
    assert_int_equal(points_of(db, find(db, "s980")), 1);
    assert_int_equal(total(db, "s940", 0).count, 1); /* by its roll-up */
    assert_int_equal(points_of(db, find(db, "s940")), 0);
    assert_null(find(db, "s100"));
    for (unsigned i = 2000; pk_tsdb_count(db) < 100; i++)
        add_one(db, i, START + 600 * HOUR, 0);
    add_one(db, 1, START + 600 * HOUR, -ENOSPC);
    s = find(db, "s980");
    assert_int_equal(pk_tsdb_keep(db, &(struct pk_keep){.raw = 1, .minute = 1, .hour = 1},
                                  START + 9000 * HOUR, &d),
                     0);
    assert_int_equal(pk_tsdb_count(db), 0);
    assert_int_equal(s->id, 0);
    assert_ptr_equal(add_one(db, 980, START + 9000 * HOUR, 0), s);
    assert_int_equal(points_of(db, s), 1);
    close_store(&db);
    db = open_store(&o);
    assert_int_equal(pk_tsdb_count(db), 1);
    close_store(&db);
}

static void run_sql(const char *text)
{
    sqlite3 *sql;

    assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sql, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sql);
}

/* Series that seldom change, 2,118 points an hour, from two hours before a day to two after it. */
static void fill_quiet(struct pk_tsdb *db, struct pk_diags *d)
{
    struct pk_series *series;

    for (unsigned s = 0; s < SERIES; s++) {
        struct model *m = &models[s];

        assert_int_equal(pk_tsdb_series(db, &m->metric, d, &series), 0);
        for (size_t i = 0; i < POINTS; i++, m->n++) {
            bool rests =
                i && (model_below(100) || i / 9000 == 2); /* one hour and more all the same */

            m->t[i] = START + (int64_t)i * 1700000000 + (int64_t)model_below(2) * 1000000;
            if (rests)
                m->v[i] = m->v[i - 1];
            else if (s == 1)
                m->v[i].counter = model_below(9) && i ? m->v[i - 1].counter + model_below(500) : 7;
            else
                m->v[i].gauge = s ? exp(6 * model_uniform()) : floor(100 * model_uniform()) / 10;
            assert_int_equal(pk_tsdb_add(db, series, m->t[i], m->v[i], d), 0);
        }
    }
}

static uint64_t blocks_of(struct pk_tsdb *db, const struct model *m)
{
    struct pk_usage u[PK_CODEC_N];
    _pk_diags_ struct pk_diags d = {0};
    uint64_t blocks = 0, points = 0;

    assert_int_equal(pk_tsdb_usage(db, find(db, m->metric.name), u, &d), 0);
    for (unsigned i = 0; i < PK_CODEC_N; i++) {
        blocks += u[i].blocks;
        points += u[i].points;
        assert_true(u[i].error <= m->metric.spec.error);
    }
    assert_int_equal(points, m->n);
    return blocks;
}

/* Small blocks of a day that is over become few; points, answers and exact sums stay. */
static void test_merging(void **state)
{
    const struct pk_tsdb_options o = {0}, reader = {.read_only = true};
    _pk_diags_ struct pk_diags d = {0};
    struct totals before[SERIES], after;
    struct pk_tsdb *db;

    model_begin(0x6d657267);
    remove_store();
    make_models();
    db = open_store(&o);
    fill_quiet(db, &d);
    assert_int_equal(pk_tsdb_seal(db, &d), 0);
    check_points(db);
    for (unsigned s = 0; s < SERIES; s++)
        before[s] = total(db, models[s].metric.name, 5 * HOUR);
    assert_int_equal(pk_tsdb_keep(db, &(struct pk_keep){0}, START + 3 * HOUR, &d), 0);
    assert_int_equal(blocks_of(db, &models[1]),
                     28); /* 29 hours, of which the first day's two are one */
    assert_int_equal(pk_tsdb_keep(db, &(struct pk_keep){0}, START + 27 * HOUR, &d), 0);
    for (unsigned s = 0; s < SERIES; s++) {
        assert_in_range(blocks_of(db, &models[s]), 2 + 3, 2 + 3 + 10);
        after = total(db, models[s].metric.name, 5 * HOUR);
        assert_memory_equal(&after, &before[s], sizeof(after));
    }
    assert_int_equal(blocks_of(db, &models[1]), 1 + 1 + 3);
    check_points(db);
    check_queries(db);
    close_store(&db);
    db = open_store(&reader);
    check_points(db);
    check_queries(db);
    close_store(&db);
}

/* A block that cannot be read stays as it is, and the others are merged. */
static void test_merging_damaged(void **state)
{
    const struct pk_tsdb_options o = {0};
    const struct pk_metric m = {.name = "a"};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_usage u[PK_CODEC_N];
    struct pk_tsdb *db;
    struct pk_series *s;

    remove_store();
    db = open_store(&o);
    assert_int_equal(pk_tsdb_series(db, &m, &d, &s), 0);
    for (unsigned i = 0; i < 30 * 3600; i++)
        assert_int_equal(
            pk_tsdb_add(db, s, START + i * SECOND, (union pk_value){.gauge = i / 100}, &d), 0);
    assert_int_equal(pk_tsdb_seal(db, &d), 0);
    run_sql("UPDATE block SET body = x'01' WHERE id = 1");
    assert_int_equal(pk_tsdb_keep(db, &(struct pk_keep){0}, START + 90 * HOUR, &d), 0);
    assert_int_equal(pk_tsdb_usage(db, s, u, &d), 0);
    assert_int_equal(u[PK_CODEC_INTEGER].blocks, 2 + 1 + 1);
    assert_int_equal(d.n_errors, 0);
    close_store(&db);
}

static void test_one_writer(void **state)
{
    const struct pk_tsdb_options o = {0}, reader = {.read_only = true};
    const struct pk_metric m = {.name = "a"};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db, *other = NULL;
    struct pk_series *s;

    remove_store();
    db = open_store(&o);
    assert_int_equal(pk_tsdb_open(path, &o, &d, &other), -EBUSY);
    assert_int_equal(d.n_errors, 1);
    assert_null(other);
    assert_int_equal(pk_tsdb_series(db, &m, &d, &s), 0);
    for (int64_t i = 0; i < 10; i++)
        assert_int_equal(pk_tsdb_add(db, s, i, (union pk_value){.gauge = 1}, &d), 0);
    assert_int_equal(pk_tsdb_commit(db, &d), 0);
    assert_int_equal(pk_tsdb_add(db, s, 10, (union pk_value){.gauge = 1}, &d), 0);
    other = open_store(&reader);
    assert_int_equal(points_of(other, pk_tsdb_at(other, 0)), 10); /* what is committed */
    assert_int_equal(points_of(db, s), 11);
    assert_int_equal(pk_tsdb_series(other, &(struct pk_metric){.name = "b"}, &d, &s), -EROFS);
    close_store(&other);
    close_store(&db);
}

static void test_limits(void **state)
{
    const struct pk_tsdb_options o = {.series_max = 2};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db;
    struct pk_series *s;

    remove_store();
    db = open_store(&o);
    assert_int_equal(pk_tsdb_series(db, &(struct pk_metric){.name = "a"}, &d, &s), 0);
    assert_int_equal(pk_tsdb_series(db, &(struct pk_metric){.name = "b"}, &d, &s), 0);
    assert_int_equal(pk_tsdb_series(db, &(struct pk_metric){.name = "c"}, &d, &s), -ENOSPC);
    assert_non_null(strstr(d.items[0].text, "c"));
    assert_int_equal(pk_tsdb_series(db, &(struct pk_metric){.name = "a"}, &d, &s), 0);
    assert_int_equal(
        pk_tsdb_series(db, &(struct pk_metric){.name = "a", .spec.counter = true}, &d, &s),
        -EEXIST);
    assert_int_equal(d.n_errors, 2);
    close_store(&db);
}

static void refuse_open(int want)
{
    const struct pk_tsdb_options o = {0};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db = NULL;

    assert_int_equal(pk_tsdb_open(path, &o, &d, &db), want);
    assert_in_range(d.n_errors, 1, 2); /* what is damaged, and why */
    assert_null(db);
}

/* Other files, other formats, and rows that nobody here wrote. */
static void test_foreign(void **state)
{
    static const char *const damage[] = {
        "INSERT INTO log (points) VALUES (x'ff')",
        "INSERT INTO log (points) VALUES (x'01ffffffffff0100')",
        "INSERT INTO log (points) VALUES (x'7f0100')",
        "INSERT INTO tail VALUES (1, x'0102', x'03')",
        "INSERT INTO tail VALUES (77, x'', x'')",
        "INSERT INTO series VALUES (9, 'no metric {', '', 0, 0, 0)",
        "INSERT INTO series VALUES (9, 'b', '', 0, 0, 7.0)",
        "INSERT INTO series VALUES (9, 'b', '', 0, 100000, 0)",
        "INSERT INTO block VALUES (1, 1, 0, x'00', x'')",
        "DROP TABLE log",
    };
    const struct pk_tsdb_options o = {0};
    struct pk_tsdb *db;
    struct pk_series *s;
    _pk_diags_ struct pk_diags d = {0};
    int fd;

    for (size_t i = 0; i < PK_ARRAY_SIZE(damage); i++) {
        remove_store();
        db = open_store(&o);
        assert_int_equal(pk_tsdb_series(db, &(struct pk_metric){.name = "a"}, &d, &s), 0);
        close_store(&db);
        run_sql(damage[i]);
        refuse_open(-EBADMSG);
    }
    remove_store();
    run_sql("CREATE TABLE other (x)");
    refuse_open(-EMEDIUMTYPE);
    remove_store();
    close_store(&(struct pk_tsdb *){open_store(&o)});
    run_sql("PRAGMA user_version = 1");
    refuse_open(-EMEDIUMTYPE);
    remove_store();
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    for (unsigned i = 0; i < 200; i++)
        assert_int_equal(write(fd, "this is no database at all. ", 28), 28);
    close(fd);
    refuse_open(-EBADMSG);
}

static int setup(void **state)
{
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/store", folder);
    return 0;
}

static int teardown(void **state)
{
    remove_store();
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_model),
        cmocka_unit_test(test_hours_from_heads),
        cmocka_unit_test(test_rollups),
        cmocka_unit_test(test_retention),
        cmocka_unit_test(test_series_come_and_go),
        cmocka_unit_test(test_merging),
        cmocka_unit_test(test_merging_damaged),
        cmocka_unit_test(test_one_writer),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_foreign),
    };

    return cmocka_run_group_tests_name("tsdb", tests, setup, teardown);
}
