// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One field of one family: which leaves does each of its values allow?
 *
 * The bounds of all leaves' interval sets cut the field's universe into elementary intervals, in
 * each of which the set of leaves is the same. A sweep from 0 upwards flips the leaves whose set
 * begins or ends at a bound and stores the row; neighbours with equal rows become one interval.
 *
 * Time: linear in bounds (a radix sort) and in the leaves that change at each. Memory: 24 bytes a
 * bound, twice; at most PK_BOUNDS_MAX bounds.
 */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "classify/compile.h"
#include "classify/leaves.h"
#include "classify/rows.h"

#define PK_BOUNDS_MAX (1u << 23)
#define PK_SEARCH_MAX (1u << 20) /* intervals of a searched field: pk_search() halves 20 times */

/*
 * A field is looked up directly if its universe is at most PK_DIRECT_MAX values and it has more
 * than PK_DIRECT_ABOVE intervals, or at any number of intervals if its universe is PK_DIRECT_ALWAYS
 * (docs/adr/0004 has the measurement).
 */
#define PK_DIRECT_MAX 131073u
#define PK_DIRECT_ABOVE 16u
#define PK_DIRECT_ALWAYS 4096u

#define PK_INDEX_ABOVE 32u /* intervals: more are searched through an index */

/* A field's table as it will stand in the image, but that row numbers are not yet offsets. */
struct pk_field_table {
    enum pk_field field;
    enum pk_method method;
    size_t constrained; /* leaves that do not take any value */
    size_t n_intervals, n_rows;
    size_t n;            /* keys (searched) and rows */
    struct pk_u128 *key; /* [n], NULL if direct */
    uint32_t *row;       /* [n] numbers of stored rows */
    size_t buckets;      /* of its index; 0: none */
    struct pk_u128 base; /* as in struct pk_key_index */
    uint32_t shift;
};

/* Intervals as they are found, each with the number of what its values have. In the arena. */
struct pk_found {
    struct pk_arena *a;
    struct pk_u128 *start;
    uint32_t *row;
    size_t n, cap_start, cap_row;
};

/* One interval more, from `start` on; equal neighbours become one. 0 or -ENOMEM. */
int pk_found_add(struct pk_found *o, struct pk_u128 start, uint32_t row);

/* How values of [0, max] are looked up: sets all of *t but field and n_rows. 0, -ENOMEM,
 * or -E2BIG: more intervals than a search can do. */
int pk_found_table(const struct pk_found *o, struct pk_u128 max, struct pk_field_table *t);

/* How many leaves constrain the field. */
size_t pk_field_constrained(const struct pk_leaf_list *l, enum pk_field field);

/* 0, -ENOMEM, or -E2BIG; of the latter, too many bounds or intervals are diagnosed, but not rows
 * past their maximum (pk_rows_failed). *ret lives in the arena. */
int pk_field_sweep(const struct pk_leaf_list *l, enum pk_field field, struct pk_rows *b,
                   struct pk_arena *a, struct pk_field_table *ret, struct pk_diags *d);

/* Bytes of the table in the image: of its index, of all of it. */
size_t pk_index_bytes(const struct pk_field_table *t);
size_t pk_field_table_bytes(const struct pk_field_table *t);
