// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/record/record.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/codes.h"
#include "cli/current.h"
#include "telemetry/codes.h"

const struct pk_option_def pk_options_record[] = {
    {"db", 0, "FILE", "the store (default: " PK_RECORD_DB ")"},
    {"series-max", 0, "N", "refuse more series, by name (default: 20000)"},
    {"keep", 0, "AGE", "delete older points; 0: never (s, m, h, d, w, y; default: 30d)"},
    {"size-max", 0, "BYTES", "delete the oldest beyond that; 0: never (K, M, G; default: 1G)"},
    {"samples", 0, "N", "end after so many samples (default: when it is told to)"},
    PK_COMMON_OPTIONS,
};

#define PK_SECOND INT64_C(1000000000)
#define PK_LOOK (PK_SECOND / 10) /* how often to look whether the rule set has changed */
/* So many times as long as a sample took: to follow changes costs a tenth of a CPU at most. */
#define PK_REST 9
#define PK_KEEP_EVERY (600 * PK_SECOND)
/* Roll-ups are kept so much longer than points. */
#define PK_KEEP_MINUTES 12
#define PK_KEEP_HOURS 120
/* More points in memory, 16 bytes each, are sealed before their blocks are full. */
#define PK_UNSEALED_MAX ((size_t)4 << 20)

struct record {
    const char *db;
    uint64_t series_max, size_max, samples_max;
    int64_t keep;

    struct pk_cli *cli;
    struct pk_diags d; /* of one sample */
    struct pk_sink sink;
    struct pk_fence_watch watch;
    struct pk_gauge behind, refused;
    uint64_t samples;
    int64_t good; /* the last sample of which all was put; INT64_MIN: none */
    int64_t rest; /* after the last sample, before a change of the rule set is looked for */
    int64_t kept; /* when old points were last deleted */
    size_t refused_said;
    unsigned failing; /* code of the diagnostic of the last sample; 0: it was good */
};

static int64_t clock_now(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * PK_SECOND + now.tv_nsec;
}

static int refuse(const struct pk_args *a, const char *why)
{
    fprintf(stderr, "picket record: %s: %s\n", a->value, why);
    return -1;
}

static int take_number(const struct pk_args *a, uint64_t least, uint64_t most, const char *why,
                       uint64_t *ret)
{
    uint64_t v;

    if (pk_arg_size(a->value, &v) || v < least || v > most)
        return refuse(a, why);
    *ret = v;
    return 1;
}

static int take(void *arg, const struct pk_args *a, const struct pk_option_def *o)
{
    struct record *rec = arg;

    if (!o)
        return 0;
    if (pk_option_is(o, "db"))
        rec->db = a->value;
    else if (pk_option_is(o, "keep"))
        return pk_record_age(a->value, &rec->keep) ? refuse(a, "not an age, as 12h or 30d") : 1;
    else if (pk_option_is(o, "series-max"))
        return take_number(a, 1, PK_TSDB_SERIES_MAX, "not a number from 1 to 1000000",
                           &rec->series_max);
    else if (pk_option_is(o, "size-max"))
        return take_number(a, 0, INT64_MAX, "not a size, as 512M or 2G", &rec->size_max);
    else
        return take_number(a, 1, UINT32_MAX, "not a number of samples", &rec->samples_max);
    return 1;
}

static unsigned first_error(const struct pk_diags *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->items[i].severity == PK_ERROR)
            return d->items[i].code;
    return PK_D_REFUSED;
}

/* Diagnostics of a sample, said at once; under --json they are kept for the document. */
static void say_all(struct record *rec)
{
    if (!rec->cli->json)
        pk_diags_print(&rec->d, stderr);
    for (size_t i = 0; i < rec->d.n && rec->cli->json; i++) {
        const struct pk_diag *one = &rec->d.items[i];
        const struct pk_place at = {one->file, one->line, one->column};

        pk_diag_add(&rec->cli->d, one->severity, one->code, at, one->hint, "%s", one->text);
    }
}

/* What fails each second is said once. */
static void say_sample(struct record *rec, int r)
{
    unsigned failing = r ? first_error(&rec->d) : 0;

    if (rec->sink.refused > rec->refused_said) {
        pk_warn(&rec->d, PK_T_SERIES_MAX, PK_NOWHERE, "raise --series-max, or use another store",
                "%zu series are not recorded", rec->sink.refused);
        rec->refused_said = rec->sink.refused;
    }
    if (!failing && rec->failing)
        pk_cli_say(rec->cli, "recording again");
    if (!failing || failing != rec->failing)
        say_all(rec);
    rec->failing = failing;
    pk_diags_done(&rec->d);
    rec->d = (struct pk_diags){0};
}

/* Points of a clock that was set back follow each other closely until it has caught up. */
static void stamp(struct record *rec)
{
    struct pk_sink *k = &rec->sink;
    int64_t now = clock_now(CLOCK_REALTIME), last = k->t;

    k->t_before = rec->good;
    k->t = pk_record_stamp(now, last);
    if (k->t - now > PK_SECOND && !(rec->behind.last > 0))
        pk_warn(&rec->d, PK_D_CLOCK, PK_NOWHERE,
                "set the clock; until it has caught up points stand just behind the newest one",
                "the clock is %" PRId64 " s behind the newest point of the store",
                (k->t - now) / PK_SECOND);
}

static int sample_self(struct record *rec)
{
    struct pk_sink *k = &rec->sink;
    int64_t behind = (k->t - clock_now(CLOCK_REALTIME)) / PK_SECOND;
    int r = pk_gauge_put(k, &rec->behind, "picket_record_clock_behind_seconds", "seconds",
                         (double)PK_MAX(behind, 0), false);

    return r ? r
             : pk_gauge_put(k, &rec->refused, "picket_record_series_refused", NULL,
                            (double)k->refused, false);
}

static size_t unsealed(const struct pk_tsdb *db)
{
    size_t n = 0;

    for (size_t i = 0; i < pk_tsdb_count(db); i++)
        n += pk_tsdb_at(db, i)->n;
    return n;
}

/* Age and size are looked at now and then; a limit that was lowered is seen with the first sample.
 */
static int keep(struct record *rec)
{
    struct pk_keep how = {.raw = rec->keep, .bytes = rec->size_max};
    int r;

    if (rec->sink.t - rec->kept < PK_KEEP_EVERY)
        return 0;
    if (__builtin_mul_overflow(rec->keep, PK_KEEP_MINUTES, &how.minute))
        how.minute = 0;
    if (__builtin_mul_overflow(rec->keep, PK_KEEP_HOURS, &how.hour))
        how.hour = 0;
    r = pk_tsdb_keep(rec->sink.db, &how, rec->sink.t, &rec->d);
    if (!r)
        rec->kept = rec->sink.t;
    return r;
}

static int store(struct record *rec)
{
    int r = unsealed(rec->sink.db) > PK_UNSEALED_MAX && !rec->failing
                ? pk_tsdb_seal(rec->sink.db, &rec->d)
                : pk_tsdb_commit(rec->sink.db, &rec->d);

    return r ? r : keep(rec);
}

/* A full disk may be emptied, and a fence be mended; a store that is broken ends the recording. */
static int sample(struct record *rec)
{
    int64_t begin = clock_now(CLOCK_PROCESS_CPUTIME_ID);
    int r, stored;

    stamp(rec);
    r = sample_self(rec);
    if (!r)
        r = pk_fence_watch_sample(&rec->sink, &rec->watch);
    if (!r)
        rec->good = rec->sink.t;
    stored = store(rec);
    rec->samples++;
    say_sample(rec, r ? r : stored);
    rec->rest = (clock_now(CLOCK_PROCESS_CPUTIME_ID) - begin) * PK_REST;
    return stored == -ENOSPC || stored == -EBUSY ? 0 : stored;
}

/* Until the next second of the clock begins, or the rule set has changed. true: a signal came. */
static bool wait_for_next(const struct record *rec, const sigset_t *ends)
{
    int64_t rested = clock_now(CLOCK_MONOTONIC) + rec->rest;
    int64_t now = clock_now(CLOCK_REALTIME), second = now / PK_SECOND;
    bool changed;

    do {
        int64_t left = PK_MIN((second + 1) * PK_SECOND - now, PK_LOOK);
        const struct timespec ts = {.tv_nsec = (long)PK_MAX(left, 1)};

        if (sigtimedwait(ends, NULL, &ts) > 0)
            return true;
        now = clock_now(CLOCK_REALTIME);
        changed = clock_now(CLOCK_MONOTONIC) >= rested && pk_fence_watch_changed(&rec->watch);
    } while (now / PK_SECOND == second && !changed);
    return false;
}

static int record_all(struct record *rec)
{
    sigset_t ends;
    int r;

    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    do
        r = sample(rec);
    while (!r && rec->samples != rec->samples_max && !wait_for_next(rec, &ends));
    return r;
}

/* Rules name hosts: the store is its owner's alone. */
static int open_store(struct record *rec)
{
    const struct pk_tsdb_options o = {.rollups = true, .series_max = rec->series_max};
    int r;

    umask(077);
    if (!strcmp(rec->db, PK_RECORD_DB))
        (void)!mkdir(PK_RECORD_DIR, 0700); /* opening says what is wrong */
    r = pk_tsdb_open(rec->db, &o, &rec->cli->d, &rec->sink.db);
    for (size_t i = 0; !r && i < pk_tsdb_count(rec->sink.db); i++)
        rec->sink.t = PK_MAX(rec->sink.t, pk_tsdb_at(rec->sink.db, i)->t_last);
    return r;
}

static void show(struct record *rec, size_t series)
{
    json_t *o = rec->cli->obj;

    json_object_set_new(o, "db", pk_json_text(rec->db));
    json_object_set_new(o, "samples", json_integer((json_int_t)rec->samples));
    json_object_set_new(o, "points", json_integer((json_int_t)rec->sink.points));
    json_object_set_new(o, "series", json_integer((json_int_t)series));
    json_object_set_new(o, "refused", json_integer((json_int_t)rec->sink.refused));
    if (!rec->cli->json)
        printf("%" PRIu64 " samples, %" PRIu64 " points; %zu series in %s\n", rec->samples,
               rec->sink.points, series, rec->db);
}

static enum pk_exit run(struct record *rec)
{
    int r = pk_cli_sweep(rec->cli), closed;
    size_t series;

    if (!r)
        r = open_store(rec);
    if (r)
        return pk_cli_refused(rec->cli, r, "cannot record");
    r = record_all(rec);
    pk_fence_watch_done(&rec->watch);
    series = pk_tsdb_count(rec->sink.db);
    closed = pk_tsdb_close(&rec->sink.db, &rec->cli->d);
    show(rec, series);
    return r || closed ? pk_cli_refused(rec->cli, r ? r : closed, "recording has ended")
                       : PK_EXIT_DONE;
}

int pk_cli_record(int argc, char **argv)
{
    _pk_cli_ struct pk_cli c;
    struct record rec = {.db = PK_RECORD_DB,
                         .series_max = 20000,
                         .size_max = (uint64_t)1 << 30,
                         .keep = 30 * 86400 * PK_SECOND,
                         .cli = &c,
                         .good = INT64_MIN,
                         .kept = INT64_MIN / 2};

    rec.sink = (struct pk_sink){.d = &rec.d, .t = INT64_MIN, .t_fresh = INT64_MIN};
    pk_cli_begin(&c, "record");
    if (!pk_cli_args(&c, pk_options_record, argc, argv, take, &rec))
        return c.exit;
    rec.sink.series_max = rec.series_max;
    return pk_cli_end(&c, run(&rec));
}
