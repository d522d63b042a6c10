// SPDX-License-Identifier: GPL-2.0-or-later
/* picket record without a fence: times, ages, and which points a counter's values become. */
#include "cli/record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"

#define G PK_RECORD_GRAIN
#define S (100 * G)

static const struct pk_metric metric = {.name = "x_total"};

static void stamps_lie_on_a_grid_and_rise(void **state)
{
    assert_int_equal(pk_record_stamp(5 * S + G - 1, INT64_MIN), 5 * S);
    assert_int_equal(pk_record_stamp(5 * S + G, 5 * S), 5 * S + G);
    assert_int_equal(pk_record_stamp(5 * S + 3, 5 * S), 5 * S + G);
    assert_int_equal(pk_record_stamp(S, 5 * S), 5 * S + G);
    assert_int_equal(pk_record_stamp(S, INT64_MAX - 1), INT64_MAX);
}

static void ages_have_a_unit(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        {"0", 0},           {"90s", 90},      {"15m", 900}, {"12h", 43200}, {"30d", 30 * 86400},
        {"2w", 14 * 86400}, {"1y", 31557600}, {"0d", 0}};
    static const char *const bad[] = {"", "d", "1", "1x", "1dd", "-1d", "1.5h", " 1d", "1 d"};
    int64_t v = 7;

    for (size_t i = 0; i < PK_ARRAY_SIZE(good); i++) {
        assert_int_equal(pk_record_age(good[i].text, &v), 0);
        assert_int_equal(v, good[i].seconds * 1000000000);
    }
    for (size_t i = 0; i < PK_ARRAY_SIZE(bad); i++)
        assert_int_equal(pk_record_age(bad[i], &v), -EINVAL);
    assert_int_equal(pk_record_age("99999999999999999999s", &v), -ERANGE);
    assert_int_equal(pk_record_age("300y", &v), -ERANGE);
}

/* A store in a file of its own, and the points of its only series. */
struct rig {
    char path[64];
    struct pk_diags d;
    struct pk_sink k;
    size_t n;
    int64_t t[64];
    uint64_t v[64];
};

static int setup(void **state)
{
    static struct rig rig;
    const struct pk_tsdb_options o = {.series_max = 2};

    rig = (struct rig){.path = "/tmp/picket-record-XXXXXX"};
    close(mkstemp(rig.path));
    unlink(rig.path);
    assert_int_equal(pk_tsdb_open(rig.path, &o, &rig.d, &rig.k.db), 0);
    rig.k.d = &rig.d;
    rig.k.series_max = o.series_max;
    rig.k.t = rig.k.t_before = rig.k.t_fresh = INT64_MIN;
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
    struct rig *rig = *state;
    char name[80];

    pk_tsdb_close(&rig->k.db, &rig->d);
    pk_diags_done(&rig->d);
    for (size_t i = 0; i < PK_ARRAY_SIZE(ends); i++) {
        snprintf(name, sizeof(name), "%s%s", rig->path, ends[i]);
        unlink(name);
    }
    return 0;
}

static int collect(void *arg, const int64_t *t, const union pk_value *v, size_t n)
{
    struct rig *rig = arg;

    for (size_t i = 0; i < n && rig->n < 64; i++, rig->n++) {
        rig->t[rig->n] = t[i];
        rig->v[rig->n] = v[i].counter;
    }
    return 0;
}

/* The points of a cell's series must be these: pairs of time in seconds and value. */
static void expect(struct rig *rig, const struct pk_cell *c, const uint64_t (*wanted)[2], size_t n)
{
    rig->n = 0;
    assert_int_equal(pk_tsdb_points(rig->k.db, c->s, INT64_MIN, INT64_MAX, collect, rig, &rig->d),
                     0);
    assert_int_equal(rig->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(rig->t[i], (int64_t)wanted[i][0] * S);
        assert_int_equal(rig->v[i], wanted[i][1]);
    }
    assert_int_equal(rig->k.points, n);
}

/* One sample, in the second `at`. */
static void put(struct rig *rig, struct pk_cell *c, int64_t at, uint64_t v)
{
    rig->k.t_before = rig->k.t;
    rig->k.t = at * S;
    assert_int_equal(pk_cell_put(&rig->k, c, &metric, v), 0);
}

static void a_counter_at_rest_has_no_points(void **state)
{
    static const uint64_t wanted[][2] = {{1, 5}, {3, 5}, {4, 9}, {5, 10}, {7, 10}, {8, 2}};
    static const uint64_t values[] = {5, 5, 5, 9, 10, 10, 10, 2};
    struct rig *rig = *state;
    struct pk_cell c = {0};

    for (size_t i = 0; i < PK_ARRAY_SIZE(values); i++)
        put(rig, &c, (int64_t)i + 1, values[i]);
    expect(rig, &c, wanted, PK_ARRAY_SIZE(wanted));
}

static void what_never_counted_has_no_series(void **state)
{
    static const uint64_t wanted[][2] = {{3, 0}, {4, 7}};
    struct rig *rig = *state;
    struct pk_cell c = {0};

    for (int64_t at = 1; at < 4; at++)
        put(rig, &c, at, 0);
    assert_int_equal(pk_tsdb_count(rig->k.db), 0);
    put(rig, &c, 4, 7);
    expect(rig, &c, wanted, PK_ARRAY_SIZE(wanted));
}

static void a_fresh_counter_begins_at_zero(void **state)
{
    static const uint64_t wanted[][2] = {{2, 0}, {3, 7}, {5, 7}, {6, 8}};
    struct rig *rig = *state;
    struct pk_cell c = PK_CELL_FRESH;

    rig->k.t = 1 * S;
    rig->k.t_fresh = 2 * S;
    put(rig, &c, 3, 7);
    put(rig, &c, 4, 7);
    put(rig, &c, 5, 7);
    put(rig, &c, 6, 8);
    expect(rig, &c, wanted, PK_ARRAY_SIZE(wanted));
}

static void a_fresh_counter_may_rest_first(void **state)
{
    static const uint64_t wanted[][2] = {{4, 0}, {5, 1}};
    struct rig *rig = *state;
    struct pk_cell c = PK_CELL_FRESH;

    rig->k.t = 1 * S;
    rig->k.t_fresh = 2 * S;
    put(rig, &c, 3, 0);
    put(rig, &c, 4, 0);
    put(rig, &c, 5, 1);
    expect(rig, &c, wanted, PK_ARRAY_SIZE(wanted));
}

static void an_end_is_a_point(void **state)
{
    static const uint64_t wanted[][2] = {{1, 5}, {4, 5}};
    struct rig *rig = *state;
    struct pk_cell c = {0}, none = {0};

    put(rig, &c, 1, 5);
    rig->k.t = 4 * S;
    assert_int_equal(pk_cell_end(&rig->k, &c, rig->k.t), 0);
    assert_int_equal(pk_cell_end(&rig->k, &c, rig->k.t), 0);
    assert_int_equal(pk_cell_end(&rig->k, &none, rig->k.t), 0);
    expect(rig, &c, wanted, PK_ARRAY_SIZE(wanted));
}

/* In the sample in which one ends, its namesake has to wait. */
static void a_namesake_follows(void **state)
{
    static const uint64_t wanted[][2] = {{1, 5}, {2, 5}, {3, 9}};
    struct rig *rig = *state;
    struct pk_cell c = {0}, next = {0};

    put(rig, &c, 1, 5);
    rig->k.t = 2 * S;
    assert_int_equal(pk_cell_end(&rig->k, &c, rig->k.t), 0);
    assert_int_equal(pk_cell_put(&rig->k, &next, &metric, 8), 0);
    put(rig, &next, 3, 9);
    expect(rig, &next, wanted, PK_ARRAY_SIZE(wanted));
}

static void more_series_are_refused_once_each(void **state)
{
    struct rig *rig = *state;
    struct pk_cell cell[30] = {0};
    char name[30][16];

    rig->k.t = S;
    for (int turn = 1; turn <= 3; turn++)
        for (size_t i = 0; i < PK_ARRAY_SIZE(cell); i++) {
            struct pk_metric m = {.name = name[i]};

            snprintf(name[i], sizeof(name[i]), "m%zu", i);
            rig->k.t = turn * S;
            assert_int_equal(pk_cell_put(&rig->k, &cell[i], &m, (uint64_t)turn), 0);
        }
    assert_int_equal(pk_tsdb_count(rig->k.db), 2);
    assert_int_equal(rig->k.refused, 28);
    assert_int_equal(rig->d.n_errors, 20); /* of the others the number is said */
    assert_non_null(strstr(rig->d.items[0].text, "m2"));
}

static void gauges_have_points_when_they_change(void **state)
{
    struct rig *rig = *state;
    struct pk_gauge g = {0}, always = {0};
    static const double values[] = {3, 3, 3, 4};

    for (size_t i = 0; i < PK_ARRAY_SIZE(values); i++) {
        rig->k.t_before = rig->k.t;
        rig->k.t = (int64_t)(i + 1) * S;
        assert_int_equal(pk_gauge_put(&rig->k, &g, "g", NULL, values[i], false), 0);
        assert_int_equal(pk_gauge_put(&rig->k, &always, "a", NULL, 1, true), 0);
    }
    assert_int_equal(g.s->n, 3); /* 3, where it rested until, 4 */
    assert_int_equal(g.s->t[1], 3 * S);
    assert_int_equal(always.s->n, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stamps_lie_on_a_grid_and_rise),
        cmocka_unit_test(ages_have_a_unit),
        cmocka_unit_test_setup_teardown(a_counter_at_rest_has_no_points, setup, teardown),
        cmocka_unit_test_setup_teardown(what_never_counted_has_no_series, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fresh_counter_begins_at_zero, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fresh_counter_may_rest_first, setup, teardown),
        cmocka_unit_test_setup_teardown(an_end_is_a_point, setup, teardown),
        cmocka_unit_test_setup_teardown(a_namesake_follows, setup, teardown),
        cmocka_unit_test_setup_teardown(more_series_are_refused_once_each, setup, teardown),
        cmocka_unit_test_setup_teardown(gauges_have_points_when_they_change, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
