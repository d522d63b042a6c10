// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/redact.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/random.h>

#include "base/hash.h"

#define KEY_MIN 16u
#define KEY_FILE_MAX 65536u
#define ROUNDS 8

/* What is hashed: equal bytes of two sorts have nothing to do with one another. */
enum { DEVICE, PREFIX, IID, BYTES };

static uint64_t keyed(const struct pk_redact *r, uint64_t sort, uint64_t v)
{
    const uint64_t words[] = {sort, v};

    return pk_hash_keyed(words, sizeof(words), r->key);
}

int pk_redact_key_file(struct pk_redact *r, const char *path)
{
    _pk_buf_ struct pk_buf b = {.data = NULL};
    int e = pk_file_read(path, KEY_FILE_MAX, &b);

    if (e)
        return e;
    if (b.len < KEY_MIN)
        return -EINVAL;
    r->key = pk_hash128(b.data, b.len);
    r->on = true;
    return 0;
}

int pk_redact_key_random(struct pk_redact *r)
{
    struct pk_u128 key;

    if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return errno ? -errno : -EIO;
    r->key = key;
    r->on = true;
    return 0;
}

/*
 * A hash cut to 24 bits would give a thousand devices a stand-in twice; a Feistel network (Luby and
 * Rackoff, 1988) of hashes over two halves of 12 bits gives each its own.
 */
uint32_t pk_redact_device(const struct pk_redact *r, uint32_t device)
{
    uint32_t a = device >> 12 & 0xfff, b = device & 0xfff;

    if (!r->on)
        return device;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint32_t next = a ^ (uint32_t)(keyed(r, DEVICE, i << 12 | b) & 0xfff);

        a = b;
        b = next;
    }
    return a << 12 | b;
}

uint64_t pk_redact_mac(const struct pk_redact *r, uint64_t mac)
{
    return (mac & ~0xffffffULL) | pk_redact_device(r, (uint32_t)(mac & 0xffffff));
}

/* Kinds that differ stay apart: link-local is no secret, unique local stays so. */
uint64_t pk_redact_prefix(const struct pk_redact *r, uint64_t hi)
{
    uint64_t h = keyed(r, PREFIX, hi);

    if (!r->on || hi >> 54 == 0xfe80 >> 6 || !hi)
        return hi;
    if (hi >> 57 == 0xfc >> 1)
        return 0xfd00ULL << 48 | h >> 16;
    return 0x20010db8ULL << 32 | h >> 32;
}

/* One that happens to look like EUI-64 would be taken for one. */
static uint64_t no_eui64(uint64_t iid)
{
    return (iid >> 24 & 0xffff) == 0xfffe ? iid ^ 1ULL << 24 : iid;
}

uint64_t pk_redact_iid(const struct pk_redact *r, uint64_t iid)
{
    if (!r->on || iid <= 0xffff)
        return iid;
    if ((iid >> 24 & 0xffff) == 0xfffe)
        return (iid & ~0xffffffULL) | pk_redact_device(r, (uint32_t)(iid & 0xffffff));
    return no_eui64(keyed(r, IID, iid));
}

struct pk_u128 pk_redact_address(const struct pk_redact *r, struct pk_u128 a)
{
    return (struct pk_u128){pk_redact_prefix(r, a.hi), pk_redact_iid(r, a.lo)};
}

void pk_redact_bytes(const struct pk_redact *r, const void *data, size_t len, struct pk_buf *out)
{
    const uint64_t words[] = {BYTES, pk_hash_keyed(data, len, r->key)};

    pk_buf_fmt(out, "%016" PRIx64, pk_hash_keyed(words, sizeof(words), r->key));
}
