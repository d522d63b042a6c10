// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * telemetry-bench [--points N] [--only NAME] [--year] [--dump FOLDER]
 *
 * For each series of series.c a store of its own, written, closed, and read again: bytes a point of
 * the file as it is then, and with roll-ups, beside Gorilla's published layout; points a second of
 * the process's time, written with commits, and read. What is read is compared first.
 * --only: one series.
 * --year: a year of one series at a point a second, asked by the hour.
 * --dump: the series as text, "milliseconds value" a line, for other programs to load.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/out.h"
#include "series.h"
#include "telemetry/tsdb.h"

#define WEEK (7 * 86400)
#define YEAR (365 * 86400)
#define DAY INT64_C(86400000000000)
#define COMMIT_EACH 100000
#define ROUNDS 3
#define READ_ROUNDS 500 /* the best of them: on a shared machine most are disturbed */

struct result {
    double bytes, with_rollups, gorilla, written, read;
};

static char path[64];
static int64_t *t;
static union pk_value *v;

/* The process's own time, so that neighbours on a shared machine count less. */
static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
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

static int open_series(const struct series *s, bool rollups, struct pk_diags *d,
                       struct pk_tsdb **db, struct pk_series **ret)
{
    const struct pk_metric m = {.name = "bench", .spec = s->spec};
    const struct pk_tsdb_options o = {.rollups = rollups};
    int r = pk_tsdb_open(path, &o, d, db);

    return r ? r : pk_tsdb_series(*db, &m, d, ret);
}

/* Seconds to write n points; negative: an error. */
static double write_store(const struct series *s, size_t n, bool rollups, struct pk_diags *d)
{
    struct pk_tsdb *db = NULL;
    struct pk_series *series;
    double begin;
    int r;

    remove_store();
    r = open_series(s, rollups, d, &db, &series);
    begin = now();
    for (size_t i = 0; i < n && !r; i++) {
        r = pk_tsdb_add(db, series, t[i], v[i], d);
        if (!r && i % COMMIT_EACH == COMMIT_EACH - 1)
            r = pk_tsdb_commit(db, d);
    }
    if (!r)
        r = pk_tsdb_seal(db, d);
    begin = now() - begin;
    if (!r)
        r = pk_tsdb_keep(db, &(struct pk_keep){0}, t[n - 1] + DAY, d);
    if (db && pk_tsdb_close(&db, d))
        r = -EIO;
    return r ? -1 : begin;
}

static double file_bytes(void)
{
    struct stat st;

    return stat(path, &st) ? NAN : (double)st.st_size;
}

struct reading {
    const struct series *s;
    size_t n;
    bool wrong;
};

static int read_points(void *arg, const int64_t *times, const union pk_value *values, size_t n)
{
    struct reading *r = arg;

    r->n += n;
    return 0;
}

static int check_points(void *arg, const int64_t *times, const union pk_value *values, size_t n)
{
    struct reading *r = arg;

    for (size_t i = 0; i < n; i++, r->n++) {
        double error = r->s->spec.error;

        r->wrong |= times[i] != t[r->n];
        r->wrong |= error > 0
                        ? !(fabs(values[i].gauge - v[r->n].gauge) <= error * fabs(v[r->n].gauge))
                        : values[i].counter != v[r->n].counter;
    }
    return 0;
}

/* The best of some readings of the whole store; negative: an error, or other points. */
static double read_store(const struct series *s, size_t n, struct pk_diags *d)
{
    struct reading check = {.s = s};
    struct pk_tsdb *db = NULL;
    struct pk_series *series;
    double best = INFINITY;
    int r = open_series(s, false, d, &db, &series);

    if (!r)
        r = pk_tsdb_points(db, series, INT64_MIN, INT64_MAX, check_points, &check, d);
    for (unsigned i = 0; i < READ_ROUNDS && !r; i++) {
        struct reading reading = {.s = s};
        double begin = now();

        r = pk_tsdb_points(db, series, INT64_MIN, INT64_MAX, read_points, &reading, d);
        best = fmin(best, now() - begin);
    }
    if (db)
        pk_tsdb_close(&db, d);
    return r || check.wrong || check.n != n ? -1 : best;
}

static int measure(const struct series *s, size_t n, struct result *ret, struct pk_diags *d)
{
    double best = INFINITY, seconds;

    series_make(s, n, t, v);
    ret->gorilla = (double)gorilla_bits(t, v, n, s->spec.counter) / 8 / (double)n;
    if (write_store(s, n, true, d) < 0)
        return -EIO;
    ret->with_rollups = file_bytes() / (double)n;
    for (unsigned i = 0; i < ROUNDS; i++) {
        seconds = write_store(s, n, false, d);
        if (seconds < 0)
            return -EIO;
        best = fmin(best, seconds);
    }
    ret->bytes = file_bytes() / (double)n;
    ret->written = (double)n / best;
    seconds = read_store(s, n, d);
    ret->read = (double)n / seconds;
    return seconds < 0 ? -EIO : 0;
}

/* `only`: NULL for all. */
static int measure_all(size_t n, const char *only, struct pk_diags *d)
{
    static const char *const titles[] = {"series",      "bytes/point", "with roll-ups", "Gorilla",
                                         "written M/s", "read M/s",    "what",          NULL};
    _pk_table_ struct pk_table *table = pk_table_new(titles);
    int r = 0;

    for (size_t i = 0; i < n_series_all && !r; i++) {
        struct result result;

        if (only && strcmp(only, series_all[i].name))
            continue;
        r = measure(&series_all[i], n, &result, d);
        if (r)
            break;
        pk_table_str(table, series_all[i].name);
        pk_table_fmt(table, "%.3f", result.bytes);
        pk_table_fmt(table, "%.3f", result.with_rollups);
        pk_table_fmt(table, "%.3f", result.gorilla);
        pk_table_fmt(table, "%.1f", result.written / 1e6);
        pk_table_fmt(table, "%.0f", result.read / 1e6);
        pk_table_str(table, series_all[i].what);
        pk_table_end_row(table);
    }
    return r ? r : pk_table_print(table, 0, stdout);
}

static int count_hour(void *arg, int64_t begin, const struct pk_agg *a)
{
    volatile double sink = pk_agg_mean(a) + a->min.gauge + a->max.gauge;

    (void)sink;
    ++*(size_t *)arg;
    return 0;
}

static int measure_year(struct pk_diags *d)
{
    static const int64_t steps[] = {3600000000000, 86400000000000, 600000000000};
    struct pk_tsdb *db = NULL;
    struct pk_series *series;
    int r = 0;

    series_make(&series_all[0], YEAR, t, v);
    if (write_store(&series_all[0], YEAR, false, d) < 0)
        return -EIO;
    r = open_series(&series_all[0], false, d, &db, &series);
    for (size_t i = 0; i < PK_ARRAY_SIZE(steps) && !r; i++) {
        double begin = now();
        size_t n = 0;

        r = pk_tsdb_query(db, series, t[0], t[YEAR - 1] + 1, steps[i], count_hour, &n, d);
        printf("a year of %s, %d points, min, max, mean by %" PRId64 " s: %zu answers in %.4f s\n",
               series_all[0].name, YEAR, steps[i] / 1000000000, n, now() - begin);
    }
    if (db)
        pk_tsdb_close(&db, d);
    return r;
}

/* One file a series: milliseconds and value, a line a point, with all digits. */
static int dump(const char *folder, size_t n)
{
    for (size_t i = 0; i < n_series_all; i++) {
        const struct series *s = &series_all[i];
        char name[512];
        FILE *to;

        snprintf(name, sizeof(name), "%s/%s.txt", folder, s->name);
        to = fopen(name, "we");
        if (!to)
            return -errno;
        series_make(s, n, t, v);
        for (size_t k = 0; k < n; k++)
            if (s->spec.counter)
                fprintf(to, "%" PRId64 " %" PRIu64 "\n", t[k] / 1000000, v[k].counter);
            else
                fprintf(to, "%" PRId64 " %.17g\n", t[k] / 1000000, v[k].gauge);
        if (fclose(to))
            return -EIO;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"points", required_argument, NULL, 'n'},
                                            {"only", required_argument, NULL, 'o'},
                                            {"year", no_argument, NULL, 'y'},
                                            {"dump", required_argument, NULL, 'd'},
                                            {0}};
    char folder[] = "/tmp/telemetry-bench-XXXXXX";
    _pk_diags_ struct pk_diags d = {0};
    const char *dump_to = NULL, *only = NULL;
    size_t n = WEEK;
    bool year = false;
    int o, r;

    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (o == '?')
            return 2;
        n = o == 'n' ? strtoul(optarg, NULL, 10) : n;
        only = o == 'o' ? optarg : only;
        year |= o == 'y';
        dump_to = o == 'd' ? optarg : dump_to;
    }
    t = calloc(PK_MAX(n, (size_t)YEAR), sizeof(*t));
    v = calloc(PK_MAX(n, (size_t)YEAR), sizeof(*v));
    if (!t || !v || !mkdtemp(folder))
        return 3;
    snprintf(path, sizeof(path), "%s/store", folder);
    r = dump_to ? dump(dump_to, n) : year ? measure_year(&d) : measure_all(n, only, &d);
    pk_diags_print(&d, stderr);
    remove_store();
    rmdir(folder);
    free(t);
    free(v);
    return r ? 3 : 0;
}
