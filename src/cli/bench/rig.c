// SPDX-License-Identifier: GPL-2.0-or-later
/* One subject with one rule set: its namespace and its wire. And the subjects. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "cli/bench/bench.h"
#include "cli/codes.h"

static const uint8_t pk_rig_mac_out[PK_MAC_LEN] = {2, 0, 0, 0, 0, 1};
static const uint8_t pk_rig_mac_in[PK_MAC_LEN] = {2, 0, 0, 0, 0, 2};

#define PK_PICKET                                                                                  \
    .start = pk_bench_picket_start, .judged = pk_bench_picket_judged,                              \
    .stop = pk_bench_picket_stop, .append = pk_bench_picket_append, .again = pk_bench_picket_again

const struct pk_bench_subject pk_bench_subjects[] = {
    {"XDP_DROP", .bare = true, .start = pk_bench_drop_start, .judged = pk_bench_drop_judged},
    {"picket xdp", PK_PICKET, .arg = "xdp"},
    {"picket tc", PK_PICKET, .arg = "tc"},
    {"picket netfilter", PK_PICKET, .arg = "netfilter"},
    {"picket lbvs", PK_PICKET, .arg = "xdp", .classifier = "lbvs"},
    {"nft set", .fits = pk_bench_nft_fits, .start = pk_bench_nft_start,
     .judged = pk_bench_nft_judged, .append = pk_bench_nft_append},
    {"ipset", .fits = pk_bench_ipset_fits, .start = pk_bench_ipset_start,
     .judged = pk_bench_iptables_judged, .append = pk_bench_ipset_append, .arg = "legacy"},
    {"bpfilter", .patience = 1000, .fits = pk_bench_bpfilter_fits, .start = pk_bench_bpfilter_start,
     .judged = pk_bench_bpfilter_judged, .stop = pk_bench_bpfilter_stop},
    {"iptables-legacy", .patience = 24000, .start = pk_bench_iptables_start,
     .judged = pk_bench_iptables_judged, .append = pk_bench_iptables_append, .arg = "legacy"},
    {"iptables-nft", .patience = 10000, .start = pk_bench_iptables_start,
     .judged = pk_bench_iptables_judged, .append = pk_bench_iptables_append, .arg = "nft"},
    {0},
};

static int pk_bench_rig_say(struct pk_bench_rig *rig, enum pk_bench_state state, const char *fmt,
                            va_list args)
{
    rig->state = state;
    vsnprintf(rig->why, sizeof(rig->why), fmt, args);
    return -EIO;
}

int pk_bench_rig_failed(struct pk_bench_rig *rig, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    pk_bench_rig_say(rig, PK_BENCH_FAILED, fmt, args);
    va_end(args);
    return -EIO;
}

int pk_bench_rig_missing(struct pk_bench_rig *rig, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    pk_bench_rig_say(rig, PK_BENCH_MISSING, fmt, args);
    va_end(args);
    return -EIO;
}

int pk_bench_rig_tool(struct pk_bench_rig *rig, struct pk_tool_run *run)
{
    int r;

    run->tick = rig->tick;
    run->arg = rig->tick_arg;
    r = pk_tool_run(&rig->ns, run);
    rig->wall += run->wall;
    rig->cpu += run->cpu;
    return r;
}

/*
 * So that every packet reaches INPUT: all destinations are local, and the source is not looked up
 * (accept_local ends fib_validate_source early), which would cost and belongs to no subject. IPv6
 * is on only where it is sent, and without duplicate address detection: it would add packets.
 */
static int pk_rig_stack(const struct pk_bench_rig *rig)
{
    bool v6 = rig->family == PK_IPV6;
    const char *const set[][2] = {{"ipv4/conf/all/rp_filter", "0"},
                                  {"ipv4/conf/" PK_BENCH_IN "/rp_filter", "0"},
                                  {"ipv4/conf/" PK_BENCH_IN "/accept_local", "1"},
                                  {"ipv6/conf/" PK_BENCH_IN "/accept_dad", "0"},
                                  {"ipv6/conf/" PK_BENCH_IN "/disable_ipv6", v6 ? "0" : "1"}};
    size_t i;
    int r = 0;

    for (i = 0; i < PK_ARRAY_SIZE(set) && !r; i++) {
        r = pk_netns_sysctl(&rig->ns, set[i][0], set[i][1]);
        if (r == -ENOENT && !v6)
            r = 0; /* a kernel without IPv6 */
    }
    if (r)
        return r;
    return v6 ? pk_route_local(&rig->ns, rig->in_ifindex, "fd00::", 8)
              : pk_route_local(&rig->ns, rig->in_ifindex, "10.0.0.0", 8);
}

static int pk_rig_wire(struct pk_bench *b, struct pk_bench_rig *rig)
{
    struct pk_veth_end out = {.ns = &b->out}, in = {.ns = &rig->ns, .name = PK_BENCH_IN};
    char name[16];
    int r, i, o;

    snprintf(name, sizeof(name), "s%u", b->wires++);
    out.name = name;
    memcpy(out.mac, pk_rig_mac_out, PK_MAC_LEN);
    memcpy(in.mac, pk_rig_mac_in, PK_MAC_LEN);
    r = pk_veth_new(&out, &in);
    if (r)
        return r;
    o = pk_link_index(&b->out, name);
    i = pk_link_index(&rig->ns, PK_BENCH_IN);
    if (o < 0 || i < 0)
        return -ENODEV;
    rig->out_ifindex = (unsigned)o;
    rig->in_ifindex = (unsigned)i;
    r = pk_link_gro(&rig->ns, PK_BENCH_IN, true);
    if (!r)
        r = pk_link_up(&b->out, rig->out_ifindex);
    if (!r)
        r = pk_link_up(&rig->ns, rig->in_ifindex);
    return r;
}

int pk_bench_rig_open(struct pk_bench *b, struct pk_bench_rig *rig, struct pk_diags *d)
{
    int r = pk_netns_new(&rig->ns);

    rig->sender = b->sender;
    if (!r)
        r = pk_rig_wire(b, rig);
    if (!r)
        r = pk_rig_stack(rig);
    if (r) {
        pk_error(d, PK_D_RIG, PK_NOWHERE, "run it as root, with veth in the kernel",
                 "cannot build the namespace of %s: %s", rig->subject->name, strerror(-r));
        return r;
    }
    r = rig->subject->start(rig);
    if (!r)
        r = rig->subject->judged(rig, &rig->policy, &rig->rules);
    if (r && rig->state == PK_BENCH_READY)
        pk_bench_rig_failed(rig, "%s", strerror(-r));
    return 0;
}

int pk_bench_rig_address(struct pk_bench *b, struct pk_bench_rig *rig, unsigned k,
                         char ret[static 16])
{
    char client[16];
    int r;

    snprintf(client, sizeof(client), "192.0.2.%u", 4 * k + 1);
    snprintf(ret, 16, "192.0.2.%u", 4 * k + 2);
    r = pk_addr_add(&b->out, rig->out_ifindex, client, 30);
    if (!r)
        r = pk_addr_add(&rig->ns, rig->in_ifindex, ret, 30);
    if (!r)
        r = pk_neigh_add(&b->out, rig->out_ifindex, ret, pk_rig_mac_in);
    return r ? r : pk_neigh_add(&rig->ns, rig->in_ifindex, client, pk_rig_mac_out);
}

void pk_bench_rig_close(struct pk_bench_rig *rig)
{
    if (rig->subject && rig->subject->stop && rig->ns.fd >= 0)
        rig->subject->stop(rig);
    pk_netns_done(&rig->ns);
}

int pk_bench_nothing(struct pk_bench_rig *rig)
{
    return 0;
}

int pk_bench_none_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules)
{
    *ret_policy = *ret_rules = 0;
    return 0;
}

static int pk_rig_drop(struct pk_bench_rig *rig, enum pk_live_drop what)
{
    int back, r = pk_netns_enter(&rig->ns, &back);

    if (r)
        return r;
    r = pk_live_drop_attach(rig->sender, rig->in_ifindex, what);
    if (pk_netns_leave(&back) < 0 && !r)
        r = -EIO;
    return r;
}

int pk_bench_drop_start(struct pk_bench_rig *rig)
{
    return pk_rig_drop(rig, PK_LIVE_DROP_ALL);
}

int pk_bench_drop_udp_start(struct pk_bench_rig *rig)
{
    return pk_rig_drop(rig, PK_LIVE_DROP_UDP);
}

int pk_bench_drop_syn_start(struct pk_bench_rig *rig)
{
    return pk_rig_drop(rig, PK_LIVE_DROP_SYN);
}

int pk_bench_drop_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules)
{
    *ret_rules = 0;
    return pk_live_dropped(rig->sender, ret_policy);
}
