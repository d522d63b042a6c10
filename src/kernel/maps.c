// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/maps.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "classify/flow.h"
#include "datapath/abi/ctl.h"
#include "kernel/sys.h"
#include "state/counts.h"
#include "state/rtt.h"

#define PK_NAME_(x) #x
#define PK_NAME(x) PK_NAME_(x)

static const struct pk_map_spec pk_map_specs[PK_MAP_N] = {
    [PK_MAP_CTL] = {"ctl", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct pk_ctl), 1, BPF_F_MMAPABLE},
    [PK_MAP_COUNTERS] = {"counters", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, PK_CHUNKS_MAX, 0},
    [PK_MAP_REASONS] = {PK_NAME(PK_REASONS), BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct pk_count),
                        PK_WHERE_N *PK_REASON_MAX, 0},
    [PK_MAP_IFNAMES] = {"ifnames", BPF_MAP_TYPE_HASH, 4, sizeof(struct pk_ifname), PK_IFNAMES_MAX,
                        BPF_F_NO_PREALLOC},
    [PK_MAP_GUARDS] = {"guards", BPF_MAP_TYPE_HASH, sizeof(struct pk_u128), 4, PK_GUARDS_MAX,
                       BPF_F_NO_PREALLOC},
    [PK_MAP_FLOW_FAR] = {"flows_long_far", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct pk_flow_far), 0,
                         BPF_F_MMAPABLE},
    [PK_MAP_FLOW_CACHE] = {"flows_long", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct pk_flow_entry), 0,
                           BPF_F_MMAPABLE},
    [PK_MAP_FLOW4_FAR] = {"flows_short_far", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct pk_flow_far), 0,
                          BPF_F_MMAPABLE},
    [PK_MAP_FLOW4_CACHE] = {"flows_short", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct pk_flow_entry4), 0,
                            BPF_F_MMAPABLE},
    [PK_MAP_STATE] = {"state", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct pk_state_bucket), 0, 0},
    [PK_MAP_RTT] = {"rtt", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct pk_rtt), PK_RTT_SIDES, 0},
    [PK_MAP_STATE_COUNTS] = {"state_counts", BPF_MAP_TYPE_PERCPU_ARRAY, 4,
                             sizeof(struct pk_state_counts), 1, 0},
    [PK_MAP_ZONES] = {"zones", BPF_MAP_TYPE_HASH, sizeof(struct pk_u128), 4, PK_ZONES_MAX + 1, 0},
    [PK_MAP_PROGS_NF] = {"progs_nf", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, PK_PROG_ARRAY, 0},
    [PK_MAP_PROGS_TC] = {"progs_tc", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, PK_PROG_ARRAY, 0},
    [PK_MAP_PROGS_XDP] = {"progs_xdp", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, PK_PROG_ARRAY, 0},
};

/*
 * Entries of the flow cache for each CPU, a power of two: so many that tens of thousands of flows
 * find room (8 MiB), but no more than PK_FLOWS_BYTES over all CPUs.
 */
#define PK_FLOWS_MOST 65536u
#define PK_FLOWS_LEAST 1024u
#define PK_FLOWS_BYTES (64u << 20)

static int pk_flows_spec(struct pk_map_spec *spec, uint32_t *ret_per_cpu)
{
    uint32_t n = PK_FLOWS_MOST;
    size_t cpus;
    int r = pk_sys_cpu_ids(&cpus);

    if (r)
        return r;
    while (n > PK_FLOWS_LEAST && n * cpus * PK_FLOW_BYTES > PK_FLOWS_BYTES)
        n /= 2;
    spec->max_entries = (uint32_t)(n * cpus);
    *ret_per_cpu = n;
    return 0;
}

int pk_maps_flows(uint32_t *ret_per_cpu)
{
    struct pk_map_spec unused = {0};

    return pk_flows_spec(&unused, ret_per_cpu);
}

static bool pk_map_is_flows(enum pk_map m)
{
    return m == PK_MAP_FLOW_FAR || m == PK_MAP_FLOW_CACHE || m == PK_MAP_FLOW4_FAR ||
           m == PK_MAP_FLOW4_CACHE;
}

/* What a map should be; the size of the flow cache depends on the host. */
static int pk_map_spec(enum pk_map m, struct pk_map_spec *ret)
{
    uint32_t per_cpu;

    *ret = pk_map_specs[m];
    if (!pk_map_is_flows(m))
        return 0;
    return pk_flows_spec(ret, &per_cpu);
}

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
    struct pk_map_spec spec = {"chunk", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct pk_count), PK_CHUNK,
                               0};
    size_t cpus;
    int r = pk_sys_cpu_ids(&cpus);

    spec.max_entries *= (uint32_t)cpus;
    return r ? r : pk_sys_map_create(&spec, -1, ret);
}

/* Programs are bound to these; a fence of a picket that has not got one is given it. */
static bool pk_map_is_data(enum pk_map m)
{
    return m == PK_MAP_COUNTERS || m == PK_MAP_REASONS || m == PK_MAP_IFNAMES ||
           m == PK_MAP_STATE || m == PK_MAP_RTT || m == PK_MAP_STATE_COUNTS || m == PK_MAP_ZONES ||
           pk_map_is_flows(m);
}

static int pk_map_new(enum pk_map m, int *ret)
{
    _pk_close_ int chunk = -1;
    struct pk_map_spec spec;
    int r = pk_map_spec(m, &spec);

    if (!r && m == PK_MAP_COUNTERS)
        r = pk_maps_chunk(&chunk);
    return r ? r : pk_sys_map_create(&spec, chunk, ret);
}

int pk_maps_create(struct pk_maps *ret, struct pk_diags *d)
{
    _pk_maps_ struct pk_maps m = PK_MAPS_NONE;
    int r = 0;

    for (int i = 0; !r && i < PK_MAP_N; i++)
        if (i != PK_MAP_STATE)
            r = pk_map_new((enum pk_map)i, &m.fd[i]);
    if (r)
        return pk_sys_error(d, r, "cannot create the maps of the fence");
    *ret = m;
    m = PK_MAPS_NONE;
    return 0;
}

int pk_maps_pin(const struct pk_maps *m, const struct pk_pins *p, struct pk_diags *d)
{
    for (int i = 0; i < PK_MAP_N; i++) {
        int r = m->fd[i] < 0 ? 0 : pk_sys_pin(p->dir, pk_map_specs[i].name, m->fd[i]);

        if (r)
            return pk_sys_error(d, r, "cannot pin %s/%s", p->path, pk_map_specs[i].name);
    }
    return 0;
}

static bool pk_map_fits(int fd, const struct pk_map_spec *s)
{
    struct bpf_map_info info = {0};
    uint32_t len = sizeof(info);

    return !bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == s->type &&
           info.key_size == s->key_size && info.value_size == s->value_size &&
           (!s->max_entries || info.max_entries == s->max_entries);
}

int pk_maps_pinned(int dir, enum pk_map m, int *ret)
{
    _pk_close_ int fd = -1;
    struct pk_map_spec spec;
    int r = pk_map_spec(m, &spec);

    if (!r)
        r = pk_sys_pinned(dir, spec.name, &fd);
    if (r)
        return r;
    if (!pk_map_fits(fd, &spec))
        return -EPROTO;
    *ret = PK_TAKE_FD(fd);
    return 0;
}

int pk_maps_open(const struct pk_pins *p, struct pk_maps *ret)
{
    _pk_maps_ struct pk_maps m = PK_MAPS_NONE;

    for (int i = 0; i < PK_MAP_N; i++) {
        int r = pk_maps_pinned(p->dir, (enum pk_map)i, &m.fd[i]);

        if (r && (r != -ENOENT || !pk_map_is_data((enum pk_map)i)))
            return r;
    }
    *ret = m;
    m = PK_MAPS_NONE;
    return 0;
}

int pk_maps_complete(struct pk_maps *m, const struct pk_pins *p, struct pk_diags *d)
{
    for (int i = 0; i < PK_MAP_N; i++) {
        int r = 0;

        if (m->fd[i] >= 0 || i == PK_MAP_STATE)
            continue;
        r = pk_map_new((enum pk_map)i, &m->fd[i]);
        if (!r)
            r = pk_sys_pin(p->dir, pk_map_specs[i].name, m->fd[i]);
        if (r)
            return pk_sys_error(d, r, "cannot add %s/%s", p->path, pk_map_specs[i].name);
    }
    return 0;
}

int pk_maps_state(struct pk_maps *m, const struct pk_pins *p, uint32_t buckets)
{
    struct pk_map_spec spec = pk_map_specs[PK_MAP_STATE];
    _pk_close_ int fd = -1;
    int r;

    spec.max_entries = buckets;
    r = pk_sys_map_create_locked(&spec, &fd);
    if (!r)
        r = pk_sys_pin(p->dir, spec.name, fd);
    if (r)
        return r;
    m->fd[PK_MAP_STATE] = PK_TAKE_FD(fd);
    return 0;
}

bool pk_maps_known(const char *pin)
{
    for (int i = 0; i < PK_MAP_N; i++)
        if (!strcmp(pin, pk_map_specs[i].name))
            return true;
    return false;
}
