// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds by hash what was seen before: numbers below UINT32_MAX under 64-bit hashes. The caller
 * keeps the things themselves and compares them, so that a collision of hashes costs time and
 * nothing else.
 *
 * Open addressing, at most half full, 8 bytes a slot; an owned object. All zero is an empty one.
 *
 *     for (at = 0; (id = pk_index_next(x, hash, &at)) != PK_INDEX_END;)
 *         if (thing number `id` is equal) return id;
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PK_INDEX_END UINT32_MAX

struct pk_index_slot;

struct pk_index {
    struct pk_index_slot *slots;
    size_t n, cap; /* cap: a power of two, or 0 */
};

/* The next number under `hash`; *at is 0 at first. */
uint32_t pk_index_next(const struct pk_index *x, uint64_t hash, size_t *at);
/* 0 or -ENOMEM. */
int pk_index_add(struct pk_index *x, uint64_t hash, uint32_t id);
void pk_index_done(struct pk_index *x);
