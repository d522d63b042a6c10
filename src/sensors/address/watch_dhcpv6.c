// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DHCPv6 (RFC 8415): who has which DUID, addresses and delegated prefixes.
 *
 *      message   | type | transaction | options ...
 *      relayed   | type | hops | link address (16) | peer address (16) | options ...
 *      option    | code | length | content ...           of 2 bytes each
 */
#include <string.h>

#include "sensors/address/watch.h"

#define DEPTH_MAX 8 /* HOP_COUNT_LIMIT, and an address in an association */

enum { RELAY_FORWARD = 12, RELAY_REPLY = 13, V4_QUERY = 20, V4_RESPONSE = 21 };
enum {
    CLIENT_ID = 1,
    SERVER_ID = 2,
    IA_NA = 3,
    IA_TA = 4,
    IA_ADDRESS = 5,
    RELAY_MESSAGE = 9,
    IA_PD = 25,
    IA_PREFIX = 26,
    CLIENT_LINK = 79 /* RFC 6939 */
};
enum { DUID_LLT = 1, DUID_LL = 3, ETHERNET = 1 };

static void options(struct pk_watch *w, const struct pk_ipv6 *h, const uint8_t *p, size_t len,
                    unsigned depth);

static void has_mac(struct pk_watch *w, const struct pk_ipv6 *h, uint64_t mac)
{
    struct pk_watch_mac *e = pk_seen_get(&w->macs, &mac);

    if (e)
        pk_seen_in(&e->seen, h->packet);
}

static void duid(struct pk_watch *w, const struct pk_ipv6 *h, const uint8_t *p, size_t len,
                 bool server)
{
    struct pk_watch_duid k = {0}, *e;

    if (len < 3 || len > PK_DUID_MAX) {
        w->malformed++;
        return;
    }
    memcpy(k.key.bytes, p, len);
    k.key.len = (uint16_t)len;
    e = pk_seen_get(&w->duids, &k.key);
    if (!e)
        return;
    if (!e->seen.times)
        e->src = h->src;
    e->server |= server;
    pk_seen_in(&e->seen, h->packet);
    if (pk_get16(p) == DUID_LLT && len == 14 && pk_get16(p + 2) == ETHERNET)
        has_mac(w, h, pk_get48(p + 8));
    if (pk_get16(p) == DUID_LL && len == 10 && pk_get16(p + 2) == ETHERNET)
        has_mac(w, h, pk_get48(p + 4));
}

/* Longer prefixes than 64 bits are no networks that devices number themselves in. */
static void delegated(struct pk_watch *w, const struct pk_ipv6 *h, const uint8_t *p)
{
    struct pk_watch_prefix k = {.key = {.bits = p[8]}}, *e;

    if (!k.key.bits || k.key.bits > 64)
        return;
    k.key.prefix = pk_get128(p + 9).hi & ~0ULL << (64 - k.key.bits);
    e = k.key.prefix ? pk_seen_get(&w->delegated, &k.key) : NULL;
    if (e)
        pk_seen_in(&e->seen, h->packet);
}

static void message(struct pk_watch *w, const struct pk_ipv6 *h, const uint8_t *p, size_t len,
                    unsigned depth)
{
    size_t head = len && (*p == RELAY_FORWARD || *p == RELAY_REPLY) ? 34 : 4;

    if (len < head || depth >= DEPTH_MAX)
        w->malformed++;
    else if (*p != V4_QUERY && *p != V4_RESPONSE) /* RFC 7341: what follows is DHCPv4 */
        options(w, h, p + head, len - head, depth + 1);
}

static void option(struct pk_watch *w, const struct pk_ipv6 *h, unsigned code, const uint8_t *p,
                   size_t len, unsigned depth)
{
    if (code == CLIENT_ID || code == SERVER_ID)
        duid(w, h, p, len, code == SERVER_ID);
    else if ((code == IA_NA || code == IA_PD) && len >= 12)
        options(w, h, p + 12, len - 12, depth + 1);
    else if (code == IA_TA && len >= 4)
        options(w, h, p + 4, len - 4, depth + 1);
    else if (code == IA_ADDRESS && len >= 24)
        pk_watch_saw(w, pk_get128(p), h);
    else if (code == IA_PREFIX && len >= 25)
        delegated(w, h, p);
    else if (code == RELAY_MESSAGE)
        message(w, h, p, len, depth);
    else if (code == CLIENT_LINK && len == 8 && pk_get16(p) == ETHERNET)
        has_mac(w, h, pk_get48(p + 2));
}

static void options(struct pk_watch *w, const struct pk_ipv6 *h, const uint8_t *p, size_t len,
                    unsigned depth)
{
    if (depth > 2 * DEPTH_MAX)
        return;
    while (len >= 4) {
        size_t n = pk_get16(p + 2);

        if (n > len - 4)
            break;
        option(w, h, pk_get16(p), p + 4, n, depth);
        p += 4 + n;
        len -= 4 + n;
    }
    if (len)
        w->malformed++;
}

void pk_watch_dhcpv6(struct pk_watch *w, const struct pk_ipv6 *h, const uint8_t *p, size_t len)
{
    message(w, h, p, len, 0);
}
