// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/guards.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "datapath/abi/ctl.h"
#include "kernel/sys.h"

static int pk_guard_get(const struct pk_maps *m, const struct pk_u128 *key, struct pk_guard *ret)
{
    uint32_t value;
    int r = bpf_map_lookup_elem(m->fd[PK_MAP_GUARDS], key, &value);

    if (r)
        return r;
    pk_sys_name_unpack(*key, ret->name);
    ret->ifindex = value & ~PK_GUARD_QDISC;
    ret->qdisc = value & PK_GUARD_QDISC;
    return 0;
}

static int pk_guard_order(const void *a, const void *b)
{
    const struct pk_guard *x = a, *y = b;

    return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

int pk_guards_read(const struct pk_maps *m, struct pk_guard **ret, size_t *ret_n)
{
    _pk_free_ struct pk_guard *list = calloc(PK_GUARDS_MAX, sizeof(*list));
    struct pk_u128 key, *prev = NULL;
    size_t n = 0;

    if (!list)
        return -ENOMEM;
    while (n < PK_GUARDS_MAX && !bpf_map_get_next_key(m->fd[PK_MAP_GUARDS], prev, &key)) {
        if (!pk_guard_get(m, &key, &list[n]))
            n++;
        prev = &key;
    }
    qsort(list, n, sizeof(*list), pk_guard_order);
    *ret = PK_TAKE_PTR(list);
    *ret_n = n;
    return 0;
}

int pk_guards_put(const struct pk_maps *m, const struct pk_guard *g)
{
    struct pk_u128 key = pk_sys_name_pack(g->name);
    uint32_t value = g->ifindex | (g->qdisc ? PK_GUARD_QDISC : 0);

    return pk_sys_map_update(m->fd[PK_MAP_GUARDS], &key, &value);
}

static int pk_guard_add(const struct pk_maps *m, const char *dev, struct pk_diags *d)
{
    struct pk_guard g = {.ifindex = if_nametoindex(dev)};
    int r;

    if (!g.ifindex) {
        pk_error(d, PK_K_NO_DEV, PK_NOWHERE, "see `ip -brief link` for the names",
                 "there is no interface %s in this network namespace", dev);
        return -ENODEV;
    }
    memcpy(g.name, dev, strnlen(dev, IF_NAMESIZE));
    r = pk_guards_put(m, &g);
    return r ? pk_sys_error(d, r, "cannot note that %s is guarded", dev) : 0;
}

int pk_guards_set(const struct pk_maps *m, const char *const *devs, size_t n, struct pk_diags *d)
{
    int r = 0, one;

    if (n > PK_GUARDS_MAX) {
        pk_error(d, PK_K_TOO_MANY, PK_NOWHERE, "leave --dev out to guard the whole namespace",
                 "%zu interfaces are named, and %u is the most", n, PK_GUARDS_MAX);
        return -E2BIG;
    }
    for (size_t i = 0; i < n; i++) {
        one = pk_guard_add(m, devs[i], d);
        r = r ? r : one; /* name all that are missing */
    }
    return r;
}

static void pk_ifnames_forget(int map)
{
    uint32_t key, gone[64], *prev = NULL;
    char name[IF_NAMESIZE];
    size_t n = 0;

    while (n < PK_ARRAY_SIZE(gone) && !bpf_map_get_next_key(map, prev, &key)) {
        if (!if_indextoname(key, name))
            gone[n++] = key;
        prev = &key;
    }
    while (n)
        (void)!pk_sys_map_delete(map, &gone[--n]);
}

static int pk_ifname_put(const struct pk_maps *m, const struct if_nameindex *i, bool guard_all)
{
    struct pk_ifname v = {.name = pk_sys_name_pack(i->if_name)};
    uint32_t ifindex = i->if_index, any;

    v.guarded = guard_all || !bpf_map_lookup_elem(m->fd[PK_MAP_GUARDS], &v.name, &any);
    return pk_sys_map_update(m->fd[PK_MAP_IFNAMES], &ifindex, &v);
}

int pk_ifnames_fill(const struct pk_maps *m, bool guard_all, struct pk_diags *d)
{
    struct if_nameindex *all = if_nameindex();
    int r = all ? 0 : -errno;

    pk_ifnames_forget(m->fd[PK_MAP_IFNAMES]);
    for (const struct if_nameindex *i = all; !r && i && i->if_index; i++)
        r = pk_ifname_put(m, i, guard_all);
    if_freenameindex(all);
    return r ? pk_sys_error(d, r, "cannot note the names of this namespace's interfaces") : 0;
}
