// SPDX-License-Identifier: GPL-2.0-or-later
/* What a new table of connections begins with. */
#include <errno.h>
#include <netinet/in.h>

#include "kernel/conn_table.h"
#include "kernel/state.h"
#include "kernel/sys.h"
#include "state/table.h"

struct pk_state_seeder {
    struct pk_state_table table;
    uint32_t now;
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

    if (c->proto == IPPROTO_TCP)
        pk_seeder_windows(&e.tcp, c);
    if (pk_state_table_add(&s->table, &e, s->now, s->now + pk_seeder_time(s, c)))
        s->full = true;
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

int pk_state_fill(struct pk_fence *f, const struct pk_state_rules *rules, struct pk_diags *d)
{
    const struct pk_state_config config = pk_state_config_of(f->ctl);
    struct pk_state_seeder s = {0};
    int r = pk_state_table_new(&config, rules, &s.table), written;

    if (r)
        return r;
    s.now = pk_table_now();
    r = pk_conn_seed(pk_seeder_take, &s, d);
    written = pk_seeder_write(&s, f->maps.fd[PK_MAP_STATE]); /* what could be told */
    pk_state_table_done(&s.table);
    return r ? r : written;
}
