// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <stddef.h>
#include <stdint.h>

#define COUNT 4096

double bench_double_add(double x, double y);

/* softposit.c: COUNT codes of posit32 each. */
void softposit_add(uint32_t *ret, const uint32_t *x, const uint32_t *y);
void softposit_mul(uint32_t *ret, const uint32_t *x, const uint32_t *y);
void softposit_div(uint32_t *ret, const uint32_t *x, const uint32_t *y);
void softposit_sqrt(uint32_t *ret, const uint32_t *x, const uint32_t *y);
