// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The library's functions as functions of codes, one table a size, so that a test is written once
 * for all of them. No declaration of the library's is used here but by oracle_ops.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPS_STRING_MAX 512

/* Room for the largest quire, and for what lies behind a smaller one. */
struct ops_quire {
    _Alignas(16) uint64_t limb[18];
};

typedef uint64_t ops_unary(uint64_t x);
typedef uint64_t ops_binary(uint64_t x, uint64_t y);
typedef bool ops_compare(uint64_t x, uint64_t y);

struct ops {
    unsigned n;
    ops_unary *negate, *abs, *sign, *nearest_int, *ceil, *floor, *next, *prior, *sqrt;
    ops_binary *add, *sub, *mul, *div;
    ops_compare *equal, *not_equal, *greater, *greater_equal, *less, *less_equal;
    uint64_t (*fmm)(uint64_t x, uint64_t y, uint64_t z);

    ops_unary *to_posit[4]; /* 8, 16, 32, 64 bits; NULL to its own size */
    uint64_t (*from_float)(float x);
    uint64_t (*from_double)(double x);
    float (*to_float)(uint64_t x);
    double (*to_double)(uint64_t x);
    uint64_t (*from_signed[4])(int64_t x); /* 8, 16, 32, 64 bits */
    int64_t (*to_signed[4])(uint64_t x);
    uint64_t (*from_unsigned[4])(uint64_t x);
    uint64_t (*to_unsigned[4])(uint64_t x);

    size_t (*to_string)(uint64_t x, char *ret);
    size_t (*to_exact)(uint64_t x, char *ret);
    size_t (*to_hex)(uint64_t x, char *ret);
    int (*from_string)(const char *s, size_t len, uint64_t *ret);
    int (*from_hex)(const char *s, size_t len, uint64_t *ret);

    void (*quire_from_posit)(struct ops_quire *q, uint64_t x);
    void (*quire_negate)(struct ops_quire *q);
    void (*quire_abs)(struct ops_quire *q);
    void (*quire_add_posit)(struct ops_quire *q, uint64_t x);
    void (*quire_sub_posit)(struct ops_quire *q, uint64_t x);
    void (*quire_add)(struct ops_quire *q, const struct ops_quire *other);
    void (*quire_sub)(struct ops_quire *q, const struct ops_quire *other);
    void (*quire_mul_add)(struct ops_quire *q, uint64_t x, uint64_t y);
    void (*quire_mul_sub)(struct ops_quire *q, uint64_t x, uint64_t y);
    bool (*quire_is_nar)(const struct ops_quire *q);
    uint64_t (*quire_to_posit)(const struct ops_quire *q);
};

extern const struct ops ops_of[4]; /* 8, 16, 32, 64 bits */
