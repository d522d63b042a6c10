// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Arithmetic on bits without branches, the same in user space and in BPF, where the verifier
 * follows each side of a branch and baseline programs have no instruction that counts bits.
 */
#pragma once

#include "base/u128.h"

static inline __u32 pk_popcount(__u64 x)
{
    x -= x >> 1 & 0x5555555555555555ULL;
    x = (x & 0x3333333333333333ULL) + (x >> 2 & 0x3333333333333333ULL);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
    return (__u32)(x * 0x0101010101010101ULL >> 56);
}

/* Number of the lowest set bit; x is not 0. */
static inline __u32 pk_lowest(__u64 x)
{
    return pk_popcount(~x & (x - 1));
}

/*
 * 0, of which the verifier knows nothing, as it knows nothing of `zero`. A step of a loop is proved
 * anew for what it has not been proved for yet: where all that steps change begins as any number,
 * once is enough.
 */
static inline __u64 pk_nought(__u32 zero)
{
    __asm__ volatile("" : "+r"(zero));
    return (__u64)zero << 32 | zero;
}

/* All ones if v >= key, else 0; without a branch, since the verifier would follow both. */
static inline __u32 pk_ge_mask(struct pk_u128 v, struct pk_u128 key)
{
    __u64 lo = ((~v.lo & key.lo) | ((~v.lo | key.lo) & (v.lo - key.lo))) >> 63;
    __u64 hi = ((~v.hi & key.hi) | ((~v.hi | key.hi) & (v.hi - key.hi - lo))) >> 63;
    __u32 mask = (__u32)hi - 1;

    __asm__ volatile("" : "+r"(mask));
    return mask;
}

/* All ones if a < b, else 0; without a branch. */
static inline __u32 pk_less_mask(__u32 a, __u32 b)
{
    __u32 mask = (__u32)(((__u64)a - b) >> 32);

    __asm__ volatile("" : "+r"(mask));
    return mask;
}

/* The bits of word number `word`, not before that of bit `from`, that do not stand before it. */
static inline __u64 pk_from_mask(__u32 word, __u32 from)
{
    return ~0ULL << (from & 63) | (__u64)(__s64)(__s32)pk_less_mask(from >> 6, word);
}
