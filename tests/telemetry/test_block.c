// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks: what is stored is what was given, or within the bound; what the head says is true of what
 * is stored; and bytes that nobody wrote are refused or read, but never worse.
 */
#include "telemetry/block.h"

#include <errno.h>

#include "model.h"

#define ROUNDS 1200
#define HOSTILE 60000

static int64_t t_in[PK_BLOCK_MAX], t_out[PK_MERGED_MAX]; /* a damaged head can say so many */
static union pk_value v_in[PK_BLOCK_MAX], v_out[PK_MERGED_MAX];
static struct pk_coder *coder;
static unsigned met[PK_CODEC_N], met_constant, met_exceptions, met_zone;

static struct pk_value_spec random_spec(void)
{
    static const double error[] = {0, 0, 1e-9, 1e-6, 1e-4, 1e-3, 0.05, 0.9};
    struct pk_value_spec s = {.counter = model_below(4) == 0};

    if (!s.counter) {
        s.error = error[model_below(PK_ARRAY_SIZE(error))];
        s.scale = model_below(2) ? 0 : (int)model_below(61) - 30;
    }
    return s;
}

static void make(const struct pk_value_spec *s, size_t n)
{
    unsigned kind = (unsigned)model_below(s->counter ? MODEL_COUNTER_KINDS : MODEL_KINDS);
    uint64_t at = model_word() >> model_below(64);

    model_times(t_in, n);
    for (size_t i = 0; i < n; i++)
        if (s->counter)
            v_in[i].counter = at = model_counter(kind, at);
        else
            v_in[i].gauge = model_gauge(kind, i);
}

static void read_back(const struct pk_buf *head, const struct pk_buf *body, struct pk_block_head *h)
{
    memset(t_out, 0x5a, sizeof(t_out));
    memset(v_out, 0x5a, sizeof(v_out));
    assert_int_equal(pk_block_head_read(head->data, head->len, h), 0);
    assert_int_equal(pk_block_read(coder, h, body->data, body->len, t_out, v_out), 0);
}

static bool same_bits(double a, double b)
{
    uint64_t x, y;

    memcpy(&x, &a, sizeof(x));
    memcpy(&y, &b, sizeof(y));
    return x == y;
}

static void check_values(const struct pk_value_spec *s, const struct pk_block_head *h, size_t n)
{
    double worst = 0;

    assert_int_equal(h->how.n, n);
    assert_memory_equal(t_in, t_out, n * sizeof(*t_in));
    if (s->counter || s->error == 0) {
        assert_memory_equal(v_in, v_out, n * sizeof(*v_in));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double v = v_in[i].gauge, w = v_out[i].gauge;

        if (same_bits(v, w))
            continue;
        assert_true(isfinite(v) && v != 0 && signbit(v) == signbit(w));
        assert_true(fabs(w - v) / fabs(v) <= s->error);
        worst = fmax(worst, fabs(w - v) / fabs(v));
    }
    assert_true(worst <= h->how.error || h->how.codec != PK_CODEC_POSIT);
    assert_true(h->how.error <= s->error * 1.001 + 1e-15);
}

/* The sum as it should be, rounded once. */
static double oracle_sum(const struct pk_block_head *h, size_t n)
{
    struct model_sum sum = {0};

    for (size_t i = 0; i < n; i++)
        if (!isnan(v_out[i].gauge))
            model_add(&sum, v_out[i].gauge);
    return model_value(&sum);
}

/* sum / 10^scale: the digits are written, and strtod rounds. */
static double divide(__int128 sum, unsigned scale)
{
    unsigned __int128 m = sum < 0 ? -(unsigned __int128)sum : (unsigned __int128)sum;
    char text[64], *at = text + sizeof(text) - 8;

    snprintf(at, 8, "e-%u", scale);
    do
        *--at = (char)('0' + (int)(m % 10));
    while (m /= 10);
    return (sum < 0 ? -1 : 1) * strtod(at, NULL);
}

static double oracle_decimal(const struct pk_block_head *h, size_t n)
{
    __int128 sum = 0;

    for (size_t i = 0; i < n; i++)
        if (h->how.counter)
            sum += v_out[i].counter;
        else if (!isnan(v_out[i].gauge))
            sum += (__int128)rint(v_out[i].gauge * pk_ten((int)h->how.param));
    return divide(sum, h->how.param);
}

static void check_sum(const struct pk_block_head *h, size_t n)
{
    double got = pk_sum_value(&h->agg.sum), want, size = 0;

    for (size_t i = 0; i < n && !h->how.counter; i++)
        if (isinf(v_out[i].gauge) || fabs(v_out[i].gauge) > 1e300)
            return; /* infinite, or may have overflowed on the way */
    if (h->how.codec == PK_CODEC_INTEGER && !(h->flags & PK_BLOCK_ROUGH)) {
        assert_true(got == oracle_decimal(h, n));
        return;
    }
    want = oracle_sum(h, n);
    if (h->how.codec == PK_CODEC_POSIT && pk_sum_is_exact(&h->agg.sum)) {
        assert_true(got == want);
        return;
    }
    for (size_t i = 0; i < n; i++)
        size += isnan(v_out[i].gauge) ? 0 : fabs(v_out[i].gauge);
    assert_true(fabs(got - want) <= size * 0x1p-50);
}

static void check_head(const struct pk_block_head *h, size_t n)
{
    struct pk_agg want;

    pk_agg_points(h->how.counter, t_out, v_out, n, &want);
    assert_int_equal(h->agg.count, n);
    assert_int_equal(h->agg.n_nan, want.n_nan);
    assert_int_equal(h->agg.t_first, t_in[0]);
    assert_int_equal(h->agg.t_last, t_in[n - 1]);
    assert_int_equal(h->agg.first.counter, v_out[0].counter);
    assert_int_equal(h->agg.last.counter, v_out[n - 1].counter);
    if (want.n_nan == n) {
        assert_true(isnan(h->agg.min.gauge) && isnan(h->agg.max.gauge));
    } else if (h->how.counter) {
        assert_int_equal(h->agg.min.counter, want.min.counter);
        assert_int_equal(h->agg.max.counter, want.max.counter);
        assert_int_equal(h->agg.rise, want.rise);
    } else {
        assert_true(h->agg.min.gauge == want.min.gauge && h->agg.max.gauge == want.max.gauge);
    }
    check_sum(h, n);
}

static void remember(const struct pk_block_head *h)
{
    met[h->how.codec]++;
    met_constant += (h->flags & PK_BLOCK_CONSTANT) != 0;
    met_exceptions += (h->flags & PK_BLOCK_EXCEPTIONS) != 0;
    met_zone += (h->flags & PK_BLOCK_ZONE) != 0;
}

static void test_round_trip(void **state)
{
    model_begin(0x626c6f636b);
    for (unsigned i = 0; i < ROUNDS; i++) {
        _pk_buf_ struct pk_buf head = PK_BUF_INIT(PK_BLOCK_BYTES_MAX),
                               body = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);
        size_t n = 1 + model_below(i % 20 ? 300 : PK_BLOCK_MAX);
        struct pk_value_spec s = random_spec();
        struct pk_block_head h;

        make(&s, n);
        assert_int_equal(pk_block_write(coder, &s, t_in, v_in, n, &head, &body), 0);
        read_back(&head, &body, &h);
        check_values(&s, &h, n);
        check_head(&h, n);
        remember(&h);
    }
    assert_true(met[PK_CODEC_INTEGER] > 50 && met[PK_CODEC_POSIT] > 50 && met[PK_CODEC_RAW] > 50);
    assert_true(met_constant > 20 && met_exceptions > 20 && met_zone > 20);
}

/* Parts of a block, summed from codes, join to what the head says. */
static void test_parts(void **state)
{
    model_begin(0x7061727473);
    for (unsigned i = 0; i < 300; i++) {
        _pk_buf_ struct pk_buf head = PK_BUF_INIT(PK_BLOCK_BYTES_MAX),
                               body = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);
        size_t n = 2 + model_below(400), cut = 1 + model_below(n - 1);
        struct pk_value_spec s = random_spec();
        struct pk_agg a, b;
        struct pk_block_head h;

        make(&s, n);
        assert_int_equal(pk_block_write(coder, &s, t_in, v_in, n, &head, &body), 0);
        read_back(&head, &body, &h);
        pk_agg_codes(&h.how, coder->code, t_out, v_out, 0, cut, &a);
        pk_agg_codes(&h.how, coder->code, t_out, v_out, cut, n, &b);
        pk_agg_join(&a, &b);
        assert_int_equal(a.count, h.agg.count);
        assert_int_equal(a.rise, h.agg.rise);
        assert_int_equal(a.last.counter, h.agg.last.counter);
        if (pk_sum_is_exact(&h.agg.sum))
            assert_true(pk_sum_value(&a.sum) == pk_sum_value(&h.agg.sum));
    }
}

/* The declared bound decides the codec, and the zone is told. */
static void test_choice(void **state)
{
    struct pk_value_spec s = {.error = 1e-4};
    struct pk_block_head h;

    for (unsigned pass = 0; pass < 2; pass++) {
        _pk_buf_ struct pk_buf head = PK_BUF_INIT(PK_BLOCK_BYTES_MAX),
                               body = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);

        s.scale = pass ? 30 : 0;
        model_seed = 99;
        for (size_t i = 0; i < 1000; i++) {
            t_in[i] = (int64_t)i;
            v_in[i].gauge = 1e9 * (0.5 + model_uniform());
        }
        assert_int_equal(pk_block_write(coder, &s, t_in, v_in, 1000, &head, &body), 0);
        read_back(&head, &body, &h);
        assert_int_equal(h.how.codec, PK_CODEC_POSIT);
        assert_int_equal(!!(h.flags & PK_BLOCK_ZONE), !pass);
        assert_int_equal(h.how.param, pass ? 3 : 4);
        assert_true(body.len < 1000 * 17 / 8);
    }
}

static void test_refused(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);
    struct pk_value_spec s = {0};

    t_in[0] = t_in[1] = 5;
    assert_int_equal(pk_block_write(coder, &s, t_in, v_in, 0, &b, &b), -EINVAL);
    assert_int_equal(pk_block_write(coder, &s, t_in, v_in, PK_BLOCK_MAX + 1, &b, &b), -EINVAL);
    assert_int_equal(pk_block_write(coder, &s, t_in, v_in, 2, &b, &b), -EINVAL);
    assert_int_equal(b.len, 0);
}

/* Every cut, and random changes: 0 or -EBADMSG. Memory is the sanitizers' to watch. */
static void attack(const struct pk_buf *head, const struct pk_buf *body)
{
    _pk_free_ char *h_bytes = malloc(head->len), *b_bytes = malloc(body->len);
    struct pk_block_head h;
    int r;

    memcpy(h_bytes, head->data, head->len);
    memcpy(b_bytes, body->data, body->len);
    for (unsigned i = 0; i < 1 + model_below(3); i++) {
        if (model_below(2))
            h_bytes[model_below(head->len)] = (char)model_word();
        else
            b_bytes[model_below(body->len)] = (char)model_word();
    }
    r = pk_block_head_read(h_bytes, head->len, &h);
    assert_true(r == 0 || r == -EBADMSG);
    if (r)
        return;
    r = pk_block_read(coder, &h, b_bytes, body->len, t_out, v_out);
    assert_true(r == 0 || r == -EBADMSG);
    pk_sum_value(&h.agg.sum);
}

static void test_hostile(void **state)
{
    model_begin(0x686f7374696c65);
    for (unsigned i = 0; i < HOSTILE / 300; i++) {
        _pk_buf_ struct pk_buf head = PK_BUF_INIT(PK_BLOCK_BYTES_MAX),
                               body = PK_BUF_INIT(PK_BLOCK_BYTES_MAX);
        size_t n = 1 + model_below(300);
        struct pk_value_spec s = random_spec();
        struct pk_block_head h, sound;

        make(&s, n);
        assert_int_equal(pk_block_write(coder, &s, t_in, v_in, n, &head, &body), 0);
        assert_int_equal(pk_block_head_read(head.data, head.len, &sound), 0);
        for (size_t cut = 0; cut < head.len; cut++)
            assert_int_equal(pk_block_head_read(head.data, cut, &h), -EBADMSG);
        for (size_t cut = 0; cut < body.len; cut += 1 + body.len / 64) {
            h = sound;
            assert_int_equal(pk_block_read(coder, &h, body.data, cut, t_out, v_out), -EBADMSG);
        }
        for (unsigned k = 0; k < 300; k++)
            attack(&head, &body);
    }
}

/* Sums of decimals are rounded once, also where a middle is missed by the least digit; and join. */
static void test_decimal_sums(void **state)
{
    model_begin(0x64656369);
    for (unsigned i = 0; i < 20000; i++) {
        unsigned scale = (unsigned)model_below(PK_TEN_MAX + 1);
        __int128 m = (__int128)model_word() << 55 >> model_below(100);
        struct pk_sum a = {.kind = PK_SUM_INTEGER, .scale = (int)scale}, b = a;

        if (i % 2) /* 2^53 + 1 and a little more or less, times a power of ten */
            m = (__int128)((1ull << 53) + 1) * (__int128)pk_ten((int)scale) + (int)model_below(3) -
                1;
        a.integer = model_below(2) ? m : -m;
        assert_true(pk_sum_value(&a) == divide(a.integer, scale));
        b.scale = 0;
        b.integer = (int)model_below(100);
        pk_sum_join(&b, &a);
        if (m < (__int128)1 << 100)
            assert_true(pk_sum_is_exact(&b));
    }
}

static int setup(void **state)
{
    return pk_coder_new(&coder);
}

static int teardown(void **state)
{
    pk_coder_free(&coder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_parts),
        cmocka_unit_test(test_decimal_sums), cmocka_unit_test(test_choice),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests_name("block", tests, setup, teardown);
}
