// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/fence.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "base/macro.h"
#include "classify/flow.h"
#include "datapath/abi/gather.h"
#include "kernel/fault.h"
#include "kernel/linked.h"
#include "kernel/standing.h"

/* Sets in one run: softirqs of this CPU wait for it, some 50 us. */
#define PK_GATHER_SETS 512u

/* Once for each process: some read again and again. */
static int pk_gather_load(struct pk_fence *f)
{
    if (f->gather >= 0 || f->maps.fd[PK_MAP_FLOW_CACHE] < 0 || f->maps.fd[PK_MAP_FLOW4_CACHE] < 0)
        return 0;
    return pk_linked_load(&pk_linked_gather, "pk_gather", &f->maps, &f->gather);
}

static int pk_gather_run(int prog, struct pk_gather g)
{
    LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = &g, .data_size_in = sizeof(g), .repeat = 1);

    return bpf_prog_test_run_opts(prog, &o) < 0 ? -errno : 0;
}

static int pk_gather_table(const struct pk_fence *f, enum pk_flow_form form, enum pk_map m)
{
    struct bpf_map_info info = {0};
    uint32_t len = sizeof(info);
    int r = bpf_obj_get_info_by_fd(f->maps.fd[m], &info, &len);
    uint32_t sets = info.max_entries / PK_FLOW_WAYS;

    for (uint32_t at = 0; !r && at < sets; at += PK_GATHER_SETS)
        r = pk_gather_run(f->gather, (struct pk_gather){.form = form,
                                                        .first = at * PK_FLOW_WAYS,
                                                        .sets = PK_MIN(sets - at, PK_GATHER_SETS)});
    return r;
}

int pk_fence_gather(struct pk_fence *f)
{
    int r = pk_fault();

    if (!r)
        r = pk_gather_load(f);
    if (r || f->gather < 0)
        return r; /* where there are no such tables, another picket's programs count elsewhere */
    r = pk_gather_table(f, PK_FLOW_LONG, PK_MAP_FLOW_CACHE);
    return r ? r : pk_gather_table(f, PK_FLOW_SHORT, PK_MAP_FLOW4_CACHE);
}
