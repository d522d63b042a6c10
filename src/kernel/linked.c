// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/linked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macro.h"
#include "kernel/fault.h"
#include "kernel/sys.h"

#define PK_LOG_BYTES ((size_t)16 << 20) /* the verifier can say much, and its end tells why */
#define PK_LOAD_TRIES 5                 /* the verifier gives up when a signal comes */

/* The loader's constants, which the verifier knows. */
static int pk_bound_rodata(const struct pk_linked *o, const struct pk_map_spec *spec,
                           const struct pk_config *config, int *ret)
{
    _pk_free_ char *value = malloc(o->rodata_size);
    _pk_close_ int fd = -1;
    uint32_t zero = 0;
    int r = value ? pk_sys_map_create(spec, -1, &fd) : -ENOMEM;

    if (r)
        return r;
    memcpy(value, o->rodata, o->rodata_size);
    if (config)
        memcpy(value + o->config, config, sizeof(*config));
    r = pk_sys_map_update(fd, &zero, value);
    if (!r)
        r = bpf_map_freeze(fd);
    if (!r)
        *ret = PK_TAKE_FD(fd);
    return r;
}

static int pk_bound_own(const struct pk_linked *o, const struct pk_linked_map *m,
                        const struct pk_bind *to, int *ret)
{
    const struct pk_map_spec spec = {m->name,       m->type,        m->key_size,
                                     m->value_size, m->max_entries, m->flags};

    if (!strcmp(m->name, ".rodata"))
        return pk_bound_rodata(o, &spec, to->config, ret);
    if (!strcmp(m->name, pk_map_name(PK_MAP_STATE))) /* there is no table: nobody looks */
        return pk_sys_map_create_locked(&spec, ret);
    return pk_sys_map_create(&spec, -1, ret);
}

/* The fence's map of that name. -ENOENT: the object has to make its own. */
static int pk_bound_shared(const struct pk_bind *to, const char *name, int *ret)
{
    int fd = -1, m = PK_MAP_CTL;

    while (m < PK_MAP_PROGS_NF && strcmp(name, pk_map_name((enum pk_map)m)) != 0)
        m++;
    if (!strcmp(name, ".data.image"))
        fd = to->image;
    else if (!strcmp(name, "progs"))
        fd = to->maps->fd[to->progs];
    else if (m == PK_MAP_PROGS_NF)
        return -ENOENT;
    else
        fd = to->maps->fd[m];
    if (fd < 0)
        return m == PK_MAP_STATE ? -ENOENT : -EBADF;
    *ret = fd;
    return 0;
}

int pk_bound_make(struct pk_bound *b, const struct pk_linked *o, const struct pk_bind *to)
{
    int r = 0;

    b->object = o;
    b->btf = bpf_btf_load(o->btf, o->btf_size, NULL);
    if (b->btf < 0)
        return b->btf;
    if (o->n_maps > PK_BOUND_MAPS_MAX)
        return -E2BIG;
    for (uint32_t m = 0; !r && m < o->n_maps; m++) {
        r = to->maps ? pk_bound_shared(to, o->maps[m].name, &b->map[m]) : -ENOENT;
        if (r != -ENOENT)
            continue;
        r = pk_bound_own(o, &o->maps[m], to, &b->map[m]);
        b->made |= (uint32_t)!r << m;
    }
    return r;
}

void pk_bound_done(struct pk_bound *b)
{
    pk_close_p(&b->btf);
    for (unsigned m = 0; m < PK_BOUND_MAPS_MAX; m++)
        if (b->made >> m & 1)
            pk_close_p(&b->map[m]);
    *b = PK_BOUND_NONE;
}

int pk_bound_map(const struct pk_bound *b, const char *name)
{
    for (uint32_t m = 0; m < b->object->n_maps; m++)
        if (!strcmp(b->object->maps[m].name, name))
            return b->map[m];
    return -ENOENT;
}

const struct pk_linked_prog *pk_linked_find(const struct pk_linked *o, const char *name)
{
    for (uint32_t i = 0; i < o->n_progs; i++)
        if (!strcmp(o->progs[i].name, name))
            return &o->progs[i];
    return NULL;
}

/* What the program refers to, in a copy of its instructions. NULL: no memory. */
static struct bpf_insn *pk_bound_insns(const struct pk_bound *b, const struct pk_linked_prog *p,
                                       const uint32_t *kfuncs)
{
    size_t size = p->n_insns * sizeof(struct bpf_insn);
    struct bpf_insn *insns = malloc(size);

    if (!insns)
        return NULL;
    memcpy(insns, p->insns, size);
    for (uint32_t i = 0; i < p->n_refs; i++) {
        const struct pk_ref *ref = &p->refs[i];

        if (ref->kind == PK_REF_MAP)
            insns[ref->insn].imm = b->map[ref->which];
        else if (kfuncs) /* 0 stays for one that is not there: the verifier minds if it is called */
            insns[ref->insn].imm = (int32_t)kfuncs[ref->which];
    }
    return insns;
}

/* bpf(2) itself: libbpf does not hand on `core_relos`. */
static int pk_bound_call(union bpf_attr *a)
{
    int fd, tries = PK_LOAD_TRIES;

    do
        fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, a, sizeof(*a));
    while (fd < 0 && errno == EAGAIN && --tries);
    return fd < 0 ? -errno : fd;
}

/* The program once more, for what the verifier says of it. NULL: nothing. */
static char *pk_bound_say(union bpf_attr *a)
{
    _pk_free_ char *said = calloc(1, PK_LOG_BYTES);
    _pk_close_ int fd = -1;

    if (!said)
        return NULL;
    a->log_buf = (uintptr_t)said;
    a->log_size = PK_LOG_BYTES;
    a->log_level = 1;
    fd = pk_bound_call(a);
    return *said ? PK_TAKE_PTR(said) : NULL;
}

int pk_bound_load(const struct pk_bound *b, const struct pk_linked_prog *p, const uint32_t *kfuncs,
                  int *ret_fd, char **ret_said)
{
    _pk_free_ struct bpf_insn *insns = pk_bound_insns(b, p, kfuncs);
    union bpf_attr a = {
        .prog_type = p->type,
        .expected_attach_type = p->attach,
        .insn_cnt = p->n_insns,
        .insns = (uintptr_t)insns,
        .license = (uintptr_t) "GPL",
        .prog_btf_fd = (uint32_t)b->btf,
        .func_info_rec_size = sizeof(*p->funcs),
        .func_info = (uintptr_t)p->funcs,
        .func_info_cnt = p->n_funcs,
        .core_relo_rec_size = sizeof(*p->fields),
        .core_relos = (uintptr_t)p->fields,
        .core_relo_cnt = kfuncs ? p->n_fields : 0,
    };
    int fd;

    if (ret_said)
        *ret_said = NULL;
    memcpy(a.prog_name, p->name, PK_MIN(strlen(p->name), sizeof(a.prog_name) - 1));
    fd = insns ? pk_bound_call(&a) : -ENOMEM;
    if (fd < 0) {
        if (insns && ret_said)
            *ret_said = pk_bound_say(&a);
        return fd;
    }
    *ret_fd = fd;
    return 0;
}

int pk_linked_load(const struct pk_linked *o, const char *name, const struct pk_maps *maps,
                   int *ret_fd)
{
    const struct pk_linked_prog *p = pk_linked_find(o, name);
    _pk_bound_ struct pk_bound b = PK_BOUND_NONE;
    int r = p ? pk_bound_make(&b, o, &(struct pk_bind){.maps = maps, .image = -1}) : -ENOENT;

    if (!r)
        r = pk_fault();
    return r ? r : pk_bound_load(&b, p, NULL, ret_fd, NULL);
}
