// SPDX-License-Identifier: BSD-2-Clause
/*
 * Arrays of posits and doubles. The loops have no branches, so that a compiler that vectorises
 * makes vector instructions of them where there are shifts by a vector of counts (AVX2, AVX-512,
 * SVE).
 */
#include "posit.h"

#include "convert.h"
#include "internal.h"

#define BULK(n)                                                                                    \
    void posit##n##_from_doubles(posit##n *ret, const double *x, size_t count)                     \
    {                                                                                              \
        for (size_t i = 0; i < count; i++)                                                         \
            ret[i].bits = (uint##n##_t)posit_from_double_bits(n, posit_double_bits(x[i]));         \
    }                                                                                              \
    void posit##n##_to_doubles(double *ret, const posit##n *x, size_t count)                       \
    {                                                                                              \
        for (size_t i = 0; i < count; i++)                                                         \
            ret[i] = posit_bits_double(posit_to_double_bits(n, x[i].bits));                        \
    }

BULK(16)
BULK(32)
BULK(64)
