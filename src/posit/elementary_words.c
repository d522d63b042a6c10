// SPDX-License-Identifier: BSD-2-Clause
#include "elementary_words.h"

#include <string.h>

#include "tables.h"

uint64_t posit_words_add_long(uint64_t *r, const uint64_t *a, const uint64_t *b, int n)
{
    uint64_t carry = 0;

    for (int i = n - 1; i >= 0; i--) {
        posit_u128 sum = (posit_u128)a[i] + b[i] + carry;

        r[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    return carry;
}

uint64_t posit_words_sub_long(uint64_t *r, const uint64_t *a, const uint64_t *b, int n)
{
    uint64_t borrow = 0;

    for (int i = n - 1; i >= 0; i--) {
        posit_u128 diff = (posit_u128)a[i] - b[i] - borrow;

        r[i] = (uint64_t)diff;
        borrow = (uint64_t)(diff >> 64) & 1;
    }
    return borrow;
}

/* All 2n words of the product. */
void posit_words_product(uint64_t *r, const uint64_t *a, const uint64_t *b, int n)
{
    memset(r, 0, 2 * (size_t)n * sizeof(*r));
    for (int i = n - 1; i >= 0; i--) {
        uint64_t carry = 0;

        for (int j = n - 1; j >= 0; j--) {
            posit_u128 p = (posit_u128)a[i] * b[j] + r[i + j + 1] + carry;

            r[i + j + 1] = (uint64_t)p;
            carry = (uint64_t)(p >> 64);
        }
        r[i] = carry;
    }
}

void posit_words_mul_long(uint64_t *r, const uint64_t *a, const uint64_t *b, int n)
{
    uint64_t product[2 * POSIT_LIMBS];

    posit_words_product(product, a, b, n);
    memcpy(r, product, (size_t)n * sizeof(*r));
}

int posit_words_compare(const uint64_t *a, const uint64_t *b, int n)
{
    for (int i = 0; i < n; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

/* r = a >> by, 0 <= by < 64n; true if a bit was lost. */
bool posit_words_shift_right(uint64_t *r, const uint64_t *a, int by, int n)
{
    int words = by / 64, bits = by % 64;
    uint64_t lost = 0;

    if (n == 1) {
        uint64_t word = *a;

        *r = word >> by;
        return *r << by != word;
    }
    for (int i = n - words; i < n; i++)
        lost |= a[i];
    if (bits > 0)
        lost |= a[n - words - 1] << (64 - bits);
    for (int i = n - 1; i >= 0; i--) {
        int j = i - words;
        uint64_t word = j >= 0 ? a[j] >> bits : 0;

        if (bits > 0 && j > 0)
            word |= a[j - 1] << (64 - bits);
        r[i] = word;
    }
    return lost != 0;
}

void posit_words_shift_left(uint64_t *r, const uint64_t *a, int by, int n)
{
    int words = by / 64, bits = by % 64;

    if (n == 1) {
        *r = *a << by;
        return;
    }
    for (int i = 0; i < n; i++) {
        int j = i + words;
        uint64_t word = j < n ? a[j] << bits : 0;

        if (bits > 0 && j + 1 < n)
            word |= a[j + 1] >> (64 - bits);
        r[i] = word;
    }
}

int posit_words_leading_zeros(const uint64_t *a, int n)
{
    for (int i = 0; i < n; i++)
        if (a[i] != 0)
            return 64 * i + __builtin_clzll(a[i]);
    return 64 * n;
}

/* u, n + 1 words, minus q * b. The estimate q may be too large by 2 at most: then b is added back.
 */
static uint64_t subtract_multiple(uint64_t *u, uint64_t q, const uint64_t *b, int n)
{
    uint64_t carry = 0, borrow = 0;

    for (int i = n; i >= 0; i--) {
        posit_u128 p = i > 0 ? (posit_u128)q * b[i - 1] + carry : carry;
        posit_u128 diff = (posit_u128)u[i] - (uint64_t)p - borrow;

        carry = (uint64_t)(p >> 64);
        u[i] = (uint64_t)diff;
        borrow = (uint64_t)(diff >> 64) & 1;
    }
    while (borrow != 0) {
        uint64_t carry_out = posit_words_add(u + 1, u + 1, b, n);

        u[0] += carry_out;
        borrow = u[0] != 0; /* of a negative rest the first word is not 0 */
        q--;
    }
    return q;
}

/*
 * q = u / b for u < b < 1, b's first bit set, by school division in base 2^64 (Knuth, volume
 * 2, 4.3.1, algorithm D). u has n + 1 words, the last of them a continuation, and becomes the rest;
 * true if that is not 0.
 */
bool posit_words_divide(uint64_t *q, const uint64_t *u, const uint64_t *b, int n)
{
    uint64_t rest[POSIT_LIMBS + 1], lost = 0;

    memcpy(rest, u, ((size_t)n + 1) * sizeof(*rest));
    for (int i = 0; i < n; i++) {
        uint64_t guess = ~UINT64_C(0);

        if (rest[0] < b[0])
            guess = (uint64_t)(((posit_u128)rest[0] << 64 | rest[1]) / b[0]);
        q[i] = subtract_multiple(rest, guess, b, n);
        memmove(rest, rest + 1, (size_t)n * sizeof(*rest)); /* the first word is 0 by now */
        rest[n] = 0;
    }
    for (int i = 0; i < n; i++)
        lost |= rest[i];
    return lost != 0;
}

/*
 * floor(sqrt(x)) for x >= 2^126, by Newton's method: first of the high word, in integers from
 * above, with errors of at most 2^-2, then 2^-5, 2^-11, 2^-23, and one unit; then a step for the
 * whole, whose error is below one unit, upwards.
 */
uint64_t posit_words_sqrt(posit_u128 x)
{
    uint64_t high = (uint64_t)(x >> 64);
    uint64_t s = (high >> 33) + (UINT64_C(1) << 31); /* (h / 4 + 1) 2^31 for h = high / 2^62 */
    posit_u128 wide;

    for (int i = 0; i < 4; i++)
        s = (s + high / s) / 2;
    s -= s >> 32;
    s = s << 32 | UINT64_C(1) << 31;
    wide = ((posit_u128)s + x / s) / 2 + 1;
    s = wide > UINT64_MAX ? UINT64_MAX : (uint64_t)wide;
    while ((posit_u128)s * s > x)
        s--;
    return s;
}
