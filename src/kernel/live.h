// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Live frames: real packets sent from inside the kernel by BPF_PROG_TEST_RUN (Linux 5.18), and a
 * receiver that only counts and drops. For `picket bench`.
 *
 * The sending and the receiving end run on the CPU of the caller: a batch of 64 frames is put on
 * the peer's ring and its NAPI instance takes them when the batch ends, in the same system call,
 * unless that takes so long that the kernel hands the rest to ksoftirqd.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "datapath/abi/bench.h"

#define PK_K_LIVE_FRAMES 2090 /* diagnostic: the kernel refused the sender */

struct pk_live_sender; /* owned: the loaded programs and their maps */

/*
 * Loads the programs. To be called in the namespace that sends: the sending program is attached to
 * its loopback, in generic mode, where no frame meets it. That keeps it in the kernel's XDP
 * dispatcher; else each pk_live_send would enter it there and take it out again, which waits for
 * RCU: 27 ms a call were measured. 0 or -errno (diagnosed).
 */
int pk_live_new(struct pk_live_sender **ret, struct pk_diags *d);
/* Fills one of PK_BENCH_TABLES tables with PK_BENCH_FLOWS flows. 0 or -errno. */
int pk_live_fill(struct pk_live_sender *s, unsigned table, const struct pk_bench_flow *flows);
/* The table that is sent from now on. 0 or -errno. */
int pk_live_select(struct pk_live_sender *s, unsigned table);
void pk_live_free(struct pk_live_sender **s);

/*
 * Sends `n` frames out of an interface of the current namespace: an Ethernet frame with an IPv4 and
 * a UDP header without options, whose addresses, ports and checksum are replaced by the next
 * flow's. 0 or -errno.
 */
int pk_live_send(struct pk_live_sender *s, unsigned ifindex, const void *frame, size_t len,
                 unsigned n);

/* Attaches the dropping program to an interface of the current namespace, in native mode. */
int pk_live_drop_attach(struct pk_live_sender *s, unsigned ifindex);
/* Frames that the dropping program has dropped, on all interfaces. 0 or -errno. */
int pk_live_dropped(struct pk_live_sender *s, uint64_t *ret);

static inline void pk_live_p(struct pk_live_sender **s)
{
    if (*s)
        pk_live_free(s);
}
#define _pk_live_ __attribute__((cleanup(pk_live_p)))
