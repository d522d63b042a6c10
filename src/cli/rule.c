// SPDX-License-Identifier: GPL-2.0-or-later
/* One rule of the live set changed. Up to CHAIN words are ours; what follows is iptables'. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/codes.h"
#include "cli/current.h"
#include "rules/edit.h"

const struct pk_option_def pk_options_rule[] = {
    {"ipv4", '4', NULL, "a rule of IPv4 (the default)"},
    {"ipv6", '6', NULL, "a rule of IPv6"},
    PK_COMMON_OPTIONS,
};

static const char *const op_names[] = {
    [PK_EDIT_APPEND] = "append",
    [PK_EDIT_INSERT] = "insert",
    [PK_EDIT_REPLACE] = "replace",
    [PK_EDIT_DELETE] = "delete",
};

/* The place of a rule that no file holds; a column counts as if one blank stood between words. */
#define RULE_FILE "picket rule"

struct rule {
    struct pk_edit edit;
    const char *op, *chain;
    unsigned column; /* of what comes next on the command line */
};

static bool take_op(struct rule *r)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(op_names); i++)
        if (!strcmp(r->op, op_names[i])) {
            r->edit.op = (enum pk_edit_op)i;
            return true;
        }
    fprintf(stderr, "picket rule: %s: no such change: append, insert, replace or delete\n", r->op);
    return false;
}

/* False: refused, and it was said why. */
static bool take(struct pk_cli *c, struct rule *r, const struct pk_args *a,
                 const struct pk_option_def *o)
{
    if (o && pk_option_is(o, "json")) {
        c->json = true;
    } else if (o) {
        r->edit.family = pk_option_is(o, "ipv6") ? PK_IPV6 : PK_IPV4;
    } else if (!r->op) {
        r->op = a->value;
        return take_op(r);
    } else {
        r->chain = a->value;
    }
    return true;
}

static unsigned width(char **words, int n)
{
    unsigned sum = 0;

    for (int i = 0; i < n; i++)
        sum += (unsigned)strlen(words[i]) + 1;
    return sum;
}

/* Up to and with CHAIN; *ret_used words. False: the verb returns c->exit. */
static bool take_args(struct pk_cli *c, struct rule *r, int argc, char **argv, int *ret_used)
{
    const struct pk_option_def *o;
    struct pk_args a;

    c->exit = PK_EXIT_USAGE;
    pk_args_begin(&a, pk_options_rule, argc, argv);
    while (!r->chain) {
        enum pk_arg kind = pk_args_next(&a, &o);

        if (kind == PK_ARG_END) {
            pk_cli_missing(c, r->op ? "CHAIN" : "CHANGE");
            return false;
        }
        if (kind == PK_ARG_HELP)
            c->exit = PK_EXIT_DONE;
        if (kind == PK_ARG_HELP || kind == PK_ARG_BAD)
            return false;
        if (!take(c, r, &a, kind == PK_ARG_OPTION ? o : NULL))
            return false;
    }
    *ret_used = a.at;
    return true;
}

static void show(struct pk_cli *c, const struct rule *r, const struct pk_fence_edited *e)
{
    const char *family = pk_family_name(r->edit.family);

    json_object_set_new(c->obj, "change", json_string(op_names[r->edit.op]));
    json_object_set_new(c->obj, "family", json_string(family));
    json_object_set_new(c->obj, "chain", pk_json_text(r->chain));
    json_object_set_new(c->obj, "number", json_integer(e->number));
    if (e->gone)
        json_object_set_new(c->obj, "before", pk_json_text(e->gone));
    if (e->new)
        json_object_set_new(c->obj, "after", pk_json_text(e->new));
    json_object_set_new(c->obj, "generation", json_integer((json_int_t)e->generation));
    json_object_set_new(c->obj, "id", pk_json_id(e->id));
    if (c->json)
        return;
    if (e->gone)
        printf("- -A %s%s%s\n", r->chain, *e->gone ? " " : "", e->gone);
    if (e->new)
        printf("+ -A %s%s%s\n", r->chain, *e->new ? " " : "", e->new);
    printf("%s %s %u, rule set %016" PRIx64 "%016" PRIx64 ", generation %" PRIu64 "\n", family,
           r->chain, e->number, (uint64_t)e->id.hi, (uint64_t)e->id.lo, e->generation);
}

/* "No" is the answer where the rule, the family's rules or the whole fence is not there. */
static enum pk_exit refused(struct pk_cli *c, int err)
{
    enum pk_exit exit;

    if (err == -ENOENT && !c->d.n_errors) {
        pk_error(&c->d, PK_D_NONE_STANDS, PK_NOWHERE, "put a file in force with `picket apply`",
                 "no fence stands in this network namespace");
        return PK_EXIT_NO;
    }
    exit = pk_cli_refused(c, err, "nothing was changed");
    return err == -ENOENT && exit == PK_EXIT_USAGE ? PK_EXIT_NO : exit;
}

static enum pk_exit run(struct pk_cli *c, struct rule *r, char **words, int n)
{
    struct pk_fence_edited edited;
    int err;

    r->edit.chain = r->chain;
    r->edit.at = (struct pk_place){RULE_FILE, 1, r->column};
    err = pk_edit_words(&r->edit, (const char *const *)words, (size_t)n, &c->arena, &c->d);
    if (!err)
        err = pk_fence_edit(&r->edit, &c->arena, &edited, &c->d);
    if (err)
        return refused(c, err);
    show(c, r, &edited);
    return PK_EXIT_DONE;
}

int pk_cli_rule(int argc, char **argv)
{
    struct rule r = {.edit = {.family = PK_IPV4}};
    _pk_cli_ struct pk_cli c;
    int used;

    pk_cli_begin(&c, "rule");
    if (!take_args(&c, &r, argc, argv, &used))
        return c.exit;
    r.column = (unsigned)strlen("picket ") + width(argv, used) + 1;
    return pk_cli_end(&c, run(&c, &r, argv + used, argc - used));
}
