// SPDX-License-Identifier: GPL-2.0-or-later
/* Every match of picket. To add one: its file, its line here, its line in list.c and meson.build.
 */
#pragma once

#include "rules/match.h"

extern const struct pk_match_def pk_match_ah4;
extern const struct pk_match_def pk_match_ah6;
extern const struct pk_match_def pk_match_comment;
extern const struct pk_match_def pk_match_conntrack;
extern const struct pk_match_def pk_match_dccp;
extern const struct pk_match_def pk_match_dscp;
extern const struct pk_match_def pk_match_dst;
extern const struct pk_match_def pk_match_ecn;
extern const struct pk_match_def pk_match_esp;
extern const struct pk_match_def pk_match_eui64;
extern const struct pk_match_def pk_match_frag;
extern const struct pk_match_def pk_match_hbh;
extern const struct pk_match_def pk_match_hl;
extern const struct pk_match_def pk_match_icmp;
extern const struct pk_match_def pk_match_icmp6;
extern const struct pk_match_def pk_match_iprange;
extern const struct pk_match_def pk_match_ipv6header;
extern const struct pk_match_def pk_match_length;
extern const struct pk_match_def pk_match_mh;
extern const struct pk_match_def pk_match_multiport;
extern const struct pk_match_def pk_match_rt;
extern const struct pk_match_def pk_match_sctp;
extern const struct pk_match_def pk_match_state;
extern const struct pk_match_def pk_match_tcp;
extern const struct pk_match_def pk_match_tos;
extern const struct pk_match_def pk_match_ttl;
extern const struct pk_match_def pk_match_udp;

#define PK_BOTH_FAMILIES (1u << PK_IPV4 | 1u << PK_IPV6)
