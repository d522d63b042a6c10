// SPDX-License-Identifier: GPL-2.0-or-later
/* Carries out a line that has been read: a chain, a policy, or the rules that it stands for. */
#include <string.h>

#include "rules/command_line.h"

static int chain_name_check(struct pk_reader *r, const struct pk_word *w, bool strict)
{
    static const char *const verdicts[] = {"ACCEPT", "DROP", "QUEUE", "RETURN"};
    size_t len = strlen(w->s);

    if (!len || len > PK_CHAIN_NAME_MAX)
        return pk_bad(r, PK_T_CHAIN_NAME, w, "choose another name",
                      "a chain name has 1 to %d bytes, not %zu", PK_CHAIN_NAME_MAX, len);
    for (size_t i = 0; i < 4; i++)
        if (!strcmp(w->s, verdicts[i]))
            return pk_bad(r, PK_T_CHAIN_NAME, w, "choose another name",
                          "'%s' is a verdict, not a chain", w->s);
    /* Neither would be read back from what iptables-save prints. */
    if (strpbrk(w->s, " \t\n\""))
        return pk_bad(r, PK_T_CHAIN_NAME, w, "choose another name",
                      "a chain name cannot hold a space or a quote");
    if (!strict)
        return 0;
    if (w->s[0] == '-' || w->s[0] == '!')
        return pk_bad(r, PK_T_CHAIN_NAME, w, "choose another name",
                      "a chain name cannot start with '%c'", w->s[0]);
    if (pk_known_target(w->s))
        return pk_bad(r, PK_T_CHAIN_NAME, w, "choose another name", "'%s' is a target, not a chain",
                      w->s);
    return 0;
}

int pk_chain_define(struct pk_reader *r, struct pk_ruleset *rs, const struct pk_word *name,
                    bool strict)
{
    if (chain_name_check(r, name, strict))
        return -EINVAL;
    if (pk_ruleset_chain(rs, name->s, strlen(name->s)))
        return pk_bad(r, PK_T_CHAIN_EXISTS, name, "define a chain once",
                      "chain '%s' exists already", name->s);
    return pk_ruleset_add_chain(rs, name->s, strlen(name->s)) ? 0 : -ENOMEM;
}

int pk_policy_set(struct pk_reader *r, struct pk_chain *c, const struct pk_word *policy)
{
    if (c->hook < 0)
        return pk_bad(r, PK_T_POLICY, policy, "write '-' as its policy; end the chain with a rule",
                      "chain '%s' is not built in and has no policy", c->name);
    if (strcmp(policy->s, "ACCEPT") && strcmp(policy->s, "DROP"))
        return pk_bad(r, PK_T_POLICY, policy, "write one of them",
                      "a policy is ACCEPT or DROP, not '%s'", policy->s);
    c->policy = policy->s[0] == 'A' ? PK_ACT_ACCEPT : PK_ACT_DROP;
    return 0;
}

/* The chain that the command names; NULL when there is none (diagnosed). */
static struct pk_chain *named_chain(struct pk_command *c)
{
    struct pk_chain *chain = pk_ruleset_chain(c->rs, c->chain.s, strlen(c->chain.s));

    if (!chain)
        pk_error(c->r->diags, PK_T_CHAIN_UNKNOWN, pk_at(c->r, &c->chain),
                 c->r->commands ? "define it first, with -N"
                                : "define it first: ':NAME - [0:0]' after '*filter'",
                 "no chain is called '%s'", c->chain.s);
    return chain;
}

static int run_policy(struct pk_command *c)
{
    struct pk_chain *chain = named_chain(c);

    if (!chain || pk_policy_set(c->r, chain, &c->policy))
        return -EINVAL;
    if (c->option['c'].s)
        chain->policy_counters = c->counters;
    return 0;
}

/* A script starts by clearing what was there; a file is the whole set, so that is nothing here. */
static int run_clear(struct pk_command *c)
{
    if (c->rs->n_rules || (c->verb == 'X' && c->rs->n_chains > PK_HOOK_N))
        return pk_bad(c->r, PK_T_VERB, &c->verb_at, "move it to the top, or remove it",
                      "-%c after the first rule or chain", c->verb);
    return 0;
}

static int check_no_rule_options(struct pk_command *c)
{
    for (const char *p = "sdpiofj"; *p; p++)
        if (c->option[(unsigned char)*p].s)
            return pk_bad(c->r, PK_T_OPTION_ILLEGAL, &c->option[(unsigned char)*p], "remove it",
                          "-%c cannot stand with -%c", *p, c->verb);
    if (c->option['c'].s && c->verb != 'P')
        return pk_bad(c->r, PK_T_OPTION_ILLEGAL, &c->option['c'], "remove it",
                      "-c cannot stand with -%c", c->verb);
    if (c->scan.n_loaded)
        return pk_bad(c->r, PK_T_OPTION_ILLEGAL, &c->verb_at, "remove it",
                      "-m cannot stand with -%c", c->verb);
    return 0;
}

/* As do_parse() of iptables compares names: a user chain of these names in filter counts, too. */
static int check_interfaces(struct pk_command *c)
{
    const char *chain = c->chain.s;

    if (c->option['o'].s && (!strcmp(chain, "INPUT") || !strcmp(chain, "PREROUTING")))
        return pk_bad(c->r, PK_T_OPTION_ILLEGAL, &c->option['o'],
                      "a packet that arrives has no output interface yet",
                      "-o cannot be used with %s", chain);
    if (c->option['i'].s && (!strcmp(chain, "OUTPUT") || !strcmp(chain, "POSTROUTING")))
        return pk_bad(c->r, PK_T_OPTION_ILLEGAL, &c->option['i'],
                      "a packet of this host has no input interface", "-i cannot be used with %s",
                      chain);
    return 0;
}

static int one_address(struct pk_reader *r, struct pk_addr_list *ret)
{
    ret->n = 1;
    ret->addr = pk_arena_array(r->arena, struct pk_u128, 2);
    ret->mask = ret->addr ? ret->addr + 1 : NULL;
    return ret->addr ? 0 : -ENOMEM;
}

static int addresses(struct pk_command *c, struct pk_addr_list *s, struct pk_addr_list *d)
{
    enum pk_family family = c->line->family;
    struct pk_reader *r = c->r;
    int err;

    err = c->source.s ? pk_addr_list_parse(r, &c->source, family, s) : one_address(r, s);
    if (err)
        return err;
    err = c->destination.s ? pk_addr_list_parse(r, &c->destination, family, d) : one_address(r, d);
    if (err)
        return err;
    if ((s->n > 1 || d->n > 1) && (c->rule.ip.inv_saddr || c->rule.ip.inv_daddr))
        return pk_bad(r, PK_T_OPTION_INVERT, s->n > 1 ? &c->source : &c->destination,
                      "write one rule for each address; mind that each lets the others through",
                      "'!' cannot stand with several addresses");
    return 0;
}

/* The matches that were loaded become the rule's. */
static int collect(struct pk_command *c)
{
    struct pk_rule *rule = &c->rule;

    rule->matches = pk_arena_array(c->r->arena, struct pk_match, c->scan.n_loaded);
    if (!rule->matches)
        return -ENOMEM;
    for (unsigned i = 0; i < c->scan.n_loaded; i++) {
        const struct pk_loaded *l = &c->loaded[i];

        if (l->target)
            rule->target_info = l->info;
        else
            rule->matches[rule->n_matches++] = (struct pk_match){.def = l->match, .info = l->info};
    }
    return 0;
}

static int add_rule(struct pk_command *c, struct pk_chain *chain, size_t pos)
{
    struct pk_reader *r = c->r;
    struct pk_rule *rule = pk_arena_new(r->arena, struct pk_rule);
    int err;

    if (!rule)
        return -ENOMEM;
    *rule = c->rule;
    pk_buf_reset(&r->scratch);
    pk_rule_print(rule, c->line->family, &r->scratch);
    if (r->scratch.failed == -E2BIG)
        return pk_bad(r, PK_T_LONG, &c->line->at, "split the rule with a user chain",
                      "the rule's text would be longer than %u bytes", PK_LINE_MAX);
    rule->text = pk_arena_strndup(r->arena, r->scratch.data ? r->scratch.data : "", r->scratch.len);
    if (r->scratch.failed || !rule->text)
        return -ENOMEM;
    err = pk_chain_insert(c->rs, chain, pos, rule);
    if (err == -E2BIG)
        return pk_bad(r, PK_T_LIMIT, &c->line->at, "write fewer rules",
                      "more than %u rules in one family", PK_RULES_MAX);
    return err;
}

/* Every source with every destination; -I puts each at the same place, so the last comes first. */
static int add_rules(struct pk_command *c, struct pk_chain *chain, const struct pk_addr_list *s,
                     const struct pk_addr_list *d)
{
    struct pk_ip_match *ip = &c->rule.ip;
    int err = 0;

    for (unsigned i = 0; i < s->n && !err; i++) {
        ip->saddr = s->addr[i];
        ip->smask = s->mask[i];
        for (unsigned j = 0; j < d->n && !err; j++) {
            ip->daddr = d->addr[j];
            ip->dmask = d->mask[j];
            err = add_rule(c, chain, c->verb == 'I' ? c->rule_number - 1 : pk_chain_length(chain));
        }
    }
    return err;
}

static int run_rule(struct pk_command *c)
{
    struct pk_addr_list s, d;
    struct pk_chain *chain;
    int err;

    err = pk_option_finish(c->r, &c->scan, &c->rule, c->line->family, &c->line->at);
    if (!err)
        err = addresses(c, &s, &d);
    if (!err)
        err = check_interfaces(c);
    if (err)
        return err;
    chain = named_chain(c);
    if (!chain)
        return -EINVAL;
    if (c->verb == 'I' && c->rule_number - 1 > pk_chain_length(chain))
        return pk_bad(c->r, PK_T_RULE_NUMBER, &c->rule_number_at, "use -A to append",
                      "chain '%s' has %zu rules: the number can be at most %zu", chain->name,
                      pk_chain_length(chain), pk_chain_length(chain) + 1);
    err = collect(c);
    return err ? err : add_rules(c, chain, &s, &d);
}

static int run(struct pk_command *c)
{
    switch (c->verb) {
    case '\0':
        return pk_bad(c->r, PK_T_VERB, &c->line->at, "start the line with -A CHAIN",
                      "no command: -A, -I, -N or -P");
    case 'A':
    case 'I':
        return run_rule(c);
    }
    if (check_no_rule_options(c))
        return -EINVAL;
    switch (c->verb) {
    case 'N':
        return pk_chain_define(c->r, c->rs, &c->chain, true);
    case 'P':
        return run_policy(c);
    default:
        return run_clear(c);
    }
}

static int merge_counters(struct pk_command *c)
{
    if (c->line->counters && c->option['c'].s)
        return pk_bad(c->r, PK_T_COUNTERS, &c->option['c'], "keep one of them",
                      "counters both before the rule and with -c");
    if (c->line->counters)
        c->counters = *c->line->counters;
    c->rule.counters = c->counters;
    return 0;
}

int pk_line_run(struct pk_reader *r, const struct pk_line *line)
{
    struct pk_command c = {.r = r, .line = line};
    int err;

    c.rs = pk_reader_set(r, line->family);
    if (!c.rs)
        return -ENOMEM;
    c.scan = (struct pk_scan){
        .r = r, .w = r->words.w, .n = r->words.n, .i = line->first, .loaded = c.loaded};
    c.rule.file = r->file;
    c.rule.line = line->at.line;
    err = pk_command_parse(&c);
    if (err == PK_COMMAND_SKIP)
        return 0;
    if (!err)
        err = merge_counters(&c);
    return err ? err : run(&c);
}
