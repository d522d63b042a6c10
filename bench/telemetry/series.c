// SPDX-License-Identifier: GPL-2.0-or-later
#include "series.h"

#include <math.h>

#include "base/macro.h"

#define SEED 0x9e3779b97f4a7c15ull
#define START 1700000000000000000ll - 800000000000ll /* a full hour */
#define SECOND 1000000000ll
#define DAY 86400.0

/* Marsaglia's xorshift64. */
static uint64_t next_word(struct series_state *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random;
}

/* In (0, 1). */
static double uniform(struct series_state *s)
{
    return ((double)(next_word(s) >> 11) + 0.5) * 0x1p-53;
}

/* Box and Muller (1958). */
static double normal(struct series_state *s)
{
    double r, angle;

    if (s->spare) {
        s->spare = false;
        return s->spare_normal;
    }
    r = sqrt(-2 * log(uniform(s)));
    angle = 2 * M_PI * uniform(s);
    s->spare = true;
    s->spare_normal = r * sin(angle);
    return r * cos(angle);
}

static void regular(struct series_state *s, int64_t *t)
{
    *t = s->t;
    s->t += SECOND;
}

static double rtt(struct series_state *s)
{
    s->walk = 0.8 * s->walk + 0.15 * normal(s);
    return 12.3 + s->walk + (uniform(s) < 0.01 ? -20 * log(uniform(s)) : 0);
}

static void next_rtt_grid(struct series_state *s, size_t i, int64_t *t, union pk_value *v)
{
    regular(s, t);
    v->gauge = rint(rtt(s) * 1000) / 1000;
}

static void next_rtt(struct series_state *s, size_t i, int64_t *t, union pk_value *v)
{
    regular(s, t);
    v->gauge = rtt(s);
}

/* Bytes in a second of a link with a busy half of the day. */
static double bytes(struct series_state *s, size_t i)
{
    s->walk = 0.95 * s->walk + 0.3 * normal(s);
    return floor(2e8 / 8 * exp(0.7 * sin(2 * M_PI * (double)i / DAY) + s->walk));
}

/* Read once a second, a few milliseconds early or late. */
static void next_rate(struct series_state *s, size_t i, int64_t *t, union pk_value *v)
{
    double dt = 1 + rint(5 * normal(s)) / 1000;

    regular(s, t);
    v->gauge = floor(bytes(s, i) * dt) * 8 / dt;
}

static void next_packets(struct series_state *s, size_t i, int64_t *t, union pk_value *v)
{
    regular(s, t);
    v->gauge = floor(bytes(s, i) / 700);
}

static void next_counter(struct series_state *s, size_t i, int64_t *t, union pk_value *v)
{
    regular(s, t);
    s->total += bytes(s, i);
    v->counter = (uint64_t)s->total;
}

static void next_loss(struct series_state *s, size_t i, int64_t *t, union pk_value *v)
{
    regular(s, t);
    v->gauge = uniform(s) < 0.97 ? 0 : ceil(100 * uniform(s)) / 1000;
}

static void next_gauge(struct series_state *s, size_t i, int64_t *t, union pk_value *v)
{
    regular(s, t);
    if (uniform(s) >= 0.6)
        s->total += rint(3 * normal(s));
    v->gauge = 5000 + s->total;
}

static void next_steady(struct series_state *s, size_t i, int64_t *t, union pk_value *v)
{
    regular(s, t);
    if (uniform(s) < 0.01)
        s->total += rint(2 * normal(s));
    v->gauge = 64 + s->total;
}

/* One stamp in twenty is off by some milliseconds; the value does not change. */
static void next_jitter(struct series_state *s, size_t i, int64_t *t, union pk_value *v)
{
    regular(s, t);
    if (uniform(s) < 0.05)
        *t += (int64_t)rint(50 * normal(s)) * 1000000;
    v->gauge = 1;
}

const struct series series_all[] = {
    {"rtt-grid", "round-trip time, ms, 1 us grid, lossless", {0}, next_rtt_grid},
    {"rtt-grid-1e-4", "the same, relative error 1e-4", {.error = 1e-4}, next_rtt_grid},
    {"rtt-double", "round-trip time, ms, all digits, lossless", {0}, next_rtt},
    {"rtt-double-1e-13", "the same, relative error 1e-13", {.error = 1e-13}, next_rtt},
    {"rtt-double-1e-6", "the same, relative error 1e-6", {.error = 1e-6}, next_rtt},
    {"rate-1e-4", "bit/s, relative error 1e-4", {.scale = 30, .error = 1e-4}, next_rate},
    {"rate-1e-6", "the same, relative error 1e-6", {.scale = 30, .error = 1e-6}, next_rate},
    {"packets", "packets a second, lossless", {0}, next_packets},
    {"counter", "bytes, counter", {.counter = true}, next_counter},
    {"loss", "loss, 97 % zeros, else k/1000, lossless", {0}, next_loss},
    {"gauge", "whole numbers, 60 % unchanged, lossless", {0}, next_gauge},
    {"steady", "whole numbers, 99 % unchanged, lossless", {0}, next_steady},
    {"jitter", "1 s, 5 % of the stamps off by ms, lossless", {0}, next_jitter},
};
const size_t n_series_all = PK_ARRAY_SIZE(series_all);

void series_make(const struct series *s, size_t n, int64_t *t, union pk_value *v)
{
    struct series_state state = {.random = SEED, .t = START};

    for (size_t i = 0; i < n; i++)
        s->next(&state, i, &t[i], &v[i]);
}

static unsigned gorilla_time(int64_t dod)
{
    if (!dod)
        return 1;
    if (dod >= -63 && dod <= 64)
        return 2 + 7;
    if (dod >= -255 && dod <= 256)
        return 3 + 9;
    return dod >= -2047 && dod <= 2048 ? 4 + 12 : 4 + 32;
}

/* Leading zeros are counted up to 31, in 5 bits; the length of what is left in 6. */
static unsigned gorilla_value(uint64_t x, unsigned *lead, unsigned *trail)
{
    unsigned l, r;

    if (!x)
        return 1;
    l = PK_MIN((unsigned)__builtin_clzll(x), 31u);
    r = (unsigned)__builtin_ctzll(x);
    if (*lead + *trail < 64 && l >= *lead && r >= *trail)
        return 2 + 64 - *lead - *trail;
    *lead = l;
    *trail = r;
    return 2 + 5 + 6 + 64 - l - r;
}

static uint64_t gorilla_word(union pk_value v, bool counter)
{
    const union pk_value real = {.gauge = (double)v.counter};

    return counter ? real.counter : v.counter;
}

uint64_t gorilla_bits(const int64_t *t, const union pk_value *v, size_t n, bool counter)
{
    uint64_t bits = 0, before = 0;
    int64_t block = -1, t_before = 0, delta = 0;
    unsigned lead = 64, trail = 64;

    for (size_t i = 0; i < n; i++) {
        uint64_t word = gorilla_word(v[i], counter);
        int64_t ms = t[i] / 1000000;

        if (ms / 7200000 != block) { /* a header, the first delta, the first value as it is */
            block = ms / 7200000;
            bits += 64 + 14 + 64;
            delta = 1000;
            lead = trail = 64;
        } else {
            bits +=
                gorilla_time(ms - t_before - delta) + gorilla_value(word ^ before, &lead, &trail);
            delta = ms - t_before;
        }
        t_before = ms;
        before = word;
    }
    return bits;
}
