// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A block's head:
 *
 *     format (1) | flags (1) | codec + 4 * param (1)
 *     posits: scale (signed) | error (3, a posit not below the greatest relative error made)
 *     count (varint) | not for counters: count of NaNs (varint)
 *     first time (signed) | last - first time (varint)
 *     constant: the code of the value
 *     else: min | max | first | last | sum | with PK_BLOCK_RISE: rise (varint)
 *
 * A number is a byte, its length plus 16 if it is not a code but a double, and its bytes,
 * big-endian: a code of integers in the fewest bytes of two's complement, one of posits and a
 * double without the zero bytes at its end.
 */
#include "telemetry/block.h"

#include <errno.h>
#include <math.h>

#include "base/macro.h"

#define IS_DOUBLE 0x10u
#define ERROR_BYTES 3u

/* The fewest bytes whose sign bit is the number's. 0 for 0. */
static unsigned pk_signed_bytes(int64_t v)
{
    return v ? pk_bit_length((uint64_t)(v < 0 ? ~v : v)) / 8 + 1 : 0;
}

static void pk_code_write(const struct pk_values *how, int64_t code, struct pk_buf *out)
{
    uint64_t word = (uint64_t)code;
    unsigned len;

    if (how->codec == PK_CODEC_INTEGER) {
        len = pk_signed_bytes(code);
        word = len ? word << (64 - 8 * len) : 0;
    } else {
        word <<= how->codec == PK_CODEC_POSIT ? 64 - 8 * how->param : 0;
        len = word ? 8 - (unsigned)__builtin_ctzll(word) / 8 : 0;
    }
    pk_put_u8(out, len);
    pk_put_be64(out, word, len);
}

static int64_t pk_code_read(struct pk_reader *r, const struct pk_values *how, unsigned len)
{
    int64_t word;

    if (len > 8 || (how->codec == PK_CODEC_POSIT && len > how->param)) {
        r->bad = true;
        return 0;
    }
    word = (int64_t)pk_get_be64(r, len);
    if (how->codec == PK_CODEC_INTEGER)
        return len ? word >> (64 - 8 * len) : 0;
    return how->codec == PK_CODEC_POSIT ? word >> (64 - 8 * how->param) : word;
}

static void pk_double_write(double v, struct pk_buf *out)
{
    size_t at = out->len;

    pk_put_double(out, v);
    if (!out->failed)
        out->data[at] = (char)(out->data[at] | (char)IS_DOUBLE);
}

/* A value of the block: as the code if it is the value's, which that of an exception is not. */
static void pk_number_write(const struct pk_values *how, int64_t code, const union pk_value *v,
                            struct pk_buf *out)
{
    if (pk_value_of(how, code).counter == v->counter)
        pk_code_write(how, code, out);
    else
        pk_double_write(v->gauge, out);
}

static union pk_value pk_number_read(struct pk_reader *r, const struct pk_values *how)
{
    unsigned head = pk_get_u8(r), len = head & (IS_DOUBLE - 1);
    union pk_value v = {0};

    if (!(head & ~(IS_DOUBLE - 1)))
        return pk_value_of(how, pk_code_read(r, how, len));
    if (head >= 2 * IS_DOUBLE || how->counter || len > 8)
        r->bad = true;
    else
        v.counter = pk_get_be64(r, len);
    return v;
}

/* The least posit of ERROR_BYTES bytes that is no less than the error. */
static uint64_t pk_error_up(double error)
{
    uint64_t unit = 1ull << (64 - 8 * ERROR_BYTES);
    uint64_t bits = posit64_from_double(error).bits & -unit;

    return posit64_to_double((posit64){.bits = bits}) < error ? bits + unit : bits;
}

static void pk_shape_write(const struct pk_block_head *h, const int64_t *code, struct pk_buf *out)
{
    const struct pk_agg *a = &h->agg;

    pk_number_write(&h->how, h->least, &a->min, out);
    pk_number_write(&h->how, h->greatest, &a->max, out);
    pk_number_write(&h->how, code[0], &a->first, out);
    pk_number_write(&h->how, code[h->how.n - 1], &a->last, out);
    pk_sum_write(&a->sum, out);
    if (h->flags & PK_BLOCK_RISE)
        pk_put_varint(out, a->rise);
}

void pk_block_head_write(const struct pk_block_head *h, const int64_t *code, struct pk_buf *out)
{
    pk_put_u8(out, PK_BLOCK_FORMAT);
    pk_put_u8(out, h->flags);
    pk_put_u8(out, h->how.codec | h->how.param << 2);
    if (h->how.codec == PK_CODEC_POSIT) {
        pk_put_signed(out, h->how.scale);
        pk_put_be64(out, pk_error_up(h->how.error), ERROR_BYTES);
    }
    pk_put_varint(out, h->how.n);
    if (!h->how.counter)
        pk_put_varint(out, h->agg.n_nan);
    pk_put_signed(out, h->agg.t_first);
    pk_put_varint(out, (uint64_t)h->agg.t_last - (uint64_t)h->agg.t_first);
    if (h->flags & PK_BLOCK_CONSTANT)
        pk_code_write(&h->how, h->constant, out);
    else
        pk_shape_write(h, code, out);
}

static bool pk_codec_is_sound(const struct pk_values *how)
{
    switch (how->codec) {
    case PK_CODEC_INTEGER:
        return how->param <= (how->counter ? 0 : PK_TEN_MAX);
    case PK_CODEC_POSIT:
        return !how->counter && how->param >= 1 && how->param <= PK_POSIT_BYTES_MAX &&
               how->scale >= -PK_SCALE_MAX && how->scale <= PK_SCALE_MAX;
    case PK_CODEC_RAW:
        return !how->counter && !how->param;
    case PK_CODEC_N:
        break;
    }
    return false;
}

static void pk_codec_read(struct pk_reader *r, struct pk_block_head *h)
{
    unsigned codec;
    int64_t scale;

    if (pk_get_u8(r) != PK_BLOCK_FORMAT)
        r->bad = true;
    h->flags = pk_get_u8(r);
    codec = pk_get_u8(r);
    h->how.counter = h->flags & PK_BLOCK_COUNTER;
    h->how.codec = codec & 3;
    h->how.param = codec >> 2;
    if (h->how.codec == PK_CODEC_POSIT) {
        scale = pk_get_signed(r);
        h->how.scale =
            scale < -PK_SCALE_MAX - 1 || scale > PK_SCALE_MAX ? PK_SCALE_MAX + 1 : (int)scale;
        h->how.error = posit64_to_double((posit64){.bits = pk_get_be64(r, ERROR_BYTES)});
    }
    if (h->flags & ~PK_BLOCK_FLAGS || !pk_codec_is_sound(&h->how))
        r->bad = true;
}

static void pk_counts_read(struct pk_reader *r, struct pk_block_head *h)
{
    struct pk_agg *a = &h->agg;
    uint64_t span;

    a->counter = h->how.counter;
    a->count = pk_get_varint(r);
    a->n_nan = a->counter ? 0 : pk_get_varint(r);
    a->t_first = pk_get_signed(r);
    span = pk_get_varint(r);
    if (!a->count || a->count > PK_MERGED_MAX || a->n_nan > a->count || span < a->count - 1 ||
        (a->t_first > 0 && span > (uint64_t)INT64_MAX - (uint64_t)a->t_first) ||
        (a->t_first <= 0 && span > (uint64_t)INT64_MAX))
        r->bad = true;
    h->how.n = r->bad ? 1 : a->count;
    a->t_last = pk_wrap_add(a->t_first, (int64_t)span);
}

/* Everything follows from the one value. */
static void pk_constant_read(struct pk_reader *r, struct pk_block_head *h)
{
    struct pk_agg *a = &h->agg;

    h->constant = pk_code_read(r, &h->how, pk_get_u8(r));
    a->first = a->last = a->min = a->max = pk_value_of(&h->how, h->constant);
    if (h->how.codec == PK_CODEC_INTEGER) {
        a->sum.kind = PK_SUM_INTEGER;
        a->sum.scale = (int)h->how.param;
        a->sum.integer =
            (a->counter ? (__int128)(uint64_t)h->constant : h->constant) * (__int128)a->count;
    } else {
        double n = (double)(a->count - a->n_nan), v = n > 0 ? a->first.gauge : 0;

        a->sum.kind = PK_SUM_DOUBLE;
        a->sum.high = v * n;
        a->sum.low = isfinite(a->sum.high) ? fma(v, n, -a->sum.high) : 0;
    }
}

static void pk_shape_read(struct pk_reader *r, struct pk_block_head *h)
{
    struct pk_agg *a = &h->agg;

    a->min = pk_number_read(r, &h->how);
    a->max = pk_number_read(r, &h->how);
    a->first = pk_number_read(r, &h->how);
    a->last = pk_number_read(r, &h->how);
    a->sum.kind = h->flags & PK_BLOCK_ROUGH          ? PK_SUM_DOUBLE
                  : h->how.codec == PK_CODEC_INTEGER ? PK_SUM_INTEGER
                                                     : PK_SUM_QUIRE;
    a->sum.scale = h->how.codec == PK_CODEC_POSIT ? h->how.scale : (int)h->how.param;
    if (pk_sum_read(r, &a->sum))
        r->bad = true;
    a->rise = a->counter ? a->last.counter - a->first.counter : 0;
    if (h->flags & PK_BLOCK_RISE)
        a->rise = pk_get_varint(r);
}

int pk_block_head_read(const void *data, size_t len, struct pk_block_head *ret)
{
    struct pk_block_head h = {0};
    struct pk_reader r = {.p = data};

    if (!len)
        return -EBADMSG;
    r.end = r.p + len;
    pk_codec_read(&r, &h);
    if (r.bad)
        return -EBADMSG;
    pk_counts_read(&r, &h);
    if (r.bad)
        return -EBADMSG;
    if (h.flags & PK_BLOCK_CONSTANT)
        pk_constant_read(&r, &h);
    else
        pk_shape_read(&r, &h);
    if (r.bad || r.p != r.end)
        return -EBADMSG;
    *ret = h;
    return 0;
}
