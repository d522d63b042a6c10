// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A writer that is killed at any point, again and again, and a disk that fills.
 *
 * The child writes points whose values follow from their number, and after each commit leaves the
 * count of stored points in shared memory. A timer of the kernel kills it (SIGKILL) after a random
 * time. Then the store must open, and hold the points 0, 1, 2 ... without a gap, at least as many
 * as were reported; what is sealed stays so, also while small blocks are merged. PICKET_KILLS says
 * how often (25; 1,000 in suite long).
 */
#include "telemetry/tsdb.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

#define SERIES 4
#define KILLS 25
#define KILL_MAX_NS 40000000 /* of the child's time on a processor */

static char folder[] = "/tmp/picket-crash-XXXXXX", path[64];
static const struct pk_tsdb_options options = {.rollups = true};

static const struct pk_metric metrics[SERIES] = {
    {.name = "a"},
    {.name = "b", .spec.counter = true},
    {.name = "c", .spec.error = 1e-5},
    {.name = "d"}, /* rests: its blocks are small */
};

#define DAY INT64_C(86400000000000)

/* The i-th point of a series. Blocks fill fast, and hours end in between. */
static int64_t time_of(unsigned series, size_t i)
{
    uint64_t word = pk_zigzag((int64_t)i) * 0x9e3779b97f4a7c15u;

    return (int64_t)i * 900000000 + (series == 3 ? 0 : (int64_t)(word >> 40));
}

static union pk_value value_of(unsigned series, size_t i)
{
    uint64_t word = (i + series) * 0x9e3779b97f4a7c15u, stair = i / 700;
    union pk_value v = {.counter = i * 1000 + word % 1000};

    if (series == 3)
        v.gauge = (double)stair;
    else if (series != 1)
        v.gauge = 1 + (double)(word >> 40) / 4096;
    return v;
}

static void remove_store(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
    char name[80];

    for (size_t i = 0; i < PK_ARRAY_SIZE(ends); i++) {
        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        unlink(name);
    }
}

struct counting {
    unsigned series;
    size_t n;
};

static int count_points(void *arg, const int64_t *t, const union pk_value *v, size_t n)
{
    struct counting *c = arg;

    for (size_t i = 0; i < n; i++, c->n++) {
        union pk_value want = value_of(c->series, c->n);

        assert_int_equal(t[i], time_of(c->series, c->n));
        if (metrics[c->series].spec.error > 0)
            assert_true(fabs(v[i].gauge - want.gauge) <=
                        metrics[c->series].spec.error * want.gauge);
        else
            assert_int_equal(v[i].counter, want.counter);
    }
    return 0;
}

/* The points of a series that are stored: a run from the first on, each as it should be. */
static size_t stored(struct pk_tsdb *db, unsigned series)
{
    struct counting c = {.series = series};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_series *s;

    assert_int_equal(pk_tsdb_series(db, &metrics[series], &d, &s), 0);
    assert_int_equal(pk_tsdb_points(db, s, INT64_MIN, INT64_MAX, count_points, &c, &d), 0);
    return c.n;
}

/* Points in blocks. */
static size_t sealed(struct pk_tsdb *db)
{
    struct pk_usage u[PK_CODEC_N];
    _pk_diags_ struct pk_diags d = {0};
    size_t points = 0;

    for (size_t i = 0; i < pk_tsdb_count(db); i++) {
        assert_int_equal(pk_tsdb_usage(db, pk_tsdb_at(db, i), u, &d), 0);
        for (unsigned c = 0; c < PK_CODEC_N; c++)
            points += u[c].points;
    }
    return points;
}

static struct pk_tsdb *open_store(void)
{
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db = NULL;

    if (pk_tsdb_open(path, &options, &d, &db)) {
        pk_diags_print(&d, stderr);
        fail();
    }
    return db;
}

/* Adds the next `n` points to each series. */
static int add(struct pk_tsdb *db, struct pk_series **s, size_t *next, size_t n, struct pk_diags *d)
{
    for (size_t i = 0; i < n; i++, ++*next)
        for (unsigned k = 0; k < SERIES; k++) {
            int r = s[k]->t_last >= time_of(k, *next) && s[k]->t_last != INT64_MIN
                        ? 0
                        : pk_tsdb_add(db, s[k], time_of(k, *next), value_of(k, *next), d);

            if (r)
                return r;
        }
    return 0;
}

static int begin(struct pk_tsdb *db, struct pk_series **s, struct pk_diags *d)
{
    int r = 0;

    for (unsigned k = 0; k < SERIES && !r; k++)
        r = pk_tsdb_series(db, &metrics[k], d, &s[k]);
    return r;
}

static void write_until_killed(size_t next, volatile size_t *reported)
{
    _pk_diags_ struct pk_diags d = {0};
    struct pk_series *s[SERIES];
    struct pk_tsdb *db;

    if (pk_tsdb_open(path, &options, &d, &db) || begin(db, s, &d))
        _exit(1);
    if (model_below(2) && pk_tsdb_keep(db, &(struct pk_keep){0}, time_of(0, next) + DAY, &d))
        _exit(1);
    for (;;) {
        if (add(db, s, &next, 1 + model_below(900), &d) || pk_tsdb_commit(db, &d))
            _exit(1);
        *reported = next;
    }
}

static void kill_after(long ns)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
    const struct itimerspec when = {.it_value.tv_nsec = ns};
    timer_t timer;

    if (timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) ||
        timer_settime(timer, 0, &when, NULL))
        _exit(1);
}

static void test_kill(void **state)
{
    const char *given = getenv("PICKET_KILLS");
    unsigned kills = given ? (unsigned)strtoul(given, NULL, 10) : KILLS;
    volatile size_t *reported =
        mmap(NULL, sizeof(*reported), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    size_t next = 0, in_blocks = 0;

    assert_ptr_not_equal(reported, MAP_FAILED);
    *reported = 0;
    model_begin(0x6b696c6c);
    for (unsigned i = 0; i < kills; i++) {
        long ns = 1 + (long)model_below(KILL_MAX_NS);
        struct pk_tsdb *db;
        int status;
        pid_t child = fork();

        assert_true(child >= 0);
        if (!child) {
            kill_after(ns);
            write_until_killed(next, reported);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        db = open_store();
        next = stored(db, 0);
        assert_true(next >= *reported);
        for (unsigned k = 1; k < SERIES; k++)
            assert_int_equal(stored(db, k), next);
        assert_true(sealed(db) >= in_blocks);
        in_blocks = sealed(db);
        assert_int_equal(pk_tsdb_close(&db, &(struct pk_diags){0}), 0);
        if (in_blocks > SERIES * 80000) { /* begin anew, so that each round is short */
            remove_store();
            next = in_blocks = *reported = 0;
        }
    }
    print_message("%u kills\n", kills);
    munmap((void *)reported, sizeof(*reported));
}

/* In a child that ends without closing the store; what is stored then is 0, 1, ... `want` of each.
 */
static void in_child(void (*act)(struct pk_tsdb *db, struct pk_series **s), size_t want,
                     size_t gone)
{
    _pk_diags_ struct pk_diags d = {0};
    struct pk_series *s[SERIES];
    struct pk_tsdb *db;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (!child) {
        if (pk_tsdb_open(path, &options, &d, &db) || begin(db, s, &d))
            _exit(1);
        act(db, s);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    db = open_store();
    for (unsigned k = 0; k < SERIES; k++) {
        struct counting c = {.series = k, .n = gone};

        assert_int_equal(
            pk_tsdb_points(db, pk_tsdb_at(db, k), INT64_MIN, INT64_MAX, count_points, &c, &d), 0);
        assert_int_equal(c.n, want);
    }
    assert_int_equal(pk_tsdb_close(&db, &d), 0);
    remove_store();
}

static size_t to_seal;

/* All points of a block are in the log when the next one seals it. */
static void seal_what_is_logged(struct pk_tsdb *db, struct pk_series **s)
{
    _pk_diags_ struct pk_diags d = {0};
    size_t next = 0;

    while (next < to_seal)
        if (add(db, s, &next, 1, &d) || (next % 16 == 0 && pk_tsdb_commit(db, &d)))
            _exit(1);
    if (pk_tsdb_commit(db, &d) || add(db, s, &next, 1, &d) || s[0]->n != 1 ||
        pk_tsdb_commit(db, &d))
        _exit(1);
}

/* And then retention deletes all blocks. */
static void delete_what_is_logged(struct pk_tsdb *db, struct pk_series **s)
{
    const struct pk_keep keep = {.bytes = 1};
    _pk_diags_ struct pk_diags d = {0};

    to_seal *= 2;
    seal_what_is_logged(db, s);
    if (pk_tsdb_keep(db, &keep, INT64_MAX, &d))
        _exit(1);
}

/* What is both in a block and in the log is there once, and what is deleted stays so. */
static void test_log_and_blocks(void **state)
{
    size_t first = 0;

    while (time_of(0, first) / 3600000000000 == time_of(0, 0) / 3600000000000)
        first++;
    remove_store();
    to_seal = first;
    in_child(seal_what_is_logged, first + 1, 0);
    in_child(delete_what_is_logged, 2 * first + 1, 2 * first);
}

/* A file that takes up room, so that there is something to free. */
static void ballast(const char *name, size_t bytes)
{
    int fd = open(name, O_CREAT | O_WRONLY, 0600);

    assert_true(fd >= 0);
    assert_int_equal(posix_fallocate(fd, 0, (off_t)bytes), 0);
    close(fd);
}

/* Adds and commits until that fails; the error is clear, and is the same again. */
static size_t fill_up(struct pk_tsdb *db, struct pk_series **s, size_t *next)
{
    _pk_diags_ struct pk_diags d = {0};
    size_t committed = 0;
    int r = 0;

    while (!r) {
        r = add(db, s, next, 700, &d);
        if (!r)
            r = pk_tsdb_commit(db, &d);
        if (!r)
            committed = *next;
    }
    assert_int_equal(r, -ENOSPC);
    assert_int_equal(d.n_errors, 1);
    assert_non_null(strstr(d.items[0].text, "no space left"));
    assert_int_equal(pk_tsdb_commit(db, &d), -ENOSPC);
    return committed;
}

/* What had been committed is there, for another process, while the disk is full. */
static void check_full(size_t committed)
{
    const struct pk_tsdb_options reader = {.read_only = true};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db = NULL;

    assert_int_equal(pk_tsdb_open(path, &reader, &d, &db), 0);
    for (unsigned k = 0; k < SERIES; k++)
        assert_int_equal(stored(db, k), committed);
    assert_int_equal(pk_tsdb_close(&db, &d), 0);
}

static void test_full(void **state)
{
    _pk_diags_ struct pk_diags d = {0};
    struct pk_series *s[SERIES];
    struct pk_tsdb *db;
    char name[80];
    size_t next = 0, committed;

    if (geteuid()) {
        print_message("skip: needs root\n");
        skip();
    }
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    assert_int_equal(mount("tmpfs", folder, "tmpfs", 0, "size=6m"), 0);
    snprintf(name, sizeof(name), "%s/ballast", folder);
    ballast(name, 4u << 20);
    db = open_store();
    assert_int_equal(begin(db, s, &d), 0);
    committed = fill_up(db, s, &next);
    assert_true(committed > 5000);
    check_full(committed);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(pk_tsdb_commit(db, &d), 0); /* nothing was forgotten */
    assert_true(stored(db, 0) > committed);
    assert_int_equal(stored(db, 0), s[0]->t_last == time_of(0, next) ? next + 1 : next);
    committed = fill_up(db, s, &next);
    pk_tsdb_close(&db, &d); /* the disk is full: what waited is lost, and this says so */
    assert_true(d.n_errors > 0);
    db = open_store();
    assert_true(stored(db, 1) >= committed);
    pk_tsdb_close(&db, &d);
    assert_int_equal(umount2(folder, MNT_DETACH), 0);
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
        cmocka_unit_test(test_kill),
        cmocka_unit_test(test_log_and_blocks),
        cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests_name("crash", tests, setup, teardown);
}
