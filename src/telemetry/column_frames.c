// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames of reference with patched exceptions. A frame of up to 128 residuals:
 *
 *     width (1; bit 7: exceptions) | base (signed, from the base before) | (r - base) packed
 *     with exceptions: count (1) | their places (1 each) | their r - base (signed each)
 *
 * The slots of exceptions are packed as zeros. Exceptions may lie below the base.
 */
#include "telemetry/column.h"

#include <errno.h>

#include "base/macro.h"
#include "telemetry/bits.h"

#define FRAME 128u
#define PATCHED 0x80u

struct pk_frame {
    int64_t base;
    unsigned width, n_exceptions;
    size_t bytes; /* but for the base's own */
};

/* Shell's sort, with Ciura's gaps: of 128 numbers it is twice as fast as qsort. */
static void pk_sort(int64_t *v, size_t n)
{
    static const uint8_t gaps[] = {57, 23, 10, 4, 1};

    for (size_t g = 0; g < PK_ARRAY_SIZE(gaps); g++)
        for (size_t i = gaps[g]; i < n; i++) {
            int64_t x = v[i];
            size_t j = i;

            for (; j >= gaps[g] && v[j - gaps[g]] > x; j -= gaps[g])
                v[j] = v[j - gaps[g]];
            v[j] = x;
        }
}

/* Bytes of the exceptions, when s[from..to] is in the frame and its base is s[from]. */
static size_t pk_patch_bytes(const int64_t *s, size_t n, size_t from, size_t to)
{
    size_t bytes = 0;

    for (size_t i = 0; i < n; i++)
        if (i < from || i > to)
            bytes += 1 + pk_varint_size(pk_zigzag(pk_wrap_sub(s[i], s[from])));
    return bytes ? bytes + 1 : 0;
}

/* The narrowest run of the sorted numbers that leaves `left_out` of them outside. */
static struct pk_frame pk_frame_try(const int64_t *s, size_t n, size_t left_out)
{
    uint64_t least = ~0ull;
    size_t from = 0, in = n - left_out;
    struct pk_frame f = {.n_exceptions = (unsigned)left_out};

    for (size_t i = 0; i <= left_out; i++) {
        uint64_t range = (uint64_t)s[i + in - 1] - (uint64_t)s[i];

        if (range < least) {
            least = range;
            from = i;
        }
    }
    f.base = s[from];
    f.width = pk_bit_length(least);
    f.bytes = 1 + pk_packed_size(n, f.width) + pk_patch_bytes(s, n, from, from + in - 1);
    return f;
}

static struct pk_frame pk_frame_choose(const int64_t *v, size_t n)
{
    static const uint8_t left_out[] = {1, 2, 3, 4, 6, 9, 13, 20};
    int64_t sorted[FRAME];
    struct pk_frame best;

    memcpy(sorted, v, n * sizeof(*v));
    pk_sort(sorted, n);
    best = pk_frame_try(sorted, n, 0);
    for (size_t i = 0; i < PK_ARRAY_SIZE(left_out) && left_out[i] < n && best.width; i++) {
        struct pk_frame f = pk_frame_try(sorted, n, left_out[i]);

        if (f.bytes < best.bytes)
            best = f;
    }
    return best;
}

static bool pk_in_frame(const struct pk_frame *f, int64_t v)
{
    return v >= f->base && (uint64_t)v - (uint64_t)f->base <= pk_mask(f->width);
}

static void pk_patches_write(const struct pk_frame *f, const int64_t *v, size_t n,
                             struct pk_buf *out)
{
    unsigned count = 0;

    for (size_t i = 0; i < n; i++)
        count += !pk_in_frame(f, v[i]);
    pk_put_u8(out, count);
    for (size_t i = 0; i < n; i++)
        if (!pk_in_frame(f, v[i]))
            pk_put_u8(out, (unsigned)i);
    for (size_t i = 0; i < n; i++)
        if (!pk_in_frame(f, v[i]))
            pk_put_signed(out, pk_wrap_sub(v[i], f->base));
}

static void pk_frame_write(const struct pk_frame *f, const int64_t *v, size_t n, int64_t before,
                           struct pk_buf *out)
{
    struct pk_bits bits = {.out = out};
    uint64_t slot[FRAME];
    bool patched = false;

    for (size_t i = 0; i < n; i++) {
        bool in = pk_in_frame(f, v[i]);

        slot[i] = in ? (uint64_t)v[i] - (uint64_t)f->base : 0;
        patched |= !in;
    }
    pk_put_u8(out, f->width | (patched ? PATCHED : 0));
    pk_put_signed(out, pk_wrap_sub(f->base, before));
    for (size_t i = 0; i < n; i++)
        pk_bits_put(&bits, slot[i], f->width);
    pk_bits_end(&bits);
    if (patched)
        pk_patches_write(f, v, n, out);
}

bool pk_frames_write(const int64_t *v, size_t n, size_t most, struct pk_buf *out)
{
    int64_t before = 0;

    for (size_t i = 0; i < n; i += FRAME) {
        size_t m = PK_MIN(n - i, (size_t)FRAME);
        struct pk_frame f = pk_frame_choose(v + i, m);

        pk_frame_write(&f, v + i, m, before, out);
        before = f.base;
        if (out->len > most || (i >= 2 * FRAME && out->len * n > (most + most / 8) * (i + m)))
            return false;
    }
    return true;
}

static int pk_patches_read(struct pk_reader *r, size_t n, int64_t base, int64_t *ret)
{
    unsigned count = pk_get_u8(r);
    const uint8_t *place = pk_get(r, count);

    for (unsigned i = 0; i < count; i++) {
        int64_t v = pk_get_signed(r);

        if (r->bad || place[i] >= n)
            return -EBADMSG;
        ret[place[i]] = pk_wrap_add(base, v);
    }
    return r->bad ? -EBADMSG : 0;
}

static int pk_frame_read(struct pk_reader *r, size_t n, int64_t *base, int64_t *ret)
{
    unsigned head = pk_get_u8(r), width = head & ~PATCHED;
    const uint8_t *packed;

    *base = pk_wrap_add(*base, pk_get_signed(r));
    packed = width <= 64 ? pk_get(r, pk_packed_size(n, width)) : NULL;
    if (r->bad || !packed)
        return -EBADMSG;
    pk_unpack(packed, n, width, (uint64_t *)ret);
    for (size_t i = 0; i < n; i++)
        ret[i] = pk_wrap_add(ret[i], *base);
    return head & PATCHED ? pk_patches_read(r, n, *base, ret) : 0;
}

int pk_frames_read(struct pk_reader *r, size_t n, int64_t *ret)
{
    int64_t base = 0;

    for (size_t i = 0; i < n; i += FRAME) {
        int bad = pk_frame_read(r, PK_MIN(n - i, (size_t)FRAME), &base, ret + i);

        if (bad)
            return bad;
    }
    return 0;
}
