// SPDX-License-Identifier: GPL-2.0-or-later
#include "packet/build.h"

#include <stdbool.h>
#include <string.h>

enum { TCP = 6, UDP = 17, DCCP = 33, ICMP = 1, ICMPV6 = 58, SCTP = 132, UDPLITE = 136 };

/* Router and neighbour solicitation and advertisement. */
enum { ND_RS = 133, ND_RA, ND_NS, ND_NA };

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v);
}

static void put64(uint8_t *p, uint64_t v)
{
    put32(p, (uint32_t)(v >> 32));
    put32(p + 4, (uint32_t)v);
}

static bool is_nd(const struct pk_build *b)
{
    return b->family == PK_IPV6 && b->proto == ICMPV6 && b->icmp_type >= ND_RS &&
           b->icmp_type <= ND_NA;
}

/* Bytes of layer 4: the header, or the smallest message that its receiver accepts. */
static size_t l4_size(const struct pk_build *b)
{
    switch (b->proto) {
    case TCP:
        return 20;
    case SCTP:
        return 12 + 4; /* a chunk header */
    case DCCP:
        return 16; /* with long sequence numbers */
    case ICMPV6:
        if (is_nd(b) && b->icmp_type != ND_RS)
            return b->icmp_type == ND_RA ? 16 : 24;
        return 8;
    default:
        return 8;
    }
}

static void put_l4(const struct pk_build *b, uint8_t *p, size_t size)
{
    if (b->proto == ICMP || b->proto == ICMPV6) {
        p[0] = b->icmp_type;
        p[1] = b->icmp_code;
        if (is_nd(b) &&
            b->icmp_type >= ND_NS) { /* the target; who asks for its own asks for daddr */
            put64(p + 8, b->saddr.hi);
            put64(p + 16, b->saddr.lo);
        }
        return;
    }
    if (b->proto != TCP && b->proto != UDP && b->proto != SCTP && b->proto != DCCP &&
        b->proto != UDPLITE)
        return;
    put16(p, b->sport);
    put16(p + 2, b->dport);
    if (b->proto == UDP || b->proto == UDPLITE)
        put16(p + 4, (uint32_t)size);
    if (b->proto == DCCP) {
        p[4] = 4; /* data offset in words */
        p[8] = 1; /* X: long sequence numbers; type 0, request */
    }
    if (b->proto == TCP) {
        p[12] = 5 << 4;
        p[13] = b->tcp_flags;
        put16(p + 14, 64240);
    }
}

static uint32_t sum16(const uint8_t *p, size_t n, uint32_t sum)
{
    for (size_t i = 0; i < n; i++)
        sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    return sum;
}

static uint32_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

/* Where in the header the Internet checksum stands; 0: the protocol has none (or CRC32c, SCTP). */
static size_t checksum_at(uint8_t proto)
{
    return proto == TCP                                        ? 16
           : proto == UDP || proto == UDPLITE || proto == DCCP ? 6
           : proto == ICMP || proto == ICMPV6                  ? 2
                                                               : 0;
}

static void put_checksum(const struct pk_build *b, const uint8_t *addrs, size_t addrs_len,
                         uint8_t *l4, size_t size)
{
    size_t at = checksum_at(b->proto);
    uint32_t sum = b->proto == ICMP ? 0 : sum16(addrs, addrs_len, (uint32_t)size + b->proto);

    if (!at)
        return;
    sum = fold(sum16(l4, size, sum));
    put16(l4 + at, sum || b->proto == TCP ? sum : 0xffff);
}

static size_t build_ipv4(const struct pk_build *b, uint8_t *p)
{
    size_t size = l4_size(b);

    p[0] = 0x45;
    put16(p + 2, 20 + (uint32_t)size);
    put16(p + 6, 0x4000); /* do not fragment */
    p[8] = b->ttl ? b->ttl : 64;
    p[9] = b->proto;
    put32(p + 12, (uint32_t)b->saddr.lo);
    put32(p + 16, (uint32_t)b->daddr.lo);
    put16(p + 10, fold(sum16(p, 20, 0)));
    put_l4(b, p + 20, size);
    put_checksum(b, p + 12, 8, p + 20, size);
    return 20 + size;
}

static size_t build_ipv6(const struct pk_build *b, uint8_t *p)
{
    size_t size = l4_size(b);

    p[0] = 0x60;
    put16(p + 4, (uint32_t)size);
    p[6] = b->proto;
    p[7] = b->ttl ? b->ttl : is_nd(b) ? 255 : 64;
    put64(p + 8, b->saddr.hi);
    put64(p + 16, b->saddr.lo);
    put64(p + 24, b->daddr.hi);
    put64(p + 32, b->daddr.lo);
    put_l4(b, p + 40, size);
    put_checksum(b, p + 8, 32, p + 40, size);
    return 40 + size;
}

size_t pk_build_packet(const struct pk_build *b, uint8_t buf[static PK_BUILD_MAX])
{
    memset(buf, 0, PK_BUILD_MAX);
    return b->family == PK_IPV4 ? build_ipv4(b, buf) : build_ipv6(b, buf);
}
