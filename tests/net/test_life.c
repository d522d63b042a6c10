// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel room by itself, as a program, built with fault injection (src/kernel/fault.h): what
 * test_life.py drives.
 *
 *     life apply FILE [--v6 FILE] [--hook HOOK] [--dev IF]... [-c]
 *     life replace N RULE
 *     life undo | detach | sweep | save [--before] [--wait] | status
 *
 * replace: of IPv4's INPUT, in the words of iptables-save.
 *
 * --wait: between reading the set and its counters, until a byte comes on stdin.
 * Exit: 0 done, 1 nothing stands, 3 refused.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/macro.h"
#include "kernel/fence.h"
#include "rules/text.h"

#define LIFE_DEVS 8

struct life {
    struct pk_arena arena;
    struct pk_diags d;
    struct pk_ruleset *rs[PK_FAMILY_N];
    struct pk_apply_options o;
    struct pk_buf text[PK_FAMILY_N]; /* rule sets may point into it */
    const char *devs[LIFE_DEVS];
    bool before, wait;
};

static int life_read(struct life *l, const char *path, enum pk_family family)
{
    const struct pk_read_options o = {.family = (int)family, .counters = l->o.counters};
    struct pk_buf *text = &l->text[family];
    struct pk_read got = {0};
    int r = pk_file_read(path, 1u << 28, text);

    if (!r)
        r = pk_text_read(text->data, text->len, path, &o, &l->arena, &got, &l->d);
    if (r)
        return r;
    l->rs[family] = got.family[family];
    return 0;
}

static enum pk_attach_kind life_hook(const char *s)
{
    return !strcmp(s, "netfilter") ? PK_ATTACH_NETFILTER
           : !strcmp(s, "tc")      ? PK_ATTACH_TC
           : !strcmp(s, "xdp")     ? PK_ATTACH_XDP
                                   : PK_ATTACH_AUTO;
}

static int life_options(struct life *l, int argc, char **argv)
{
    int r = 0;

    for (int i = 2; !r && i < argc; i++) {
        if (!strcmp(argv[i], "-c")) {
            l->o.counters = true;
        } else if (!strcmp(argv[i], "--before")) {
            l->before = true;
        } else if (!strcmp(argv[i], "--wait")) {
            l->wait = true;
        } else if (!strcmp(argv[i], "--hook") && i + 1 < argc) {
            l->o.hook = life_hook(argv[++i]);
            l->o.hook_given = true;
        } else if (!strcmp(argv[i], "--dev") && i + 1 < argc && l->o.n_devs < LIFE_DEVS) {
            l->devs[l->o.n_devs++] = argv[++i];
            l->o.devs_given = true;
        } else if (!strcmp(argv[i], "--v6") && i + 1 < argc) {
            r = life_read(l, argv[++i], PK_IPV6);
        } else {
            r = life_read(l, argv[i], PK_IPV4);
        }
    }
    l->o.devs = l->devs;
    return r;
}

static int life_apply(struct life *l)
{
    const struct pk_ruleset *rs[PK_FAMILY_N] = {l->rs[PK_IPV4], l->rs[PK_IPV6]};
    unsigned open = 0;
    int r = pk_fence_apply(rs, &l->o, &open, &l->d);

    if (!r)
        printf("open %u\n", open);
    return r;
}

static int life_replace(struct life *l, int argc, char **argv)
{
    struct pk_edit e = {.op = PK_EDIT_REPLACE,
                        .family = PK_IPV4,
                        .chain = "INPUT",
                        .number = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0,
                        .rule = argc > 3 ? argv[3] : "",
                        .at = {"life", 1, 1}};
    struct pk_fence_edited edited;

    return pk_fence_edit(&e, &l->arena, &edited, &l->d);
}

static int life_save_family(struct pk_fence *f, const struct pk_live *live, enum pk_family family)
{
    const struct pk_ruleset *rs = live->family[family];
    _pk_free_ struct pk_counters *rule = calloc(rs->n_rules + 1u, sizeof(*rule));
    struct pk_counters policy[PK_HOOK_N] = {0};
    const struct pk_save_options save = {.counters = true, .rule = rule, .policy = policy};
    _pk_buf_ struct pk_buf out = PK_BUF_INIT(1u << 28);
    int r = rule ? pk_fence_counters(f, live, family, rule, policy) : -ENOMEM;

    if (r || !rs->given)
        return r;
    pk_ruleset_save(rs, &save, &out);
    printf("family %d\n%s", family, out.data);
    for (size_t c = 0; c < rs->n_chains; c++)
        for (size_t i = 0; i < rs->chains[c]->n_rules; i++)
            printf("at %s:%u\n", rs->chains[c]->rules[i]->file, rs->chains[c]->rules[i]->line);
    return 0;
}

static int life_save(struct life *l)
{
    struct pk_fence *f = NULL;
    struct pk_live live;
    int r = pk_fence_open(&f, &l->d);

    if (!r)
        r = pk_fence_gather(f);
    if (!r)
        r = pk_fence_read(f, l->before, &l->arena, &live, &l->d);
    if (!r)
        printf("generation %" PRIu64 "\n", live.generation);
    if (!r && l->wait && (fflush(stdout) || getchar() == EOF))
        r = -EIO;
    for (int i = 0; !r && i < PK_FAMILY_N; i++)
        r = life_save_family(f, &live, (enum pk_family)i);
    pk_fence_close(&f);
    return r;
}

static void life_print(const struct pk_fence_info *i)
{
    printf("hook %d path %s image %zu store %zu counters %zu\n", i->hook, i->path, i->image_bytes,
           i->store_bytes, i->counter_bytes);
    for (size_t k = 0; k < i->n_devs; k++)
        printf("dev %s\n", i->devs[k]);
    for (size_t k = 0; k < i->n_attachments; k++) {
        const struct pk_attachment *a = &i->attachments[k];

        printf("at %s %s (%s) %s\n", a->dev[0] ? a->dev : "-", a->where, a->how,
               a->alive ? "alive" : "gone");
    }
}

static int life_status(struct life *l)
{
    struct pk_count reasons[PK_WHERE_N][PK_REASON_N];
    struct pk_fence *f = NULL;
    struct pk_fence_info info;
    int r = pk_fence_open(&f, &l->d);

    if (!r)
        r = pk_fence_info(f, &info, &l->d);
    if (!r) {
        life_print(&info);
        pk_fence_info_done(&info);
        r = pk_fence_reasons(f, reasons);
    }
    for (int w = 0; !r && w < PK_WHERE_N; w++)
        for (int i = 0; i < PK_REASON_N; i++)
            if (reasons[w][i].packets)
                printf("reason %d %d %llu\n", w, i, (unsigned long long)reasons[w][i].packets);
    pk_fence_close(&f);
    return r;
}

static int life_sweep(struct life *l)
{
    int n = pk_fence_sweep(&l->d);

    if (n >= 0)
        printf("swept %d\n", n);
    return n < 0 ? n : 0;
}

static int life_run(struct life *l, int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "status";
    int r;

    if (!strcmp(verb, "replace"))
        return life_replace(l, argc, argv);
    r = life_options(l, argc, argv);
    if (r)
        return r;
    if (!strcmp(verb, "apply"))
        return life_apply(l);
    if (!strcmp(verb, "undo"))
        return pk_fence_undo(&l->d);
    if (!strcmp(verb, "detach"))
        return pk_fence_detach(&l->d);
    if (!strcmp(verb, "sweep"))
        return life_sweep(l);
    return !strcmp(verb, "save") ? life_save(l) : life_status(l);
}

int main(int argc, char **argv)
{
    struct life l = {0};
    int r = life_run(&l, argc, argv);

    pk_diags_print(&l.d, stderr);
    if (r && !l.d.n)
        fprintf(stderr, "life: %s\n", strerror(-r));
    pk_diags_done(&l.d);
    pk_arena_done(&l.arena);
    for (int i = 0; i < PK_FAMILY_N; i++)
        pk_buf_done(&l.text[i]);
    return !r ? 0 : r == -ENOENT ? 1 : 3;
}
