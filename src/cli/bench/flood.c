// SPDX-License-Identifier: GPL-2.0-or-later
/* A paced flood, for ddos.c and syn.c. */
#include <errno.h>
#include <sched.h>
#include <time.h>

#include "cli/bench/bench.h"

#define PK_FLOOD_NAP 100000 /* nanoseconds */

static void pk_flood_until(double end)
{
    double left = end - pk_bench_clock();
    struct timespec t = {.tv_sec = (time_t)left,
                         .tv_nsec = (long)((left - (double)(time_t)left) * 1e9)};

    if (left > 0)
        clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

uint64_t pk_bench_flood(struct pk_bench_rig *rig, unsigned burst, double rate, double end)
{
    const struct timespec nap = {.tv_nsec = PK_FLOOD_NAP};
    uint8_t frame[PK_BENCH_FRAME_MAX];
    size_t len = pk_bench_frame(PK_IPV4, frame);
    double start = pk_bench_clock(), now = start;
    uint64_t sent = 0;

    if (rate <= 0) {
        pk_flood_until(end);
        return 0;
    }
    for (; now < end && !pk_bench_stopping(); now = pk_bench_clock()) {
        if ((double)sent > rate * (now - start)) {
            clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
            continue;
        }
        if (pk_live_send(rig->sender, rig->out_ifindex, frame, len, burst))
            break;
        sent += burst;
    }
    return sent;
}

int pk_bench_urgent(bool on)
{
    struct sched_param p = {.sched_priority = on};

    return sched_setscheduler(0, on ? SCHED_FIFO | SCHED_RESET_ON_FORK : SCHED_OTHER, &p) < 0
               ? -errno
               : 0;
}
