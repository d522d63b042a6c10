// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A delta (image.h): the rules that were added to a compiled set and the ones that went, as a small
 * image that the walk reads together with the large one. It is compiled anew for each change, so it
 * costs what the changes since the last whole compilation cost, whatever the size of the set.
 * docs/adr/0009 says why.
 */
#pragma once

#include "classify/compile.h"

/* One family. Chains have the same numbers as in the set under the delta. */
struct pk_delta_part {
    const struct pk_ruleset *rs; /* the rules that were added, in their order; NULL: never set */
    const uint32_t *anchor;      /* [rs->n_rules] leaves of the image under it that they stand
                                    before; at a chain's end, one past its last leaf */
    const struct pk_run *gone;   /* [n_gone] leaves under it of the rules that went */
    size_t n_gone;
};

/*
 * The leaves of the rules of a family, in an image that is not placed yet: first[i] is the first of
 * rule i or of one behind it; first[n_rules], one past the last leaf.
 */
void pk_image_leaves(const struct pk_image_head *image, enum pk_family family, size_t n_rules,
                     uint32_t *first);

/*
 * Compiles a delta for the image with the head `under`: nothing behind the head is looked at.
 * slots->policy are those of that image. 0; -ENOMEM; -EBADMSG: it has no such leaves; -E2BIG
 * without a diagnosis: the whole set has to be compiled, since there are rules that jump, or too
 * many of them. Like any image, it is to be placed.
 */
int pk_delta_compile(const struct pk_image_head *under,
                     const struct pk_delta_part part[PK_FAMILY_N], const struct pk_slots *slots,
                     struct pk_image *ret, struct pk_diags *d);
