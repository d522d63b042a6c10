// SPDX-License-Identifier: BSD-2-Clause
/*
 * Arrays of posits and doubles. The loops have no branches, so that a compiler that vectorises
 * makes vector instructions of them where there are shifts by a vector of counts (AVX2, AVX-512,
 * SVE).
 */
#include "posit.h"

#include "convert.h"
#include "internal.h"

/*
 * Where the loader can choose (ifunc: glibc on x86-64, gcc), the loops from doubles are there
 * twice, once for processors with AVX2: 560 instead of 280 million posit32 a second. Those to
 * doubles count leading zeros, of which AVX2 has no vectors.
 */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define POSIT_CLONES __attribute__((target_clones("default", "avx2")))
#else
#define POSIT_CLONES
#endif

#define BULK(n)                                                                                    \
    POSIT_CLONES                                                                                   \
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
