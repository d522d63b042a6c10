// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Residuals that are nearly all the same: where the others are, and what.
 *
 *     usual residual (signed) | count of the others (varint) | gaps between them | they themselves
 *
 * Gaps (how many usual ones stand before each) and others are two runs of numbers, each a byte, the
 * packing, and frames or a split.
 */
#include "telemetry/column.h"

#include <errno.h>

#include "base/macro.h"

bool pk_sparse_pays(const int64_t *v, size_t n, int64_t usual)
{
    size_t others = 0;

    for (size_t i = 0; i < n; i++)
        others += v[i] != usual;
    return others && others <= n / 8;
}

static int pk_run_write(struct pk_coder *c, const int64_t *v, size_t n, struct pk_buf *out)
{
    struct pk_split how = pk_split_plan(v, n);
    enum pk_packing packing = pk_dense_choose(c, v, n, &how);
    const struct pk_buf *from = packing == PK_PACKING_SPLIT ? &c->split : &c->frames;

    pk_put_u8(out, packing);
    pk_buf_add(out, from->data, from->len);
    return from->failed ? from->failed : out->failed;
}

int pk_sparse_write(struct pk_coder *c, const int64_t *v, size_t n, int64_t usual,
                    struct pk_buf *out)
{
    size_t count = 0, next = 0;
    int r;

    for (size_t i = 0; i < n; i++)
        if (v[i] != usual) {
            c->gap[count] = (int64_t)(i - next);
            c->rare[count++] = v[i];
            next = i + 1;
        }
    pk_put_signed(out, usual);
    pk_put_varint(out, count);
    r = pk_run_write(c, c->gap, count, out);
    return r ? r : pk_run_write(c, c->rare, count, out);
}

static int pk_run_read(struct pk_coder *c, struct pk_reader *r, size_t n, int64_t *ret)
{
    unsigned packing = pk_get_u8(r);

    if (packing == PK_PACKING_FRAMES)
        return pk_frames_read(r, n, ret);
    return packing == PK_PACKING_SPLIT ? pk_split_read(c, r, n, ret) : -EBADMSG;
}

int pk_sparse_read(struct pk_coder *c, struct pk_reader *r, size_t n, int64_t *ret)
{
    int64_t usual = pk_get_signed(r);
    uint64_t count = pk_get_varint(r), next = 0;

    if (r->bad || !count || count > n || pk_run_read(c, r, count, c->gap) ||
        pk_run_read(c, r, count, c->rare))
        return -EBADMSG;
    for (size_t i = 0; i < n; i++)
        ret[i] = usual;
    for (size_t i = 0; i < count; i++) {
        if ((uint64_t)c->gap[i] >= n - next)
            return -EBADMSG;
        next += (uint64_t)c->gap[i];
        ret[next++] = c->rare[i];
    }
    return 0;
}
