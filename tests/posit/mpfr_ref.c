// SPDX-License-Identifier: GPL-2.0-or-later
#include "mpfr_ref.h"

#include <stdio.h>
#include <string.h>

#include "posit/posit.h"

#define SIZES(name, arguments)                                                                     \
    WRAP(8, name, arguments)                                                                       \
    WRAP(16, name, arguments) WRAP(32, name, arguments) WRAP(64, name, arguments)
#define WRAP(n, name, arguments)                                                                   \
    static uint64_t name##n(uint64_t a, uint64_t b, int64_t k)                                     \
    {                                                                                              \
        const posit##n x = {(uint##n##_t)a}, y = {(uint##n##_t)b};                                 \
                                                                                                   \
        (void)x, (void)y, (void)k;                                                                 \
        return posit##n##_##name arguments.bits;                                                   \
    }
#define MPFR(name, call)                                                                           \
    static int ref_##name(mpfr_t ret, const mpfr_t x, const mpfr_t y, long k)                      \
    {                                                                                              \
        return call;                                                                               \
    }

/* X(library's name, MPFR's name) */
// clang-format off
#define UNARY(X) \
    X(sqrt, sqrt) X(rsqrt, rec_sqrt) X(exp, exp) X(exp_minus1, expm1) X(exp2, exp2) \
    X(exp2_minus1, exp2m1) X(exp10, exp10) X(exp10_minus1, exp10m1) X(log, log) \
    X(log_plus1, log1p) X(log2, log2) X(log2_plus1, log2p1) X(log10, log10) \
    X(log10_plus1, log10p1) X(sin, sin) X(sin_pi, sinpi) X(cos, cos) X(cos_pi, cospi) \
    X(tan, tan) X(tan_pi, tanpi) X(arcsin, asin) X(arcsin_pi, asinpi) X(arccos, acos) \
    X(arccos_pi, acospi) X(arctan, atan) X(arctan_pi, atanpi) X(sinh, sinh) X(cosh, cosh) \
    X(tanh, tanh) X(arcsinh, asinh) X(arccosh, acosh) X(arctanh, atanh)
// clang-format on
#define BINARY(X) X(hypot, hypot) X(pow, pow) X(arctan2, atan2) X(arctan2_pi, atan2pi)
#define INTEGER(X) X(compound, compound_si) X(root_n, rootn_si)

#define DEFINE_UNARY(name, m) SIZES(name, (x)) MPFR(name, mpfr_##m(ret, x, MPFR_RNDZ))
#define DEFINE_BINARY(name, m) SIZES(name, (x, y)) MPFR(name, mpfr_##m(ret, x, y, MPFR_RNDZ))
#define DEFINE_INTEGER(name, m) SIZES(name, (x, k)) MPFR(name, mpfr_##m(ret, x, k, MPFR_RNDZ))
#define ENTRY(name, kind) {#name, kind, {name##8, name##16, name##32, name##64}, ref_##name},
#define ENTRY_UNARY(name, m) ENTRY(name, 'x')
#define ENTRY_BINARY(name, m) ENTRY(name, 'y')
#define ENTRY_INTEGER(name, m) ENTRY(name, 'k')

/* clang-format off */
UNARY(DEFINE_UNARY)
BINARY(DEFINE_BINARY)
INTEGER(DEFINE_INTEGER)

const struct mpfr_ref mpfr_refs[] = {
    UNARY(ENTRY_UNARY)
    BINARY(ENTRY_BINARY)
    INTEGER(ENTRY_INTEGER)
};
/* clang-format on */
const size_t mpfr_refs_count = sizeof(mpfr_refs) / sizeof(*mpfr_refs);

#define VALUE_BITS 64

static mpfr_t x_value, y_value, result, tie;

static __attribute__((constructor)) void init(void)
{
    mpfr_inits2(VALUE_BITS, x_value, y_value, result, tie, (mpfr_ptr)NULL);
}

static uint64_t nar(unsigned n)
{
    return UINT64_C(1) << (n - 1);
}

static uint64_t negated(uint64_t code, unsigned n)
{
    return (0 - code) & (UINT64_MAX >> (64 - n));
}

/* A positive code of n bits, 3 to 65, of which bit 0 is given apart. */
static void set_positive(mpfr_t ret, uint64_t code, unsigned last, unsigned n)
{
    int left = (int)n - 2; /* bits behind the sign */
    unsigned first = 0, run = 0;
    long scale;
    uint64_t sig = 1;

#define BIT() (left < 0 ? 0 : left == 0 ? last : (unsigned)(code >> (left - 1)) & 1)
    first = BIT();
    for (; left >= 0 && BIT() == first; left--)
        run++;
    left--; /* what ended it */
    scale = 4 * (first ? (long)run - 1 : -(long)run);
    scale += 2 * BIT();
    left--;
    scale += BIT();
    left--;
    for (; left >= 0; left--, scale--)
        sig = sig << 1 | BIT();
#undef BIT
    mpfr_set_uj_2exp(ret, sig, scale, MPFR_RNDN);
}

void mpfr_ref_set(mpfr_t ret, uint64_t code, unsigned n)
{
    bool negative = code >> (n - 1) & 1;

    if (code == 0) {
        mpfr_set_zero(ret, 1);
        return;
    }
    set_positive(ret, negative ? negated(code, n) : code, 0, n + 1);
    if (negative)
        mpfr_neg(ret, ret, MPFR_RNDN);
}

/* |result|, of which something was cut off or not, against the tie behind the positive code p. */
static int compare_tie(bool cut, uint64_t p, unsigned n)
{
    int c;

    set_positive(tie, p, 1, n + 1);
    c = mpfr_cmpabs(result, tie);
    return c == 0 ? cut : c;
}

static bool is_rounded_positive(bool cut, uint64_t p, unsigned n)
{
    const uint64_t max = nar(n) - 1;
    int c;

    if (p == 0 || p > max)
        return false;
    if (p > 1) {
        c = compare_tie(cut, p - 1, n);
        if (c < 0 || (c == 0 && p % 2 != 0))
            return false;
    }
    if (p < max) {
        c = compare_tie(cut, p, n);
        if (c > 0 || (c == 0 && p % 2 != 0))
            return false;
    }
    return true;
}

/* Leaves the value in `result`; false if it is no real number. */
static bool compute(const struct mpfr_ref *f, unsigned n, const struct mpfr_args *a, bool *cut)
{
    if (a->x == nar(n) || (f->kind == 'y' && a->y == nar(n)))
        return false;
    mpfr_ref_set(x_value, a->x, n);
    if (f->kind == 'y')
        mpfr_ref_set(y_value, a->y, n);
    *cut = f->mpfr(result, x_value, y_value, (long)a->k) != 0;
    if (!mpfr_number_p(result))
        return false;
    return f->mpfr != ref_arctan2 && f->mpfr != ref_arctan2_pi ? true : a->x != 0 || a->y != 0;
}

bool mpfr_ref_is_rounded(const struct mpfr_ref *f, unsigned n, const struct mpfr_args *a,
                         uint64_t code)
{
    bool cut, negative;

    if (!compute(f, n, a, &cut))
        return code == nar(n);
    negative = mpfr_signbit(result) != 0;
    if (mpfr_zero_p(result) && !cut)
        return code == 0;
    return is_rounded_positive(cut, negative ? negated(code, n) : code, n);
}

/* What `result`, of which something was cut off or not, rounds to. */
static uint64_t round_result(bool cut, unsigned n)
{
    uint64_t low = 1, high = nar(n) - 1;

    if (mpfr_zero_p(result) && !cut)
        return 0;
    while (low < high) {
        uint64_t p = low + (high - low) / 2;
        int c = compare_tie(cut, p, n);

        if (c < 0 || (c == 0 && p % 2 == 0))
            high = p;
        else
            low = p + 1;
    }
    return mpfr_signbit(result) ? negated(low, n) : low;
}

uint64_t mpfr_ref_from(const mpfr_t x, unsigned n)
{
    return round_result(mpfr_set(result, x, MPFR_RNDZ) != 0, n);
}

uint64_t mpfr_ref_round(const struct mpfr_ref *f, unsigned n, const struct mpfr_args *a)
{
    bool cut;

    return compute(f, n, a, &cut) ? round_result(cut, n) : nar(n);
}

const struct mpfr_ref *mpfr_ref_find(const char *name)
{
    for (size_t i = 0; i < mpfr_refs_count; i++)
        if (strcmp(mpfr_refs[i].name, name) == 0)
            return &mpfr_refs[i];
    return NULL;
}

bool mpfr_ref_check(const struct mpfr_ref *f, unsigned size, const struct mpfr_args *a)
{
    unsigned n = 8u << size;
    uint64_t code = f->posit[size](a->x, a->y, a->k);

    if (mpfr_ref_is_rounded(f, n, a, code))
        return true;
    printf("posit%u_%s(%#llx, %#llx, %lld) = %#llx, not %#llx\n", n, f->name,
           (unsigned long long)a->x, (unsigned long long)a->y, (long long)a->k,
           (unsigned long long)code, (unsigned long long)mpfr_ref_round(f, n, a));
    return false;
}
