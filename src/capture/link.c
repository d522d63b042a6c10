// SPDX-License-Identifier: GPL-2.0-or-later
/* Link layers: tcpdump.org/linktypes.html says how each is laid out. */
#include "capture/walk.h"

enum {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
    LINK_DLT_RAW = 12, /* in files of systems that wrote their own number */
    LINK_PPP_HDLC = 50,
    LINK_PPP_ETHER = 51,
    LINK_RAW = 101,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_SLL2 = 276,
};

enum { TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_PPPOE = 0x8864 };
enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057 };
enum { ARPHRD_ETHERNET = 1 };
enum { ETHERNET_HEAD = 14, VLAN_HEAD = 4, PPPOE_HEAD = 6, SLL_HEAD = 16, SLL2_HEAD = 20 };

static bool is_vlan(uint16_t type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* RFC 1661 and 1662: address and control may be left out, and the protocol's first byte. */
static void ppp(struct pk_layer_walk *w)
{
    uint16_t protocol;

    if (w->end - w->p >= 2 && w->p[0] == 0xff && w->p[1] == 3)
        w->p += 2;
    if (!pk_layer_has(w, 1))
        return;
    protocol = *w->p;
    if (protocol & 1) {
        w->p++;
    } else {
        if (!pk_layer_has(w, 2))
            return;
        protocol = pk_get16(w->p);
        w->p += 2;
    }
    w->next = protocol == PPP_IPV6 || protocol == PPP_IPV4 ? pk_layer_ip : NULL;
}

/* RFC 2516. The Ethernet below is not the link of what PPP carries. */
static void pppoe(struct pk_layer_walk *w)
{
    size_t len;

    if (!pk_layer_has(w, PPPOE_HEAD))
        return;
    if (w->p[0] != 0x11) {
        pk_layer_ends(w, PK_UNREAD_MALFORMED);
        return;
    }
    len = pk_get16(w->p + 4);
    w->next = w->p[1] ? NULL : ppp; /* codes but 0: discovery */
    w->p += PPPOE_HEAD;
    if (len < (size_t)(w->end - w->p))
        w->end = w->p + len;
    w->inside |= PK_IN_PPPOE;
    w->direct = false;
    w->mac_src = w->mac_dst = 0;
}

static void vlan(struct pk_layer_walk *w)
{
    if (!pk_layer_has(w, VLAN_HEAD))
        return;
    w->type = pk_get16(w->p + 2);
    w->p += VLAN_HEAD;
    w->inside |= PK_IN_VLAN;
    w->next = pk_layer_by_type;
}

void pk_layer_by_type(struct pk_layer_walk *w)
{
    if (w->type == TYPE_IPV6 || w->type == TYPE_IPV4)
        w->next = pk_layer_ip;
    else if (is_vlan(w->type))
        w->next = vlan;
    else
        w->next = w->type == TYPE_PPPOE ? pppoe : NULL;
}

void pk_layer_ethernet(struct pk_layer_walk *w)
{
    if (!pk_layer_has(w, ETHERNET_HEAD))
        return;
    w->mac_dst = pk_get48(w->p);
    w->mac_src = pk_get48(w->p + 6);
    w->type = pk_get16(w->p + 12);
    w->p += ETHERNET_HEAD;
    w->next = pk_layer_by_type;
}

/* The number of the address family, in the order of the machine that captured (NULL) or network. */
static void family(struct pk_layer_walk *w)
{
    uint32_t f;

    if (!pk_layer_has(w, 4))
        return;
    f = pk_get32(w->p);
    if (f > 0xffff)
        f = __builtin_bswap32(f);
    w->p += 4;
    /* AF_INET everywhere; AF_INET6 on Linux; NetBSD and OpenBSD; FreeBSD; Darwin */
    w->next = f == 2 || f == 10 || f == 24 || f == 28 || f == 30 ? pk_layer_ip : NULL;
}

static void linux_cooked(struct pk_layer_walk *w, unsigned hardware, size_t len, const uint8_t *mac,
                         uint16_t type, size_t head)
{
    if (hardware == ARPHRD_ETHERNET && len == 6)
        w->mac_src = pk_get48(mac);
    w->type = type;
    w->p += head;
    w->next = pk_layer_by_type;
}

static void sll(struct pk_layer_walk *w)
{
    const uint8_t *p = w->p;

    if (pk_layer_has(w, SLL_HEAD))
        linux_cooked(w, pk_get16(p + 2), pk_get16(p + 4), p + 6, pk_get16(p + 14), SLL_HEAD);
}

static void sll2(struct pk_layer_walk *w)
{
    const uint8_t *p = w->p;

    if (pk_layer_has(w, SLL2_HEAD))
        linux_cooked(w, pk_get16(p + 8), p[11], p + 12, pk_get16(p), SLL2_HEAD);
}

pk_layer_step *pk_layer_of_link(uint32_t link)
{
    switch (link) {
    case LINK_ETHERNET:
        return pk_layer_ethernet;
    case LINK_SLL:
        return sll;
    case LINK_SLL2:
        return sll2;
    case LINK_RAW:
    case LINK_DLT_RAW:
    case 14: /* OpenBSD's DLT_RAW */
    case LINK_IPV4:
    case LINK_IPV6:
        return pk_layer_ip;
    case LINK_NULL:
    case LINK_LOOP:
        return family;
    case LINK_PPP:
    case LINK_PPP_HDLC:
        return ppp;
    case LINK_PPP_ETHER:
        return pppoe;
    default:
        return NULL;
    }
}
