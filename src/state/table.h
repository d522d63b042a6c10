// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table in the memory of this process: what the BPF programs do with theirs (track.h), for
 * tests; and to fill one before it comes into force. One thread; at most PK_STATE_PLACES_MAX
 * places, 119 bytes each.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "state/view.h"

#define PK_STATE_PLACES_MAX (16u << 20)

struct pk_state_table {
    struct pk_state_config config;
    struct pk_state_rules rules;
    struct pk_state_bucket *bucket; /* [config.buckets] */
};

/*
 * Buckets of a table for `entries` connections: with half as many places again, since a connection
 * may stand in two buckets only. 179 bytes for each of them.
 */
uint32_t pk_state_buckets_for(uint32_t entries);

/* An empty one. 0 or -ENOMEM; the caller frees it with pk_state_table_done(). */
int pk_state_table_new(const struct pk_state_config *config, const struct pk_state_rules *rules,
                       struct pk_state_table *ret);
void pk_state_table_done(struct pk_state_table *t);

/*
 * pk_track_packet() and pk_track_keep() of the packet `p`, parsed from `len` bytes at `ip`, at time
 * `ns`. pk_state_table_keep() returns 0, or -ENOSPC: the packet would be dropped.
 */
void pk_state_table_packet(struct pk_state_table *t, const uint8_t *ip, size_t len,
                           const struct pk_packet *p, uint64_t ns, uint8_t epoch,
                           struct pk_track *ret);
int pk_state_table_keep(struct pk_state_table *t, const struct pk_packet *p,
                        struct pk_track *track);

/* The entry of a key, or NULL; *ret_until its time. */
struct pk_state_entry *pk_state_table_find(struct pk_state_table *t, const struct pk_state_key *k,
                                           uint32_t now, uint32_t *ret_until);

/*
 * Enters a connection that is known from elsewhere; one that is there already stays as it is. 0, or
 * -ENOSPC. pk_state_picked_up() makes what to enter.
 */
int pk_state_table_add(struct pk_state_table *t, const struct pk_state_entry *e, uint32_t now,
                       uint32_t until);

/* One direction of a connection, from its originator on. */
struct pk_state_ends {
    enum pk_family family;
    uint8_t proto;
    struct pk_u128 saddr, daddr;
    uint16_t sport, dport; /* ICMP, ICMPv6: identifier, and type << 8 | code of the request */
};

/*
 * The entry of a connection that stood before the table did. TCP: its windows are taken from the
 * first segment of each direction, and not checked, unless the caller knows their scales.
 * `status`: PK_CTF_*; `tcp_state` for TCP only.
 */
struct pk_state_entry pk_state_picked_up(const struct pk_state_ends *ends, uint32_t status,
                                         enum pk_tcp_state tcp_state, uint32_t now);
