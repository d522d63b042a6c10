// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a line of a log, of leases or of a list tells beside its addresses: MACs, and DUIDs that
 * have one in them. Read are pairs of hexadecimal digits, and
 *
 *     00:1b:38:12:34:56                             a MAC: addrwatch, Kea, ip neigh
 *     00:01:00:01:2a:9c:22:5c:00:1b:38:12:34:56     dnsmasq, Kea, dhcpcd
 *     000100012a9c225c001b38123456                  odhcpd
 *     DUID-LLT:00012a9c225c001b38123456             systemd-networkd's state
 *     server-duid "\000\001\000\001..."             ISC dhcpd; ia-na "..." with the IAID before it
 *
 * Nothing is allocated; a line may be of any length.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PK_DUID_BYTES 130u /* RFC 8415, 11.1 */
#define PK_LINE_MACS 4u
#define PK_LINE_DUIDS 2u

struct pk_duid {
    uint8_t bytes[PK_DUID_BYTES];
    size_t len;
};

/* Of Ethernet, types LLT and LL: its MAC. False: it has none. */
bool pk_duid_mac(const struct pk_duid *d, uint64_t *ret);

struct pk_line_told {
    uint64_t mac[PK_LINE_MACS]; /* the first ones */
    size_t n_macs;
    struct pk_duid duid[PK_LINE_DUIDS]; /* that have a MAC */
    size_t n_duids;
};

void pk_line_tells(const char *line, const char *end, struct pk_line_told *ret);

/* In quotes, bytes as they are or as \ooo, of which `skip` are left out. False: it is none. */
bool pk_duid_quoted(const char *s, const char *end, size_t skip, struct pk_duid *ret);
/* "00:01:00:01:...", "00010001...": how much was read, 0: there is no byte. */
size_t pk_duid_hex(const char *s, const char *end, struct pk_duid *ret);
