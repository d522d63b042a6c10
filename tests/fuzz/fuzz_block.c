// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks from bytes that are anything. The first two bytes say how long the head is; the rest is
 * the body. What is read must be consistent: times rise from the head's first to its last, and,
 * where the codec is lossless, writing the points again and reading that gives the same points; and
 * joining the codes does.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "telemetry/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pk_coder *coder;
static int64_t t[2][PK_MERGED_MAX];
static union pk_value v[2][PK_MERGED_MAX];
static int64_t code[PK_MERGED_MAX];

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "block: %s\n", what);
    abort();
}

static void there_and_back(const struct pk_block_head *h)
{
    const struct pk_value_spec spec = {.counter = h->how.counter};
    _pk_buf_ struct pk_buf head = PK_BUF_INIT(PK_BLOCK_BYTES_MAX),
                           body = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);
    struct pk_block_head again;
    size_t n = h->how.n;

    if (n > PK_BLOCK_MAX)
        return;
    expect(!pk_block_write(coder, &spec, t[0], v[0], n, &head, &body), "cannot be written");
    expect(!pk_block_head_read(head.data, head.len, &again), "own head not understood");
    expect(!pk_block_read(coder, &again, body.data, body.len, t[1], v[1]),
           "own body not understood");
    expect(!memcmp(t[0], t[1], n * sizeof(t[0][0])), "times differ");
    expect(!memcmp(v[0], v[1], n * sizeof(v[0][0])), "values differ");
}

/* As a block of several is written: the codes are kept. */
static void joined(const struct pk_block_head *h)
{
    _pk_buf_ struct pk_buf head = PK_BUF_INIT(PK_BLOCK_BYTES_MAX),
                           body = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);
    struct pk_block_head again;
    size_t n = h->how.n;
    int r;

    if (h->flags & PK_BLOCK_EXCEPTIONS)
        return;
    memcpy(code, coder->code, n * sizeof(*code));
    r = pk_block_join(coder, &h->how, h->flags & PK_BLOCK_ZONE, t[0], code, v[0], &head, &body);
    if (r == -E2BIG)
        return;
    expect(!r, "cannot be joined");
    expect(!pk_block_head_read(head.data, head.len, &again), "joined head not understood");
    expect(!pk_block_read(coder, &again, body.data, body.len, t[1], v[1]),
           "joined body not understood");
    expect(!memcmp(t[0], t[1], n * sizeof(t[0][0])), "joined times differ");
    expect(!memcmp(v[0], v[1], n * sizeof(v[0][0])), "joined values differ");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pk_block_head h;
    struct pk_agg a;
    size_t len;

    if (!coder)
        expect(!pk_coder_new(&coder), "no memory");
    if (size < 2)
        return 0;
    len = data[0] | (size_t)data[1] << 8;
    if (len > size - 2 || pk_block_head_read(data + 2, len, &h))
        return 0;
    (void)pk_sum_value(&h.agg.sum);
    (void)pk_agg_mean(&h.agg);
    if (pk_block_read(coder, &h, data + 2 + len, size - 2 - len, t[0], v[0]))
        return 0;
    expect(h.how.n >= 1 && h.how.n <= PK_MERGED_MAX, "count");
    pk_agg_codes(&h.how, coder->code, t[0], v[0], 0, h.how.n, &a);
    (void)pk_sum_value(&a.sum);
    joined(&h);
    there_and_back(&h);
    return 0;
}
