// SPDX-License-Identifier: GPL-2.0-or-later
/* iptables-save text, as iptables-restore 1.8.9 reads it. */
#include <string.h>

#include "base/macro.h"
#include "rules/command_line.h"

enum state {
    OUTSIDE,
    FILTER,
    OTHER, /* another table: its form is checked and nothing is kept */
};

struct save {
    struct pk_reader *r;
    enum state state;
    bool by_name; /* the family was given, or is that of the file's name */
    bool had_filter[PK_FAMILY_N];
    const char *s; /* the line */
    size_t len;
    unsigned line;
    char field[3][64]; /* of a ':' line */
};

static struct pk_word word_at(const struct save *f, size_t offset, const char *s)
{
    return (struct pk_word){.s = s, .line = f->line, .column = (unsigned)offset + 1};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next field of a line from *pos on, cut to 63 bytes; false: there is none. */
static bool next_field(struct save *f, size_t *pos, char to[64], struct pk_word *ret)
{
    size_t start = *pos, end;

    while (start < f->len && is_blank(f->s[start]))
        start++;
    for (end = start; end < f->len && !is_blank(f->s[end]); end++)
        ;
    *pos = end;
    if (start == end)
        return false;
    memcpy(to, f->s + start, PK_MIN(end - start, (size_t)63));
    to[PK_MIN(end - start, (size_t)63)] = '\0';
    *ret = word_at(f, start, to);
    return true;
}

static bool digits(const char **s, uint64_t *ret)
{
    char buf[24];
    size_t n = strspn(*s, "0123456789");

    if (!n || n >= sizeof(buf))
        return false;
    /* Counters are decimal even with a leading zero: sscanf with %llu. */
    while (n > 1 && **s == '0') {
        ++*s;
        n--;
    }
    memcpy(buf, *s, n);
    buf[n] = '\0';
    *s += n;
    return pk_word_number(buf, UINT64_MAX, ret);
}

/* "[packets:bytes]"; the bytes read, or 0. */
static size_t counters_parse(const char *s, struct pk_counters *ret)
{
    const char *p = s;

    if (*p++ != '[' || !digits(&p, &ret->packets) || *p++ != ':' || !digits(&p, &ret->bytes) ||
        *p++ != ']')
        return 0;
    return (size_t)(p - s);
}

static int check_bytes(struct save *f)
{
    for (size_t i = 0; i < f->len; i++) {
        unsigned char c = (unsigned char)f->s[i];
        struct pk_word at = word_at(f, i, "");

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return pk_bad(f->r, PK_T_BYTE, &at, "remove it", "control character 0x%02x", c);
    }
    return 0;
}

static int policy_line(struct save *f, struct pk_chain *c, const struct pk_word *policy, size_t pos)
{
    struct pk_counters counters = {0};
    struct pk_word w;

    if (pk_policy_set(f->r, c, policy))
        return -EINVAL;
    if (!f->r->options->counters)
        return 0;
    if (!next_field(f, &pos, f->field[2], &w) || !counters_parse(w.s, &counters))
        return pk_bad(f->r, PK_T_COUNTERS, policy, "write '[0:0]' after the policy",
                      "chain '%s' has no valid counters, and -c asks for them", c->name);
    c->policy_counters = counters;
    return 0;
}

static int policy_missing(struct save *f, const struct pk_word *name)
{
    return pk_bad(f->r, PK_T_POLICY, name, "write ':INPUT ACCEPT [0:0]', or ':mine - [0:0]'",
                  "chain '%s' needs a policy, or '-'", name->s);
}

/* ":CHAIN POLICY [p:b]"; what follows is not read, as in iptables-restore. */
static int chain_line(struct save *f)
{
    struct pk_word name, policy;
    struct pk_ruleset *rs;
    struct pk_chain *c;
    size_t pos = 1;
    int err;

    if (check_bytes(f))
        return -EINVAL;
    name = word_at(f, 0, "");
    if (!next_field(f, &pos, f->field[0], &name))
        return pk_bad(f->r, PK_T_CHAIN_NAME, &name, "write ':INPUT ACCEPT [0:0]'",
                      "the chain's name is missing");
    if (f->state == OTHER)
        return next_field(f, &pos, f->field[1], &policy) ? 0 : policy_missing(f, &name);
    rs = pk_reader_set(f->r, f->r->family);
    if (!rs)
        return -ENOMEM;
    c = pk_ruleset_chain(rs, name.s, strlen(name.s));
    if (!c || c->hook < 0) {
        err = pk_chain_define(f->r, rs, &name, false);
        if (err)
            return err;
        c = pk_ruleset_chain(rs, name.s, strlen(name.s));
    }
    if (!next_field(f, &pos, f->field[1], &policy))
        return policy_missing(f, &name);
    return strcmp(policy.s, "-") ? policy_line(f, c, &policy, pos) : 0;
}

/* "[p:b]" before a rule, if it is there; *used is its length. */
static int rule_counters(struct save *f, struct pk_line *line, struct pk_counters *counters,
                         size_t *used)
{
    size_t len = PK_MIN(f->len, (size_t)63);
    char head[64];

    *used = 0;
    if (!f->len || f->s[0] != '[')
        return 0;
    memcpy(head, f->s, len);
    head[len] = '\0';
    *used = counters_parse(head, counters);
    if (!*used)
        return pk_bad(f->r, PK_T_COUNTERS, &line->at, "write '[packets:bytes] -A CHAIN …'",
                      "invalid counters before the rule");
    if (f->r->options->counters)
        line->counters = counters;
    return 0;
}

/*
 * A rule marked with the other family is skipped. iptables-restore skips at the mark, after it has
 * read what stands before; here a mark further on counts, too, so that "-p icmpv6 --icmpv6-type 1
 * -6" is no error in an IPv4 file. A word behind an option may be its argument: rule_parse.c knows.
 */
static bool is_marked(const struct pk_words *ws, enum pk_family family)
{
    static const char *const marks[PK_FAMILY_N][2] = {{"-6", "--ipv6"}, {"-4", "--ipv4"}};

    for (unsigned i = 0; i < ws->n; i++) {
        const struct pk_word *w = &ws->w[i];

        if (w->s[0] != '-' || w->quoted ||
            (strcmp(w->s, marks[family][0]) && strcmp(w->s, marks[family][1])))
            continue;
        if (i == 0 || ws->w[i - 1].s[0] != '-')
            return true;
    }
    return false;
}

/* "[p:b] -A CHAIN …" */
static int rule_line(struct save *f)
{
    struct pk_line line = {.family = f->r->family, .at = word_at(f, 0, "")};
    const struct pk_words *ws = &f->r->words;
    struct pk_counters counters;
    size_t used;

    if (rule_counters(f, &line, &counters, &used) ||
        pk_lex_save(f->r, f->s + used, f->len - used, f->line, (unsigned)used + 1))
        return -EINVAL;
    if (ws->n)
        line.at = ws->w[0];
    if (f->state == FILTER)
        return is_marked(ws, line.family) ? 0 : pk_line_run(f->r, &line);
    if (ws->n && line.at.s[0] == '-')
        return 0;
    return pk_bad(f->r, PK_T_VERB, &line.at, "start the line with -A CHAIN", "not a rule");
}

/* "*filter" */
static int table_line(struct save *f)
{
    struct pk_word name = word_at(f, 0, "");
    enum pk_family family = f->r->family;
    size_t pos = 1;

    f->state = OTHER;
    if (check_bytes(f))
        return -EINVAL;
    if (!next_field(f, &pos, f->field[0], &name))
        return pk_bad(f->r, PK_T_TABLE, &name, "write '*filter'", "the table's name is missing");
    if (strcmp(name.s, "filter"))
        return pk_reader_other_table(f->r, &name);
    if (f->had_filter[family])
        return pk_bad(f->r, PK_T_TABLE, &name, "keep one",
                      "a second filter table of the same family");
    f->had_filter[family] = true;
    f->state = FILTER;
    return pk_reader_set(f->r, family) ? 0 : -ENOMEM;
}

static bool starts(const struct save *f, const char *with)
{
    return f->len >= strlen(with) && !memcmp(f->s, with, strlen(with));
}

/* "# Generated by ip6tables-save v1.8.9 on …" tells the family of the tables that follow. */
static void comment_line(struct save *f)
{
    if (f->by_name || f->state != OUTSIDE)
        return;
    if (starts(f, "# Generated by ip6tables"))
        f->r->family = PK_IPV6;
    else if (starts(f, "# Generated by iptables"))
        f->r->family = PK_IPV4;
}

static int commit_missing(struct save *f, const char *before)
{
    struct pk_word at = word_at(f, 0, "");

    f->state = OUTSIDE;
    return pk_bad(f->r, PK_T_COMMIT, &at, "end each table with the line 'COMMIT'",
                  "COMMIT is missing before %s", before);
}

static int one_line(struct save *f)
{
    struct pk_word at = word_at(f, 0, "");

    if (f->len && f->s[0] == '#') {
        comment_line(f);
        return 0;
    }
    while (f->len && is_blank(f->s[f->len - 1]))
        f->len--;
    if (!f->len)
        return 0;
    if (f->s[0] == '*') {
        int err = f->state == OUTSIDE ? 0 : commit_missing(f, "the next table");
        int table = table_line(f);

        return err ? err : table;
    }
    if (f->state == OUTSIDE)
        return pk_bad(f->r, PK_T_OUTSIDE, &at, "start with '*filter', and end with 'COMMIT'",
                      "a line outside a table");
    if (f->len == strlen("COMMIT") && starts(f, "COMMIT")) {
        f->state = OUTSIDE;
        return 0;
    }
    return f->s[0] == ':' ? chain_line(f) : rule_line(f);
}

int pk_save_read(struct pk_reader *r, const char *text, size_t len)
{
    struct save f = {.r = r, .line = 1};
    size_t pos = 0;

    f.by_name = r->options->family >= 0 || r->family == PK_IPV6;
    for (; pos < len; f.line++) {
        const char *end = memchr(text + pos, '\n', len - pos);

        f.s = text + pos;
        f.len = end ? (size_t)(end - f.s) : len - pos;
        pos += f.len + 1;
        f.len = pk_lex_line_end(r, f.s, f.len, f.line);
        if (one_line(&f) == -ENOMEM)
            return -ENOMEM;
    }
    if (f.state != OUTSIDE)
        commit_missing(&f, "the end of the file");
    return 0;
}
