// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "classify/essential.h"
#include "cli/cli.h"
#include "cli/files.h"
#include "cli/arguments.h"
#include "cli/current.h"

const struct pk_option_def pk_options_apply[] = {
    PK_FILE_OPTIONS,
    {"dev", 0, "IF", "guard this interface; again for more (default: all)"},
    {"hook", 0, "HOOK", "auto, netfilter, tc, xdp (default: what stands, or auto)"},
    {"counters", 'c', NULL, "load the files' counters"},
    {"classifier", 0, "HOW", "auto; lbvs: plain bit-vector search, to compare (default: auto)"},
    {"memory-max", 0, "BYTES", "refuse a larger image (K, M, G; default 256M)"},
    {"state-max", 0, "N", "connections to track on tc and xdp (default: 262144)"},
    {"state-timeout", 0, "NAME=S", "tc and xdp: seconds that an entry lasts: tcp-established=7200"},
    {"state-liberal", 0, "ON", "tc and xdp: on: do not check TCP windows; off (default: as it is)"},
    {"state-zone", 0, "IF=N", "tc and xdp: the zone of connections seen there; also vlan:ID=N"},
    PK_COMMON_OPTIONS,
};

#define PK_DEVS_MAX 256u

struct apply {
    struct pk_files files;
    const char *devs[PK_DEVS_MAX];
    struct pk_zone zones[PK_ZONES_MAX];
    struct pk_apply_options o;
};

static int take(void *arg, const struct pk_args *a, const struct pk_option_def *o)
{
    struct apply *p = arg;

    if (o && pk_option_is(o, "dev")) {
        p->o.devs_given = true;
        return pk_dev_arg(a, p->devs, &p->o.n_devs, PK_DEVS_MAX);
    }
    if (o && pk_option_is(o, "hook")) {
        p->o.hook_given = true;
        return pk_hook_arg(a, &p->o.hook);
    }
    if (o && pk_option_is(o, "classifier"))
        return pk_classifier_arg(a, &p->o.classifier);
    if (o && pk_option_is(o, "memory-max"))
        return pk_memory_arg(a, &p->o.memory_max);
    if (o && pk_option_is(o, "state-max"))
        return pk_state_max_arg(a, &p->o.state_max);
    if (o && pk_option_is(o, "state-timeout"))
        return pk_state_timeout_arg(a, &p->o.state);
    if (o && pk_option_is(o, "state-liberal"))
        return pk_state_liberal_arg(a, &p->o.state);
    if (o && pk_option_is(o, "state-zone"))
        return pk_state_zone_arg(a, p->zones, &p->o.n_zones, PK_ZONES_MAX);
    return pk_files_arg(&p->files, a, o);
}

static json_t *family_json(const struct pk_files_read *read, enum pk_family f, unsigned open)
{
    const struct pk_ruleset *rs = read->family[f];
    json_t *o = json_pack("{s:b,s:b}", "given", rs != NULL, "open", (int)(open >> f & 1));

    if (rs) {
        json_object_set_new(o, "rules", json_integer(rs->n_rules));
        json_object_set_new(o, "file", pk_json_text(read->path[f]));
    }
    return o;
}

static void print_family(const struct pk_files_read *read, enum pk_family f, unsigned open)
{
    const struct pk_ruleset *rs = read->family[f];

    if (rs)
        printf("%s  %u rule%s in force, from %s\n", pk_family_name(f), rs->n_rules,
               rs->n_rules == 1 ? "" : "s", read->path[f]);
    else if (open & 1u << f)
        printf("%s  OPEN: never set, every packet passes\n", pk_family_name(f));
    else
        printf("%s  as it was\n", pk_family_name(f));
}

/* What stands now, read back from the kernel rather than believed. */
static int show(struct pk_cli *c, const struct pk_files_read *read, unsigned open)
{
    _pk_current_ struct pk_current s = {0};
    struct pk_fence_info info = {0};
    json_t *families = json_object();
    int r = pk_fence_open(&s.fence, &c->d);

    if (!r)
        r = pk_fence_read(s.fence, false, NULL, &s.live, &c->d);
    for (int f = 0; f < PK_FAMILY_N; f++) {
        json_object_set_new(families, pk_family_name(f), family_json(read, f, open));
        if (!c->json)
            print_family(read, f, open);
    }
    json_object_set_new(c->obj, "families", families);
    if (!r && s.fence)
        r = pk_fence_info(s.fence, &info, &c->d);
    if (!r && s.fence) {
        json_object_set_new(c->obj, "generation", json_integer((json_int_t)s.live.generation));
        json_object_set_new(c->obj, "id", pk_json_id(s.live.id));
        json_object_set_new(c->obj, "hook", json_string(pk_attach_name(info.hook)));
        if (!c->json)
            printf("rule set %016" PRIx64 "%016" PRIx64 ", generation %" PRIu64 ", on %s\n",
                   (uint64_t)s.live.id.hi, (uint64_t)s.live.id.lo, s.live.generation,
                   pk_attach_name(info.hook));
    }
    pk_fence_info_done(&info);
    return r;
}

static enum pk_exit run(struct pk_cli *c, struct apply *p)
{
    const struct pk_ruleset *rs[PK_FAMILY_N];
    struct pk_files_read read;
    unsigned open = 0;
    int r;

    p->o.devs = p->devs;
    p->o.zones = p->zones;
    p->o.counters = p->files.counters;
    p->o.ahead = pk_fence_ahead(&p->o, pk_files_bytes(&p->files));
    if (pk_files_load_strict(c, &p->files, &read))
        return PK_EXIT_USAGE;
    for (int f = 0; f < PK_FAMILY_N; f++)
        rs[f] = read.family[f];
    r = pk_essential_check(rs[PK_IPV6], &c->d);
    if (r)
        return pk_cli_refused(c, r, "cannot check");
    r = pk_cli_sweep(c);
    if (!r)
        r = pk_fence_apply(rs, &p->o, &open, &c->d);
    if (r)
        return pk_cli_refused(c, r, "nothing was changed");
    pk_cli_say_open(c, open);
    r = show(c, &read, open);
    return r ? pk_cli_refused(c, r, "in force, but it cannot be read back") : PK_EXIT_DONE;
}

int pk_cli_apply(int argc, char **argv)
{
    struct apply p = {.files = PK_FILES_INIT, .o = {.memory_max = PK_IMAGE_MAX}};
    _pk_cli_ struct pk_cli c;
    enum pk_exit e;

    pk_cli_begin(&c, "apply");
    if (!pk_cli_args(&c, pk_options_apply, argc, argv, take, &p))
        return c.exit;
    if (!p.files.n)
        return pk_cli_missing(&c, "FILE");
    e = run(&c, &p);
    pk_ahead_free(&p.o.ahead);
    return pk_cli_end(&c, e);
}
