// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include "kernel/conn.h"

static bool state_matches(const struct pk_conn_states *s, const struct pk_conn *c)
{
    uint16_t wanted = c->proto == IPPROTO_TCP    ? s->tcp
                      : c->proto == IPPROTO_SCTP ? s->sctp
                      : c->proto == IPPROTO_DCCP ? s->dccp
                                                 : 0;

    return c->state < 16 && wanted >> c->state & 1;
}

static bool any_state(const struct pk_conn_states *s)
{
    return !(s->tcp | s->sctp | s->dccp);
}

static bool end_matches(const struct pk_conn_filter *f, const struct pk_conn *c, int end)
{
    if (f->net[end].given && (f->net[end].family != c->family ||
                              (c->addr[end].hi & f->net[end].mask.hi) != f->net[end].addr.hi ||
                              (c->addr[end].lo & f->net[end].mask.lo) != f->net[end].addr.lo))
        return false;
    return !f->port[end].given || (pk_conn_has_ports(c->proto) && c->port[end] >= f->port[end].lo &&
                                   c->port[end] <= f->port[end].hi);
}

bool pk_conn_matches(const struct pk_conn_filter *f, const struct pk_conn *c)
{
    for (int end = 0; end < PK_CT_ENDS; end++)
        if (!end_matches(f, c, end))
            return false;
    return (f->proto < 0 || f->proto == c->proto) &&
           (f->zone < 0 || f->zone == c->zone[PK_CONN_ORIG] || f->zone == c->zone[PK_CONN_REPLY]) &&
           (!f->families || f->families >> c->family & 1) &&
           (any_state(&f->states) || state_matches(&f->states, c)) &&
           (c->status & f->status_set) == f->status_set && !(c->status & f->status_clear) &&
           (c->mark & f->mark_mask) == f->mark;
}

bool pk_conn_filter_any(const struct pk_conn_filter *f)
{
    for (int end = 0; end < PK_CT_ENDS; end++)
        if (f->net[end].given || f->port[end].given)
            return false;
    return f->proto < 0 && f->zone < 0 && !f->families && any_state(&f->states) && !f->status_set &&
           !f->status_clear && !f->mark_mask;
}

bool pk_conn_mirrored(const struct pk_conn *c)
{
    return pk_u128_equal(c->addr[PK_CT_ORIGSRC], c->addr[PK_CT_REPLDST]) &&
           pk_u128_equal(c->addr[PK_CT_ORIGDST], c->addr[PK_CT_REPLSRC]) &&
           (pk_conn_is_icmp(c->proto) || (c->port[PK_CT_ORIGSRC] == c->port[PK_CT_REPLDST] &&
                                          c->port[PK_CT_ORIGDST] == c->port[PK_CT_REPLSRC]));
}
