// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/export.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "telemetry/codes.h"
#include "telemetry/moment.h"
#include "telemetry/number.h"

#define FLUSH_AT ((size_t)64 << 10)
#define LINES_MAX ((size_t)1 << 20)

struct pk_exporting {
    struct pk_tsdb *db;
    const struct pk_export *e;
    struct pk_exported done;
    struct pk_diags *d;
    struct pk_buf out;
    struct pk_buf head; /* what each line of the series begins with */
    bool counter;       /* the series at hand */
};

/* A metric's family in OpenMetrics. */
enum pk_family_type { PK_TYPE_GAUGE, PK_TYPE_COUNTER, PK_TYPE_UNKNOWN };

static int pk_export_flush(struct pk_exporting *x)
{
    int r = x->out.failed;

    if (!r && x->out.len)
        r = x->e->write(x->e->arg, x->out.data, x->out.len);
    else if (r)
        pk_error(x->d, PK_T_MEMORY, PK_NOWHERE, NULL, "out of memory");
    pk_buf_reset(&x->out);
    return r;
}

/* A quoted field, quotes doubled. */
static void pk_csv_field(struct pk_buf *out, const char *s)
{
    pk_buf_char(out, '"');
    for (; *s; s++) {
        if (*s == '"')
            pk_buf_char(out, '"');
        pk_buf_char(out, *s);
    }
    pk_buf_char(out, '"');
}

/* JSON is UTF-8: bytes that are not become \xNN, which pk_buf_text writes. */
static void pk_json_string(struct pk_buf *out, const char *s)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(5 * PK_METRIC_TEXT_MAX);

    pk_buf_text(&text, s, strlen(s));
    pk_buf_char(out, '"');
    for (const char *p = text.len ? text.data : ""; *p; p++) {
        if (*p == '"' || *p == '\\')
            pk_buf_char(out, '\\');
        pk_buf_char(out, *p);
    }
    pk_buf_char(out, '"');
    if (text.failed && !out->failed)
        out->failed = text.failed;
}

static void pk_json_metric(struct pk_buf *out, const struct pk_metric *m)
{
    pk_buf_str(out, ",\"name\":");
    pk_json_string(out, m->name);
    pk_buf_str(out, ",\"labels\":{");
    for (size_t i = 0; i < m->n_labels; i++) {
        if (i)
            pk_buf_char(out, ',');
        pk_json_string(out, m->labels[i].name);
        pk_buf_char(out, ':');
        pk_json_string(out, m->labels[i].value);
    }
    pk_buf_str(out, "},\"value\":");
}

static void pk_export_head(struct pk_exporting *x, const struct pk_series *s)
{
    pk_buf_reset(&x->head);
    if (x->e->format == PK_EXPORT_CSV) {
        pk_csv_field(&x->head, s->text);
        pk_buf_char(&x->head, ',');
    } else if (x->e->format == PK_EXPORT_JSONL) {
        pk_json_metric(&x->head, &s->metric);
    } else {
        pk_buf_str(&x->head, s->text);
        pk_buf_char(&x->head, ' ');
    }
    x->counter = s->metric.spec.counter;
    if (x->head.failed)
        x->out.failed = x->head.failed;
}

static const char *pk_point_text(const struct pk_exporting *x, union pk_value v,
                                 char ret[static PK_NUMBER_SIZE])
{
    const struct pk_number whole = pk_whole(v.counter);

    return x->counter ? pk_number_text(&whole, ret) : pk_double_text(v.gauge, ret);
}

static void pk_json_line(struct pk_exporting *x, int64_t t, union pk_value v)
{
    bool quoted = !x->counter && !isfinite(v.gauge);
    char time[PK_MOMENT_SIZE], value[PK_NUMBER_SIZE];

    pk_buf_str(&x->out, "{\"time\":\"");
    pk_buf_str(&x->out, pk_moment_text(t, time));
    pk_buf_char(&x->out, '"');
    pk_buf_add(&x->out, x->head.data, x->head.len);
    pk_buf_str(&x->out, quoted ? "\"" : "");
    pk_buf_str(&x->out, pk_point_text(x, v, value));
    pk_buf_str(&x->out, quoted ? "\"}\n" : "}\n");
}

static void pk_export_line(struct pk_exporting *x, int64_t t, union pk_value v)
{
    bool csv = x->e->format == PK_EXPORT_CSV;
    char time[PK_MOMENT_SIZE], value[PK_NUMBER_SIZE];

    if (x->e->format == PK_EXPORT_JSONL) {
        pk_json_line(x, t, v);
        return;
    }
    pk_point_text(x, v, value);
    csv ? pk_moment_text(t, time) : pk_seconds_text(t, time);
    pk_buf_add(&x->out, x->head.data, x->head.len);
    pk_buf_str(&x->out, csv ? time : value);
    pk_buf_char(&x->out, csv ? ',' : ' ');
    pk_buf_str(&x->out, csv ? value : time);
    pk_buf_str(&x->out, csv ? "\r\n" : "\n");
}

static int pk_export_points(void *arg, const int64_t *t, const union pk_value *v, size_t n)
{
    struct pk_exporting *x = arg;
    int r = 0;

    for (size_t i = 0; i < n && !r; i++) {
        pk_export_line(x, t[i], v[i]);
        if (x->out.len >= FLUSH_AT || x->out.failed)
            r = pk_export_flush(x);
    }
    x->done.points += n;
    return r;
}

static int pk_export_series(struct pk_exporting *x, const struct pk_series *s)
{
    uint64_t before = x->done.points;
    int r;

    pk_export_head(x, s);
    r = pk_tsdb_points(x->db, s, x->e->from, x->e->to, pk_export_points, x, x->d);
    x->done.series += x->done.points > before;
    return r;
}

static bool pk_ends_with(const char *s, size_t len, const char *end)
{
    size_t n = strlen(end);

    return len > n && !memcmp(s + len - n, end, n);
}

/* The series [0, n) bear one name; `base` is how many bytes of it are the family's. */
static enum pk_family_type pk_family_type(struct pk_series *const *s, size_t n, size_t *ret_base)
{
    size_t len = strlen(s[0]->metric.name), counters = 0;

    for (size_t i = 0; i < n; i++)
        counters += s[i]->metric.spec.counter;
    *ret_base = len;
    if (!counters)
        return PK_TYPE_GAUGE;
    if (counters < n || !pk_ends_with(s[0]->metric.name, len, "_total"))
        return PK_TYPE_UNKNOWN;
    *ret_base = len - strlen("_total");
    return PK_TYPE_COUNTER;
}

/* The unit of all of them, if the family's name ends with it; else NULL. */
static const char *pk_family_unit(struct pk_series *const *s, size_t n, size_t base)
{
    const char *unit = s[0]->metric.unit;
    size_t len = strlen(unit);

    for (size_t i = 1; i < n; i++)
        if (strcmp(s[i]->metric.unit, unit) != 0)
            return NULL;
    return len && pk_ends_with(s[0]->metric.name, base, unit) &&
                   s[0]->metric.name[base - len - 1] == '_'
               ? unit
               : NULL;
}

/* One family: the series [0, n), which bear one name. `taken`: a counter's family has another's
 * name. */
static int pk_openmetrics_family(struct pk_exporting *x, struct pk_series *const *s, size_t n,
                                 bool taken)
{
    static const char *const types[] = {"gauge", "counter", "unknown"};
    const char *name = s[0]->metric.name, *unit;
    size_t base;
    enum pk_family_type type = pk_family_type(s, n, &base);
    int r = 0;

    if (type == PK_TYPE_COUNTER && taken) {
        type = PK_TYPE_UNKNOWN;
        base = strlen(name);
    }
    pk_buf_fmt(&x->out, "# TYPE %.*s %s\n", (int)base, name, types[type]);
    unit = pk_family_unit(s, n, base);
    if (unit)
        pk_buf_fmt(&x->out, "# UNIT %.*s %s\n", (int)base, name, unit);
    for (size_t i = 0; i < n && !r; i++)
        r = pk_export_series(x, s[i]);
    return r;
}

static int pk_name_compare(const void *a, const void *b)
{
    const struct pk_series *x = *(struct pk_series *const *)a, *y = *(struct pk_series *const *)b;
    int r = strcmp(x->metric.name, y->metric.name);

    return r ? r : (x->id > y->id) - (x->id < y->id);
}

/* Does a series bear the name without its "_total"? They are sorted by name. */
static bool pk_base_is_taken(struct pk_series *const *s, size_t n, const char *name)
{
    size_t len = strlen(name), low = 0, high = n;

    if (!pk_ends_with(name, len, "_total"))
        return false;
    len -= strlen("_total");
    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *other = s[middle]->metric.name;
        int r = strncmp(other, name, len);

        if (!r && !other[len])
            return true;
        if (r < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static int pk_openmetrics_run(struct pk_exporting *x, struct pk_series **s, size_t n)
{
    int r = 0;

    if (n)
        qsort(s, n, sizeof(*s), pk_name_compare);
    for (size_t i = 0, end; i < n && !r; i = end) {
        for (end = i + 1; end < n && !strcmp(s[i]->metric.name, s[end]->metric.name);)
            end++;
        r = pk_openmetrics_family(x, s + i, end - i, pk_base_is_taken(s, n, s[i]->metric.name));
    }
    pk_buf_str(&x->out, "# EOF\n");
    return r;
}

static int pk_lines_run(struct pk_exporting *x, struct pk_series *const *s, size_t n)
{
    int r = 0;

    if (x->e->format == PK_EXPORT_CSV)
        pk_buf_str(&x->out, "metric,time,value\r\n");
    for (size_t i = 0; i < n && !r; i++)
        r = pk_export_series(x, s[i]);
    return r;
}

int pk_export_run(struct pk_tsdb *db, const struct pk_export *e, struct pk_exported *ret,
                  struct pk_diags *d)
{
    _pk_free_ struct pk_series **series = NULL;
    struct pk_exporting x = {.db = db,
                             .e = e,
                             .d = d,
                             .out = PK_BUF_INIT(LINES_MAX),
                             .head = PK_BUF_INIT(8 * PK_METRIC_TEXT_MAX)};
    size_t n = 0;
    int r;

    series = calloc(PK_MAX(pk_tsdb_count(db), (size_t)1), sizeof(struct pk_series *));
    if (!series) {
        pk_error(d, PK_T_MEMORY, PK_NOWHERE, NULL, "out of memory");
        return -ENOMEM;
    }
    for (size_t i = 0; i < pk_tsdb_count(db); i++)
        if (pk_selector_matches(e->selector, &pk_tsdb_at(db, i)->metric))
            series[n++] = pk_tsdb_at(db, i);
    r = e->format == PK_EXPORT_OPENMETRICS ? pk_openmetrics_run(&x, series, n)
                                           : pk_lines_run(&x, series, n);
    if (!r)
        r = pk_export_flush(&x);
    if (!r)
        *ret = x.done;
    pk_buf_done(&x.out);
    pk_buf_done(&x.head);
    return r;
}
