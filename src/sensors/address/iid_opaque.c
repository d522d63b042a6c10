// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/iid_opaque.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <string.h>

#include "sensors/address/iid.h"
#include "sensors/address/text.h"

#define COUNTER_MAX 255u

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool reserved(uint64_t iid)
{
    struct pk_verdict v;

    pk_iid_judge(iid, &v);
    return v.iid == PK_IID_ROUTER_ANYCAST || v.iid == PK_IID_SUBNET_ANYCAST || v.iid == PK_IID_IANA;
}

static uint64_t opaque(uint64_t prefix, const struct pk_iid_names *names,
                       const struct pk_iid_secret *secret, uint8_t counter)
{
    const char *network = names->network ? names->network : "";
    uint64_t be = htobe64(prefix), low;
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx ctx;

    sha256_init(&ctx);
    sha256_update(&ctx, sizeof(be), (const uint8_t *)&be);
    sha256_update(&ctx, strlen(names->interface) + 1, (const uint8_t *)names->interface);
    sha256_update(&ctx, strlen(network) + 1, (const uint8_t *)network);
    sha256_update(&ctx, 1, &counter);
    sha256_update(&ctx, secret->len, secret->bytes);
    sha256_digest(&ctx, sizeof(digest), digest);
    memcpy(&low, digest + sizeof(digest) - sizeof(low), sizeof(low));
    return be64toh(low);
}

int pk_iid_opaque(uint64_t prefix, const struct pk_iid_names *names,
                  const struct pk_iid_secret *secret, unsigned *counter, uint64_t *ret)
{
    for (unsigned i = *counter; i <= COUNTER_MAX; i++) {
        uint64_t iid = opaque(prefix, names, secret, (uint8_t)i);

        if (reserved(iid))
            continue;
        *counter = i;
        *ret = iid;
        return 0;
    }
    return -ERANGE;
}

/* The words are stored as they are: which bytes come first depends on the machine. */
static uint64_t linux_once(uint64_t prefix, const uint8_t *hwaddr, const uint8_t *secret,
                           uint8_t counter)
{
    uint8_t block[SHA1_BLOCK_SIZE] = {0};
    uint64_t be = htobe64(prefix);
    struct sha1_ctx ctx;

    memcpy(block, secret, PK_IID_SECRET_MIN);
    memcpy(block + 16, &be, sizeof(be));
    memcpy(block + 24, hwaddr, PK_IID_HWADDR_MAX);
    block[56] = counter;
    sha1_init(&ctx);
    nettle_sha1_compress(ctx.state, block);
    memcpy(&be, ctx.state, sizeof(be));
    return be64toh(be);
}

int pk_iid_linux(uint64_t prefix, const uint8_t hwaddr[static PK_IID_HWADDR_MAX],
                 const uint8_t secret[static PK_IID_SECRET_MIN], unsigned *counter, uint64_t *ret)
{
    for (unsigned i = *counter; i <= COUNTER_MAX; i++) {
        uint64_t iid = linux_once(prefix, hwaddr, secret, (uint8_t)i);

        if (reserved(iid))
            continue;
        *counter = i;
        *ret = iid;
        return 0;
    }
    return -ERANGE;
}

int pk_iid_hwaddr(const char *s, uint8_t ret[static PK_IID_HWADDR_MAX])
{
    uint8_t bytes[PK_IID_HWADDR_MAX] = {0};
    size_t n = 0;

    do {
        if (n == sizeof(bytes) || digit(s[0]) < 0 || digit(s[1]) < 0 || (s[2] && s[2] != ':'))
            return -EINVAL;
        bytes[n++] = (uint8_t)(digit(s[0]) << 4 | digit(s[1]));
        s += 2;
    } while (*s++);
    memcpy(ret, bytes, sizeof(bytes));
    return 0;
}

static int secret_digits(const char *text, size_t len, struct pk_iid_secret *ret)
{
    struct pk_iid_secret s = {.len = 0};
    size_t digits = 0;

    for (size_t i = 0; i < len; i++) {
        int d = digit(text[i]);

        if (isspace((unsigned char)text[i]))
            continue;
        if (d < 0)
            return -EINVAL;
        if (digits == sizeof(s.bytes) * 2)
            return -ERANGE;
        s.bytes[digits / 2] |= (uint8_t)(digits % 2 ? d : d << 4);
        digits++;
    }
    s.len = digits / 2;
    if (digits % 2 || s.len < PK_IID_SECRET_MIN)
        return -ERANGE;
    *ret = s;
    return 0;
}

int pk_iid_secret_parse(const char *text, size_t len, struct pk_iid_secret *ret)
{
    struct pk_address_found f;
    uint64_t be[2];
    char word[48];

    while (len && isspace((unsigned char)text[len - 1]))
        len--;
    while (len && isspace((unsigned char)*text)) {
        text++;
        len--;
    }
    if (!memchr(text, ':', len))
        return secret_digits(text, len, ret);
    if (len >= sizeof(word))
        return -EINVAL;
    memcpy(word, text, len);
    word[len] = '\0';
    if (pk_address_parse(word, &f) || f.bits != 128 || f.zone || f.port)
        return -EINVAL;
    be[0] = htobe64(f.address.hi);
    be[1] = htobe64(f.address.lo);
    memcpy(ret->bytes, be, sizeof(be));
    ret->len = sizeof(be);
    return 0;
}
