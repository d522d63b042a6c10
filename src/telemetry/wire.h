// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How numbers stand in blocks: varints (7 bits a byte, least significant first, the last byte
 * without the top bit; at most 10 bytes), zigzag for signed ones, and a reader of foreign bytes
 * that never leaves them. All arithmetic that may wrap is unsigned.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

static inline uint64_t pk_zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t pk_unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1 ^ -(v & 1));
}

static inline int64_t pk_wrap_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t pk_wrap_sub(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t pk_wrap_mul(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

/* Bits that v needs: 0 for 0. */
static inline unsigned pk_bit_length(uint64_t v)
{
    return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

/* Bytes of v as a varint. */
static inline unsigned pk_varint_size(uint64_t v)
{
    return (pk_bit_length(v | 1) + 6) / 7;
}

static inline void pk_put_u8(struct pk_buf *b, unsigned v)
{
    pk_buf_char(b, (char)v);
}

static inline void pk_put_varint(struct pk_buf *b, uint64_t v)
{
    uint8_t bytes[10];
    unsigned n = 0;

    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (uint8_t)(v | 0x80);
    bytes[n++] = (uint8_t)v;
    pk_buf_add(b, bytes, n);
}

static inline void pk_put_signed(struct pk_buf *b, int64_t v)
{
    pk_put_varint(b, pk_zigzag(v));
}

static inline void pk_put_be64(struct pk_buf *b, uint64_t v, unsigned len)
{
    uint64_t be = __builtin_bswap64(v);

    pk_buf_add(b, &be, len);
}

/* What is left to be read. A read beyond the end gives 0 and sets `bad`, which stays. */
struct pk_reader {
    const uint8_t *p, *end;
    bool bad;
};

static inline size_t pk_left(const struct pk_reader *r)
{
    return (size_t)(r->end - r->p);
}

/* The next len bytes; NULL and bad if there are fewer. */
static inline const uint8_t *pk_get(struct pk_reader *r, size_t len)
{
    const uint8_t *at = r->p;

    if (r->bad || pk_left(r) < len) {
        r->bad = true;
        return NULL;
    }
    r->p += len;
    return at;
}

static inline unsigned pk_get_u8(struct pk_reader *r)
{
    const uint8_t *p = pk_get(r, 1);

    return p ? *p : 0;
}

static inline uint64_t pk_get_varint(struct pk_reader *r)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned byte = pk_get_u8(r);

        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (shift == 63 && byte > 1)
                r->bad = true;
            return v;
        }
    }
    r->bad = true;
    return 0;
}

static inline int64_t pk_get_signed(struct pk_reader *r)
{
    return pk_unzigzag(pk_get_varint(r));
}

/* Bytes that stand first in the word, zeros behind. len <= 8. */
static inline uint64_t pk_get_be64(struct pk_reader *r, unsigned len)
{
    const uint8_t *p = pk_get(r, len);
    uint64_t be = 0;

    if (p)
        memcpy(&be, p, len);
    return __builtin_bswap64(be);
}
