// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The interval sets of all leaves of a family, equal ones stored once and known by number. Rules
 * share them widely (a protocol, a port, "established"), so that the sweep over a field moves whole
 * classes of leaves at once.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/iset.h"
#include "classify/index.h"

#define PK_SET_ANY 0u /* the number of "any value" */

/* An owned object but for its sets, which are copied into the arena. */
struct pk_sets {
    struct pk_arena *a;
    const struct pk_iset **set; /* by number; [0] is NULL */
    size_t n, cap;
    struct pk_index index;
};

int pk_sets_init(struct pk_sets *s, struct pk_arena *a);
/* The number of a set of [0, max]; one that holds every value is PK_SET_ANY. 0 or -ENOMEM. */
int pk_sets_add(struct pk_sets *s, const struct pk_iset *set, struct pk_u128 max, uint32_t *ret_id);
void pk_sets_done(struct pk_sets *s);
