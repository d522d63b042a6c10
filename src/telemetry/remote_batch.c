// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/macro.h"
#include "telemetry/remote_internal.h"

/* Field number and wire type, https://protobuf.dev/programming-guides/encoding/ */
#define FIELD(number, type) ((number) << 3 | (type))
#define VARINT 0u
#define FIXED64 1u
#define LENGTH 2u

static void pk_put_bytes(struct pk_buf *out, unsigned field, const void *data, size_t len)
{
    pk_put_u8(out, FIELD(field, LENGTH));
    pk_put_varint(out, len);
    pk_buf_add(out, data, len);
}

static void pk_put_label(struct pk_buf *out, const char *name, const char *value)
{
    size_t n = strlen(name), v = strlen(value);

    pk_put_u8(out, FIELD(1u, LENGTH));
    pk_put_varint(out, 2 + pk_varint_size(n) + n + pk_varint_size(v) + v);
    pk_put_bytes(out, 1, name, n);
    pk_put_bytes(out, 2, value, v);
}

/* Labels in the order of their names, the metric's own among them; none that are empty. */
void pk_batch_begin(struct pk_batch *b, const struct pk_metric *m)
{
    static const char own[] = "__name__";
    bool named = false;

    pk_buf_reset(&b->series);
    b->series_points = 0;
    for (size_t i = 0; i < m->n_labels; i++) {
        const struct pk_label *l = &m->labels[i];

        if (!named && strcmp(l->name, own) >= 0) {
            pk_put_label(&b->series, own, m->name);
            named = true;
        }
        if (*l->value && strcmp(l->name, own) != 0)
            pk_put_label(&b->series, l->name, l->value);
    }
    if (!named)
        pk_put_label(&b->series, own, m->name);
}

void pk_batch_point(struct pk_batch *b, int64_t ms, double v)
{
    /* Prometheus' value.NormalNaN: another NaN of its means that the series is stale. */
    uint64_t bits = 0x7ff8000000000001ull;

    if (!isnan(v))
        memcpy(&bits, &v, sizeof(bits));
    pk_put_u8(&b->series, FIELD(2u, LENGTH));
    pk_put_varint(&b->series, 1 + 8 + 1 + pk_varint_size((uint64_t)ms));
    pk_put_u8(&b->series, FIELD(1u, FIXED64));
    pk_buf_add(&b->series, &bits, sizeof(bits));
    pk_put_u8(&b->series, FIELD(2u, VARINT));
    pk_put_varint(&b->series, (uint64_t)ms);
    b->points++;
    b->series_points++;
}

int pk_batch_end(struct pk_batch *b, size_t series, int64_t t)
{
    if (b->n_ends == b->cap_ends) {
        size_t cap = PK_MAX(2 * b->cap_ends, (size_t)64);
        struct pk_batch_end *grown = realloc(b->end, cap * sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        b->end = grown;
        b->cap_ends = cap;
    }
    b->end[b->n_ends++] = (struct pk_batch_end){series, t};
    if (b->series_points)
        pk_put_bytes(&b->body, 1, b->series.data, b->series.len);
    return b->series.failed ? b->series.failed : b->body.failed;
}

void pk_batch_reset(struct pk_batch *b)
{
    pk_buf_reset(&b->body);
    b->n_ends = b->points = 0;
}

void pk_batch_done(struct pk_batch *b)
{
    pk_buf_done(&b->body);
    pk_buf_done(&b->series);
    free(b->end);
}
