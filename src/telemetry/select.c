// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/select.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "telemetry/codes.h"

#define REGEX_MAX 256 /* bytes: compiling takes memory and time by their product */

int pk_text_bad(const struct pk_text *t, const char *at, const char *hint, const char *fmt, ...)
{
    const struct pk_place place = {"expression", 1, (unsigned)(at - t->begin) + 1};
    char what[300];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    pk_error(t->diags, PK_T_EXPRESSION, place, hint, "%s", what);
    return -EINVAL;
}

void pk_text_skip(struct pk_text *t)
{
    t->at += strspn(t->at, " \t\r\n");
}

size_t pk_text_word(const struct pk_text *t, bool colon)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_:";
    static const char digits[] = "0123456789";
    size_t n = 0;

    while (t->at[n] && ((colon || t->at[n] != ':') &&
                        (strchr(letters, t->at[n]) || (n && strchr(digits, t->at[n])))))
        n++;
    return n;
}

bool pk_text_take(struct pk_text *t, char c)
{
    pk_text_skip(t);
    if (*t->at != c)
        return false;
    t->at++;
    return true;
}

int pk_text_wanted(const struct pk_text *t, const char *wanted)
{
    size_t n = pk_text_word(t, true);

    if (!*t->at)
        return pk_text_bad(t, t->at, NULL, "ends where %s is wanted", wanted);
    return pk_text_bad(t, t->at, NULL, "%.*s: not understood where %s is wanted",
                       (int)PK_MIN(n ? n : 1, (size_t)60), t->at, wanted);
}

static int pk_no_room(const struct pk_text *t)
{
    pk_error(t->diags, PK_T_MEMORY, PK_NOWHERE, NULL, "out of memory");
    return -ENOMEM;
}

static int pk_text_copy(struct pk_text *t, size_t n, const char **ret)
{
    *ret = pk_arena_strndup(t->arena, t->at, n);
    t->at += n;
    return *ret ? 0 : pk_no_room(t);
}

/* The character of an escape; 0: there is none such. */
static char pk_escape(char c)
{
    return c == 'n' ? '\n' : c == 't' ? '\t' : c == '\\' || c == '"' || c == '\'' ? c : 0;
}

static int pk_string_read(struct pk_text *t, const char **ret)
{
    char quote = *t->at, *out;
    size_t n = 0;

    if (quote != '"' && quote != '\'' && quote != '`')
        return pk_text_wanted(t, "a string in quotes");
    out = pk_arena_alloc(t->arena, strlen(t->at));
    if (!out)
        return pk_no_room(t);
    for (t->at++; *t->at && *t->at != quote; t->at++) {
        out[n] = *t->at;
        if (*t->at == '\\' && quote != '`') {
            out[n] = pk_escape(*++t->at);
            if (!out[n])
                return pk_text_bad(t, t->at - 1, "escapes are \\\\ \\\" \\' \\n \\t",
                                   "\\%.1s: not an escape", t->at);
        }
        n++;
    }
    if (!*t->at)
        return pk_text_wanted(t, "the closing quote");
    t->at++;
    out[n] = 0;
    *ret = out;
    return 0;
}

/* Behind "[": a bracket that stands first is one of the characters. */
static const char *pk_regex_bracket(const char *s)
{
    s += *s == '^';
    return s + (*s == ']');
}

/* What POSIX and RE2 do not read alike; NULL: nothing. */
static const char *pk_regex_strange(const char *s)
{
    static const char marks[] = ".[]{}()*+?|^$\\-/\"'";
    bool first = true; /* nothing stands before that could be repeated */

    for (; *s; s++) {
        bool escaped = *s == '\\';

        if (first && strchr("*+?", *s))
            return "a repetition of nothing";
        first = *s == '(' || *s == '|';
        if (*s == '{')
            return "a counted repetition";
        if (*s == '(' && s[1] == '?')
            return "(?";
        if (escaped && (!*++s || !strchr(marks, *s)))
            return "a backslash before a letter or digit";
        if (escaped || *s != '[')
            continue;
        for (s = pk_regex_bracket(s + 1); *s && *s != ']'; s++)
            if (*s == '\\')
                return "a backslash within brackets";
        if (!*s)
            return "a bracket that is not closed";
    }
    return NULL;
}

static int pk_regex_compile(const struct pk_text *t, const char *at, struct pk_matcher *m)
{
    static const char hint[] = "one that POSIX and RE2 read alike: . [] () | * + ? and plain text";
    _pk_buf_ struct pk_buf whole = PK_BUF_INIT(REGEX_MAX + 8);
    const char *strange = pk_regex_strange(m->value);

    if (strlen(m->value) > REGEX_MAX)
        return pk_text_bad(t, at, NULL, "a regular expression of more than %d bytes", REGEX_MAX);
    if (strange)
        return pk_text_bad(t, at, hint, "%s in a regular expression", strange);
    pk_buf_fmt(&whole, "^(%s)$", m->value);
    if (whole.failed)
        return pk_no_room(t);
    if (regcomp(&m->regex, whole.data, REG_EXTENDED | REG_NOSUB))
        return pk_text_bad(t, at, hint, "not a regular expression");
    m->compiled = true;
    return 0;
}

static int pk_match_op_read(struct pk_text *t, enum pk_match_op *ret)
{
    static const char *const ops[] = {[PK_MATCH_LIKE] = "=~",
                                      [PK_MATCH_NOT_LIKE] = "!~",
                                      [PK_MATCH_IS_NOT] = "!=",
                                      [PK_MATCH_IS] = "="};
    static const uint8_t order[] = {PK_MATCH_LIKE, PK_MATCH_NOT_LIKE, PK_MATCH_IS_NOT, PK_MATCH_IS};

    pk_text_skip(t);
    for (size_t i = 0; i < PK_ARRAY_SIZE(order); i++)
        if (!strncmp(t->at, ops[order[i]], strlen(ops[order[i]]))) {
            t->at += strlen(ops[order[i]]);
            *ret = order[i];
            return 0;
        }
    return pk_text_wanted(t, "= != =~ or !~");
}

static int pk_matcher_read(struct pk_text *t, struct pk_matcher *m)
{
    const char *at;
    size_t n;
    int r;

    pk_text_skip(t);
    n = pk_text_word(t, false);
    if (!n)
        return pk_text_wanted(t, "a label's name");
    r = pk_text_copy(t, n, &m->label);
    if (!r)
        r = pk_match_op_read(t, &m->op);
    if (r)
        return r;
    pk_text_skip(t);
    at = t->at;
    r = pk_string_read(t, &m->value);
    return r || m->op < PK_MATCH_LIKE ? r : pk_regex_compile(t, at, m);
}

/* Behind "{". */
static int pk_matchers_read(struct pk_text *t, struct pk_selector *s)
{
    while (!pk_text_take(t, '}')) {
        int r;

        if (s->n == PK_MATCHERS_MAX)
            return pk_text_bad(t, t->at, NULL, "more than %d matchers", PK_MATCHERS_MAX);
        r = pk_matcher_read(t, &s->matcher[s->n++]);
        if (r)
            return r;
        if (!pk_text_take(t, ',') && *t->at != '}')
            return pk_text_wanted(t, "a comma or }");
    }
    return 0;
}

int pk_selector_read(struct pk_text *t, struct pk_selector *ret)
{
    _pk_selector_ struct pk_selector s = {0};
    size_t n;
    int r;

    pk_text_skip(t);
    n = pk_text_word(t, true);
    if (!n && *t->at != '{')
        return pk_text_wanted(t, "a metric's name or {");
    r = pk_text_copy(t, n, &s.name);
    if (!r && pk_text_take(t, '{')) {
        s.matcher = pk_arena_array(t->arena, struct pk_matcher, PK_MATCHERS_MAX);
        r = s.matcher ? pk_matchers_read(t, &s) : pk_no_room(t);
    }
    if (r)
        return r;
    *ret = s;
    s.n = 0; /* handed on */
    return 0;
}

int pk_selector_parse(const char *text, struct pk_arena *a, struct pk_selector *ret,
                      struct pk_diags *d)
{
    struct pk_text t = {.begin = text, .at = text, .arena = a, .diags = d};
    _pk_selector_ struct pk_selector s = {.name = ""};
    int r;

    if (strlen(text) > PK_EXPRESSION_MAX)
        return pk_text_bad(&t, text, NULL, "more than %d bytes", PK_EXPRESSION_MAX);
    pk_text_skip(&t);
    r = *t.at ? pk_selector_read(&t, &s) : 0;
    pk_text_skip(&t);
    if (!r && *t.at)
        r = pk_text_wanted(&t, "the end");
    if (r)
        return r;
    *ret = s;
    s.n = 0;
    return 0;
}

static const char *pk_label_of(const struct pk_metric *m, const char *name)
{
    if (!strcmp(name, "__name__"))
        return m->name;
    for (size_t i = 0; i < m->n_labels; i++)
        if (!strcmp(m->labels[i].name, name))
            return m->labels[i].value;
    return "";
}

static bool pk_matcher_matches(const struct pk_matcher *m, const char *value)
{
    if (m->compiled)
        return !regexec(&m->regex, value, 0, NULL, 0) == (m->op == PK_MATCH_LIKE);
    return !strcmp(m->value, value) == (m->op == PK_MATCH_IS);
}

bool pk_selector_matches(const struct pk_selector *s, const struct pk_metric *m)
{
    if (*s->name && strcmp(s->name, m->name) != 0)
        return false;
    for (size_t i = 0; i < s->n; i++)
        if (!pk_matcher_matches(&s->matcher[i], pk_label_of(m, s->matcher[i].label)))
            return false;
    return true;
}

void pk_selector_done(struct pk_selector *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->matcher[i].compiled)
            regfree(&s->matcher[i].regex);
    s->n = 0;
}
