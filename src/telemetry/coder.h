// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The working memory of encoding and decoding: zstd's contexts and arrays of one block's points,
 * made once and used for any number of blocks. 7 MiB, of which a sealed block touches 500 KiB, and
 * only a merged one the rest. Not for two threads at once. An owned object.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <zstd.h>

#include "base/buf.h"

/* Points of one block as it is sealed, at most; and of one that was merged from several. */
#define PK_BLOCK_MAX 8192u
#define PK_MERGED_MAX (16 * PK_BLOCK_MAX)

/* A block's bytes, at most: both columns as they are, every value an exception, and heads. */
#define PK_BLOCK_BYTES_MAX (512u << 10)

/* Room behind the bytes that are unpacked, so that words may be loaded. */
#define PK_CODER_PAD 16u

struct pk_coder {
    ZSTD_CCtx *compress;
    ZSTD_DCtx *decompress;
    int64_t step[PK_MERGED_MAX];     /* a column's values over their divisor, from the first */
    int64_t residual[PK_MERGED_MAX]; /* of the order that is tried */
    int64_t code[PK_MERGED_MAX];     /* of the values of the block decoded last */
    int64_t other[PK_BLOCK_MAX];     /* a second choice of codes */
    int64_t gap[PK_MERGED_MAX];      /* of a sparse column */
    int64_t rare[PK_MERGED_MAX];
    double real[PK_BLOCK_MAX];
    uint64_t word[PK_MERGED_MAX];
    uint8_t symbol[PK_MERGED_MAX];
    uint8_t packed[ZSTD_COMPRESSBOUND(PK_MERGED_MAX)];
    struct pk_buf body;   /* what is decoded, padded */
    struct pk_buf frames; /* a column in frames of reference */
    struct pk_buf split;  /* and split */
    struct pk_buf sparse; /* and sparse */
    struct pk_buf whole;  /* and split at whole bytes */
};

int pk_coder_new(struct pk_coder **ret);
void pk_coder_free(struct pk_coder **c);

static inline void pk_coder_p(struct pk_coder **c)
{
    if (*c)
        pk_coder_free(c);
}
#define _pk_coder_ __attribute__((cleanup(pk_coder_p)))
