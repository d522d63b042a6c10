// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of points as they grow old: roll-ups, retention, small blocks of a day as one. */
#include "store.h"

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
    check_and_close(&db);
    db = open_store(&reader);
    check_and_close(&db);
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
    for (unsigned i = 0; i < 30 * 3600; i++) {
        unsigned stair = i / 100;

        assert_int_equal(
            pk_tsdb_add(db, s, START + i * SECOND, (union pk_value){.gauge = stair}, &d), 0);
    }
    assert_int_equal(pk_tsdb_seal(db, &d), 0);
    run_sql("UPDATE block SET body = x'01' WHERE id = 1");
    assert_int_equal(pk_tsdb_keep(db, &(struct pk_keep){0}, START + 90 * HOUR, &d), 0);
    assert_int_equal(pk_tsdb_usage(db, s, u, &d), 0);
    assert_int_equal(u[PK_CODEC_INTEGER].blocks, 2 + 1 + 1);
    assert_int_equal(d.n_errors, 0);
    close_store(&db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rollups),
        cmocka_unit_test(test_retention),
        cmocka_unit_test(test_series_come_and_go),
        cmocka_unit_test(test_merging),
        cmocka_unit_test(test_merging_damaged),
    };

    return cmocka_run_group_tests_name("tsdb keep", tests, setup, teardown);
}
