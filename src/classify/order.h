// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * In which order the bits of a family's leaves stand in its rows. Leaves of which none goes on to
 * the next one when it has matched are a *run*: of those that match, the first in the rules' order
 * decides, and where their bits stand does not matter. So leaves that are told apart by the same
 * field, with values next to each other, stand next to each other: a row has its bits in few words,
 * and few words are left when the rows of all fields are ANDed (docs/adr/0012).
 *
 * Time: a sort of the leaves. Memory: 4 bytes a leaf, and 40 while it sorts.
 */
#pragma once

#include "classify/leaves.h"

/* Shorter runs stay in the rules' order: few words, whatever stands where. */
#define PK_ORDER_MIN 128u

/*
 * Sets l->at and l->n_moved, and `from` and `end` of each leaf's record; `in_order`: leaves them in
 * the rules' order. 0 or -ENOMEM.
 */
int pk_leaf_list_order(struct pk_leaf_list *l, bool in_order, struct pk_arena *a);
