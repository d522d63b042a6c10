// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of conversations, byte by byte, and a table of connections that sees them with a clock
 * that the test turns. IPv4; `reply` swaps the two hosts.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet_user.h"
#include "state/table.h"

struct talk_packet {
    uint8_t b[1600];
    size_t len;
};

struct talk_segment {
    bool reply;
    uint8_t flags;
    uint32_t seq, ack;
    uint16_t win; /* 0: 65535 */
    uint16_t data;
    const uint8_t *options; /* a multiple of four bytes */
    uint8_t n_options;
    uint16_t sport; /* of the originator; 0: 40000 */
};

#define F 0x01
#define S 0x02
#define R 0x04
#define P 0x08
#define A 0x10
#define U 0x20
#define E 0x40
#define C 0x80

/* 192.0.2.1 is the client; the server, 198.51.100.2, listens on port 80. */
#define TALK_CLIENT 0xc0000201u
#define TALK_SERVER 0xc6336402u

struct talk_packet talk_ip(bool reply, uint8_t proto);
void talk_put(struct talk_packet *p, const void *bytes, size_t len);
/* Lengths, and the checksum of an ICMP message. */
void talk_end(struct talk_packet *p);
struct talk_packet talk_tcp(const struct talk_segment *s);
struct talk_packet talk_udp(bool reply, uint16_t sport, uint16_t dport, uint16_t data);
/* An ICMP message with an identifier. */
struct talk_packet talk_icmp(bool reply, uint8_t type, uint8_t code, uint16_t id);
/* An error from `from` to `to` about a packet. */
struct talk_packet talk_error(uint32_t from, uint32_t to, uint8_t type,
                              const struct talk_packet *about);

struct talk {
    struct pk_state_table table;
    uint64_t ns;
    uint8_t epoch;
    struct pk_track last; /* what was said of the last packet */
};

void talk_begin(struct talk *t, uint32_t buckets, const struct pk_state_rules *rules);
void talk_done(struct talk *t);
void talk_wait(struct talk *t, double seconds);
/*
 * Shows the packet to the table, and accepts it if `accept`. Its state: PK_CTS_*; 0 if it was
 * dropped for want of room.
 */
uint32_t talk_say(struct talk *t, const struct talk_packet *p, bool accept);
/* The entry of the last packet's connection, or NULL. */
struct pk_state_entry *talk_entry(struct talk *t, uint32_t *ret_until);
