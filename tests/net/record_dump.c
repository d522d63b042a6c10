// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a store holds, for test_record.py.
 *
 *     record-dump FILE                  each point: metric, kind, time in ns, value; tabs between
 *     record-dump FILE METRIC NS        adds one point to a gauge, which is made, and seals it
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "telemetry/tsdb.h"

static int print_points(void *arg, const int64_t *t, const union pk_value *v, size_t n)
{
    const struct pk_series *s = arg;

    for (size_t i = 0; i < n; i++)
        if (s->metric.spec.counter)
            printf("%s\tcounter\t%" PRId64 "\t%" PRIu64 "\n", s->text, t[i], v[i].counter);
        else
            printf("%s\tgauge\t%" PRId64 "\t%.17g\n", s->text, t[i], v[i].gauge);
    return 0;
}

static int dump(const char *path, struct pk_diags *d)
{
    const struct pk_tsdb_options o = {.read_only = true};
    struct pk_tsdb *db = NULL;
    int r = pk_tsdb_open(path, &o, d, &db);

    if (r)
        return r;
    for (size_t i = 0; i < pk_tsdb_count(db) && !r; i++)
        r = pk_tsdb_points(db, pk_tsdb_at(db, i), INT64_MIN, INT64_MAX, print_points,
                           pk_tsdb_at(db, i), d);
    return r | pk_tsdb_close(&db, d);
}

static int add(const char *path, const char *name, int64_t t, struct pk_diags *d)
{
    const struct pk_tsdb_options o = {0};
    const struct pk_metric m = {.name = name};
    struct pk_tsdb *db = NULL;
    struct pk_series *s;
    int r = pk_tsdb_open(path, &o, d, &db);

    if (r)
        return r;
    r = pk_tsdb_series(db, &m, d, &s);
    if (!r)
        r = pk_tsdb_add(db, s, t, (union pk_value){.gauge = 1}, d);
    if (!r)
        r = pk_tsdb_seal(db, d);
    return r | pk_tsdb_close(&db, d);
}

int main(int argc, char **argv)
{
    _pk_diags_ struct pk_diags d = {0};
    int r = -1;

    if (argc == 2)
        r = dump(argv[1], &d);
    else if (argc == 4)
        r = add(argv[1], argv[2], strtoll(argv[3], NULL, 10), &d);
    pk_diags_print(&d, stderr);
    return r ? 1 : 0;
}
