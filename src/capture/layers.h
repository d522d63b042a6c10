// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a captured packet to each IPv6 header in it: through VLANs, PPPoE, SLL, IPv4 (6in4), IPv6
 * (6in6), GRE and Teredo, and into what an ICMPv6 error quotes. No memory, bounded depth.
 */
#pragma once

#include <stdbool.h>

#include "base/u128.h"
#include "capture/capture.h"

/* IP headers around one another, quoted ones included, and layers of all kinds. */
#define PK_LAYERS_IP_MAX 8u
#define PK_LAYERS_MAX 32u

/* What an IPv6 header is in. */
enum pk_inside {
    PK_IN_VLAN = 1,
    PK_IN_PPPOE = 2,
    PK_IN_IPV4 = 4, /* protocol 41, or Teredo or GRE */
    PK_IN_IPV6 = 8,
    PK_IN_GRE = 16,
    PK_IN_TEREDO = 32,
    PK_IN_ERROR = 64, /* quoted by an ICMPv6 error: sent before, and by another */
};

#define PK_NO_PROTOCOL 59 /* IPv6's "no next header": also where the headers are cut off */

struct pk_ipv6 {
    const struct pk_capture_packet *packet;
    struct pk_u128 src, dst;
    unsigned inside; /* bits of enum pk_inside */
    bool direct;     /* on the link of the capture: nothing around it but VLAN tags */
    /* Ethernet addresses of the link right below it, 48 bits; 0: not known, or no such link. */
    uint64_t mac_src, mac_dst;
    uint8_t hops;
    uint8_t protocol; /* after the extension headers */
    const uint8_t *payload;
    size_t len; /* of the payload, captured; 0 for later fragments */
};

/* Why a packet, or what it carries, is not read on. One cause a packet: the first. */
enum pk_unread {
    PK_UNREAD_NOT,
    PK_UNREAD_LINK,      /* a link type that is not known */
    PK_UNREAD_CUT,       /* the capture has not enough of it */
    PK_UNREAD_MALFORMED, /* shorter than its headers say, or no such header */
    PK_UNREAD_FRAGMENT,  /* IPv4: a later fragment, whose tunnel header is elsewhere */
    PK_UNREAD_DEEP,      /* more layers than are followed */
    PK_UNREAD_N
};

const char *pk_unread_name(enum pk_unread u); /* "link-type", in JSON */

/* 0, or an error that ends the walk. */
typedef int pk_ipv6_fn(void *arg, const struct pk_ipv6 *h);

/* Each IPv6 header to `fn`, the outermost first. 0, or what `fn` returned. */
int pk_layers(const struct pk_capture_packet *p, pk_ipv6_fn *fn, void *arg, enum pk_unread *unread);

static inline uint16_t pk_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t pk_get32(const uint8_t *p)
{
    return (uint32_t)pk_get16(p) << 16 | pk_get16(p + 2);
}

static inline uint64_t pk_get48(const uint8_t *p)
{
    return (uint64_t)pk_get32(p) << 16 | pk_get16(p + 4);
}

static inline struct pk_u128 pk_get128(const uint8_t *p)
{
    return (struct pk_u128){(uint64_t)pk_get32(p) << 32 | pk_get32(p + 4),
                            (uint64_t)pk_get32(p + 8) << 32 | pk_get32(p + 12)};
}
