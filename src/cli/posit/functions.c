// SPDX-License-Identifier: GPL-2.0-or-later
/* All functions of the standard for the four sizes, by name, and quires. */
#include <ctype.h>
#include <string.h>

#include "base/macro.h"
#include "cli/posit/calc.h"
#include "posit/posit.h"

#define P(n, i) ((posit##n){(uint##n##_t)x[i]})
#define RUN(n, f, result)                                                                          \
    static uint64_t run_##f##n(const uint64_t *x, int64_t k)                                       \
    {                                                                                              \
        return result;                                                                             \
    }
#define SIZES(X, f) X(8, f) X(16, f) X(32, f) X(64, f)

#define UNARY_RUN(n, f) RUN(n, f, posit##n##_##f(P(n, 0)).bits)
#define BINARY_RUN(n, f) RUN(n, f, posit##n##_##f(P(n, 0), P(n, 1)).bits)
#define TERNARY_RUN(n, f) RUN(n, f, posit##n##_##f(P(n, 0), P(n, 1), P(n, 2)).bits)
#define INTEGER_RUN(n, f) RUN(n, f, posit##n##_##f(P(n, 0), k).bits)
#define COMPARE_RUN(n, f) RUN(n, f, posit##n##_##f(P(n, 0), P(n, 1)))

/* clang-format off */
#define UNARY(X)                                                                                   \
    X(negate) X(abs) X(sign) X(nearest_int) X(ceil) X(floor) X(next) X(prior)                      \
    X(sqrt) X(rsqrt) X(exp) X(exp_minus1) X(exp2) X(exp2_minus1) X(exp10) X(exp10_minus1)          \
    X(log) X(log_plus1) X(log2) X(log2_plus1) X(log10) X(log10_plus1)                              \
    X(sin) X(sin_pi) X(cos) X(cos_pi) X(tan) X(tan_pi)                                             \
    X(arcsin) X(arcsin_pi) X(arccos) X(arccos_pi) X(arctan) X(arctan_pi)                           \
    X(sinh) X(cosh) X(tanh) X(arcsinh) X(arccosh) X(arctanh)
#define BINARY(X)                                                                                  \
    X(add) X(sub) X(mul) X(div) X(hypot) X(pow) X(arctan2) X(arctan2_pi)
#define TERNARY(X) X(fmm)
#define INTEGER(X) X(compound) X(root_n)
#define COMPARE(X)                                                                                 \
    X(equal) X(not_equal) X(greater) X(greater_equal) X(less) X(less_equal)
/* clang-format on */

#define UNARY_RUNS(f) SIZES(UNARY_RUN, f)
#define BINARY_RUNS(f) SIZES(BINARY_RUN, f)
#define TERNARY_RUNS(f) SIZES(TERNARY_RUN, f)
#define INTEGER_RUNS(f) SIZES(INTEGER_RUN, f)
#define COMPARE_RUNS(f) SIZES(COMPARE_RUN, f)
UNARY(UNARY_RUNS)
BINARY(BINARY_RUNS)
TERNARY(TERNARY_RUNS)
INTEGER(INTEGER_RUNS)
COMPARE(COMPARE_RUNS)

#define RUNS(f)                                                                                    \
    {                                                                                              \
        run_##f##8, run_##f##16, run_##f##32, run_##f##64                                          \
    }
#define UNARY_ENTRY(f) {#f, 1, false, false, RUNS(f)},
#define BINARY_ENTRY(f) {#f, 2, false, false, RUNS(f)},
#define TERNARY_ENTRY(f) {#f, 3, false, false, RUNS(f)},
#define INTEGER_ENTRY(f) {#f, 1, true, false, RUNS(f)},
#define COMPARE_ENTRY(f) {#f, 2, false, true, RUNS(f)},

/* clang-format off */
static const struct pk_posit_function functions[] = {
    UNARY(UNARY_ENTRY)
    BINARY(BINARY_ENTRY)
    TERNARY(TERNARY_ENTRY)
    INTEGER(INTEGER_ENTRY)
    COMPARE(COMPARE_ENTRY)
};
/* clang-format on */

static bool same_name(const char *ours, const char *name, size_t len)
{
    const char *end = name + len;

    for (;; ours++, name++) {
        while (*ours == '_')
            ours++;
        while (name < end && *name == '_')
            name++;
        if (name == end || !*ours)
            return name == end && !*ours;
        if (*ours != tolower((unsigned char)*name))
            return false;
    }
}

const struct pk_posit_function *pk_posit_function_find(const char *name, size_t len)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(functions); i++)
        if (same_name(functions[i].name, name, len))
            return &functions[i];
    return NULL;
}

int pk_posit_index(unsigned bits)
{
    switch (bits) {
    case 8:
        return 0;
    case 16:
        return 1;
    case 32:
        return 2;
    case 64:
        return 3;
    default:
        return -1;
    }
}

union pk_posit_quire {
    quire8 q8;
    quire16 q16;
    quire32 q32;
    quire64 q64;
};

union pk_posit_quire *pk_posit_quire_new(struct pk_arena *arena)
{
    return pk_arena_new(arena, union pk_posit_quire);
}

#define QUIRE_ADD(n)                                                                               \
    static void add##n(quire##n *q, bool minus, posit##n x, const uint64_t *y)                     \
    {                                                                                              \
        posit##n factor = {y ? (uint##n##_t) * y : 0};                                             \
                                                                                                   \
        if (y && minus)                                                                            \
            quire##n##_mul_sub(q, x, factor);                                                      \
        else if (y)                                                                                \
            quire##n##_mul_add(q, x, factor);                                                      \
        else if (minus)                                                                            \
            quire##n##_sub_posit(q, x);                                                            \
        else                                                                                       \
            quire##n##_add_posit(q, x);                                                            \
    }
QUIRE_ADD(8)
QUIRE_ADD(16)
QUIRE_ADD(32)
QUIRE_ADD(64)

void pk_posit_quire_add(union pk_posit_quire *q, int index, bool minus, uint64_t x,
                        const uint64_t *y)
{
    switch (index) {
    case 0:
        return add8(&q->q8, minus, (posit8){(uint8_t)x}, y);
    case 1:
        return add16(&q->q16, minus, (posit16){(uint16_t)x}, y);
    case 2:
        return add32(&q->q32, minus, (posit32){(uint32_t)x}, y);
    default:
        return add64(&q->q64, minus, (posit64){x}, y);
    }
}

uint64_t pk_posit_quire_round(const union pk_posit_quire *q, int index)
{
    switch (index) {
    case 0:
        return quire8_to_posit(&q->q8).bits;
    case 1:
        return quire16_to_posit(&q->q16).bits;
    case 2:
        return quire32_to_posit(&q->q32).bits;
    default:
        return quire64_to_posit(&q->q64).bits;
    }
}
