// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The outputs. Table and JSON lines go out at once and keep nothing but counts; rules wait for the
 * end, each once, in a hash table of at most 2 * PK_FINDINGS_MAX places.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/macro.h"
#include "finding/finding.h"
#include "finding/show.h"

#define KINDS_MAX 64u
#define RULE_PLACES (1u << 18)
#define RULE_BYTES ((size_t)64 << 20)

struct kind_count {
    enum pk_finding_kind kind;
    uint64_t of[PK_CERTAINTY_N];
};

struct pk_findings {
    enum pk_findings_format format;
    FILE *to;
    json_t *document;
    uint64_t n, dropped;
    struct kind_count counts[KINDS_MAX];
    size_t n_kinds;
    struct pk_arena arena;
    const char **place; /* rules, by hash */
    const char **rule;  /* rules, in order */
    size_t n_rules;
};

int pk_findings_new(enum pk_findings_format format, FILE *to, json_t *document,
                    struct pk_findings **ret)
{
    struct pk_findings *s = calloc(1, sizeof(*s));

    if (!s)
        return -ENOMEM;
    *s = (struct pk_findings){.format = format, .to = to, .document = document};
    s->arena.max = RULE_BYTES;
    if (format == PK_FINDINGS_RULES) {
        s->place = calloc(RULE_PLACES, sizeof(*s->place));
        s->rule = calloc(PK_FINDINGS_MAX, sizeof(*s->rule));
        if (!s->place || !s->rule) {
            pk_findings_free(&s);
            return -ENOMEM;
        }
    }
    *ret = s;
    return 0;
}

/* Kinds in order, so that the metrics are. */
static void count(struct pk_findings *s, const struct pk_finding *f)
{
    size_t at = 0;

    while (at < s->n_kinds && s->counts[at].kind < f->kind)
        at++;
    if (at == s->n_kinds || s->counts[at].kind != f->kind) {
        if (s->n_kinds == KINDS_MAX)
            return;
        memmove(s->counts + at + 1, s->counts + at, (s->n_kinds - at) * sizeof(*s->counts));
        s->counts[at] = (struct kind_count){.kind = f->kind};
        s->n_kinds++;
    }
    s->counts[at].of[f->certainty]++;
}

static int keep_rule(struct pk_findings *s, const char *rule)
{
    size_t len = strlen(rule);
    size_t at = pk_hash64(rule, len, 0) % RULE_PLACES;

    if (len != strcspn(rule, "\n"))
        return -EINVAL;
    while (s->place[at] && strcmp(s->place[at], rule))
        at = (at + 1) % RULE_PLACES;
    if (s->place[at])
        return 0;
    if (s->n_rules < PK_FINDINGS_MAX)
        s->place[at] = pk_arena_strdup(&s->arena, rule);
    if (!s->place[at]) {
        s->dropped++;
        return 0;
    }
    s->rule[s->n_rules++] = s->place[at];
    return 0;
}

static int add_document(struct pk_findings *s, const struct pk_finding *f)
{
    if (json_array_size(s->document) < PK_FINDINGS_MAX)
        return json_array_append_new(s->document, pk_finding_json(f)) ? -ENOMEM : 0;
    s->dropped++;
    return 0;
}

static int add_line(struct pk_findings *s, const struct pk_finding *f)
{
    json_t *o = pk_finding_json(f);
    int r = -ENOMEM;

    if (o && !json_object_set_new(o, "schema", json_string("picket.finding/1")))
        r = json_dumpf(o, s->to, JSON_COMPACT | JSON_SORT_KEYS) || fputc('\n', s->to) == EOF ? -EIO
                                                                                             : 0;
    json_decref(o);
    return r;
}

int pk_findings_add(struct pk_findings *s, const struct pk_finding *f)
{
    count(s, f);
    s->n++;
    switch (s->format) {
    case PK_FINDINGS_TABLE:
        if (s->n == 1)
            pk_finding_titles(s->to);
        return pk_finding_row(f, s->to);
    case PK_FINDINGS_JSONL:
        return add_line(s, f);
    case PK_FINDINGS_RULES:
        return f->answer_kind == PK_ANSWER_RULE ? keep_rule(s, f->answer) : 0;
    case PK_FINDINGS_DOCUMENT:
        return add_document(s, f);
    default:
        return 0;
    }
}

static void metrics(const struct pk_findings *s)
{
    fputs("# TYPE picket_findings gauge\n# HELP picket_findings Findings of each kind.\n", s->to);
    for (size_t i = 0; i < s->n_kinds; i++)
        for (int c = 0; c < PK_CERTAINTY_N; c++)
            if (s->counts[i].of[c])
                fprintf(s->to, "picket_findings{kind=\"%s\",certainty=\"%s\"} %" PRIu64 "\n",
                        pk_finding_kind_name(s->counts[i].kind),
                        pk_certainty_name((enum pk_certainty)c), s->counts[i].of[c]);
    fputs("# EOF\n", s->to);
}

static void rules(const struct pk_findings *s)
{
    fputs("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n", s->to);
    for (size_t i = 0; i < s->n_rules; i++)
        fprintf(s->to, "%s\n", s->rule[i]);
    fputs("COMMIT\n", s->to);
}

int pk_findings_end(struct pk_findings *s)
{
    if (s->format == PK_FINDINGS_OPENMETRICS)
        metrics(s);
    if (s->format == PK_FINDINGS_RULES)
        rules(s);
    if (s->format == PK_FINDINGS_DOCUMENT)
        return 0;
    return fflush(s->to) || ferror(s->to) ? -EIO : 0;
}

uint64_t pk_findings_count(const struct pk_findings *s)
{
    return s->n;
}

uint64_t pk_findings_dropped(const struct pk_findings *s)
{
    return s->dropped;
}

void pk_findings_free(struct pk_findings **s)
{
    if (!*s)
        return;
    pk_arena_done(&(*s)->arena);
    free((*s)->place);
    free((*s)->rule);
    free(*s);
    *s = NULL;
}
