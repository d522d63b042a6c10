// SPDX-License-Identifier: BSD-2-Clause
/*
 * Constants of the elementary functions, truncated to 1,024 bits:
 *
 *     value = 0.m * 2^exp,  m[0] holds the most significant word, its first bit set
 *
 * The first n words are the value truncated to 64n bits, so one table serves every precision.
 */
#pragma once

#include <stdint.h>

#define POSIT_LIMBS 16

struct posit_const {
    int exp;
    uint64_t m[POSIT_LIMBS];
};

extern const struct posit_const posit_half_pi;
extern const struct posit_const posit_two_over_pi;
extern const struct posit_const posit_inv_pi;
extern const struct posit_const posit_ln2;
extern const struct posit_const posit_inv_ln2;
extern const struct posit_const posit_ln10;
extern const struct posit_const posit_inv_ln10;
extern const struct posit_const posit_log2_10;

extern const struct posit_const posit_exp2_16[16]; /* 2^(j/16) */
extern const struct posit_const posit_log_16[13];  /* |log(j/16)|, j = 11..23 */
extern const struct posit_const posit_atan_16[17]; /* atan(j/16) */

extern const uint64_t posit_inverse[64]; /* 2^64 / k; k >= 2 */
