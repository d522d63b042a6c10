// SPDX-License-Identifier: GPL-2.0-or-later
/* Options of matches and targets: loading, use, what is missing at the end, and what is unknown. */
#include "rules/option.h"

#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "rules/parse.h"

#define ARGS_MAX 8u

/* xtables_find_match knows one ICMPv6 match under three names. */
const char *pk_match_alias(const char *name)
{
    return !strcmp(name, "icmpv6") || !strcmp(name, "ipv6-icmp") ? "icmp6" : name;
}

static int load(struct pk_reader *r, struct pk_scan *s, struct pk_loaded l, size_t size,
                int (*init)(void *), const struct pk_word *at)
{
    if (s->n_loaded >= PK_MATCHES_MAX)
        return pk_bad(r, PK_T_LIMIT, at, "split the rule with a user chain",
                      "more than %u matches in one rule", PK_MATCHES_MAX);
    l.info = pk_arena_alloc(r->arena, size ? size : 1);
    if (!l.info || (init && init(l.info)))
        return -ENOMEM;
    s->loaded[s->n_loaded++] = l;
    return 0;
}

int pk_option_load(struct pk_reader *r, struct pk_scan *s, const struct pk_match_def *def,
                   const struct pk_word *at)
{
    return load(r, s, (struct pk_loaded){.match = def}, def->info_size, def->init, at);
}

int pk_option_load_target(struct pk_reader *r, struct pk_scan *s, const struct pk_target_def *def,
                          const struct pk_word *at)
{
    return load(r, s, (struct pk_loaded){.target = def}, def->info_size, def->init, at);
}

static int check_use(struct pk_reader *r, const struct pk_found *f)
{
    const struct pk_option *o = f->option;

    if (f->invert && !o->invertible)
        return pk_bad(r, PK_T_OPTION_INVERT, &f->name, "remove the '!'",
                      "'!' cannot stand before --%s", o->name);
    if (!o->repeatable && o->id < 64 && (f->ext->seen & 1ULL << o->id))
        return pk_bad(r, PK_T_OPTION_TWICE, &f->name, "load the match again with -m, or drop one",
                      "--%s is given twice", o->name);
    return 0;
}

/* The words of an option after its first: none may look like an option or `!`. */
static int take_args(struct pk_reader *r, struct pk_scan *s, const struct pk_found *f,
                     const char **args)
{
    unsigned n = f->option->n_args;
    struct pk_word w;

    if (n)
        args[0] = f->arg.s;
    for (unsigned i = 1; i < n; i++) {
        if (i >= ARGS_MAX || !pk_scan_arg(s, &w))
            return pk_bad(r, PK_T_OPTION_ARG, &f->name, "write both after it",
                          "--%s needs %u arguments: %s", f->option->name, n,
                          f->option->arg ? f->option->arg : "");
        args[i] = w.s;
    }
    return 0;
}

int pk_option_use(struct pk_reader *r, struct pk_scan *s, const struct pk_found *f,
                  const struct pk_rule *rule, enum pk_family family)
{
    const char *args[ARGS_MAX] = {0};
    struct pk_loaded *e = f->ext;
    struct pk_option_use use = {
        .option = f->option,
        .args = args,
        .invert = f->invert,
        .seen = e->seen,
        .at = pk_at(r, &f->name),
        .arg_at = pk_at(r, f->arg.s ? &f->arg : &f->name),
        .family = family,
        .rule = rule,
        .d = r->diags,
        .arena = r->arena,
    };

    if (check_use(r, f) || take_args(r, s, f, args))
        return -EINVAL;
    if (f->option->id < 64)
        e->seen |= 1ULL << f->option->id;
    return e->target ? e->target->parse(&use, e->info) : e->match->parse(&use, e->info);
}

int pk_option_finish(struct pk_reader *r, struct pk_scan *s, const struct pk_rule *rule,
                     enum pk_family family, const struct pk_word *at)
{
    int err = 0;

    for (unsigned i = 0; i < s->n_loaded && !err; i++) {
        const struct pk_loaded *e = &s->loaded[i];
        struct pk_option_use use = {
            .seen = e->seen,
            .at = pk_at(r, at),
            .arg_at = pk_at(r, at),
            .family = family,
            .rule = rule,
            .d = r->diags,
            .arena = r->arena,
        };

        if (e->target)
            err = e->target->finish ? e->target->finish(&use, rule, e->info) : 0;
        else
            err = e->match->finish ? e->match->finish(&use, rule, e->info) : 0;
    }
    return err;
}

static const char *mark_hint(enum pk_family family)
{
    return family == PK_IPV4 ? "mark the rule with -4, or move it to the IPv4 file"
                             : "mark the rule with -6, or move it to the IPv6 file";
}

int pk_match_unknown(struct pk_reader *r, const struct pk_word *name, enum pk_family family)
{
    const char *match = pk_match_alias(name->s);
    enum pk_family other = family == PK_IPV4 ? PK_IPV6 : PK_IPV4;

    if (pk_match_find(match, other))
        return pk_bad(r, PK_T_FAMILY, name, mark_hint(other), "match '%s' is for IPv%d only",
                      name->s, other == PK_IPV4 ? 4 : 6);
    if (pk_known_match(match))
        return pk_bad(r, PK_T_MATCH_UNSUPPORTED, name, "leave the rule to iptables",
                      "match '%s' is not supported by this version of picket", name->s);
    return pk_bad(r, PK_T_MATCH_UNKNOWN, name, "check its spelling", "no match is called '%s'",
                  name->s);
}

static bool has_option(const struct pk_match_def *def, const char *name, size_t len)
{
    for (const struct pk_option *o = def->options; o && o->name; o++)
        if ((strlen(o->name) == len && !memcmp(o->name, name, len)) ||
            (o->alias && strlen(o->alias) == len && !memcmp(o->alias, name, len)))
            return true;
    return false;
}

/* Common protocols first: "-p tcp, udp, sctp or dccp". */
static int by_use(const void *x, const void *y)
{
    static const char *const order[] = {"tcp", "udp", "sctp", "dccp"};
    int rank[2] = {PK_ARRAY_SIZE(order), PK_ARRAY_SIZE(order)};
    const char *name[2] = {*(const char *const *)x, *(const char *const *)y};

    for (int i = 0; i < 2; i++)
        for (int j = PK_ARRAY_SIZE(order); j-- > 0;)
            if (!strcmp(name[i], order[j]))
                rank[i] = j;
    return rank[0] != rank[1] ? rank[0] - rank[1] : strcmp(name[0], name[1]);
}

/* The matches of a family that have the option; those of a protocol hide the others. */
static size_t owner_names(const char *name, size_t len, enum pk_family family,
                          const char *ret[PK_MATCHES_MAX], bool *by_protocol)
{
    size_t n = 0;

    *by_protocol = false;
    for (const struct pk_match_def *const *m = pk_match_list(); *m && n < PK_MATCHES_MAX; m++) {
        const char *match = !strcmp((*m)->name, "icmp6") ? "icmpv6" : (*m)->name;
        bool protocol = pk_protocol_number(match) > 0;

        if (!((*m)->families & 1u << family) || !has_option(*m, name, len))
            continue;
        if (protocol && !*by_protocol)
            n = 0;
        *by_protocol = *by_protocol || protocol;
        if (protocol == *by_protocol)
            ret[n++] = match;
    }
    return n;
}

/* "-p tcp, udp, sctp or dccp", or "-m multiport". False: no match of the family has the option. */
static bool owners(const char *name, size_t len, enum pk_family family, struct pk_buf *out)
{
    const char *names[PK_MATCHES_MAX];
    bool by_protocol;
    size_t n = owner_names(name, len, family, names, &by_protocol);

    qsort(names, n, sizeof(*names), by_use);
    for (size_t i = 0; i < n; i++) {
        pk_buf_str(out, i == 0 ? (by_protocol ? "-p " : "-m ") : i + 1 == n ? " or " : ", ");
        pk_buf_str(out, names[i]);
    }
    return n > 0 && !out->failed;
}

int pk_option_unknown(struct pk_reader *r, const struct pk_found *f, enum pk_family family)
{
    _pk_buf_ struct pk_buf who = PK_BUF_INIT(1024);
    enum pk_family other = family == PK_IPV4 ? PK_IPV6 : PK_IPV4;
    const char *name = f->name.s;
    size_t len = 0;

    if (!strncmp(name, "--", 2))
        len = strcspn(name + 2, "=");
    if (f->ambiguous)
        return pk_bad(r, PK_T_OPTION_UNKNOWN, &f->name, "write the option in full",
                      "'%s' is short for more than one option", name);
    if (len && owners(name + 2, len, family, &who))
        return pk_bad(r, PK_T_OPTION_NEEDS, &f->name, "name it before the option",
                      "--%.*s needs %s", (int)len, name + 2, who.data);
    if (len && owners(name + 2, len, other, &who))
        return pk_bad(r, PK_T_FAMILY, &f->name, mark_hint(other), "--%.*s is for IPv%d only (%s)",
                      (int)len, name + 2, other == PK_IPV4 ? 4 : 6, who.data);
    return pk_bad(r, PK_T_OPTION_UNKNOWN, &f->name, "check its spelling",
                  "no option is called '%s'", name);
}
