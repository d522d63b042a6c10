// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct pk_source {
    const uint8_t *ip;
    size_t len;
};

static int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    if (off > s->len || len > s->len - off)
        return -1;
    memcpy(dst, s->ip + off, len);
    return 0;
}

/* The table that a call below is about, and the time. */
static _Thread_local struct pk_state_table *pk_state_now;
static _Thread_local uint64_t pk_state_ns;

static inline struct pk_state_bucket *pk_bucket(__u32 i)
{
    return i < pk_state_now->config.buckets ? &pk_state_now->bucket[i] : NULL;
}

static inline const struct pk_state_config *pk_state_config(void)
{
    return &pk_state_now->config;
}

static inline const struct pk_state_rules *pk_state_rules(void)
{
    return &pk_state_now->rules;
}

static inline uint64_t pk_clock(void)
{
    return pk_state_ns;
}

#define pk_lock(b) ((void)(b))
#define pk_unlock(b) ((void)(b))
#define PK_GLOBAL static
#define PK_CTX const struct pk_source
#define pk_source_init(source, ctx) (*(source) = *(ctx))

#include "state/track.h"

uint32_t pk_state_buckets_for(uint32_t entries)
{
    uint64_t places = entries + entries / 2u;

    return (uint32_t)((places + PK_STATE_WAYS - 1) / PK_STATE_WAYS);
}

int pk_state_table_new(const struct pk_state_config *config, const struct pk_state_rules *rules,
                       struct pk_state_table *ret)
{
    struct pk_state_bucket *b = calloc(config->buckets, sizeof(*b));

    if (!b)
        return -ENOMEM;
    *ret = (struct pk_state_table){*config, *rules, b};
    return 0;
}

void pk_state_table_done(struct pk_state_table *t)
{
    free(t->bucket);
    *t = (struct pk_state_table){0};
}

void pk_state_table_packet(struct pk_state_table *t, const uint8_t *ip, size_t len,
                           const struct pk_packet *p, uint64_t ns, uint8_t epoch,
                           struct pk_track *ret)
{
    const struct pk_source s = {ip, len};

    pk_state_now = t;
    pk_state_ns = ns;
    *ret = (struct pk_track){.now = pk_state_tick(ns), .epoch = epoch};
    pk_track_packet(&s, p, ret);
}

int pk_state_table_keep(struct pk_state_table *t, const struct pk_packet *p, struct pk_track *track)
{
    pk_state_now = t;
    return pk_track_keep(p, track) ? 0 : -ENOSPC;
}

/* As a packet of the entry would be seen. */
static struct pk_track pk_state_table_track(const struct pk_state_table *t,
                                            const struct pk_state_key *k, uint32_t now)
{
    struct pk_track track = {.now = now};

    track.seen.key = *k;
    track.hash = pk_state_hash(k, &t->config.seed);
    return track;
}

struct pk_state_entry *pk_state_table_find(struct pk_state_table *t, const struct pk_state_key *k,
                                           uint32_t now, uint32_t *ret_until)
{
    struct pk_track track = pk_state_table_track(t, k, now);

    pk_state_now = t;
    if (!pk_track_find(&track))
        return NULL;
    *ret_until = t->bucket[track.bucket].until[track.way];
    return &t->bucket[track.bucket].entry[track.way];
}

int pk_state_table_add(struct pk_state_table *t, const struct pk_state_entry *e, uint32_t now,
                       uint32_t until)
{
    struct pk_track track = pk_state_table_track(t, &e->key, now);
    struct pk_state_bucket *b;

    pk_state_now = t;
    if (pk_track_find(&track))
        return 0;
    if (!pk_track_make(&track))
        return -ENOSPC;
    b = &t->bucket[track.bucket];
    b->entry[track.way] = *e;
    b->until[track.way] = until;
    pk_bucket_hold(b, track.way);
    return 0;
}

static void pk_picked_up_tcp(struct pk_state_tcp *tcp, enum pk_tcp_state state)
{
    tcp->state = (uint8_t)state;
    tcp->last_index = PK_TCP_NOTHING;
    tcp->seen[0].flags = tcp->seen[1].flags = PK_TCPF_SACK_PERM | PK_TCPF_LIBERAL;
}

struct pk_state_entry pk_state_picked_up(const struct pk_state_ends *ends, uint32_t status,
                                         enum pk_tcp_state tcp_state, uint32_t now)
{
    struct pk_state_entry e = {
        .key = {.proto = ends->proto, .family = (uint8_t)ends->family},
        .status = status | PK_CTF_CONFIRMED,
        .born = now,
    };

    if (ends->proto == (ends->family == PK_IPV6 ? 58 : 1)) {
        e.key.addr[0] = ends->saddr;
        e.key.addr[1] = ends->daddr;
        e.key.port[0] = ends->sport;
        e.key.port[1] = ends->dport;
    } else {
        bool ports = pk_state_has_ports(ends->proto);

        pk_key_ends(&e.key, &ends->saddr, &ends->daddr, ports ? ends->sport : 0,
                    ports ? ends->dport : 0, &e.orig);
    }
    if (ends->proto == 6)
        pk_picked_up_tcp(&e.tcp, tcp_state);
    else if (ends->proto == 17)
        e.udp.stream_at = now;
    return e;
}
