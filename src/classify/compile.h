// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rule sets to image (image.h). Pure: bytes in memory, no kernel.
 */
#pragma once

#include "base/diag.h"
#include "classify/image.h"
#include "rules/ruleset.h"

/*
 * Counter slots: slot[f][ordinal] of a rule, policy[f][hook] of a base chain. The caller (the
 * kernel room, which knows which slots live rules hold) fills them before compiling; tests number
 * them.
 */
struct pk_slots {
    const uint32_t *rule[PK_FAMILY_N];
    uint32_t policy[PK_FAMILY_N][PK_HOOK_N];
};

/* What the compiler chose, for `check --plan` and `status`. Bytes. */
struct pk_field_plan {
    bool used;
    enum pk_method method;
    size_t intervals; /* elementary intervals */
    size_t rows;      /* distinct rows */
    size_t bytes;     /* row offsets, their keys, an index */
};

struct pk_family_plan {
    bool present;
    size_t rules, leaves, chains, depth;
    size_t listed;  /* leaves that are found by lists */
    uint32_t asked; /* a bit for each field that some leaf asks for */
    struct pk_field_plan field[PK_FIELD_N];
    struct pk_field_plan list[PK_FIELD_N]; /* fields that have lists; rows: leaves found by them */
    size_t list_bytes, row_bytes, leaf_bytes, order_bytes, step_bytes;
};

struct pk_plan {
    enum pk_classifier classifier;
    struct pk_family_plan family[PK_FAMILY_N];
    size_t bytes; /* the whole image */
};

struct pk_image {
    struct pk_image_head *head; /* owned, malloc; head->size bytes */
    struct pk_plan plan;
};

#define PK_IMAGE_MAX (1u << 28)

/* All zero: what nobody has to choose. */
struct pk_compile_options {
    size_t memory_max; /* bytes of the image; 0: PK_IMAGE_MAX */
    enum pk_classifier classifier;
    bool in_order; /* bits stand in the order of the leaves: what pk_delta_next() reads */
};

/*
 * Compiles both families (either may be NULL or not `given`). 0; -E2BIG (diagnosed by name:
 * nesting, walk length, memory); -ENOMEM. *ret is set only on success. Works in its own arena.
 */
int pk_compile(const struct pk_ruleset *const rs[PK_FAMILY_N], const struct pk_slots *slots,
               const struct pk_compile_options *o, struct pk_image *ret, struct pk_diags *d);
/* Makes an image that stands at offset 0 ready to stand at `place` of a map. Once. */
void pk_image_place(struct pk_image_head *head, uint32_t place);
void pk_image_done(struct pk_image *img);
