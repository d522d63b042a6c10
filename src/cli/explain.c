// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "base/out.h"
#include "classify/eval.h"
#include "cli/cli.h"
#include "cli/codes.h"
#include "cli/files.h"
#include "cli/current.h"
#include "cli/words.h"
#include "rules/leaf.h"
#include "rules/match.h"

const struct pk_option_def pk_options_explain[] = {
    {"rules", 0, "FILE", "ask this file, not the live rule set; again for more"},
    {"frame", 0, "HEX", "the packet in hex, from its Ethernet or IP header on"},
    {"all", 0, NULL, "show all rules that did not match, not only the first"},
    {"ipv4", '4', NULL, "the files that follow are IPv4"},
    {"ipv6", '6', NULL, "the files that follow are IPv6 (else by name or header)"},
    PK_COMMON_OPTIONS,
};

#define PK_EXPLAIN_SHOWN 12u /* rules that did not match, without --all */

/* One rule that was looked at. */
struct look {
    const struct pk_rule *rule;
    enum pk_answer answer;
    const char *why;
};

struct explain {
    struct pk_files files;
    char *words[PK_ASKED_WORDS];
    size_t n_words;
    const char *frame;
    bool all;
    struct pk_asked asked;
    struct look *looks;
    size_t n_looks, cap_looks;
    size_t n_no, n_hidden; /* rules that did not match; those of them that are not kept */
    bool failed;
    struct pk_cli *c;
};

/* "tcp a:1 > b:2" may come as one word: `>` must be quoted, so it is likely to. */
static int take_words(struct explain *e, const struct pk_args *a)
{
    const char *at = a->value + strspn(a->value, " \t");

    while (*at) {
        size_t len = strcspn(at, " \t");
        char *word = pk_arena_strndup(&e->c->arena, at, len);

        if (!word || e->n_words >= PK_ASKED_WORDS) {
            fprintf(stderr, "picket explain: %s: too many words\n", at);
            return -1;
        }
        e->words[e->n_words++] = word;
        at += len;
        at += strspn(at, " \t");
    }
    return 1;
}

static int take(void *arg, const struct pk_args *a, const struct pk_option_def *o)
{
    struct explain *e = arg;

    if (!o)
        return take_words(e, a);
    if (pk_option_is(o, "rules"))
        return pk_files_arg(&e->files, a, NULL);
    if (pk_option_is(o, "frame"))
        e->frame = a->value;
    else if (pk_option_is(o, "all"))
        e->all = true;
    else
        return pk_files_arg(&e->files, a, o);
    return 1;
}

static bool is_match(const struct pk_rule *r, const char *why)
{
    for (size_t i = 0; i < r->n_matches; i++)
        if (r->matches[i].def->name == why)
            return true;
    return false;
}

/* The value of a field that a match may narrow; the packet's layer 4 can be read. */
static struct pk_u128 field_value(const struct pk_packet *p, enum pk_field f)
{
    switch (f) {
    case PK_F_KIND:
        return (struct pk_u128){.lo = (uint64_t)p->status << 8 | p->proto};
    case PK_F_SADDR:
        return p->saddr;
    case PK_F_DADDR:
        return p->daddr;
    case PK_F_DPORT:
        return (struct pk_u128){.lo = p->dport};
    case PK_F_SPORT:
        return (struct pk_u128){.lo = p->sport};
    case PK_F_FLAGS:
        return (struct pk_u128){.lo = p->tcp_flags};
    default:
        return (struct pk_u128){.lo = p->icmp};
    }
}

static bool admits(const struct pk_leaf *l, enum pk_field f, const struct pk_packet *p)
{
    return !l->set[f] || pk_iset_has(l->set[f], field_value(p, f));
}

/*
 * A match such as tcp asks for several things: which of them the packet lacks says more than the
 * match's name. NULL if it is none of these fields, or not the same one in all leaves of the rule.
 */
static const char *missing_field(const struct pk_packet *p, const struct pk_rule *r)
{
    static const enum pk_field asked[] = {PK_F_DPORT, PK_F_SPORT, PK_F_FLAGS,
                                          PK_F_ICMP,  PK_F_DADDR, PK_F_SADDR};
    _pk_arena_ struct pk_arena arena = {0};
    _pk_diags_ struct pk_diags unheard = {0};
    const char *name = NULL;
    struct pk_leaves leaves;

    if (p->status != PK_L4_OK || pk_rule_compile(r, p->family, &arena, &leaves, &unheard))
        return NULL;
    for (unsigned i = 0; i < leaves.n; i++) {
        const struct pk_leaf *l = &leaves.leaf[i];
        size_t k = 0;

        if (!admits(l, PK_F_KIND, p))
            continue;
        while (k < PK_ARRAY_SIZE(asked) && admits(l, asked[k], p))
            k++;
        if (k == PK_ARRAY_SIZE(asked) || (name && name != pk_field_name(asked[k])))
            return NULL;
        name = pk_field_name(asked[k]);
    }
    return name;
}

/*
 * Keeps each rule that matched, and of the others the first ones; the last one looked at decided.
 */
static void trace(void *arg, const struct pk_rule *r, enum pk_answer answer, const char *why)
{
    struct explain *e = arg;
    struct look *looks;

    if (answer == PK_NO) {
        e->n_no++;
        if (!e->all && e->n_no > PK_EXPLAIN_SHOWN) {
            e->n_hidden++;
            return;
        }
    }
    looks = pk_arena_grow(&e->c->arena, e->looks, e->n_looks, &e->cap_looks, sizeof(*looks));
    if (!looks) {
        e->failed = true;
        return;
    }
    if (answer == PK_NO && is_match(r, why)) {
        const char *field = missing_field(&e->asked.packet, r);

        why = field ? field : why;
    }
    e->looks = looks;
    e->looks[e->n_looks++] = (struct look){r, answer, why};
}

static const char *answer_name(enum pk_answer a)
{
    return a == PK_YES ? "matched" : a == PK_NO ? "no" : "hotdrop";
}

static json_t *look_json(const struct look *l)
{
    json_t *o = pk_json_rule(l->rule);

    json_object_set_new(o, "answer", json_string(answer_name(l->answer)));
    if (l->why && l->answer != PK_YES)
        json_object_set_new(o, "why", pk_json_text(l->why));
    return o;
}

static void fill_json(struct explain *e, enum pk_hook hook, const struct pk_verdict *v)
{
    static const char *const ends[] = {"rule", "policy", "hotdrop"};
    json_t *obj = e->c->obj, *list = json_array();

    for (size_t i = 0; i < e->n_looks; i++)
        json_array_append_new(list, look_json(&e->looks[i]));
    json_object_set_new(obj, "chain", json_string(pk_hook_name(hook)));
    json_object_set_new(obj, "family", json_string(pk_family_name(e->asked.packet.family)));
    json_object_set_new(obj, "verdict", json_string(pk_action_name(v->action)));
    json_object_set_new(obj, "by", json_string(ends[v->end]));
    if (v->rule)
        json_object_set_new(obj, "rule", pk_json_rule(v->rule));
    json_object_set_new(obj, "rules", list);
    json_object_set_new(obj, "rules_hidden", json_integer((json_int_t)e->n_hidden));
}

static void print_rule(const struct pk_rule *r)
{
    printf("    -A %s%s%s\n    %s", r->chain->name, *r->text ? " " : "", r->text, r->file);
    if (r->line)
        printf(":%u", r->line);
    putchar('\n');
}

static void print_verdict(enum pk_hook hook, const struct pk_verdict *v)
{
    const char *chain = pk_hook_name(hook);

    if (v->end == PK_END_POLICY) {
        printf("%s by the policy of %s: no rule decided\n", pk_action_name(v->action), chain);
        return;
    }
    printf(v->end == PK_END_RULE ? "%s in %s by rule\n"
                                 : "%s in %s: this match cannot read the packet (hotdrop)\n",
           pk_action_name(v->action), chain);
    print_rule(v->rule);
}

static int print_looks(const struct explain *e, const struct pk_verdict *v)
{
    _pk_table_ struct pk_table *t =
        pk_table_new((const char *const[]){"line", "why not", "rule", NULL});

    if (!t)
        return -ENOMEM;
    for (size_t i = 0; i < e->n_looks; i++) {
        const struct look *l = &e->looks[i];

        if (l->rule == v->rule && l->answer != PK_NO)
            continue;
        if (l->rule->line)
            pk_table_u64(t, l->rule->line);
        else
            pk_table_str(t, "-");
        pk_table_str(t, l->answer == PK_YES ? "matched, went on" : l->why ? l->why : "-");
        pk_table_fmt(t, "-A %s %s", l->rule->chain->name, l->rule->text);
        pk_table_end_row(t);
    }
    if (e->n_looks > (v->rule != NULL)) {
        puts("\nlooked at before, in order:");
        if (pk_table_print(t, 2, stdout))
            return -ENOMEM;
    }
    if (e->n_hidden)
        printf("  ... and %zu more that did not match (--all shows them)\n", e->n_hidden);
    return 0;
}

/* A family that was never set passes; so does everything where no fence stands. */
static enum pk_exit pass(struct explain *e, const char *why)
{
    json_object_set_new(e->c->obj, "verdict", json_string("ACCEPT"));
    json_object_set_new(e->c->obj, "by", json_string("open"));
    if (!e->c->json)
        printf("ACCEPT: %s\n", why);
    return PK_EXIT_DONE;
}

static bool asks_state(const struct look *l)
{
    for (size_t i = 0; i < l->rule->n_matches; i++)
        if (l->rule->matches[i].def->conntrack)
            return true;
    return false;
}

/* What was taken for granted, if a rule that was looked at depends on it. */
static void print_state(const struct explain *e)
{
    for (size_t i = 0; !e->asked.state_given && i < e->n_looks; i++) {
        if (!asks_state(&e->looks[i]))
            continue;
        puts("\ntaken for the first packet of a connection, without NAT; to ask for another one, "
             "add:"
             "\n  state established, related, invalid or untracked");
        return;
    }
}

static enum pk_exit judge(struct explain *e, const struct pk_ruleset *rs)
{
    const struct pk_view v = {.p = &e->asked.packet,
                              .ip = e->asked.bytes,
                              .len = e->asked.len,
                              .ct = &e->asked.ct,
                              .mac = e->asked.mac};
    enum pk_hook hook = pk_asked_hook(&e->asked);
    struct pk_verdict verdict;

    if (!rs || !rs->given)
        return pass(e, e->asked.packet.family == PK_IPV4 ? "no IPv4 rules were ever set"
                                                         : "no IPv6 rules were ever set");
    verdict = pk_eval(rs, hook, &v, NULL, trace, e);
    if (e->failed)
        return pk_cli_refused(e->c, -ENOMEM, "cannot keep the rules looked at");
    if (e->c->json) {
        fill_json(e, hook, &verdict);
    } else {
        print_verdict(hook, &verdict);
        if (print_looks(e, &verdict))
            return pk_cli_refused(e->c, -ENOMEM, "cannot print");
        print_state(e);
    }
    return verdict.action == PK_ACT_ACCEPT ? PK_EXIT_DONE : PK_EXIT_NO;
}

static enum pk_exit judge_live(struct explain *e)
{
    _pk_current_ struct pk_current s = {0};
    int r = pk_current_open(e->c, &s);

    if (r)
        return pk_cli_refused(e->c, r, "cannot read the fence");
    if (!s.fence)
        return pass(e, "no fence stands in this network namespace");
    return judge(e, s.live.family[e->asked.packet.family]);
}

static enum pk_exit run(struct explain *e)
{
    struct pk_files_read read;

    if (pk_words_read(e->words, e->n_words, &e->asked, &e->c->d))
        return PK_EXIT_USAGE;
    if (e->frame && e->asked.len) {
        pk_error(&e->c->d, PK_D_PACKET_WORDS, PK_NOWHERE, NULL,
                 "give --frame or a packet in words, not both; only in IF and out IF go with it");
        return PK_EXIT_USAGE;
    }
    if (e->frame && pk_words_frame(e->frame, &e->asked, &e->c->d))
        return PK_EXIT_USAGE;
    if (!e->files.n)
        return judge_live(e);
    if (pk_files_load(e->c, &e->files, &read))
        return PK_EXIT_USAGE;
    return judge(e, read.family[e->asked.packet.family]);
}

int pk_cli_explain(int argc, char **argv)
{
    struct explain e = {.files = PK_FILES_INIT};
    _pk_cli_ struct pk_cli c;

    pk_cli_begin(&c, "explain");
    e.c = &c;
    e.files.filter_only = true; /* one packet, one table: there is nothing to understand */
    if (!pk_cli_args(&c, pk_options_explain, argc, argv, take, &e))
        return c.exit;
    if (!e.frame && !e.n_words)
        return pk_cli_missing(&c, "PACKET");
    return pk_cli_end(&c, run(&e));
}
