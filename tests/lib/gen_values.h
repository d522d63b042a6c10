// SPDX-License-Identifier: GPL-2.0-or-later
/* The few values that rules and packets are drawn from, for gen_rules.c and gen_packet.c. */
#pragma once

#include "gen.h"

enum { TCP = 6, UDP = 17, ICMP = 1, ICMP6 = 58, SCTP = 132, DCCP = 33, UDPLITE = 136, GRE = 47 };
enum { ESP = 50, AH = 51, MH = 135 };

#define GEN_DEVICES 7u
extern const char *const gen_devices[GEN_DEVICES];
#define GEN_PROTOCOLS 14u
extern const uint8_t gen_protocols[GEN_PROTOCOLS];

uint64_t gen_next(struct gen *g);
bool gen_chance(struct gen *g, unsigned percent);
/* One of the values, or a neighbour of one: intervals fail at their ends. */
uint16_t gen_port(struct gen *g);
struct pk_u128 gen_address(struct gen *g);
/* As they stand in a packet: 4 or 16. */
void gen_addr_bytes(const struct gen *g, struct pk_u128 a, uint8_t b[static 16]);
