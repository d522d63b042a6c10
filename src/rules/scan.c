// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words to options as getopt_long() reads them in iptables: in order, `!` standing alone before an
 * option, long options shortened as long as they stay unique ("--dport" is multiport's "--dports"
 * when only multiport is loaded), "--name=value", short options in one word ("-fp tcp").
 */
#include <string.h>

#include "base/macro.h"
#include "rules/parse.h"

static const struct pk_base_option base_options[] = {
    {"append", 'A', PK_ARG_ONE},        {"delete", 'D', PK_ARG_ONE},
    {"check", 'C', PK_ARG_ONE},         {"insert", 'I', PK_ARG_ONE},
    {"replace", 'R', PK_ARG_ONE},       {"list", 'L', PK_ARG_MAY},
    {"list-rules", 'S', PK_ARG_MAY},    {"flush", 'F', PK_ARG_MAY},
    {"zero", 'Z', PK_ARG_MAY},          {"new-chain", 'N', PK_ARG_ONE},
    {"delete-chain", 'X', PK_ARG_MAY},  {"rename-chain", 'E', PK_ARG_ONE},
    {"policy", 'P', PK_ARG_ONE},        {"source", 's', PK_ARG_ONE},
    {"destination", 'd', PK_ARG_ONE},   {"src", 's', PK_ARG_ONE},
    {"dst", 'd', PK_ARG_ONE},           {"protocol", 'p', PK_ARG_ONE},
    {"in-interface", 'i', PK_ARG_ONE},  {"jump", 'j', PK_ARG_ONE},
    {"table", 't', PK_ARG_ONE},         {"match", 'm', PK_ARG_ONE},
    {"numeric", 'n', PK_ARG_NONE},      {"out-interface", 'o', PK_ARG_ONE},
    {"verbose", 'v', PK_ARG_NONE},      {"wait", 'w', PK_ARG_MAY},
    {"wait-interval", 'W', PK_ARG_MAY}, {"exact", 'x', PK_ARG_NONE},
    {"fragments", 'f', PK_ARG_NONE},    {"version", 'V', PK_ARG_NONE},
    {"help", 'h', PK_ARG_MAY},          {"line-numbers", '0', PK_ARG_NONE},
    {"modprobe", 'M', PK_ARG_ONE},      {"set-counters", 'c', PK_ARG_ONE},
    {"goto", 'g', PK_ARG_ONE},          {"ipv4", '4', PK_ARG_NONE},
    {"ipv6", '6', PK_ARG_NONE},
};

/* What a long name is found to be; `kind` tells two options apart. */
struct candidate {
    const struct pk_base_option *base;
    struct pk_loaded *ext;
    const struct pk_option *option;
};

struct lookup {
    const char *name;
    size_t len;
    struct candidate first; /* first with this beginning */
    bool exact, found, ambiguous;
};

static bool same(const struct candidate *a, const struct candidate *b)
{
    if (a->base && b->base)
        return a->base->letter == b->base->letter;
    return a->base == b->base && a->option == b->option;
}

static bool begins(const char *name, const struct lookup *l)
{
    return name && *name == *l->name && !strncmp(name, l->name, l->len);
}

/* A name that begins so. True: an exact match ends the search. */
static bool consider(struct lookup *l, const char *name, struct candidate c)
{
    if (strlen(name) == l->len) {
        l->first = c;
        l->exact = l->found = true;
        return true;
    }
    if (!l->found)
        l->first = c;
    else if (!same(&l->first, &c))
        l->ambiguous = true;
    l->found = true;
    return false;
}

static const struct pk_option *ext_options(const struct pk_loaded *e)
{
    return e->target ? e->target->options : e->match->options;
}

/* The instance that takes the options of e's definition: the one loaded last. */
static struct pk_loaded *latest(const struct pk_scan *s, struct pk_loaded *e)
{
    for (unsigned i = s->n_loaded; i-- > 0;)
        if (s->loaded[i].match == e->match && s->loaded[i].target == e->target)
            return &s->loaded[i];
    return e;
}

static bool consider_ext(struct lookup *l, struct pk_loaded *e)
{
    for (const struct pk_option *o = ext_options(e); o && o->name; o++) {
        struct candidate c = {.ext = e, .option = o};

        if (begins(o->name, l) && consider(l, o->name, c))
            return true;
        if (begins(o->alias, l) && consider(l, o->alias, c))
            return true;
    }
    return false;
}

/* The order of iptables' own table: its options, then those loaded last before those loaded first.
 */
static void look_up(const struct pk_scan *s, struct lookup *l)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(base_options); i++)
        if (begins(base_options[i].name, l) &&
            consider(l, base_options[i].name, (struct candidate){.base = &base_options[i]}))
            return;
    for (unsigned i = s->n_loaded; i-- > 0;)
        if (consider_ext(l, latest(s, &s->loaded[i])))
            return;
}

static int needs_argument(struct pk_scan *s, const struct pk_found *f)
{
    return pk_bad(s->r, PK_T_OPTION_ARG, &f->name, "write its argument after it",
                  "%s needs an argument", f->name.s);
}

static void accept(struct pk_scan *s, struct pk_found *ret, const struct pk_found *f)
{
    *ret = *f;
    s->invert = false;
}

static int long_option(struct pk_scan *s, struct pk_found *ret)
{
    const struct pk_word *w = &s->w[s->i];
    size_t len = strcspn(w->s + 2, "=");
    const char *value = w->s[2 + len] ? w->s + 2 + len + 1 : NULL;
    struct lookup l = {.name = w->s + 2, .len = len};
    struct pk_found f = {.name = *w, .invert = s->invert};
    bool takes, needs;

    if (len)
        look_up(s, &l);
    if (!l.found || (l.ambiguous && !l.exact)) {
        f.ambiguous = l.found;
        *ret = f;
        return PK_SCAN_UNKNOWN;
    }
    f.base = l.first.base;
    f.ext = l.first.ext;
    f.option = l.first.option;
    takes = f.base ? f.base->arg != PK_ARG_NONE : f.option->n_args > 0;
    needs = f.base ? f.base->arg == PK_ARG_ONE : takes;
    if (value && !takes)
        return pk_bad(s->r, PK_T_OPTION_ARG, w, "write it without '='", "--%.*s takes no argument",
                      (int)len, w->s + 2);
    s->i++;
    if (value) {
        f.arg = *w;
        f.arg.s = value;
        f.arg.column += (unsigned)(value - w->s);
    } else if (needs) {
        if (s->i == s->n)
            return needs_argument(s, &f);
        f.arg = s->w[s->i++];
    }
    accept(s, ret, &f);
    return PK_SCAN_OPTION;
}

static const struct pk_base_option *short_find(char c)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(base_options); i++)
        if (base_options[i].letter == c && c != '0')
            return &base_options[i];
    return NULL;
}

/* One letter of the word s->cluster points into. */
static int short_option(struct pk_scan *s, struct pk_found *ret)
{
    const struct pk_word *w = &s->w[s->i];
    const char *p = s->cluster;
    struct pk_found f = {.name = *w, .invert = s->invert};

    f.name.column += (unsigned)(p - w->s) - 1;
    f.base = short_find(*p);
    if (!f.base) {
        *ret = f;
        return PK_SCAN_UNKNOWN;
    }
    s->cluster = p[1] && f.base->arg == PK_ARG_NONE ? p + 1 : NULL;
    if (!s->cluster)
        s->i++;
    if (f.base->arg != PK_ARG_NONE && p[1]) {
        f.arg = *w;
        f.arg.s = p + 1;
        f.arg.column += (unsigned)(p + 1 - w->s);
    } else if (f.base->arg == PK_ARG_ONE) {
        if (s->i == s->n)
            return needs_argument(s, &f);
        f.arg = s->w[s->i++];
    }
    accept(s, ret, &f);
    return PK_SCAN_OPTION;
}

static int scan_end(struct pk_scan *s)
{
    if (s->i < s->n)
        return pk_bad(s->r, PK_T_WORD, &s->w[s->i], "remove '--'",
                      "'%s' stands after the end of options", s->w[s->i].s);
    if (s->invert)
        return pk_bad(s->r, PK_T_OPTION_INVERT, &s->w[s->n - 1], "put '!' before an option",
                      "nothing follows '!'");
    return PK_SCAN_END;
}

int pk_scan_next(struct pk_scan *s, struct pk_found *ret)
{
    if (s->cluster)
        return short_option(s, ret);
    while (s->i < s->n && !strcmp(s->w[s->i].s, "!")) {
        if (s->invert)
            return pk_bad(s->r, PK_T_OPTION_INVERT, &s->w[s->i], "leave one out",
                          "two '!' in a row");
        s->invert = true;
        s->i++;
    }
    if (s->i == s->n)
        return scan_end(s);
    const char *word = s->w[s->i].s;

    if (word[0] != '-' || !word[1])
        return pk_bad(s->r, PK_T_WORD, &s->w[s->i],
                      s->i ? "quote an argument that holds spaces" : "start with -A CHAIN",
                      "'%s' belongs to no option", word);
    if (word[1] != '-') {
        s->cluster = word + 1;
        return short_option(s, ret);
    }
    if (!word[2]) {
        s->i++;
        return scan_end(s);
    }
    return long_option(s, ret);
}

bool pk_scan_arg(struct pk_scan *s, struct pk_word *ret)
{
    if (s->cluster || s->i == s->n || s->w[s->i].s[0] == '-' || s->w[s->i].s[0] == '!')
        return false;
    *ret = s->w[s->i++];
    return true;
}
