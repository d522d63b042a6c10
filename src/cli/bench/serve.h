// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Real servers beside a rig, for `picket bench --state`: nginx with one page of 1 KiB, from a
 * folder of its own, and an iperf3 for each transfer. They run in the rig's namespace, nginx on
 * the CPU of the bench and iperf3 on the other, and die with the bench.
 */
#pragma once

#include <sys/types.h>

#include "cli/bench/bench.h"

struct pk_serve {
    pid_t nginx;
    char folder[32]; /* "": none was made */
};

/* Waits until nginx answers at `address`. Fills rig->why if one cannot be had. 0 or -errno. */
int pk_serve_start(struct pk_bench *b, struct pk_bench_rig *rig, const char *address,
                   struct pk_serve *ret);
void pk_serve_stop(struct pk_serve *s);

/*
 * One second of bulk TCP to `address`: bits a second as they were received. Fills rig->why if there
 * are none. 0 or -errno.
 */
int pk_serve_bulk(struct pk_bench *b, struct pk_bench_rig *rig, const char *address, double *ret);
