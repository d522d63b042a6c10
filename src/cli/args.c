// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

void pk_args_begin(struct pk_args *a, const struct pk_option_def *options, int argc, char **argv)
{
    *a = (struct pk_args){.verb = argv[0], .options = options, .argc = argc, .argv = argv, .at = 1};
}

static bool def_end(const struct pk_option_def *o)
{
    return !o->name && !o->letter;
}

static enum pk_arg bad(const struct pk_args *a, const char *what, const char *arg)
{
    fprintf(stderr, "picket %s: %s: %s (see: picket help %s)\n", a->verb, arg, what, a->verb);
    return PK_ARG_BAD;
}

static enum pk_arg found(struct pk_args *a, const struct pk_option_def *o,
                         const struct pk_option_def **ret)
{
    const struct pk_verb *v;

    *ret = o;
    if (!o->name || strcmp(o->name, "help") != 0)
        return PK_ARG_OPTION;
    v = pk_verb_find(a->verb);
    if (v)
        pk_help_verb(v->name, v->syntax, v->help, v->options);
    return PK_ARG_HELP;
}

static enum pk_arg next_long(struct pk_args *a, const struct pk_option_def **ret)
{
    const char *arg = a->argv[a->at++], *name = arg + 2;
    size_t len = strcspn(name, "=");
    const struct pk_option_def *o = a->options;

    while (!def_end(o) && !(o->name && strlen(o->name) == len && !memcmp(o->name, name, len)))
        o++;
    if (def_end(o))
        return bad(a, "no such option", arg);
    a->value = name[len] ? name + len + 1 : NULL;
    if (!o->arg && a->value)
        return bad(a, "takes no argument", arg);
    if (o->arg && !a->value) {
        if (a->at >= a->argc)
            return bad(a, "needs an argument", arg);
        a->value = a->argv[a->at++];
    }
    return found(a, o, ret);
}

static enum pk_arg next_letter(struct pk_args *a, const struct pk_option_def **ret)
{
    const struct pk_option_def *o = a->options;
    char shown[3] = {'-', *a->letters++, 0};

    while (!def_end(o) && o->letter != shown[1])
        o++;
    if (def_end(o))
        return bad(a, "no such option", shown);
    a->value = NULL;
    if (o->arg) {
        if (!*a->letters && a->at >= a->argc)
            return bad(a, "needs an argument", shown);
        a->value = *a->letters ? a->letters : a->argv[a->at++];
        a->letters = NULL;
    }
    return found(a, o, ret);
}

enum pk_arg pk_args_next(struct pk_args *a, const struct pk_option_def **ret)
{
    const char *arg;

    if (a->letters && *a->letters)
        return next_letter(a, ret);
    a->letters = NULL;
    if (a->at < a->argc && !a->words_only && !strcmp(a->argv[a->at], "--")) {
        a->words_only = true;
        a->at++;
    }
    if (a->at >= a->argc)
        return PK_ARG_END;
    arg = a->argv[a->at];
    if (!a->words_only && arg[0] == '-' && arg[1] == '-')
        return next_long(a, ret);
    a->at++;
    /* "->" is a word of a packet's description, as ">" is. */
    if (!a->words_only && arg[0] == '-' && arg[1] && strcmp(arg, "->") != 0) {
        a->letters = arg + 1;
        return next_letter(a, ret);
    }
    a->value = arg;
    return PK_ARG_WORD;
}

bool pk_option_is(const struct pk_option_def *o, const char *name)
{
    return o->name ? !strcmp(o->name, name) : o->letter == name[0] && !name[1];
}

int pk_arg_size(const char *s, uint64_t *ret)
{
    static const char units[] = "KMG";
    const char *unit;
    unsigned shift = 0;
    uint64_t v;
    char *end;

    if (*s < '0' || *s > '9')
        return -EINVAL;
    errno = 0;
    v = strtoull(s, &end, 10);
    if (errno)
        return -ERANGE;
    if (*end) {
        unit = strchr(units, *end);
        if (!unit || end[1])
            return -EINVAL;
        shift = 10u * (unsigned)(unit - units + 1);
    }
    if (v > UINT64_MAX >> shift)
        return -ERANGE;
    *ret = v << shift;
    return 0;
}

/* "picket VERB SYNTAX", broken within 80 columns, and not inside of brackets. */
static void help_syntax(const char *verb, const char *syntax)
{
    int column = printf("picket %s", verb);

    while (*syntax) {
        size_t n = *syntax == '[' ? strcspn(syntax, "]") : 0;

        n += strcspn(syntax + n, " ");
        if (column + 1 + (int)n > 80)
            column = printf("\n       ") - 1;
        column += printf(" %.*s", (int)n, syntax);
        syntax += n;
        syntax += strspn(syntax, " ");
    }
    putchar('\n');
}

void pk_help_verb(const char *verb, const char *syntax, const char *help,
                  const struct pk_option_def *o)
{
    help_syntax(verb, syntax);
    printf("    %s\n", help);
    if (!o)
        return;
    putchar('\n');
    for (; !def_end(o); o++) {
        char shown[64];
        int n = 0;

        if (o->letter)
            n = snprintf(shown, sizeof(shown), "-%c%s", o->letter, o->name ? ", " : "");
        if (o->name)
            n += snprintf(shown + n, sizeof(shown) - (size_t)n, "--%s", o->name);
        snprintf(shown + n, sizeof(shown) - (size_t)n, "%s%s", o->arg ? " " : "",
                 o->arg ? o->arg : "");
        printf("  %-20s  %s\n", shown, o->help);
    }
}
