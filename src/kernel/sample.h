// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What somebody who looks at the fence each second asks besides its counters: whether it is still
 * the same one, and what its interfaces carry. No call reads a rule set.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/conn.h"
#include "kernel/fence.h"
#include "state/counts.h"
#include "state/rtt.h"

#define PK_DEVICES_MAX 4096u /* more are not reported */

/* The kernel's own counters of an interface (struct rtnl_link_stats64). */
struct pk_device {
    char name[16];
    uint32_t ifindex;
    uint64_t rx_packets, rx_bytes, rx_dropped;
    uint64_t tx_packets, tx_bytes, tx_dropped;
};

/* The generation in force: one load from mapped memory. 0: the fence has been taken down. */
uint64_t pk_fence_generation(const struct pk_fence *f);

/*
 * Whether what is open is what stands in this network namespace now. Of a fence that has been taken
 * down counters can still be read: they are the last ones.
 */
bool pk_fence_stands(const struct pk_fence *f);

/*
 * As pk_fence_gather and pk_fence_counters, of both families together: counters lie in blocks of
 * 1,024, and each is fetched once. A family that is not given is left alone.
 */
int pk_fence_sample(struct pk_fence *f, const struct pk_live *live,
                    struct pk_counters *const rule[PK_FAMILY_N],
                    struct pk_counters policy[PK_FAMILY_N][PK_HOOK_N]);

/*
 * Times of TCP handshakes since the fence stands, by side (state/rtt.h); all 0 where the fence has
 * no table of connections of its own. 0 or -errno.
 */
int pk_fence_rtt(const struct pk_fence *f, struct pk_rtt ret[PK_RTT_SIDES]);

/*
 * How full the fence's own table of connections is, and what it has counted since the fence stands
 * (state/counts.h). `buckets` are looked at (0: all of them): of fewer than there are, the count is
 * an estimate. -ENOENT: the fence has no such table; -errno.
 */
struct pk_table_level {
    struct pk_conn_level now;
    uint64_t high; /* the most there have been, an estimate; never below now.count */
    uint64_t evicted[PK_EVICT_N], refused;
};
int pk_fence_table_level(struct pk_fence *f, uint32_t buckets, struct pk_table_level *ret);

/*
 * The guarded interfaces that are there, or all of the namespace if it is guarded as a whole, in
 * the order of their indexes. *ret is owned by the caller. 0 or -errno.
 */
int pk_fence_devices(const struct pk_fence *f, struct pk_device **ret, size_t *ret_n);
