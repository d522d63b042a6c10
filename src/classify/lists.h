// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which leaves are found by a list, and the lists (image.h; docs/adr/0014 says why).
 *
 * A leaf that asks for an address or port that few others ask for need not stand in any row: the
 * value of that one field leads to a short list of leaves, which say themselves what else they
 * need. At most PK_LISTS fields of a family have lists: those by which most leaves are told apart
 * best. Narrow sets come first; a leaf that would make a list too long, or that would be in too
 * many of them, stands in the rows.
 *
 * Time: that of sorting the fields' bounds, and linear in leaves and entries. Memory: lists live in
 * the arena of the compilation, but for `entries`; 4 entries a leaf and 64 KiB at most.
 */
#pragma once

#include "base/arena.h"
#include "classify/field.h"
#include "classify/leaves.h"
#include "classify/rows.h"

/* A family of fewer leaves has none: their bits are in one word of each row. */
#define PK_LIST_MIN 65u

/* One field that has lists. table.row[] is 0, or 1 and the number of the list's first entry;
 * table.n_rows are the leaves that are found by it. */
struct pk_list_table {
    struct pk_field_table table;
    struct pk_u128 base; /* as in struct pk_list_tab */
    uint32_t shift;
};

struct pk_lists {
    struct pk_list_table list[PK_LISTS];
    size_t n;
    struct pk_runs entries;
    uint32_t *need; /* [sets.n] 1 + where a set stands behind the first one that is needed; or 0 */
    size_t need_bytes;
};

/* Sets l->listed, 1 + a number in list[], and l->n_listed. No list, if `none`. 0, -ENOMEM, or
 * -E2BIG (entries pass `max` bytes). `s` is to be ended with pk_lists_done() whatever is returned.
 */
int pk_lists_make(struct pk_lists *s, struct pk_leaf_list *l, bool none, size_t max,
                  struct pk_arena *a);

/* Bytes in the image, but for the fields' tables: entries, needs and sets. */
size_t pk_lists_bytes(const struct pk_lists *s, const struct pk_leaf_list *l);

/* Writes them at offset `at`, a multiple of 16; returns the offset behind. *ret_needs: where the
 * leaves' needs begin. */
size_t pk_lists_write(const struct pk_lists *s, const struct pk_leaf_list *l, char *image,
                      size_t at, uint32_t *ret_needs);

void pk_lists_done(struct pk_lists *s);
