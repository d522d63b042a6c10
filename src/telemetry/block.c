// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/block.h"

#include <errno.h>
#include <math.h>

#include "base/macro.h"

/* Without a way out of the loop, which would keep the compiler from using vectors. */
static bool pk_times_rise(const int64_t *t, size_t n)
{
    bool falls = false;

    for (size_t i = 1; i < n; i++)
        falls |= t[i] <= t[i - 1];
    return !falls && (uint64_t)t[n - 1] - (uint64_t)t[0] <= INT64_MAX;
}

static bool pk_all_same(const union pk_value *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (v[i].counter != v[0].counter)
            return false;
    return true;
}

/* Does a value lie where the metric's scale gives posits few bits? */
static bool pk_out_of_zone(const struct pk_value_spec *spec, const union pk_value *v, size_t n)
{
    double low = ldexp(PK_ZONE_MIN, spec->scale), high = ldexp(PK_ZONE_MAX, spec->scale);

    for (size_t i = 0; i < n; i++) {
        double m = fabs(v[i].gauge);

        if (m > 0 && m <= DBL_MAX && (m < low || m > high))
            return true;
    }
    return false;
}

/* One codec's values as bytes: the column and the exceptions. */
static int pk_values_write(struct pk_coder *c, const struct pk_values *how, const int64_t *code,
                           struct pk_buf *out)
{
    int r = pk_column_write(c, code, how->n, out);

    if (!r && how->n_exceptions)
        pk_exceptions_write(how, out);
    return r ? r : out->failed;
}

/* Posits only where they are the smaller: integers lose nothing. */
static bool pk_posits_pay(struct pk_coder *c, const struct pk_values *integer,
                          const struct pk_values *posit)
{
    return pk_column_cost(c, c->other, posit->n) + 64.0 * (double)posit->n_exceptions / posit->n <
           pk_column_cost(c, c->code, integer->n) +
               64.0 * (double)integer->n_exceptions / integer->n;
}

/* How gauges are held, with the codes in c->code: raw if neither integers nor posits can be. */
static void pk_gauges_choose(struct pk_coder *c, const struct pk_value_spec *spec, const double *v,
                             size_t n, struct pk_values *how)
{
    struct pk_values other;
    bool integer = pk_values_integer(v, n, c->code, how);

    if (pk_values_posit(c, spec, v, n, c->other, &other) &&
        (!integer || pk_posits_pay(c, how, &other))) {
        *how = other;
        memcpy(c->code, c->other, n * sizeof(*c->code));
    } else if (!integer) {
        pk_values_raw(v, n, c->code, how);
    }
}

static void pk_values_choose(struct pk_coder *c, const struct pk_value_spec *spec,
                             const union pk_value *v, size_t n, struct pk_values *how)
{
    if (!spec->counter) {
        pk_gauges_choose(c, spec, &v->gauge, n, how);
        return;
    }
    *how = (struct pk_values){.codec = PK_CODEC_INTEGER, .counter = true, .n = n};
    memcpy(c->code, v, n * sizeof(*v));
}

/* Of one value there is no choice but between an integer and the double itself. */
static void pk_constant_choose(const struct pk_value_spec *spec, const union pk_value *v, size_t n,
                               struct pk_block_head *h)
{
    h->flags |= PK_BLOCK_CONSTANT;
    if (spec->counter) {
        h->how = (struct pk_values){.codec = PK_CODEC_INTEGER, .counter = true};
        h->constant = (int64_t)v->counter;
    } else if (!pk_values_integer(&v->gauge, 1, &h->constant, &h->how)) {
        pk_values_raw(&v->gauge, 1, &h->constant, &h->how);
    }
    h->how.n = n;
}

/* What the head says is said of what is stored, not of what was given. */
static void pk_block_describe(const int64_t *t, const int64_t *code, const union pk_value *stored,
                              struct pk_block_head *h)
{
    pk_agg_codes(&h->how, code, t, stored, 0, h->how.n, &h->agg);
    h->least = h->greatest = code[0];
    for (size_t i = 1; i < h->how.n; i++) {
        h->least = PK_MIN(h->least, code[i]);
        h->greatest = PK_MAX(h->greatest, code[i]);
    }
    if (h->agg.sum.kind == PK_SUM_DOUBLE)
        h->flags |= PK_BLOCK_ROUGH;
    if (h->how.counter) {
        h->least = (int64_t)h->agg.min.counter;
        h->greatest = (int64_t)h->agg.max.counter;
        if (h->agg.rise != h->agg.last.counter - h->agg.first.counter)
            h->flags |= PK_BLOCK_RISE;
    }
    if (h->how.n_exceptions)
        h->flags |= PK_BLOCK_EXCEPTIONS;
}

static const union pk_value *pk_stored(struct pk_coder *c, const struct pk_values *how,
                                       const union pk_value *given)
{
    union pk_value *posits = (union pk_value *)c->real;

    if (how->codec != PK_CODEC_POSIT)
        return given;
    pk_values_restore(c, how, c->code, posits);
    return posits;
}

int pk_block_write(struct pk_coder *c, const struct pk_value_spec *spec, const int64_t *t,
                   const union pk_value *v, size_t n, struct pk_buf *head, struct pk_buf *body)
{
    struct pk_block_head h = {.flags = spec->counter ? PK_BLOCK_COUNTER : 0};
    int r;

    if (!n || n > PK_BLOCK_MAX || !pk_times_rise(t, n))
        return -EINVAL;
    r = pk_column_write(c, t, n, body);
    if (r)
        return r;
    if (pk_all_same(v, n)) {
        pk_constant_choose(spec, v, n, &h);
        h.agg = (struct pk_agg){.t_first = t[0], .t_last = t[n - 1]};
        h.agg.n_nan = !spec->counter && isnan(v->gauge) ? n : 0;
    } else {
        pk_values_choose(c, spec, v, n, &h.how);
        r = pk_values_write(c, &h.how, c->code, body);
        if (r)
            return r;
        pk_block_describe(t, c->code, pk_stored(c, &h.how, v), &h);
    }
    if (spec->error > 0 && h.how.codec != PK_CODEC_INTEGER && pk_out_of_zone(spec, v, n))
        h.flags |= PK_BLOCK_ZONE;
    pk_block_head_write(&h, c->code, head);
    return head->failed ? head->failed : body->failed;
}

int pk_block_join(struct pk_coder *c, const struct pk_values *how, unsigned flags, const int64_t *t,
                  const int64_t *code, const union pk_value *v, struct pk_buf *head,
                  struct pk_buf *body)
{
    struct pk_block_head h = {.flags = flags | (how->counter ? PK_BLOCK_COUNTER : 0), .how = *how};
    int r;

    if (!how->n || how->n > PK_MERGED_MAX || !pk_times_rise(t, how->n))
        return -EINVAL;
    r = pk_column_write(c, t, how->n, body);
    pk_block_describe(t, code, v, &h);
    if (h.least == h.greatest) {
        h.flags = (h.flags | PK_BLOCK_CONSTANT) & ~(unsigned)PK_BLOCK_ROUGH;
        h.constant = code[0];
    } else if (!r) {
        r = pk_values_write(c, how, code, body);
    }
    pk_block_head_write(&h, code, head);
    return r ? r : head->failed ? head->failed : body->failed;
}

static int pk_body_read(struct pk_coder *c, struct pk_block_head *head, struct pk_reader *r,
                        int64_t *t, union pk_value *v)
{
    size_t n = head->how.n;
    int bad = pk_column_read(c, r, n, t);

    head->how.n_exceptions = 0;
    if (!bad && head->flags & PK_BLOCK_CONSTANT)
        for (size_t i = 0; i < n; i++)
            c->code[i] = head->constant;
    else if (!bad)
        bad = pk_column_read(c, r, n, c->code);
    if (!bad && head->flags & PK_BLOCK_EXCEPTIONS)
        bad = pk_exceptions_read(r, &head->how);
    if (bad || r->p != r->end || !pk_times_rise(t, n) || t[0] != head->agg.t_first ||
        t[n - 1] != head->agg.t_last)
        return -EBADMSG;
    pk_values_restore(c, &head->how, c->code, v);
    return 0;
}

int pk_block_read(struct pk_coder *c, struct pk_block_head *head, const void *body, size_t len,
                  int64_t *t, union pk_value *v)
{
    static const char pad[PK_CODER_PAD];
    struct pk_reader r;

    pk_buf_reset(&c->body);
    if (len > PK_BLOCK_BYTES_MAX)
        return -EBADMSG;
    if (len)
        pk_buf_add(&c->body, body, len);
    pk_buf_add(&c->body, pad, sizeof(pad));
    if (c->body.failed)
        return c->body.failed;
    r = (struct pk_reader){.p = (const uint8_t *)c->body.data,
                           .end = (const uint8_t *)c->body.data + len};
    return pk_body_read(c, head, &r, t, v);
}
