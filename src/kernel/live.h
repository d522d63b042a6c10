// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Live frames: real packets sent from inside the kernel by BPF_PROG_TEST_RUN (Linux 5.18), and
 * receivers that only count and drop. For `picket bench`.
 *
 * The sending and the receiving end run on the CPU of the caller: a batch of 64 frames is put on
 * the peer's ring and its NAPI instance takes them when the batch ends, in the same system call,
 * unless that takes so long that the kernel hands the rest to ksoftirqd.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "datapath/abi/bench.h"

#define PK_K_LIVE_FRAMES 2090 /* diagnostic: the kernel refused the sender */
#define PK_LIVE_BATCH 64u     /* frames between two visits to the receiver */

struct pk_live_sender; /* owned: the loaded programs and their maps */

/*
 * Loads the programs. To be called in the namespace that sends: a sending program is attached to
 * its loopback, in generic mode, where no frame meets it. That keeps it in the kernel's XDP
 * dispatcher; else each pk_live_send would enter it there and take it out again, which waits for
 * RCU: 27 ms a call were measured. 0 or -errno (diagnosed).
 */
int pk_live_new(bool ipv6, struct pk_live_sender **ret, struct pk_diags *d);
void pk_live_free(struct pk_live_sender **s);

/* What is sent: PK_BENCH_SLOTS of one kind, mapped, to be written between two pk_live_send. */
struct pk_bench_flow4 *pk_live_slots4(struct pk_live_sender *s);
struct pk_bench_flow6 *pk_live_slots6(struct pk_live_sender *s);
/* How they are sent from now on, from the first one. 0 or -errno. */
int pk_live_order(struct pk_live_sender *s, enum pk_bench_order order, uint64_t seed);

/*
 * Sends `n` frames out of an interface of the current namespace: an Ethernet frame with an IP
 * header without options and at least 4 bytes, whose addresses, protocol and ports are replaced by
 * the next flow's. 0 or -errno.
 */
int pk_live_send(struct pk_live_sender *s, unsigned ifindex, const void *frame, size_t len,
                 unsigned n);

/* What a bare program drops; of UDP and of SYNs those over IPv4, and it passes the rest. */
enum pk_live_drop { PK_LIVE_DROP_ALL, PK_LIVE_DROP_UDP, PK_LIVE_DROP_SYN, PK_LIVE_DROPS };

/* Attaches a dropping program to an interface of the current namespace, in native mode. */
int pk_live_drop_attach(struct pk_live_sender *s, unsigned ifindex, enum pk_live_drop what);
/* Frames that the dropping programs have dropped, on all interfaces. 0 or -errno. */
int pk_live_dropped(struct pk_live_sender *s, uint64_t *ret);

static inline void pk_live_p(struct pk_live_sender **s)
{
    if (*s)
        pk_live_free(s);
}
#define _pk_live_ __attribute__((cleanup(pk_live_p)))
