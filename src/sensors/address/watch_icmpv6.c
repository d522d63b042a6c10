// SPDX-License-Identifier: GPL-2.0-or-later
/* Neighbour discovery (RFC 4861), MLD (RFC 2710, 3810) and errors (RFC 4443). */
#include "sensors/address/watch.h"

enum { UNREACHABLE = 1, PARAMETER_PROBLEM = 4 };
enum { ADDRESS_UNREACHABLE = 3 };
enum {
    MLD_REPORT = 131,
    MLD_DONE = 132,
    ROUTER_SOLICITATION = 133,
    ROUTER_ADVERTISEMENT = 134,
    SOLICITATION = 135,
    ADVERTISEMENT = 136,
    REDIRECT = 137,
    MLD2_REPORT = 143
};
enum { SOURCE_LINK = 1, TARGET_LINK = 2 };

/* From another link it would have been discarded (RFC 4861, 6.1 and 7.1). */
#define ON_LINK_HOPS 255

static void nd_says(struct pk_watch *w, const struct pk_ipv6 *h, struct pk_u128 a, uint64_t mac)
{
    struct pk_watch_address *e = pk_watch_saw(w, a, h);

    if (!e || !mac)
        return;
    e->nd_mac = mac;
    if (e->mac)
        e->flags |= e->mac == mac ? PK_WATCH_ND_MAC : PK_WATCH_ND_OTHER;
}

static void options(struct pk_watch *w, const struct pk_ipv6 *h, size_t at, struct pk_u128 target)
{
    while (at + 8 <= h->len) {
        const uint8_t *p = h->payload + at;
        size_t len = p[1] * 8u;

        if (!len || len > h->len - at) {
            w->malformed++;
            return;
        }
        if (p[0] == SOURCE_LINK && len == 8)
            nd_says(w, h, h->src, pk_get48(p + 2));
        if (p[0] == TARGET_LINK && len == 8)
            nd_says(w, h, target, pk_get48(p + 2));
        at += len;
    }
}

static void discovery(struct pk_watch *w, const struct pk_ipv6 *h, size_t head)
{
    struct pk_u128 target = {0};

    if (h->len < head || h->hops != ON_LINK_HOPS) {
        w->malformed++;
        return;
    }
    if (head >= 24)
        target = pk_get128(h->payload + 8);
    pk_watch_saw(w, target, h);
    /* Duplicate address detection: whoever asks from :: is about to have the address. */
    if (*h->payload == SOLICITATION && !h->src.hi && !h->src.lo)
        nd_says(w, h, target, h->mac_src);
    options(w, h, head, target);
}

/* ff02::1:ff00:0/104 and the low 24 bits of an address (RFC 4291, 2.7.1). */
static void group(struct pk_watch *w, const struct pk_ipv6 *h, struct pk_u128 g)
{
    struct pk_watch_group k = {.key = {.src = h->src, .mac = h->mac_src, .low = g.lo & 0xffffff}};
    struct pk_watch_group *e;

    if (g.hi != 0xff02000000000000 || g.lo >> 24 != 0x1ff)
        return;
    e = pk_seen_get(&w->groups, &k.key);
    if (e)
        pk_seen_in(&e->seen, h->packet);
}

/* type | auxiliary words | sources | group | ...; a record of a type says it is joined or left. */
static void reports(struct pk_watch *w, const struct pk_ipv6 *h)
{
    unsigned n = h->len >= 8 ? pk_get16(h->payload + 6) : 0;
    size_t at = 8;

    while (n--) {
        const uint8_t *p = h->payload + at;

        if (at + 20 > h->len) {
            w->malformed++;
            return;
        }
        group(w, h, pk_get128(p + 4));
        at += 20 + 16u * pk_get16(p + 2) + 4u * p[1];
    }
}

/* The first hop tells that an address is not there; of one that is, it says nothing (RFC 7721). */
static void absent(struct pk_watch *w, const struct pk_ipv6 *h)
{
    const uint8_t *quoted = h->payload + 8;
    struct pk_watch_absent k = {.key = {.router = h->src}}, *e;

    if (h->len < 48 || *quoted >> 4 != 6)
        return;
    k.key.prefix = pk_get128(quoted + 24).hi;
    e = pk_seen_get(&w->absent, &k.key);
    if (e)
        pk_seen_in(&e->seen, h->packet);
}

static void error(struct pk_watch *w, const struct pk_ipv6 *h)
{
    struct pk_watch_address *e = pk_watch_saw(w, h->src, h);

    if (e)
        e->errors |= (uint16_t)(1u << h->payload[0]);
    if (e && h->payload[0] == UNREACHABLE && h->payload[1] == ADDRESS_UNREACHABLE)
        absent(w, h);
}

void pk_watch_icmpv6(struct pk_watch *w, const struct pk_ipv6 *h)
{
    uint8_t type;

    if (h->len < 8) {
        w->malformed++;
        return;
    }
    type = h->payload[0];
    if (type >= UNREACHABLE && type <= PARAMETER_PROBLEM)
        error(w, h);
    else if (type == ROUTER_SOLICITATION)
        discovery(w, h, 8);
    else if (type == ROUTER_ADVERTISEMENT)
        discovery(w, h, 16);
    else if (type == SOLICITATION || type == ADVERTISEMENT)
        discovery(w, h, 24);
    else if (type == REDIRECT)
        discovery(w, h, 40);
    else if ((type == MLD_REPORT || type == MLD_DONE) && h->len >= 24)
        group(w, h, pk_get128(h->payload + 8));
    else if (type == MLD2_REPORT)
        reports(w, h);
}
