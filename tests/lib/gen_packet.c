// SPDX-License-Identifier: GPL-2.0-or-later
/* Random packets. */
#include <string.h>

#include "base/macro.h"
#include "gen_values.h"

static const uint8_t tcp_flags[] = {0x02, 0x12, 0x10, 0x11, 0x04, 0x00, 0x3f, 0x29, 0xc2, 0xff};

static void put16(uint8_t *b, unsigned v)
{
    b[0] = (uint8_t)(v >> 8);
    b[1] = (uint8_t)v;
}

/* 60 bytes of layer 4, and how many of them are to be there. */
static size_t put_layer4(struct gen *g, uint8_t proto, uint8_t b[static 60])
{
    static const uint8_t cut[] = {0, 1, 3, 4, 5, 7, 8, 11, 12, 19, 20, 24};
    unsigned i;

    for (i = 0; i < 60; i++)
        b[i] = (uint8_t)gen_next(g);
    if (proto == ICMP || proto == ICMP6) {
        b[0] = (uint8_t)(gen_below(g, 5) + (proto == ICMP6 ? 128 : 3));
        b[1] = (uint8_t)gen_below(g, 4);
    } else {
        put16(b, gen_port(g));
        put16(b + 2, gen_port(g));
    }
    if (proto == ESP || proto == AH || proto == MH) {
        memset(b, 0, 8);
        b[0] = proto == MH && gen_chance(g, 80) ? 59 : 0;
        b[2] = (uint8_t)(proto == MH ? gen_below(g, 4) : 0);
        b[proto == ESP ? 3 : 7] = (uint8_t)gen_below(g, 4);
    }
    if (proto == TCP) {
        b[12] = (uint8_t)(gen_chance(g, 90) ? (5 + gen_below(g, 11)) << 4 : gen_below(g, 16) << 4);
        b[13] = tcp_flags[gen_below(g, PK_ARRAY_SIZE(tcp_flags))];
        for (i = 20; i < 60; i++)
            b[i] = (uint8_t)(gen_chance(g, 50) ? gen_below(g, 10) : 2 + gen_below(g, 8));
    }
    return gen_chance(g, 15) ? cut[gen_below(g, PK_ARRAY_SIZE(cut))] : 60;
}

static size_t packet_v4(struct gen *g, uint8_t *b)
{
    static const uint16_t fragments[] = {1, 2, 0x2000, 0x2001, 0x2005, 0x1fff};
    uint8_t proto = gen_protocols[gen_below(g, GEN_PROTOCOLS)];
    size_t head = 20, n;

    if (gen_chance(g, 10))
        head += 4 * gen_below(g, 11);
    b[0] = (uint8_t)(0x40 | head / 4);
    b[1] = (uint8_t)(gen_chance(g, 50) ? gen_below(g, 16) : 0);
    b[8] = (uint8_t)(62 + gen_below(g, 4));
    b[9] = proto;
    if (gen_chance(g, 12))
        put16(b + 6, fragments[gen_below(g, PK_ARRAY_SIZE(fragments))]);
    gen_addr_bytes(g, gen_address(g), b + 12);
    gen_addr_bytes(g, gen_address(g), b + 16);
    n = head + put_layer4(g, proto, b + head);
    put16(b + 2, (unsigned)n);
    return n;
}

/* What stands in one, of `n` bytes. */
static void put_header_body(struct gen *g, uint8_t kind, uint8_t *b, size_t n)
{
    size_t i;

    if (kind == 43) {
        b[2] = (uint8_t)(gen_chance(g, 70) ? 0 : gen_below(g, 3));
        b[3] = (uint8_t)gen_below(g, 4);
        b[7] = (uint8_t)(gen_chance(g, 20) ? 1 : 0);
        for (i = 23; i < n; i += 16)
            b[i] = (uint8_t)gen_below(g, 2);
    } else if (kind == 44) {
        b[1] = (uint8_t)(gen_chance(g, 20) ? 1 : 0);
        b[3] |= (uint8_t)(gen_chance(g, 20) ? 2 : 0);
        b[7] = (uint8_t)gen_below(g, 4);
    } else if (kind == 51) {
        b[2] = (uint8_t)(gen_chance(g, 20) ? 1 : 0);
        b[7] = (uint8_t)gen_below(g, 4);
    } else {
        for (i = 2; i < n; i++)
            b[i] = (uint8_t)gen_below(g, 3);
    }
}

/* Extension headers of random kinds; the next protocol of the last is `proto`. Bytes. */
static size_t put_headers(struct gen *g, uint8_t *first_next, uint8_t *b, uint8_t proto)
{
    static const uint8_t kinds[] = {0, 43, 60, 51, 44};
    uint8_t wide[] = {0, 0, 0, 1, 1, 2, 3, 4, 5, 8};
    unsigned n = gen_chance(g, 80)   ? 0
                 : gen_chance(g, 85) ? gen_below(g, 4)
                                     : gen_below(g, 20),
             units;
    uint8_t *next_at = first_next, *at = b;
    bool few = n < 4;

    while (n--) {
        units = few ? wide[gen_below(g, PK_ARRAY_SIZE(wide))] : 0;
        *next_at = kinds[gen_below(g, PK_ARRAY_SIZE(kinds))];
        if (*next_at == 44) {
            put16(at + 2, gen_chance(g, 60) ? 1 : gen_below(g, 4) * 8);
            units = 0;
        } else {
            at[1] = (uint8_t)(*next_at == 51 ? units * 2 : units);
        }
        put_header_body(g, *next_at, at, 8 + 8 * (size_t)units);
        next_at = at;
        at += 8 + 8 * units;
    }
    *next_at = proto;
    return (size_t)(at - b);
}

static size_t packet_v6(struct gen *g, uint8_t *b)
{
    uint8_t proto = gen_protocols[gen_below(g, GEN_PROTOCOLS)];
    size_t n = 40, head;

    if (gen_chance(g, 50)) /* the traffic class */
        b[1] = (uint8_t)(gen_below(g, 16) << 4);
    b[0] = 0x60;
    b[7] = (uint8_t)(62 + gen_below(g, 4));
    gen_addr_bytes(g, gen_address(g), b + 8);
    gen_addr_bytes(g, gen_address(g), b + 24);
    if (gen_chance(g, 10)) /* made of the MAC address 02:00:00:00:00:01 (-m eui64) */
        memcpy(b + 16, (const uint8_t[]){0, 0, 0, 0xff, 0xfe, 0, 0, 1}, 8);
    head = put_headers(g, b + 6, b + 40, gen_chance(g, 3) ? 59 : proto);
    n += head + put_layer4(g, proto, b + 40 + head);
    if (head && gen_chance(g, 15))
        n = 40 + gen_below(g, (uint32_t)head); /* cut within the chain */
    put16(b + 4, (unsigned)(n - 40));
    return n;
}

size_t gen_packet(struct gen *g, uint8_t buf[static GEN_PACKET_MAX])
{
    memset(buf, 0, GEN_PACKET_MAX);
    return g->family == PK_IPV6 ? packet_v6(g, buf) : packet_v4(g, buf);
}

static struct pk_u128 interface(struct gen *g)
{
    const char *name = gen_devices[gen_below(g, GEN_DEVICES)];
    struct pk_u128 v = {0};
    unsigned i;

    for (i = 0; i < 16 && name[i]; i++) {
        if (i < 8)
            v.hi |= (uint64_t)(uint8_t)name[i] << (56 - 8 * i);
        else
            v.lo |= (uint64_t)(uint8_t)name[i] << (120 - 8 * i);
    }
    return v;
}

void gen_interfaces(struct gen *g, enum pk_hook hook, struct pk_packet *p)
{
    p->iif = hook == PK_OUTPUT ? (struct pk_u128){0} : interface(g);
    p->oif = hook == PK_INPUT ? (struct pk_u128){0} : interface(g);
}
