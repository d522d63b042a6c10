// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two ends of `picket bench`: a sender that turns one template frame into a stream of many
 * flows, and a receiver that does nothing but count and drop, the ceiling that every other figure
 * is compared with.
 *
 * The sender runs in BPF_PROG_TEST_RUN with live frames (Linux 5.18): its XDP_TX sends the frame
 * out of the interface given as ingress_ifindex. Frames come back to it from a page pool with
 * whatever the last use left in them, so every field that varies, or that a receiver might write,
 * is written.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_helpers.h>

#include "datapath/abi/bench.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, PK_BENCH_TABLES *PK_BENCH_FLOWS);
    __type(key, __u32);
    __type(value, struct pk_bench_flow);
} flows SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} dropped SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pk_bench_cursor);
} cursor SEC(".maps");

SEC("xdp")
int pk_bench_send(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct iphdr *ip = data + sizeof(struct ethhdr);
    struct udphdr *udp = (void *)(ip + 1);
    struct pk_bench_cursor *c;
    struct pk_bench_flow *f;
    __u32 key = 0;

    if ((void *)(udp + 1) > end)
        return XDP_DROP;
    c = bpf_map_lookup_elem(&cursor, &key);
    if (!c)
        return XDP_DROP;
    key = c->table * PK_BENCH_FLOWS + c->next++ % PK_BENCH_FLOWS;
    f = bpf_map_lookup_elem(&flows, &key);
    if (!f)
        return XDP_DROP;
    ip->saddr = f->saddr_be32;
    ip->daddr = f->daddr_be32;
    ip->check = f->check;
    ip->ttl = PK_BENCH_TTL;
    udp->source = f->sport_be16;
    udp->dest = f->dport_be16;
    return XDP_TX;
}

SEC("xdp")
int pk_bench_drop(struct xdp_md *ctx)
{
    __u32 key = 0;
    __u64 *n = bpf_map_lookup_elem(&dropped, &key);

    if (n)
        (*n)++;
    return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
