// SPDX-License-Identifier: GPL-2.0-or-later
/* Puts the parts of a compiled family at their places in the image (image.h has the picture). */
#pragma once

#include "classify/compile.h"
#include "classify/field.h"
#include "classify/leaves.h"
#include "classify/lists.h"
#include "classify/rows.h"

/* A family, compiled but not yet at its place. */
struct pk_part {
    bool present;
    struct pk_leaf_list leaves;
    struct pk_lists lists;
    struct pk_rows rows;
    struct pk_field_table table[PK_FIELD_N];
    size_t n_tables;
    uint64_t told[PK_HOOK_N][PK_FLOW_WORDS]; /* told.h */
};

/* Bytes that a family takes behind the head, a multiple of 8. */
size_t pk_part_bytes(const struct pk_part *p);

/* What the plan says of a family. */
void pk_part_plan(const struct pk_part *p, struct pk_family_plan *ret);

/*
 * Writes a family at offset `at` of the image, whose bytes are zero, and its entry in the head.
 * `policy` are the counter slots of the base chains. Returns the offset behind it.
 */
size_t pk_part_write(const struct pk_part *p, const uint32_t policy[PK_HOOK_N],
                     struct pk_image_head *head, size_t at);
