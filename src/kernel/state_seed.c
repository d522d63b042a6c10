// SPDX-License-Identifier: GPL-2.0-or-later
/* What a new table of connections begins with. */
#include <errno.h>
#include <netinet/in.h>

#include "kernel/conn_table.h"
#include "kernel/state.h"
#include "kernel/sys.h"
#include "kernel/zones.h"
#include "state/table.h"

struct pk_state_seeder {
    struct pk_state_table table;
    uint32_t now;
    uint16_t zone[1 + PK_ZONES_MAX]; /* all that there will be, 0 among them */
    size_t n_zones;
    bool full; /* some found no place */
};

/* Who only looks at what was before asks for no more than Linux would remember. */
static uint32_t pk_seeder_time(const struct pk_state_seeder *s, const struct pk_conn *c)
{
    const uint32_t *timeout = s->table.rules.timeout;

    if (c->expires)
        return PK_STATE_TICKS(c->expires);
    return timeout[c->proto == IPPROTO_TCP && c->state < PK_TCP_STATES ? c->state : PK_TIMEOUT_UDP];
}

/* What the handshake of before agreed on, if that is known; else windows are not checked. */
static void pk_seeder_windows(struct pk_state_tcp *tcp, const struct pk_conn *c)
{
    if (!c->tcp_flags[PK_CONN_ORIG] && !c->tcp_flags[PK_CONN_REPLY])
        return;
    for (int dir = 0; dir < PK_CONN_DIRS; dir++) {
        tcp->seen[dir].scale = c->tcp_scale[dir] > 14 ? 14 : c->tcp_scale[dir];
        tcp->seen[dir].flags =
            c->tcp_flags[dir] & (PK_TCPF_WINDOW_SCALE | PK_TCPF_SACK_PERM | PK_TCPF_LIBERAL);
    }
}

/* What Linux does not tell of an association stays unknown: a HEARTBEAT shows its tags. */
static void pk_seeder_association(struct pk_state_sctp *sctp, const struct pk_conn *c)
{
    sctp->state = c->state < PK_SCTP_STATES ? c->state : PK_SCTP_NONE;
    for (int dir = 0; dir < PK_CONN_DIRS; dir++)
        sctp->vtag[dir] = c->sctp_tag[dir];
}

static bool pk_seeder_has(const struct pk_state_seeder *s, uint16_t zone)
{
    for (size_t i = 0; i < s->n_zones; i++)
        if (s->zone[i] == zone)
            return true;
    return false;
}

static void pk_seeder_zones(struct pk_state_seeder *s, const struct pk_zones *z)
{
    s->zone[s->n_zones++] = 0;
    for (size_t i = 0; i < z->n; i++)
        if (!pk_seeder_has(s, z->at[i].zone))
            s->zone[s->n_zones++] = z->at[i].zone;
}

static void pk_seeder_add(struct pk_state_seeder *s, struct pk_state_entry *e, uint16_t zone,
                          uint32_t until)
{
    e->key.zone = zone;
    if (pk_state_table_add(&s->table, e, s->now, until))
        s->full = true;
}

/* Where it will be seen is not known of one that stands in no zone of ours, as sockets do not: it
 * may be any of them, and there is no other connection yet with which it could be confused. */
static int pk_seeder_take(void *arg, const struct pk_conn *c)
{
    const struct pk_state_ends ends = {.family = c->family,
                                       .proto = c->proto,
                                       .saddr = c->addr[PK_CT_ORIGSRC],
                                       .daddr = c->addr[PK_CT_ORIGDST],
                                       .sport = c->port[PK_CT_ORIGSRC],
                                       .dport = c->port[PK_CT_ORIGDST]};
    struct pk_state_seeder *s = arg;
    struct pk_state_entry e = pk_state_picked_up(
        &ends, c->status & (PK_CTF_SEEN_REPLY | PK_CTF_ASSURED), c->state, s->now);
    uint32_t until = s->now + pk_seeder_time(s, c);
    uint16_t zone = c->zone[PK_CONN_ORIG];

    if (c->proto == IPPROTO_TCP)
        pk_seeder_windows(&e.tcp, c);
    if (c->proto == IPPROTO_SCTP)
        pk_seeder_association(&e.sctp, c);
    if (zone && pk_seeder_has(s, zone))
        pk_seeder_add(s, &e, zone, until);
    else
        for (size_t i = 0; i < s->n_zones; i++)
            pk_seeder_add(s, &e, s->zone[i], until);
    return 0;
}

static bool pk_seeder_used(const struct pk_state_bucket *b)
{
    for (unsigned way = 0; way < PK_STATE_WAYS; way++)
        if (b->until[way])
            return true;
    return false;
}

static int pk_seeder_write(const struct pk_state_seeder *s, int map)
{
    for (uint32_t i = 0; i < s->table.config.buckets; i++) {
        int r = pk_seeder_used(&s->table.bucket[i])
                    ? pk_sys_map_update(map, &i, &s->table.bucket[i])
                    : 0;

        if (r)
            return r;
    }
    return s->full ? -ENOSPC : 0;
}

int pk_state_fill(struct pk_fence *f, const struct pk_state_rules *rules,
                  const struct pk_zones *zones, struct pk_diags *d)
{
    const struct pk_state_config config = pk_state_config_of(f->ctl);
    struct pk_state_seeder s = {0};
    int r = pk_state_table_new(&config, rules, &s.table), written;

    if (r)
        return r;
    s.now = pk_table_now();
    pk_seeder_zones(&s, zones);
    r = pk_conn_seed(pk_seeder_take, &s, d);
    written = pk_seeder_write(&s, f->maps.fd[PK_MAP_STATE]); /* what could be told */
    pk_state_table_done(&s.table);
    return r ? r : written;
}
