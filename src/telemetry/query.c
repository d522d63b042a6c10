// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/query.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "telemetry/codes.h"
#include "telemetry/moment.h"

/* One series on its way through the steps. */
struct pk_eval {
    const struct pk_answer *answer;
    enum pk_over over;
    bool counter;
    struct pk_number *cell;
    size_t next; /* the first step without an answer yet */
    bool known;  /* there is a point before that, with this value: */
    union pk_value last;
};

/* A series and where it belongs. */
struct pk_member {
    struct pk_series *series;
    struct pk_label *labels;
    size_t n_labels;
    const char *key; /* the labels' text */
};

struct pk_work {
    struct pk_tsdb *db;
    const struct pk_query *q;
    struct pk_arena *arena;
    struct pk_diags *d;
    struct pk_answer answer;
    struct pk_member *member;
    size_t n, cap;
    struct pk_number *cell; /* of the series at hand */
    uint32_t *count;        /* of the group at hand: series that have a number */
};

static int64_t pk_step_begin(const struct pk_answer *a, size_t k)
{
    return (int64_t)((uint64_t)a->from + k * (uint64_t)a->step);
}

static int64_t pk_step_end(const struct pk_answer *a, size_t k)
{
    return k + 1 == a->n_steps ? a->to : pk_step_begin(a, k + 1);
}

static struct pk_number pk_value_number(const struct pk_eval *e, union pk_value v)
{
    return e->counter ? pk_whole(v.counter) : pk_real(v.gauge);
}

static struct pk_number pk_rise_number(const struct pk_eval *e, size_t k, uint64_t rise)
{
    double seconds;

    if (e->over == PK_OVER_INCREASE)
        return pk_whole(rise);
    seconds = (double)(pk_step_end(e->answer, k) - pk_step_begin(e->answer, k)) / 1e9;
    return pk_real((double)rise / seconds);
}

/* Steps without points, up to `to`. */
static void pk_eval_hold(struct pk_eval *e, size_t to)
{
    for (; e->next < to; e->next++) {
        size_t k = e->next;

        if (!e->known)
            continue;
        if (e->over == PK_OVER_RATE || e->over == PK_OVER_INCREASE)
            e->cell[k] = pk_rise_number(e, k, 0);
        else if (e->over == PK_OVER_VALUE)
            e->cell[k] = pk_value_number(e, e->last);
    }
}

static struct pk_number pk_eval_number(const struct pk_eval *e, size_t k, const struct pk_agg *a)
{
    uint64_t before = e->known ? pk_counter_rise(e->last.counter, a->first.counter) : 0;

    switch (e->over) {
    case PK_OVER_MIN:
        return pk_value_number(e, a->min);
    case PK_OVER_MAX:
        return pk_value_number(e, a->max);
    case PK_OVER_AVG:
        return pk_real(pk_agg_mean(a));
    case PK_OVER_SUM:
        return e->counter && a->sum.kind == PK_SUM_INTEGER ? pk_whole(a->sum.integer)
                                                           : pk_real(pk_sum_value(&a->sum));
    case PK_OVER_COUNT:
        return pk_whole((__int128)a->count);
    case PK_OVER_RATE:
    case PK_OVER_INCREASE:
        return pk_rise_number(e, k, before + a->rise);
    default:
        return pk_value_number(e, a->last);
    }
}

static int pk_eval_step(void *arg, int64_t t, const struct pk_agg *a)
{
    struct pk_eval *e = arg;
    size_t k = (size_t)(((uint64_t)t - (uint64_t)e->answer->from) / (uint64_t)e->answer->step);

    pk_eval_hold(e, k);
    e->cell[k] = pk_eval_number(e, k, a);
    e->next = k + 1;
    e->known = true;
    e->last = a->last;
    return 0;
}

/* One series' numbers, into w->cell. */
static int pk_eval_series(struct pk_work *w, const struct pk_series *s)
{
    struct pk_eval e = {.answer = &w->answer,
                        .over = w->q->expr->over,
                        .counter = s->metric.spec.counter,
                        .cell = w->cell};
    int64_t t;
    int r = 0;

    memset(w->cell, 0, w->answer.n_steps * sizeof(*w->cell));
    if (e.over == PK_OVER_VALUE || e.over == PK_OVER_RATE || e.over == PK_OVER_INCREASE)
        r = pk_tsdb_before(w->db, s, w->answer.from, &t, &e.last, w->d);
    e.known = r > 0;
    if (r >= 0)
        r = pk_tsdb_query(w->db, s, w->answer.from, w->answer.to, w->answer.step, pk_eval_step, &e,
                          w->d);
    if (!r)
        pk_eval_hold(&e, w->answer.n_steps);
    return r;
}

static int pk_out_of_memory(struct pk_work *w)
{
    pk_error(w->d, PK_T_MEMORY, PK_NOWHERE, NULL, "out of memory");
    return -ENOMEM;
}

/* A row for cells of its own, which are zeroed. */
static int pk_row_add(struct pk_work *w, const struct pk_member *m, const char *name,
                      struct pk_number **ret)
{
    struct pk_answer *a = &w->answer;
    struct pk_number *cell;
    struct pk_answer_row *grown;

    if ((a->n_rows + 1) * a->n_steps > PK_QUERY_CELLS_MAX) {
        pk_error(w->d, PK_T_ANSWER_MAX, PK_NOWHERE,
                 "ask for fewer series, a longer --step, or fold them: sum by (label) (...)",
                 "the answer has more than %u numbers", PK_QUERY_CELLS_MAX);
        return -E2BIG;
    }
    cell = pk_arena_array(w->arena, struct pk_number, a->n_steps);
    grown = pk_arena_grow(w->arena, a->rows, a->n_rows, &a->cap_rows, sizeof(*a->rows));
    if (!cell || !grown)
        return pk_out_of_memory(w);
    a->rows = grown;
    grown[a->n_rows++] = (struct pk_answer_row){
        .name = name, .labels = m->labels, .n_labels = m->n_labels, .cell = cell};
    *ret = cell;
    return 0;
}

static void pk_fold_into(enum pk_fold fold, struct pk_number *into, const struct pk_number *n)
{
    if (fold == PK_FOLD_COUNT)
        return;
    if (!into->there)
        *into = *n;
    else if (fold == PK_FOLD_SUM || fold == PK_FOLD_AVG)
        *into = pk_number_add(into, n);
    else if (pk_number_compare(n, into) * (fold == PK_FOLD_MIN ? -1 : 1) > 0)
        *into = *n;
}

/* False: there is no number in any step. */
static bool pk_fold_end(struct pk_work *w, struct pk_number *cell)
{
    enum pk_fold fold = w->q->expr->fold;
    bool any = false;

    for (size_t k = 0; k < w->answer.n_steps; k++) {
        any |= w->count[k] > 0;
        if (w->count[k] && fold == PK_FOLD_COUNT)
            cell[k] = pk_whole(w->count[k]);
        else if (w->count[k] && fold == PK_FOLD_AVG)
            cell[k] = pk_real(pk_number_double(&cell[k]) / w->count[k]);
    }
    return any;
}

/* Members [from, to) are one group. */
static int pk_group_run(struct pk_work *w, size_t from, size_t to)
{
    struct pk_number *cell;
    int r = pk_row_add(w, &w->member[from], "", &cell);

    memset(w->count, 0, w->answer.n_steps * sizeof(*w->count));
    for (size_t i = from; i < to && !r; i++) {
        r = pk_eval_series(w, w->member[i].series);
        for (size_t k = 0; k < w->answer.n_steps && !r; k++)
            if (w->cell[k].there) {
                pk_fold_into(w->q->expr->fold, &cell[k], &w->cell[k]);
                w->count[k]++;
            }
    }
    if (!r && !pk_fold_end(w, cell))
        w->answer.n_rows--;
    return r;
}

static int pk_groups_run(struct pk_work *w)
{
    int r = 0;

    for (size_t i = 0, end; i < w->n && !r; i = end) {
        for (end = i + 1; end < w->n && !strcmp(w->member[i].key, w->member[end].key);)
            end++;
        r = pk_group_run(w, i, end);
    }
    return r;
}

static int pk_rows_run(struct pk_work *w)
{
    int r = 0;

    for (size_t i = 0; i < w->n && !r; i++) {
        bool any = false;

        r = pk_eval_series(w, w->member[i].series);
        for (size_t k = 0; k < w->answer.n_steps && !r; k++)
            any |= w->cell[k].there;
        if (any) {
            struct pk_number *cell;

            r = pk_row_add(w, &w->member[i], w->member[i].series->metric.name, &cell);
            if (!r)
                memcpy(cell, w->cell, w->answer.n_steps * sizeof(*cell));
        }
    }
    return r;
}

static bool pk_is_named(const struct pk_expr *e, const char *label)
{
    for (size_t i = 0; i < e->n_labels; i++)
        if (!strcmp(e->label[i], label))
            return true;
    return false;
}

/* The labels a group keeps; metrics have theirs sorted. */
static int pk_member_labels(struct pk_work *w, struct pk_member *m)
{
    const struct pk_metric *metric = &m->series->metric;
    const struct pk_expr *e = w->q->expr;
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_METRIC_TEXT_MAX);

    m->labels = pk_arena_array(w->arena, struct pk_label, metric->n_labels);
    if (!m->labels && metric->n_labels)
        return pk_out_of_memory(w);
    for (size_t i = 0; i < metric->n_labels; i++)
        if (e->fold == PK_FOLD_NONE || pk_is_named(e, metric->labels[i].name) != e->without)
            m->labels[m->n_labels++] = metric->labels[i];
    pk_labels_text(m->labels, m->n_labels, &text);
    m->key = pk_arena_strndup(w->arena, text.len ? text.data : "", text.len);
    return m->key && !text.failed ? 0 : pk_out_of_memory(w);
}

/* rate and increase of a gauge have no meaning. */
static int pk_member_check(struct pk_work *w, const struct pk_series *s)
{
    enum pk_over over = w->q->expr->over;

    if ((over != PK_OVER_RATE && over != PK_OVER_INCREASE) || s->metric.spec.counter)
        return 0;
    pk_error(w->d, PK_T_NOT_COUNTER, w->q->expr->over_at, "for gauges: avg_over_time",
             "%s is of counters, and %.200s is a gauge", pk_over_name(over), s->text);
    return -EINVAL;
}

static int pk_members_find(struct pk_work *w)
{
    size_t count = pk_tsdb_count(w->db);

    for (size_t i = 0; i < count; i++) {
        struct pk_series *s = pk_tsdb_at(w->db, i);
        struct pk_member *grown;
        int r;

        if (!pk_selector_matches(&w->q->expr->selector, &s->metric))
            continue;
        r = pk_member_check(w, s);
        if (r)
            return r;
        grown = pk_arena_grow(w->arena, w->member, w->n, &w->cap, sizeof(*w->member));
        if (!grown)
            return pk_out_of_memory(w);
        w->member = grown;
        w->member[w->n] = (struct pk_member){.series = s};
        r = pk_member_labels(w, &w->member[w->n++]);
        if (r)
            return r;
    }
    w->answer.n_series = w->n;
    return 0;
}

/* By the groups' labels; within a group as the store has them, so that sums do not depend on it. */
static int pk_member_compare(const void *a, const void *b)
{
    const struct pk_member *x = a, *y = b;
    int r = strcmp(x->key, y->key);

    return r ? r : (x->series->id > y->series->id) - (x->series->id < y->series->id);
}

static int pk_steps_bad(struct pk_work *w, const char *hint, const char *what)
{
    pk_error(w->d, PK_T_ANSWER_MAX, PK_NOWHERE, hint, "%s", what);
    return -EINVAL;
}

static int pk_steps_plan(struct pk_work *w)
{
    const struct pk_query *q = w->q;
    int64_t range = q->expr->range, step = q->step ? q->step : range;
    uint64_t span = (uint64_t)q->to - (uint64_t)q->from;

    if (q->from >= q->to)
        return pk_steps_bad(w, NULL, "the time asked for ends before it begins");
    if (span > INT64_MAX)
        return pk_steps_bad(w, NULL, "the time asked for is longer than 292 years");
    if (!step)
        step = (int64_t)span;
    if (range && range != step)
        return pk_steps_bad(w, "leave out the one in brackets, or --step",
                            "the range in brackets is the step, and --step says another");
    if ((span - 1) / (uint64_t)step + 1 > PK_QUERY_STEPS_MAX)
        return pk_steps_bad(w, "a longer --step", "more than 11,000 steps");
    w->answer.from = q->from;
    w->answer.to = q->to;
    w->answer.step = step;
    w->answer.n_steps = (size_t)((span - 1) / (uint64_t)step + 1);
    w->cell = pk_arena_array(w->arena, struct pk_number, w->answer.n_steps);
    w->count = pk_arena_array(w->arena, uint32_t, w->answer.n_steps);
    return w->cell && w->count ? 0 : pk_out_of_memory(w);
}

int pk_query_run(struct pk_tsdb *db, const struct pk_query *q, struct pk_arena *a,
                 struct pk_answer *ret, struct pk_diags *d)
{
    struct pk_work w = {.db = db, .q = q, .arena = a, .d = d};
    int r = pk_steps_plan(&w);

    if (!r)
        r = pk_members_find(&w);
    if (!r && w.n && q->expr->fold != PK_FOLD_NONE)
        qsort(w.member, w.n, sizeof(*w.member), pk_member_compare);
    if (!r)
        r = q->expr->fold == PK_FOLD_NONE ? pk_rows_run(&w) : pk_groups_run(&w);
    if (!r)
        *ret = w.answer;
    return r;
}

void pk_answer_text(const struct pk_answer_row *row, struct pk_buf *out)
{
    pk_buf_str(out, row->name);
    pk_labels_text(row->labels, row->n_labels, out);
    if (!*row->name && !row->n_labels)
        pk_buf_str(out, "{}");
}
