// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers as tables and as docs/schemas/picket.telemetry.1.json. Numbers are strings there: they
 * are exact, and may be NaN. */
#include <stdio.h>

#include "base/out.h"
#include "cli/telemetry/telemetry.h"
#include "telemetry/moment.h"

json_t *pk_json_labels(const struct pk_label *label, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:s,s:o}", "name", label[i].name, "value",
                                              pk_json_text(label[i].value)));
    return list;
}

static int64_t step_begin(const struct pk_answer *a, size_t k)
{
    return (int64_t)((uint64_t)a->from + k * (uint64_t)a->step);
}

static json_t *row_json(const struct pk_answer *a, const struct pk_answer_row *row)
{
    json_t *values = json_array();

    for (size_t k = 0; k < a->n_steps; k++) {
        char time[PK_MOMENT_SIZE], number[PK_NUMBER_SIZE];

        if (row->cell[k].there)
            json_array_append_new(values, json_pack("{s:s,s:s}", "time",
                                                    pk_moment_text(step_begin(a, k), time), "value",
                                                    pk_number_text(&row->cell[k], number)));
    }
    return json_pack("{s:s,s:o,s:o}", "name", row->name, "labels",
                     pk_json_labels(row->labels, row->n_labels), "values", values);
}

static void answer_json(const struct pk_answer *a, const char *expression, json_t *obj)
{
    char from[PK_MOMENT_SIZE], to[PK_MOMENT_SIZE], step[PK_DURATION_SIZE];
    json_t *rows = json_array(), *o;

    for (size_t i = 0; i < a->n_rows; i++)
        json_array_append_new(rows, row_json(a, &a->rows[i]));
    o = json_pack("{s:o,s:s,s:s,s:s,s:I,s:o}", "expression", pk_json_text(expression), "from",
                  pk_moment_text(a->from, from), "to", pk_moment_text(a->to, to), "step",
                  pk_duration_text(a->step, step), "series", (json_int_t)a->n_series, "answers",
                  rows);
    json_object_set_new(obj, "query", o);
}

/* One step: a line a series. */
static int show_values(const struct pk_answer *a)
{
    static const char *const titles[] = {"VALUE", "SERIES", NULL};
    _pk_table_ struct pk_table *table = pk_table_new(titles);

    for (size_t i = 0; i < a->n_rows; i++) {
        _pk_buf_ struct pk_buf text = PK_BUF_INIT(2 * PK_METRIC_TEXT_MAX);
        char number[PK_NUMBER_SIZE];

        pk_answer_text(&a->rows[i], &text);
        pk_table_str(table, pk_number_text(a->rows[i].cell, number));
        pk_table_str(table, text.len ? text.data : "");
        pk_table_end_row(table);
    }
    return pk_table_print(table, 0, stdout);
}

/* A series, then a line a step that has a number. */
static int show_steps(const struct pk_answer *a, const struct pk_answer_row *row)
{
    static const char *const titles[] = {"TIME", "VALUE", NULL};
    _pk_table_ struct pk_table *table = pk_table_new(titles);
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(2 * PK_METRIC_TEXT_MAX),
                           shown = PK_BUF_INIT(8 * PK_METRIC_TEXT_MAX);

    for (size_t k = 0; k < a->n_steps; k++) {
        char time[PK_MOMENT_SIZE], number[PK_NUMBER_SIZE];

        if (!row->cell[k].there)
            continue;
        pk_table_str(table, pk_moment_text(step_begin(a, k), time));
        pk_table_str(table, pk_number_text(&row->cell[k], number));
        pk_table_end_row(table);
    }
    pk_answer_text(row, &text);
    pk_buf_text(&shown, text.len ? text.data : "", text.len);
    printf("%s\n", shown.len ? shown.data : "");
    return pk_table_print(table, 2, stdout);
}

static int show(const struct pk_answer *a)
{
    int r = 0;

    if (a->n_steps == 1)
        return show_values(a);
    for (size_t i = 0; i < a->n_rows && !r; i++)
        r = show_steps(a, &a->rows[i]);
    return r;
}

enum pk_exit pk_telemetry_query(struct pk_cli *c, struct pk_tsdb *db, struct pk_telemetry_args *a)
{
    _pk_expr_ struct pk_expr expr = {0};
    struct pk_query q = {.expr = &expr, .from = a->from, .to = a->to, .step = a->step};
    struct pk_answer answer = {0};
    int r = pk_expr_parse(a->expression, &c->arena, &expr, &c->d);

    if (!r)
        r = pk_query_run(db, &q, &c->arena, &answer, &c->d);
    if (r)
        return pk_cli_refused(c, r, "no answer");
    if (c->json)
        answer_json(&answer, a->expression, c->obj);
    else if (answer.n_rows)
        r = show(&answer);
    else
        pk_cli_say(c, "%s", answer.n_series ? "no points in this time" : "no series is so named");
    if (r)
        return pk_cli_refused(c, r, "cannot show it");
    return answer.n_rows ? PK_EXIT_DONE : PK_EXIT_NO;
}
