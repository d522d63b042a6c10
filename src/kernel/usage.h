// SPDX-License-Identifier: GPL-2.0-or-later
/* What BPF maps weigh, as the kernel accounts it ("memlock" in their fdinfo). For `picket bench`.
 */
#pragma once

#include <stdint.h>

struct pk_map_usage {
    uint64_t bytes;   /* of all but per-CPU maps */
    uint64_t per_cpu; /* bytes of per-CPU maps, over all CPUs */
};

/* The newest map there is: ids grow (idr_alloc_cyclic), so later maps have higher ones. 0: none. */
uint32_t pk_map_usage_newest(void);
/* Of all maps of the machine that are newer than `after`. 0 or -errno. */
int pk_map_usage(uint32_t after, struct pk_map_usage *ret);
