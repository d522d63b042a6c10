// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A packet from its description to bytes, checksums included: what `explain` and `check` ask about,
 * and what tests send. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"

/* Numbers in host order. Fields that the protocol does not have are left out. */
struct pk_build {
    enum pk_family family;
    struct pk_u128 saddr, daddr;
    uint8_t proto;
    uint8_t ttl; /* TTL or hop limit; 0: 64, and 255 for neighbour discovery (RFC 4861, 6.1, 7.1) */
    uint16_t sport, dport;
    uint8_t tcp_flags;
    uint8_t icmp_type, icmp_code;
};

#define PK_BUILD_MAX 128u /* bytes of the longest packet that is built */

/* Bytes written: the IP header, the layer-4 header and no payload but what the protocol demands. */
size_t pk_build_packet(const struct pk_build *b, uint8_t buf[static PK_BUILD_MAX]);
