// SPDX-License-Identifier: GPL-2.0-or-later
#include "finding/show.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/macro.h"

#define TEXT_MAX ((size_t)16 << 10)
#define INDENT 9

void pk_finding_titles(FILE *to)
{
    fprintf(to, "%-7s  %-11s  %-43s  %s\n", "SURE", "KIND", "SUBJECT", "SEEN AT");
}

/* The first line of `s` that fits `width`, cut at a blank if there is one: its length. */
static size_t line_of(const char *s, size_t len, size_t width)
{
    size_t n = 0, blank = 0;

    for (size_t columns = 0; n < len; columns++) {
        if (s[n] == ' ')
            blank = n;
        if (columns == width)
            return blank ? blank : n;
        n++;
        while (n < len && (s[n] & 0xc0) == 0x80) /* the rest of a character of UTF-8 */
            n++;
    }
    return len;
}

/* Folded to the width, each line indented: text that is safe to show. */
static int folded(const char *what, const char *s, FILE *to)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(TEXT_MAX);
    size_t at = 0;

    pk_buf_str(&b, what);
    pk_buf_text(&b, s, strnlen(s, TEXT_MAX / 8));
    if (b.failed)
        return b.failed;
    while (at < b.len) {
        size_t n = line_of(b.data + at, b.len - at, PK_FINDING_COLUMNS - INDENT - (at ? 2 : 0));

        fprintf(to, "%*s%.*s\n", INDENT + (at ? 2 : 0), "", (int)n, b.data + at);
        at += n;
        at += at < b.len && b.data[at] == ' ';
    }
    return 0;
}

static int head(const struct pk_finding *f, FILE *to)
{
    _pk_buf_ struct pk_buf subject = PK_BUF_INIT(TEXT_MAX);
    const struct pk_evidence *e = f->evidence;

    pk_buf_text(&subject, f->subject, strnlen(f->subject, TEXT_MAX / 8));
    if (subject.failed)
        return subject.failed;
    fprintf(to, "%-7s  %-11s  ", pk_certainty_name(f->certainty), pk_finding_kind_name(f->kind));
    if (f->n_evidence && e->number)
        fprintf(to, "%-43s  %s%" PRIu64 "\n", subject.data ? subject.data : "",
                e->unit == PK_EVIDENCE_LINE ? "line " : "#", e->number);
    else
        fprintf(to, "%s\n", subject.data ? subject.data : "");
    return 0;
}

/* The reasons after the text, as "text (reason; reason)". */
static int said(const struct pk_finding *f, FILE *to)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(TEXT_MAX);

    pk_buf_str(&b, f->text);
    for (size_t i = 0; i < PK_REASONS_MAX && f->reasons[i]; i++)
        pk_buf_fmt(&b, "%s%s", i ? "; " : " (", f->reasons[i]);
    if (f->reasons[0])
        pk_buf_char(&b, ')');
    return b.failed ? b.failed : folded("", b.data, to);
}

/* Commands stand one a line. */
static int answer(const struct pk_finding *f, FILE *to)
{
    const char *what = f->answer_kind == PK_ANSWER_RULE ? "rule: " : "set: ";
    const char *s = f->answer;
    int r = 0;

    while (!r && *s) {
        size_t n = strcspn(s, "\n");
        _pk_free_ char *line = strndup(s, n);

        r = line ? folded(what, line, to) : -ENOMEM;
        s += n + (s[n] == '\n');
    }
    return r;
}

int pk_finding_row(const struct pk_finding *f, FILE *to)
{
    int r = head(f, to);

    if (!r && f->text)
        r = said(f, to);
    if (!r && f->answer_kind != PK_ANSWER_NONE)
        r = answer(f, to);
    return r ? r : ferror(to) ? -EIO : 0;
}

/* Of any bytes; a line end stays one. */
static json_t *text(const char *s)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(TEXT_MAX);

    while (*s) {
        size_t n = strcspn(s, "\n");

        pk_buf_text(&b, s, n);
        s += n;
        if (*s)
            pk_buf_char(&b, *s++);
    }
    return b.failed ? NULL : json_stringn(b.data ? b.data : "", b.len);
}

static int set_text(json_t *o, const char *key, const char *s)
{
    return s ? json_object_set_new(o, key, text(s)) : 0;
}

static int set_when(json_t *o, const char *key, int64_t when)
{
    char buf[40];

    return when == PK_WHEN_UNKNOWN
               ? 0
               : json_object_set_new(o, key, json_string(pk_when_text(when, buf)));
}

static json_t *reasons(const struct pk_finding *f)
{
    json_t *list = json_array();

    for (size_t i = 0; i < PK_REASONS_MAX && f->reasons[i]; i++)
        json_array_append_new(list, text(f->reasons[i]));
    return list;
}

static json_t *evidence(const struct pk_finding *f)
{
    json_t *list = json_array();

    for (size_t i = 0; i < f->n_evidence && i < PK_EVIDENCE_MAX; i++) {
        const struct pk_evidence *e = &f->evidence[i];
        json_t *o = json_object();

        set_text(o, "input", e->input ? e->input : f->where);
        if (e->number)
            json_object_set_new(o, e->unit == PK_EVIDENCE_LINE ? "line" : "packet",
                                json_integer((json_int_t)e->number));
        json_array_append_new(list, o);
    }
    return list;
}

json_t *pk_finding_json(const struct pk_finding *f)
{
    json_t *o =
        json_pack("{s:s,s:i,s:s,s:o,s:o,s:I}", "kind", pk_finding_kind_name(f->kind), "number",
                  (int)f->kind, "certainty", pk_certainty_name(f->certainty), "reasons", reasons(f),
                  "evidence", evidence(f), "times", (json_int_t)PK_MAX(f->times, 1));
    int r = !o;

    if (o)
        r = set_when(o, "first", f->first) | set_when(o, "last", f->last) |
            set_text(o, "where", f->where) | set_text(o, "subject", f->subject) |
            set_text(o, "value", f->value) | set_text(o, "text", f->text);
    if (!r && f->answer_kind != PK_ANSWER_NONE)
        r = set_text(o, f->answer_kind == PK_ANSWER_RULE ? "rule" : "setting", f->answer);
    if (!r)
        return o;
    json_decref(o);
    return NULL;
}
