// SPDX-License-Identifier: GPL-2.0-or-later
/* One subject with one number of rules: its namespace, its wire, one measurement. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"
#include "cli/bench.h"
#include "cli/codes.h"

#define PK_BENCH_IN "r0"
#define PK_BENCH_CHUNK_MIN 256u /* a veth ring holds 256 frames */
#define PK_BENCH_CHUNK_MAX 16384u
#define PK_BENCH_CHUNK_NS 4000000u
#define PK_BENCH_STALL_NS 100000000u

static const uint8_t pk_bench_mac_out[PK_MAC_LEN] = {2, 0, 0, 0, 0, 1};
static const uint8_t pk_bench_mac_in[PK_MAC_LEN] = {2, 0, 0, 0, 0, 2};

static uint64_t pk_bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The template: what the sender leaves as it is, of a valid UDP/IPv4 packet without a UDP checksum.
 */
static void pk_bench_frame(uint8_t frame[PK_BENCH_FRAME])
{
    struct ether_header eth = {.ether_type = htons(ETHERTYPE_IP)};
    struct iphdr ip = {.version = 4,
                       .ihl = 5,
                       .ttl = PK_BENCH_TTL,
                       .protocol = IPPROTO_UDP,
                       .tot_len = htons(PK_BENCH_FRAME - sizeof(eth))};
    struct udphdr udp = {.len = htons(PK_BENCH_FRAME - sizeof(eth) - sizeof(ip))};

    memset(frame, 0, PK_BENCH_FRAME);
    memcpy(eth.ether_dhost, pk_bench_mac_in, PK_MAC_LEN);
    memcpy(eth.ether_shost, pk_bench_mac_out, PK_MAC_LEN);
    memcpy(frame, &eth, sizeof(eth));
    memcpy(frame + sizeof(eth), &ip, sizeof(ip));
    memcpy(frame + sizeof(eth) + sizeof(ip), &udp, sizeof(udp));
}

/*
 * So that every packet reaches INPUT: all destinations are local, and the source is not looked up
 * (accept_local ends fib_validate_source early), which would cost and belongs to no subject.
 */
static int pk_bench_stack(const struct pk_netns *ns, unsigned ifindex)
{
    static const char *const set[][2] = {{"ipv4/conf/all/rp_filter", "0"},
                                         {"ipv4/conf/" PK_BENCH_IN "/rp_filter", "0"},
                                         {"ipv4/conf/" PK_BENCH_IN "/accept_local", "1"},
                                         {"ipv6/conf/" PK_BENCH_IN "/disable_ipv6", "1"}};
    size_t i;
    int r = 0;

    for (i = 0; i < PK_ARRAY_SIZE(set) && !r; i++) {
        r = pk_netns_sysctl(ns, set[i][0], set[i][1]);
        if (r == -ENOENT)
            r = 0; /* a kernel without IPv6 */
    }
    return r ? r : pk_route_local(ns, ifindex, "198.19.0.0", 16);
}

static int pk_bench_wire(struct pk_bench *b, struct pk_bench_cell *c)
{
    struct pk_veth_end out = {.ns = &b->out}, in = {.ns = &c->ns, .name = PK_BENCH_IN};
    char name[16];
    int r, i, o;

    snprintf(name, sizeof(name), "s%zu", (size_t)(c - b->cells));
    out.name = name;
    memcpy(out.mac, pk_bench_mac_out, PK_MAC_LEN);
    memcpy(in.mac, pk_bench_mac_in, PK_MAC_LEN);
    r = pk_veth_new(&out, &in);
    if (r)
        return r;
    o = pk_link_index(&b->out, name);
    i = pk_link_index(&c->ns, PK_BENCH_IN);
    if (o < 0 || i < 0)
        return -ENODEV;
    c->out_ifindex = (unsigned)o;
    c->in_ifindex = (unsigned)i;
    r = pk_link_gro(&c->ns, PK_BENCH_IN, true);
    if (!r)
        r = pk_link_up(&b->out, c->out_ifindex);
    if (!r)
        r = pk_link_up(&c->ns, c->in_ifindex);
    return r;
}

int pk_bench_cell_open(struct pk_bench *b, struct pk_bench_cell *c, struct pk_diags *d)
{
    int r = pk_netns_new(&c->ns);

    c->chunk = PK_BENCH_CHUNK_MIN;
    if (!r)
        r = pk_bench_wire(b, c);
    if (!r)
        r = pk_bench_stack(&c->ns, c->in_ifindex);
    if (r) {
        pk_error(d, PK_D_RIG, PK_NOWHERE, "run it as root, with veth in the kernel",
                 "cannot build the namespace of %s: %s", c->subject->name, strerror(-r));
        return r;
    }
    r = c->subject->start(c, d);
    if (!r)
        r = c->subject->judged(c, &c->policy, &c->rules);
    if (r && c->state == PK_BENCH_READY) {
        c->state = PK_BENCH_FAILED;
        snprintf(c->why, sizeof(c->why), "%s", strerror(-r));
    }
    return 0;
}

void pk_bench_cell_close(struct pk_bench_cell *c)
{
    if (c->subject && c->subject->stop && c->ns.fd >= 0)
        c->subject->stop(c);
    pk_netns_done(&c->ns);
}

/*
 * Waits until the receiver has taken `n` more frames since `before`. Normally it has when the
 * sender returns; a slow receiver's rest is done by ksoftirqd, which wants this CPU.
 */
static int pk_bench_settle(const struct pk_bench_cell *c, uint64_t before, uint64_t n)
{
    uint64_t taken, last = before, since = pk_bench_now();
    int r;

    for (;;) {
        r = pk_veth_taken(&c->ns, PK_BENCH_IN, &taken);
        if (r || taken - before >= n)
            return r;
        if (taken != last) {
            last = taken;
            since = pk_bench_now();
        } else if (pk_bench_now() - since > PK_BENCH_STALL_NS) {
            return 0; /* the ring was full: those frames were lost, and are not counted */
        }
        sched_yield();
    }
}

static int pk_bench_chunk(struct pk_bench_cell *c, const uint8_t frame[PK_BENCH_FRAME])
{
    uint64_t before, start = pk_bench_now();
    int r = pk_veth_taken(&c->ns, PK_BENCH_IN, &before);

    if (!r)
        r = pk_live_send(c->sender, c->out_ifindex, frame, PK_BENCH_FRAME, c->chunk);
    if (!r)
        r = pk_bench_settle(c, before, c->chunk);
    if (!r && pk_bench_now() - start < PK_BENCH_CHUNK_NS / 2 && c->chunk < PK_BENCH_CHUNK_MAX)
        c->chunk *= 2;
    return r;
}

static int pk_bench_send(struct pk_bench_cell *c, unsigned ms, struct pk_bench_sample *ret,
                         double *ret_seconds)
{
    uint8_t frame[PK_BENCH_FRAME];
    uint64_t start = pk_bench_now(), now;
    int r;

    pk_bench_frame(frame);
    do {
        unsigned n = c->chunk;

        r = pk_bench_chunk(c, frame);
        if (r)
            return r;
        ret->sent += n;
        now = pk_bench_now();
    } while (now - start < (uint64_t)ms * 1000000u);
    *ret_seconds = (double)(now - start) / 1e9;
    return 0;
}

int pk_bench_cell_run(struct pk_bench *b, struct pk_bench_cell *c, unsigned ms,
                      struct pk_bench_sample *ret)
{
    struct pk_bench_sample s = {0};
    uint64_t policy, rules;
    double seconds = 0;
    int r, back;

    r = pk_netns_enter(&b->out, &back); /* the sender's interface is looked up there */
    if (r)
        return r;
    r = pk_live_select(c->sender, c->table);
    if (!r)
        r = pk_bench_send(c, ms, &s, &seconds);
    if (pk_netns_leave(&back) < 0 && !r)
        r = -EIO;
    if (!r)
        r = c->subject->judged(c, &policy, &rules);
    if (r)
        return r;
    s.judged = policy - c->policy;
    s.matched = rules - c->rules;
    s.rate = (double)s.judged / seconds;
    c->policy = policy;
    c->rules = rules;
    *ret = s;
    return 0;
}

int pk_bench_drop_start(struct pk_bench_cell *c, struct pk_diags *d)
{
    int back, r = pk_netns_enter(&c->ns, &back);

    if (r)
        return r;
    r = pk_live_drop_attach(c->sender, c->in_ifindex);
    if (pk_netns_leave(&back) < 0 && !r)
        r = -EIO;
    return r;
}

int pk_bench_drop_judged(struct pk_bench_cell *c, uint64_t *ret_policy, uint64_t *ret_rules)
{
    *ret_rules = 0;
    return pk_live_dropped(c->sender, ret_policy);
}
