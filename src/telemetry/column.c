// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/column.h"

#include <errno.h>

#include "base/macro.h"

#define ORDERS 3
#define WHOLE_MAX 4 /* bits: beyond, whole symbols do not repeat */
#define HAS_DIVISOR 0x10u

static uint64_t pk_gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static uint64_t pk_magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* Neighbours' differences have the same divisors as those from the first, and are smaller. */
static uint64_t pk_divisor(const int64_t *x, size_t n)
{
    uint64_t g = 0;

    for (size_t i = 1; i < n && g != 1; i++) {
        uint64_t d = pk_magnitude(pk_wrap_sub(x[i], x[i - 1]));

        if (!g || d % g)
            g = pk_gcd(g, d);
    }
    /* Wrapped differences must be divided with the sign they have; 2^63 has none. */
    return g >= 1ull << 63 || !g ? 1 : g;
}

static void pk_steps(const int64_t *x, size_t n, uint64_t divisor, int64_t *ret)
{
    int64_t at = 0;

    ret[0] = 0;
    for (size_t i = 1; i < n; i++) {
        int64_t d = pk_wrap_sub(x[i], x[i - 1]);

        at = pk_wrap_add(at, divisor == 1 ? d : d / (int64_t)divisor);
        ret[i] = at;
    }
}

/* r[1..n-1] of an order, at ret[0..n-2]. */
static void pk_residuals(const int64_t *y, size_t n, unsigned order, int64_t *ret)
{
    int64_t before = 0;

    for (size_t i = 1; i < n; i++) {
        int64_t d = order ? pk_wrap_sub(y[i], y[i - 1]) : y[i];

        ret[i - 1] = order == 2 ? pk_wrap_sub(d, before) : d;
        before = d;
    }
}

static bool pk_even(const int64_t *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (v[i] != v[0])
            return false;
    return true;
}

/* The order whose residuals are cheapest, left in c->residual. */
static unsigned pk_order_choose(struct pk_coder *c, size_t n, struct pk_split *ret_split)
{
    unsigned best = 0;

    for (unsigned order = 0; order < ORDERS; order++) {
        struct pk_split split;

        pk_residuals(c->step, n, order, c->residual);
        if (pk_even(c->residual, n - 1)) {
            ret_split->cost = 0;
            return order;
        }
        split = pk_split_plan(c->residual, n - 1);
        if (!order || split.cost < ret_split->cost) {
            best = order;
            *ret_split = split;
        }
    }
    pk_residuals(c->step, n, best, c->residual);
    return best;
}

/* An estimate by entropy does not see what repeats: try whole bytes, too. */
static void pk_split_whole(struct pk_coder *c, const int64_t *v, size_t n, int64_t base)
{
    const struct pk_split whole = {.base = base};

    pk_buf_reset(&c->whole);
    if (pk_split_write(c, v, n, &whole, &c->whole) || c->whole.len >= c->split.len)
        return;
    pk_buf_reset(&c->split);
    pk_buf_add(&c->split, c->whole.data, c->whole.len);
}

enum pk_packing pk_dense_choose(struct pk_coder *c, const int64_t *v, size_t n,
                                const struct pk_split *how)
{
    bool split;

    pk_buf_reset(&c->frames);
    pk_buf_reset(&c->split);
    split = !pk_split_write(c, v, n, how, &c->split);
    if (split && how->low && how->low <= WHOLE_MAX)
        pk_split_whole(c, v, n, how->base);
    if (pk_frames_write(v, n, split ? c->split.len : SIZE_MAX / (2 * PK_MERGED_MAX), &c->frames))
        return split && c->split.len <= c->frames.len ? PK_PACKING_SPLIT : PK_PACKING_FRAMES;
    return PK_PACKING_SPLIT;
}

/* The smallest form of the residuals; *ret is where it stands. */
static enum pk_packing pk_packing_choose(struct pk_coder *c, size_t n, const struct pk_split *how,
                                         const struct pk_buf **ret)
{
    bool sparse = pk_sparse_pays(c->residual, n, how->base);
    enum pk_packing packing;

    pk_buf_reset(&c->sparse);
    sparse = sparse && !pk_sparse_write(c, c->residual, n, how->base, &c->sparse);
    packing = pk_dense_choose(c, c->residual, n, how);
    *ret = packing == PK_PACKING_SPLIT ? &c->split : &c->frames;
    if (!sparse || c->sparse.len >= (*ret)->len)
        return packing;
    *ret = &c->sparse;
    return PK_PACKING_SPARSE;
}

static void pk_column_head(unsigned form, int64_t first, uint64_t divisor, struct pk_buf *out)
{
    pk_put_u8(out, form | (divisor != 1 ? HAS_DIVISOR : 0));
    pk_put_signed(out, first);
    if (divisor != 1)
        pk_put_varint(out, divisor);
}

double pk_column_cost(struct pk_coder *c, const int64_t *x, size_t n)
{
    struct pk_split how = {0};

    pk_steps(x, n, pk_divisor(x, n), c->step);
    if (n > 1)
        pk_order_choose(c, n, &how);
    return how.cost;
}

int pk_column_write(struct pk_coder *c, const int64_t *x, size_t n, struct pk_buf *out)
{
    uint64_t divisor = pk_divisor(x, n);
    const struct pk_buf *packed;
    enum pk_packing packing;
    struct pk_split how = {0};
    unsigned order;

    pk_steps(x, n, divisor, c->step);
    order = n > 1 ? pk_order_choose(c, n, &how) : 0;
    if (n == 1 || pk_even(c->residual, n - 1)) {
        pk_column_head(order, x[0], divisor, out);
        pk_put_signed(out, n > 1 ? c->residual[0] : 0);
        return out->failed;
    }
    packing = pk_packing_choose(c, n - 1, &how, &packed);
    pk_column_head(order | packing << 2, x[0], divisor, out);
    pk_buf_add(out, packed->data, packed->len);
    return out->failed ? out->failed : packed->failed;
}

/* From residuals in ret[1..n-1] to numbers; in one pass, since all wrap alike. */
static void pk_column_restore(int64_t *ret, size_t n, unsigned order, int64_t first,
                              uint64_t divisor)
{
    uint64_t at = 0, slope = 0;

    ret[0] = first;
    if (order == 0)
        for (size_t i = 1; i < n; i++)
            ret[i] = (int64_t)((uint64_t)ret[i] * divisor + (uint64_t)first);
    else if (order == 1)
        for (size_t i = 1; i < n; i++)
            ret[i] = (int64_t)((at += (uint64_t)ret[i]) * divisor + (uint64_t)first);
    else
        for (size_t i = 1; i < n; i++) {
            slope += (uint64_t)ret[i];
            ret[i] = (int64_t)((at += slope) * divisor + (uint64_t)first);
        }
}

/* All residuals are one number: of order 0 or 1 no pass over them is needed. */
static int pk_even_restore(struct pk_reader *r, size_t n, unsigned order, int64_t first,
                           uint64_t divisor, int64_t *ret)
{
    uint64_t even = (uint64_t)pk_get_signed(r), at = (uint64_t)first;

    ret[0] = first;
    for (size_t i = 1; i < n && order == 2; i++)
        ret[i] = (int64_t)even;
    if (order == 2)
        pk_column_restore(ret, n, order, first, divisor);
    else if (order == 1)
        for (size_t i = 1; i < n; i++)
            ret[i] = (int64_t)(at += even * divisor);
    else
        for (size_t i = 1; i < n; i++)
            ret[i] = (int64_t)(at + even * divisor);
    return r->bad ? -EBADMSG : 0;
}

int pk_column_read(struct pk_coder *c, struct pk_reader *r, size_t n, int64_t *ret)
{
    unsigned form = pk_get_u8(r), order = form & 3, packing = form >> 2 & 3;
    int64_t first = pk_get_signed(r);
    uint64_t divisor = form & HAS_DIVISOR ? pk_get_varint(r) : 1;
    int bad;

    if (r->bad || order >= ORDERS || form >= 2 * HAS_DIVISOR || !divisor)
        return -EBADMSG;
    if (packing == PK_PACKING_EVEN)
        return pk_even_restore(r, n, order, first, divisor, ret);
    if (packing == PK_PACKING_FRAMES)
        bad = pk_frames_read(r, n - 1, ret + 1);
    else if (packing == PK_PACKING_SPLIT)
        bad = pk_split_read(c, r, n - 1, ret + 1);
    else
        bad = pk_sparse_read(c, r, n - 1, ret + 1);
    if (!bad)
        pk_column_restore(ret, n, order, first, divisor);
    return bad;
}
