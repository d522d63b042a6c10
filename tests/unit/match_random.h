// SPDX-License-Identifier: GPL-2.0-or-later
/* Random rules and packets out of small worlds, so that values meet. */
#pragma once

#include "match_fixture.h"

static uint64_t random_state;

static inline uint32_t roll(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % n;
}

static const uint8_t protos[] = {1, 6, 17, 33, 47, 58, 132, 136};
static const char *const names[] = {"", "eth0", "eth1", "eth10", "lo", "e", "abcdefghijklmno"};
static const char *const patterns[] = {"",      "",
                                       "",      "eth0",
                                       "eth+",  "eth1",
                                       "e+",    "+",
                                       "lo",    "abcdefghijklmno",
                                       "eth1+", "abcdefghijklmn+"};

static inline struct pk_u128 random_address(enum pk_family family)
{
    struct pk_u128 a = {0, 0x0a000000u | roll(4) << 16 | roll(4)};

    if (family == PK_IPV6)
        a.hi = 0x20010db800000000ull | roll(3);
    return a;
}

static inline struct pk_u128 random_mask(enum pk_family family)
{
    static const uint64_t lows[] = {0,          0xff000000, 0xffff0000, 0xfffffffe,
                                    0xffffffff, 0xffffffff, 0xff00ffff, 0x00000001};
    struct pk_u128 m = {0, lows[roll(8)]};

    if (family == PK_IPV6) {
        m.hi = roll(4) ? UINT64_MAX : roll(2) ? 0 : 0xffff00000000ffffull;
        if (m.lo && roll(2))
            m.lo |= 0xffffffff00000000ull;
    }
    return m;
}

static inline void random_port_list(struct pk_buf *b, bool many)
{
    unsigned n = many ? 1 + roll(4) : 1;

    for (unsigned i = 0; i < n; i++) {
        unsigned lo = roll(6), hi = lo + 1 + roll(3);

        pk_buf_str(b, i ? "," : "");
        if (roll(3) == 0)
            pk_buf_fmt(b, "%u:%u", lo, roll(8) ? hi : 65535);
        else
            pk_buf_fmt(b, "%u", roll(12) ? lo : 65535);
    }
}

static inline void random_ports(struct pk_buf *b)
{
    static const char *const options[] = {" --sport ", " --dport "};

    for (int i = 0; i < 2; i++) {
        if (roll(2)) {
            pk_buf_str(b, roll(4) ? "" : " !");
            pk_buf_str(b, options[i]);
            random_port_list(b, false);
        }
    }
}

static inline void random_tcp(struct pk_buf *b)
{
    static const char *const flags[] = {"SYN", "ALL", "NONE", "FIN,ACK", "SYN,RST,ACK"};

    pk_buf_str(b, " -m tcp");
    random_ports(b);
    if (roll(3) == 0)
        pk_buf_fmt(b, "%s --tcp-flags %s %s", roll(3) ? "" : " !", flags[roll(5)], flags[roll(5)]);
    if (roll(3) == 0)
        pk_buf_fmt(b, "%s --tcp-option %u", roll(3) ? "" : " !", 1 + roll(5));
}

static inline void random_own_match(struct pk_buf *b, enum pk_family family, uint8_t proto)
{
    if (proto == 6) {
        random_tcp(b);
    } else if (proto == 17 || proto == 33 || proto == 132) {
        pk_buf_str(b, proto == 17 ? " -m udp" : proto == 33 ? " -m dccp" : " -m sctp");
        if (proto != 132)
            random_ports(b);
        else
            pk_buf_fmt(b, " --dport %u", roll(6));
    } else if (proto == (family == PK_IPV4 ? 1 : 58)) {
        static const char *const types[] = {"0", "1/1", "1", "2/3", "3/2", "255"};

        pk_buf_str(b, family == PK_IPV4 ? " -m icmp" : " -m icmp6");
        pk_buf_str(b, roll(3) ? "" : " !");
        pk_buf_str(b, family == PK_IPV4 ? " --icmp-type " : " --icmpv6-type ");
        pk_buf_str(b, types[roll(6)]);
    }
}

static inline void random_multiport(struct pk_buf *b)
{
    static const char *const options[] = {" --sports ", " --dports ", " --ports "};

    pk_buf_str(b, " -m multiport");
    pk_buf_str(b, roll(3) ? "" : " !");
    pk_buf_str(b, options[roll(3)]);
    random_port_list(b, true);
}

static inline void random_iprange(struct pk_buf *b, enum pk_family family)
{
    pk_buf_str(b, " -m iprange");
    pk_buf_str(b, roll(3) ? "" : " !");
    pk_buf_str(b, roll(2) ? " --src-range " : " --dst-range ");
    if (family == PK_IPV4)
        pk_buf_fmt(b, "10.%u.0.%u-10.%u.0.%u", roll(2), roll(4), roll(4), roll(4));
    else
        pk_buf_fmt(b, "2001:db8::%u:0:0:a00:%u-2001:db8::%u:0:0:a03:3", roll(2), roll(4), roll(3));
}

static inline void random_conntrack(struct pk_buf *b, enum pk_family family)
{
    static const char *const states[] = {"NEW", "ESTABLISHED", "RELATED", "INVALID,UNTRACKED",
                                         "DNAT"};
    static const char *const ends[] = {"origsrc", "origdst", "replsrc", "repldst"};
    static const char *const statuses[] = {"SEEN_REPLY", "ASSURED,CONFIRMED", "NONE"};

    pk_buf_str(b, " -m conntrack");
    if (roll(2))
        pk_buf_fmt(b, "%s --ctstate %s", roll(3) ? "" : " !", states[roll(5)]);
    if (!roll(4))
        pk_buf_fmt(b, "%s --ct%s %s/%u", roll(3) ? "" : " !", ends[roll(4)],
                   family == PK_IPV4 ? "10.0.0.1" : "2001:db8::a00:1", roll(33));
    if (!roll(4))
        pk_buf_fmt(b, "%s --ct%sport %u:%u", roll(3) ? "" : " !", ends[roll(4)], roll(3),
                   1 + roll(3));
    if (!roll(4))
        pk_buf_fmt(b, "%s --ctstatus %s", roll(3) ? "" : " !", statuses[roll(3)]);
    if (!roll(4))
        pk_buf_fmt(b, "%s --ctexpire :%u", roll(3) ? "" : " !", roll(3));
    pk_buf_fmt(b, " --ctproto %u", roll(2) ? 6 : 17);
}

static inline struct pk_conntrack random_entry(enum pk_family family)
{
    static const uint32_t infos[] = {0, 1, 2, 3, 4, PK_CT_UNTRACKED, 0, PK_CT_LOST};
    unsigned what = roll(8);
    struct pk_conntrack ct = {.info = infos[what], .entry = what < 5};

    ct.status = roll(64);
    ct.expires = roll(4);
    ct.proto = roll(2) ? 6 : 17;
    for (unsigned i = 0; i < PK_CT_ENDS; i++) {
        ct.addr[i] = random_address(family);
        ct.port[i] = (uint16_t)roll(4);
    }
    return ct;
}

static inline void random_matches(struct pk_buf *b, enum pk_family family, uint8_t proto)
{
    bool ports = proto == 6 || proto == 17 || proto == 33 || proto == 132 || proto == 136;

    for (unsigned n = roll(5); n; n--) {
        unsigned what = roll(12);

        if (what < 4)
            random_own_match(b, family, proto);
        else if (what < 6 && ports)
            random_multiport(b);
        else if (what < 7)
            random_iprange(b, family);
        else if (what < 9)
            pk_buf_fmt(b, " -m testlen%s --testlen 5:%u%s", roll(3) ? "" : " !", roll(5),
                       roll(2) ? ":4" : "");
        else if (what < 10)
            random_conntrack(b, family);
        else if (what < 11)
            pk_buf_fmt(b, " -m state%s --state NEW,INVALID", roll(3) ? "" : " !");
        else
            pk_buf_str(b, " -m comment --comment x");
    }
}

static inline void random_ip(struct pk_ip_match *ip, enum pk_family family)
{
    unsigned what = roll(8);

    memset(ip, 0, sizeof(*ip));
    if (what) {
        ip->has_proto = true;
        ip->proto = protos[roll(8)];
        ip->inv_proto = what == 1;
    } else if (family == PK_IPV6) {
        ip->has_proto = roll(2);
    }
    if (roll(2)) {
        struct pk_u128 a = random_address(family);

        ip->smask = random_mask(family);
        ip->saddr = (struct pk_u128){a.hi & ip->smask.hi, a.lo & ip->smask.lo};
        ip->inv_saddr = !roll(4);
    }
    if (roll(2)) {
        struct pk_u128 a = random_address(family);

        ip->dmask = random_mask(family);
        ip->daddr = (struct pk_u128){a.hi & ip->dmask.hi, a.lo & ip->dmask.lo};
        ip->inv_daddr = !roll(4);
    }
    strncpy(ip->iif, patterns[roll(PK_ARRAY_SIZE(patterns))], 15);
    strncpy(ip->oif, patterns[roll(PK_ARRAY_SIZE(patterns))], 15);
    ip->inv_iif = ip->iif[0] && !roll(3);
    ip->inv_oif = ip->oif[0] && !roll(3);
    ip->frag = family == PK_IPV4 && !roll(6);
    ip->inv_frag = ip->frag && roll(2);
}

struct bytes {
    uint8_t ip[128];
    size_t len;
};

static inline struct pk_u128 name_number(const char *name)
{
    struct pk_u128 v = {0};
    char full[16] = {0};

    memcpy(full, name, strlen(name));
    for (int i = 0; i < 8; i++) {
        v.hi = v.hi << 8 | (uint8_t)full[i];
        v.lo = v.lo << 8 | (uint8_t)full[i + 8];
    }
    return v;
}

static inline void random_l4(struct pk_packet *p, struct bytes *b)
{
    bool ports = pk_has_ports(p->proto);

    if (ports && (p->status == PK_L4_OK || p->status == PK_L4_SHORT)) {
        p->sport = (uint16_t)(roll(12) ? roll(10) : 65535);
        p->dport = (uint16_t)(roll(12) ? roll(10) : 65535);
    }
    if (p->status != PK_L4_OK)
        return;
    if (p->proto == 1 || p->proto == 58)
        p->icmp = (uint16_t)(roll(5) ? roll(4) << 8 | roll(4) : 0xff00);
    if (p->proto == 6) {
        p->tcp_flags = (uint8_t)(roll(2) ? 2 : roll(256));
        b->ip[p->l4_off + 12] = (uint8_t)(roll(16) << 4 | roll(16));
        for (unsigned i = 20; i < 60; i++)
            b->ip[p->l4_off + i] = (uint8_t)roll(7);
    }
}

/* Only packets that there can be, see packet.h. */
static inline void random_packet(enum pk_family family, uint8_t likely, struct pk_packet *p,
                                 struct bytes *b)
{
    static const uint8_t v4[] = {0, 0, 0, 1, 2, 3, 4}, v6[] = {0, 0, 0, 1, 3, 4, 5};
    bool any;

    memset(p, 0, sizeof(*p));
    memset(b, 0, sizeof(*b));
    p->family = (uint8_t)family;
    p->saddr = random_address(family);
    p->daddr = random_address(family);
    p->iif = name_number(names[roll(PK_ARRAY_SIZE(names))]);
    p->oif = name_number(names[roll(PK_ARRAY_SIZE(names))]);
    p->proto = likely && roll(4) ? likely : protos[roll(8)];
    p->status = family == PK_IPV4 ? v4[roll(7)] : v6[roll(7)];
    any = !pk_l4_need(p->proto);
    if (any && (p->status == PK_L4_SHORT || p->status == PK_L4_TINY))
        p->status = PK_L4_OK;
    if (p->status == PK_L4_BROKEN)
        p->proto = 0;
    p->l4_off = family == PK_IPV4 ? 20 : 40;
    p->len = p->l4_off + 20u + roll(45);
    b->len = roll(8) ? p->len : p->l4_off + 20u + roll(p->len - p->l4_off - 19u);
    random_l4(p, b);
}
