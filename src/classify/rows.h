// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Builds the sparse rows of one family (image.h, docs/adr/0004).
 *
 * A live row is changed a few leaves at a time and stored whenever it is needed. Equal rows are
 * stored once, and so are equal runs of words, whatever row or group they stand in: a row that
 * differs from the last one in a single leaf costs its groups (16 bytes per 4,096 leaves) and at
 * most one new run.
 *
 * Memory: an owned object; two buffers and two indexes, none of which passes `max` bytes.
 * Time of a store: the non-zero words of the groups that changed, plus the groups of one row.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "classify/image.h"
#include "classify/index.h"

#define PK_GROUP_WORDS 64u
#define PK_GROUP_LEAVES 4096u

struct pk_rows {
    size_t n_groups;      /* a row; at least 1, so that a row offset always points somewhere */
    uint64_t *live;       /* [n_groups * PK_GROUP_WORDS] the live row, flat */
    uint64_t *sum;        /* [n_groups] its summaries */
    struct pk_group *row; /* [n_groups] as it would be stored; behind `live` where dirty.
                             `words` counts words from the start of the buffer of words */
    uint64_t hash;        /* of `row` */
    uint32_t *dirty;      /* groups in which `live` was changed */
    size_t n_dirty;
    uint8_t *is_dirty; /* [n_groups] */

    struct pk_buf groups; /* the stored rows, n_groups each */
    struct pk_buf words;  /* the stored runs */
    struct pk_index row_index, run_index;
};

/* 0 or -ENOMEM. */
int pk_rows_init(struct pk_rows *b, size_t n_leaves, size_t max);
/* Starts again from a row with no leaf. What is stored stays. */
void pk_rows_clear(struct pk_rows *b);
/* Flips the leaves of `mask` in word `word` (64 leaves) of the live row. */
void pk_rows_flip(struct pk_rows *b, size_t word, uint64_t mask);
/* The number of the stored row that equals the live one. 0, -ENOMEM, or -E2BIG past `max`. */
int pk_rows_store(struct pk_rows *b, uint32_t *ret_row);
/* How many rows are stored. */
size_t pk_rows_count(const struct pk_rows *b);
void pk_rows_done(struct pk_rows *b);
