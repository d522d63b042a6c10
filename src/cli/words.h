// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A packet in words, as `picket explain` takes it, or in hex:
 *
 *     [in IF] [out IF] PROTO SRC[:PORT] to DST[:PORT] [flags SYN,ACK] [type TYPE[/CODE]]
 *         [state STATE]
 *
 * Ports and types may be names, as in rules. in and out may also stand at the end. ">" and "->" are
 * the same as "to", for those who quote. An IPv6 address with a port stands in brackets. PROTO is
 * tcp, udp, udplite, sctp, dccp, icmp, icmpv6, another name known here, or a number. STATE is what
 * connection tracking says: new (if nothing is said), established, related, invalid, untracked.
 */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "packet/build.h"
#include "rules/conntrack.h"

#define PK_ASKED_WORDS 32u
#define PK_FRAME_MAX 9216u /* bytes of a frame in hex */

struct pk_asked {
    char iif[16], oif[16];       /* "": none */
    uint8_t bytes[PK_FRAME_MAX]; /* from the start of the IP header */
    size_t len;
    uint8_t mac[6]; /* the source of its Ethernet header; zero as loopback's if it has none */
    struct pk_packet packet;
    struct pk_conntrack ct; /* of the packet itself, as if without NAT; not said: NEW */
    bool state_given;
};

/* An address of either family, as text. 0 or -EINVAL. */
int pk_words_address(const char *s, enum pk_family *family, struct pk_u128 *ret);

/* in IF and out IF may also go with a frame: those words are read before it. 0 or -EINVAL. */
int pk_words_read(char *const *words, size_t n, struct pk_asked *ret, struct pk_diags *d);

/*
 * A frame in hex, blanks and colons allowed: Ethernet with up to two VLAN tags, or from the IP
 * header. `ret` must be zeroed or come from pk_words_read of the words that went with it.
 */
int pk_words_frame(const char *hex, struct pk_asked *ret, struct pk_diags *d);

/* The chain asked: in and out FORWARD, out OUTPUT, else INPUT. */
enum pk_hook pk_asked_hook(const struct pk_asked *a);
