// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the sets of one field begin and end, in ascending order: what the sweep goes along. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "classify/sets.h"

/* At `at` the set becomes present if it was absent, and absent if it was present. */
struct pk_bound {
    struct pk_u128 at;
    uint32_t set;
};

struct pk_bounds {
    struct pk_bound *bound;
    size_t n;
};

/* How many bounds a set of [0, max] has: two an interval, but none behind the universe. */
size_t pk_bounds_count(const struct pk_iset *set, struct pk_u128 max);

/* The bounds of the sets whose numbers are in ids[n], sorted. In the arena. 0 or -ENOMEM. */
int pk_bounds_make(const struct pk_sets *sets, const uint32_t *ids, size_t n, struct pk_u128 max,
                   struct pk_arena *a, struct pk_bounds *ret);
