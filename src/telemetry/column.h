// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A column: up to PK_MERGED_MAX signed 64-bit numbers, losslessly and small. Time stamps, counters,
 * scaled integers and the codes of posits and doubles all go this way.
 *
 *     x[i] = first + divisor * y[i], y[0] = 0; all modulo 2^64
 *     residual r[i], i >= 1:  order 0: y[i];  1: y[i] - y[i-1];  2: the difference of these
 *
 *     form (1) | first (signed) | divisor (varint, if bit 4 of the form) | residuals
 *     form: bits 0-1 the order, bits 2-3 how residuals are packed, bit 4 a divisor, others 0
 *
 * The divisor is the greatest that divides all differences: 10^9 for time stamps on whole seconds,
 * 4096 for bytes in pages, 2^k for posits with k zero bits behind. Packings (column_frames.c,
 * column_split.c, column_sparse.c):
 *
 *   0 even:    one signed number that all residuals are
 *   1 frames:  frames of 128 residuals: each a base and a width, and exceptions
 *   2 split:   symbols through zstd, the low bits as they are
 *   3 sparse:  one residual that most are, and the others with their places
 *
 * Little-endian machines only: packed words are loaded as they stand.
 */
#pragma once

#include "telemetry/coder.h"
#include "telemetry/wire.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "blocks are packed little-endian");

enum pk_packing { PK_PACKING_EVEN, PK_PACKING_FRAMES, PK_PACKING_SPLIT, PK_PACKING_SPARSE };

/* Appends n >= 1 numbers. 0, or what `out` failed with. */
int pk_column_write(struct pk_coder *c, const int64_t *x, size_t n, struct pk_buf *out);

/* About how many bits a number takes, without packing. */
double pk_column_cost(struct pk_coder *c, const int64_t *x, size_t n);

/*
 * Reads n numbers, 1 to PK_MERGED_MAX. PK_CODER_PAD readable bytes must stand behind r->end.
 * 0, or -EBADMSG; whatever the bytes are, nothing else is touched and the time is bounded by n.
 */
int pk_column_read(struct pk_coder *c, struct pk_reader *r, size_t n, int64_t *ret);

/* For the packings. The reader and writer of each has no head: packing and n are known. */
/* false: given up, as it was going to take more than `most` bytes. */
bool pk_frames_write(const int64_t *v, size_t n, size_t most, struct pk_buf *out);
int pk_frames_read(struct pk_reader *r, size_t n, int64_t *ret);

/* A way to split, and about how many bits a residual takes. */
struct pk_split {
    int64_t base;
    unsigned low;
    double cost;
};

struct pk_split pk_split_plan(const int64_t *v, size_t n);
int pk_split_write(struct pk_coder *c, const int64_t *v, size_t n, const struct pk_split *how,
                   struct pk_buf *out);
int pk_split_read(struct pk_coder *c, struct pk_reader *r, size_t n, int64_t *ret);

/* Frames or split, whichever is smaller, in c->frames or c->split. */
enum pk_packing pk_dense_choose(struct pk_coder *c, const int64_t *v, size_t n,
                                const struct pk_split *how);

bool pk_sparse_pays(const int64_t *v, size_t n, int64_t usual);
int pk_sparse_write(struct pk_coder *c, const int64_t *v, size_t n, int64_t usual,
                    struct pk_buf *out);
int pk_sparse_read(struct pk_coder *c, struct pk_reader *r, size_t n, int64_t *ret);
