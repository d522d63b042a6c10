// SPDX-License-Identifier: GPL-2.0-or-later
/* IP and what is tunnelled in it. */
#include "capture/layers.h"

#include "capture/walk.h"

#define EXTENSIONS_MAX 16

enum { IPV4_HEAD = 20, IPV6_HEAD = 40, UDP_HEAD = 8, GRE_HEAD = 4 };
enum {
    HOP_BY_HOP = 0,
    IPIP = 4,
    UDP = 17,
    IPV6 = 41,
    ROUTING = 43,
    FRAGMENT = 44,
    GRE = 47,
    AUTHENTICATION = 51,
    ICMPV6 = 58,
    DESTINATION = 60,
    MOBILITY = 135
};

#define TEREDO_PORT 3544

void pk_layer_ends(struct pk_layer_walk *w, enum pk_unread why)
{
    w->next = NULL;
    if (!w->unread)
        w->unread = why;
}

/* What an error quotes may end anywhere, and that is nobody's fault. */
bool pk_layer_has(struct pk_layer_walk *w, size_t n)
{
    if ((size_t)(w->end - w->p) >= n)
        return true;
    pk_layer_ends(w, w->inside & PK_IN_ERROR                ? PK_UNREAD_NOT
                     : w->packet->len < w->packet->wire_len ? PK_UNREAD_CUT
                                                            : PK_UNREAD_MALFORMED);
    return false;
}

/* Into another packet: the link below is not this one's. */
static void into(struct pk_layer_walk *w, size_t skip, unsigned inside, pk_layer_step *next)
{
    w->p += skip;
    w->inside |= inside;
    w->direct = false;
    w->mac_src = w->mac_dst = 0;
    w->next = next;
}

/* RFC 4380, 5.1.1: authentication and origin may precede the packet. */
static void teredo(struct pk_layer_walk *w)
{
    w->next = NULL;
    if (w->end - w->p >= 4 && !w->p[0] && w->p[1] == 1) {
        size_t n = 13u + w->p[2] + w->p[3];

        if ((size_t)(w->end - w->p) < n)
            return;
        w->p += n;
    }
    if (w->end - w->p >= 8 && !w->p[0] && !w->p[1])
        w->p += 8;
    if (w->end - w->p >= IPV6_HEAD && *w->p >> 4 == 6)
        into(w, 0, PK_IN_TEREDO, pk_layer_ip);
}

static void udp(struct pk_layer_walk *w)
{
    w->next = NULL;
    if (w->end - w->p < UDP_HEAD)
        return;
    if (pk_get16(w->p) != TEREDO_PORT && pk_get16(w->p + 2) != TEREDO_PORT)
        return;
    w->p += UDP_HEAD;
    w->next = teredo;
}

/* RFC 2784 and 2890: checksum, key and sequence number, four bytes each, if their bits are set. */
static void gre(struct pk_layer_walk *w)
{
    uint16_t flags;
    size_t n = GRE_HEAD;

    if (!pk_layer_has(w, GRE_HEAD))
        return;
    flags = pk_get16(w->p);
    w->type = pk_get16(w->p + 2);
    n += 4 * ((flags >> 15 & 1) + (flags >> 13 & 1) + (flags >> 12 & 1));
    w->next = NULL;
    if (flags & 0x4007) /* source routes (RFC 1701) and PPTP are not followed */
        return;
    if (pk_layer_has(w, n))
        into(w, n, PK_IN_GRE, w->type == 0x6558 ? pk_layer_ethernet : pk_layer_by_type);
}

static void by_protocol(struct pk_layer_walk *w, uint8_t protocol, unsigned inside)
{
    w->next = NULL;
    if (protocol == IPV6 || protocol == IPIP)
        into(w, 0, inside, pk_layer_ip);
    if (protocol == GRE)
        into(w, 0, inside, gre);
    if (protocol == UDP && inside == PK_IN_IPV4)
        into(w, 0, inside, udp);
}

static void ipv4(struct pk_layer_walk *w)
{
    size_t head, len;
    uint8_t protocol;

    if (!pk_layer_has(w, IPV4_HEAD))
        return;
    head = (*w->p & 15u) * 4;
    len = pk_get16(w->p + 2);
    if (head < IPV4_HEAD || (len && len < head)) {
        pk_layer_ends(w, PK_UNREAD_MALFORMED);
        return;
    }
    if (!pk_layer_has(w, head))
        return;
    if (len && len < (size_t)(w->end - w->p)) /* 0: cut into segments by the card */
        w->end = w->p + len;
    if (pk_get16(w->p + 6) & 0x1fff) {
        bool tunnel = w->p[9] == IPV6 || w->p[9] == GRE;

        pk_layer_ends(w, tunnel ? PK_UNREAD_FRAGMENT : PK_UNREAD_NOT);
        return;
    }
    protocol = w->p[9];
    w->p += head;
    by_protocol(w, protocol, PK_IN_IPV4);
}

static bool is_extension(uint8_t protocol)
{
    return protocol == HOP_BY_HOP || protocol == ROUTING || protocol == FRAGMENT ||
           protocol == AUTHENTICATION || protocol == DESTINATION;
}

/* To the end of the extension headers: the protocol there, or PK_NO_PROTOCOL. */
static uint8_t upper(struct pk_layer_walk *w, uint8_t protocol)
{
    for (int i = 0; is_extension(protocol); i++) {
        const uint8_t *p = w->p;
        size_t n;

        if (i == EXTENSIONS_MAX)
            pk_layer_ends(w, PK_UNREAD_DEEP);
        if (i == EXTENSIONS_MAX || !pk_layer_has(w, 8))
            return PK_NO_PROTOCOL;
        n = protocol == FRAGMENT         ? 8
            : protocol == AUTHENTICATION ? 4u * (p[1] + 2u)
                                         : 8u * (p[1] + 1u);
        if (!pk_layer_has(w, n) || (protocol == FRAGMENT && pk_get16(p + 2) & 0xfff8))
            return PK_NO_PROTOCOL;
        protocol = p[0];
        w->p += n;
    }
    return protocol;
}

/* RFC 4443: errors have types below 128 and quote from byte 8 on. One in a quotation is not read.
 */
static bool is_error(const struct pk_layer_walk *w, uint8_t protocol)
{
    return protocol == ICMPV6 && w->end - w->p >= 8 && *w->p >= 1 && *w->p <= 4 &&
           !(w->inside & PK_IN_ERROR);
}

static void hand_on(struct pk_layer_walk *w, const uint8_t *head, uint8_t protocol)
{
    const struct pk_ipv6 h = {
        .packet = w->packet,
        .src = pk_get128(head + 8),
        .dst = pk_get128(head + 24),
        .inside = w->inside,
        .direct = w->direct,
        .mac_src = w->mac_src,
        .mac_dst = w->mac_dst,
        .hops = head[7],
        .protocol = protocol,
        .payload = w->p,
        .len = protocol == PK_NO_PROTOCOL ? 0 : (size_t)(w->end - w->p),
    };

    w->r = w->fn(w->arg, &h);
}

static void ipv6(struct pk_layer_walk *w)
{
    const uint8_t *head = w->p;
    uint8_t protocol;
    size_t len;

    if (!pk_layer_has(w, IPV6_HEAD))
        return;
    w->p += IPV6_HEAD;
    len = pk_get16(head + 4);
    if (len && len < (size_t)(w->end - w->p)) /* 0: a jumbogram, or cut into segments by the card */
        w->end = w->p + len;
    w->next = NULL;
    protocol = upper(w, head[6]);
    hand_on(w, head, protocol);
    if (w->r)
        w->next = NULL;
    else if (is_error(w, protocol))
        into(w, 8, PK_IN_ERROR, pk_layer_ip);
    else if (protocol != PK_NO_PROTOCOL)
        by_protocol(w, protocol, PK_IN_IPV6);
}

void pk_layer_ip(struct pk_layer_walk *w)
{
    if (!pk_layer_has(w, 1))
        return;
    if (++w->ip_headers > PK_LAYERS_IP_MAX)
        pk_layer_ends(w, PK_UNREAD_DEEP);
    else if (*w->p >> 4 == 6)
        ipv6(w);
    else if (*w->p >> 4 == 4)
        ipv4(w);
    else
        pk_layer_ends(w, PK_UNREAD_MALFORMED);
}

int pk_layers(const struct pk_capture_packet *p, pk_ipv6_fn *fn, void *arg, enum pk_unread *unread)
{
    struct pk_layer_walk w = {
        .packet = p,
        .p = p->data,
        .end = p->data + p->len,
        .next = pk_layer_of_link(p->link),
        .direct = true,
        .fn = fn,
        .arg = arg,
    };
    unsigned n = 0;

    if (!w.next)
        pk_layer_ends(&w, PK_UNREAD_LINK);
    while (w.next && n++ < PK_LAYERS_MAX)
        w.next(&w);
    if (w.next)
        pk_layer_ends(&w, PK_UNREAD_DEEP);
    *unread = w.unread;
    return w.r;
}

const char *pk_unread_name(enum pk_unread u)
{
    static const char *const names[PK_UNREAD_N] = {
        [PK_UNREAD_NOT] = "none",          [PK_UNREAD_LINK] = "link-type",
        [PK_UNREAD_CUT] = "cut",           [PK_UNREAD_MALFORMED] = "malformed",
        [PK_UNREAD_FRAGMENT] = "fragment", [PK_UNREAD_DEEP] = "deep",
    };

    return names[u];
}
