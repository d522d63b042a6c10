// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which bits of a packet's fields some rule can tell apart: what is left of a flow's key (flow.h).
 * For each hook on its own, by the leaves that its packets can meet: a port that only INPUT asks
 * for does not make a flow of each answer.
 */
#pragma once

#include "classify/image.h"
#include "classify/leaves.h"

/*
 * The masks of a family whose leaves stand. `any_call`: chains are called that `l` knows no call
 * of (a delta's), so leaves outside the base chains count for each hook. 0 or -ENOMEM.
 */
int pk_told(const struct pk_leaf_list *l, bool any_call, struct pk_arena *a,
            uint64_t ret[PK_HOOK_N][PK_FLOW_WORDS]);
