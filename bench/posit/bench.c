// SPDX-License-Identifier: BSD-2-Clause
/*
 * bench-posit [--json] [--rounds N]: how many millions of operations of src/posit a second, on one
 * core.
 *
 * Each runs over arrays of 4,096, once of uniform codes and once of numbers log-normal about 1
 * (sigma 1, for square roots their magnitude); a round runs all of them one after the other, so
 * that slow drift of the machine hits all alike. Shown are the best round and the median. `double
 * +` is a function that adds two doubles, called in the same way: where it is slower, all is. So
 * the bars, of a machine that does REFERENCE double additions, are compared with `scaled`: the
 * median of the rounds' ratios to `double +`, times REFERENCE, of the set where that is less.
 * SoftPosit is measured beside if it was installed when this was built.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "posit/posit.h"

#include "bench.h"

#define ROUNDS_MAX 10000
#define REFERENCE 645.0

static struct arrays {
    double d[2][COUNT], d_ret[COUNT];
    posit8 p8[2][COUNT], p8_abs[COUNT], p8_ret[COUNT];
    posit16 p16[2][COUNT], p16_abs[COUNT], p16_ret[COUNT];
    posit32 p32[2][COUNT], p32_abs[COUNT], p32_ret[COUNT];
    posit64 p64[2][COUNT], p64_abs[COUNT], p64_ret[COUNT];
} sets[2]; /* uniform, log-normal */

static quire32 sum32;
static quire64 sum64;

#define LOOP(name, expression)                                                                     \
    static void name(struct arrays *a)                                                             \
    {                                                                                              \
        for (size_t i = 0; i < COUNT; i++)                                                         \
            expression;                                                                            \
    }
#define BINARY(n, f)                                                                               \
    LOOP(p##n##_##f, a->p##n##_ret[i] = posit##n##_##f(a->p##n[0][i], a->p##n[1][i]))
#define UNARY(n, f) LOOP(p##n##_##f, a->p##n##_ret[i] = posit##n##_##f(a->p##n##_abs[i]))
#define ALL(n) BINARY(n, add) BINARY(n, sub) BINARY(n, mul) BINARY(n, div) UNARY(n, sqrt)

LOOP(double_add, a->d_ret[i] = bench_double_add(a->d[0][i], a->d[1][i]))
ALL(8)
ALL(16)
ALL(32)
ALL(64)
LOOP(q32_mul_add, quire32_mul_add(&sum32, a->p32[0][i], a->p32[1][i]))
LOOP(q64_mul_add, quire64_mul_add(&sum64, a->p64[0][i], a->p64[1][i]))
LOOP(p32_from_double, a->p32_ret[i] = posit32_from_double(a->d[0][i]))
LOOP(p32_to_double, a->d_ret[i] = posit32_to_double(a->p32[0][i]))

#define BULK(name, call)                                                                           \
    static void name(struct arrays *a)                                                             \
    {                                                                                              \
        call;                                                                                      \
    }
BULK(p16_from_doubles, posit16_from_doubles(a->p16_ret, a->d[0], COUNT))
BULK(p16_to_doubles, posit16_to_doubles(a->d_ret, a->p16[0], COUNT))
BULK(p32_from_doubles, posit32_from_doubles(a->p32_ret, a->d[0], COUNT))
BULK(p32_to_doubles, posit32_to_doubles(a->d_ret, a->p32[0], COUNT))
BULK(p64_from_doubles, posit64_from_doubles(a->p64_ret, a->d[0], COUNT))
BULK(p64_to_doubles, posit64_to_doubles(a->d_ret, a->p64[0], COUNT))

#ifdef HAVE_SOFTPOSIT
#define SOFTPOSIT(f, first)                                                                        \
    BULK(s32_##f, softposit_##f(&a->p32_ret[0].bits, &a->first[0].bits, &a->p32[1][0].bits))
SOFTPOSIT(add, p32[0])
SOFTPOSIT(mul, p32[0])
SOFTPOSIT(div, p32[0])
SOFTPOSIT(sqrt, p32_abs)
#endif

static struct subject {
    const char *name;
    void (*run)(struct arrays *a);
    int bar; /* millions a second, 0: none */
    double seconds[2][ROUNDS_MAX];
} subjects[] = {
    {"double +", double_add, 0, {{0}}},
    {"posit32 +", p32_add, 150, {{0}}},
    {"posit32 -", p32_sub, 0, {{0}}},
    {"posit32 *", p32_mul, 150, {{0}}},
    {"posit32 /", p32_div, 80, {{0}}},
    {"posit32 sqrt", p32_sqrt, 120, {{0}}},
    {"quire32 mul_add", q32_mul_add, 40, {{0}}},
    {"posit64 +", p64_add, 110, {{0}}},
    {"posit64 -", p64_sub, 0, {{0}}},
    {"posit64 *", p64_mul, 110, {{0}}},
    {"posit64 /", p64_div, 40, {{0}}},
    {"posit64 sqrt", p64_sqrt, 0, {{0}}},
    {"quire64 mul_add", q64_mul_add, 0, {{0}}},
    {"posit16 +", p16_add, 0, {{0}}},
    {"posit16 -", p16_sub, 0, {{0}}},
    {"posit16 *", p16_mul, 0, {{0}}},
    {"posit16 /", p16_div, 0, {{0}}},
    {"posit16 sqrt", p16_sqrt, 0, {{0}}},
    {"posit8 +", p8_add, 0, {{0}}},
    {"posit8 -", p8_sub, 0, {{0}}},
    {"posit8 *", p8_mul, 0, {{0}}},
    {"posit8 /", p8_div, 0, {{0}}},
    {"posit8 sqrt", p8_sqrt, 0, {{0}}},
    {"double to posit32", p32_from_double, 0, {{0}}},
    {"posit32 to double", p32_to_double, 0, {{0}}},
    {"doubles to posit16s", p16_from_doubles, 0, {{0}}},
    {"posit16s to doubles", p16_to_doubles, 0, {{0}}},
    {"doubles to posit32s", p32_from_doubles, 235, {{0}}},
    {"posit32s to doubles", p32_to_doubles, 180, {{0}}},
    {"doubles to posit64s", p64_from_doubles, 0, {{0}}},
    {"posit64s to doubles", p64_to_doubles, 0, {{0}}},
#ifdef HAVE_SOFTPOSIT
    {"SoftPosit32 +", s32_add, 0, {{0}}},
    {"SoftPosit32 *", s32_mul, 0, {{0}}},
    {"SoftPosit32 /", s32_div, 0, {{0}}},
    {"SoftPosit32 sqrt", s32_sqrt, 0, {{0}}},
#endif
};
#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t random_bits(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* exp of a normal variable (Box-Muller). */
static double log_normal(void)
{
    double u = (double)(random_bits() >> 11) * 0x1p-53 + 0x1p-54;
    double v = (double)(random_bits() >> 11) * 0x1p-53;

    return exp(sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
}

static void set_codes(struct arrays *a, int operand, size_t i, posit64 x)
{
    a->p64[operand][i] = x;
    a->p32[operand][i] = posit64_to_posit32(x);
    a->p16[operand][i] = posit64_to_posit16(x);
    a->p8[operand][i] = posit64_to_posit8(x);
    a->d[operand][i] = posit64_to_double(x);
    a->p64_abs[i] = posit64_abs(x);
    a->p32_abs[i] = posit32_abs(a->p32[operand][i]);
    a->p16_abs[i] = posit16_abs(a->p16[operand][i]);
    a->p8_abs[i] = posit8_abs(a->p8[operand][i]);
}

static void fill(void)
{
    for (int operand = 0; operand < 2; operand++)
        for (size_t i = 0; i < COUNT; i++) {
            set_codes(&sets[0], operand, i, (posit64){random_bits()});
            set_codes(&sets[1], operand, i, posit64_from_double(log_normal()));
        }
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void measure(int rounds)
{
    for (int round = -1; round < rounds; round++) /* the first is not counted */
        for (size_t s = 0; s < SUBJECTS; s++)
            for (int set = 0; set < 2; set++) {
                double start = seconds();

                subjects[s].run(&sets[set]);
                subjects[s].seconds[set][round < 0 ? 0 : round] = seconds() - start;
            }
}

static int by_size(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;

    return (a > b) - (a < b);
}

struct rates {
    double best, median; /* millions a second */
};

static double median_of(double *x, int count)
{
    qsort(x, (size_t)count, sizeof(*x), by_size);
    return x[count / 2];
}

/* Of the rounds as they were measured: before rates_of() sorts them. */
static double scaled(const struct subject *s, int rounds)
{
    static double ratios[ROUNDS_MAX];
    double less = 0;

    for (int set = 0; set < 2; set++) {
        double median;

        for (int i = 0; i < rounds; i++)
            ratios[i] = subjects[0].seconds[set][i] / s->seconds[set][i];
        median = REFERENCE * median_of(ratios, rounds);
        less = set == 0 || median < less ? median : less;
    }
    return less;
}

static struct rates rates_of(struct subject *s, int set, int rounds)
{
    double *t = s->seconds[set], median = median_of(t, rounds);

    return (struct rates){COUNT / t[0] / 1e6, COUNT / median / 1e6};
}

static void print_line(struct subject *s, double at_reference, int rounds)
{
    struct rates u = rates_of(s, 0, rounds), l = rates_of(s, 1, rounds);

    printf("%-20s %8.0f %8.0f %10.0f %8.0f %8.0f", s->name, u.best, u.median, l.best, l.median,
           at_reference);
    if (s->bar)
        printf(" %8d%s", s->bar, at_reference < s->bar ? "  below" : "");
    printf("\n");
}

static void print_json_line(struct subject *s, double at_reference, int rounds)
{
    struct rates u = rates_of(s, 0, rounds), l = rates_of(s, 1, rounds);

    printf("\n  {\"name\": \"%s\", \"bar\": %d, \"scaled\": %.1f, \"uniform\": {\"best\": %.1f, "
           "\"median\": %.1f}, \"lognormal\": {\"best\": %.1f, \"median\": %.1f}}",
           s->name, s->bar, at_reference, u.best, u.median, l.best, l.median);
}

static void print_table(const double *at_reference, int rounds)
{
    printf("%-20s %8s %8s %10s %8s %8s %8s\n", "millions a second", "uniform", "median",
           "log-normal", "median", "scaled", "bar");
    for (size_t s = 0; s < SUBJECTS; s++)
        print_line(&subjects[s], at_reference[s], rounds);
}

static void print_json(const double *at_reference, int rounds)
{
    printf("{\"schema\": \"posit.bench/1\", \"count\": %d, \"rounds\": %d, \"reference\": %.0f, "
           "\"subjects\": [",
           COUNT, rounds, REFERENCE);
    for (size_t s = 0; s < SUBJECTS; s++) {
        printf("%s", s ? "," : "");
        print_json_line(&subjects[s], at_reference[s], rounds);
    }
    printf("\n]}\n");
}

static void print(bool json, int rounds)
{
    double at_reference[SUBJECTS];

    for (size_t s = 0; s < SUBJECTS; s++)
        at_reference[s] = scaled(&subjects[s], rounds);
    if (json)
        print_json(at_reference, rounds);
    else
        print_table(at_reference, rounds);
}

int main(int argc, char **argv)
{
    bool json = false;
    int rounds = 500;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json")) {
            json = true;
        } else if (!strcmp(argv[i], "--rounds") && i + 1 < argc) {
            rounds = (int)strtol(argv[++i], NULL, 10);
        } else {
            rounds = 0;
            break;
        }
    }
    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench-posit [--json] [--rounds 1..%d]\n", ROUNDS_MAX);
        return 2;
    }
    fill();
    measure(rounds);
    print(json, rounds);
    return 0;
}
