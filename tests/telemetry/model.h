// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the tests of telemetry share: seeded randomness, values that codecs find hard, and an exact
 * sum of doubles that knows nothing of quires: a fixed-point number wide enough for every double.
 */
#pragma once

#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/macro.h"
#include "telemetry/block.h"

static uint64_t model_seed;

static inline uint64_t model_word(void)
{
    model_seed ^= model_seed << 13;
    model_seed ^= model_seed >> 7;
    model_seed ^= model_seed << 17;
    return model_seed;
}

static inline uint64_t model_below(uint64_t n)
{
    return model_word() % n;
}

static inline double model_uniform(void)
{
    return ((double)(model_word() >> 11) + 0.5) * 0x1p-53;
}

/* From PICKET_SEED, or the given one; printed, so that a failure can be had again. */
static inline void model_begin(uint64_t seed)
{
    const char *given = getenv("PICKET_SEED");

    model_seed = given ? strtoull(given, NULL, 0) : seed;
    print_message("# PICKET_SEED=%#jx\n", (uintmax_t)model_seed);
    model_seed = model_seed ? model_seed : 1;
}

static inline double model_bits(uint64_t bits)
{
    double v;

    memcpy(&v, &bits, sizeof(v));
    return v;
}

/* The kinds of gauges, from tame to hostile. */
#define MODEL_KINDS 14

static inline double model_gauge(unsigned kind, size_t i)
{
    static const double odd[] = {
        NAN,    INFINITY,   -INFINITY, -0.0, 0.0,  5e-324, -1.7976931348623157e308,
        0x1p53, 0x1p53 + 2, 1e15,      0.1,  -0.3, 1e-300, 1e22};

    switch (kind) {
    case 0:
        return 42.5;
    case 1:
        return floor(model_uniform() * 20000) / 1000;
    case 2:
        return 12.3 + model_uniform();
    case 3:
        return (double)i * 4096;
    case 4:
        return model_below(50) ? floor(model_uniform() * 100)
                               : odd[model_below(PK_ARRAY_SIZE(odd))];
    case 5:
        return odd[model_below(PK_ARRAY_SIZE(odd))];
    case 6:
        return model_bits(model_word());
    case 7:
        return exp(40 * model_uniform() - 20);
    case 8:
        return (model_below(2) ? 1 : -1) * exp(4 * model_uniform());
    case 9:
        return model_below(100) ? 0 : model_uniform();
    case 10:
        return i % 3000 < 1500 ? 1.25 : -1e9;
    case 11:
        return model_below(200) ? 1e9 * model_uniform() : NAN;
    case 12:
        return NAN;
    default:
        return (double)(int64_t)(model_word() >> 10);
    }
}

#define MODEL_COUNTER_KINDS 6

static inline uint64_t model_counter(unsigned kind, uint64_t before)
{
    switch (kind) {
    case 0:
        return before + model_below(1500);
    case 1:
        return before;
    case 2:
        return before + model_word() / 4096; /* wraps */
    case 3:
        return model_below(100) ? before + 100 : model_below(10);
    case 4:
        return model_word();
    default:
        return model_below(2) ? UINT64_MAX : 0;
    }
}

/* Times: regular, jittering, far apart, a nanosecond apart. */
static inline void model_times(int64_t *t, size_t n)
{
    unsigned kind = (unsigned)model_below(4);

    t[0] = (int64_t)(model_word() >> 3) * (model_below(4) ? 1 : -1);
    for (size_t i = 1; i < n; i++)
        t[i] = t[i - 1] + (kind == 0   ? 1000000000
                           : kind == 1 ? 900000000 + (int64_t)model_below(200) * 1000000
                           : kind == 2 ? 1 + (int64_t)(model_word() >> 16)
                                       : 1);
}

/* An exact sum: two's complement, the lowest bit weighs 2^-1152. */
#define MODEL_LIMBS 36
#define MODEL_LOWEST 1152

struct model_sum {
    uint64_t limb[MODEL_LIMBS];
};

static inline void model_add(struct model_sum *s, double v)
{
    int exponent, at;
    double fraction = frexp(fabs(v), &exponent);
    unsigned __int128 m = (unsigned __int128)(uint64_t)ldexp(fraction, 53), carry = 0;
    uint64_t piece[MODEL_LIMBS] = {0};

    if (v == 0)
        return;
    at = exponent - 53 + MODEL_LOWEST;
    m <<= at % 64;
    piece[at / 64] = (uint64_t)m;
    piece[at / 64 + 1] = (uint64_t)(m >> 64);
    for (unsigned i = 0; i < MODEL_LIMBS; i++) {
        carry += (unsigned __int128)s->limb[i] + (v < 0 ? ~piece[i] : piece[i]) + (v < 0 && !i);
        s->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

/* Rounded to nearest, ties to even, bit by bit from the top. */
static inline double model_value(const struct model_sum *s)
{
    bool negative = s->limb[MODEL_LIMBS - 1] >> 63, sticky = false;
    uint64_t m[MODEL_LIMBS], carry = negative, word = 0;
    int top = 64 * MODEL_LIMBS - 1;

    for (unsigned i = 0; i < MODEL_LIMBS; i++) {
        m[i] = (negative ? ~s->limb[i] : s->limb[i]) + carry;
        carry = carry && !m[i];
    }
    while (top >= 0 && !(m[top / 64] >> top % 64 & 1))
        top--;
    for (int i = 0; i < 62; i++)
        word = word << 1 | (top - i >= 0 ? m[(top - i) / 64] >> (top - i) % 64 & 1 : 0);
    for (int i = top - 62; i >= 0; i--)
        sticky |= m[i / 64] >> i % 64 & 1;
    return (negative ? -1 : 1) * ldexp((double)(word | sticky), top - 61 - MODEL_LOWEST);
}
