// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One rule changed (rules/edit.h): random edits against a plain list, and each way to be refused.
 * PK_SEED starts from another seed; a failure prints its own.
 */
#include "rules/edit.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../lib/nomem.h"
#include "base/hash.h"
#include "base/macro.h"
#include "rules/diff.h"
#include "rules/parse.h"
#include "rules/text.h"

#define CHAINS 6
#define RULES_MAX 400
#define NEW_FILE "picket rule"

static const char *const chain_name[CHAINS] = {"INPUT", "FORWARD", "OUTPUT", "a", "b", "c"};

/* As it is written, as it is printed, the chains that may hold it (bits), and what it jumps to. */
static const struct {
    const char *written, *text;
    unsigned chains;
    int to;
} pool[] = {
    {"", "", 077, -1},
    {"-j ACCEPT", "-j ACCEPT", 077, -1},
    {"--jump DROP", "-j DROP", 077, -1},
    {"-p 6 --dport 22 -j ACCEPT", "-p tcp -m tcp --dport 22 -j ACCEPT", 077, -1},
    {"-p udp -m udp --sport 1:2", "-p udp -m udp --sport 1:2", 077, -1},
    {"-j RETURN ! -p udp", "! -p udp -j RETURN", 077, -1},
    {"-i eth+", "-i eth+", 073, -1},
    {"-o lo -j DROP", "-o lo -j DROP", 076, -1},
    {"-j a", "-j a", 077, 3},
    {"-g b", "-g b", 077, 4},
    {"-j c -m comment --comment \"a \\\"b\\\"\"", "-m comment --comment \"a \\\"b\\\"\" -j c", 077,
     5},
};

struct random {
    uint64_t state;
};

static unsigned below(struct random *r, unsigned n)
{
    r->state += 0x9e3779b97f4a7c15ULL;
    return (unsigned)((pk_mix64(r->state) >> 32) * n >> 32);
}

/* What iptables would hold: texts in order, each with a number that no other rule ever had. */
struct model_rule {
    unsigned spec, id;
};

struct model {
    struct model_rule rule[CHAINS][RULES_MAX];
    unsigned n[CHAINS];
    unsigned next_id;
};

static void model_put(struct model *m, unsigned chain, unsigned at, unsigned spec)
{
    struct model_rule *r = m->rule[chain];

    assert_true(m->n[chain] < RULES_MAX);
    memmove(r + at + 1, r + at, (m->n[chain]++ - at) * sizeof(*r));
    r[at] = (struct model_rule){spec, m->next_id++};
}

static void model_take(struct model *m, unsigned chain, unsigned at)
{
    struct model_rule *r = m->rule[chain];

    memmove(r + at, r + at + 1, (--m->n[chain] - at) * sizeof(*r));
}

static int model_find(const struct model *m, unsigned chain, unsigned spec)
{
    for (unsigned i = 0; i < m->n[chain]; i++)
        if (m->rule[chain][i].spec == spec)
            return (int)i;
    return -1;
}

/* Does a chain lead to `to` when so many jumps are followed? */
static bool model_leads(const struct model *m, unsigned chain, unsigned to, unsigned depth)
{
    for (unsigned i = 0; depth && i < m->n[chain]; i++) {
        int next = pool[m->rule[chain][i].spec].to;

        if (next >= 0 && ((unsigned)next == to || model_leads(m, (unsigned)next, to, depth - 1)))
            return true;
    }
    return false;
}

/* 0 or what pk_edit_run() has to answer; *ret_at is the place from 0. */
static int model_try(struct model *m, const struct pk_edit *e, unsigned chain, unsigned spec,
                     unsigned *ret_at)
{
    unsigned n = m->n[chain], at = e->number ? e->number - 1 : 0;
    int found;

    if (e->op == PK_EDIT_INSERT && at > n)
        return -EINVAL;
    if ((e->op == PK_EDIT_REPLACE || (e->op == PK_EDIT_DELETE && e->number)) && at >= n)
        return -EINVAL;
    if (e->rule && !(pool[spec].chains >> chain & 1))
        return -EINVAL;
    if (e->op == PK_EDIT_APPEND)
        at = n;
    if (e->op == PK_EDIT_DELETE && !e->number) {
        found = model_find(m, chain, spec);
        if (found < 0)
            return -ENOENT;
        at = (unsigned)found;
    }
    if (e->op == PK_EDIT_REPLACE || e->op == PK_EDIT_DELETE)
        model_take(m, chain, at);
    if (e->op != PK_EDIT_DELETE)
        model_put(m, chain, at, spec);
    *ret_at = at;
    return 0;
}

static int model_edit(struct model *m, const struct pk_edit *e, unsigned chain, unsigned spec,
                      unsigned *ret_at)
{
    static struct model after;
    int err;

    after = *m;
    err = model_try(&after, e, chain, spec, ret_at);
    if (!err && model_leads(&after, chain, chain, CHAINS))
        err = -EINVAL;
    if (!err)
        *m = after;
    return err;
}

static void model_text(const struct model *m, struct pk_buf *out)
{
    pk_buf_str(out, "*filter\n");
    for (unsigned c = 0; c < CHAINS; c++)
        pk_buf_fmt(out, ":%s %s [0:0]\n", chain_name[c], c == 1 ? "DROP" : c < 3 ? "ACCEPT" : "-");
    for (unsigned c = 0; c < CHAINS; c++)
        for (unsigned i = 0; i < m->n[c]; i++) {
            const char *text = pool[m->rule[c][i].spec].text;

            pk_buf_fmt(out, "-A %s%s%s\n", chain_name[c], *text ? " " : "", text);
        }
    pk_buf_str(out, "COMMIT\n");
}

static void assert_text(const struct pk_ruleset *rs, const struct model *m)
{
    _pk_buf_ struct pk_buf got = PK_BUF_INIT(1 << 20), want = PK_BUF_INIT(1 << 20);

    pk_ruleset_save(rs, NULL, &got);
    model_text(m, &want);
    assert_string_equal(got.data, want.data);
}

/* The identities, in the order of the ordinals. */
static unsigned model_ids(const struct model *m, unsigned ids[CHAINS * RULES_MAX])
{
    unsigned n = 0;

    for (unsigned c = 0; c < CHAINS; c++)
        for (unsigned i = 0; i < m->n[c]; i++)
            ids[n++] = m->rule[c][i].id;
    return n;
}

/* from[] must say of each rule of `after` where it stood in `before`: by identity, not by text. */
static void assert_from(const struct model *before, const struct model *after,
                        const struct pk_edited *e)
{
    static unsigned old[CHAINS * RULES_MAX], now[CHAINS * RULES_MAX];
    unsigned n_old = model_ids(before, old), n = model_ids(after, now);

    assert_int_equal(e->rs->n_rules, n);
    for (unsigned i = 0; i < n; i++) {
        if (now[i] >= before->next_id) {
            assert_int_equal(e->from[i], PK_NEW);
        } else {
            assert_true(e->from[i] < n_old);
            assert_int_equal(old[e->from[i]], now[i]);
        }
    }
}

/* A set is what the compiler takes: pointers of its own chains, ordinals in order, places. */
static void assert_whole(const struct pk_ruleset *rs, const struct pk_edited *e)
{
    uint32_t ordinal = 0;

    assert_true(rs->given);
    for (size_t i = 0; i < rs->n_chains; i++) {
        const struct pk_chain *c = rs->chains[i];

        assert_int_equal(c->index, i);
        assert_ptr_equal(pk_ruleset_chain(rs, c->name, strlen(c->name)), c);
        for (size_t k = 0; k < c->n_rules; k++, ordinal++) {
            const struct pk_rule *r = c->rules[k];

            assert_int_equal(r->ordinal, ordinal);
            assert_ptr_equal(r->chain, c);
            if (r->to)
                assert_ptr_equal(pk_ruleset_chain(rs, r->to->name, strlen(r->to->name)), r->to);
            if (e->from[ordinal] == PK_NEW) {
                assert_string_equal(r->file, NEW_FILE);
                assert_int_equal(r->line, 0);
            }
        }
    }
}

struct set {
    struct pk_arena arena;
    struct pk_diags d;
    struct pk_ruleset *rs;
};

static void set_done(struct set *s)
{
    pk_diags_done(&s->d);
    pk_arena_done(&s->arena);
}

#define _set_ __attribute__((cleanup(set_done)))

static void set_read(struct set *s, enum pk_family family, const char *text)
{
    const struct pk_read_options o = {.format = PK_TEXT_SAVE, .family = family};
    struct pk_read read = {0};

    assert_int_equal(pk_text_read(text, strlen(text), "file", &o, &s->arena, &read, &s->d), 0);
    s->rs = read.family[family];
}

static struct pk_edit random_edit(struct random *r, const struct model *m, enum pk_family family,
                                  unsigned *chain, unsigned *spec)
{
    struct pk_edit e = {.op = below(r, 4), .family = family, .at = {NEW_FILE, 1, 20}};

    *chain = below(r, CHAINS);
    *spec = below(r, PK_ARRAY_SIZE(pool));
    e.chain = chain_name[*chain];
    e.rule = pool[*spec].written;
    if (e.op == PK_EDIT_REPLACE || (e.op != PK_EDIT_APPEND && below(r, 2)))
        e.number = 1 + below(r, m->n[*chain] + 2);
    if (e.op == PK_EDIT_DELETE && e.number)
        e.rule = NULL;
    return e;
}

static void random_round(uint64_t seed, size_t done[5])
{
    static struct model before, m;
    struct random r = {pk_mix64(seed)};
    _pk_buf_ struct pk_buf empty = PK_BUF_INIT(1 << 20);
    _set_ struct set s = {0};
    enum pk_family family = seed % PK_FAMILY_N;

    m = (struct model){0};
    model_text(&m, &empty);
    set_read(&s, family, empty.data);
    for (unsigned i = 0; i < 80; i++) {
        unsigned chain, spec, at = 0;
        struct pk_edit e = random_edit(&r, &m, family, &chain, &spec);
        struct pk_edited got = {0};
        size_t errors = s.d.n_errors;
        int want, err;

        before = m;
        want = model_edit(&m, &e, chain, spec, &at);
        err = pk_edit_run(s.rs, &e, &s.arena, &got, &s.d);
        assert_int_equal(err, want);
        assert_text(s.rs, &before);                        /* it stays as it was */
        assert_int_equal(s.d.n_errors > errors, err != 0); /* two loops are two errors */
        done[err ? 4 : e.op]++;
        if (err) {
            assert_null(got.rs);
            continue;
        }
        assert_int_equal(got.number, at + 1);
        assert_text(got.rs, &m);
        assert_from(&before, &m, &got);
        assert_whole(got.rs, &got);
        s.rs = got.rs;
    }
}

static uint64_t seed_now;

static int say_seed(void **state)
{
    print_message("# the last seed was %" PRIu64 "\n", seed_now);
    return 0;
}

static void test_random(void **state)
{
    const char *from = getenv("PK_SEED");
    uint64_t seed = from ? strtoull(from, NULL, 0) : 1;
    size_t done[5] = {0};

    for (uint64_t i = 0; i < 300; i++) {
        seed_now = seed + i;
        random_round(seed_now, done);
    }
    for (size_t i = 0; i < PK_ARRAY_SIZE(done); i++)
        assert_true(done[i] > 1000); /* each op, and refusals, often */
}

/* Words of a command line, after CHAIN. `rule` NULL: none. */
static const struct {
    enum pk_edit_op op;
    const char *words[8];
    int err;
    unsigned number;
    const char *rule;
    unsigned column; /* it was 10 */
} word_cases[] = {
    {PK_EDIT_APPEND, {NULL}, 0, 0, "", 10},
    {PK_EDIT_APPEND, {"-p", "tcp"}, 0, 0, "-p tcp", 10},
    {PK_EDIT_APPEND, {"3", "-p"}, 0, 0, "3 -p", 10}, /* the parser refuses it */
    {PK_EDIT_APPEND,
     {"", "a b", "c\"d", "e\\f", "g\th\\"},
     0,
     0,
     "\"\" \"a b\" \"c\\\"d\" e\\f \"g\th\\\\\"",
     10},
    {PK_EDIT_INSERT, {"!", "-p", "tcp"}, 0, 0, "! -p tcp", 10},
    {PK_EDIT_INSERT, {"12", "-p", "tcp"}, 0, 12, "-p tcp", 13},
    {PK_EDIT_INSERT, {"0x10"}, 0, 16, "", 15},
    {PK_EDIT_INSERT, {"0", "-p", "tcp"}, -EINVAL, 0, NULL, 10},
    {PK_EDIT_INSERT, {"x", "-p", "tcp"}, -EINVAL, 0, NULL, 10},
    {PK_EDIT_INSERT, {"", "-p", "tcp"}, -EINVAL, 0, NULL, 10},
    {PK_EDIT_INSERT, {"2147483648"}, -EINVAL, 0, NULL, 10},
    {PK_EDIT_REPLACE, {"1", "-j", "DROP"}, 0, 1, "-j DROP", 12},
    {PK_EDIT_REPLACE, {"-j", "DROP"}, -EINVAL, 0, NULL, 10},
    {PK_EDIT_REPLACE, {NULL}, -EINVAL, 0, NULL, 10},
    {PK_EDIT_DELETE, {"7"}, 0, 7, NULL, 12},
    {PK_EDIT_DELETE, {"-j", "DROP"}, 0, 0, "-j DROP", 10},
    {PK_EDIT_DELETE, {NULL}, 0, 0, "", 10},
    {PK_EDIT_DELETE, {"7", "-j", "DROP"}, -EINVAL, 7, NULL, 12},
};

static void test_words(void **state)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(word_cases); i++) {
        struct pk_edit e = {.op = word_cases[i].op, .chain = "INPUT", .at = {NEW_FILE, 1, 10}};
        _set_ struct set s = {0};
        size_t n = 0;

        while (word_cases[i].words[n])
            n++;
        assert_int_equal(pk_edit_words(&e, word_cases[i].words, n, &s.arena, &s.d),
                         word_cases[i].err);
        assert_int_equal(s.d.n_errors, word_cases[i].err != 0);
        assert_int_equal(e.number, word_cases[i].number);
        assert_int_equal(e.at.column, word_cases[i].column);
        assert_int_equal(!e.rule, !word_cases[i].rule);
        if (e.rule)
            assert_string_equal(e.rule, word_cases[i].rule);
    }
}

static const char edited[] = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
                             ":OUTPUT ACCEPT [0:0]\n:a - [0:0]\n:b - [0:0]\n:c - [0:0]\n"
                             "-A INPUT -j a\n-A a -j b\n-A a -p udp\n-A b -j DROP\nCOMMIT\n";

/* What is refused, its code, its column (the rule starts at 20), and a word of the text. */
static const struct {
    struct pk_edit e;
    int err;
    unsigned code, column;
    const char *says;
} refused[] = {
    {{PK_EDIT_APPEND, 0, "nix", 0, ""}, -EINVAL, PK_T_CHAIN_UNKNOWN, 0, "'nix'"},
    {{PK_EDIT_DELETE, 0, "input", 1, NULL}, -EINVAL, PK_T_CHAIN_UNKNOWN, 0, "'input'"},
    {{PK_EDIT_INSERT, 0, "a", 4, "-j DROP"}, -EINVAL, PK_T_RULE_NUMBER, 0, "at most 3"},
    {{PK_EDIT_REPLACE, 0, "a", 3, "-j DROP"}, -EINVAL, PK_T_RULE_NUMBER, 0, "no number 3"},
    {{PK_EDIT_REPLACE, 0, "a", 0, "-j DROP"}, -EINVAL, PK_T_RULE_NUMBER, 0, "no number 0"},
    {{PK_EDIT_DELETE, 0, "b", 0, NULL}, -ENOENT, PK_T_NO_RULE, 20, "one with no words"},
    {{PK_EDIT_DELETE, 0, "b", 2, NULL}, -EINVAL, PK_T_RULE_NUMBER, 0, "has 1 rule:"},
    {{PK_EDIT_DELETE, 0, "c", 1, NULL}, -EINVAL, PK_T_RULE_NUMBER, 0, "has 0 rules"},
    {{PK_EDIT_DELETE, 0, "a", 0, "-p 6"}, -ENOENT, PK_T_NO_RULE, 20, "no such rule: -p tcp"},
    {{PK_EDIT_DELETE, 0, "c", 0, ""}, -ENOENT, PK_T_NO_RULE, 20, "one with no words"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-j nix"}, -EINVAL, PK_T_TARGET_UNKNOWN, 23, "'nix'"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-j INPUT"}, -EINVAL, PK_T_TARGET_UNKNOWN, 23, "built-in"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-j LOG"}, -EINVAL, PK_T_TARGET_UNSUPPORTED, 23, "LOG"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-m set"}, -EINVAL, PK_T_MATCH_UNSUPPORTED, 23, "set"},
    {{PK_EDIT_APPEND, 0, "a", 0, "--dport 1"}, -EINVAL, PK_T_OPTION_NEEDS, 20, "--dport"},
    {{PK_EDIT_APPEND, 0, "INPUT", 0, "-o lo"}, -EINVAL, PK_T_OPTION_ILLEGAL, 20, "-o"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-p tcp x"}, -EINVAL, PK_T_WORD, 27, "'x'"},
    {{PK_EDIT_APPEND, 0, "a", 0, "3 -p tcp"}, -EINVAL, PK_T_WORD, 20, "'3'"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-s 1.1.1.1,2.2.2.2"}, -EINVAL, PK_T_ONE_RULE, 20, "2 rules"},
    {{PK_EDIT_DELETE, 0, "a", 0, "-s 1.1.1.1,2.2.2.2"}, -EINVAL, PK_T_ONE_RULE, 20, "2 rules"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-j DROP -6"}, -EINVAL, PK_T_FAMILY, 20, "other family"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-s ::1"}, -EINVAL, PK_T_FAMILY, 23, "::1"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-c 1 2"}, -EINVAL, PK_T_COUNTERS, 20, "counts from 0"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-A b"}, -EINVAL, PK_T_VERB, 20, "-A and -A"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-p tcp -D b"}, -EINVAL, PK_T_VERB, 27, "-D"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-t nat"}, -EINVAL, PK_T_OPTION_ILLEGAL, 20, "-t"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-m comment --comment \"x\x01y\""},
     -EINVAL,
     PK_T_BYTE,
     43,
     "0x01"},
    {{PK_EDIT_APPEND, 0, "a", 0, "-j \"DROP"}, -EINVAL, PK_T_QUOTE, 23, "not closed"},
    {{PK_EDIT_APPEND, 0, "b", 0, "-j a"}, -EINVAL, PK_T_LOOP, 0, "a -> b -> a"},
    {{PK_EDIT_APPEND, 0, "c", 0, "-g c"}, -EINVAL, PK_T_LOOP, 0, "c -> c"},
};

static void test_refused(void **state)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(refused); i++) {
        _pk_buf_ struct pk_buf text = PK_BUF_INIT(1 << 20);
        struct pk_edited got = {0};
        struct pk_edit e = refused[i].e;
        _set_ struct set s = {0};

        e.at = (struct pk_place){NEW_FILE, 1, 20};
        set_read(&s, PK_IPV4, edited);
        assert_int_equal(pk_edit_run(s.rs, &e, &s.arena, &got, &s.d), refused[i].err);
        assert_int_equal(s.d.n_errors, 1);
        if (s.d.items[0].code != refused[i].code || s.d.items[0].column != refused[i].column ||
            !strstr(s.d.items[0].text, refused[i].says)) {
            pk_diags_print(&s.d, stderr);
            fail_msg("case %zu: %s", i, e.rule ? e.rule : "-");
        }
        assert_non_null(s.d.items[0].hint);
        assert_null(got.rs);
        pk_ruleset_save(s.rs, NULL, &text);
        assert_string_equal(text.data, edited);
    }
}

/* A line that is too long, and one of too many words: said by the parser, not cut. */
static void test_too_long(void **state)
{
    static char line[PK_LINE_MAX + 20], words[4 * PK_WORDS_MAX];
    struct pk_edit e = {.chain = "INPUT", .at = {NEW_FILE, 1, 20}};
    struct pk_edited got;
    _set_ struct set s = {0};

    memset(line, 'x', sizeof(line) - 1);
    for (unsigned i = 0; i < PK_WORDS_MAX - 1; i++)
        memcpy(words + 3 * i, "-v ", 3);
    set_read(&s, PK_IPV4, edited);
    e.rule = line;
    assert_int_equal(pk_edit_run(s.rs, &e, &s.arena, &got, &s.d), -EINVAL);
    e.rule = words;
    assert_int_equal(pk_edit_run(s.rs, &e, &s.arena, &got, &s.d), -EINVAL);
    assert_int_equal(s.d.n_errors, 2);
    assert_int_equal(s.d.items[0].code, PK_T_LONG);
    assert_int_equal(s.d.items[1].code, PK_T_LONG);
    words[3 * (PK_WORDS_MAX - 2)] = '\0';
    assert_int_equal(pk_edit_run(s.rs, &e, &s.arena, &got, &s.d), 0);
    assert_string_equal(got.new, "");
}

static void test_never_set(void **state)
{
    const struct pk_edit e = {.op = PK_EDIT_APPEND, .chain = "INPUT", .rule = ""};
    struct pk_edited got;
    _set_ struct set s = {0};

    s.rs = pk_ruleset_new(&s.arena, PK_IPV6);
    assert_int_equal(pk_edit_run(s.rs, &e, &s.arena, &got, &s.d), -ENOENT);
    assert_int_equal(s.d.items[0].code, PK_T_NEVER_SET);
    assert_non_null(strstr(s.d.items[0].text, "IPv6"));
}

/* What stays keeps its place; policies and their counters stay. */
static void test_what_stays(void **state)
{
    const struct pk_edit e = {
        .op = PK_EDIT_REPLACE, .chain = "a", .number = 1, .rule = "-j c", .at = {NEW_FILE, 1, 20}};
    struct pk_edited got;
    _set_ struct set s = {0};

    set_read(&s, PK_IPV4, edited);
    s.rs->chains[1]->policy = PK_ACT_DROP;
    s.rs->chains[1]->policy_counters.bytes = 7;
    assert_int_equal(pk_edit_run(s.rs, &e, &s.arena, &got, &s.d), 0);
    assert_string_equal(got.gone, "-j b");
    assert_string_equal(got.new, "-j c");
    assert_int_equal(got.number, 1);
    assert_int_equal(got.rs->chains[1]->policy, PK_ACT_DROP);
    assert_int_equal(got.rs->chains[1]->policy_counters.bytes, 7);
    assert_string_equal(got.rs->chains[3]->rules[1]->file, "file");
    assert_int_equal(got.rs->chains[3]->rules[1]->line, 10);
    assert_ptr_equal(got.rs->chains[3]->rules[0]->to, got.rs->chains[5]);
}

static int edit_once(struct set *s, struct pk_edited *got)
{
    static const char *const words[] = {"2", "-s", "10.0.0.0/8", "-p", "tcp", "--dport", "1"};
    struct pk_edit e = {.op = PK_EDIT_INSERT, .chain = "a", .at = {NEW_FILE, 1, 20}};
    int err = pk_edit_words(&e, words, PK_ARRAY_SIZE(words), &s->arena, &s->d);

    return err ? err : pk_edit_run(s->rs, &e, &s->arena, got, &s->d);
}

/* Each allocation fails in turn. The arena takes large blocks: `max` counts its own bytes. */
static void test_no_memory(void **state)
{
    size_t n = 0, room = 0;
    bool failed;
    int err;

    do {
        struct pk_edited got = {0};
        _set_ struct set s = {0};

        set_read(&s, PK_IPV4, edited);
        pk_test_fail_in = ++n;
        err = edit_once(&s, &got);
        failed = !pk_test_fail_in;
        pk_test_fail_in = 0;
        assert_int_equal(err, failed ? -ENOMEM : 0);
        assert_int_equal(got.rs != NULL, !failed);
    } while (failed);
    assert_true(n > 2);
    do {
        struct pk_edited got = {0};
        _set_ struct set s = {0};

        set_read(&s, PK_IPV4, edited);
        s.arena.max = s.arena.used + room;
        err = edit_once(&s, &got);
        assert_true(err == -ENOMEM || err == 0);
        assert_int_equal(got.rs != NULL, !err);
        room += 16;
    } while (err);
    assert_true(room > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_random, say_seed),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_never_set),
        cmocka_unit_test(test_what_stays),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
