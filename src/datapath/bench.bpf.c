// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two ends of `picket bench`: senders that turn one template frame into a stream of many flows,
 * and receivers that do nothing but count and drop, the ceiling that every other figure is compared
 * with.
 *
 * A sender runs in BPF_PROG_TEST_RUN with live frames (Linux 5.18): its XDP_TX sends the frame out
 * of the interface given as ingress_ifindex. Frames come back to it from a page pool with whatever
 * the last use left in them, so every field that varies, or that a receiver might write, is
 * written.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "datapath/abi/bench.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, PK_BENCH_SLOTS);
    __type(key, __u32);
    __type(value, struct pk_bench_flow4);
} slots4 SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, PK_BENCH_SLOTS);
    __type(key, __u32);
    __type(value, struct pk_bench_flow6);
} slots6 SEC(".maps");

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

/* The first four bytes of TCP and UDP. */
struct ports {
    __be16 source, dest;
};

/* splitmix64 (Steele, Lea and Flood, OOPSLA 2014). */
static __always_inline __u64 draw(struct pk_bench_cursor *c)
{
    __u64 z = c->state += 0x9e3779b97f4a7c15ULL;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/* RFC 1071: of an IP or TCP header without options whose checksum field is 0, onto `sum`. */
static __always_inline __be16 header_sum(const void *header, __u32 sum)
{
    const __be16 *w = header;

#pragma unroll
    for (int i = 0; i < 10; i++)
        sum += w[i];
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (__be16)~sum;
}

/* The slot whose turn it is. No remainder: the sender's time is part of every figure. */
static __always_inline __u32 turn(struct pk_bench_cursor *c)
{
    __u32 i = c->next;

    c->next = i + 1 < PK_BENCH_SLOTS ? i + 1 : 0;
    return i;
}

static __always_inline struct pk_bench_flow4 *slot4(__u32 key)
{
    return bpf_map_lookup_elem(&slots4, &key);
}

static __always_inline struct pk_bench_flow6 *slot6(__u32 key)
{
    return bpf_map_lookup_elem(&slots6, &key);
}

/* Each field from another slot: values that the rules know, in a tuple that they do not. */
static __always_inline int crossed4(struct pk_bench_cursor *c, struct pk_bench_flow4 *out)
{
    __u64 r = draw(c);
    struct pk_bench_flow4 *s = slot4(r % PK_BENCH_CROSS), *d = slot4((r >> 16) % PK_BENCH_CROSS),
                          *p = slot4((r >> 32) % PK_BENCH_CROSS),
                          *q = slot4((r >> 48) % PK_BENCH_CROSS);

    if (!s || !d || !p || !q)
        return -1;
    out->saddr = s->saddr;
    out->daddr = d->daddr;
    out->sport = p->sport;
    out->proto = p->proto;
    out->dport = q->dport;
    return 0;
}

/* In 128.0.0.0/2: no source that routing would refuse. */
static __always_inline __be32 random_source(__u64 r)
{
    return bpf_htonl(0x80000000u | ((__u32)r & 0x3fffffff));
}

/* To 10.0.0.0/8. */
static __always_inline void random4(struct pk_bench_cursor *c, struct pk_bench_flow4 *out)
{
    __u64 a = draw(c), b = draw(c);

    out->saddr = random_source(a);
    out->daddr = bpf_htonl(0x0a000000u | ((__u32)(a >> 32) & 0x00ffffff));
    out->sport = (__be16)b;
    out->dport = (__be16)(b >> 16);
    out->proto = b >> 63 ? IPPROTO_TCP : IPPROTO_UDP;
}

static __always_inline int next4(struct pk_bench_cursor *c, struct pk_bench_flow4 *out)
{
    struct pk_bench_flow4 *f;

    if (c->order == PK_BENCH_CROSSED)
        return crossed4(c, out);
    if (c->order == PK_BENCH_RANDOM) {
        random4(c, out);
        return 0;
    }
    f = slot4(turn(c));
    if (!f)
        return -1;
    *out = *f;
    if (c->order == PK_BENCH_SPOOFED) {
        __u64 r = draw(c);

        out->saddr = random_source(r);
        out->sport = (__be16)(r >> 32);
    }
    return 0;
}

/* What comes before a TCP header alone in its sum (RFC 9293, 3.1); trackers and servers look at it.
 */
static __always_inline __u32 pseudo_sum(const struct iphdr *ip)
{
    return (ip->saddr >> 16) + (ip->saddr & 0xffff) + (ip->daddr >> 16) + (ip->daddr & 0xffff) +
           bpf_htons(IPPROTO_TCP) + bpf_htons(sizeof(struct tcphdr));
}

SEC("xdp")
int pk_bench_send4(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct iphdr *ip = data + sizeof(struct ethhdr);
    struct ports *ports = (void *)(ip + 1);
    struct tcphdr *tcp = (void *)ports;
    struct pk_bench_flow4 f = {};
    struct pk_bench_cursor *c;
    __u32 zero = 0;

    if ((void *)(tcp + 1) > end)
        return XDP_DROP;
    c = bpf_map_lookup_elem(&cursor, &zero);
    if (!c || next4(c, &f))
        return XDP_DROP;
    ip->saddr = f.saddr;
    ip->daddr = f.daddr;
    ip->protocol = f.proto;
    ip->ttl = PK_BENCH_TTL;
    ip->check = 0;
    ip->check = header_sum(ip, 0);
    ports->source = f.sport;
    ports->dest = f.dport;
    if (c->order == PK_BENCH_SPOOFED) {
        tcp->check = 0;
        tcp->check = header_sum(tcp, pseudo_sum(ip));
    }
    return XDP_TX;
}

static __always_inline int crossed6(struct pk_bench_cursor *c, struct ipv6hdr *ip,
                                    struct ports *ports)
{
    __u64 r = draw(c);
    struct pk_bench_flow6 *s = slot6(r % PK_BENCH_CROSS), *d = slot6((r >> 16) % PK_BENCH_CROSS),
                          *p = slot6((r >> 32) % PK_BENCH_CROSS),
                          *q = slot6((r >> 48) % PK_BENCH_CROSS);

    if (!s || !d || !p || !q)
        return -1;
    __builtin_memcpy(&ip->saddr, s->saddr, 16);
    __builtin_memcpy(&ip->daddr, d->daddr, 16);
    ip->nexthdr = p->proto;
    ports->source = p->sport;
    ports->dest = q->dport;
    return 0;
}

/* 2001:db8::/32 to fd00::/8. */
static __always_inline void random6(struct pk_bench_cursor *c, struct ipv6hdr *ip,
                                    struct ports *ports)
{
    __u64 a = draw(c), b = draw(c), d = draw(c), e = draw(c), p = draw(c);
    __u32 *src = ip->saddr.in6_u.u6_addr32, *dst = ip->daddr.in6_u.u6_addr32;

    src[0] = bpf_htonl(0x20010db8u);
    src[1] = (__u32)(a >> 32);
    src[2] = (__u32)b;
    src[3] = (__u32)(b >> 32);
    dst[0] = bpf_htonl(0xfd000000u | ((__u32)a & 0x00ffffff));
    dst[1] = (__u32)d;
    dst[2] = (__u32)e;
    dst[3] = (__u32)(e >> 32);
    ports->source = (__be16)p;
    ports->dest = (__be16)(p >> 16);
    ip->nexthdr = p >> 63 ? IPPROTO_TCP : IPPROTO_UDP;
}

static __always_inline int in_turn6(struct pk_bench_cursor *c, struct ipv6hdr *ip,
                                    struct ports *ports)
{
    struct pk_bench_flow6 *f = slot6(turn(c));

    if (!f)
        return -1;
    __builtin_memcpy(&ip->saddr, f->saddr, 16);
    __builtin_memcpy(&ip->daddr, f->daddr, 16);
    ip->nexthdr = f->proto;
    ports->source = f->sport;
    ports->dest = f->dport;
    return 0;
}

SEC("xdp")
int pk_bench_send6(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ipv6hdr *ip = data + sizeof(struct ethhdr);
    struct ports *ports = (void *)(ip + 1);
    struct pk_bench_cursor *c;
    __u32 zero = 0;

    if ((void *)(ports + 1) > end)
        return XDP_DROP;
    c = bpf_map_lookup_elem(&cursor, &zero);
    if (!c)
        return XDP_DROP;
    ip->hop_limit = PK_BENCH_TTL;
    if (c->order == PK_BENCH_RANDOM)
        random6(c, ip, ports);
    else if (c->order == PK_BENCH_CROSSED ? crossed6(c, ip, ports) : in_turn6(c, ip, ports))
        return XDP_DROP;
    return XDP_TX;
}

static __always_inline int count_and_drop(void)
{
    __u32 zero = 0;
    __u64 *n = bpf_map_lookup_elem(&dropped, &zero);

    if (n)
        (*n)++;
    return XDP_DROP;
}

SEC("xdp")
int pk_bench_drop(struct xdp_md *ctx)
{
    return count_and_drop();
}

/* The least that stops a flood of UDP and lets the rest through. */
SEC("xdp")
int pk_bench_drop_udp(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof(*eth);

    if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
        ip->protocol != IPPROTO_UDP)
        return XDP_PASS;
    return count_and_drop();
}

/* The same for a flood of SYNs, which ends new connections, too. */
SEC("xdp")
int pk_bench_drop_syn(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof(*eth);
    struct tcphdr *tcp = (void *)(ip + 1); /* the senders here write no options */

    if ((void *)(tcp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
        ip->protocol != IPPROTO_TCP || !tcp->syn || tcp->ack)
        return XDP_PASS;
    return count_and_drop();
}

char _license[] SEC("license") = "GPL";
