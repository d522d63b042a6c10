// SPDX-License-Identifier: GPL-2.0-or-later
/* The store of `picket record`: asked, exported, pushed to a receiver, and looked into. */
#include "cli/telemetry/telemetry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/record/record.h"
#include "telemetry/moment.h"

const struct pk_option_def pk_options_telemetry[] = {
    {"db", 0, "FILE", "the store (default: " PK_RECORD_DB ")"},
    {"from", 0, "TIME", "from then on: RFC 3339, seconds since 1970, or as -1h"},
    {"to", 0, "TIME", "until before then (default: now)"},
    {"step", 0, "DURATION", "query: a number for each, as 1m (default: one for all)"},
    {"format", 0, "FORMAT", "export: csv (the default), jsonl or openmetrics"},
    {"url", 0, "URL", "push: where Prometheus remote write is received"},
    PK_COMMON_OPTIONS,
};

/* A query looks back so far if it is not told. */
#define QUERY_SPAN INT64_C(3600000000000)

enum { QUERY, EXPORT, PUSH, INSPECT, ACTIONS };

/* What each may be told; "expression" is a word. */
static const struct {
    const char *name, *options;
} actions[ACTIONS] = {
    [QUERY] = {"query", " db from to step json "},
    [EXPORT] = {"export", " db from to format "},
    [PUSH] = {"push", " db from to url json "},
    [INSPECT] = {"inspect", " db json "},
};

struct telemetry {
    int action; /* -1: not said yet */
    struct pk_telemetry_args args;
    uint32_t given; /* a bit for each option; looked at when the action is known */
};

static int say(const char *word, const char *what)
{
    fprintf(stderr, "picket telemetry: %s: %s\n", word, what);
    return -1;
}

static int take_moment(const char *option, const struct telemetry *t, const char *word,
                       int64_t *ret)
{
    int r = pk_moment_parse(word, t->args.now, ret);

    if (!r)
        return 1;
    fprintf(stderr, "picket telemetry: --%s %s: %s\n", option, word,
            r == -ERANGE ? "beyond the years 1678 to 2261"
                         : "no time: as 2026-11-22T07:30:00Z, 1795332600, now or -1h");
    return -1;
}

static int take_step(struct telemetry *t, const char *word)
{
    if (!pk_duration_parse(word, &t->args.step, NULL) && t->args.step > 0)
        return 1;
    return say(word, "no duration: as 30s, 5m or 1h30m");
}

static int take_format(struct telemetry *t, const char *word)
{
    static const char *const formats[] = {[PK_EXPORT_CSV] = "csv",
                                          [PK_EXPORT_JSONL] = "jsonl",
                                          [PK_EXPORT_OPENMETRICS] = "openmetrics"};

    for (size_t i = 0; i < PK_ARRAY_SIZE(formats); i++)
        if (!strcmp(word, formats[i])) {
            t->args.format = (enum pk_export_format)i;
            return 1;
        }
    return say(word, "no format: csv, jsonl or openmetrics");
}

static int take_word(struct telemetry *t, const char *word)
{
    if (t->action < 0) {
        for (int i = 0; i < ACTIONS; i++)
            if (!strcmp(word, actions[i].name)) {
                t->action = i;
                return 1;
            }
        return say(word, "no such action: query, export, push or inspect");
    }
    if (t->args.expression)
        return say(word, "one expression is taken: quote it for the shell");
    t->args.expression = word;
    return 1;
}

static int take(void *arg, const struct pk_args *a, const struct pk_option_def *o)
{
    struct telemetry *t = arg;

    if (!o)
        return take_word(t, a->value);
    t->given |= 1u << (o - pk_options_telemetry);
    if (pk_option_is(o, "from"))
        t->args.has_from = true;
    if (pk_option_is(o, "from"))
        return take_moment("from", t, a->value, &t->args.from);
    if (pk_option_is(o, "to"))
        return take_moment("to", t, a->value, &t->args.to);
    if (pk_option_is(o, "step"))
        return take_step(t, a->value);
    if (pk_option_is(o, "format"))
        return take_format(t, a->value);
    *(pk_option_is(o, "db") ? &t->args.db : &t->args.url) = a->value;
    return 1;
}

/* False: the action takes no such option. */
static bool option_fits(const struct telemetry *t, const char *name)
{
    char word[16];

    snprintf(word, sizeof(word), " %s ", name);
    if (strstr(actions[t->action].options, word))
        return true;
    fprintf(stderr, "picket telemetry: --%s: %s does not take it%s\n", name,
            actions[t->action].name, !strcmp(name, "json") ? ": it takes --format jsonl" : "");
    return false;
}

static bool args_fit(struct pk_cli *c, struct telemetry *t)
{
    c->exit = PK_EXIT_USAGE;
    if (t->action < 0) {
        pk_cli_missing(c, "query, export, push or inspect");
        return false;
    }
    for (size_t i = 0; pk_options_telemetry[i].name; i++)
        if (t->given >> i & 1 && !option_fits(t, pk_options_telemetry[i].name))
            return false;
    if (c->json && !option_fits(t, "json"))
        return false;
    if (t->action == PUSH && !t->args.url) {
        pk_cli_missing(c, "--url");
        return false;
    }
    if (t->action == QUERY && !t->args.expression) {
        pk_cli_missing(c, "EXPRESSION");
        return false;
    }
    if (!t->args.expression)
        t->args.expression = "";
    if (!t->args.has_from)
        t->args.from = t->action == QUERY ? t->args.to - QUERY_SPAN : INT64_MIN;
    return true;
}

static int write_out(void *arg, const char *text, size_t len)
{
    return fwrite(text, 1, len, stdout) == len ? 0 : -EIO;
}

/* Nothing but the points is printed, so there is no --json. */
static enum pk_exit export(struct pk_cli *c, struct pk_tsdb *db, struct pk_telemetry_args *a) {
    _pk_selector_ struct pk_selector selector = {0}; struct pk_export e = {.format = a->format,
                                                                           .selector = &selector,
                                                                           .from = a->from,
                                                                           .to = a->to,
                                                                           .write = write_out};
    struct pk_exported done = {0};
    int r = pk_selector_parse(a->expression, &c->arena, &selector, &c->d);

    if (!r) r = pk_export_run(db, &e, &done, &c->d);
    if (r) return pk_cli_refused(c, r, "cannot export");
    if (!done.points) pk_cli_say(c, "no points of these series in this time");
    return done.points ? PK_EXIT_DONE : PK_EXIT_NO;
}

static enum pk_exit run(struct pk_cli *c, struct telemetry *t)
{
    const struct pk_tsdb_options options = {.read_only = true};
    struct pk_tsdb *db = NULL;
    enum pk_exit exit;
    int r = pk_tsdb_open(t->args.db, &options, &c->d, &db);

    if (r)
        return pk_cli_refused(c, r, "the store cannot be opened");
    if (t->action == QUERY)
        exit = pk_telemetry_query(c, db, &t->args);
    else if (t->action == EXPORT)
        exit = export(c, db, &t->args);
    else if (t->action == PUSH)
        exit = pk_telemetry_push(c, db, &t->args);
    else
        exit = pk_telemetry_inspect(c, db, &t->args);
    r = pk_tsdb_close(&db, &c->d);
    return r ? pk_cli_refused(c, r, "the store cannot be closed") : exit;
}

int pk_cli_telemetry(int argc, char **argv)
{
    struct telemetry t = {.action = -1, .args = {.db = PK_RECORD_DB}};
    struct timespec now;
    _pk_cli_ struct pk_cli c;

    pk_cli_begin(&c, "telemetry");
    clock_gettime(CLOCK_REALTIME, &now);
    t.args.now = t.args.to = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    if (!pk_cli_args(&c, pk_options_telemetry, argc, argv, take, &t) || !args_fit(&c, &t))
        return c.exit;
    return pk_cli_end(&c, run(&c, &t));
}
