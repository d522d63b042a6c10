// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/files.h"
#include "cli/current.h"
#include "rules/diff.h"

const struct pk_option_def pk_options_diff[] = {PK_FILE_OPTIONS, PK_COMMON_OPTIONS};

static int take(void *arg, const struct pk_args *a, const struct pk_option_def *o)
{
    return pk_files_arg(arg, a, o);
}

static void print_policy(const struct pk_change *ch)
{
    printf("- :%s %s\n+ :%s %s\n", ch->chain->name, pk_action_name(ch->policy_before),
           ch->chain->name, pk_action_name(ch->chain->policy));
}

static void print_rule(char sign, const struct pk_change *ch)
{
    printf("%c -A %s%s%s\n", sign, ch->chain->name, *ch->rule->text ? " " : "", ch->rule->text);
}

static void print_change(const struct pk_change *ch)
{
    switch (ch->kind) {
    case PK_CHANGE_POLICY:
        print_policy(ch);
        break;
    case PK_CHANGE_CHAIN_NEW:
        printf("+ :%s -\n", ch->chain->name);
        break;
    case PK_CHANGE_CHAIN_GONE:
        printf("- :%s -\n", ch->chain->name);
        break;
    case PK_CHANGE_ADD:
        print_rule('+', ch);
        break;
    case PK_CHANGE_REMOVE:
        print_rule('-', ch);
        break;
    case PK_CHANGE_MOVE:
        print_rule('~', ch);
        break;
    }
}

static json_t *change_json(const struct pk_change *ch)
{
    static const char *const kinds[] = {"policy", "chain-new", "chain-gone",
                                        "add",    "remove",    "move"};
    json_t *o =
        json_pack("{s:s,s:o}", "change", kinds[ch->kind], "chain", pk_json_text(ch->chain->name));

    if (ch->kind == PK_CHANGE_POLICY) {
        json_object_set_new(o, "before", json_string(pk_action_name(ch->policy_before)));
        json_object_set_new(o, "after", json_string(pk_action_name(ch->chain->policy)));
    }
    if (ch->rule) {
        json_object_set_new(o, "text", pk_json_text(ch->rule->text));
        json_object_set_new(o, "file", pk_json_text(ch->rule->file));
        json_object_set_new(o, "line", json_integer(ch->rule->line));
    }
    return o;
}

static void show(struct pk_cli *c, enum pk_family f, const struct pk_change *ch, size_t n)
{
    json_t *list = json_array();

    if (n && !c->json)
        printf("%s\n", pk_family_name(f));
    for (size_t i = 0; i < n; i++) {
        if (c->json)
            json_array_append_new(list, change_json(&ch[i]));
        else
            print_change(&ch[i]);
    }
    json_object_set_new(c->obj, pk_family_name(f), list);
}

/* A family that was never set differs from any file, also from an empty one that accepts all. */
static int compare(struct pk_cli *c, const struct pk_current *s, const struct pk_files_read *files,
                   bool *ret_differs)
{
    bool differs = false;

    for (int f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_ruleset *before = s->live.family[f];
        struct pk_change *ch = NULL;
        size_t n = 0;
        int r;

        if (!files->family[f])
            continue;
        if (before && !before->given)
            before = NULL;
        r = pk_ruleset_diff(before, files->family[f], &c->arena, &ch, &n);
        if (r)
            return r;
        if (!before)
            pk_cli_say(c, "%s was never set: all of it is new", pk_family_title(f));
        differs |= n || !before;
        show(c, f, ch, n);
    }
    *ret_differs = differs;
    return 0;
}

static enum pk_exit run(struct pk_cli *c, const struct pk_files *f)
{
    _pk_current_ struct pk_current s = {0};
    struct pk_files_read files;
    bool differs;
    int r;

    if (pk_files_load(c, f, &files))
        return PK_EXIT_USAGE;
    r = pk_current_open(c, &s);
    if (r)
        return pk_cli_refused(c, r, "cannot read the fence");
    r = compare(c, &s, &files, &differs);
    if (r)
        return pk_cli_refused(c, r, "cannot compare");
    json_object_set_new(c->obj, "differs", json_boolean(differs));
    if (!differs && !c->json)
        puts("no difference");
    return differs ? PK_EXIT_NO : PK_EXIT_DONE;
}

int pk_cli_diff(int argc, char **argv)
{
    struct pk_files f = PK_FILES_INIT;
    _pk_cli_ struct pk_cli c;

    pk_cli_begin(&c, "diff");
    if (!pk_cli_args(&c, pk_options_diff, argc, argv, take, &f))
        return c.exit;
    if (!f.n)
        return pk_cli_missing(&c, "FILE");
    return pk_cli_end(&c, run(&c, &f));
}
