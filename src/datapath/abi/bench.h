// SPDX-License-Identifier: GPL-2.0-or-later
/* What `picket bench` and its BPF sender agree on. */
#pragma once

#include <linux/types.h>

#define PK_BENCH_FLOWS 8192u /* of one table */
#define PK_BENCH_TABLES 4u
#define PK_BENCH_TTL 64

/* One flow: what the sender writes into the template frame. */
struct pk_bench_flow {
    __u32 saddr_be32, daddr_be32;
    __u16 sport_be16, dport_be16;
    __u16 check; /* of the IPv4 header, as it goes on the wire */
    __u16 pad;
};

/* Where the sender stands: the flows of one table are sent round and round. */
struct pk_bench_cursor {
    __u64 next;
    __u64 table;
};

_Static_assert(sizeof(struct pk_bench_flow) == 16, "shared with BPF");
