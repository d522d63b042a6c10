// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Takes what flows have counted in their entries (classify/flow.h) to the counters, so that user
 * space can read those. Run by BPF_PROG_TEST_RUN, attached nowhere; the "frame" is a struct
 * pk_gather.
 */
#include "datapath/abi/gather.h"
#include "datapath/flow_table.bpf.h"

#define PK_GATHER_TRIES 4

char LICENSE[] SEC("license") = "GPL";

/* A flow that goes on may change its count between the reading and the telling: once more, then. */
static __always_inline int pk_gather_entry(enum pk_flow_form form, __u32 i)
{
    void *f = pk_flow_entry(form, i);
    __u64 count;
    __u32 try;

    for (try = 0; f && try < PK_GATHER_TRIES; try++) {
        /* Read by an add of nothing: what pk_flow_move() reads is read after it, on any CPU. */
        count = __sync_fetch_and_add(&pk_flow_end(form, f)->count, 0);
        if (!pk_flow_packets(count) || pk_flow_move(form, i, count, 0))
            return 1;
    }
    return 0;
}

/* Global functions, to be proved once. */
PK_GLOBAL int pk_gather_one_long(__u32 i)
{
    return pk_gather_entry(PK_FLOW_LONG, i);
}

PK_GLOBAL int pk_gather_one_short(__u32 i)
{
    return pk_gather_entry(PK_FLOW_SHORT, i);
}

static __always_inline void pk_gather_set(enum pk_flow_form form, __u32 first)
{
    __u32 i;
    void *f;

    for (i = first; i < first + PK_FLOW_WAYS; i++) {
        f = pk_flow_entry(form, i);
        if (!f || !pk_flow_packets(pk_volatile(pk_flow_end(form, f)->count)))
            continue;
        if (form == PK_FLOW_SHORT)
            pk_gather_one_short(i);
        else
            pk_gather_one_long(i);
    }
}

static long pk_gather_long(__u32 i, struct pk_gather *g)
{
    pk_gather_set(PK_FLOW_LONG, g->first + i * PK_FLOW_WAYS);
    return 0;
}

static long pk_gather_short(__u32 i, struct pk_gather *g)
{
    pk_gather_set(PK_FLOW_SHORT, g->first + i * PK_FLOW_WAYS);
    return 0;
}

SEC("xdp")
int pk_gather(struct xdp_md *xdp)
{
    const struct pk_gather *data = (void *)(long)xdp->data;
    struct pk_gather g;

    if ((const void *)(data + 1) > (void *)(long)xdp->data_end)
        return 0;
    g = *data;
    if (g.form == PK_FLOW_SHORT)
        bpf_loop(g.sets, pk_gather_short, &g, 0);
    else
        bpf_loop(g.sets, pk_gather_long, &g, 0);
    return 0;
}
