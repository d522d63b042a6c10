// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/expr.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "telemetry/moment.h"

static const char *const functions[PK_OVER_N] = {
    [PK_OVER_VALUE] = "",
    [PK_OVER_MIN] = "min_over_time",
    [PK_OVER_MAX] = "max_over_time",
    [PK_OVER_AVG] = "avg_over_time",
    [PK_OVER_SUM] = "sum_over_time",
    [PK_OVER_COUNT] = "count_over_time",
    [PK_OVER_LAST] = "last_over_time",
    [PK_OVER_RATE] = "rate",
    [PK_OVER_INCREASE] = "increase",
};
static const char *const folds[] = {
    [PK_FOLD_NONE] = "",   [PK_FOLD_SUM] = "sum", [PK_FOLD_AVG] = "avg",
    [PK_FOLD_MIN] = "min", [PK_FOLD_MAX] = "max", [PK_FOLD_COUNT] = "count"};

static const char known[] =
    "functions: rate, increase, and min, max, avg, sum, count and last with "
    "_over_time; over series: sum, avg, min, max, count";

/* The index of the word in names, behind the first; 0: none. */
static size_t pk_word_of(const char *const *names, size_t n, const char *word, size_t len)
{
    for (size_t i = 1; i < n; i++)
        if (strlen(names[i]) == len && !memcmp(names[i], word, len))
            return i;
    return 0;
}

const char *pk_over_name(enum pk_over over)
{
    return functions[over];
}

/* What a word is followed by, blanks aside. */
static char pk_behind(const struct pk_text *t, size_t len)
{
    const char *s = t->at + len;

    return s[strspn(s, " \t\r\n")];
}

static int pk_range_read(struct pk_text *t, struct pk_expr *e)
{
    const char *at, *end;
    int r;

    if (!pk_text_take(t, '['))
        return 0;
    pk_text_skip(t);
    at = t->at;
    r = pk_duration_parse(at, &e->range, &end);
    if (r || e->range <= 0)
        return pk_text_bad(t, at, "as in 5m or 1h30m", "%.20s: not a range", at);
    t->at = end;
    if (pk_text_take(t, ':'))
        return pk_text_bad(t, t->at - 1, NULL, "subqueries are not supported");
    return pk_text_take(t, ']') ? 0 : pk_text_wanted(t, "]");
}

static int pk_function_read(struct pk_text *t, struct pk_expr *e, size_t len)
{
    size_t which = pk_word_of(functions, PK_OVER_N, t->at, len);
    int r;

    if (!which && pk_word_of(folds, PK_ARRAY_SIZE(folds), t->at, len))
        return pk_text_bad(t, t->at, "one of them may stand, outermost",
                           "%.*s: within another of its kind", (int)len, t->at);
    if (!which)
        return pk_text_bad(t, t->at, known, "%.*s: no such function here",
                           (int)PK_MIN(len, (size_t)60), t->at);
    e->over = (enum pk_over)which;
    t->at += len;
    if (!pk_text_take(t, '('))
        return pk_text_wanted(t, "(");
    r = pk_selector_read(t, &e->selector);
    if (!r)
        r = pk_range_read(t, e);
    return r || pk_text_take(t, ')') ? r : pk_text_wanted(t, ")");
}

static int pk_over_read(struct pk_text *t, struct pk_expr *e)
{
    size_t len;
    int r;

    pk_text_skip(t);
    len = pk_text_word(t, true);
    e->over_at = (struct pk_place){"expression", 1, (unsigned)(t->at - t->begin) + 1};
    if (len && pk_behind(t, len) == '(')
        return pk_function_read(t, e, len);
    r = pk_selector_read(t, &e->selector);
    if (!r && pk_text_take(t, '['))
        return pk_text_bad(t, t->at - 1, "as in avg_over_time(x[5m])",
                           "a range without a function");
    return r;
}

static int pk_by_labels_read(struct pk_text *t, struct pk_expr *e)
{
    e->label = pk_arena_array(t->arena, const char *, PK_METRIC_LABELS_MAX);
    if (!e->label)
        return -ENOMEM;
    if (!pk_text_take(t, '('))
        return pk_text_wanted(t, "(");
    while (!pk_text_take(t, ')')) {
        size_t len = pk_text_word(t, false);

        if (!len)
            return pk_text_wanted(t, "a label's name");
        if (e->n_labels == PK_METRIC_LABELS_MAX)
            return pk_text_bad(t, t->at, NULL, "more than %d labels", PK_METRIC_LABELS_MAX);
        e->label[e->n_labels] = pk_arena_strndup(t->arena, t->at, len);
        if (!e->label[e->n_labels++])
            return -ENOMEM;
        t->at += len;
        if (!pk_text_take(t, ',') && *t->at != ')')
            return pk_text_wanted(t, "a comma or )");
    }
    return 0;
}

/* "by (...)" or "without (...)", if it stands here. */
static int pk_by_read(struct pk_text *t, struct pk_expr *e)
{
    static const char *const words[] = {"", "by", "without"};
    size_t len, which;

    pk_text_skip(t);
    len = pk_text_word(t, false);
    which = pk_word_of(words, PK_ARRAY_SIZE(words), t->at, len);
    if (!which)
        return 0;
    if (e->label)
        return pk_text_bad(t, t->at, NULL, "%s: labels are named already", words[which]);
    e->without = which == 2;
    t->at += len;
    return pk_by_labels_read(t, e);
}

static int pk_fold_read(struct pk_text *t, struct pk_expr *e, size_t which)
{
    int r;

    e->fold = (enum pk_fold)which;
    t->at += strlen(folds[which]);
    r = pk_by_read(t, e);
    if (!r && !pk_text_take(t, '('))
        r = pk_text_wanted(t, "(");
    if (!r)
        r = pk_over_read(t, e);
    if (!r && !pk_text_take(t, ')'))
        r = pk_text_wanted(t, ")");
    return r ? r : pk_by_read(t, e);
}

static int pk_expr_end(struct pk_text *t)
{
    size_t len;

    pk_text_skip(t);
    len = pk_text_word(t, false);
    if (!*t->at)
        return 0;
    if (strchr("+-*/%^<>=!", *t->at))
        return pk_text_bad(t, t->at, NULL, "%.1s: operators are not supported", t->at);
    if (*t->at == '@' || (len == 6 && !memcmp(t->at, "offset", 6)))
        return pk_text_bad(t, t->at, "--from and --to say when", "%.*s: not supported",
                           (int)PK_MAX(len, (size_t)1), t->at);
    return pk_text_wanted(t, "the end");
}

int pk_expr_parse(const char *text, struct pk_arena *a, struct pk_expr *ret, struct pk_diags *d)
{
    struct pk_text t = {.begin = text, .at = text, .arena = a, .diags = d};
    _pk_expr_ struct pk_expr e = {0};
    size_t len, fold;
    int r;

    if (strlen(text) > PK_EXPRESSION_MAX)
        return pk_text_bad(&t, text, NULL, "more than %d bytes", PK_EXPRESSION_MAX);
    pk_text_skip(&t);
    len = pk_text_word(&t, true);
    fold = pk_word_of(folds, PK_ARRAY_SIZE(folds), t.at, len);
    if (fold && pk_behind(&t, len) && pk_behind(&t, len) != '{')
        r = pk_fold_read(&t, &e, fold);
    else
        r = pk_over_read(&t, &e);
    if (!r)
        r = pk_expr_end(&t);
    if (r)
        return r;
    *ret = e;
    e.selector.n = 0; /* handed on */
    return 0;
}

void pk_expr_done(struct pk_expr *e)
{
    pk_selector_done(&e->selector);
}
