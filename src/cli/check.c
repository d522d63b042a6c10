// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/out.h"
#include "classify/compile.h"
#include "classify/essential.h"
#include "classify/lint.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/codes.h"
#include "cli/files.h"
#include "cli/plan.h"
#include "kernel/conntrack.h"

const struct pk_option_def pk_options_check[] = {
    PK_FILE_OPTIONS,
    {"counters", 'c', NULL, "read the files' counters too"},
    {"plan", 0, NULL, "show the structures chosen, and their bytes"},
    {"hook", 0, "HOOK", "the hook it is for: auto, netfilter, tc or xdp"},
    {"classifier", 0, "HOW", "auto; lbvs: plain bit-vector search, to compare (default: auto)"},
    {"memory-max", 0, "BYTES", "refuse a larger image (K, M, G; default 256M)"},
    PK_COMMON_OPTIONS,
};

struct check {
    struct pk_files files;
    bool plan;
    enum pk_attach_kind hook;
    struct pk_compile_options o;
};

static int take(void *arg, const struct pk_args *a, const struct pk_option_def *o)
{
    struct check *k = arg;

    if (o && pk_option_is(o, "plan")) {
        k->plan = true;
        return 1;
    }
    if (o && pk_option_is(o, "hook"))
        return pk_hook_arg(a, &k->hook);
    if (o && pk_option_is(o, "classifier"))
        return pk_classifier_arg(a, &k->o.classifier);
    if (o && pk_option_is(o, "memory-max"))
        return pk_memory_arg(a, &k->o.memory_max);
    return pk_files_arg(&k->files, a, o);
}

/* Counter slots as tests number them: the image is the same but for the numbers. */
static int number_slots(struct pk_cli *c, const struct pk_ruleset *const rs[PK_FAMILY_N],
                        struct pk_slots *ret)
{
    uint32_t next = 0;

    for (int f = 0; f < PK_FAMILY_N; f++) {
        uint32_t *slot;

        if (!rs[f])
            continue;
        slot = pk_arena_array(&c->arena, uint32_t, rs[f]->n_rules);
        if (!slot)
            return -ENOMEM;
        for (uint32_t i = 0; i < rs[f]->n_rules; i++)
            slot[i] = next++;
        ret->rule[f] = slot;
        for (int h = 0; h < PK_HOOK_N; h++)
            ret->policy[f][h] = next++;
    }
    return 0;
}

static bool names_interfaces(const struct pk_ruleset *rs)
{
    for (size_t i = 0; rs && i < rs->n_chains; i++)
        for (size_t k = 0; k < rs->chains[i]->n_rules; k++)
            if (rs->chains[i]->rules[k]->ip.iif[0] || rs->chains[i]->rules[k]->ip.oif[0])
                return true;
    return false;
}

/* The first rule that asks for connection tracking: these hooks come before Linux's. */
static void warn_conntrack(struct pk_cli *c, enum pk_attach_kind hook, const struct pk_ruleset *rs)
{
    for (size_t i = 0; rs && i < rs->n_chains; i++)
        for (size_t k = 0; k < rs->chains[i]->n_rules; k++) {
            const struct pk_rule *r = rs->chains[i]->rules[k];
            const struct pk_place at = {.file = r->file, .line = r->line};

            if (!pk_conntrack_rule(r))
                continue;
            pk_warn(&c->d, PK_D_HOOK_CONNTRACK, at, "for those, use --hook netfilter",
                    "on %s, connections are followed in a table of picket's own, which knows "
                    "neither NAT nor helpers",
                    pk_attach_name(hook));
            return;
        }
}

/* Netfilter is exact, and auto takes it where it can be had: nothing to say. */
static void warn_hook(struct pk_cli *c, enum pk_attach_kind hook, const struct pk_files_read *read)
{
    if (hook != PK_ATTACH_TC && hook != PK_ATTACH_XDP)
        return;
    pk_warn(
        &c->d, PK_D_HOOK_FRAMES, PK_NOWHERE, "where that matters, use --hook netfilter",
        "on %s, packets are judged before DNAT, before fragments are put together and before GRO",
        pk_attach_name(hook));
    if (names_interfaces(read->family[PK_IPV4]) || names_interfaces(read->family[PK_IPV6]))
        pk_warn(&c->d, PK_D_HOOK_NAMES, PK_NOWHERE, "apply again when an interface has appeared",
                "on %s, rules with -i or -o do not know interfaces that appear after apply",
                pk_attach_name(hook));
}

static int lint(struct pk_cli *c, const struct pk_files_read *read)
{
    int r = 0;

    for (int f = 0; !r && f < PK_FAMILY_N; f++)
        if (read->family[f])
            r = pk_lint_rules(read->family[f], &c->d);
    if (!r && read->family[PK_IPV4] && read->family[PK_IPV6])
        r = pk_lint_unequal(read->family[PK_IPV4], read->family[PK_IPV6], &c->d);
    return r ? r : pk_essential_check(read->family[PK_IPV6], &c->d);
}

static void print_summary(struct pk_cli *c, const struct pk_files_read *read, size_t bytes)
{
    json_t *families = json_object();
    char b[16];

    for (int f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_ruleset *rs = read->family[f];

        if (!rs)
            continue;
        json_object_set_new(families, pk_family_name(f),
                            json_pack("{s:I,s:I,s:o}", "rules", (json_int_t)rs->n_rules, "chains",
                                      (json_int_t)rs->n_chains, "file",
                                      pk_json_text(read->path[f])));
        if (!c->json)
            printf("%s  %s: %u rule%s in %zu chains\n", pk_family_name(f), read->path[f],
                   rs->n_rules, rs->n_rules == 1 ? "" : "s", rs->n_chains);
    }
    json_object_set_new(c->obj, "families", families);
    json_object_set_new(c->obj, "image_bytes", json_integer((json_int_t)bytes));
    if (!c->json)
        printf("good: an image of %s, %zu warning%s\n", pk_bytes_str(bytes, b), c->d.n_warnings,
               c->d.n_warnings == 1 ? "" : "s");
}

static enum pk_exit compile(struct pk_cli *c, const struct check *k,
                            const struct pk_files_read *read)
{
    const struct pk_ruleset *rs[PK_FAMILY_N] = {read->family[0], read->family[1]};
    struct pk_slots slots = {0};
    struct pk_image image = {0};
    int r = number_slots(c, rs, &slots);

    if (!r)
        r = pk_compile(rs, &slots, &k->o, &image, &c->d);
    if (r)
        return pk_cli_refused(c, r, "cannot compile");
    if (c->json && k->plan)
        json_object_set_new(c->obj, "plan", pk_plan_json(&image.plan));
    else if (k->plan)
        r = pk_plan_print(&image.plan);
    if (!r)
        print_summary(c, read, image.plan.bytes);
    pk_image_done(&image);
    return r ? pk_cli_refused(c, r, "cannot show the plan") : PK_EXIT_DONE;
}

static enum pk_exit run(struct pk_cli *c, const struct check *k)
{
    struct pk_files_read read;
    int r;

    if (pk_files_load(c, &k->files, &read))
        return PK_EXIT_USAGE;
    warn_hook(c, k->hook, &read);
    if (k->hook == PK_ATTACH_TC || k->hook == PK_ATTACH_XDP)
        for (int f = 0; f < PK_FAMILY_N; f++)
            warn_conntrack(c, k->hook, read.family[f]);
    if (c->d.n_errors)
        return PK_EXIT_USAGE;
    r = lint(c, &read);
    if (r)
        return pk_cli_refused(c, r, "cannot check");
    return compile(c, k, &read);
}

int pk_cli_check(int argc, char **argv)
{
    struct check k = {.files = PK_FILES_INIT};
    _pk_cli_ struct pk_cli c;

    pk_cli_begin(&c, "check");
    if (!pk_cli_args(&c, pk_options_check, argc, argv, take, &k))
        return c.exit;
    if (!k.files.n)
        return pk_cli_missing(&c, "FILE");
    return pk_cli_end(&c, run(&c, &k));
}
