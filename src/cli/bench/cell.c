// SPDX-License-Identifier: GPL-2.0-or-later
/* One measurement: frames sent for a while, and what the receiver says it judged. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"
#include "cli/bench/bench.h"

#define PK_CELL_CHUNK_MIN PK_LIVE_BATCH
#define PK_CELL_CHUNK_MAX 16384u
#define PK_CELL_CHUNK_NS 4000000u
#define PK_CELL_STALL_NS 100000000u
#define PK_CELL_L4 20u /* bytes: a TCP header, or UDP with 12 of data */

static uint64_t pk_cell_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void pk_cell_be16(uint8_t *at, uint16_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

/*
 * The template: what the sender leaves as it is. The transport header is one that fits both
 * protocols: what UDP calls length and checksum (none) is TCP's sequence number, and TCP's data
 * offset (5 words) and flags (SYN) are UDP's data. Returns its length.
 *
 *      0                   4          6        8          12    13    14         20
 *      | source, dest      | length   | 0      | 0        | 5<<4| SYN | 0        |
 */
size_t pk_bench_frame(enum pk_family f, uint8_t frame[PK_BENCH_FRAME_MAX])
{
    struct ether_header eth = {.ether_dhost = {2, 0, 0, 0, 0, 2},
                               .ether_shost = {2, 0, 0, 0, 0, 1}};
    size_t l3 = f == PK_IPV4 ? 20 : 40;
    uint8_t *ip = frame + sizeof(eth), *l4 = ip + l3;

    memset(frame, 0, PK_BENCH_FRAME_MAX);
    eth.ether_type = htons(f == PK_IPV4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
    memcpy(frame, &eth, sizeof(eth));
    ip[0] = f == PK_IPV4 ? 0x45 : 0x60;
    pk_cell_be16(f == PK_IPV4 ? ip + 2 : ip + 4, (uint16_t)(PK_CELL_L4 + (f == PK_IPV4 ? l3 : 0)));
    pk_cell_be16(l4 + 4, PK_CELL_L4);
    l4[12] = 5 << 4;
    l4[13] = 0x02;
    return sizeof(eth) + l3 + PK_CELL_L4;
}

/*
 * Waits until the receiver has taken `n` more frames since `before`. Normally it has when the
 * sender returns; a slow receiver's rest is done by ksoftirqd, which wants this CPU.
 */
static int pk_cell_settle(const struct pk_bench_rig *rig, uint64_t before, uint64_t n)
{
    uint64_t taken, last = before, since = pk_cell_now();
    int r;

    for (;;) {
        r = pk_veth_taken(&rig->ns, PK_BENCH_IN, &taken);
        if (r || taken - before >= n)
            return r;
        if (taken != last) {
            last = taken;
            since = pk_cell_now();
        } else if (pk_cell_now() - since > PK_CELL_STALL_NS) {
            return 0; /* the ring was full: those frames were lost, and are not counted */
        }
        sched_yield();
    }
}

static int pk_cell_chunk(struct pk_bench_cell *c, struct pk_bench_rig *rig, const uint8_t *frame,
                         size_t len)
{
    uint64_t before, start = pk_cell_now();
    int r = pk_veth_taken(&rig->ns, PK_BENCH_IN, &before);

    if (!r)
        r = pk_live_send(rig->sender, rig->out_ifindex, frame, len, c->chunk);
    if (!r)
        r = pk_cell_settle(rig, before, c->chunk);
    if (!r && pk_cell_now() - start < PK_CELL_CHUNK_NS / 2 && c->chunk < PK_CELL_CHUNK_MAX)
        c->chunk *= 2;
    return r;
}

static int pk_cell_send(struct pk_bench_cell *c, struct pk_bench_rig *rig,
                        const struct pk_bench_span *span, struct pk_bench_sample *ret,
                        double *ret_seconds)
{
    uint8_t frame[PK_BENCH_FRAME_MAX];
    size_t len = pk_bench_frame(c->family, frame);
    uint64_t start = pk_cell_now(), now;
    int r;

    do {
        unsigned n = c->chunk;

        r = pk_cell_chunk(c, rig, frame, len);
        if (r)
            return r;
        ret->sent += n;
        now = pk_cell_now();
    } while (now - start < (uint64_t)span->ms * 1000000u &&
             (!span->frames || ret->sent < span->frames));
    *ret_seconds = (double)(now - start) / 1e9;
    return 0;
}

/* Writes the flows into the sender's slots, in the order in which they are sent. */
int pk_bench_cell_select(const struct pk_bench *b, const struct pk_bench_cell *c,
                         const struct pk_bench_flows *flows, bool zipf)
{
    const uint16_t *order = b->order[zipf];
    struct pk_bench_flow4 *slots4 = pk_live_slots4(b->sender);
    struct pk_bench_flow6 *slots6 = pk_live_slots6(b->sender);
    unsigned i;

    for (i = 0; i < PK_BENCH_SLOTS; i++) {
        const struct pk_bench_flow6 *f = &flows->flow[order[i]];

        if (c->family == PK_IPV6) {
            slots6[i] = *f;
            continue;
        }
        slots4[i] =
            (struct pk_bench_flow4){.sport = f->sport, .dport = f->dport, .proto = f->proto};
        memcpy(&slots4[i].saddr, f->saddr, 4);
        memcpy(&slots4[i].daddr, f->daddr, 4);
    }
    return pk_live_order(b->sender, c->traffic->order, c->n_samples + 1);
}

int pk_bench_cell_run(struct pk_bench *b, struct pk_bench_cell *c, struct pk_bench_rig *rig,
                      const struct pk_bench_flows *flows, const struct pk_bench_span *span,
                      struct pk_bench_sample *ret)
{
    struct pk_bench_sample s = {0};
    uint64_t policy, rules;
    double seconds = 0;
    int r, back;

    r = pk_netns_enter(&b->out, &back); /* the sender's interface is looked up there */
    if (r)
        return r;
    if (!c->chunk)
        c->chunk = PK_CELL_CHUNK_MIN;
    r = pk_bench_cell_select(b, c, flows, c->traffic->zipf && !span->frames);
    if (!r)
        r = pk_cell_send(c, rig, span, &s, &seconds);
    if (pk_netns_leave(&back) < 0 && !r)
        r = -EIO;
    if (!r)
        r = rig->subject->judged(rig, &policy, &rules);
    if (r)
        return r;
    s.matched = rules - rig->rules;
    s.judged = policy - rig->policy + s.matched;
    s.rate = (double)s.judged / seconds;
    rig->policy = policy;
    rig->rules = rules;
    *ret = s;
    return 0;
}
