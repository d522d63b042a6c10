// SPDX-License-Identifier: GPL-2.0-or-later
/* Compiled with -ffast-math, so that the loops call the C library's vector functions. NaN comes out
 * of them as it should; nothing here asks whether something is NaN. */
#include "search_double.h"

#include <math.h>
#include <string.h>

#define LN2 0x1.62e42fefa39efp-1
#define LN10 0x1.26bb1bbb55516p+1
#define PI 0x1.921fb54442d18p+1
#define INV_LN2 (1 / LN2)
#define INV_LN10 (1 / LN10)
#define INV_PI (1 / PI)
#define LIMIT 0x1p130

static inline double at_most(double x)
{
    return x > LIMIT ? LIMIT : x;
}

/* Of what is not 0: the ends of the range may become 0 and infinity. */
static inline double bounded(double x)
{
    return fabs(x) < 1 / LIMIT ? copysign(1 / LIMIT, x) : copysign(at_most(fabs(x)), x);
}

/* x - 2k: exact, since posits have but 28 bits, and even integers from 2^29 on. */
static inline double turn(double x)
{
    return x - 2 * rint(x / 2);
}

static inline double sin_pi(double x)
{
    double t = turn(x), folded = copysign(1 - fabs(t), t);

    return sin(PI * (fabs(t) > 0.5 ? folded : t));
}

static inline double cos_pi(double x)
{
    return sin(PI * (0.5 - fabs(turn(x))));
}

/* The tangent of pi x for |x| <= 1/2 by that of at most pi/4 */
static inline double tan_pi(double x)
{
    double t = x - rint(x), rest = 0.5 - fabs(t);
    double tangent = tan(PI * (fabs(t) > 0.25 ? rest : fabs(t)));

    return copysign(fabs(t) > 0.25 ? 1 / tangent : tangent, t);
}

/* Of a negative number to no integer, the root will do: it is as little a number. */
static inline double power(double x, double y)
{
    if (x < 0 && rint(y) != y)
        return sqrt(x);
    return x == 0 ? pow(x, y) : bounded(pow(x, y));
}

static inline double angle(double y, double x)
{
    return y == 0 && x == 0 ? NAN : atan2(y, x);
}

#define FUNCTION(name, expression)                                                                 \
    static void double_##name(double *restrict ret, const double *restrict xs,                     \
                              const double *restrict ys, size_t n)                                 \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            const double x = xs[i], y = ys[i];                                                     \
                                                                                                   \
            (void)y;                                                                               \
            ret[i] = expression;                                                                   \
        }                                                                                          \
    }

// clang-format off
#define FUNCTIONS(X) \
    X(rsqrt, 1 / sqrt(x)) \
    X(exp, bounded(exp(x))) \
    X(exp_minus1, at_most(expm1(x))) \
    X(exp2, bounded(exp2(x))) \
    X(exp2_minus1, at_most(fabs(x) < 1 ? expm1(LN2 * x) : exp2(x) - 1)) \
    X(exp10, bounded(exp10(x))) \
    X(exp10_minus1, at_most(fabs(x) < 0.5 ? expm1(LN10 * x) : exp10(x) - 1)) \
    X(log, log(x)) \
    X(log_plus1, log1p(x)) \
    X(log2, log2(x)) \
    X(log2_plus1, INV_LN2 * log1p(x)) \
    X(log10, log10(x)) \
    X(log10_plus1, INV_LN10 * log1p(x)) \
    X(sin, sin(x)) \
    X(sin_pi, sin_pi(x)) \
    X(cos, cos(x)) \
    X(cos_pi, cos_pi(x)) \
    X(tan, tan(x)) \
    X(tan_pi, tan_pi(x)) \
    X(arcsin, asin(x)) \
    X(arcsin_pi, INV_PI * asin(x)) \
    X(arccos, acos(x)) \
    X(arccos_pi, INV_PI * acos(x)) \
    X(arctan, atan(x)) \
    X(arctan_pi, INV_PI * atan(x)) \
    X(sinh, copysign(at_most(sinh(fabs(x))), x)) \
    X(cosh, at_most(cosh(x))) \
    X(tanh, tanh(x)) \
    X(arcsinh, asinh(x)) \
    X(arccosh, acosh(x)) \
    X(arctanh, atanh(x)) \
    X(hypot, hypot(x, y)) \
    X(pow, power(x, y)) \
    X(arctan2, angle(x, y)) \
    X(arctan2_pi, INV_PI * angle(x, y))
// clang-format on

FUNCTIONS(FUNCTION)

search_double *search_double_find(const char *name)
{
    static const struct {
        const char *name;
        search_double *f;
    } all[] = {
#define ENTRY(name, expression) {#name, double_##name},
        FUNCTIONS(ENTRY)};

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i].f;
    return NULL;
}
