// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/zones.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "kernel/codes.h"
#include "kernel/guards.h"
#include "kernel/sys.h"

static struct pk_u128 pk_zone_key(const struct pk_zone *z)
{
    return z->vlan ? (struct pk_u128){.lo = z->vlan} : pk_sys_name_pack(z->dev);
}

static struct pk_zone pk_zone_of(struct pk_u128 key, uint32_t zone)
{
    struct pk_zone z = {.vlan = key.hi ? 0 : (uint16_t)key.lo, .zone = (uint16_t)zone};
    char name[17];

    if (!key.hi)
        return z;
    pk_sys_name_unpack(key, name);
    memcpy(z.dev, name, sizeof(z.dev) - 1);
    return z;
}

static int pk_zone_order(const void *a, const void *b)
{
    struct pk_u128 x = pk_zone_key(a), y = pk_zone_key(b);

    return pk_u128_less(y, x) - pk_u128_less(x, y);
}

int pk_zones_read(const struct pk_maps *m, struct pk_zones *ret)
{
    int map = m->fd[PK_MAP_ZONES];
    struct pk_u128 key, *prev = NULL;
    uint32_t zone;

    ret->n = 0;
    if (map < 0)
        return 0;
    while (ret->n < PK_ZONES_MAX && !bpf_map_get_next_key(map, prev, &key)) {
        if (bpf_map_lookup_elem(map, &key, &zone) < 0)
            return -errno;
        ret->at[ret->n++] = pk_zone_of(key, zone);
        prev = &key;
    }
    qsort(ret->at, ret->n, sizeof(*ret->at), pk_zone_order);
    return 0;
}

/* Its place, or z->n. */
static size_t pk_zones_find(const struct pk_zones *z, const struct pk_zone *one)
{
    size_t i = 0;

    while (i < z->n && pk_zone_order(&z->at[i], one))
        i++;
    return i;
}

static int pk_zones_put(struct pk_zones *z, const struct pk_zone *one, struct pk_diags *d)
{
    size_t i = pk_zones_find(z, one);

    if (!one->zone) {
        if (i < z->n)
            z->at[i] = z->at[--z->n];
        return 0;
    }
    if (i == PK_ZONES_MAX) {
        pk_error(d, PK_K_TOO_MANY, PK_NOWHERE, "take some back: --state-zone IF=0",
                 "more than %u interfaces and VLANs are mapped to zones", PK_ZONES_MAX);
        return -E2BIG;
    }
    z->n += i == z->n;
    z->at[i] = *one;
    return 0;
}

/* A misspelt name would leave connections in the wrong zone without a word. */
static int pk_zone_guarded(const struct pk_zone *z, const struct pk_guard *list, size_t n,
                           struct pk_diags *d)
{
    if (z->vlan || !z->zone)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i].name, z->dev))
            return 0;
    pk_error(d, PK_K_ZONE, PK_NOWHERE, "`picket status` names those that are",
             "--state-zone %s=%u: the fence does not guard that interface", z->dev, z->zone);
    return -ENODEV;
}

int pk_zones_wish(const struct pk_maps *m, const struct pk_zone *wish, size_t n, struct pk_zones *z,
                  struct pk_diags *d)
{
    _pk_free_ struct pk_guard *list = NULL;
    size_t n_list = 0;
    int r = n ? pk_guards_read(m, &list, &n_list) : 0;

    if (r)
        return pk_sys_error(d, r, "cannot read which interfaces are guarded");
    for (size_t i = 0; i < n && !r; i++) {
        r = pk_zone_guarded(&wish[i], list, n_list, d);
        if (!r)
            r = pk_zones_put(z, &wish[i], d);
    }
    return r;
}

/* From one to the other; what is not there to be deleted is no error. */
static int pk_zones_step(int map, const struct pk_zones *from, const struct pk_zones *to)
{
    int r = 0;

    for (size_t i = 0; i < from->n && !r; i++) {
        struct pk_u128 key = pk_zone_key(&from->at[i]);

        if (pk_zones_find(to, &from->at[i]) == to->n)
            r = pk_sys_map_delete(map, &key);
        r = r == -ENOENT ? 0 : r;
    }
    for (size_t i = 0; i < to->n && !r; i++) {
        size_t was = pk_zones_find(from, &to->at[i]);
        struct pk_u128 key = pk_zone_key(&to->at[i]);
        uint32_t zone = to->at[i].zone;

        if (was == from->n || from->at[was].zone != zone)
            r = pk_sys_map_update(map, &key, &zone);
    }
    return r;
}

int pk_zones_write(struct pk_fence *f, const struct pk_zones *from, const struct pk_zones *to)
{
    int map = f->maps.fd[PK_MAP_ZONES], r = pk_zones_step(map, from, to);

    if (r)
        (void)!pk_zones_step(map, to, from);
    else
        f->ctl->state_zones = (uint32_t)to->n;
    return r;
}

int pk_zones_rename(const struct pk_maps *m, const char *old, const char *now)
{
    struct pk_u128 from = pk_sys_name_pack(old), to = pk_sys_name_pack(now);
    int map = m->fd[PK_MAP_ZONES], r;
    uint32_t zone;

    if (map < 0 || bpf_map_lookup_elem(map, &from, &zone) < 0)
        return 0;
    r = pk_sys_map_update(map, &to, &zone);
    return r ? r : pk_sys_map_delete(map, &from);
}
