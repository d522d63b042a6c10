// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The values of a block as codes, signed 64-bit numbers for a column:
 *
 *   integer  the value times 10^scale; lossless. Counters: the value itself, scale 0
 *   posit    the value times 2^-scale, as a posit of `param` bytes, right-aligned; within the bound
 *   raw      the double's bits, in the order of the values
 *
 * The order of codes is the order of values. A few values that the codec cannot hold (NaN,
 * infinities, -0, one with too many digits, one that the bound would be broken for) are exceptions:
 * kept as they are, bit by bit, beside the codes. Posits are rounded to as few bits as the bound
 * allows, so the lowest of their `param` bytes may end in zero bits, which the column's divisor
 * takes out; 7 bytes at most: they are doubles, exactly, and 8 bytes are a double's own size.
 */
#pragma once

#include <assert.h>
#include <float.h>

#include "telemetry/coder.h"
#include "telemetry/sum.h"

enum pk_codec { PK_CODEC_INTEGER, PK_CODEC_POSIT, PK_CODEC_RAW, PK_CODEC_N };

/* A counter's value or a gauge's. */
union pk_value {
    uint64_t counter;
    double gauge;
};

static_assert(sizeof(union pk_value) == 8, "values are words");

#define PK_POSIT_BYTES_MAX 7u
#define PK_SCALE_MAX 200 /* of a metric: 2^-200 to 2^200 */

/* What the metric asks for. */
struct pk_value_spec {
    bool counter;
    int scale;    /* gauge: posits hold value * 2^-scale */
    double error; /* gauge: greatest relative error of a stored value; 0: none */
};

/* At most one value in 64 is an exception, else another codec is taken. Raw needs none. */
#define PK_EXCEPTIONS_MAX (PK_BLOCK_MAX / 64)

struct pk_exception {
    uint32_t at;
    union pk_value value;
};

struct pk_values {
    enum pk_codec codec;
    bool counter;
    unsigned param; /* integer: decimals; posit: bytes */
    int scale;      /* posit */
    double error;   /* posit: greatest relative error made */
    size_t n, n_exceptions;
    struct pk_exception exception[PK_EXCEPTIONS_MAX];
};

/* How one codec holds these values: fills `code` and *ret. false: it cannot. Gauges only. */
bool pk_values_integer(const double *v, size_t n, int64_t *code, struct pk_values *ret);
bool pk_values_posit(struct pk_coder *c, const struct pk_value_spec *spec, const double *v,
                     size_t n, int64_t *code, struct pk_values *ret);
void pk_values_raw(const double *v, size_t n, int64_t *code, struct pk_values *ret);

/* One code's value, exceptions aside. */
union pk_value pk_value_of(const struct pk_values *how, int64_t code);

/* All values of codes, with exceptions put in. `c->word` is used. */
void pk_values_restore(struct pk_coder *c, const struct pk_values *how, const int64_t *code,
                       union pk_value *ret);

/* The sum of the values of code[from..to-1]: exact unless raw or there are exceptions that are
 * numbers. NaNs are left out. */
void pk_values_sum(const struct pk_values *how, const int64_t *code, size_t from, size_t to,
                   struct pk_sum *ret);

void pk_exceptions_write(const struct pk_values *how, struct pk_buf *out);
int pk_exceptions_read(struct pk_reader *r, struct pk_values *how);
