// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IPv6 addresses in text of any kind: lists, logs, configuration. Taken are all spellings of RFC
 * 4291 and
 *
 *     [2001:db8::1]:443   2001:db8::1.443   fe80::1%eth0   2001:db8::/32   ::ffff:192.0.2.1
 *     20010db8000000000000000000000001   (as in /proc/net/if_inet6)
 *     1.0.0. ... .8.b.d.0.1.0.0.2.ip6.arpa
 *     2001-db8--1.ipv6-literal.net
 *
 * Not taken is what only looks alike: MAC addresses, times of day, fingerprints, C++ names.
 * From a '#' that begins a line or follows a blank the line is a comment.
 *
 * Nothing is allocated; a line may be of any length.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/u128.h"

struct pk_address_found {
    struct pk_u128 address;
    uint8_t bits;     /* of the prefix; 128: none was given */
    uint16_t port;    /* 0: none was given */
    const char *zone; /* in the text; NULL: none was given */
    size_t zone_len;
    const char *at; /* where the address begins in the text */
};

/*
 * The next address of a line without its end, from `at`: where to go on; NULL: there is none, and
 * *ret is as before.
 */
const char *pk_address_find(const char *at, const char *end, struct pk_address_found *ret);

/* The end of what is not a comment. */
const char *pk_address_line_end(const char *line, const char *end);

/* One address and nothing but it, in these spellings. 0 or -EINVAL. */
int pk_address_parse(const char *s, struct pk_address_found *ret);
