// SPDX-License-Identifier: GPL-2.0-or-later
/* mDNS (RFC 6762): which name stands beside which address, in records of type AAAA. */
#include <string.h>

#include "sensors/address/watch.h"

enum { HEAD = 12, AAAA = 28, IN = 1 };

struct message {
    const uint8_t *p;
    size_t len, at;
};

/*
 * The name at m->at, which moves behind it; false: it is none. A pointer must lead back before all
 * that was read of the name, so that there are no circles (RFC 1035, 4.1.4).
 */
static bool name(struct message *m, char ret[static PK_DNS_NAME_MAX])
{
    size_t at = m->at, lowest = m->at, n = 0;
    bool jumped = false;

    memset(ret, 0, PK_DNS_NAME_MAX);
    while (at < m->len && m->p[at]) {
        uint8_t label = m->p[at];

        if (label >> 6 == 3) {
            if (at + 2 > m->len)
                return false;
            m->at = jumped ? m->at : at + 2;
            jumped = true;
            at = pk_get16(m->p + at) & 0x3fff;
            if (at >= lowest)
                return false;
            lowest = at;
            continue;
        }
        if (label >> 6 || at + 1 + label > m->len || n + label + 2 > PK_DNS_NAME_MAX)
            return false;
        if (n)
            ret[n++] = '.';
        memcpy(ret + n, m->p + at + 1, label);
        n += label;
        at += 1u + label;
    }
    if (at >= m->len)
        return false;
    m->at = jumped ? m->at : at + 1;
    return true;
}

static void beside(struct pk_watch *w, const struct pk_ipv6 *h, struct pk_watch_name *k)
{
    struct pk_watch_name *e;

    if (!pk_watch_saw(w, k->key.address, h))
        return;
    e = pk_seen_get(&w->names, &k->key);
    if (!e)
        return;
    pk_seen_in(&e->seen, h->packet);
    e->own |= pk_u128_equal(h->src, k->key.address);
}

/* The highest bit of the class says that the record is the only one (RFC 6762, 10.2). */
static bool record(struct pk_watch *w, const struct pk_ipv6 *h, struct message *m)
{
    struct pk_watch_name k = {0};
    const uint8_t *p;
    size_t len;

    if (!name(m, k.key.name) || m->at + 10 > m->len)
        return false;
    p = m->p + m->at;
    len = pk_get16(p + 8);
    m->at += 10;
    if (len > m->len - m->at)
        return false;
    m->at += len;
    if (pk_get16(p) == AAAA && (pk_get16(p + 2) & 0x7fff) == IN && len == 16) {
        k.key.address = pk_get128(p + 10);
        beside(w, h, &k);
    }
    return true;
}

void pk_watch_mdns(struct pk_watch *w, const struct pk_ipv6 *h, const uint8_t *p, size_t len)
{
    struct message m = {.p = p, .len = len, .at = HEAD};
    char question[PK_DNS_NAME_MAX];
    unsigned questions, records;
    bool good = len >= HEAD;

    questions = good ? pk_get16(p + 4) : 0;
    records = good ? (unsigned)pk_get16(p + 6) + pk_get16(p + 8) + pk_get16(p + 10) : 0;
    while (good && questions--) {
        good = name(&m, question) && m.at + 4 <= m.len;
        m.at += 4;
    }
    while (good && records--)
        good = record(w, h, &m);
    w->malformed += !good;
}
