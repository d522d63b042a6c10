// SPDX-License-Identifier: BSD-2-Clause
/* SoftPosit's posit32, which has two exponent bits as the standard's, beside ours, if it is
 * installed. */
#include "bench.h"

#include <softposit.h>

#define LOOP(f, expression)                                                                        \
    void softposit_##f(uint32_t *ret, const uint32_t *x, const uint32_t *y)                        \
    {                                                                                              \
        for (size_t i = 0; i < COUNT; i++) {                                                       \
            posit32_t a = {x[i]}, b = {y[i]};                                                      \
                                                                                                   \
            (void)b;                                                                               \
            ret[i] = (expression).v;                                                               \
        }                                                                                          \
    }

LOOP(add, p32_add(a, b))
LOOP(mul, p32_mul(a, b))
LOOP(div, p32_div(a, b))
LOOP(sqrt, p32_sqrt(a))
