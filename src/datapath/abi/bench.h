// SPDX-License-Identifier: GPL-2.0-or-later
/* What `picket bench` and its BPF sender agree on. */
#pragma once

#include <linux/types.h>

#define PK_BENCH_FLOWS 10000u
#define PK_BENCH_SLOTS (13 * PK_BENCH_FLOWS) /* the order in which flows are sent */
#define PK_BENCH_CROSS 16384u /* as many of the first slots lend their fields to crossed frames */
#define PK_BENCH_TTL 64

/* What the sender writes into the template frame. `proto` is the transport protocol. */
struct pk_bench_flow4 {
    __be32 saddr, daddr;
    __be16 sport, dport;
    __u8 proto, pad[3];
};

struct pk_bench_flow6 {
    __u8 saddr[16], daddr[16];
    __be16 sport, dport;
    __u8 proto, pad[11];
};

enum pk_bench_order {
    PK_BENCH_IN_TURN, /* slot after slot, round and round */
    PK_BENCH_CROSSED, /* each field from another slot, drawn for each frame */
    PK_BENCH_RANDOM,  /* each bit that may vary, drawn for each frame */
    PK_BENCH_SPOOFED, /* TCP, slot after slot, with a source and its port drawn for each frame */
};

/* Where the sender stands. */
struct pk_bench_cursor {
    __u64 next;  /* slot */
    __u64 state; /* of the random numbers */
    __u64 order; /* enum pk_bench_order */
};

_Static_assert(sizeof(struct pk_bench_flow4) == 16, "shared with BPF");
_Static_assert(sizeof(struct pk_bench_flow6) == 48, "shared with BPF");
