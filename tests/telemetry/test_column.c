// SPDX-License-Identifier: GPL-2.0-or-later
/* Columns come back as they were, whatever the numbers, and each packing is met. */
#include "telemetry/column.h"

#include "model.h"

#define ROUNDS 1500

static int64_t in[PK_BLOCK_MAX], out[PK_BLOCK_MAX];
static unsigned met[4];

static void make(unsigned kind, size_t n)
{
    unsigned width = (unsigned)model_below(64);
    int64_t at = (int64_t)model_word(), unit = (int64_t)(model_word() >> model_below(64));

    for (size_t i = 0; i < n; i++) {
        uint64_t noise = model_word() >> width;

        if (kind == 0)
            at = (int64_t)noise;
        else if (kind == 1)
            at = pk_wrap_add(at, (int64_t)noise);
        else if (kind == 2)
            at = pk_wrap_add(at, unit);
        else if (kind == 3)
            at = model_below(60) ? at : pk_wrap_add(at, (int64_t)model_below(7));
        else if (kind == 4)
            at = pk_wrap_mul((int64_t)(noise >> 4), unit);
        else if (kind == 5)
            at = model_below(2) ? INT64_MIN : INT64_MAX;
        else
            at = model_below(40) ? (int64_t)(noise & 255)
                                 : (int64_t)(model_word() >> model_below(64));
        in[i] = at;
    }
}

static void there_and_back(struct pk_coder *c, size_t n)
{
    static const char pad[PK_CODER_PAD];
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);
    struct pk_reader r;

    assert_int_equal(pk_column_write(c, in, n, &b), 0);
    met[(uint8_t)b.data[0] >> 2 & 3]++;
    r = (struct pk_reader){.p = (const uint8_t *)b.data};
    pk_buf_add(&b, pad, sizeof(pad));
    r = (struct pk_reader){.p = (const uint8_t *)b.data,
                           .end = (const uint8_t *)b.data + b.len - sizeof(pad)};
    memset(out, 0x5a, sizeof(out));
    assert_int_equal(pk_column_read(c, &r, n, out), 0);
    assert_ptr_equal(r.p, r.end);
    assert_memory_equal(in, out, n * sizeof(*in));
}

static void test_round_trip(void **state)
{
    _pk_coder_ struct pk_coder *c = NULL;

    model_begin(0x636f6c756d6e);
    assert_int_equal(pk_coder_new(&c), 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t n = 1 + model_below(i % 50 ? 1500 : PK_BLOCK_MAX);

        make(i % 7, n);
        there_and_back(c, n);
    }
    for (unsigned p = 0; p < PK_ARRAY_SIZE(met); p++)
        assert_in_range(met[p], 10, ROUNDS);
}

/* A clock that ticks costs a few bytes, however many ticks. */
static void test_small(void **state)
{
    _pk_coder_ struct pk_coder *c = NULL;
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);

    assert_int_equal(pk_coder_new(&c), 0);
    for (size_t i = 0; i < PK_BLOCK_MAX; i++)
        in[i] = 1700000000000000000 + (int64_t)i * 1000000000;
    assert_int_equal(pk_column_write(c, in, PK_BLOCK_MAX, &b), 0);
    assert_true(b.len <= 20);
    /* Multiples of a page cost what their multipliers cost. */
    for (size_t i = 0; i < PK_BLOCK_MAX; i++)
        in[i] = (int64_t)(model_below(16) * 4096);
    pk_buf_reset(&b);
    assert_int_equal(pk_column_write(c, in, PK_BLOCK_MAX, &b), 0);
    assert_true(b.len <= PK_BLOCK_MAX * 45 / 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_small),
    };

    return cmocka_run_group_tests_name("column", tests, NULL, NULL);
}
