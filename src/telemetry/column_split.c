// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Residuals split into a symbol, one byte each, and low bits. Symbols of most series have few
 * values, some far ahead: zstd's Huffman codes and matches bring them near their entropy. The low
 * bits are noise and stay as they are.
 *
 *     low (1) | base (signed) | size (varint) | zstd frame without its magic number | low bits
 * packed
 *
 *     symbol         r - base                              low bits
 *     0 to 95        (symbol - 48) * 2^low + bits          low
 *     96 to 159      2^k + bits, k = symbol - 96           k
 *     160 to 223     -2^k - 1 - bits, k = symbol - 160     k
 *
 * So what is usual has narrow steps, and what is far off has its magnitude as the symbol.
 */
#include "telemetry/column.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/macro.h"
#include "telemetry/bits.h"

#define NEAR 48 /* steps near the base, on either side */
#define FAR_UP 96u
#define FAR_DOWN 160u
#define SYMBOLS 224u
#define MAGIC_SIZE 4u
#define SAMPLE 255u
#define COUNTED 1024u
#define LOW_MAX 56u

static const uint8_t zstd_magic[MAGIC_SIZE] = {0x28, 0xb5, 0x2f, 0xfd};

static inline unsigned pk_symbol(int64_t d, unsigned low)
{
    int64_t h = d >> low;

    if (h >= -NEAR && h < NEAR)
        return (unsigned)(h + NEAR);
    return d > 0 ? FAR_UP + pk_bit_length((uint64_t)d) - 1
                 : FAR_DOWN + pk_bit_length((uint64_t)~d) - 1;
}

static inline unsigned pk_symbol_width(unsigned symbol, unsigned low)
{
    return symbol < FAR_UP ? low : symbol < FAR_DOWN ? symbol - FAR_UP : symbol - FAR_DOWN;
}

static int pk_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Bits a residual if split at `low`: Shannon's entropy for the symbols, of a thousand residuals. */
static double pk_split_cost(const int64_t *v, size_t n, int64_t base, unsigned low)
{
    size_t stride = n / COUNTED + 1, counted = 0;
    uint32_t count[SYMBOLS] = {0};
    unsigned used = 0;
    double bits = 0;

    for (size_t i = 0; i < n; i += stride, counted++)
        count[pk_symbol(pk_wrap_sub(v[i], base), low)]++;
    for (unsigned s = 0; s < SYMBOLS; s++)
        if (count[s]) {
            bits += count[s] * (pk_symbol_width(s, low) + log2((double)counted / count[s]));
            used++;
        }
    return bits / (double)counted + 5.0 * used / (double)n;
}

/* The median of a sample is the base; the sample's spread says where a split can pay. */
struct pk_split pk_split_plan(const int64_t *v, size_t n)
{
    size_t stride = n / SAMPLE + 1, m = 0;
    int64_t sample[SAMPLE];
    struct pk_split best = {0};
    bool found = false;
    unsigned spread;

    for (size_t i = 0; i < n && m < SAMPLE; i += stride)
        sample[m++] = v[i];
    // cppcheck-suppress uninitvar ; the loop above fills m
    qsort(sample, m, sizeof(*sample), pk_compare);
    best.base = sample[m / 2];
    spread = pk_bit_length(PK_MAX(pk_zigzag(pk_wrap_sub(sample[m - 1 - m / 16], best.base)),
                                  pk_zigzag(pk_wrap_sub(sample[m / 16], best.base))));
    for (unsigned low = spread > 7 ? spread - 7 : 0; low <= PK_MIN(spread, LOW_MAX); low++) {
        double cost = pk_split_cost(v, n, best.base, low);

        if (!found || cost < best.cost) {
            found = true;
            best.cost = cost;
            best.low = low;
        }
    }
    return best;
}

static int pk_symbols_write(struct pk_coder *c, size_t n, struct pk_buf *out)
{
    size_t size = ZSTD_compress2(c->compress, c->packed, sizeof(c->packed), c->symbol, n);

    if (ZSTD_isError(size) || size < MAGIC_SIZE)
        return -ENOMEM;
    pk_put_varint(out, size - MAGIC_SIZE);
    pk_buf_add(out, c->packed + MAGIC_SIZE, size - MAGIC_SIZE);
    return 0;
}

int pk_split_write(struct pk_coder *c, const int64_t *v, size_t n, const struct pk_split *how,
                   struct pk_buf *out)
{
    struct pk_bits bits = {.out = out};
    int r;

    for (size_t i = 0; i < n; i++)
        c->symbol[i] = (uint8_t)pk_symbol(pk_wrap_sub(v[i], how->base), how->low);
    pk_put_u8(out, how->low);
    pk_put_signed(out, how->base);
    r = pk_symbols_write(c, n, out);
    if (r)
        return r;
    for (size_t i = 0; i < n; i++) {
        uint64_t d = (uint64_t)pk_wrap_sub(v[i], how->base);

        pk_bits_put(&bits, c->symbol[i] < FAR_DOWN ? d : ~d,
                    pk_symbol_width(c->symbol[i], how->low));
    }
    pk_bits_end(&bits);
    return out->failed;
}

/* The symbols: exactly n of them, whatever the frame says. */
static int pk_symbols_read(struct pk_coder *c, struct pk_reader *r, size_t n)
{
    uint64_t size = pk_get_varint(r);
    const uint8_t *frame;
    size_t got;

    if (size > sizeof(c->packed) - MAGIC_SIZE)
        return -EBADMSG;
    frame = pk_get(r, size);
    if (!frame)
        return -EBADMSG;
    memcpy(c->packed, zstd_magic, MAGIC_SIZE);
    memcpy(c->packed + MAGIC_SIZE, frame, size);
    got = ZSTD_decompressDCtx(c->decompress, c->symbol, n, c->packed, size + MAGIC_SIZE);
    return ZSTD_isError(got) || got != n ? -EBADMSG : 0;
}

/* r = offset + (bits ^ flip); a width of 255 marks what is no symbol. */
struct pk_meaning {
    uint64_t offset, mask, flip;
    uint8_t width;
};

static void pk_meanings(unsigned low, int64_t base, struct pk_meaning ret[static 256])
{
    for (unsigned s = 0; s < 256; s++) {
        struct pk_meaning m = {.width = 255};

        if (s < SYMBOLS) {
            m.width = (uint8_t)pk_symbol_width(s, low);
            m.mask = pk_mask(m.width);
        }
        if (s < FAR_UP)
            m.offset = ((uint64_t)s - NEAR) << low;
        else if (s < FAR_DOWN)
            m.offset = 1ull << m.width;
        else if (s < SYMBOLS)
            m.flip = ~0ull, m.offset = 0 - (1ull << m.width);
        m.offset += (uint64_t)base;
        ret[s] = m;
    }
}

#define GROUP 16u

/* No symbol of the group is far: they have no byte of 96 or more. */
static bool pk_group_is_near(const uint8_t *symbol)
{
    static_assert(FAR_UP == 0x60 && GROUP == 16, "adding 0x20 sets bit 7 from 96 on");
    uint64_t a, b;

    memcpy(&a, symbol, sizeof(a));
    memcpy(&b, symbol + sizeof(a), sizeof(b));
    a |= a + 0x2020202020202020;
    b |= b + 0x2020202020202020;
    return !((a | b) & 0x8080808080808080);
}

/* Bits that all symbols' low parts take; *ret_widest is the widest one, 255 if one is no symbol. */
static size_t pk_widths(const struct pk_coder *c, size_t n, const struct pk_meaning *meaning,
                        unsigned *ret_widest)
{
    unsigned near = meaning[0].width, widest = 0;
    size_t bits = 0, i = 0;

    while (i < n) {
        if (i + GROUP <= n && pk_group_is_near(c->symbol + i)) {
            bits += (size_t)GROUP * near;
            widest = PK_MAX(widest, near);
            i += GROUP;
            continue;
        }
        for (size_t end = PK_MIN(i + GROUP, n); i < end; i++) {
            unsigned width = meaning[c->symbol[i]].width;

            bits += width;
            widest = PK_MAX(widest, width);
        }
    }
    *ret_widest = widest;
    return bits;
}

static size_t pk_join_any(const uint8_t *symbol, const uint8_t *p, size_t bit, size_t n,
                          const struct pk_meaning *meaning, int64_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        const struct pk_meaning *m = &meaning[symbol[i]];
        uint64_t word;

        memcpy(&word, p + bit / 8, sizeof(word));
        word = word >> (bit % 8) & m->mask;
        ret[i] = (int64_t)(m->offset + (word ^ m->flip));
        bit += m->width;
    }
    return bit;
}

/* Widths of 56 at most. Groups without a far symbol, which most are, need no table. */
static void pk_join_narrow(const struct pk_coder *c, const uint8_t *p, size_t n,
                           const struct pk_meaning *meaning, int64_t *ret)
{
    unsigned low = meaning[0].width;
    uint64_t mask = pk_mask(low), offset = meaning[0].offset;
    size_t bit = 0, i = 0;

    for (; i + GROUP <= n; i += GROUP) {
        const uint8_t *symbol = c->symbol + i;

        if (!pk_group_is_near(symbol)) {
            bit = pk_join_any(symbol, p, bit, GROUP, meaning, ret + i);
            continue;
        }
        for (size_t k = 0; k < GROUP; k++, bit += low) {
            uint64_t word;

            memcpy(&word, p + bit / 8, sizeof(word));
            ret[i + k] =
                (int64_t)(offset + ((uint64_t)symbol[k] << low) + (word >> (bit % 8) & mask));
        }
    }
    pk_join_any(c->symbol + i, p, bit, n - i, meaning, ret + i);
}

static void pk_join_wide(const struct pk_coder *c, const uint8_t *p, size_t n,
                         const struct pk_meaning *meaning, int64_t *ret)
{
    size_t bit = 0;

    for (size_t i = 0; i < n; i++) {
        const struct pk_meaning *m = &meaning[c->symbol[i]];
        unsigned __int128 both;

        memcpy(&both, p + bit / 8, sizeof(both));
        ret[i] = (int64_t)(m->offset + (((uint64_t)(both >> (bit % 8)) & m->mask) ^ m->flip));
        bit += m->width;
    }
}

int pk_split_read(struct pk_coder *c, struct pk_reader *r, size_t n, int64_t *ret)
{
    unsigned low = pk_get_u8(r), widest;
    int64_t base = pk_get_signed(r);
    struct pk_meaning meaning[256];
    const uint8_t *packed;
    size_t bits;

    if (r->bad || low > LOW_MAX || pk_symbols_read(c, r, n))
        return -EBADMSG;
    pk_meanings(low, base, meaning);
    bits = pk_widths(c, n, meaning, &widest);
    packed = widest < 64 ? pk_get(r, (bits + 7) / 8) : NULL;
    if (!packed)
        return -EBADMSG;
    if (widest <= 56)
        pk_join_narrow(c, packed, n, meaning, ret);
    else
        pk_join_wide(c, packed, n, meaning, ret);
    return 0;
}
