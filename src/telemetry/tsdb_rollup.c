// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Roll-ups: of each sealed block its minutes and its hours, so that these outlive it. A row:
 *
 *     format (1) | count of buckets (varint) | columns: bucket number, points, NaNs
 *     | values: min, max, first, last, sum; counters: rise
 *
 * A bucket's number is its begin over the tier's width. Values are codec + 4 * param + 128 if there
 * are exceptions (1), a column, and the exceptions; lossless; the sum is a gauge's double also for
 * counters.
 */
#include "telemetry/tsdb_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/macro.h"

#define ROLLUP_FORMAT 1
#define EXCEPTIONS 0x80u

struct pk_field {
    size_t offset;
    bool gauge; /* also of counters */
    bool counter_only;
};

/* The values of a bucket, in their order in the row. */
static const struct pk_field fields[] = {
    {offsetof(struct pk_agg, min)},
    {offsetof(struct pk_agg, max)},
    {offsetof(struct pk_agg, first)},
    {offsetof(struct pk_agg, last)},
    {offsetof(struct pk_agg, sum.high), .gauge = true},
    {offsetof(struct pk_agg, rise), .counter_only = true},
};

int pk_tsdb_decode(struct pk_tsdb *db, struct pk_block_head *head, const void *body, size_t len)
{
    return pk_block_read(db->coder, head, body, len, db->t, db->v);
}

size_t pk_bucket_end(const int64_t *t, size_t i, size_t n, int64_t from, uint64_t width)
{
    uint64_t bucket = ((uint64_t)t[i] - (uint64_t)from) / width;
    uint64_t last = bucket * width + (width - 1);
    size_t low = i + 1, high = n;

    if (last < bucket * width)
        last = UINT64_MAX;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if ((uint64_t)t[middle] - (uint64_t)from <= last)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The begin of t's bucket; INT64_MIN is no multiple of a width, and nobody's time. */
static int64_t pk_bucket_begin(int64_t t, int64_t width)
{
    int64_t rest = t % width;

    return t - (rest < 0 ? rest + width : rest);
}

/* The buckets of the block in db->t, db->v and the coder. */
static size_t pk_buckets(struct pk_tsdb *db, const struct pk_block_head *head, int64_t width,
                         struct pk_agg *ret)
{
    size_t n = 0, end;

    for (size_t i = 0; i < head->how.n; i = end) {
        int64_t begin = pk_bucket_begin(db->t[i], width);

        end = pk_bucket_end(db->t, i, head->how.n, begin, (uint64_t)width);
        pk_agg_codes(&head->how, db->coder->code, db->t, db->v, i, end, &ret[n]);
        ret[n].sum.high = pk_sum_value(&ret[n].sum);
        ret[n++].t_first = begin;
    }
    return n;
}

static int pk_field_write(struct pk_tsdb *db, bool counter, const struct pk_field *f,
                          const struct pk_agg *a, size_t n, struct pk_buf *out)
{
    struct pk_values how = {.codec = PK_CODEC_INTEGER, .counter = true, .n = n};
    struct pk_coder *c = db->coder;
    int r;

    for (size_t i = 0; i < n; i++)
        memcpy(&db->v[i], (const char *)&a[i] + f->offset, sizeof(db->v[i]));
    if (counter && !f->gauge)
        memcpy(c->code, db->v, n * sizeof(*c->code));
    else if (!pk_values_integer(&db->v->gauge, n, c->code, &how))
        pk_values_raw(&db->v->gauge, n, c->code, &how);
    pk_put_u8(out, how.codec | how.param << 2 | (how.n_exceptions ? EXCEPTIONS : 0));
    r = pk_column_write(c, c->code, n, out);
    if (how.n_exceptions)
        pk_exceptions_write(&how, out);
    return r;
}

static int pk_rollup_columns(struct pk_tsdb *db, bool counter, int64_t width,
                             const struct pk_agg *a, size_t n, struct pk_buf *out)
{
    int64_t *x = db->t;
    int r;

    pk_put_u8(out, ROLLUP_FORMAT);
    pk_put_varint(out, n);
    for (size_t i = 0; i < n; i++)
        x[i] = a[i].t_first / width;
    r = pk_column_write(db->coder, x, n, out);
    for (size_t i = 0; i < n; i++)
        x[i] = (int64_t)a[i].count;
    r = r ? r : pk_column_write(db->coder, x, n, out);
    for (size_t i = 0; i < n; i++)
        x[i] = (int64_t)a[i].n_nan;
    r = r ? r : pk_column_write(db->coder, x, n, out);
    for (size_t f = 0; f < PK_ARRAY_SIZE(fields) && !r; f++)
        if (counter || !fields[f].counter_only)
            r = pk_field_write(db, counter, &fields[f], a, n, out);
    return r ? r : out->failed;
}

int pk_rollup_write(struct pk_tsdb *db, const struct pk_pending *p, enum pk_tier tier,
                    struct pk_buf *out)
{
    _pk_free_ struct pk_agg *a = NULL;
    struct pk_block_head head;
    int r = pk_block_head_read(p->head.data, p->head.len, &head);
    size_t n;

    if (!r)
        r = pk_tsdb_decode(db, &head, p->body.data, p->body.len);
    if (r)
        return r;
    a = calloc(head.how.n, sizeof(*a));
    if (!a)
        return -ENOMEM;
    n = pk_buckets(db, &head, pk_tier_width(tier), a);
    return pk_rollup_columns(db, head.how.counter, pk_tier_width(tier), a, n, out);
}

static int pk_field_read(struct pk_tsdb *db, bool counter, const struct pk_field *f,
                         struct pk_reader *r, struct pk_agg *a, size_t n)
{
    unsigned head = pk_get_u8(r);
    struct pk_values how = {.codec = head & 3, .param = (head & ~EXCEPTIONS) >> 2, .n = n};

    how.counter = counter && !f->gauge;
    if (how.codec == PK_CODEC_INTEGER ? how.param > PK_TEN_MAX
                                      : how.codec != PK_CODEC_RAW || how.param)
        return -EBADMSG;
    if (how.counter && head)
        return -EBADMSG;
    if (pk_column_read(db->coder, r, n, db->coder->code) ||
        (head & EXCEPTIONS && pk_exceptions_read(r, &how)))
        return -EBADMSG;
    pk_values_restore(db->coder, &how, db->coder->code, db->v);
    for (size_t i = 0; i < n; i++)
        memcpy((char *)&a[i] + f->offset, &db->v[i], sizeof(db->v[i]));
    return 0;
}

static int pk_counts_read(struct pk_tsdb *db, bool counter, struct pk_reader *r, int64_t width,
                          struct pk_agg *a, size_t n)
{
    if (pk_column_read(db->coder, r, n, db->t))
        return -EBADMSG;
    for (size_t i = 0; i < n; i++) {
        if (db->t[i] > INT64_MAX / width - 1 || db->t[i] < INT64_MIN / width)
            return -EBADMSG;
        a[i] = (struct pk_agg){.counter = counter, .sum.kind = PK_SUM_DOUBLE};
        a[i].t_first = db->t[i] * width;
        a[i].t_last = a[i].t_first + width - 1;
    }
    if (pk_column_read(db->coder, r, n, db->t))
        return -EBADMSG;
    for (size_t i = 0; i < n; i++)
        a[i].count = (uint64_t)db->t[i];
    if (pk_column_read(db->coder, r, n, db->t))
        return -EBADMSG;
    for (size_t i = 0; i < n; i++) {
        a[i].n_nan = (uint64_t)db->t[i];
        if (!a[i].count || a[i].count > PK_BLOCK_MAX || a[i].n_nan > a[i].count)
            return -EBADMSG;
    }
    return 0;
}

static int pk_rollup_read_all(struct pk_tsdb *db, bool counter, struct pk_reader *r, int64_t width,
                              struct pk_agg *a, size_t n)
{
    int bad = pk_counts_read(db, counter, r, width, a, n);

    for (size_t f = 0; f < PK_ARRAY_SIZE(fields) && !bad; f++)
        if (counter || !fields[f].counter_only)
            bad = pk_field_read(db, counter, &fields[f], r, a, n);
    return !bad && pk_left(r) ? -EBADMSG : bad;
}

int pk_rollup_read(struct pk_tsdb *db, bool counter, const void *data, size_t len,
                   enum pk_tier tier, struct pk_agg **ret, size_t *ret_n)
{
    static const char pad[PK_CODER_PAD];
    struct pk_buf *copy = &db->coder->body;
    _pk_free_ struct pk_agg *a = NULL;
    struct pk_reader r;
    uint64_t n;
    int bad;

    pk_buf_reset(copy);
    if (!len || len > PK_BLOCK_BYTES_MAX)
        return -EBADMSG;
    pk_buf_add(copy, data, len);
    pk_buf_add(copy, pad, sizeof(pad));
    if (copy->failed)
        return copy->failed;
    r = (struct pk_reader){.p = (const uint8_t *)copy->data};
    r.end = r.p + len;
    if (pk_get_u8(&r) != ROLLUP_FORMAT)
        return -EBADMSG;
    n = pk_get_varint(&r);
    if (r.bad || !n || n > PK_BLOCK_MAX)
        return -EBADMSG;
    a = calloc(n, sizeof(*a));
    if (!a)
        return -ENOMEM;
    bad = pk_rollup_read_all(db, counter, &r, pk_tier_width(tier), a, n);
    if (bad)
        return bad;
    *ret = PK_TAKE_PTR(a);
    *ret_n = n;
    return 0;
}
