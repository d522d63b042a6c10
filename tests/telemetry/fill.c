// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * telemetry-fill STORE [--open]: writes what standard input says into a store, for tests.
 *
 *     counter METRIC [UNIT]                     the series of the points that follow
 *     gauge METRIC [UNIT [SCALE ERROR]]         with a tab between each two
 *     NANOSECONDS VALUE                         a point of it
 *
 * With --open the last points stay unsealed, as while recording. UNIT "-": none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "telemetry/tsdb.h"

static struct pk_tsdb *db;
static struct pk_series *series;
static struct pk_diags diags;
static struct pk_arena arena;

static int take_series(const char *kind, char *rest)
{
    char *metric = strsep(&rest, "\t"), *unit = strsep(&rest, "\t"), *scale = strsep(&rest, "\t");
    struct pk_metric m;

    if (pk_metric_parse(metric, &arena, &m, &diags))
        return -1;
    m.unit = unit && strcmp(unit, "-") != 0 ? unit : NULL;
    m.spec.counter = !strcmp(kind, "counter");
    m.spec.scale = scale ? (int)strtol(scale, NULL, 10) : 0;
    m.spec.error = rest ? strtod(rest, NULL) : 0;
    return pk_tsdb_series(db, &m, &diags, &series);
}

static int take_line(char *line)
{
    char *rest = line, *first;
    union pk_value v;

    line[strcspn(line, "\n")] = 0;
    first = strsep(&rest, " \t");
    if (!rest)
        return -1;
    if (!strcmp(first, "counter") || !strcmp(first, "gauge"))
        return take_series(first, rest);
    if (!series)
        return -1;
    if (series->metric.spec.counter)
        v.counter = strtoull(rest, NULL, 10);
    else
        v.gauge = strtod(rest, NULL);
    return pk_tsdb_add(db, series, strtoll(first, NULL, 10), v, &diags);
}

int main(int argc, char **argv)
{
    const struct pk_tsdb_options options = {.rollups = true};
    bool open = argc > 2 && !strcmp(argv[2], "--open");
    char line[8192];
    int r;

    r = argc > 1 ? pk_tsdb_open(argv[1], &options, &diags, &db) : -1;
    while (!r && fgets(line, sizeof(line), stdin)) {
        r = take_line(line);
        if (r)
            fprintf(stderr, "telemetry-fill: not taken: %s\n", line);
    }
    if (!r)
        r = open ? pk_tsdb_commit(db, &diags) : pk_tsdb_seal(db, &diags);
    if (db && pk_tsdb_close(&db, &diags))
        r = -1;
    pk_diags_print(&diags, stderr);
    pk_diags_done(&diags);
    pk_arena_done(&arena);
    return r ? 1 : 0;
}
