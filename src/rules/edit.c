// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/edit.h"

#include <string.h>

#include "base/macro.h"
#include "rules/diff.h"
#include "rules/parse.h"

/* Far more than the parser takes, so that it is the parser who says that a rule is too long. */
#define PK_EDIT_TEXT_MAX ((size_t)4 << 20)

static bool is_number_place(const char *word)
{
    return word[0] != '-' && word[0] != '!';
}

/* A word so that pk_lex_save() reads it back: iptables-save quotes in the same way. */
static void put_word(struct pk_buf *b, const char *s)
{
    bool quote = !*s || strpbrk(s, " \t\"");

    if (b->len)
        pk_buf_char(b, ' ');
    if (quote)
        pk_buf_char(b, '"');
    for (; *s; s++) {
        if (quote && (*s == '"' || *s == '\\'))
            pk_buf_char(b, '\\');
        pk_buf_char(b, *s);
    }
    if (quote)
        pk_buf_char(b, '"');
}

static int join_words(struct pk_edit *e, const char *const *words, size_t n, struct pk_arena *a)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(PK_EDIT_TEXT_MAX);

    for (size_t i = 0; i < n; i++)
        put_word(&b, words[i]);
    e->rule = b.failed ? NULL : pk_arena_strndup(a, b.data ? b.data : "", b.len);
    return e->rule ? 0 : -ENOMEM;
}

static int read_number(struct pk_edit *e, const char *word, struct pk_diags *d)
{
    uint64_t v;

    if (!pk_word_number(word, INT32_MAX, &v) || !v) {
        pk_error(d, PK_T_RULE_NUMBER, e->at, "rule numbers count from 1",
                 "invalid rule number '%s'", word);
        return -EINVAL;
    }
    e->number = (unsigned)v;
    e->at.column += (unsigned)strlen(word) + 1;
    return 0;
}

int pk_edit_words(struct pk_edit *e, const char *const *words, size_t n, struct pk_arena *a,
                  struct pk_diags *d)
{
    bool numbered = n && e->op != PK_EDIT_APPEND && is_number_place(words[0]);
    int r = 0;

    e->number = 0;
    e->rule = NULL;
    if (numbered)
        r = read_number(e, words[0], d);
    if (r)
        return r;
    if (e->op == PK_EDIT_REPLACE && !numbered) {
        pk_error(d, PK_T_RULE_NUMBER, e->at, "write it after the chain: replace INPUT 1 RULE-SPEC",
                 "the number of the rule to replace is missing");
        return -EINVAL;
    }
    if (e->op != PK_EDIT_DELETE || !numbered)
        return join_words(e, words + numbered, n - numbered, a);
    if (n == 1)
        return 0;
    pk_error(d, PK_T_WORD, e->at, "give the rule's number or the rule, not both",
             "'%s' stands after the number of the rule to delete", words[1]);
    return -EINVAL;
}

/* The chains of a set without their rules, in the same order. NULL: no memory. */
static struct pk_ruleset *copy_chains(const struct pk_ruleset *rs, struct pk_arena *a)
{
    struct pk_ruleset *copy = pk_ruleset_new(a, rs->family);

    for (size_t i = 0; copy && i < rs->n_chains; i++) {
        const struct pk_chain *from = rs->chains[i];
        struct pk_chain *c = from->hook >= 0
                                 ? copy->chains[from->hook]
                                 : pk_ruleset_add_chain(copy, from->name, strlen(from->name));

        if (!c)
            return NULL;
        c->policy = from->policy;
        c->policy_counters = from->policy_counters;
    }
    return copy;
}

/* The words of e->rule after "-A CHAIN", as the parser has them of a line of a file. */
static int lex_rule(struct pk_reader *r, const struct pk_edit *e, const struct pk_word *at)
{
    const char *rule = e->rule ? e->rule : "";
    struct pk_words *ws = &r->words;

    if (pk_lex_save(r, rule, strlen(rule), at->line, at->column))
        return -EINVAL;
    if (ws->n + 2 > PK_WORDS_MAX)
        return pk_bad(r, PK_T_LONG, at, "write several shorter rules", "more than %u words",
                      PK_WORDS_MAX - 2);
    memmove(ws->w + 2, ws->w, ws->n * sizeof(*ws->w));
    ws->n += 2;
    ws->w[0] = ws->w[1] = *at;
    ws->w[0].s = "-A";
    ws->w[1].s = e->chain;
    return 0;
}

/* What the line has put into the chain of `scratch` must be one rule. */
static int take_rule(struct pk_reader *r, struct pk_ruleset *scratch, const struct pk_edit *e,
                     const struct pk_word *at, struct pk_rule **ret)
{
    struct pk_rule *rule;

    if (pk_ruleset_finish(scratch))
        return -ENOMEM;
    if (!scratch->n_rules)
        return pk_bad(r, PK_T_FAMILY, at, "write -4 or -6 before the chain, not in the rule",
                      "the rule is marked with the other family");
    if (scratch->n_rules > 1)
        return pk_bad(r, PK_T_ONE_RULE, at, "write one for each address",
                      "this stands for %u rules, and one is changed at a time", scratch->n_rules);
    rule = pk_ruleset_chain(scratch, e->chain, strlen(e->chain))->rules[0];
    if (rule->counters.packets || rule->counters.bytes)
        return pk_bad(r, PK_T_COUNTERS, at, "leave -c out", "a new rule counts from 0");
    rule->line = 0;
    *ret = rule;
    return 0;
}

/*
 * Parses e->rule as a line of a file is parsed, in a set that has the chains of `rs` and nothing
 * else. The rule's own chain, and the one it jumps to, are of that set.
 */
int pk_edit_rule(const struct pk_ruleset *rs, const struct pk_edit *e, struct pk_arena *a,
                 struct pk_rule **ret, struct pk_diags *d)
{
    static const struct pk_read_options options = {.format = PK_TEXT_SAVE};
    const struct pk_word at = {.s = "", .line = e->at.line, .column = e->at.column};
    struct pk_ruleset *scratch = copy_chains(rs, a);
    struct pk_reader *r = pk_arena_new(a, struct pk_reader);
    int err;

    if (!scratch || !r)
        return -ENOMEM;
    *r = (struct pk_reader){.arena = a, .diags = d, .options = &options, .family = rs->family};
    r->set[rs->family] = scratch;
    r->scratch = PK_BUF_INIT(PK_LINE_MAX);
    r->file = pk_arena_strdup(a, e->at.file ? e->at.file : "");
    err = r->file ? lex_rule(r, e, &at) : -ENOMEM;
    if (!err)
        err = pk_line_run(r, &(struct pk_line){.family = rs->family, .at = at});
    if (!err)
        err = take_rule(r, scratch, e, &at, ret);
    pk_buf_done(&r->scratch);
    return err;
}

static const char *family_title(enum pk_family f)
{
    return f == PK_IPV4 ? "IPv4" : "IPv6";
}

int pk_edit_chain(const struct pk_ruleset *rs, const struct pk_edit *e, const struct pk_chain **ret,
                  struct pk_diags *d)
{
    const char *family = family_title(rs->family);

    if (!rs->given) {
        pk_error(d, PK_T_NEVER_SET, PK_NOWHERE, "put a file in force first, with `picket apply`",
                 "%s has no rules: it was never set, and every packet passes", family);
        return -ENOENT;
    }
    *ret = pk_ruleset_chain(rs, e->chain, strlen(e->chain));
    if (*ret)
        return 0;
    pk_error(d, PK_T_CHAIN_UNKNOWN, PK_NOWHERE,
             "`picket save` shows the chains; a new one comes with a file: `picket apply`",
             "no %s chain is called '%s'", family, e->chain);
    return -EINVAL;
}

int pk_edit_check(const struct pk_chain *c, size_t n_rules, const struct pk_edit *e,
                  struct pk_diags *d)
{
    const char *plural = n_rules == 1 ? "" : "s";

    if (e->op == PK_EDIT_INSERT && e->number > n_rules + 1) {
        pk_error(d, PK_T_RULE_NUMBER, PK_NOWHERE, "append it, to put it last",
                 "chain '%s' has %zu rule%s: the number can be at most %zu", c->name, n_rules,
                 plural, n_rules + 1);
        return -EINVAL;
    }
    if (e->op != PK_EDIT_INSERT &&
        (e->number > n_rules || (e->op == PK_EDIT_REPLACE && !e->number))) {
        pk_error(d, PK_T_RULE_NUMBER, PK_NOWHERE, "`picket save` shows the rules in their order",
                 "chain '%s' has %zu rule%s: there is no number %u", c->name, n_rules, plural,
                 e->number);
        return -EINVAL;
    }
    return 0;
}

bool pk_edit_reads(const struct pk_edit *e)
{
    return e->op != PK_EDIT_DELETE || !e->number;
}

int pk_edit_no_rule(const struct pk_chain *c, const struct pk_edit *e, const char *text,
                    struct pk_diags *d)
{
    pk_error(d, PK_T_NO_RULE, e->at, "`picket save` shows the rules of the chain",
             "chain '%s' has no such rule: %s", c->name, *text ? text : "(one with no words)");
    return -ENOENT;
}

/* The first rule with the text, from 1. 0: there is none (diagnosed). */
static unsigned find_rule(const struct pk_chain *c, const struct pk_edit *e, const char *text,
                          struct pk_diags *d)
{
    for (size_t i = 0; i < c->n_rules; i++)
        if (!strcmp(c->rules[i]->text, text))
            return (unsigned)i + 1;
    (void)pk_edit_no_rule(c, e, text, d);
    return 0;
}

/* Where it is to happen, from 1. */
static int find_number(const struct pk_chain *c, const struct pk_edit *e, const struct pk_rule *new,
                       unsigned *ret, struct pk_diags *d)
{
    unsigned n = e->number;

    if (e->op == PK_EDIT_APPEND)
        n = (unsigned)c->n_rules + 1;
    else if (e->op == PK_EDIT_DELETE && new)
        n = find_rule(c, e, new->text, d);
    else if (!n)
        n = 1;
    *ret = n;
    return n ? 0 : -ENOENT;
}

/* A new set being made from an old one. */
struct copy {
    const struct pk_ruleset *before;
    struct pk_ruleset *after;
    struct pk_arena *arena;
    uint32_t *from;
    uint32_t n; /* rules so far, which is also the ordinal of the next */
};

/* `from` is an ordinal of the old set, or PK_NEW. */
static int add_rule(struct copy *c, const struct pk_rule *rule, struct pk_chain *chain,
                    uint32_t from, struct pk_diags *d)
{
    struct pk_rule *r = pk_arena_new(c->arena, struct pk_rule);
    int err;

    if (!r)
        return -ENOMEM;
    *r = *rule;
    if (rule->to)
        r->to = c->after->chains[rule->to->index];
    c->from[c->n++] = from;
    err = pk_chain_insert(c->after, chain, pk_chain_length(chain), r);
    if (err == -E2BIG)
        pk_error(d, PK_T_LIMIT, PK_NOWHERE, "delete rules first",
                 "more than %u rules in one family", PK_RULES_MAX);
    return err;
}

/* The rules of a chain; `new` (or NULL) at index `pos`, in place of the one there if `drop`. */
static int copy_rules(struct copy *c, const struct pk_chain *from, size_t pos, bool drop,
                      const struct pk_rule *new, struct pk_diags *d)
{
    struct pk_chain *to = c->after->chains[from->index];
    int err = 0;

    for (size_t i = 0; !err && i <= from->n_rules; i++) {
        if (i == pos && new)
            err = add_rule(c, new, to, PK_NEW, d);
        if (!err && i < from->n_rules && !(i == pos && drop))
            err = add_rule(c, from->rules[i], to, from->rules[i]->ordinal, d);
    }
    return err;
}

static int copy_set(struct copy *c, const struct pk_chain *at, const struct pk_edit *e,
                    unsigned number, const struct pk_rule *new, struct pk_diags *d)
{
    bool drop = e->op == PK_EDIT_REPLACE || e->op == PK_EDIT_DELETE;
    int err = 0;

    c->after = copy_chains(c->before, c->arena);
    c->from = pk_arena_array(c->arena, uint32_t, c->before->n_rules + (size_t)1);
    if (!c->after || !c->from)
        return -ENOMEM;
    for (size_t i = 0; !err && i < c->before->n_chains; i++) {
        const struct pk_chain *chain = c->before->chains[i];

        if (chain == at)
            err = copy_rules(c, chain, number - 1, drop, e->op == PK_EDIT_DELETE ? NULL : new, d);
        else
            err = copy_rules(c, chain, SIZE_MAX, false, NULL, d);
    }
    if (!err)
        err = pk_ruleset_finish(c->after);
    if (!err)
        err = pk_ruleset_check_loops(c->after, d);
    return err ? err : pk_ruleset_check_hooks(c->after, d);
}

int pk_edit_run(const struct pk_ruleset *rs, const struct pk_edit *e, struct pk_arena *a,
                struct pk_edited *ret, struct pk_diags *d)
{
    struct copy c = {.before = rs, .arena = a};
    const struct pk_chain *chain;
    struct pk_rule *new = NULL;
    unsigned number;
    int err = pk_edit_chain(rs, e, &chain, d);

    if (!err)
        err = pk_edit_check(chain, chain->n_rules, e, d);
    if (!err && pk_edit_reads(e))
        err = pk_edit_rule(rs, e, a, &new, d);
    if (!err)
        err = find_number(chain, e, new, &number, d);
    if (!err)
        err = copy_set(&c, chain, e, number, new, d);
    if (err)
        return err;
    *ret = (struct pk_edited){.rs = c.after, .from = c.from, .number = number};
    if (e->op == PK_EDIT_REPLACE || e->op == PK_EDIT_DELETE)
        ret->gone = chain->rules[number - 1]->text;
    if (e->op != PK_EDIT_DELETE && new)
        ret->new = new->text;
    return 0;
}
