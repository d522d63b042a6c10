// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One line of options to a command, as do_parse() of iptables 1.8.9 reads it; line_run.c carries
 * the command out.
 */
#include <string.h>

#include "base/macro.h"
#include "rules/command_line.h"

static int refuse_invert(struct pk_command *c, const struct pk_found *f)
{
    return pk_bad(c->r, PK_T_OPTION_INVERT, &f->name, "remove the '!'",
                  "'!' cannot stand before %s", f->name.s);
}

/* An option of the rule that is given at most once; `!` only before those that iptables inverts. */
static int set_once(struct pk_command *c, const struct pk_found *f)
{
    char letter = f->base->letter == 'g' ? 'j' : f->base->letter;
    struct pk_word *seen = &c->option[(unsigned char)letter];

    if (seen->s && letter == 'j')
        return pk_bad(c->r, PK_T_OPTION_TWICE, &f->name, "leave one out",
                      "-%c after another -j or -g", f->base->letter);
    if (seen->s)
        return pk_bad(c->r, PK_T_OPTION_TWICE, &f->name, "leave one out", "-%c is given twice",
                      f->base->letter);
    if (f->invert && !strchr("sdpiof", letter))
        return refuse_invert(c, f);
    *seen = f->name;
    return 0;
}

static int verb_refuse(struct pk_command *c, const struct pk_found *f)
{
    static const char *const does[] = {"C asks whether a rule exists",
                                       "D deletes a rule",
                                       "E renames a chain",
                                       "F flushes rules",
                                       "L lists rules",
                                       "R replaces a rule",
                                       "S lists rules",
                                       "V prints a version",
                                       "X deletes chains",
                                       "Z sets counters to zero",
                                       "h prints help"};

    for (size_t i = 0; i < PK_ARRAY_SIZE(does); i++)
        if (does[i][0] == f->base->letter)
            return pk_bad(c->r, PK_T_VERB, &f->name,
                          "a file holds the whole set: use -P, -N, -A and -I",
                          "-%c, which %s, has no place in a rule file", does[i][0], does[i] + 2);
    return -EINVAL;
}

static int rule_number(struct pk_command *c)
{
    struct pk_word w;
    uint64_t v;

    c->rule_number = 1;
    if (!pk_scan_arg(&c->scan, &w))
        return 0;
    if (!pk_word_number(w.s, INT32_MAX, &v) || v == 0)
        return pk_bad(c->r, PK_T_RULE_NUMBER, &w, "rule numbers count from 1",
                      "invalid rule number '%s'", w.s);
    c->rule_number = (unsigned)v;
    c->rule_number_at = w;
    return 0;
}

static int set_verb(struct pk_command *c, const struct pk_found *f)
{
    char verb = f->base->letter;

    if (f->invert)
        return refuse_invert(c, f);
    if (c->verb)
        return pk_bad(c->r, PK_T_VERB, &f->name, "write two lines", "-%c and -%c on one line",
                      c->verb, verb);
    c->verb = verb;
    c->verb_at = f->name;
    c->chain = f->arg;
    if (verb == 'I')
        return rule_number(c);
    if (verb == 'P' && !pk_scan_arg(&c->scan, &c->policy))
        return pk_bad(c->r, PK_T_POLICY, &f->name, "write '-P INPUT DROP'",
                      "-P needs a chain and a policy");
    if (strchr("FXZ", verb)) {
        if (!c->r->commands)
            return verb_refuse(c, f);
        if (!c->chain.s)
            pk_scan_arg(&c->scan, &c->chain);
    }
    return 0;
}

/* -c PACKETS BYTES or -c PACKETS,BYTES */
static int set_counters(struct pk_command *c, const struct pk_found *f)
{
    char packets[24] = "";
    const char *comma = f->arg.s[0] ? strchr(f->arg.s + 1, ',') : NULL;
    size_t len = comma ? (size_t)(comma - f->arg.s) : strlen(f->arg.s);
    struct pk_word w = f->arg;

    if (!comma && !pk_scan_arg(&c->scan, &w))
        return pk_bad(c->r, PK_T_COUNTERS, &f->name, "write '-c 0 0'",
                      "-c needs a packet and a byte counter");
    if (comma)
        w.s = comma + 1;
    if (len < sizeof(packets))
        memcpy(packets, f->arg.s, len);
    if (!pk_word_number(packets, UINT64_MAX, &c->counters.packets))
        return pk_bad(c->r, PK_T_COUNTERS, &f->arg, "write '-c PACKETS BYTES'",
                      "the packet counter is not a number");
    if (!pk_word_number(w.s, UINT64_MAX, &c->counters.bytes))
        return pk_bad(c->r, PK_T_COUNTERS, &w, "write '-c PACKETS BYTES'",
                      "the byte counter is not a number");
    return 0;
}

static int set_protocol(struct pk_command *c, const struct pk_found *f)
{
    struct pk_ip_match *ip = &c->rule.ip;
    uint8_t proto;

    if (pk_protocol_parse(c->r, &f->arg, &proto))
        return -EINVAL;
    if (!proto && f->invert)
        return pk_bad(c->r, PK_T_PROTOCOL, &f->arg, "leave the rule out",
                      "'! -p all' never matches");
    ip->proto = proto;
    ip->inv_proto = f->invert;
    /* ip6_packet_match looks for the protocol even for "-p all", and drops what hides it. */
    ip->has_proto = proto || c->line->family == PK_IPV6;
    c->protocol = f->arg;
    if (c->line->family == PK_IPV6 && !f->invert &&
        (proto == 43 || proto == 44 || proto == 51 || proto == 60))
        pk_warn(c->r->diags, PK_T_NEVER, pk_at(c->r, &f->arg), "remove the rule",
                "protocol %s is an extension header: the rule never matches", f->arg.s);
    return 0;
}

static int set_match(struct pk_command *c, const struct pk_found *f)
{
    const struct pk_match_def *def;

    if (f->invert)
        return refuse_invert(c, f);
    def = pk_match_find(pk_match_alias(f->arg.s), c->line->family);
    if (!def)
        return pk_match_unknown(c->r, &f->arg, c->line->family);
    return pk_option_load(c->r, &c->scan, def, &f->arg);
}

static int target_unknown(struct pk_command *c, const struct pk_word *w)
{
    if (!strcmp(w->s, "QUEUE") || pk_known_target(w->s))
        return pk_bad(c->r, PK_T_TARGET_UNSUPPORTED, w, "leave the rule to iptables",
                      "target '%s' is not supported by this version of picket", w->s);
    return pk_bad(c->r, PK_T_TARGET_UNKNOWN, w,
                  c->r->commands ? "define the chain before it is used, with -N"
                                 : "define the chain before it is used: ':NAME - [0:0]'",
                  "no target and no chain is called '%s'", w->s);
}

static int set_chain_target(struct pk_command *c, const struct pk_word *w, struct pk_chain *to)
{
    if (to->hook >= 0)
        return pk_bad(c->r, PK_T_TARGET_UNKNOWN, w, "jump to a chain of your own",
                      "built-in chain '%s' cannot be jumped to", w->s);
    c->rule.action = c->go_to ? PK_ACT_GOTO : PK_ACT_JUMP;
    c->rule.to = to;
    return 0;
}

static int set_jump(struct pk_command *c, const struct pk_found *f)
{
    static const struct {
        const char *name;
        enum pk_action action;
    } verdicts[] = {{"ACCEPT", PK_ACT_ACCEPT}, {"DROP", PK_ACT_DROP}, {"RETURN", PK_ACT_RETURN}};
    const struct pk_word *w = &f->arg;
    const struct pk_target_def *def;
    struct pk_chain *to;

    c->go_to = f->base->letter == 'g';
    if (!*w->s)
        return pk_bad(c->r, PK_T_TARGET_UNKNOWN, w, "name a target or a chain",
                      "the target's name is empty");
    to = pk_ruleset_chain(c->rs, w->s, strlen(w->s));
    if (to)
        return set_chain_target(c, w, to);
    if (c->go_to)
        return pk_bad(c->r, PK_T_TARGET_UNKNOWN, w,
                      "use -j for a target; define a chain before it is used",
                      "-g needs a chain, which '%s' is not", w->s);
    for (size_t i = 0; i < PK_ARRAY_SIZE(verdicts); i++)
        if (!strcmp(w->s, verdicts[i].name)) {
            c->rule.action = verdicts[i].action;
            return 0;
        }
    def = pk_target_find(w->s, c->line->family);
    if (!def)
        return target_unknown(c, w);
    c->rule.action = def->action;
    c->rule.target = def;
    return pk_option_load_target(c->r, &c->scan, def, w);
}

static int set_fragment(struct pk_command *c, const struct pk_found *f)
{
    if (c->line->family == PK_IPV6)
        return pk_bad(c->r, PK_T_FAMILY, &f->name,
                      "mark the rule with -4, or move it to the IPv4 file", "-f is for IPv4 only");
    c->rule.ip.frag = true;
    c->rule.ip.inv_frag = f->invert;
    return 0;
}

static int set_rule_option(struct pk_command *c, const struct pk_found *f)
{
    struct pk_ip_match *ip = &c->rule.ip;

    if (set_once(c, f))
        return -EINVAL;
    switch (f->base->letter) {
    case 's':
        c->source = f->arg;
        ip->inv_saddr = f->invert;
        return 0;
    case 'd':
        c->destination = f->arg;
        ip->inv_daddr = f->invert;
        return 0;
    case 'p':
        return set_protocol(c, f);
    case 'i':
        ip->inv_iif = f->invert;
        return pk_interface_parse(c->r, &f->arg, f->invert, ip->iif);
    case 'o':
        ip->inv_oif = f->invert;
        return pk_interface_parse(c->r, &f->arg, f->invert, ip->oif);
    case 'f':
        return set_fragment(c, f);
    case 'c':
        return set_counters(c, f);
    default: /* j, g */
        return set_jump(c, f);
    }
}

/* Options that say nothing about the rule. */
static int set_other(struct pk_command *c, const struct pk_found *f)
{
    char letter = f->base->letter;
    struct pk_word w = f->arg;
    uint64_t v;

    if (letter == 'v')
        return f->invert ? refuse_invert(c, f) : 0;
    if (letter == (c->line->family == PK_IPV4 ? '4' : '6'))
        return 0;
    if ((letter == '4' || letter == '6') && !c->r->commands)
        return PK_COMMAND_SKIP;
    if (letter == '4' || letter == '6')
        return pk_bad(c->r, PK_T_FAMILY, &f->name,
                      letter == '4' ? "write iptables" : "write ip6tables",
                      "-%c on a line of the other family", letter);
    if (!c->r->commands && strchr("twW", letter))
        return pk_bad(c->r, PK_T_OPTION_ILLEGAL, &f->name, "remove it",
                      "-%c cannot stand in iptables-save text", letter);
    if (letter == 't')
        return f->invert ? refuse_invert(c, f) : 0; /* "filter": command.c has looked */
    if (letter == 'w' || letter == 'W') {
        if ((w.s || pk_scan_arg(&c->scan, &w)) && !pk_word_number(w.s, INT32_MAX, &v))
            return pk_bad(c->r, PK_T_OPTION_ARG, &w, "write '-w 5'", "-%c takes a number", letter);
        return 0;
    }
    return pk_bad(c->r, PK_T_OPTION_ILLEGAL, &f->name, "remove it",
                  "%s has no place in a rule file", f->name.s);
}

static int set_base(struct pk_command *c, const struct pk_found *f)
{
    char letter = f->base->letter;

    if (strchr("AINPFXZ", letter))
        return set_verb(c, f);
    if (strchr("CDELRSVh", letter))
        return verb_refuse(c, f);
    if (strchr("sdpiofcjg", letter))
        return set_rule_option(c, f);
    if (letter == 'm')
        return set_match(c, f);
    return set_other(c, f);
}

/*
 * An option that no loaded match has: load the match of the protocol, once (should_load_proto,
 * find_proto in iptables). 0: look again.
 */
static int load_protocol(struct pk_command *c, const struct pk_found *f)
{
    const struct pk_match_def *def;
    const char *name;

    if (c->protocol.s && !c->protocol_loaded && c->rule.ip.proto) {
        name = pk_protocol_name(c->rule.ip.proto);
        def = name ? pk_match_find(pk_match_alias(name), c->line->family) : NULL;
        c->protocol_loaded = true;
        if (def)
            return pk_option_load(c->r, &c->scan, def, &f->name);
    }
    return pk_option_unknown(c->r, f, c->line->family);
}

int pk_command_parse(struct pk_command *c)
{
    struct pk_found f;
    int err = 0;

    while (!err) {
        int got = pk_scan_next(&c->scan, &f);

        if (got < 0 || got == PK_SCAN_END)
            return got;
        if (got == PK_SCAN_UNKNOWN)
            err = load_protocol(c, &f);
        else if (f.base)
            err = set_base(c, &f);
        else
            err = pk_option_use(c->r, &c->scan, &f, &c->rule, c->line->family);
    }
    return err;
}
