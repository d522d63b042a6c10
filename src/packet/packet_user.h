// SPDX-License-Identifier: GPL-2.0-or-later
/* The parser of frame.h over bytes in memory. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"

/*
 * The fields of the packet whose IP header starts at `ip`; `len` bytes of it are there. Its length,
 * which counters count, is the one its header gives: bytes that were cut off are unreadable, and
 * what a match would need of them gives the status. Interfaces are left zero.
 * An enum pk_parse_result: PK_PARSE_OK (0), else *ret is untouched.
 */
int pk_packet_parse(const uint8_t *ip, size_t len, struct pk_packet *ret);
