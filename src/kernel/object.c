// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/object.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/macro.h"
#include "datapath/objects.h"
#include "kernel/fault.h"
#include "kernel/sys.h"

#define PK_IMAGE_SECTION ".data.image"

static const struct pk_prog_def {
    const struct pk_object *object;
    enum pk_map array;
    const char *judge, *walk, *dispatch;
} pk_prog_defs[PK_PROGS] = {
    [PK_PROG_NF] = {&pk_object_nf, PK_MAP_PROGS_NF, "nf_judge", "nf_walk", "nf_dispatch"},
    [PK_PROG_TC_INGRESS] = {&pk_object_tc, PK_MAP_PROGS_TC, "tc_ingress_judge", "tc_ingress_walk",
                            "tc_ingress_dispatch"},
    [PK_PROG_TC_EGRESS] = {&pk_object_tc, PK_MAP_PROGS_TC, "tc_egress_judge", "tc_egress_walk",
                           "tc_egress_dispatch"},
    [PK_PROG_XDP] = {&pk_object_xdp, PK_MAP_PROGS_XDP, "xdp_judge", "xdp_walk", "xdp_dispatch"},
};

unsigned pk_hook_progs(enum pk_attach_kind hook)
{
    switch (hook) {
    case PK_ATTACH_NETFILTER:
        return 1u << PK_PROG_NF;
    case PK_ATTACH_TC:
        return 1u << PK_PROG_TC_INGRESS | 1u << PK_PROG_TC_EGRESS;
    case PK_ATTACH_XDP: /* XDP sees what comes in; what goes out is tc's, as in the paper */
        return 1u << PK_PROG_XDP | 1u << PK_PROG_TC_EGRESS;
    default:
        return 0;
    }
}

struct pk_load pk_hook_dispatchers(enum pk_attach_kind hook, bool guard_all,
                                   const struct pk_maps *maps, int image)
{
    return (struct pk_load){
        .progs = pk_hook_progs(hook),
        .dispatchers = true,
        .maps = maps,
        .image = image,
        .config = {.image_mask = 4095, .guard_all = guard_all},
    };
}

uint64_t pk_object_build(void)
{
    return pk_mix64(pk_objects_sum ^ PK_DATAPATH_ABI);
}

uint64_t pk_engine_build(const struct pk_ctl *ctl)
{
    return pk_object_build() + ctl->state_buckets;
}

enum pk_map pk_prog_array(enum pk_prog_slot slot)
{
    return pk_prog_defs[slot].array;
}

void pk_progs_done(struct pk_progs *p)
{
    for (int i = 0; i < PK_PROGS; i++) {
        pk_close_p(&p->fd[i]);
        pk_close_p(&p->walk[i]);
    }
    *p = PK_PROGS_NONE;
}

/*
 * What libbpf says, its tail only: the verifier's log can be megabytes long and its last lines tell
 * why. libbpf has one print function for the process, so this is a variable of the process too.
 */
static char pk_log[4096];

static int pk_log_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
    _pk_free_ char *s = NULL;
    size_t old = strlen(pk_log), room = sizeof(pk_log) - 1, len;
    int n;

    if (level == LIBBPF_DEBUG)
        return 0;
    n = vasprintf(&s, fmt, ap);
    if (n < 0) {
        s = NULL;
        return 0;
    }
    len = PK_MIN((size_t)n, room);
    if (old + len > room) {
        memmove(pk_log, pk_log + (old + len - room), room - len);
        old = room - len;
    }
    memcpy(pk_log + old, s + ((size_t)n - len), len);
    pk_log[old + len] = 0;
    return n;
}

static void pk_log_start(void)
{
    pk_log[0] = 0;
    libbpf_set_print(pk_log_print);
}

/* The last lines of the verifier's log, as one line. NULL if it never got to speak. */
static const char *pk_log_verifier(void)
{
    char *end = strstr(pk_log, "-- END PROG LOAD LOG");
    char *start;
    int lines = 0;

    if (!end)
        return NULL;
    while (end > pk_log && end[-1] != '\n') /* libbpf's own prefix of that line */
        end--;
    *end = 0;
    for (start = end; start > pk_log; start--)
        if (start[-1] == '\n' && start != end && ++lines == 4)
            break;
    for (char *c = start; *c; c++)
        if (*c == '\n')
            *c = c[1] ? '|' : 0;
    return start;
}

/* ESRCH is what libbpf makes of a kernel whose type information it cannot read. */
static int pk_object_refused(const char *name, int r, struct pk_diags *d)
{
    const char *said = pk_log_verifier();

    if (r != -EPERM && (r == -ESRCH || access("/sys/kernel/btf/vmlinux", R_OK)))
        pk_error(d, PK_K_NO_BTF, PK_NOWHERE,
                 "use --hook tc, which does without; or a kernel with CONFIG_DEBUG_INFO_BTF=y, as "
                 "every Debian kernel since 11 is, with sysfs mounted on /sys",
                 "program %s does not load: /sys/kernel/btf/vmlinux is not there or not readable",
                 name);
    else if (said && r != -EPERM)
        pk_error(d, PK_K_VERIFIER, PK_NOWHERE,
                 "this is a fault of picket or of a kernel it was not tested with: report it with "
                 "the output of `uname -r`",
                 "the kernel refuses program %s: %s: %s", name, strerror(-r), said);
    else
        pk_sys_error(d, r, "program %s does not load", name);
    return r;
}

/* The place of the loader's constants in .rodata, by the object's own type information. */
static int pk_config_offset(struct bpf_object *o, size_t *ret)
{
    const struct btf *btf = bpf_object__btf(o);
    int id = btf ? btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC) : -ENOENT;
    const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);

    for (unsigned i = 0; t && i < btf_vlen(t); i++) {
        const struct btf_var_secinfo *v = btf_var_secinfos(t) + i;
        const struct btf_type *var = btf__type_by_id(btf, v->type);

        if (!strcmp(btf__name_by_offset(btf, var->name_off), "pk_config")) {
            *ret = v->offset;
            return 0;
        }
    }
    return -ENOENT;
}

static int pk_object_configure(struct bpf_object *o, const struct pk_config *config)
{
    struct bpf_map *map = bpf_object__find_map_by_name(o, ".rodata");
    size_t size, offset;
    char *value;
    int r;

    if (!map)
        return -ENOENT;
    value = (char *)bpf_map__initial_value(map, &size); /* ours to write until it is loaded */
    r = pk_config_offset(o, &offset);
    if (r || !value || offset + sizeof(*config) > size)
        return r ? r : -EINVAL;
    memcpy(value + offset, config, sizeof(*config));
    return 0;
}

static int pk_object_reuse(struct bpf_object *o, const char *name, int fd)
{
    struct bpf_map *map = bpf_object__find_map_by_name(o, name);

    return map ? bpf_map__reuse_fd(map, fd) : 0; /* a map that the object does not use */
}

/*
 * The image in the place of the object's own data section. bpf_map__reuse_fd() takes the size of
 * the map it is given for the size of libbpf's own copy of the section, and bpf_object__close()
 * then unmaps so many bytes: with a larger image, memory that is somebody else's (libbpf 1.1.2). So
 * it is given a map of the section's own size first, and under that descriptor's number the image
 * next.
 */
static int pk_object_bind_image(struct bpf_object *o, int image)
{
    struct bpf_map *map = bpf_object__find_map_by_name(o, PK_IMAGE_SECTION);
    _pk_close_ int like = -1;
    struct pk_map_spec spec = {"section", BPF_MAP_TYPE_ARRAY, 4, 0, 1, BPF_F_MMAPABLE};
    int r;

    if (!map)
        return -ENOENT;
    spec.value_size = bpf_map__value_size(map);
    r = pk_sys_map_create(&spec, -1, &like);
    if (!r)
        r = bpf_map__reuse_fd(map, like);
    if (r)
        return r;
    return dup3(image, bpf_map__fd(map), O_CLOEXEC) < 0 ? -errno : 0;
}

static int pk_object_bind(struct bpf_object *o, enum pk_map array, const struct pk_load *l)
{
    int r = pk_object_bind_image(o, l->image);

    for (int m = PK_MAP_CTL; !r && m < PK_MAP_PROGS_NF; m++)
        if (l->maps->fd[m] >= 0) /* there may be no table of connections: then the object's own */
            r = pk_object_reuse(o, pk_map_name(m), l->maps->fd[m]);
    if (!r)
        r = pk_object_reuse(o, "progs", l->maps->fd[array]);
    return r ? r : pk_object_configure(o, &l->config);
}

static bool pk_has_name(const struct pk_load *l, int slot, const char *name)
{
    const struct pk_prog_def *def = &pk_prog_defs[slot];

    if (l->dispatchers)
        return !strcmp(name, def->dispatch);
    return !strcmp(name, def->judge) || !strcmp(name, def->walk);
}

/* Program types by number where libbpf 1.1 does not know them from their section. */
static void pk_object_choose(struct bpf_object *o, const struct pk_load *l)
{
    struct bpf_program *p;

    bpf_object__for_each_program(p, o)
    {
        bool wanted = false;

        for (int s = 0; s < PK_PROGS; s++)
            wanted |= l->progs & 1u << s && pk_has_name(l, s, bpf_program__name(p));
        bpf_program__set_autoload(p, wanted);
        if (!strcmp(bpf_program__section_name(p), "netfilter")) {
            bpf_program__set_type(p, (enum bpf_prog_type)PK_BPF_PROG_TYPE_NETFILTER);
            bpf_program__set_expected_attach_type(p, (enum bpf_attach_type)PK_BPF_NETFILTER);
        }
    }
}

static int pk_object_take_one(struct bpf_object *o, const char *name, int *ret)
{
    struct bpf_program *p = bpf_object__find_program_by_name(o, name);

    if (!p)
        return -ENOENT;
    *ret = fcntl(bpf_program__fd(p), F_DUPFD_CLOEXEC, 3);
    return *ret < 0 ? -errno : 0;
}

static int pk_object_take(struct bpf_object *o, const struct pk_load *l, struct pk_progs *into)
{
    int r = 0;

    for (int s = 0; !r && s < PK_PROGS; s++) {
        const struct pk_prog_def *def = &pk_prog_defs[s];

        if (!(l->progs & 1u << s))
            continue;
        r = pk_object_take_one(o, l->dispatchers ? def->dispatch : def->judge, &into->fd[s]);
        if (!r && !l->dispatchers)
            r = pk_object_take_one(o, def->walk, &into->walk[s]);
    }
    return r;
}

static void pk_object_p(struct bpf_object **o)
{
    bpf_object__close(*o);
}

/* The programs of one object that stand in one array. */
static int pk_object_try(const struct pk_object *bytes, enum pk_map array, const struct pk_load *l,
                         struct pk_progs *into, struct pk_diags *d)
{
    LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = bytes->name);
    __attribute__((cleanup(pk_object_p))) struct bpf_object *o = NULL;
    int r;

    pk_log_start();
    o = bpf_object__open_mem(bytes->data, bytes->size, &opts);
    if (!o)
        return pk_sys_error(d, -errno, "the built-in object %s cannot be read", bytes->name);
    pk_object_choose(o, l);
    r = pk_object_bind(o, array, l);
    if (r)
        return pk_sys_error(d, r, "the maps of the built-in object %s do not fit", bytes->name);
    r = pk_fault();
    if (!r)
        r = bpf_object__load(o);
    if (r)
        return pk_object_refused(bytes->name, r, d);
    r = pk_object_take(o, l, into);
    return r ? pk_sys_error(d, r, "a program of %s is missing", bytes->name) : 0;
}

/*
 * Where the kernel has no bpf_rdonly_cast() (before Linux 6.2), the judges leave more to the walks.
 * Nothing tells before loading, short of reading all of the kernel's type information.
 */
static int pk_object_judges(enum pk_map array, const struct pk_load *l, struct pk_progs *into,
                            struct pk_diags *d)
{
    const struct pk_object *bytes = NULL;
    _pk_diags_ struct pk_diags unseen = {0};
    struct pk_load with = *l;

    for (int s = 0; s < PK_PROGS; s++)
        if (l->progs & 1u << s)
            bytes = pk_prog_defs[s].object;
    with.config.cast = 1;
    if (!pk_object_try(bytes, array, &with, into, &unseen))
        return 0;
    return pk_object_try(bytes, array, l, into, d);
}

int pk_object_load(const struct pk_load *l, struct pk_progs *ret, struct pk_diags *d)
{
    static const enum pk_map arrays[] = {PK_MAP_PROGS_NF, PK_MAP_PROGS_TC, PK_MAP_PROGS_XDP};
    _pk_progs_ struct pk_progs progs = PK_PROGS_NONE;
    int r = 0;

    for (size_t i = 0; !r && i < PK_ARRAY_SIZE(arrays); i++) {
        struct pk_load of = *l;

        for (int s = 0; s < PK_PROGS; s++)
            if (pk_prog_defs[s].array != arrays[i])
                of.progs &= ~(1u << s);
        if (of.progs && l->dispatchers)
            r = pk_object_try(&pk_object_dispatch, arrays[i], &of, &progs, d);
        else if (of.progs)
            r = pk_object_judges(arrays[i], &of, &progs, d);
    }
    if (r)
        return r;
    *ret = progs;
    progs = PK_PROGS_NONE;
    return 0;
}
