// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The store against a list of points in memory: written in pieces, closed and opened in between,
 * asked in steps; and files that are not what they should be.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "store.h"

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
    check_and_close(&db);
    db = open_store(&reader);
    check_and_close(&db);
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
    run_sql("UPDATE block SET body = x''");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_model), cmocka_unit_test(test_hours_from_heads),
        cmocka_unit_test(test_one_writer),    cmocka_unit_test(test_limits),
        cmocka_unit_test(test_foreign),
    };

    return cmocka_run_group_tests_name("tsdb", tests, setup, teardown);
}
