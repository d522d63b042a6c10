// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the store's bytes are, and what was lost: by series and codec, from the blocks' heads. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/out.h"
#include "cli/telemetry/telemetry.h"

static const char *const codecs[PK_CODEC_N] = {
    [PK_CODEC_INTEGER] = "integer", [PK_CODEC_POSIT] = "posit", [PK_CODEC_RAW] = "double"};

struct inspect {
    struct pk_cli *c;
    struct pk_table *table;
    json_t *series;
    uint64_t n_series, points, unsealed;
};

/* "0", or three digits. */
static const char *error_text(double error, char ret[static 16])
{
    snprintf(ret, 16, error > 0 ? "%.2e" : "0", error);
    return ret;
}

static double per_point(uint64_t bytes, uint64_t points)
{
    return points ? (double)bytes / (double)points : 0;
}

static json_t *codec_json(enum pk_codec codec, const struct pk_usage *u)
{
    return json_pack("{s:s,s:I,s:I,s:I,s:f,s:f,s:I,s:I,s:I}", "codec", codecs[codec], "blocks",
                     (json_int_t)u->blocks, "points", (json_int_t)u->points, "bytes",
                     (json_int_t)u->bytes, "bytes_per_point", per_point(u->bytes, u->points),
                     "error_made", u->error, "constant", (json_int_t)u->constant, "out_of_zone",
                     (json_int_t)u->zone, "inexact_sums", (json_int_t)u->rough);
}

static json_t *series_json(const struct pk_series *s, const struct pk_usage use[PK_CODEC_N])
{
    const struct pk_metric *m = &s->metric;
    json_t *list = json_array();

    for (unsigned i = 0; i < PK_CODEC_N; i++)
        if (use[i].blocks)
            json_array_append_new(list, codec_json((enum pk_codec)i, &use[i]));
    return json_pack("{s:s,s:o,s:o,s:s,s:i,s:f,s:I,s:o}", "name", m->name, "labels",
                     pk_json_labels(m->labels, m->n_labels), "unit", pk_json_text(m->unit), "type",
                     m->spec.counter ? "counter" : "gauge", "scale", m->spec.scale, "error_bound",
                     m->spec.error, "unsealed", (json_int_t)s->n, "codecs", list);
}

/* Blocks that are constant, out of the good zone, or with a sum that is not exact. */
static void flags_cell(struct pk_table *t, const struct pk_usage *u)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(128);
    static const char *const names[] = {"constant", "zone", "rough"};
    const uint64_t n[] = {u->constant, u->zone, u->rough};

    for (size_t i = 0; i < PK_ARRAY_SIZE(names); i++)
        if (n[i])
            pk_buf_fmt(&text, "%s%s %" PRIu64, text.len ? ", " : "", names[i], n[i]);
    pk_table_str(t, text.len ? text.data : "");
}

static void series_row(struct pk_table *t, const struct pk_series *s, enum pk_codec codec,
                       const struct pk_usage *u)
{
    char made[16], bound[16];

    pk_table_u64(t, u->points);
    pk_table_u64(t, u->blocks);
    pk_table_fmt(t, "%.3f", per_point(u->bytes, u->points));
    pk_table_str(t, codecs[codec]);
    pk_table_fmt(t, "%s/%s", error_text(u->error, made), error_text(s->metric.spec.error, bound));
    flags_cell(t, u);
    pk_table_str(t, s->text);
    pk_table_end_row(t);
}

static void unsealed_row(struct pk_table *t, const struct pk_series *s)
{
    pk_table_u64(t, s->n);
    for (unsigned i = 0; i < 2; i++)
        pk_table_str(t, "");
    pk_table_str(t, "unsealed");
    for (unsigned i = 0; i < 2; i++)
        pk_table_str(t, "");
    pk_table_str(t, s->text);
    pk_table_end_row(t);
}

static void show_series(struct inspect *i, const struct pk_series *s,
                        const struct pk_usage use[PK_CODEC_N])
{
    if (i->c->json) {
        json_array_append_new(i->series, series_json(s, use));
        return;
    }
    for (unsigned k = 0; k < PK_CODEC_N; k++)
        if (use[k].blocks)
            series_row(i->table, s, (enum pk_codec)k, &use[k]);
    if (s->n)
        unsealed_row(i->table, s);
}

static int inspect_series(struct inspect *i, struct pk_tsdb *db, const struct pk_selector *selector)
{
    for (size_t at = 0; at < pk_tsdb_count(db); at++) {
        const struct pk_series *s = pk_tsdb_at(db, at);
        struct pk_usage use[PK_CODEC_N];
        int r;

        if (!pk_selector_matches(selector, &s->metric))
            continue;
        r = pk_tsdb_usage(db, s, use, &i->c->d);
        if (r)
            return r;
        for (unsigned k = 0; k < PK_CODEC_N; k++)
            i->points += use[k].points;
        i->unsealed += s->n;
        i->n_series++;
        show_series(i, s, use);
    }
    return 0;
}

static json_t *part_json(uint64_t bytes, uint64_t rows)
{
    return json_pack("{s:I,s:I}", "bytes", (json_int_t)bytes, "rows", (json_int_t)rows);
}

static void sizes_json(const struct pk_sizes *s, json_t *obj)
{
    json_t *o = json_pack("{s:I,s:I,s:I}", "bytes", (json_int_t)s->file, "wal_bytes",
                          (json_int_t)s->wal, "free_bytes", (json_int_t)s->pages_free);

    json_object_set_new(o, "blocks", part_json(s->blocks, s->n_blocks));
    json_object_set_new(o, "log", part_json(s->log, s->n_log));
    json_object_set_new(o, "unsealed", part_json(s->tails, s->n_tails));
    json_object_set_new(o, "minutes", part_json(s->minute, s->n_minute));
    json_object_set_new(o, "hours", part_json(s->hour, s->n_hour));
    json_object_set_new(obj, "store", o);
}

static void size_row(struct pk_table *t, const char *what, uint64_t bytes, uint64_t rows)
{
    char text[16];

    pk_table_str(t, what);
    pk_table_str(t, pk_bytes_str(bytes, text));
    pk_table_u64(t, rows);
    pk_table_end_row(t);
}

static int show_sizes(const struct inspect *i, const struct pk_sizes *s)
{
    static const char *const titles[] = {"PART", "BYTES", "ROWS", NULL};
    _pk_table_ struct pk_table *t = pk_table_new(titles);
    char file[16], wal[16], unused[16];

    printf("%" PRIu64 " series, %" PRIu64 " points sealed, %" PRIu64 " not\n", i->n_series,
           i->points, i->unsealed);
    printf("file %s, of which free %s; write-ahead log %s\n", pk_bytes_str(s->file, file),
           pk_bytes_str(s->pages_free, unused), pk_bytes_str(s->wal, wal));
    size_row(t, "blocks", s->blocks, s->n_blocks);
    size_row(t, "roll-ups, minutes", s->minute, s->n_minute);
    size_row(t, "roll-ups, hours", s->hour, s->n_hour);
    size_row(t, "log", s->log, s->n_log);
    size_row(t, "unsealed blocks", s->tails, s->n_tails);
    return pk_table_print(t, 0, stdout);
}

static int show_all(struct inspect *i, struct pk_tsdb *db, const struct pk_selector *selector)
{
    struct pk_sizes sizes;
    int r = pk_tsdb_sizes(db, &sizes, &i->c->d);

    if (!r)
        r = inspect_series(i, db, selector);
    if (!r && i->c->json) {
        sizes_json(&sizes, i->c->obj);
        json_object_set(i->c->obj, "series", i->series);
    } else if (!r) {
        r = show_sizes(i, &sizes);
        putchar('\n');
    }
    return r || i->c->json ? r : pk_table_print(i->table, 0, stdout);
}

enum pk_exit pk_telemetry_inspect(struct pk_cli *c, struct pk_tsdb *db, struct pk_telemetry_args *a)
{
    static const char *const titles[] = {"POINTS",      "BLOCKS", "B/POINT", "CODEC",
                                         "ERROR/BOUND", "FLAGS",  "SERIES",  NULL};
    _pk_table_ struct pk_table *table = pk_table_new(titles);
    _pk_selector_ struct pk_selector selector = {0};
    struct inspect i = {.c = c, .table = table, .series = json_array()};
    int r = pk_selector_parse(a->expression, &c->arena, &selector, &c->d);

    if (!r)
        r = show_all(&i, db, &selector);
    json_decref(i.series);
    if (r)
        return pk_cli_refused(c, r, "cannot look into the store");
    if (!i.n_series)
        pk_cli_say(c, "no series is so named");
    return i.n_series ? PK_EXIT_DONE : PK_EXIT_NO;
}
