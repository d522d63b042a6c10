// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A sealed block: 1 to PK_BLOCK_MAX points of one series, as a head and a body; merged from several
 * such, up to PK_MERGED_MAX. The head alone
 * answers count, min, max, sum, first, last and a counter's rise; the body has the points. The
 * layout is in docs/telemetry-format.md. Reading is for bytes of any origin: -EBADMSG, bounded, no
 * other effect. A head that does not agree with its body is not found out by reading the head.
 */
#pragma once

#include "telemetry/agg.h"
#include "telemetry/column.h"

#define PK_BLOCK_FORMAT 1

/* Blocks in which a value, scaled, lies outside of this have PK_BLOCK_ZONE: beyond it posits of 32
 * bits have fewer significant bits than a float (de Dinechin et al., CoNGA 2019). */
#define PK_ZONE_MIN 0x1p-20
#define PK_ZONE_MAX 0x1p20

enum pk_block_flag {
    PK_BLOCK_COUNTER = 0x01,
    PK_BLOCK_CONSTANT = 0x02, /* all values are the same, bit by bit: the body is the times only */
    PK_BLOCK_EXCEPTIONS = 0x04, /* the body ends with values that the codec cannot hold */
    PK_BLOCK_ZONE = 0x08,       /* the metric's scale does not suit a value: see above */
    PK_BLOCK_RISE = 0x10,       /* counter: fell somewhere, so the rise is not last - first */
    PK_BLOCK_ROUGH = 0x20,      /* the sum is not exact: it is of doubles */
    PK_BLOCK_FLAGS = 0x3f,
};

/* A head, read. `how` has codec, param, scale and n, and no exceptions yet. */
struct pk_block_head {
    unsigned flags; /* enum pk_block_flag */
    struct pk_values how;
    int64_t constant;        /* the code of all values */
    int64_t least, greatest; /* writing: of the codes */
    struct pk_agg agg;
};

/*
 * Encodes points whose times rise strictly. Appends to head and body. 0, -EINVAL for no points, too
 * many or times that do not rise, -ENOMEM or -E2BIG.
 */
int pk_block_write(struct pk_coder *c, const struct pk_value_spec *spec, const int64_t *t,
                   const union pk_value *v, size_t n, struct pk_buf *head, struct pk_buf *body);

/*
 * Of blocks that follow each other and are held alike (codec, param, scale), without exceptions, as
 * one: their codes, which stay as they are, and the values of these. `how` has the greatest error
 * made and n, up to PK_MERGED_MAX; `flags` PK_BLOCK_ZONE or 0.
 */
int pk_block_join(struct pk_coder *c, const struct pk_values *how, unsigned flags, const int64_t *t,
                  const int64_t *code, const union pk_value *v, struct pk_buf *head,
                  struct pk_buf *body);

int pk_block_head_read(const void *data, size_t len, struct pk_block_head *ret);

/*
 * The points, in t and v, of room for head->how.n; head->how gets its exceptions and c->code the
 * codes, which pk_agg_codes takes.
 */
int pk_block_read(struct pk_coder *c, struct pk_block_head *head, const void *body, size_t len,
                  int64_t *t, union pk_value *v);

/* For block.c and block_head.c. `code` is read where values are written. */
void pk_block_head_write(const struct pk_block_head *h, const int64_t *code, struct pk_buf *out);
