// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A set of numbers as sorted, disjoint, non-adjacent closed intervals [lo, hi] of 128-bit numbers.
 * It is what every match of a rule becomes: an address prefix, a port list, a negated name.
 *
 * Immutable once made; lives in the arena of its transaction, and operations may share storage.
 * The universe of a field is [0, max]; complement needs it. An interval set has at most
 * PK_ISET_MAX intervals: an operation that would pass it fails (NULL), as when memory is out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/u128.h"

#define PK_ISET_MAX 65536

struct pk_interval {
    struct pk_u128 lo, hi;
};

struct pk_iset {
    size_t n; /* 0: the empty set */
    struct pk_interval iv[];
};

const struct pk_iset *pk_iset_empty(void);
const struct pk_iset *pk_iset_range(struct pk_arena *a, struct pk_u128 lo, struct pk_u128 hi);
/* The same set in another arena. */
const struct pk_iset *pk_iset_copy(struct pk_arena *a, const struct pk_iset *x);
/* Any order, overlaps allowed. */
const struct pk_iset *pk_iset_from(struct pk_arena *a, const struct pk_interval *iv, size_t n);
const struct pk_iset *pk_iset_and(struct pk_arena *a, const struct pk_iset *x,
                                  const struct pk_iset *y);
const struct pk_iset *pk_iset_or(struct pk_arena *a, const struct pk_iset *x,
                                 const struct pk_iset *y);
const struct pk_iset *pk_iset_not(struct pk_arena *a, const struct pk_iset *x, struct pk_u128 max);
bool pk_iset_has(const struct pk_iset *x, struct pk_u128 v);
/* Is it [lo, hi]; is it a part of that; is that a part of it? */
bool pk_iset_is_range(const struct pk_iset *x, struct pk_u128 lo, struct pk_u128 hi);
bool pk_iset_within(const struct pk_iset *x, struct pk_u128 lo, struct pk_u128 hi);
bool pk_iset_covers(const struct pk_iset *x, struct pk_u128 lo, struct pk_u128 hi);
bool pk_iset_equal(const struct pk_iset *x, const struct pk_iset *y);
bool pk_iset_subset(const struct pk_iset *x, const struct pk_iset *of);
