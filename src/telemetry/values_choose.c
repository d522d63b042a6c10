// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether and how a codec can hold a block's values: how many decimals, how many bits of a posit.
 */
#include "telemetry/values.h"

#include <math.h>
#include <stdlib.h>

#include "base/macro.h"

#define DECIMALS_MAX 15u
#define INTEGER_MAX 0x1p53 /* all integers up to it are doubles */
#define SAMPLE 64u
#define POSIT_BITS_MIN 4u
#define POSIT_BITS_MAX (8 * PK_POSIT_BYTES_MAX)

static bool pk_same_bits(double a, double b)
{
    return !memcmp(&a, &b, sizeof(a));
}

static size_t pk_exceptions_allowed(size_t n)
{
    return PK_MIN(n / 64, (size_t)PK_EXCEPTIONS_MAX);
}

static bool pk_except(struct pk_values *how, size_t at, double v, size_t allowed)
{
    if (how->n_exceptions == allowed)
        return false;
    how->exception[how->n_exceptions].at = (uint32_t)at;
    how->exception[how->n_exceptions++].value.gauge = v;
    return true;
}

/* v * 10^decimals if that is an integer that gives v back, bit by bit. */
static inline bool pk_decimal_fits(double v, unsigned decimals, int64_t *ret)
{
    double x = v * pk_ten((int)decimals);
    int64_t m;

    if (!(fabs(x) <= INTEGER_MAX))
        return false;
    m = (int64_t)(x + (x < 0 ? -0.5 : 0.5));
    *ret = m;
    return pk_same_bits((double)m / pk_ten((int)decimals), v);
}

/* The fewest decimals, not fewer than `least`, that give v back; DECIMALS_MAX + 1: none do. */
static unsigned pk_decimals(double v, unsigned least)
{
    int64_t m;
    unsigned d = least;

    while (d <= DECIMALS_MAX && !pk_decimal_fits(v, d, &m))
        d++;
    return d;
}

/* The fewest decimals that do for all but the allowed exceptions, by a sample: false if none do. */
static bool pk_decimals_guess(const double *v, size_t n, unsigned *ret)
{
    unsigned count[DECIMALS_MAX + 2] = {0}, sampled = 0, beyond = 0, d = DECIMALS_MAX + 1;

    for (size_t i = 0; i < n; i += n / SAMPLE + 1, sampled++)
        count[pk_decimals(v[i], 0)]++;
    for (; d > 0; d--) {
        beyond += count[d];
        if (beyond > sampled / 32)
            break;
    }
    *ret = d;
    return d <= DECIMALS_MAX;
}

static bool pk_integer_try(const double *v, size_t n, unsigned decimals, int64_t *code,
                           struct pk_values *ret)
{
    size_t allowed = pk_exceptions_allowed(n);
    int64_t before = 0;

    *ret = (struct pk_values){.codec = PK_CODEC_INTEGER, .param = decimals, .n = n};
    for (size_t i = 0; i < n; i++) {
        if (pk_decimal_fits(v[i], decimals, &code[i]))
            before = code[i];
        else if (pk_except(ret, i, v[i], allowed))
            code[i] = before;
        else
            return false;
    }
    return true;
}

bool pk_values_integer(const double *v, size_t n, int64_t *code, struct pk_values *ret)
{
    unsigned decimals;

    if (!pk_decimals_guess(v, n, &decimals))
        return false;
    for (; decimals <= DECIMALS_MAX; decimals++)
        if (pk_integer_try(v, n, decimals, code, ret))
            return true;
    return false;
}

/*
 * To the nearest posit of `bits` bits, ties away from zero in the code: the bound is checked
 * afterwards, so which neighbour a tie takes is free. Never to NaR.
 */
static inline uint64_t pk_posit_round(uint64_t posit, unsigned bits)
{
    uint64_t unit = 1ull << (64 - bits);
    int64_t rounded;

    if ((int64_t)posit > (int64_t)(INT64_MAX - unit / 2))
        return INT64_MAX & ~(unit - 1);
    rounded = (int64_t)(posit + unit / 2) & -(int64_t)unit;
    return rounded == INT64_MIN ? (uint64_t)INT64_MIN + unit : (uint64_t)rounded;
}

/*
 * What the bound allows. NaN and -0 do not pass: posits have no such values. The quotient is taken,
 * since error * |v| would be rounded up to |v| where v is subnormal.
 */
static inline bool pk_within(double v, double stored, double error)
{
    return (stored == v || fabs(stored - v) / fabs(v) <= error) && signbit(stored) == signbit(v);
}

static bool pk_posit_fits(posit64 p, double v, unsigned bits, double unscale, double error)
{
    posit64 rounded = {.bits = pk_posit_round(p.bits, bits)};

    return isfinite(v) && pk_within(v, posit64_to_double(rounded) * unscale, error);
}

/* The fewest bits with which a sample keeps the bound, all but one in 32. */
static unsigned pk_posit_bits_guess(const posit64 *p, const double *v, size_t n,
                                    const struct pk_value_spec *spec)
{
    unsigned bits = POSIT_BITS_MIN, most = POSIT_BITS_MAX;
    double unscale = ldexp(1, spec->scale);

    while (bits < most) {
        unsigned middle = (bits + most) / 2, misses = 0, sampled = 0;

        for (size_t i = 0; i < n; i += n / SAMPLE + 1, sampled++)
            misses += !pk_posit_fits(p[i], v[i], middle, unscale, spec->error);
        if (misses > sampled / 32)
            bits = middle + 1;
        else
            most = middle;
    }
    return bits;
}

/* c->word: the values as posits of 64 bits; c->real: what `bits` bits of them are worth. */
static bool pk_posit_try(struct pk_coder *c, const struct pk_value_spec *spec, const double *v,
                         unsigned bits, int64_t *code, struct pk_values *ret)
{
    size_t n = ret->n, allowed = pk_exceptions_allowed(n);
    double unscale = ldexp(1, spec->scale);
    int64_t before = 0;

    ret->param = (bits + 7) / 8;
    ret->n_exceptions = 0;
    ret->error = 0;
    for (size_t i = 0; i < n; i++)
        code[i] = (int64_t)pk_posit_round(c->word[i], bits);
    posit64_to_doubles(c->real, (const posit64 *)(const void *)code, n);
    for (size_t i = 0; i < n; i++) {
        double stored = c->real[i] * unscale;

        code[i] >>= 64 - 8 * ret->param;
        if (isfinite(v[i]) && pk_within(v[i], stored, spec->error)) {
            before = code[i];
            if (stored != v[i])
                ret->error = fmax(ret->error, fabs(stored - v[i]) / fabs(v[i]));
        } else if (pk_except(ret, i, v[i], allowed)) {
            code[i] = before;
        } else {
            return false;
        }
    }
    return true;
}

bool pk_values_posit(struct pk_coder *c, const struct pk_value_spec *spec, const double *v,
                     size_t n, int64_t *code, struct pk_values *ret)
{
    static_assert(sizeof(posit64) == sizeof(*c->word), "words hold posits");
    double rescale = ldexp(1, -spec->scale);
    posit64 *p = (posit64 *)(void *)c->word;

    if (!(spec->error > 0))
        return false;
    for (size_t i = 0; i < n; i++)
        c->real[i] = v[i] * rescale;
    posit64_from_doubles(p, c->real, n);
    *ret = (struct pk_values){.codec = PK_CODEC_POSIT, .scale = spec->scale, .n = n};
    for (unsigned bits = pk_posit_bits_guess(p, v, n, spec); bits <= POSIT_BITS_MAX; bits++)
        if (pk_posit_try(c, spec, v, bits, code, ret))
            return true;
    return false;
}
