// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Residual steps that ask for a header of the packet: how step.h's words are used. Shared by user
 * space and BPF.
 *
 *     PK_STEP_HEADER      a number in one header lies between two others: data[0] mask, data[1]
 *                         least, data[2] greatest, of its first eight bytes as a big-endian word.
 *                         arg: the header (0-7), bytes that must be there (8-15), PK_HEADER_*
 *     PK_STEP_OPTIONS     hop-by-hop or destination options (hbh, dst). arg: the header (0-7), how
 *                         many (8-15); data: as many 16-bit words, type << 8 | length, the first
 *                         in the lowest bits; length 255: any
 *     PK_STEP_ROUTE       addresses of a type 0 routing header, in their order. arg: the header
 *                         (43), how many (8-15), PK_ROUTE_STRICT; data: the first two; more in
 *     PK_STEP_DATA        two at a time: always says yes
 *     PK_STEP_IPV6HEADER  which extension headers there are. arg: PK_IPV6H_* (0-7), and
 *                         PK_IPV6H_SOFT
 *     PK_STEP_EUI64       the source address is made of the source MAC address
 *     PK_STEP_ECN         of a later fragment: the bits under mask `arg` of the byte that would be
 * a TCP header's 13th, are data[0]
 */
#pragma once

/* Not an extension header, but what stands at the packet's layer 4. */
#define PK_HEADER_L4 (1u << 16)
/* Drop a packet that is shorter than the header by its own word, as kernels do since 2026. */
#define PK_HEADER_WHOLE (1u << 17)
/* Drop what has another next header than none: nothing may follow a mobility header. */
#define PK_HEADER_LAST (1u << 18)

#define PK_ROUTE_STRICT (1u << 16) /* these and no others */
#define PK_ROUTE_MAX 16u           /* IP6T_RT_HOPS */
#define PK_OPTIONS_MAX 16u         /* IP6T_OPTS_OPTSNR */

/* The bits of ip6t_ipv6header.h. */
enum {
    PK_IPV6H_PROTO = 1, /* something that is no extension header */
    PK_IPV6H_NONE = 2,
    PK_IPV6H_ESP = 4,
    PK_IPV6H_AH = 8,
    PK_IPV6H_FRAGMENT = 16,
    PK_IPV6H_ROUTING = 32,
    PK_IPV6H_DSTOPTS = 64,
    PK_IPV6H_HOPOPTS = 128,
    PK_IPV6H_SOFT = 256, /* these among others */
};

/* Extension headers of at least eight bytes in the longest packet: where their walk ends at last.
 */
#define PK_IPV6H_WALK 8192u
