// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Round-trip times, as TCP handshakes show them. Shared by user space and BPF.
 *
 *      network    fence    host          network    fence    host
 *      SYN ---------->|-------->             <---------|<-------- SYN
 *         <-----------|<------- SYN/ACK   SYN/ACK ---->|-------->
 *      ACK ---------->|                                |<-------- ACK
 *
 * Each half ends with a packet that comes from the network, or with one that goes there, and is the
 * time of that side. Halves are timed that cannot be told wrong: the SYN is the connection's first
 * packet, the answer acknowledges it, or the SYN/ACK, to the byte, and neither was seen twice,
 * since an answer does not say which of two it answers (Karn and Partridge, "Improving Round-Trip
 * Time Estimates in Reliable Transport Protocols", SIGCOMM 1987).
 *
 * The entry has room for one time stamp: of the SYN until the SYN/ACK comes, then of that.
 */
#pragma once

#include "state/view.h"

/* Stamps count 64 ns, 32 bits of them: 274 s. 0: none, or the clock was not read. */
#define PK_RTT_SHIFT 6u
#define PK_RTT_LONGEST (1u << (32 + PK_RTT_SHIFT - PK_STATE_TICK_SHIFT)) /* ticks */

static inline __u32 pk_rtt_stamp(__u64 ns)
{
    __u32 at = (__u32)(ns >> PK_RTT_SHIFT);

    return at ? at : 1;
}

/*
 * Times are counted by size, 16 sizes to each doubling: the middle of a size is off by less than
 * 1/32 (PK_RTT_ERROR). Below 16 units (1 us) each unit has its own.
 */
#define PK_RTT_SIZES 464u
#define PK_RTT_ERROR (1.0 / 32)

enum pk_rtt_side { PK_RTT_NETWORK, PK_RTT_HOST, PK_RTT_SIDES };

/*
 * An element of the per-CPU array "rtt", by side. Who copies it, from its beginning on, while its
 * CPU counts, has all of it from one moment if `halves` and `begun` are equal.
 */
struct pk_rtt {
    __u64 halves; /* that were timed */
    __u64 units;  /* the sum of their times */
    __u64 size[PK_RTT_SIZES];
    __u64 begun; /* counted before anything else is */
};

_Static_assert(sizeof(struct pk_rtt) == 3736, "shared with BPF");

static inline __u32 pk_rtt_log2(__u32 v)
{
    __u32 log = (v > 0xffff) << 4;

    log |= ((v >> log) > 0xff) << 3;
    log |= ((v >> log) > 0xf) << 2;
    log |= ((v >> log) > 3) << 1;
    return log | (v >> log) >> 1;
}

/* The size of a time, below PK_RTT_SIZES. */
static inline __u32 pk_rtt_size(__u32 units)
{
    __u32 log = pk_rtt_log2(units | 1);

    return log < 4 ? units : (log - 3) << 4 | (units >> (log - 4) & 15);
}

/* The least time of a size, in units; of PK_RTT_SIZES: 2^32. */
static inline __u64 pk_rtt_least(__u32 size)
{
    return size < 16 ? size : (__u64)(16 | (size & 15)) << ((size >> 4) - 1);
}

static inline void pk_rtt_add(struct pk_rtt *r, __u32 units)
{
    __u32 size = pk_rtt_size(units);

    r->begun++;
    __asm__ volatile("" ::: "memory");
    r->units += units;
    if (size < PK_RTT_SIZES)
        r->size[size]++;
    __asm__ volatile("" ::: "memory");
    r->halves++;
}

/* Whether a segment may begin or end a half, if its connection is in this state. */
static inline int pk_rtt_wants(const struct pk_seen *seen, __u32 state)
{
    return seen->key.proto == 6 && (seen->segment <= PK_TCP_SYNACK || state == PK_TCP_SYN_RECV);
}

static inline __u32 pk_rtt_begun(const struct pk_state_tcp *s)
{
    return s->seen[0].at | (__u32)s->seen[1].at << 16;
}

static inline void pk_rtt_begin(struct pk_state_tcp *s, __u32 at)
{
    s->seen[0].at = (__u16)at;
    s->seen[1].at = (__u16)(at >> 16);
}

/*
 * A segment of direction `dir`, at `at`, of a connection that was in the state `old` before;
 * `taken`: it has been believed. The time of the half that it ends; 0: of none.
 */
static inline __u32 pk_rtt_segment(struct pk_state_tcp *s, const struct pk_seen *seen, __u32 dir,
                                   __u32 old, int taken, __u32 at)
{
    __u32 begun = pk_rtt_begun(s), took = at - begun, next = 0;
    int ends = 0;

    if (old >= PK_TCP_ESTABLISHED) /* nothing has begun */
        return 0;
    if (seen->segment == PK_TCP_SYN) {
        next = old == PK_TCP_NONE ? at : 0;
    } else if (seen->segment == PK_TCP_SYNACK) {
        ends = begun && taken && dir && old == PK_TCP_SYN_SENT && seen->ack == s->seen[0].end;
        next = ends ? at : 0;
    } else {
        ends = begun && taken && !dir && old == PK_TCP_SYN_RECV && seen->segment == PK_TCP_ACK &&
               seen->ack == s->seen[1].end;
    }
    pk_rtt_begin(s, next);
    return ends ? took | !took : 0;
}
