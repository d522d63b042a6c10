// SPDX-License-Identifier: GPL-2.0-or-later
#include "oracle_ops.h"

#include "posit/posit.h"

#define P(n, x) ((posit##n){(uint##n##_t)(x)})

#define UNARY(n, f)                                                                                \
    static uint64_t p##n##_##f(uint64_t x)                                                         \
    {                                                                                              \
        return posit##n##_##f(P(n, x)).bits;                                                       \
    }
#define BINARY(n, f)                                                                               \
    static uint64_t p##n##_##f(uint64_t x, uint64_t y)                                             \
    {                                                                                              \
        return posit##n##_##f(P(n, x), P(n, y)).bits;                                              \
    }
#define COMPARE(n, f)                                                                              \
    static bool p##n##_##f(uint64_t x, uint64_t y)                                                 \
    {                                                                                              \
        return posit##n##_##f(P(n, x), P(n, y));                                                   \
    }
#define CONVERT(n, name, type, wide)                                                               \
    static uint64_t p##n##_from_##name(wide x)                                                     \
    {                                                                                              \
        return posit##n##_from_##name((type)x).bits;                                               \
    }                                                                                              \
    static wide p##n##_to_##name(uint64_t x)                                                       \
    {                                                                                              \
        return posit##n##_to_##name(P(n, x));                                                      \
    }
#define INTEGERS(n, bits)                                                                          \
    CONVERT(n, int##bits, int##bits##_t, int64_t)                                                  \
    CONVERT(n, uint##bits, uint##bits##_t, uint64_t)
#define PRINT(n, f)                                                                                \
    static size_t p##n##_##f(uint64_t x, char *ret)                                                \
    {                                                                                              \
        return posit##n##_##f(P(n, x), ret);                                                       \
    }
#define READ(n, f)                                                                                 \
    static int p##n##_##f(const char *s, size_t len, uint64_t *ret)                                \
    {                                                                                              \
        posit##n x = P(n, *ret);                                                                   \
        int r = posit##n##_##f(s, len, &x);                                                        \
                                                                                                   \
        *ret = x.bits;                                                                             \
        return r;                                                                                  \
    }
#define QUIRE(n, f)                                                                                \
    static void q##n##_##f(struct ops_quire *q)                                                    \
    {                                                                                              \
        quire##n##_##f((quire##n *)q->limb);                                                       \
    }
#define QUIRE_POSIT(n, f)                                                                          \
    static void q##n##_##f(struct ops_quire *q, uint64_t x)                                        \
    {                                                                                              \
        quire##n##_##f((quire##n *)q->limb, P(n, x));                                              \
    }
#define QUIRE_QUIRE(n, f)                                                                          \
    static void q##n##_##f(struct ops_quire *q, const struct ops_quire *other)                     \
    {                                                                                              \
        quire##n##_##f((quire##n *)q->limb, (const quire##n *)other->limb);                        \
    }
#define QUIRE_PRODUCT(n, f)                                                                        \
    static void q##n##_##f(struct ops_quire *q, uint64_t x, uint64_t y)                            \
    {                                                                                              \
        quire##n##_##f((quire##n *)q->limb, P(n, x), P(n, y));                                     \
    }

#define ALL(n)                                                                                     \
    UNARY(n, negate)                                                                               \
    UNARY(n, abs)                                                                                  \
    UNARY(n, sign)                                                                                 \
    UNARY(n, nearest_int)                                                                          \
    UNARY(n, ceil)                                                                                 \
    UNARY(n, floor)                                                                                \
    UNARY(n, next)                                                                                 \
    UNARY(n, prior)                                                                                \
    UNARY(n, sqrt)                                                                                 \
    BINARY(n, add)                                                                                 \
    BINARY(n, sub)                                                                                 \
    BINARY(n, mul)                                                                                 \
    BINARY(n, div)                                                                                 \
    COMPARE(n, equal)                                                                              \
    COMPARE(n, not_equal)                                                                          \
    COMPARE(n, greater)                                                                            \
    COMPARE(n, greater_equal)                                                                      \
    COMPARE(n, less)                                                                               \
    COMPARE(n, less_equal)                                                                         \
    static uint64_t p##n##_fmm(uint64_t x, uint64_t y, uint64_t z)                                 \
    {                                                                                              \
        return posit##n##_fmm(P(n, x), P(n, y), P(n, z)).bits;                                     \
    }                                                                                              \
    CONVERT(n, float, float, float)                                                                \
    CONVERT(n, double, double, double)                                                             \
    INTEGERS(n, 8)                                                                                 \
    INTEGERS(n, 16)                                                                                \
    INTEGERS(n, 32)                                                                                \
    INTEGERS(n, 64)                                                                                \
    PRINT(n, to_string)                                                                            \
    PRINT(n, to_exact)                                                                             \
    PRINT(n, to_hex)                                                                               \
    READ(n, from_string)                                                                           \
    READ(n, from_hex)                                                                              \
    QUIRE_POSIT(n, from_posit)                                                                     \
    QUIRE(n, negate)                                                                               \
    QUIRE(n, abs)                                                                                  \
    QUIRE_POSIT(n, add_posit)                                                                      \
    QUIRE_POSIT(n, sub_posit)                                                                      \
    QUIRE_QUIRE(n, add)                                                                            \
    QUIRE_QUIRE(n, sub)                                                                            \
    QUIRE_PRODUCT(n, mul_add)                                                                      \
    QUIRE_PRODUCT(n, mul_sub)                                                                      \
    static bool q##n##_is_nar(const struct ops_quire *q)                                           \
    {                                                                                              \
        return quire##n##_is_nar((const quire##n *)q->limb);                                       \
    }                                                                                              \
    static uint64_t q##n##_to_posit(const struct ops_quire *q)                                     \
    {                                                                                              \
        return quire##n##_to_posit((const quire##n *)q->limb).bits;                                \
    }

/* clang-format off */
ALL(8)
ALL(16)
ALL(32)
ALL(64)

UNARY(8, to_posit16) UNARY(8, to_posit32) UNARY(8, to_posit64)
UNARY(16, to_posit8) UNARY(16, to_posit32) UNARY(16, to_posit64)
UNARY(32, to_posit8) UNARY(32, to_posit16) UNARY(32, to_posit64)
UNARY(64, to_posit8) UNARY(64, to_posit16) UNARY(64, to_posit32)
/* clang-format on */

#define F(n, f) .f = p##n##_##f
#define Q(n, f) .quire_##f = q##n##_##f
#define BY_WIDTH(n, f)                                                                             \
    {                                                                                              \
        p##n##_##f##8, p##n##_##f##16, p##n##_##f##32, p##n##_##f##64                              \
    }

/* clang-format off */
#define TABLE(b, ...)                                                                              \
    {                                                                                              \
        .n = b,                                                                                    \
        F(b, negate), F(b, abs), F(b, sign), F(b, nearest_int), F(b, ceil), F(b, floor),           \
        F(b, next), F(b, prior), F(b, sqrt), F(b, add), F(b, sub), F(b, mul), F(b, div),           \
        F(b, equal), F(b, not_equal), F(b, greater), F(b, greater_equal), F(b, less),              \
        F(b, less_equal), F(b, fmm), F(b, from_float), F(b, from_double), F(b, to_float),          \
        F(b, to_double), F(b, to_string), F(b, to_exact), F(b, to_hex), F(b, from_string),         \
        F(b, from_hex),                                                                            \
        .to_posit = {__VA_ARGS__},                                                                 \
        .from_signed = BY_WIDTH(b, from_int), .to_signed = BY_WIDTH(b, to_int),                    \
        .from_unsigned = BY_WIDTH(b, from_uint), .to_unsigned = BY_WIDTH(b, to_uint),              \
        Q(b, from_posit), Q(b, negate), Q(b, abs), Q(b, add_posit), Q(b, sub_posit), Q(b, add),    \
        Q(b, sub), Q(b, mul_add), Q(b, mul_sub), Q(b, is_nar), Q(b, to_posit),                     \
    }

const struct ops ops_of[4] = {
    TABLE(8, NULL, p8_to_posit16, p8_to_posit32, p8_to_posit64),
    TABLE(16, p16_to_posit8, NULL, p16_to_posit32, p16_to_posit64),
    TABLE(32, p32_to_posit8, p32_to_posit16, NULL, p32_to_posit64),
    TABLE(64, p64_to_posit8, p64_to_posit16, p64_to_posit32, NULL),
};
/* clang-format on */
