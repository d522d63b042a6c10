// SPDX-License-Identifier: BSD-2-Clause
/* 5.7: x * y * z, rounded once. */
#include "internal.h"

/* The product's leading 64 bits and a sticky bit: three significands below 2 make less than 8. */
POSIT_INLINE uint64_t multiply(unsigned n, uint64_t x, uint64_t y, uint64_t z)
{
    const struct posit_parts p = posit_decode(n, x), q = posit_decode(n, y), r = posit_decode(n, z);
    const posit_u128 pq = (posit_u128)p.sig * q.sig;
    const posit_u128 low = (posit_u128)(uint64_t)pq * r.sig;
    const posit_u128 high = (posit_u128)(uint64_t)(pq >> 64) * r.sig + (uint64_t)(low >> 64);
    const bool negative = p.negative ^ q.negative ^ r.negative;
    const int zeros = posit_leading_zeros((uint64_t)(high >> 64));
    const posit_u128 left = high << zeros;

    /* 189 bits after the point, of 192: bit 63 of the top word weighs 4. */
    return posit_encode(n, negative, p.scale + q.scale + r.scale + 2 - zeros,
                        (uint64_t)(left >> 64), (uint64_t)left | (uint64_t)low);
}

POSIT_INLINE uint64_t fmm(unsigned n, uint64_t x, uint64_t y, uint64_t z)
{
    if (x == posit_nar(n) || y == posit_nar(n) || z == posit_nar(n))
        return posit_nar(n);
    return x && y && z ? multiply(n, x, y, z) : 0;
}

#define DEFINE(n)                                                                                  \
    posit##n posit##n##_fmm(posit##n x, posit##n y, posit##n z)                                    \
    {                                                                                              \
        return (posit##n){(uint##n##_t)fmm(n, x.bits, y.bits, z.bits)};                            \
    }

POSIT_SIZES(DEFINE)
