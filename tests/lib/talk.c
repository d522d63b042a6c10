// SPDX-License-Identifier: GPL-2.0-or-later
#include "talk.h"

#include <stdlib.h>
#include <string.h>

void talk_put(struct talk_packet *p, const void *bytes, size_t len)
{
    if (len > sizeof(p->b) - p->len)
        abort();
    if (len)
        memcpy(p->b + p->len, bytes, len);
    p->len += len;
}

static void put16(uint8_t *b, unsigned v)
{
    b[0] = (uint8_t)(v >> 8);
    b[1] = (uint8_t)v;
}

static void put32(uint8_t *b, uint32_t v)
{
    put16(b, v >> 16);
    put16(b + 2, v & 0xffff);
}

struct talk_packet talk_ip(bool reply, uint8_t proto)
{
    struct talk_packet p = {.b = {0x45}, .len = 20};

    p.b[8] = 64;
    p.b[9] = proto;
    put32(p.b + 12, reply ? TALK_SERVER : TALK_CLIENT);
    put32(p.b + 16, reply ? TALK_CLIENT : TALK_SERVER);
    return p;
}

static uint16_t sum(const uint8_t *b, size_t len)
{
    uint32_t s = 0;

    for (size_t i = 0; i < len; i++)
        s += i % 2 ? b[i] : (uint32_t)b[i] << 8;
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

void talk_end(struct talk_packet *p)
{
    put16(p->b + 2, (unsigned)p->len);
    if (p->b[9] != 1)
        return;
    put16(p->b + 22, 0);
    put16(p->b + 22, sum(p->b + 20, p->len - 20));
}

struct talk_packet talk_tcp(const struct talk_segment *s)
{
    struct talk_packet p = talk_ip(s->reply, 6);
    uint16_t port = s->sport ? s->sport : 40000;
    uint8_t h[20] = {0};

    put16(h, s->reply ? 80 : port);
    put16(h + 2, s->reply ? port : 80);
    put32(h + 4, s->seq);
    put32(h + 8, s->ack);
    h[12] = (uint8_t)((20 + s->n_options) << 2);
    h[13] = s->flags;
    put16(h + 14, s->win ? s->win : 65535);
    talk_put(&p, h, sizeof(h));
    talk_put(&p, s->options, s->n_options);
    for (unsigned i = 0; i < s->data; i++)
        talk_put(&p, "x", 1);
    talk_end(&p);
    return p;
}

struct talk_packet talk_udp(bool reply, uint16_t sport, uint16_t dport, uint16_t data)
{
    struct talk_packet p = talk_ip(reply, 17);
    uint8_t h[8] = {0};

    put16(h, reply ? dport : sport);
    put16(h + 2, reply ? sport : dport);
    put16(h + 4, 8u + data);
    talk_put(&p, h, sizeof(h));
    for (unsigned i = 0; i < data; i++)
        talk_put(&p, "x", 1);
    talk_end(&p);
    return p;
}

struct talk_packet talk_icmp(bool reply, uint8_t type, uint8_t code, uint16_t id)
{
    struct talk_packet p = talk_ip(reply, 1);
    uint8_t h[8] = {type, code};

    put16(h + 4, id);
    talk_put(&p, h, sizeof(h));
    talk_end(&p);
    return p;
}

struct talk_packet talk_error(uint32_t from, uint32_t to, uint8_t type,
                              const struct talk_packet *about)
{
    struct talk_packet p = talk_ip(false, 1);
    uint8_t h[8] = {type, 1};

    put32(p.b + 12, from);
    put32(p.b + 16, to);
    talk_put(&p, h, sizeof(h));
    talk_put(&p, about->b, about->len > 28 ? 28 : about->len);
    talk_end(&p);
    return p;
}

void talk_begin(struct talk *t, uint32_t buckets, const struct pk_state_rules *rules)
{
    const struct pk_state_rules usual = PK_STATE_RULES;
    const struct pk_state_config c = {
        .seed = {0x0123456789abcdef, 0xfedcba9876543211},
        .buckets = buckets,
    };

    *t = (struct talk){.ns = 1000000000};
    if (pk_state_table_new(&c, rules ? rules : &usual, &t->table))
        abort();
}

void talk_done(struct talk *t)
{
    pk_state_table_done(&t->table);
}

void talk_wait(struct talk *t, double seconds)
{
    t->ns += (uint64_t)(seconds * 1e9);
}

static uint32_t state_of(const struct pk_track *t)
{
    if (t->entry == PK_TRACK_NONE)
        return t->info == PK_CT_UNTRACKED ? PK_CTS_UNTRACKED : PK_CTS_INVALID;
    return 2u << (t->info % PK_CT_IS_REPLY);
}

uint32_t talk_say(struct talk *t, const struct talk_packet *p, bool accept)
{
    struct pk_packet fields;
    uint32_t state;

    if (pk_packet_parse(p->b, p->len, &fields))
        abort();
    pk_state_table_packet(&t->table, p->b, p->len, &fields, t->ns, t->epoch, &t->last);
    state = state_of(&t->last);
    if (accept && pk_state_table_keep(&t->table, &fields, &t->last))
        return 0;
    return state;
}

struct pk_state_entry *talk_entry(struct talk *t, uint32_t *ret_until)
{
    uint32_t unused;

    return pk_state_table_find(&t->table, &t->last.seen.key, pk_state_tick(t->ns),
                               ret_until ? ret_until : &unused);
}
