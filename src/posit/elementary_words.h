// SPDX-License-Identifier: BSD-2-Clause
/*
 * Unsigned numbers of n words, the most significant first: fractions, 0.m in base 2^64, of 0 < n <=
 * POSIT_LIMBS. Additions wrap and give the carry. One word is done at once: with it nearly all
 * posits but posit64 are decided. The result may be one of the operands, but
 * for posit_words_product() and posit_words_divide().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "internal.h"

uint64_t posit_words_add_long(uint64_t *r, const uint64_t *a, const uint64_t *b, int n);
uint64_t posit_words_sub_long(uint64_t *r, const uint64_t *a, const uint64_t *b, int n);
void posit_words_mul_long(uint64_t *r, const uint64_t *a, const uint64_t *b, int n);
/* All 2n words of the product. */
void posit_words_product(uint64_t *r, const uint64_t *a, const uint64_t *b, int n);
/* q = u / b for u < b < 1, b's first bit set; u has n + 1 words, for it may have been shifted by a
 * bit. True if there is a rest. */
bool posit_words_divide(uint64_t *q, const uint64_t *u, const uint64_t *b, int n);
uint64_t posit_words_sqrt(posit_u128 x); /* truncated, for x >= 2^126 */

int posit_words_compare(const uint64_t *a, const uint64_t *b, int n);
/* Shifts by 0 <= by < 64n; to the right, true if a 1 was shifted out. */
bool posit_words_shift_right(uint64_t *r, const uint64_t *a, int by, int n);
void posit_words_shift_left(uint64_t *r, const uint64_t *a, int by, int n);
int posit_words_leading_zeros(const uint64_t *a, int n); /* 64n for 0 */

static inline uint64_t posit_words_add(uint64_t *r, const uint64_t *a, const uint64_t *b, int n)
{
    return n == 1 ? __builtin_add_overflow(*a, *b, r) : posit_words_add_long(r, a, b, n);
}

static inline uint64_t posit_words_sub(uint64_t *r, const uint64_t *a, const uint64_t *b, int n)
{
    return n == 1 ? __builtin_sub_overflow(*a, *b, r) : posit_words_sub_long(r, a, b, n);
}

/* The product of two fractions, truncated. */
static inline void posit_words_mul(uint64_t *r, const uint64_t *a, const uint64_t *b, int n)
{
    if (n == 1)
        *r = (uint64_t)((posit_u128)*a * *b >> 64);
    else
        posit_words_mul_long(r, a, b, n);
}
