// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/words.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "cli/codes.h"
#include "packet/packet_user.h"
#include "rules/match.h"
#include "rules/match/icmp_type.h"
#include "rules/match/number.h"

struct words {
    char *const *word;
    size_t n, at;
    struct pk_diags *d;
};

static int bad(struct words *w, const char *what, const char *word)
{
    pk_error(w->d, PK_D_PACKET_WORDS, PK_NOWHERE,
             "such as: in eth0 tcp 192.0.2.1:5000 to 198.51.100.2:443 flags SYN", "%s: %s",
             word ? word : "end of the packet's description", what);
    return -EINVAL;
}

static const char *next(struct words *w)
{
    return w->at < w->n ? w->word[w->at++] : NULL;
}

static bool is_next(struct words *w, const char *word)
{
    if (w->at >= w->n || strcmp(w->word[w->at], word) != 0)
        return false;
    w->at++;
    return true;
}

static int number(const char *s, unsigned long max, unsigned long *ret)
{
    char *end;
    unsigned long v;

    if (!s || *s < '0' || *s > '9')
        return -EINVAL;
    errno = 0;
    v = strtoul(s, &end, 0);
    if (errno || *end || v > max)
        return -EINVAL;
    *ret = v;
    return 0;
}

static const struct {
    const char *name;
    uint8_t number;
    bool has_ports;
} protocols[] = {
    {"tcp", 6, true},         {"udp", 17, true},      {"icmp", 1, false},  {"icmpv6", 58, false},
    {"ipv6-icmp", 58, false}, {"udplite", 136, true}, {"sctp", 132, true}, {"dccp", 33, true},
    {"gre", 47, false},       {"esp", 50, false},     {"ah", 51, false},   {"igmp", 2, false},
    {"ospf", 89, false},      {"vrrp", 112, false},   {"ipip", 4, false},  {"ipv6", 41, false}};

static int read_protocol(struct words *w, struct pk_build *b)
{
    const char *s = next(w);
    unsigned long v;

    for (size_t i = 0; s && i < PK_ARRAY_SIZE(protocols); i++)
        if (!strcmp(s, protocols[i].name)) {
            b->proto = protocols[i].number;
            return 0;
        }
    if (number(s, 255, &v))
        return bad(w, "not a protocol's name or number", s);
    b->proto = (uint8_t)v;
    return 0;
}

/* What a protocol with ports is called in /etc/services; NULL: it has none. */
static const char *ports_of(uint8_t proto)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(protocols); i++)
        if (protocols[i].has_ports && protocols[i].number == proto)
            return protocols[i].name;
    return NULL;
}

int pk_words_address(const char *s, enum pk_family *family, struct pk_u128 *ret)
{
    uint8_t b[16];

    if (inet_pton(AF_INET, s, b) == 1) {
        *family = PK_IPV4;
        *ret = (struct pk_u128){.lo = (uint64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3]};
        return 0;
    }
    if (inet_pton(AF_INET6, s, b) != 1)
        return -EINVAL;
    *family = PK_IPV6;
    *ret = (struct pk_u128){0};
    for (int i = 0; i < 8; i++) {
        ret->hi = ret->hi << 8 | b[i];
        ret->lo = ret->lo << 8 | b[i + 8];
    }
    return 0;
}

/*
 * Cuts "192.0.2.1:80", "[2001:db8::1]:80", "[2001:db8::1]" or an address alone. *ret_port is NULL
 * if there is none: an IPv6 address without brackets has no port.
 */
static int cut_end(const char *s, char host[static 64], const char **ret_port)
{
    const char *close = *s == '[' ? strchr(s, ']') : NULL, *colon;
    size_t len;

    if (*s == '[' && !close)
        return -EINVAL;
    colon = close ? close + 1 : strchr(s, ':');
    if (close && *colon && *colon != ':')
        return -EINVAL;
    if ((close && !*colon) || (!close && colon && strchr(colon + 1, ':')))
        colon = NULL;
    if (close)
        s++;
    len = close ? (size_t)(close - s) : colon ? (size_t)(colon - s) : strlen(s);
    if (len >= 64)
        return -EINVAL;
    memcpy(host, s, len);
    *ret_port = colon ? colon + 1 : NULL;
    return 0;
}

/* `port` is left alone if none is given. */
static int read_end(struct words *w, const struct pk_build *b, enum pk_family *family,
                    struct pk_u128 *address, uint16_t *port)
{
    const char *s = next(w), *after;
    char host[64] = {0};

    if (!s || cut_end(s, host, &after) || pk_words_address(host, family, address))
        return bad(w, "not an address, or an address and a port", s);
    if (!after)
        return 0;
    if (!ports_of(b->proto))
        return bad(w, "this protocol has no ports", s);
    if (!pk_port_parse(after, ports_of(b->proto), port))
        return bad(w, "not a port, nor the name of one in /etc/services", s);
    return 0;
}

static int read_ends(struct words *w, struct pk_build *b)
{
    enum pk_family to;
    int r = read_end(w, b, &b->family, &b->saddr, &b->sport);

    if (!r && !is_next(w, "to") && !is_next(w, ">") && !is_next(w, "->"))
        r = bad(w, "expected: to", w->at < w->n ? w->word[w->at] : NULL);
    if (!r)
        r = read_end(w, b, &to, &b->daddr, &b->dport);
    if (!r && to != b->family)
        r = bad(w, "the two addresses are of different families", w->word[w->at - 1]);
    return r;
}

static int read_flags(struct words *w, uint8_t *ret)
{
    static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
    const char *s = next(w);
    uint8_t flags = 0;

    if (!s)
        return bad(w, "flags needs a list, such as SYN,ACK", s);
    if (strcmp(s, "NONE") != 0)
        for (const char *p = s; *p;) {
            size_t len = strcspn(p, ","), i = 0;

            while (i < 8 && !(strlen(names[i]) == len && !memcmp(names[i], p, len)))
                i++;
            if (i == 8)
                return bad(w, "not a list of FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, or NONE", s);
            flags |= (uint8_t)(1u << i);
            p += len + (p[len] == ',');
        }
    *ret = flags;
    return 0;
}

/* As --icmp-type and --icmpv6-type read it in rules: the match itself does. */
static int read_type(struct words *w, struct pk_build *b)
{
    _pk_arena_ struct pk_arena arena = {0};
    const enum pk_family family = b->proto == 58 ? PK_IPV6 : PK_IPV4;
    const struct pk_match_def *def = pk_match_find(b->proto == 58 ? "icmp6" : "icmp", family);
    const char *s = next(w);
    struct pk_icmp_type t;
    struct pk_option_use use = {
        .option = def->options, .args = &s, .family = family, .d = w->d, .arena = &arena};

    if (!s)
        return bad(w, "type needs a name, a number, or number/code", s);
    if (def->parse(&use, &t))
        return -EINVAL;
    if (t.type == 255 && (*s < '0' || *s > '9'))
        return bad(w, "a packet has one type", s);
    b->icmp_type = t.type;
    b->icmp_code = t.code_lo;
    return 0;
}

static int read_ifs(struct words *w, struct pk_asked *a)
{
    for (;;) {
        char *to = is_next(w, "in") ? a->iif : is_next(w, "out") ? a->oif : NULL;
        const char *name;

        if (!to)
            return 0;
        name = next(w);
        if (!name || !*name || strlen(name) > 15)
            return bad(w, "not the name of an interface", name);
        memset(to, 0, 16);
        snprintf(to, 16, "%s", name);
    }
}

static int read_state(struct words *w, struct pk_asked *a)
{
    static const struct {
        const char *name;
        uint32_t info, entry;
    } states[] = {
        {"new", PK_CT_NEW, 1}, {"established", PK_CT_ESTABLISHED, 1}, {"related", PK_CT_RELATED, 1},
        {"invalid", 0, 0},     {"untracked", PK_CT_UNTRACKED, 0},
    };
    const char *word = next(w);

    for (size_t i = 0; word && i < PK_ARRAY_SIZE(states); i++) {
        if (strcasecmp(word, states[i].name) != 0)
            continue;
        a->ct.info = states[i].info;
        a->ct.entry = states[i].entry;
        a->state_given = true;
        return 0;
    }
    return bad(w, "not a state: new, established, related, invalid, untracked", word);
}

static int read_rest(struct words *w, struct pk_build *b, struct pk_asked *a)
{
    int r = 0;

    while (!r && w->at < w->n) {
        if (b->proto == 6 && is_next(w, "flags"))
            r = read_flags(w, &b->tcp_flags);
        else if (!strcmp(w->word[w->at], "in") || !strcmp(w->word[w->at], "out"))
            r = read_ifs(w, a);
        else if ((b->proto == 1 || b->proto == 58) && is_next(w, "type"))
            r = read_type(w, b);
        else if (is_next(w, "state"))
            r = read_state(w, a);
        else
            r = bad(w, "not known here: in, out, state; flags with tcp; type with icmp and icmpv6",
                    w->word[w->at]);
    }
    return r;
}

static struct pk_u128 if_number(const char name[16])
{
    struct pk_u128 v = {0};

    for (int i = 0; i < 8; i++) {
        v.hi = v.hi << 8 | (uint8_t)name[i];
        v.lo = v.lo << 8 | (uint8_t)name[i + 8];
    }
    return v;
}

/* The entry that such a packet makes, or has by now. */
static void fill_entry(struct pk_asked *a)
{
    const struct pk_packet *p = &a->packet;
    struct pk_conntrack *ct = &a->ct;

    if (!a->state_given) {
        ct->info = PK_CT_NEW;
        ct->entry = 1;
    }
    if (ct->info == PK_CT_ESTABLISHED)
        ct->status = PK_CTF_SEEN_REPLY | PK_CTF_CONFIRMED;
    ct->proto = p->proto;
    ct->addr[PK_CT_ORIGSRC] = ct->addr[PK_CT_REPLDST] = p->saddr;
    ct->addr[PK_CT_ORIGDST] = ct->addr[PK_CT_REPLSRC] = p->daddr;
    ct->port[PK_CT_ORIGSRC] = ct->port[PK_CT_REPLDST] = p->sport;
    ct->port[PK_CT_ORIGDST] = ct->port[PK_CT_REPLSRC] = p->dport;
}

static int parse(struct pk_asked *a, struct pk_diags *d)
{
    int r = pk_packet_parse(a->bytes, a->len, &a->packet);

    if (r) {
        pk_error(d, PK_D_PACKET_FRAME, PK_NOWHERE, NULL,
                 "not an IP packet that the stack accepts: %s",
                 r == 2 ? "too many extension headers" : "its header is malformed");
        return -EINVAL;
    }
    a->packet.iif = if_number(a->iif);
    a->packet.oif = if_number(a->oif);
    fill_entry(a);
    return 0;
}

int pk_words_read(char *const *words, size_t n, struct pk_asked *ret, struct pk_diags *d)
{
    /* What most people mean: the first packet of a connection, an echo request. */
    struct pk_build b = {.sport = 40000, .dport = 0, .tcp_flags = 2};
    struct words w = {.word = words, .n = n, .d = d};
    int r = read_ifs(&w, ret);

    if (r || w.at == w.n)
        return r;
    r = read_protocol(&w, &b);
    b.icmp_type = b.proto == 58 ? 128 : 8;
    if (!r)
        r = read_ends(&w, &b);
    if (!r)
        r = read_rest(&w, &b, ret);
    if (r)
        return r;
    ret->len = pk_build_packet(&b, ret->bytes);
    return parse(ret, d);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static int read_hex(const char *s, uint8_t *bytes, size_t *ret_len)
{
    size_t n = 0;

    for (;;) {
        int hi, lo;

        while (*s == ' ' || *s == ':' || *s == '\n' || *s == '\t')
            s++;
        if (!*s)
            break;
        hi = hex_digit(s[0]);
        lo = hi < 0 ? -1 : hex_digit(s[1]);
        if (lo < 0 || n >= PK_FRAME_MAX)
            return -EINVAL;
        bytes[n++] = (uint8_t)(hi << 4 | lo);
        s += 2;
    }
    *ret_len = n;
    return 0;
}

static unsigned type_at(const uint8_t *b, size_t len, size_t at)
{
    return at + 2 < len ? (unsigned)b[at] << 8 | b[at + 1] : 0;
}

/* Where the IP header starts, or `len` if this is no IP frame. */
static size_t find_ip(const uint8_t *b, size_t len)
{
    size_t at = 12;

    for (int tags = 0; tags < 2; tags++)
        if (type_at(b, len, at) == 0x8100 || type_at(b, len, at) == 0x88a8)
            at += 4;
    if (type_at(b, len, at) == 0x0800 || type_at(b, len, at) == 0x86dd)
        return at + 2;
    return len && (b[0] >> 4 == 4 || b[0] >> 4 == 6) ? 0 : len;
}

int pk_words_frame(const char *hex, struct pk_asked *ret, struct pk_diags *d)
{
    size_t len = 0, at;

    if (read_hex(hex, ret->bytes, &len)) {
        pk_error(d, PK_D_PACKET_FRAME, PK_NOWHERE, NULL,
                 "--frame is not an even number of hex digits of at most %u bytes", PK_FRAME_MAX);
        return -EINVAL;
    }
    at = find_ip(ret->bytes, len);
    if (at >= len) {
        pk_error(d, PK_D_PACKET_FRAME, PK_NOWHERE,
                 "give an Ethernet frame, or a packet from its IP header on",
                 "--frame is no IP packet; other frames pass");
        return -EINVAL;
    }
    if (at)
        memcpy(ret->mac, ret->bytes + 6, sizeof(ret->mac));
    memmove(ret->bytes, ret->bytes + at, len - at);
    ret->len = len - at;
    return parse(ret, d);
}

enum pk_hook pk_asked_hook(const struct pk_asked *a)
{
    if (!a->oif[0])
        return PK_INPUT;
    return a->iif[0] ? PK_FORWARD : PK_OUTPUT;
}
