// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel makes the same of a program, instruction by instruction, whether link.py has linked it
 * or libbpf: what comes of each is asked of the kernel, behind the verifier, with and without casts
 * and a table of connections. Both are bound to the same maps. Without types, no field of the
 * kernel's structs is relocated: the tc and XDP programs must have none left that counts.
 *
 * argv: a name and an object, for each of `objects`. Prints TAP.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "kernel/fence.h"
#include "kernel/kfuncs.h"
#include "kernel/linked.h"
#include "kernel/sys.h"

#define INSNS_MAX 65536u
#define IMAGE_SIZE 4096u /* as the objects declare it */

static const struct object {
    const struct pk_linked *linked;
    enum pk_map progs;
    enum bpf_prog_type type; /* of those in `progs`; the others are compared elsewhere */
} objects[] = {
    {&pk_linked_dispatch, PK_MAP_PROGS_NF, (enum bpf_prog_type)PK_BPF_PROG_TYPE_NETFILTER},
    {&pk_linked_dispatch, PK_MAP_PROGS_TC, BPF_PROG_TYPE_SCHED_CLS},
    {&pk_linked_dispatch, PK_MAP_PROGS_XDP, BPF_PROG_TYPE_XDP},
    {&pk_linked_nf, PK_MAP_PROGS_NF, (enum bpf_prog_type)PK_BPF_PROG_TYPE_NETFILTER},
    {&pk_linked_tc, PK_MAP_PROGS_TC, BPF_PROG_TYPE_SCHED_CLS},
    {&pk_linked_xdp, PK_MAP_PROGS_XDP, BPF_PROG_TYPE_XDP},
    {&pk_linked_forget, PK_MAP_PROGS_XDP, BPF_PROG_TYPE_XDP},
    {&pk_linked_gather, PK_MAP_PROGS_XDP, BPF_PROG_TYPE_XDP},
    {&pk_linked_bench, PK_MAP_PROGS_XDP, BPF_PROG_TYPE_XDP},
};

static const struct variant {
    const char *what;
    bool cast, state, typed; /* typed: the loader can read the kernel's types */
} variants[] = {
    {"plain", false, false, true},      {"casts", true, false, true},
    {"connections", false, true, true}, {"casts, connections", true, true, true},
    {"no types", false, true, false},
};

/* What the kernel has made of a program. */
struct seen {
    struct bpf_insn insn[INSNS_MAX];
    struct bpf_prog_info info;
};

static unsigned tests, failed;

static void say(bool ok, const char *name, const char *what, const char *why, int r)
{
    printf("%sok %u - %s, %s\n", ok ? "" : "not ", ++tests, name, what);
    if (!ok)
        printf("# %s: %s\n", why, strerror(-r));
    failed += !ok;
}

static uint32_t map_id(int fd)
{
    struct bpf_map_info info = {0};
    uint32_t len = sizeof(info);

    return fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

static bool names_map(const struct bpf_insn *i)
{
    return i->code == (BPF_LD | BPF_IMM | BPF_DW) &&
           (i->src_reg == BPF_PSEUDO_MAP_FD || i->src_reg == BPF_PSEUDO_MAP_VALUE);
}

/* The constants are a map of its own for each loading: its number is taken out. */
static int look(int fd, uint32_t constants, struct seen *s)
{
    uint32_t len = sizeof(s->info);

    memset(s, 0, sizeof(*s));
    s->info.xlated_prog_insns = (uintptr_t)s->insn;
    s->info.xlated_prog_len = sizeof(s->insn);
    if (bpf_obj_get_info_by_fd(fd, &s->info, &len))
        return -errno;
    if (s->info.xlated_prog_len > sizeof(s->insn))
        return -E2BIG;
    for (uint32_t i = 0; i < s->info.xlated_prog_len / sizeof(s->insn[0]); i++)
        if (names_map(&s->insn[i]) && s->insn[i].imm == (int)constants)
            s->insn[i].imm = 0;
    return 0;
}

static int compare(const struct pk_linked_prog *p, const struct seen *a, const struct seen *b)
{
    size_t n = a->info.xlated_prog_len / sizeof(a->insn[0]);

    if (a->info.type != b->info.type || strcmp(a->info.name, b->info.name) != 0)
        return -EPROTOTYPE;
    if (a->info.xlated_prog_len != b->info.xlated_prog_len)
        printf("# %s: %u bytes, and %u by libbpf\n", p->name, a->info.xlated_prog_len,
               b->info.xlated_prog_len);
    for (size_t i = 0; i < n; i++)
        if (memcmp(&a->insn[i], &b->insn[i], sizeof(a->insn[i])) != 0) {
            uint64_t us, them;

            memcpy(&us, &a->insn[i], sizeof(us));
            memcpy(&them, &b->insn[i], sizeof(them));
            printf("# %s: instruction %zu is %016" PRIx64 ", and %016" PRIx64 " by libbpf\n",
                   p->name, i, us, them);
            return -EBADMSG;
        }
    return n && a->info.xlated_prog_len == b->info.xlated_prog_len ? 0 : -EMSGSIZE;
}

static int same_program(const struct pk_bound *b, const struct pk_linked_prog *p,
                        const uint32_t *kfuncs, struct bpf_object *o)
{
    struct bpf_map *constants = bpf_object__find_map_by_name(o, ".rodata");
    struct bpf_program *theirs = bpf_object__find_program_by_name(o, p->name);
    static struct seen ours_seen, theirs_seen;
    _pk_free_ char *said = NULL;
    _pk_close_ int ours = -1;
    int r = theirs ? pk_bound_load(b, p, kfuncs, &ours, &said) : -ENOENT;

    if (said)
        printf("# %s: %.300s\n", p->name, said);
    if (!r)
        r = look(ours, map_id(pk_bound_map(b, ".rodata")), &ours_seen);
    if (!r)
        r = look(bpf_program__fd(theirs), constants ? map_id(bpf_map__fd(constants)) : 0,
                 &theirs_seen);
    return r ? r : compare(p, &ours_seen, &theirs_seen);
}

static bool same_map(const struct pk_linked_map *m, const struct bpf_map *theirs)
{
    if (m->name[0] == '.') /* a section: libbpf adds flags of its own */
        return theirs && m->value_size == bpf_map__value_size(theirs);
    return theirs && m->type == bpf_map__type(theirs) && m->key_size == bpf_map__key_size(theirs) &&
           m->value_size == bpf_map__value_size(theirs) &&
           m->max_entries == bpf_map__max_entries(theirs) && m->flags == bpf_map__map_flags(theirs);
}

/* The constants as they were compiled, and where the loader's stand among them. */
static int same_constants(const struct pk_linked *l, const struct bpf_object *o)
{
    const struct bpf_map *map = bpf_object__find_map_by_name(o, ".rodata");
    struct pk_config config;
    size_t size = 0;
    const void *theirs = map ? bpf_map__initial_value((struct bpf_map *)map, &size) : NULL;

    if (!l->rodata_size) /* there may be a section that no program reads */
        return 0;
    if (size != l->rodata_size || memcmp(theirs, l->rodata, size) != 0 ||
        l->config + sizeof(config) > size)
        return -EPROTOTYPE;
    memcpy(&config, l->rodata + l->config, sizeof(config));
    return config.image_mask == IMAGE_SIZE - 1 ? 0 : -EPROTOTYPE;
}

static int same_maps(const struct pk_linked *l, const struct bpf_object *o)
{
    for (uint32_t m = 0; m < l->n_maps; m++)
        if (!same_map(&l->maps[m], bpf_object__find_map_by_name(o, l->maps[m].name))) {
            printf("# map %s of %s is another one\n", l->maps[m].name, l->name);
            return -EPROTOTYPE;
        }
    return 0;
}

/* The maps that ours is bound to; the constants, which libbpf makes a map of itself. */
static int bind_maps(const struct pk_bound *b, const struct pk_config *config, struct bpf_object *o)
{
    struct bpf_map *map;

    bpf_object__for_each_map(map, o)
    {
        int fd = pk_bound_map(b, bpf_map__name(map));
        size_t size;

        if (strstr(bpf_map__name(map), ".rodata")) {
            if (b->object->rodata_size)
                memcpy((char *)bpf_map__initial_value(map, &size) + b->object->config, config,
                       sizeof(*config));
        } else if (fd >= 0 && bpf_map__reuse_fd(map, fd)) {
            return -errno;
        }
    }
    return 0;
}

/* libbpf 1.1 does not know netfilter programs by name. */
static void choose_programs(struct bpf_object *o, enum bpf_prog_type type)
{
    struct bpf_program *p;

    bpf_object__for_each_program(p, o)
    {
        if (!strcmp(bpf_program__section_name(p), "netfilter")) {
            bpf_program__set_type(p, (enum bpf_prog_type)PK_BPF_PROG_TYPE_NETFILTER);
            bpf_program__set_expected_attach_type(p, (enum bpf_attach_type)PK_BPF_NETFILTER);
        }
        bpf_program__set_autoload(p, bpf_program__type(p) == type);
    }
}

static int make_theirs(const struct pk_bound *b, const struct pk_config *config,
                       enum bpf_prog_type type, struct bpf_object *o)
{
    int r = same_maps(b->object, o);

    if (!r)
        r = same_constants(b->object, o);
    if (!r)
        r = bind_maps(b, config, o);
    if (r)
        return r;
    choose_programs(o, type);
    return bpf_object__load(o) ? -errno : 0;
}

static void object_p(struct bpf_object **o)
{
    bpf_object__close(*o);
}

static void check(const struct object *of, const struct variant *v, const char *path,
                  const struct pk_bind *to, const uint32_t *kfuncs)
{
    __attribute__((cleanup(object_p))) struct bpf_object *o = bpf_object__open_file(path, NULL);
    _pk_bound_ struct pk_bound b = PK_BOUND_NONE;
    const struct pk_linked *linked = of->linked;
    int r = o ? pk_bound_make(&b, linked, to) : -errno;

    if (!r)
        r = make_theirs(&b, to->config, of->type, o);
    if (r) {
        say(false, linked->name, v->what, "cannot be compared", r);
        return;
    }
    for (uint32_t i = 0; i < linked->n_progs; i++) {
        if (linked->progs[i].type != of->type)
            continue;
        r = same_program(&b, &linked->progs[i], kfuncs, o);
        say(!r, linked->progs[i].name, v->what, "the kernel makes something else of it", r);
    }
}

/* Maps of a fence, and an image. */
static int make_maps(struct pk_maps *m, int *ret_image)
{
    _pk_diags_ struct pk_diags d = {0};
    const struct pk_map_spec image = {"image", BPF_MAP_TYPE_ARRAY, 4, IMAGE_SIZE + PK_IMAGE_SLACK,
                                      1,       BPF_F_MMAPABLE};
    const struct pk_map_spec state = {
        "state", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct pk_state_bucket), 64, 0};
    int r = pk_maps_create(m, &d);

    if (!r)
        r = pk_sys_map_create_locked(&state, &m->fd[PK_MAP_STATE]);
    return r ? r : pk_sys_map_create(&image, -1, ret_image);
}

static const char *path_of(const struct pk_linked *o, int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2)
        if (!strcmp(argv[i], o->name))
            return argv[i + 1];
    return "";
}

static bool kernel_has(const struct object *o, const struct variant *v, const struct pk_probe *has)
{
    bool netfilter = (uint32_t)o->type == PK_BPF_PROG_TYPE_NETFILTER;

    return (has->netfilter_link || !netfilter) && (has->rdonly_cast || !v->cast) &&
           (v->typed || !netfilter);
}

static void check_all(const struct pk_maps *maps, int image, int argc, char **argv)
{
    uint32_t kfuncs[PK_KFUNCS_MAX];
    struct pk_probe has;

    pk_probe_run(&has);
    say(!pk_kfuncs_find(kfuncs), "the kernel's functions", "their numbers", "not found", -ENOENT);
    for (size_t i = 0; i < PK_ARRAY_SIZE(objects); i++)
        for (const struct variant *v = variants; v < variants + PK_ARRAY_SIZE(variants); v++) {
            const struct pk_config config = {.image_mask = IMAGE_SIZE - 1,
                                             .cast = v->cast,
                                             .flow_mask = 1023,
                                             .state.buckets = v->state ? 64 : 0};
            const struct pk_bind to = {maps, objects[i].progs, image, &config};

            if (kernel_has(&objects[i], v, &has))
                check(&objects[i], v, path_of(objects[i].linked, argc, argv), &to,
                      v->typed ? kfuncs : NULL);
        }
}

int main(int argc, char **argv)
{
    _pk_maps_ struct pk_maps maps = PK_MAPS_NONE;
    _pk_close_ int image = -1;
    int r;

    if (geteuid()) {
        printf("1..0 # SKIP needs root\n");
        return 0;
    }
    r = make_maps(&maps, &image);
    if (r) {
        printf("Bail out! %s\n", strerror(-r));
        return 1;
    }
    check_all(&maps, image, argc, argv);
    printf("1..%u\n", tests);
    return failed != 0;
}
