// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers of a fixed count of bits, packed without gaps, the first in the lowest bits. */
#pragma once

#include <stdint.h>
#include <string.h>

#include "base/buf.h"

static inline size_t pk_packed_size(size_t n, unsigned width)
{
    return (n * width + 7) / 8;
}

static inline uint64_t pk_mask(unsigned width)
{
    return width < 64 ? (1ull << width) - 1 : ~0ull;
}

/* Bits on their way out. */
struct pk_bits {
    struct pk_buf *out;
    unsigned __int128 waiting;
    unsigned n_waiting;
};

/* Appends the low `width` bits of v, 64 at most. */
static inline void pk_bits_put(struct pk_bits *b, uint64_t v, unsigned width)
{
    b->waiting |= (unsigned __int128)(v & pk_mask(width)) << b->n_waiting;
    b->n_waiting += width;
    if (b->n_waiting >= 64) {
        uint64_t word = (uint64_t)b->waiting;

        pk_buf_add(b->out, &word, sizeof(word));
        b->waiting >>= 64;
        b->n_waiting -= 64;
    }
}

static inline void pk_bits_end(struct pk_bits *b)
{
    uint64_t rest = (uint64_t)b->waiting;

    pk_buf_add(b->out, &rest, (b->n_waiting + 7) / 8);
}

/* The i-th number; reads up to 16 bytes from where it begins. */
static inline uint64_t pk_unpack_wide(const uint8_t *p, size_t i, unsigned width)
{
    size_t bit = i * width;
    unsigned __int128 both;

    memcpy(&both, p + bit / 8, sizeof(both));
    return (uint64_t)(both >> (bit % 8)) & pk_mask(width);
}

/* The same for width <= 56: reads 8 bytes. */
static inline uint64_t pk_unpack_one(const uint8_t *p, size_t i, unsigned width, uint64_t mask)
{
    size_t bit = i * width;
    uint64_t word;

    memcpy(&word, p + bit / 8, sizeof(word));
    return word >> (bit % 8) & mask;
}

/* Unpacks n numbers; 16 readable bytes must follow the packed ones. */
static inline void pk_unpack(const uint8_t *p, size_t n, unsigned width, uint64_t *ret)
{
    uint64_t mask = pk_mask(width);

    if (!width)
        memset(ret, 0, n * sizeof(*ret));
    else if (width <= 56)
        for (size_t i = 0; i < n; i++)
            ret[i] = pk_unpack_one(p, i, width, mask);
    else
        for (size_t i = 0; i < n; i++)
            ret[i] = pk_unpack_wide(p, i, width);
}
