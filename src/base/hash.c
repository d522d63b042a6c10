// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SipHash (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): 1-3 for tables, 2-4
 * twice for ids. A keyed hash costs little here, and a file cannot be written to make a table slow.
 */
#include "base/hash.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

/* The state lives in registers, and the number of rounds is a constant, only if all of it is one
 * function: three times as fast. */
#define INLINE static inline __attribute__((always_inline))

struct sip {
    uint64_t v[4];
};

INLINE uint64_t rotl(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

INLINE void sip_rounds(struct sip *s, unsigned n)
{
    uint64_t *v = s->v;

    while (n--) {
        v[0] += v[1], v[2] += v[3];
        v[1] = rotl(v[1], 13) ^ v[0], v[3] = rotl(v[3], 16) ^ v[2];
        v[0] = rotl(v[0], 32);
        v[2] += v[1], v[0] += v[3];
        v[1] = rotl(v[1], 17) ^ v[2], v[3] = rotl(v[3], 21) ^ v[0];
        v[2] = rotl(v[2], 32);
    }
}

INLINE void sip_word(struct sip *s, uint64_t m, unsigned rounds)
{
    s->v[3] ^= m;
    sip_rounds(s, rounds);
    s->v[0] ^= m;
}

/* Little-endian whatever the host, so that ids are the same everywhere. */
static inline uint64_t le_bytes(const unsigned char *p, size_t n)
{
    uint64_t m = 0;

    while (n--)
        m = m << 8 | p[n];
    return m;
}

INLINE uint64_t le_word(const unsigned char *p)
{
    uint64_t m;

    memcpy(&m, p, sizeof(m));
    return le64toh(m);
}

INLINE struct sip sip_begin(uint64_t k0, uint64_t k1)
{
    return (struct sip){{k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL,
                         k0 ^ 0x6c7967656e657261ULL, k1 ^ 0x7465646279746573ULL}};
}

INLINE uint64_t sip_end(struct sip *s, unsigned d)
{
    s->v[2] ^= 0xff;
    sip_rounds(s, d);
    return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

INLINE uint64_t siphash(const void *data, size_t len, uint64_t k0, uint64_t k1, unsigned c,
                        unsigned d)
{
    struct sip s = sip_begin(k0, k1);
    const unsigned char *p = data;
    size_t left = len;

    for (; left >= 8; p += 8, left -= 8)
        sip_word(&s, le_word(p), c);
    sip_word(&s, le_bytes(p, left) | (uint64_t)(len & 0xff) << 56, c);
    return sip_end(&s, d);
}

/*
 * Four lanes, each of which takes every fourth word; a multiplication by an odd number loses
 * nothing, so a change of one word is never lost in its lane.
 */
uint64_t pk_sum64(const void *data, size_t len, uint64_t seed)
{
    const uint64_t odd = 0x9e3779b97f4a7c15ULL;
    uint64_t lane[4] = {seed, ~seed, seed + odd, len};
    const unsigned char *p = data;
    size_t left = len;

    for (; left >= 32; p += 32, left -= 32)
        for (unsigned i = 0; i < 4; i++)
            lane[i] = rotl((lane[i] ^ le_word(p + i * 8)) * odd, 29);
    for (; left >= 8; p += 8, left -= 8)
        lane[0] = rotl((lane[0] ^ le_word(p)) * odd, 29);
    lane[1] = rotl((lane[1] ^ le_bytes(p, left)) * odd, 29);
    return pk_mix64(lane[0] ^ pk_mix64(lane[1] ^ pk_mix64(lane[2] ^ pk_mix64(lane[3]))));
}

uint64_t pk_hash64(const void *data, size_t len, uint64_t seed)
{
    return siphash(data, len, seed, pk_mix64(~seed), 1, 3);
}

/* The keys are those of the paper's test vectors, 00 01 … 0f, and their complement. */
#define ID_K0 0x0706050403020100ULL
#define ID_K1 0x0f0e0d0c0b0a0908ULL

struct pk_u128 pk_hash128(const void *data, size_t len)
{
    return (struct pk_u128){.hi = siphash(data, len, ID_K0, ID_K1, 2, 4),
                            .lo = siphash(data, len, ~ID_K0, ~ID_K1, 2, 4)};
}

void pk_hash128_begin(struct pk_hash128 *h)
{
    const struct sip hi = sip_begin(ID_K0, ID_K1), lo = sip_begin(~ID_K0, ~ID_K1);

    *h = (struct pk_hash128){0};
    memcpy(h->v[0], hi.v, sizeof(hi.v));
    memcpy(h->v[1], lo.v, sizeof(lo.v));
}

void pk_hash128_word(struct pk_hash128 *h, uint64_t word)
{
    for (unsigned i = 0; i < 2; i++) {
        struct sip s;

        memcpy(s.v, h->v[i], sizeof(s.v));
        sip_word(&s, word, 2);
        memcpy(h->v[i], s.v, sizeof(s.v));
    }
    h->n++;
}

struct pk_u128 pk_hash128_end(const struct pk_hash128 *h)
{
    uint64_t end[2];

    for (unsigned i = 0; i < 2; i++) {
        struct sip s;

        memcpy(s.v, h->v[i], sizeof(s.v));
        sip_word(&s, (h->n * 8 & 0xff) << 56, 2);
        end[i] = sip_end(&s, 4);
    }
    return (struct pk_u128){.hi = end[0], .lo = end[1]};
}

uint64_t pk_hash_keyed(const void *data, size_t len, struct pk_u128 key)
{
    return siphash(data, len, key.lo, key.hi, 2, 4);
}
