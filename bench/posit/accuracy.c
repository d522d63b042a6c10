// SPDX-License-Identifier: BSD-2-Clause
/*
 * accuracy-posit: what posits and other formats of as many bits make of the numbers that
 * are measured in networks. Everything is a function of the seed; nothing depends on the machine.
 *
 * A value is a double from xorshift64 (seed 0x9e3779b97f4a7c15, anew for each table), an error is
 * relative to it, and what is shown is the root of the mean square over 10^6 values. Values that a
 * format makes 0 or infinite have no relative error to speak of: they are counted apart. Normal
 * variables are from Box and Muller; what falls out of the stated range is drawn again.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "posit/posit.h"

#define COUNT 1000000
#define PI 3.14159265358979323846

static uint64_t state;

static void restart(void)
{
    state = UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t random_bits(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* In [0, 1) */
static double uniform(void)
{
    return (double)(random_bits() >> 11) * 0x1p-53;
}

static double between(double from, double to)
{
    return from + (to - from) * uniform();
}

static double log_uniform(double from, double to)
{
    return exp(between(log(from), log(to)));
}

static double log_normal(double median, double sigma)
{
    double u = uniform() + 0x1p-54;

    return median * exp(sigma * sqrt(-2 * log(u)) * cos(2 * PI * uniform()));
}

/* In base units: seconds, bit/s, none, bytes. */
static double rtt(void)
{
    double ms;

    do
        ms = log_normal(20, 1.2);
    while (ms < 0.1 || ms > 300);
    return ms / 1e3;
}

static double rate(void)
{
    return log_uniform(1, 1e11);
}

static double busy(void)
{
    return log_normal(1e9, 1);
}

static double loss(void)
{
    return log_uniform(1e-6, 1);
}

static double counter(void)
{
    return floor(log_uniform(1e9, 1e15));
}

static double unix_time(void)
{
    return between(1.6e9, 1.8e9);
}

static const struct set {
    const char *name, *unit;
    double (*draw)(void);
    double factor; /* from the base unit to this one */
} sets[] = {
    {"round-trip time", "ms", rtt, 1e3},          {"round-trip time", "s", rtt, 1},
    {"round-trip time", "us", rtt, 1e6},          {"round-trip time", "ns", rtt, 1e9},
    {"rate 1..1e11 bit/s", "bit/s", rate, 1},     {"rate 1..1e11 bit/s", "Mbit/s", rate, 1e-6},
    {"rate 1..1e11 bit/s", "Gbit/s", rate, 1e-9}, {"link at 1e9 bit/s", "bit/s", busy, 1},
    {"link at 1e9 bit/s", "Gbit/s", busy, 1e-9},  {"utilisation", "ratio", uniform, 1},
    {"loss 1e-6..1", "ratio", loss, 1},           {"counter 1e9..1e15", "bytes", counter, 1},
    {"time since 1970", "s", unix_time, 1},
};
#define SETS (sizeof(sets) / sizeof(sets[0]))

/* Rounds to a binary floating-point number of `digits` bits with the exponents of IEEE 754; a
 * double holds all of them. */
static double to_ieee(double x, int digits, int exponent_min, double max)
{
    int exponent;

    frexp(x, &exponent);
    exponent = exponent - 1 < exponent_min ? exponent_min : exponent - 1;
    x = ldexp(rint(ldexp(x, digits - 1 - exponent)), exponent - digits + 1);
    return fabs(x) > max ? (double)INFINITY : x;
}

static double float16(double x)
{
    return to_ieee(x, 11, -14, 65504);
}

static double bfloat16(double x)
{
    return to_ieee(x, 8, -126, 0x1.fep127);
}

/* 65,535 steps of equal ratio from 1e-6 to 1e12: a code that knows its range. */
static double log16(double x)
{
    const double step = 18 * log(10) / 65535;
    double code = rint(log(x / 1e-6) / step);

    return code < 0 ? 0 : code > 65535 ? (double)INFINITY : 1e-6 * exp(code * step);
}

static double through_posit16(double x)
{
    return posit16_to_double(posit16_from_double(x));
}

static double float32(double x)
{
    return (double)(float)x;
}

static double through_posit32(double x)
{
    return posit32_to_double(posit32_from_double(x));
}

static const struct format {
    const char *name;
    double (*store)(double x);
} formats[] = {
    {"float16", float16},         {"bfloat16", bfloat16}, {"log16", log16},
    {"posit16", through_posit16}, {"float32", float32},   {"posit32", through_posit32},
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

struct error {
    double squares;
    long measured, lost;
};

static void measure(struct error *e, double x, double stored)
{
    if (x != 0 && (stored == 0 || isinf(stored))) {
        e->lost++;
        return;
    }
    e->measured++;
    if (x != 0)
        e->squares += (stored - x) / x * ((stored - x) / x);
}

/* A cell: the error, or how many values are lost. */
static void print_error(const struct error *e)
{
    double all = (double)(e->measured + e->lost);
    char text[32];

    if (e->lost >= 0.0005 * all)
        snprintf(text, sizeof(text), "lost:%.1f%%", 100 * (double)e->lost / all);
    else
        snprintf(text, sizeof(text), "%.1e", sqrt(e->squares / (double)e->measured));
    printf("  %10s", text);
}

static void print_formats(const char *title)
{
    printf("\n# %s\n%-28s", title, "");
    for (size_t f = 0; f < FORMATS; f++)
        printf("  %10s", formats[f].name);
    putchar('\n');
}

static void print_errors(const struct error errors[FORMATS])
{
    for (size_t f = 0; f < FORMATS; f++)
        print_error(&errors[f]);
    putchar('\n');
}

static void table_sets(void)
{
    print_formats("error by data: relative, root of the mean square");
    for (const struct set *s = sets; s < sets + SETS; s++) {
        struct error errors[FORMATS] = {{0}};
        char name[64];

        restart();
        for (long i = 0; i < COUNT; i++) {
            double x = s->draw() * s->factor;

            for (size_t f = 0; f < FORMATS; f++)
                measure(&errors[f], x, formats[f].store(x));
        }
        snprintf(name, sizeof(name), "%s, %s", s->name, s->unit);
        printf("%-28s", name);
        print_errors(errors);
    }
}

static void table_octaves(void)
{
    print_formats("error by magnitude: the same for values in [2^n, 2^(n+1)), n =");
    restart();
    for (int octave = -50; octave < 51; octave += 2) {
        struct error errors[FORMATS] = {{0}};

        for (long i = 0; i < COUNT / 50; i++) {
            double x = ldexp(1 + uniform(), octave);

            for (size_t f = 0; f < FORMATS; f++)
                measure(&errors[f], x, formats[f].store(x));
        }
        printf("%-28d", octave);
        print_errors(errors);
    }
}

/* Bytes that hold x with a relative error of at most `bound`. */
static double cut_double(double x, int bytes)
{
    uint64_t bits, half;

    if (bytes == 8)
        return x;
    memcpy(&bits, &x, sizeof(bits));
    half = UINT64_C(1) << (63 - 8 * bytes);
    bits = (bits + half) & ~(2 * half - 1);
    memcpy(&x, &bits, sizeof(bits));
    return x;
}

static double cut_float(double x, int bytes)
{
    float single = (float)x;
    uint32_t bits, half;

    if (bytes > 3)
        return bytes == 4 ? (double)single : x;
    memcpy(&bits, &single, sizeof(bits));
    half = UINT32_C(1) << (31 - 8 * bytes);
    bits = (bits + half) & ~(2 * half - 1);
    memcpy(&single, &bits, sizeof(bits));
    return (double)single;
}

static double cut_posit(double x, int bytes)
{
    return posit64_to_double(posit64_from_double_bytes(x, (size_t)bytes));
}

static double half_single_double(double x, int bytes)
{
    return bytes == 2 ? float16(x) : bytes == 4 ? float32(x) : x;
}

static const struct cut {
    const char *name;
    double (*store)(double x, int bytes);
    const char *lengths;
} cuts[] = {
    {"posit", cut_posit, "12345678"},
    {"float32 cut", cut_float, "2348"},
    {"IEEE 2 4 8", half_single_double, "248"},
    {"double cut", cut_double, "2345678"},
};
#define CUTS (sizeof(cuts) / sizeof(cuts[0]))

static int bytes_needed(const struct cut *c, double x, double bound)
{
    for (const char *length = c->lengths; *length; length++)
        if (fabs(c->store(x, *length - '0') - x) <= bound * fabs(x))
            return *length - '0';
    return 8;
}

static void table_bytes(void)
{
    static const struct {
        size_t set;
        double bound;
    } rows[] = {{0, 1e-2}, {0, 1e-4}, {0, 1e-6}, {0, 1e-8},
                {5, 1e-6}, {5, 1e-8}, {9, 1e-6}, {9, 1e-8}};

    printf("\n# bytes a value, length octet not counted, by the relative error allowed\n%-36s", "");
    for (size_t c = 0; c < CUTS; c++)
        printf("  %11s", cuts[c].name);
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        const struct set *s = &sets[rows[r].set];
        long bytes[CUTS] = {0};
        char name[64];

        restart();
        for (long i = 0; i < COUNT / 4; i++) {
            double x = s->draw() * s->factor;

            for (size_t c = 0; c < CUTS; c++)
                bytes[c] += bytes_needed(&cuts[c], x, rows[r].bound);
        }
        snprintf(name, sizeof(name), "%s, %s, %.0e", s->name, s->unit, rows[r].bound);
        printf("\n%-36s", name);
        for (size_t c = 0; c < CUTS; c++)
            printf("  %11.2f", (double)bytes[c] / (COUNT / 4));
    }
    putchar('\n');
}

/* Whole nanoseconds, kept as ms. */
static void table_grid(void)
{
    printf("\n# whole nanoseconds that are found again when they are stored as ms\n");
    for (int ms = 8; ms < 256; ms *= 2) {
        long good[2] = {0};

        restart();
        for (long i = 0; i < COUNT; i++) {
            double ns = floor(between(1e6 * ms, 2e6 * ms));

            good[0] += rint(float32(ns / 1e6) * 1e6) == ns;
            good[1] += rint(through_posit32(ns / 1e6) * 1e6) == ns;
        }
        printf("%3d to %3d ms   float32 %6.2f %%   posit32 %6.2f %%\n", ms, 2 * ms,
               100.0 * (double)good[0] / COUNT, 100.0 * (double)good[1] / COUNT);
    }
}

/* 10^6 round-trip times in ms, each rounded to the format, and then added up one by one. */
static void table_sum(void)
{
    float sum32 = 0;
    posit32 sum = {0};
    quire32 quire = {{0}};
    double exact = 0; /* of the numbers before they are rounded, as are all errors */

    restart();
    for (long i = 0; i < COUNT; i++) {
        double x = rtt() * 1e3;
        posit32 p = posit32_from_double(x);

        exact += x;
        sum32 += (float)x;
        sum = posit32_add(sum, p);
        quire32_add_posit(&quire, p);
    }
    printf("\n# error of the sum of 10^6 round-trip times in ms, relative to that of the doubles\n"
           "float32 %.1e   posit32 %.1e   quire32 %.1e\n",
           fabs((double)sum32 / exact - 1), fabs(posit32_to_double(sum) / exact - 1),
           fabs(posit32_to_double(quire32_to_posit(&quire)) / exact - 1));
}

int main(void)
{
    printf("accuracy-posit: 10^6 values a row, seed 0x9e3779b97f4a7c15\n");
    table_sets();
    table_octaves();
    table_bytes();
    table_grid();
    table_sum();
    return 0;
}
