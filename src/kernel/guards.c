// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/guards.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
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

int pk_guards_rename(const struct pk_maps *m, struct pk_guard *g, const char *now)
{
    struct pk_u128 old = pk_sys_name_pack(g->name);
    struct pk_guard to = *g;
    int r;

    snprintf(to.name, sizeof(to.name), "%s", now);
    r = pk_guards_put(m, &to);
    if (!r)
        r = pk_sys_map_delete(m->fd[PK_MAP_GUARDS], &old);
    if (!r)
        *g = to;
    return r;
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

static bool pk_guards_named(const struct pk_guard *list, size_t n, const char *dev)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i].name, dev))
            return true;
    return false;
}

static bool pk_devs_name(const char *const *devs, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(devs[i], name))
            return true;
    return false;
}

static void pk_differ_add(struct pk_buf *b, const char *name)
{
    pk_buf_str(b, b->len ? ", " : "");
    pk_buf_text(b, name, strlen(name));
}

int pk_guards_match(const struct pk_maps *m, const char *const *devs, size_t n, struct pk_diags *d)
{
    _pk_buf_ struct pk_buf more = PK_BUF_INIT(4096), less = PK_BUF_INIT(4096);
    _pk_free_ struct pk_guard *list = NULL;
    size_t n_list = 0;
    int r = pk_guards_read(m, &list, &n_list);

    if (r)
        return pk_sys_error(d, r, "cannot read which interfaces are guarded");
    for (size_t i = 0; i < n; i++)
        if (!pk_guards_named(list, n_list, devs[i]))
            pk_differ_add(&less, devs[i]);
    for (size_t i = 0; i < n_list; i++)
        if (!pk_devs_name(devs, n, list[i].name))
            pk_differ_add(&more, list[i].name);
    if (!n_list)
        pk_buf_str(&more, "the whole network namespace");
    if (!more.len && !less.len)
        return 0;
    pk_error(d, PK_K_STANDING, PK_NOWHERE, "`picket detach` first, or leave --dev out",
             "the standing fence guards other interfaces than those named: %s%s%s%s%s",
             more.len ? "it guards " : "", more.len ? more.data : "",
             more.len && less.len ? ", " : "", less.len ? "it does not guard " : "",
             less.len ? less.data : "");
    return -EEXIST;
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

static bool pk_guards_index(const struct pk_guard *list, size_t n, uint32_t ifindex)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].ifindex == ifindex)
            return true;
    return false;
}

static int pk_ifnames_put(const struct pk_maps *m, const struct if_nameindex *all,
                          const struct pk_guard *list, size_t n)
{
    int r = 0;

    for (const struct if_nameindex *i = all; !r && i && i->if_index; i++) {
        struct pk_ifname v = {.name = pk_sys_name_pack(i->if_name)};
        uint32_t ifindex = i->if_index;

        v.guarded = pk_guards_index(list, n, ifindex);
        r = pk_sys_map_update(m->fd[PK_MAP_IFNAMES], &ifindex, &v);
    }
    return r;
}

int pk_ifnames_fill(const struct pk_maps *m, struct pk_diags *d)
{
    struct if_nameindex *all = if_nameindex();
    _pk_free_ struct pk_guard *list = NULL;
    size_t n = 0;
    int r = all ? pk_guards_read(m, &list, &n) : -errno;

    pk_ifnames_forget(m->fd[PK_MAP_IFNAMES]);
    if (!r)
        r = pk_ifnames_put(m, all, list, n);
    if_freenameindex(all);
    if (r != -E2BIG)
        return r ? pk_sys_error(d, r, "cannot note the names of this namespace's interfaces") : 0;
    pk_error(d, PK_K_TOO_MANY, PK_NOWHERE, "use --hook netfilter, which needs no table of names",
             "this namespace has more than %u interfaces", PK_IFNAMES_MAX);
    return r;
}
