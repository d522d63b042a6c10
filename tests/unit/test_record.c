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

static int open_store(void **state, size_t series_max)
{
    static struct rig rig;
    const struct pk_tsdb_options o = {.series_max = series_max};

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

static int setup(void **state)
{
    return open_store(state, 2);
}

static int setup_large(void **state)
{
    return open_store(state, 100);
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

/* The times that a fence has counted. */
static struct pk_rtt times[PK_RTT_SIDES];

int pk_fence_rtt(const struct pk_fence *f, struct pk_rtt ret[PK_RTT_SIDES])
{
    (void)f;
    memcpy(ret, times, sizeof(times));
    return 0;
}

static void sample_times(struct rig *rig, struct pk_rtt_watch *w, int64_t at)
{
    rig->k.t_before = rig->k.t;
    rig->k.t = at * S;
    assert_int_equal(pk_rtt_sample(&rig->k, w, NULL), 0);
}

static void assert_close(double got, double wanted, double error)
{
    assert_true(got >= wanted * (1 - error) && got <= wanted * (1 + error));
}

static void quantiles_lie_within_their_error(void **state)
{
    static const double q[] = {0, 0.25, 0.5, 0.75, 1}, wanted[] = {5, 60, 700, 8000, 90000};
    struct pk_rtt r = {0};

    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(wanted); i++)
        pk_rtt_add(&r, (uint32_t)wanted[i]);
    for (size_t i = 0; i < PK_ARRAY_SIZE(q); i++)
        assert_close(pk_rtt_quantile(&r, q[i]), wanted[i] * 64e-9, PK_RTT_ERROR);
    r = (struct pk_rtt){0};
    pk_rtt_add(&r, UINT32_MAX);
    assert_close(pk_rtt_quantile(&r, 1), 274.9, PK_RTT_ERROR);
}

static void times_of_before_count_in_totals_only(void **state)
{
    struct rig *rig = *state;
    struct pk_rtt_watch w;

    memset(times, 0, sizeof(times));
    pk_rtt_add(&times[PK_RTT_HOST], 1000);
    pk_rtt_watch_begin(&w, false);
    sample_times(rig, &w, 1);
    assert_int_equal(pk_tsdb_count(rig->k.db), 2);
    assert_string_equal(pk_tsdb_at(rig->k.db, 0)->text, "picket_round_trips_total{side=\"host\"}");
    assert_int_equal(w.side[PK_RTT_HOST].ns.s->v[0].counter, 64000);
    sample_times(rig, &w, 2);
    pk_rtt_add(&times[PK_RTT_HOST], 3000);
    pk_rtt_add(&times[PK_RTT_HOST], 5000);
    sample_times(rig, &w, 3);
    sample_times(rig, &w, 4);
    assert_int_equal(pk_tsdb_count(rig->k.db), 6);
    assert_int_equal(w.side[PK_RTT_HOST].mean.s->n, 1);
    assert_int_equal(w.side[PK_RTT_HOST].mean.s->t[0], 3 * S);
    assert_close(w.side[PK_RTT_HOST].mean.s->v[0].gauge, 4000 * 64e-9, 1e-12);
    assert_close(w.side[PK_RTT_HOST].quantile[2].s->v[0].gauge, 5000 * 64e-9, PK_RTT_ERROR);
}

/* The block's worst error, and its size, of what a second each of 1 to 500 ms is stored as. */
static void check_stored(struct rig *rig, const struct pk_series *s, double error, double bytes)
{
    struct pk_usage u[PK_CODEC_N];

    assert_int_equal(pk_tsdb_usage(rig->k.db, s, u, &rig->d), 0);
    assert_int_equal(u[PK_CODEC_POSIT].points, PK_BLOCK_MAX);
    assert_true(u[PK_CODEC_POSIT].error > 0 && u[PK_CODEC_POSIT].error <= error);
    assert_int_equal(u[PK_CODEC_POSIT].zone, 0);
    assert_true((double)u[PK_CODEC_POSIT].bytes < bytes * PK_BLOCK_MAX);
}

static void times_are_posits_within_their_bound(void **state)
{
    struct rig *rig = *state;
    struct pk_rtt_watch w;
    uint64_t seed = 23;

    memset(times, 0, sizeof(times));
    pk_rtt_watch_begin(&w, true);
    for (int64_t i = 1; i <= PK_BLOCK_MAX; i++) {
        for (int n = 0; n < 3; n++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            pk_rtt_add(&times[PK_RTT_NETWORK], 15625 + (uint32_t)(seed >> 41));
        }
        sample_times(rig, &w, i);
    }
    assert_int_equal(pk_tsdb_seal(rig->k.db, &rig->d), 0);
    check_stored(rig, w.side[PK_RTT_NETWORK].mean.s, PK_RTT_MEAN_ERROR, 2);
    check_stored(rig, w.side[PK_RTT_NETWORK].quantile[1].s, PK_RTT_QUANTILE_ERROR, 2);
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
        cmocka_unit_test(quantiles_lie_within_their_error),
        cmocka_unit_test_setup_teardown(times_of_before_count_in_totals_only, setup_large,
                                        teardown),
        cmocka_unit_test_setup_teardown(times_are_posits_within_their_bound, setup_large, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
