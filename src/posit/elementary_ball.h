// SPDX-License-Identifier: BSD-2-Clause
/*
 * Ball arithmetic in integers: a number of n words and a bound of its error, which every operation
 * carries along. So an elementary function is written down once, as its formula; at any n its
 * result says by itself how far it can be trusted.
 *
 *     true value = (-1)^negative * (m +- rad) / 2^(64n) * 2^exp
 *
 * m[0] is the most significant word; its first bit is set, or the number is 0. rad == 0 means
 * exact. A ball whose rad reaches POSIT_BALL_LOST says nothing, and what is computed from it
 * neither; the caller tries again with more words. All operations: 0 < n <= POSIT_LIMBS, words
 * behind the n-th are not looked at, the result may be one of the operands. Each rad below is an
 * upper bound; the reasoning stands beside the code.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "elementary_words.h"
#include "tables.h"

#define POSIT_BALL_LOST (UINT64_C(1) << 31)

struct posit_ball {
    int64_t exp;
    uint64_t rad;
    bool negative;
    uint64_t m[POSIT_LIMBS];
};

static inline bool posit_ball_is_zero(const struct posit_ball *b)
{
    return b->m[0] == 0 && b->rad == 0; /* NOLINT(clang-analyzer-core.*): as in compare */
}

static inline bool posit_ball_is_lost(const struct posit_ball *b)
{
    return b->rad >= POSIT_BALL_LOST;
}

/* Sets: 0.sig * 2^exp for a word whose first bit is set; an integer; a constant; a copy. */
void posit_ball_set(struct posit_ball *r, bool negative, uint64_t sig, int64_t exp, int n);
void posit_ball_set_int(struct posit_ball *r, int64_t i, int n);
void posit_ball_set_const(struct posit_ball *r, const struct posit_const *c, int n);
void posit_ball_copy(struct posit_ball *r, const struct posit_ball *a, int n);
void posit_ball_set_lost(struct posit_ball *r, int n);

void posit_ball_add(struct posit_ball *r, const struct posit_ball *a, const struct posit_ball *b,
                    int n);
void posit_ball_sub(struct posit_ball *r, const struct posit_ball *a, const struct posit_ball *b,
                    int n);
void posit_ball_add_int(struct posit_ball *r, const struct posit_ball *a, int64_t i, int n);
void posit_ball_mul(struct posit_ball *r, const struct posit_ball *a, const struct posit_ball *b,
                    int n);
void posit_ball_mul_const(struct posit_ball *r, const struct posit_ball *a,
                          const struct posit_const *c, int n);
void posit_ball_mul_int(struct posit_ball *r, const struct posit_ball *a, int64_t i, int n);
/* Lost if b's, or of the square root a's, first bit is not set, or a < 0. */
void posit_ball_div(struct posit_ball *r, const struct posit_ball *a, const struct posit_ball *b,
                    int n);
void posit_ball_sqrt(struct posit_ball *r, const struct posit_ball *a, int n);

/* Compares magnitudes of the midpoints: < 0, 0, > 0. */
int posit_ball_compare(const struct posit_ball *a, const struct posit_ball *b, int n);

/* A fraction of n words, 0.f, known to within err units of its last place. */
void posit_ball_set_fraction(struct posit_ball *r, const uint64_t *f, uint64_t err, int n);
/* The fraction of |a| < 1, truncated; err is set to its bound. */
void posit_ball_get_fraction(uint64_t *f, uint64_t *err, const struct posit_ball *a, int n);
