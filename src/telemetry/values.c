// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/values.h"

#include <errno.h>
#include <math.h>

#include "base/macro.h"

static uint64_t pk_bits_of(double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

static double pk_double_of(uint64_t bits)
{
    double v;

    memcpy(&v, &bits, sizeof(v));
    return v;
}

/* Negative doubles have their lower bits flipped, so that codes order as values. Its own inverse.
 */
static int64_t pk_raw_flip(int64_t bits)
{
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

void pk_values_raw(const double *v, size_t n, int64_t *code, struct pk_values *ret)
{
    *ret = (struct pk_values){.codec = PK_CODEC_RAW, .n = n};
    for (size_t i = 0; i < n; i++)
        code[i] = pk_raw_flip((int64_t)pk_bits_of(v[i]));
}

static double pk_posit_value(int64_t code, unsigned bytes, int scale)
{
    const posit64 p = {.bits = (uint64_t)code << (64 - 8 * bytes)};

    return ldexp(posit64_to_double(p), scale);
}

union pk_value pk_value_of(const struct pk_values *how, int64_t code)
{
    union pk_value v = {.counter = (uint64_t)code};

    if (how->counter)
        return v;
    if (how->codec == PK_CODEC_INTEGER)
        v.gauge = (double)code / pk_ten((int)how->param);
    else if (how->codec == PK_CODEC_POSIT)
        v.gauge = pk_posit_value(code, how->param, how->scale);
    else
        v.gauge = pk_double_of((uint64_t)pk_raw_flip(code));
    return v;
}

/* Are all codes of 51 bits and a sign? */
static bool pk_codes_are_short(const int64_t *code, size_t n)
{
    uint64_t beyond = 0;

    for (size_t i = 0; i < n; i++)
        beyond |= ((uint64_t)code[i] + (1ull << 51)) >> 52;
    return !beyond;
}

/* Added to the double 1.5 * 2^52 as it stands, a short integer becomes its fraction: conversions
 * that vector units lack before AVX-512. */
static double pk_short_double(int64_t code)
{
    return pk_double_of((uint64_t)code + 0x4338000000000000) - 0x1.8p52;
}

static void pk_integers_restore(const struct pk_values *how, const int64_t *code,
                                union pk_value *ret)
{
    double ten = pk_ten((int)how->param);

    if (pk_codes_are_short(code, how->n))
        for (size_t i = 0; i < how->n; i++)
            ret[i].gauge = pk_short_double(code[i]);
    else
        for (size_t i = 0; i < how->n; i++)
            ret[i].gauge = (double)code[i];
    for (size_t i = 0; i < how->n && how->param; i++)
        ret[i].gauge /= ten;
}

/* Narrow posits have the faster conversions. */
static void pk_posits_restore(struct pk_coder *c, const struct pk_values *how, const int64_t *code,
                              union pk_value *ret)
{
    static_assert(sizeof(posit64) == sizeof(*c->word), "scratch holds posits of any size");
    unsigned bits = 8 * how->param;
    double *out = (double *)ret, unscale = ldexp(1, how->scale);
    void *codes = c->word;

    if (bits <= 16) {
        for (size_t i = 0; i < how->n; i++)
            ((posit16 *)codes)[i].bits = (uint16_t)((uint64_t)code[i] << (16 - bits));
        posit16_to_doubles(out, codes, how->n);
    } else if (bits <= 32) {
        for (size_t i = 0; i < how->n; i++)
            ((posit32 *)codes)[i].bits = (uint32_t)((uint64_t)code[i] << (32 - bits));
        posit32_to_doubles(out, codes, how->n);
    } else {
        for (size_t i = 0; i < how->n; i++)
            ((posit64 *)codes)[i].bits = (uint64_t)code[i] << (64 - bits);
        posit64_to_doubles(out, codes, how->n);
    }
    for (size_t i = 0; i < how->n && how->scale; i++)
        out[i] *= unscale;
}

void pk_values_restore(struct pk_coder *c, const struct pk_values *how, const int64_t *code,
                       union pk_value *ret)
{
    if (how->counter)
        memcpy(ret, code, how->n * sizeof(*ret));
    else if (how->codec == PK_CODEC_INTEGER)
        pk_integers_restore(how, code, ret);
    else if (how->codec == PK_CODEC_POSIT)
        pk_posits_restore(c, how, code, ret);
    else
        for (size_t i = 0; i < how->n; i++)
            ret[i].counter = (uint64_t)pk_raw_flip(code[i]);
    for (size_t i = 0; i < how->n_exceptions; i++)
        ret[how->exception[i].at] = how->exception[i].value;
}

static bool pk_exceptions_count(const struct pk_values *how, size_t from, size_t to)
{
    for (size_t i = 0; i < how->n_exceptions; i++)
        if (how->exception[i].at >= from && how->exception[i].at < to &&
            !isnan(how->exception[i].value.gauge))
            return true;
    return false;
}

/* Compensated: of raw values, or where exceptions are among them. */
static void pk_sum_doubles(const struct pk_values *how, const int64_t *code, size_t from, size_t to,
                           struct pk_sum *ret)
{
    size_t e = 0;

    while (e < how->n_exceptions && how->exception[e].at < from)
        e++;
    for (size_t i = from; i < to; i++) {
        bool is_exception = e < how->n_exceptions && how->exception[e].at == i;
        double v = is_exception ? how->exception[e++].value.gauge : pk_value_of(how, code[i]).gauge;

        if (!isnan(v))
            pk_sum_add_double(ret, v);
    }
}

/* The code in an exception's slot is no value: take it out again. */
static bool pk_is_exception(const struct pk_values *how, size_t at, size_t *e)
{
    while (*e < how->n_exceptions && how->exception[*e].at < at)
        ++*e;
    return *e < how->n_exceptions && how->exception[*e].at == at;
}

static void pk_sum_integers(const struct pk_values *how, const int64_t *code, size_t from,
                            size_t to, struct pk_sum *ret)
{
    __int128 sum = 0;
    size_t e = 0;

    if (how->counter)
        for (size_t i = from; i < to; i++)
            sum += (uint64_t)code[i];
    else
        for (size_t i = from; i < to; i++)
            sum += pk_is_exception(how, i, &e) ? 0 : code[i];
    ret->kind = PK_SUM_INTEGER;
    ret->scale = (int)how->param;
    ret->integer = sum;
}

static void pk_sum_posits(const struct pk_values *how, const int64_t *code, size_t from, size_t to,
                          struct pk_sum *ret)
{
    unsigned shift = 64 - 8 * how->param;
    size_t e = 0;

    for (size_t i = from; i < to; i++)
        if (!pk_is_exception(how, i, &e))
            quire64_add_posit(&ret->quire, (posit64){.bits = (uint64_t)code[i] << shift});
    ret->kind = PK_SUM_QUIRE;
    ret->scale = how->scale;
}

void pk_values_sum(const struct pk_values *how, const int64_t *code, size_t from, size_t to,
                   struct pk_sum *ret)
{
    *ret = (struct pk_sum){0};
    if (how->codec == PK_CODEC_RAW || pk_exceptions_count(how, from, to)) {
        ret->kind = PK_SUM_DOUBLE;
        pk_sum_doubles(how, code, from, to, ret);
    } else if (how->codec == PK_CODEC_INTEGER) {
        pk_sum_integers(how, code, from, to, ret);
    } else {
        pk_sum_posits(how, code, from, to, ret);
    }
}

void pk_exceptions_write(const struct pk_values *how, struct pk_buf *out)
{
    uint32_t before = 0;

    pk_put_varint(out, how->n_exceptions);
    for (size_t i = 0; i < how->n_exceptions; i++) {
        pk_put_varint(out, how->exception[i].at - before);
        before = how->exception[i].at;
        pk_put_double(out, how->exception[i].value.gauge);
    }
}

int pk_exceptions_read(struct pk_reader *r, struct pk_values *how)
{
    uint64_t count = pk_get_varint(r), at = 0;

    if (r->bad || count > PK_EXCEPTIONS_MAX)
        return -EBADMSG;
    for (size_t i = 0; i < count; i++) {
        uint64_t skip = pk_get_varint(r);

        if (r->bad || (i && !skip) || skip >= how->n || at + skip >= how->n)
            return -EBADMSG;
        at += skip;
        how->exception[i].at = (uint32_t)at;
        how->exception[i].value.gauge = pk_get_double(r);
    }
    how->n_exceptions = count;
    return r->bad ? -EBADMSG : 0;
}
