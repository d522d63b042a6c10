// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Builds the rows of one family (image.h); why sparse ones: docs/adr/0004.
 *
 * A live row is changed a few leaves at a time and stored whenever it is needed. Equal rows are
 * stored once, and so are equal runs of groups and of words, whatever row they stand in: a row of
 * one leaf costs 40 bytes, and one that differs from another in a single leaf costs its groups that
 * are not zero and at most one new run of words.
 *
 * Dense rows (plain linear bit-vector search) are stored whole, equal ones once.
 *
 * Memory: an owned object; three buffers and three indexes, none of which passes `max` bytes.
 * Time of a store: the non-zero words of the groups that changed, and the groups of their tops.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "classify/image.h"
#include "classify/index.h"

#define PK_GROUP_WORDS 64u
#define PK_TOP_GROUPS 64u
#define PK_TOP_LEAVES (64u * 64 * 64)

/* Runs of elements of `size` bytes, equal ones stored once; known by the number of the first. */
struct pk_runs {
    struct pk_buf buf;
    size_t size;
    struct pk_index index;
};

/* The number of the first element of a stored run that equals run[n]. 0, -ENOMEM, or -E2BIG. */
int pk_runs_store(struct pk_runs *runs, const void *run, size_t n, uint32_t *ret_at);

struct pk_rows {
    size_t dense;           /* words of a dense row, whole blocks; 0: rows are sparse */
    size_t n_tops;          /* of a row; at least 1, so that a row offset always points somewhere */
    uint64_t *live;         /* [n_tops * 64 * 64] the live row, flat */
    struct pk_group *group; /* [n_tops * 64] its groups; `at` is behind `live` where dirty */
    struct pk_group *top;   /* [n_tops] likewise */
    uint32_t *dirty;        /* groups in which `live` was changed */
    size_t n_dirty;
    uint8_t *is_dirty; /* [n_tops * 64] */

    struct pk_buf tops; /* the stored rows, n_tops each */
    struct pk_runs groups, words;
    struct pk_index row_index;
};

/* 0 or -ENOMEM. */
int pk_rows_init(struct pk_rows *b, size_t n_leaves, bool dense, size_t max);
/* Starts again from a row with no leaf. What is stored stays. */
void pk_rows_clear(struct pk_rows *b);
/* Flips the leaves of `mask` in word `word` (64 leaves) of the live row. */
void pk_rows_flip(struct pk_rows *b, size_t word, uint64_t mask);
/* The number of the stored row that equals the live one. 0, -ENOMEM, or -E2BIG past `max`. */
int pk_rows_store(struct pk_rows *b, uint32_t *ret_row);
/* How many rows are stored; bytes from one to the next; what all of it takes in the image; whether
 * `max` was passed. */
size_t pk_rows_count(const struct pk_rows *b);
size_t pk_rows_stride(const struct pk_rows *b);
size_t pk_rows_bytes(const struct pk_rows *b);
int pk_rows_failed(const struct pk_rows *b);
/* Writes them at offset `at` of the image, row 0 first; *ret_words is where the words begin.
 * Returns the offset behind. */
size_t pk_rows_write(const struct pk_rows *b, char *image, size_t at, size_t *ret_words);
void pk_rows_done(struct pk_rows *b);
