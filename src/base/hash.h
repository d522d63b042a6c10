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
/* SipHash-2-4: who does not know the key can neither foretell nor undo it. */
uint64_t pk_hash_keyed(const void *data, size_t len, struct pk_u128 key);

/* Of words that come one by one: what pk_hash128() says of them as little-endian bytes. A copy of
 * it can be kept, and gone on with. */
struct pk_hash128 {
    uint64_t v[2][4];
    uint64_t n; /* words so far */
};

void pk_hash128_begin(struct pk_hash128 *h);
void pk_hash128_word(struct pk_hash128 *h, uint64_t word);
struct pk_u128 pk_hash128_end(const struct pk_hash128 *h);

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
