// SPDX-License-Identifier: GPL-2.0-or-later
#include "oracle.h"

#include <assert.h>

/* How the positive real that x stands for (itself, or its root) compares with t > 0: -1, 0 or 1. */
typedef int compare_fn(const mpq_t x, const mpq_t t);

/* Kept, because a test asks millions of times. Not for threads. */
static mpq_t tie, square, magnitude;

static __attribute__((constructor)) void init(void)
{
    mpq_inits(tie, square, magnitude, NULL);
}

uint64_t oracle_mask(unsigned n)
{
    return n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

uint64_t oracle_nar(unsigned n)
{
    return UINT64_C(1) << (n - 1);
}

uint64_t oracle_negate(uint64_t code, unsigned n)
{
    return -code & oracle_mask(n);
}

/* Bit i of the code, counted from the left; what is missing on the right reads 0. */
static unsigned bit_at(oracle_code code, unsigned n, unsigned i)
{
    return i < n ? (unsigned)(code >> (n - 1 - i)) & 1 : 0;
}

/* ((1 - 3s) + f) * 2^((1 - 2s) * (4r + e + s)) */
void oracle_value(mpq_t ret, oracle_code code, unsigned n)
{
    unsigned s = bit_at(code, n, 0), run = 1, i, m;
    long r, e, power;
    oracle_code f;

    if (!code) {
        mpq_set_ui(ret, 0, 1);
        return;
    }
    assert(code != (oracle_code)1 << (n - 1));
    while (1 + run < n && bit_at(code, n, 1 + run) == bit_at(code, n, 1))
        run++;
    r = bit_at(code, n, 1) ? (long)run - 1 : -(long)run;
    i = 1 + run + 1; /* the sign, the run, and the bit that ends it */
    e = 2 * bit_at(code, n, i) + bit_at(code, n, i + 1);
    m = i + 2 < n ? n - (i + 2) : 0;
    f = code & (((oracle_code)1 << m) - 1);
    power = (1 - 2 * (long)s) * (4 * r + e + s);
    mpq_set_si(ret, (1 - 3 * (long)s) * (1L << m) + (long)f, 1);
    if (power >= (long)m)
        mpq_mul_2exp(ret, ret, (mp_bitcnt_t)(power - m));
    else
        mpq_div_2exp(ret, ret, (mp_bitcnt_t)(m - power));
}

static int compare_value(const mpq_t x, const mpq_t t)
{
    return mpq_cmp(x, t);
}

static int compare_root(const mpq_t x, const mpq_t t)
{
    mpq_mul(square, t, t);
    return mpq_cmp(x, square);
}

/* The real against the point between positive codes p and p + 1: p's bits followed by a 1. */
static int compare_tie(const mpq_t x, compare_fn *compare, uint64_t p, unsigned n)
{
    oracle_value(tie, ((oracle_code)p << 1) | 1, n + 1);
    return compare(x, tie);
}

/* Section 4, for x > 0: never to 0, never past maxPos, ties to the even code. */
static bool is_rounded_positive(const mpq_t x, compare_fn *compare, uint64_t p, unsigned n)
{
    const uint64_t max = oracle_nar(n) - 1;
    int c;

    if (!p || p > max)
        return false;
    if (p > 1) {
        c = compare_tie(x, compare, p - 1, n);
        if (c < 0 || (!c && p % 2))
            return false;
    }
    if (p < max) {
        c = compare_tie(x, compare, p, n);
        if (c > 0 || (!c && p % 2))
            return false;
    }
    return true;
}

static uint64_t round_positive(const mpq_t x, compare_fn *compare, unsigned n)
{
    uint64_t lo = 1, hi = oracle_nar(n) - 1;

    while (lo < hi) {
        uint64_t p = lo + (hi - lo) / 2;
        int c = compare_tie(x, compare, p, n);

        if (c < 0 || (!c && p % 2 == 0))
            hi = p;
        else
            lo = p + 1;
    }
    return lo;
}

bool oracle_is_rounded(const mpq_t x, uint64_t r, unsigned n)
{
    if (r & ~oracle_mask(n))
        return false;
    if (!mpq_sgn(x))
        return r == 0;
    if (mpq_sgn(x) > 0)
        return is_rounded_positive(x, compare_value, r, n);
    mpq_neg(magnitude, x);
    return is_rounded_positive(magnitude, compare_value, oracle_negate(r, n), n);
}

bool oracle_is_root(const mpq_t x, uint64_t r, unsigned n)
{
    return mpq_sgn(x) ? is_rounded_positive(x, compare_root, r, n) : r == 0;
}

uint64_t oracle_round(const mpq_t x, unsigned n)
{
    uint64_t r;
    mpq_t a;

    if (!mpq_sgn(x))
        return 0;
    mpq_init(a);
    mpq_abs(a, x);
    r = round_positive(a, compare_value, n);
    mpq_clear(a);
    return mpq_sgn(x) > 0 ? r : oracle_negate(r, n);
}

uint64_t oracle_round_root(const mpq_t x, unsigned n)
{
    return mpq_sgn(x) ? round_positive(x, compare_root, n) : 0;
}
