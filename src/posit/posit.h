// SPDX-License-Identifier: BSD-2-Clause
/*
 * Posits as in the Standard for Posit Arithmetic (2022): posit8, posit16, posit32, posit64, all
 * with two exponent bits, and their quires. No state, no allocation, no errno, no floating-point
 * flags to read; every function may be called from any thread. Besides libc nothing is needed.
 *
 * A posit of n bits is an integer code. Its fields, from the most significant bit:
 *
 *     s | regime: k equal bits, ended by the other one | e: 2 bits | fraction: what is left
 *
 * and its value is ((1 - 3s) + f) * 2^((1 - 2s) * (4r + e + s)), r = k - 1 for a regime of ones, -k
 * for one of zeros; bits beyond the end read 0 (clause 3). Two codes are no such value: 0 is zero,
 * and the sign bit alone is NaR ("not a real"). There is no -0, no infinity and no subnormal
 * number; the codes are in the order of the values as signed integers, NaR first.
 *
 * Rounding (clause 4), where a function's true result is no posit: to the nearer neighbour, where
 * the middle between two neighbours is the posit of n + 1 bits between them, a tie to the even
 * code. What is beyond the largest posit becomes it, and what is nearer to 0 than the smallest
 * becomes that: never 0, never NaR. Each function rounds once.
 *
 * Unless a comment says otherwise a function with a NaR argument returns NaR, and so does one whose
 * result is no real number (x / 0, the square root of a negative number). Numbers in the comments
 * are the clauses of the standard; docs/posit-names.md maps its function names to these.
 *
 * Where a declaration is made by a macro, POSIT_UNARY(sqrt) declares posit8_sqrt, posit16_sqrt,
 * posit32_sqrt and posit64_sqrt, and so on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint8_t bits;
} posit8;

typedef struct {
    uint16_t bits;
} posit16;

typedef struct {
    uint32_t bits;
} posit32;

typedef struct {
    uint64_t bits;
} posit64;

/* The code of NaR. NaR == NaR is true, and NaR is less than every real (5.3). */
#define POSIT8_NAR UINT8_C(0x80)
#define POSIT16_NAR UINT16_C(0x8000)
#define POSIT32_NAR UINT32_C(0x80000000)
#define POSIT64_NAR UINT64_C(0x8000000000000000)

/* The largest and the smallest positive posit of n bits are 2^(4n - 8) and 2^(8 - 4n). */
#define POSIT8_MAX UINT8_C(0x7f)
#define POSIT16_MAX UINT16_C(0x7fff)
#define POSIT32_MAX UINT32_C(0x7fffffff)
#define POSIT64_MAX UINT64_C(0x7fffffffffffffff)

#define POSIT_UNARY(f)                                                                             \
    posit8 posit8_##f(posit8 x);                                                                   \
    posit16 posit16_##f(posit16 x);                                                                \
    posit32 posit32_##f(posit32 x);                                                                \
    posit64 posit64_##f(posit64 x)
#define POSIT_BINARY(f)                                                                            \
    posit8 posit8_##f(posit8 x, posit8 y);                                                         \
    posit16 posit16_##f(posit16 x, posit16 y);                                                     \
    posit32 posit32_##f(posit32 x, posit32 y);                                                     \
    posit64 posit64_##f(posit64 x, posit64 y)
#define POSIT_COMPARE(f)                                                                           \
    bool posit8_##f(posit8 x, posit8 y);                                                           \
    bool posit16_##f(posit16 x, posit16 y);                                                        \
    bool posit32_##f(posit32 x, posit32 y);                                                        \
    bool posit64_##f(posit64 x, posit64 y)
#define POSIT_WITH_INTEGER(f)                                                                      \
    posit8 posit8_##f(posit8 x, int64_t n);                                                        \
    posit16 posit16_##f(posit16 x, int64_t n);                                                     \
    posit32 posit32_##f(posit32 x, int64_t n);                                                     \
    posit64 posit64_##f(posit64 x, int64_t n)

/* 5.2 Basic functions of one argument */

POSIT_UNARY(negate); /* -x, exact */
POSIT_UNARY(abs);    /* |x|, exact */
POSIT_UNARY(sign);   /* 1, -1 or 0 */
/* These are exact: where posits are further apart than 1 they are integers already. */
POSIT_UNARY(nearest_int); /* the nearest integer, a tie to the even one */
POSIT_UNARY(ceil);        /* the smallest integer that is not less than x */
POSIT_UNARY(floor);       /* the largest integer that is not greater than x */
/* The posit whose code is one more or one less. Codes wrap: the largest is followed by NaR, NaR by
 * the most negative one. NaR is no special case here. */
POSIT_UNARY(next);
POSIT_UNARY(prior);

/* 5.3 Comparison: of the codes as signed integers. NaR equals NaR and is less than all others. */

POSIT_COMPARE(equal);
POSIT_COMPARE(not_equal);
POSIT_COMPARE(greater);
POSIT_COMPARE(greater_equal);
POSIT_COMPARE(less);
POSIT_COMPARE(less_equal);

/* 5.4 Arithmetic */

POSIT_BINARY(add); /* x + y */
POSIT_BINARY(sub); /* x - y */
POSIT_BINARY(mul); /* x * y */
POSIT_BINARY(div); /* x / y; NaR if y is 0 */

/* 5.5 Elementary functions of one argument. Angles are in radians; ..._pi functions take or give
 * them as multiples of pi. */

POSIT_UNARY(sqrt);         /* NaR for x < 0 */
POSIT_UNARY(rsqrt);        /* 1 / sqrt(x); NaR for x <= 0 */
POSIT_UNARY(exp);          /* e^x */
POSIT_UNARY(exp_minus1);   /* e^x - 1 */
POSIT_UNARY(exp2);         /* 2^x */
POSIT_UNARY(exp2_minus1);  /* 2^x - 1 */
POSIT_UNARY(exp10);        /* 10^x */
POSIT_UNARY(exp10_minus1); /* 10^x - 1 */
POSIT_UNARY(log);          /* natural; NaR for x <= 0 */
POSIT_UNARY(log_plus1);    /* ln(x + 1); NaR for x <= -1 */
POSIT_UNARY(log2);         /* NaR for x <= 0 */
POSIT_UNARY(log2_plus1);   /* log2(x + 1); NaR for x <= -1 */
POSIT_UNARY(log10);        /* NaR for x <= 0 */
POSIT_UNARY(log10_plus1);  /* log10(x + 1); NaR for x <= -1 */
POSIT_UNARY(sin);
POSIT_UNARY(sin_pi); /* sin(pi x) */
POSIT_UNARY(cos);
POSIT_UNARY(cos_pi); /* cos(pi x) */
POSIT_UNARY(tan);
POSIT_UNARY(tan_pi);    /* tan(pi x); NaR where x is an integer and a half */
POSIT_UNARY(arcsin);    /* NaR for |x| > 1 */
POSIT_UNARY(arcsin_pi); /* arcsin(x) / pi; NaR for |x| > 1 */
POSIT_UNARY(arccos);    /* NaR for |x| > 1 */
POSIT_UNARY(arccos_pi); /* arccos(x) / pi; NaR for |x| > 1 */
POSIT_UNARY(arctan);
POSIT_UNARY(arctan_pi); /* arctan(x) / pi */
POSIT_UNARY(sinh);
POSIT_UNARY(cosh);
POSIT_UNARY(tanh);
POSIT_UNARY(arcsinh);
POSIT_UNARY(arccosh); /* NaR for x < 1 */
POSIT_UNARY(arctanh); /* NaR for |x| >= 1 */

/* 5.6 Elementary functions of two arguments */

POSIT_BINARY(hypot); /* sqrt(x^2 + y^2) */
/* x^y. NaR where that is no real number: 0 to a power < 0, a negative x to a power that is no
 * integer. x^0 is 1 for each real x, also for 0. */
POSIT_BINARY(pow);
/* The angle of the point (y, x), as C's atan2(x, y): in (-pi, pi]. NaR if both are 0. */
POSIT_BINARY(arctan2);
POSIT_BINARY(arctan2_pi); /* arctan2(x, y) / pi */

/* 5.7 Function of three arguments: x * y * z, rounded once */

posit8 posit8_fmm(posit8 x, posit8 y, posit8 z);
posit16 posit16_fmm(posit16 x, posit16 y, posit16 z);
posit32 posit32_fmm(posit32 x, posit32 y, posit32 z);
posit64 posit64_fmm(posit64 x, posit64 y, posit64 z);

/* 5.8 Functions of a posit and an integer */

POSIT_WITH_INTEGER(compound); /* (1 + x)^n; NaR for x < -1, and for x = -1 with n < 0 */
/* The n-th root of x. NaR for n = 0, for x < 0 with an even n, and for x = 0 with n < 0. */
POSIT_WITH_INTEGER(root_n);

/*
 * Quires (3.2, 5.11): sums of products of posits, exact. A quire of posits of n bits is a
 * two's-complement fixed-point number of 16n bits, limb[0] the least significant; the lowest bit
 * weighs 2^(16 - 8n), the square of the smallest posit. 31 carry bits are above the square of the
 * largest, so that fewer than 2^31 products can be added in any order without overflow. `= {{0}}`
 * is zero. The most significant bit alone is NaR; it stays NaR until another value is assigned. A
 * sum beyond the range becomes NaR.
 */
typedef struct {
    uint64_t limb[2];
} quire8;

typedef struct {
    uint64_t limb[4];
} quire16;

typedef struct {
    uint64_t limb[8];
} quire32;

typedef struct {
    uint64_t limb[16];
} quire64;

#define POSIT_QUIRE(n)                                                                             \
    void quire##n##_from_posit(quire##n *q, posit##n x);          /* pToQ: q = x, exact */         \
    void quire##n##_negate(quire##n *q);                          /* qNegate: q = -q */            \
    void quire##n##_abs(quire##n *q);                             /* qAbs: q = |q| */              \
    void quire##n##_add_posit(quire##n *q, posit##n x);           /* qAddP: q += x */              \
    void quire##n##_sub_posit(quire##n *q, posit##n x);           /* qSubP: q -= x */              \
    void quire##n##_add(quire##n *q, const quire##n *other);      /* qAddQ: q += other */          \
    void quire##n##_sub(quire##n *q, const quire##n *other);      /* qSubQ: q -= other */          \
    void quire##n##_mul_add(quire##n *q, posit##n x, posit##n y); /* qMulAdd: q += x * y */        \
    void quire##n##_mul_sub(quire##n *q, posit##n x, posit##n y); /* qMulSub: q -= x * y */        \
    bool quire##n##_is_nar(const quire##n *q);                                                     \
    posit##n quire##n##_to_posit(const quire##n *q) /* qToP: rounded */

POSIT_QUIRE(8);
POSIT_QUIRE(16);
POSIT_QUIRE(32);
POSIT_QUIRE(64);

/*
 * 6 Conversions. To a wider posit: exact (zero bits are appended); to a narrower one: rounded.
 *
 * Signed integers: the most negative integer is NaR and NaR is it. From a posit: the nearest
 * integer, a tie to the even one; what is out of range becomes the most negative integer. Unsigned
 * integers are not in the standard. Here: from an integer, rounded, and none is NaR; to an integer,
 * the nearest, a tie to the even one; NaR, what rounds to less than 0 and what is too large become
 * the largest integer.
 *
 * IEEE 754: NaN and the infinities become NaR, -0 becomes 0. NaR becomes a quiet NaN; other values
 * are rounded to nearest, ties to even, to 0, a subnormal number or infinity where that is the
 * nearest, which only posit64_to_float meets: all others are in the range of normal numbers. The
 * rounding mode of the environment is not looked at.
 */
posit16 posit8_to_posit16(posit8 x);
posit32 posit8_to_posit32(posit8 x);
posit64 posit8_to_posit64(posit8 x);
posit8 posit16_to_posit8(posit16 x);
posit32 posit16_to_posit32(posit16 x);
posit64 posit16_to_posit64(posit16 x);
posit8 posit32_to_posit8(posit32 x);
posit16 posit32_to_posit16(posit32 x);
posit64 posit32_to_posit64(posit32 x);
posit8 posit64_to_posit8(posit64 x);
posit16 posit64_to_posit16(posit64 x);
posit32 posit64_to_posit32(posit64 x);

#define POSIT_CONVERT(name, type)                                                                  \
    posit8 posit8_from_##name(type x);                                                             \
    posit16 posit16_from_##name(type x);                                                           \
    posit32 posit32_from_##name(type x);                                                           \
    posit64 posit64_from_##name(type x);                                                           \
    type posit8_to_##name(posit8 x);                                                               \
    type posit16_to_##name(posit16 x);                                                             \
    type posit32_to_##name(posit32 x);                                                             \
    type posit64_to_##name(posit64 x)

POSIT_CONVERT(float, float);
POSIT_CONVERT(double, double);
POSIT_CONVERT(int8, int8_t);
POSIT_CONVERT(int16, int16_t);
POSIT_CONVERT(int32, int32_t);
POSIT_CONVERT(int64, int64_t);
POSIT_CONVERT(uint8, uint8_t);
POSIT_CONVERT(uint16, uint16_t);
POSIT_CONVERT(uint32, uint32_t);
POSIT_CONVERT(uint64, uint64_t);

/* Arrays of `count` elements that do not overlap: the same results as one by one. */
void posit16_from_doubles(posit16 *ret, const double *x, size_t count);
void posit32_from_doubles(posit32 *ret, const double *x, size_t count);
void posit64_from_doubles(posit64 *ret, const double *x, size_t count);
void posit16_to_doubles(double *ret, const posit16 *x, size_t count);
void posit32_to_doubles(double *ret, const posit32 *x, size_t count);
void posit64_to_doubles(double *ret, const posit64 *x, size_t count);

/*
 * 6 Decimal strings. The locale is not looked at: the point is '.'.
 *
 * ..._to_string writes the decimal number with the fewest digits that ..._from_string reads back as
 * x (of those the nearest to x): "0", "NaR", "101.1", "-0.001", "1e36". There is an exponent for
 * |x| < 1e-5, for |x| >= 1e17, and where else more than six zeros would have to follow the digits.
 * ..._to_exact writes all digits of the value, without exponent. `ret` has room for
 * POSIT_STRING_SIZE or POSIT_EXACT_SIZE bytes, the closing 0 included; the length without it is
 * returned.
 *
 * ..._from_string reads all `len` bytes: [+-] digits [. digits] [e [+-] digits], with at least one
 * digit before or after the point, or "NaR" in any case; of any length, in bounded memory,
 * correctly rounded. ..._to_hex and ..._from_hex are for the code: "0x" and n/4 digits
 * (POSIT_HEX_SIZE bytes); reading, "0x" may be missing, and there may be fewer digits but not more
 * (leading zeros included). Both readers return 0, or -EINVAL for anything else, and then leave
 * *ret as it was.
 */
#define POSIT_STRING_SIZE 32
#define POSIT_EXACT_SIZE 256
#define POSIT_HEX_SIZE 19

#define POSIT_STRING(n)                                                                            \
    size_t posit##n##_to_string(posit##n x, char *ret);                                            \
    size_t posit##n##_to_exact(posit##n x, char *ret);                                             \
    size_t posit##n##_to_hex(posit##n x, char *ret);                                               \
    int posit##n##_from_string(const char *s, size_t len, posit##n *ret);                          \
    int posit##n##_from_hex(const char *s, size_t len, posit##n *ret)

POSIT_STRING(8);
POSIT_STRING(16);
POSIT_STRING(32);
POSIT_STRING(64);

/*
 * Posits of 1 to 8 bytes. All have two exponent bits, so that one of `len` bytes is the posit64
 * with the same leading bits and zeros behind: a reader needs one decoder for all lengths, and
 * trailing zero bytes may be dropped without loss. Bytes are in network order.
 *
 * The sortable form has its sign bit flipped: memcmp, a shorter field zero-filled, then orders
 * fields as their values, NaR first.
 */
posit64 posit64_round_to_bytes(posit64 x, size_t len);   /* x rounded to len bytes; x from 8 on */
posit64 posit64_from_double_bytes(double x, size_t len); /* x rounded once to len bytes, 1 to 8 */
size_t posit64_bytes(posit64 x);                         /* bytes without trailing zeros, 1 to 8 */
/* The first len bytes, 1 to 8: exact if len >= posit64_bytes(x), else cut (round before). */
void posit64_write(posit64 x, uint8_t *ret, size_t len);
void posit64_write_sortable(posit64 x, uint8_t *ret, size_t len);
/* 0, or -EINVAL unless len is 1 to 8. */
int posit64_read(const uint8_t *bytes, size_t len, posit64 *ret);
int posit64_read_sortable(const uint8_t *bytes, size_t len, posit64 *ret);

/*
 * A code taken apart, of any n from 2 to 64. The fields are those of the code as it stands, for
 * which the formula at the top holds: a negative posit is not negated first. Widths are those of
 * the bits that are there: of a posit with a long regime the exponent has one bit or none, and
 * `exponent` is as if zeros followed.
 */
struct posit_fields {
    unsigned n;
    uint64_t code;
    bool is_zero, is_nar; /* then all below but sign and text is 0 */
    unsigned sign;
    unsigned regime_width; /* its closing bit included, if there is one */
    int regime;            /* r */
    unsigned exponent_width;
    unsigned exponent; /* e, 0 to 3 */
    unsigned fraction_width;
    uint64_t fraction;               /* f = fraction / 2^fraction_width */
    int scale;                       /* |value| is in [2^scale, 2^(scale + 1)) */
    char text[POSIT_EXACT_SIZE];     /* the value: all its decimal digits */
    char shortest[POSIT_EXACT_SIZE]; /* fewest digits that read back, as ..._to_string */
};

/* 0, or -EINVAL if n is not 2 to 64 or the code has more than n bits. */
int posit_decode_fields(unsigned n, uint64_t code, struct posit_fields *ret);

#ifdef __cplusplus
}
#endif
