// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A 128-bit unsigned number as two words, the same in user space and in BPF (which has no
 * __int128). Addresses, interface names and every other field of the classifier are such numbers:
 * an IPv6 address and a name (16 bytes, NUL padded) with the first byte most significant, an IPv4
 * address in host order in `lo`.
 */
#pragma once

#include <linux/types.h>

struct pk_u128 {
    __u64 hi, lo;
};

static inline int pk_u128_equal(struct pk_u128 a, struct pk_u128 b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

static inline int pk_u128_less(struct pk_u128 a, struct pk_u128 b)
{
    return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}
