// SPDX-License-Identifier: GPL-2.0-or-later
/* Hashing: 64-bit for tables inside a process, 128-bit (two keyed halves) for ids shown to people.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/u128.h"

/* A well-mixed 64-bit hash of bytes; not for untrusted keys unless `seed` is secret. */
uint64_t pk_hash64(const void *data, size_t len, uint64_t seed);
struct pk_u128 pk_hash128(const void *data, size_t len);

/* A sum that tells damage, several times as fast; anybody can make two runs of bytes with one sum.
 */
uint64_t pk_sum64(const void *data, size_t len, uint64_t seed);

static inline uint64_t pk_mix64(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    return x ^ (x >> 32);
}
