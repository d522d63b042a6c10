// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/maps.h"

#include <errno.h>

#include "base/macro.h"
#include "datapath/abi/ctl.h"
#include "kernel/sys.h"

static const struct pk_map_spec pk_map_specs[PK_MAP_N] = {
    [PK_MAP_CTL] = {"ctl", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct pk_ctl), 1, BPF_F_MMAPABLE},
    [PK_MAP_COUNTERS] = {"counters", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, PK_CHUNKS_MAX, 0},
    [PK_MAP_REASONS] = {"reasons", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct pk_count),
                        PK_WHERE_N *PK_REASON_MAX, 0},
    [PK_MAP_IFNAMES] = {"ifnames", BPF_MAP_TYPE_HASH, 4, sizeof(struct pk_ifname), PK_IFNAMES_MAX,
                        BPF_F_NO_PREALLOC},
    [PK_MAP_GUARDS] = {"guards", BPF_MAP_TYPE_HASH, sizeof(struct pk_u128), 4, PK_GUARDS_MAX,
                       BPF_F_NO_PREALLOC},
    [PK_MAP_PROGS_NF] = {"progs_nf", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, PK_BANKS *PK_PROGS, 0},
    [PK_MAP_PROGS_TC] = {"progs_tc", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, PK_BANKS *PK_PROGS, 0},
    [PK_MAP_PROGS_XDP] = {"progs_xdp", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, PK_BANKS *PK_PROGS, 0},
};

static const struct pk_map_spec pk_chunk_spec = {
    "chunk", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct pk_count), PK_CHUNK, 0};

const char *pk_map_name(enum pk_map m)
{
    return pk_map_specs[m].name;
}

void pk_maps_done(struct pk_maps *m)
{
    for (int i = 0; i < PK_MAP_N; i++)
        pk_close_p(&m->fd[i]);
    *m = PK_MAPS_NONE;
}

int pk_maps_chunk(int *ret)
{
    return pk_sys_map_create(&pk_chunk_spec, -1, ret);
}

int pk_maps_create(struct pk_maps *ret, struct pk_diags *d)
{
    _pk_maps_ struct pk_maps m = PK_MAPS_NONE;
    _pk_close_ int chunk = -1;
    int r = pk_maps_chunk(&chunk);

    for (int i = 0; !r && i < PK_MAP_N; i++)
        r = pk_sys_map_create(&pk_map_specs[i], i == PK_MAP_COUNTERS ? chunk : -1, &m.fd[i]);
    if (r)
        return pk_sys_error(d, r, "cannot create the maps of the fence");
    *ret = m;
    m = PK_MAPS_NONE;
    return 0;
}

int pk_maps_pin(const struct pk_maps *m, const struct pk_pins *p, struct pk_diags *d)
{
    for (int i = 0; i < PK_MAP_N; i++) {
        int r = pk_sys_pin(p->dir, pk_map_specs[i].name, m->fd[i]);

        if (r)
            return pk_sys_error(d, r, "cannot pin %s/%s", p->path, pk_map_specs[i].name);
    }
    return 0;
}

int pk_maps_open(const struct pk_pins *p, struct pk_maps *ret)
{
    _pk_maps_ struct pk_maps m = PK_MAPS_NONE;

    for (int i = 0; i < PK_MAP_N; i++) {
        int r = pk_sys_pinned(p->dir, pk_map_specs[i].name, &m.fd[i]);

        if (r)
            return r;
    }
    *ret = m;
    m = PK_MAPS_NONE;
    return 0;
}
