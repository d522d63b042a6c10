// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Operands for tests, heavy at the edges: end codes, long regimes, significands of few bits or of
 * all ones, neighbours of powers of two, values about 1, and pairs that nearly cancel or are far
 * apart. The same seed gives the same operands.
 */
#pragma once

#include <stdint.h>

struct oracle_pairs {
    uint64_t state;
    unsigned n; /* bits of a code */
};

/* The seed is PK_SEED from the environment or else the one given; it is printed. */
struct oracle_pairs oracle_pairs_new(uint64_t seed, unsigned n);
uint64_t oracle_random(struct oracle_pairs *p);
uint64_t oracle_pairs_code(struct oracle_pairs *p);
void oracle_pairs_next(struct oracle_pairs *p, uint64_t *ret_a, uint64_t *ret_b);
