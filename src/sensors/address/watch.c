// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/watch.h"

#include "base/macro.h"
#include "sensors/address/address.h"

enum { UDP = 17, ICMPV6 = 58 };
enum { DHCPV6_CLIENT = 546, DHCPV6_SERVER = 547, MDNS = 5353 };

void pk_watch_init(struct pk_watch *w, uint64_t seed)
{
    const size_t n = PK_WATCH_OTHERS_MAX;

    *w = (struct pk_watch){0};
#define TABLE(name, type, key_size, max)                                                           \
    pk_seen_table_init(&w->name, max, sizeof(struct type), key_size, seed)
#define KEY(type) sizeof(((struct type *)0)->key)
    TABLE(addresses, pk_watch_address, sizeof(struct pk_u128), PK_WATCH_ADDRESSES_MAX);
    TABLE(groups, pk_watch_group, KEY(pk_watch_group), n);
    TABLE(duids, pk_watch_duid, KEY(pk_watch_duid), n);
    TABLE(names, pk_watch_name, KEY(pk_watch_name), n);
    TABLE(absent, pk_watch_absent, KEY(pk_watch_absent), n);
    TABLE(delegated, pk_watch_prefix, KEY(pk_watch_prefix), n);
    TABLE(macs, pk_watch_mac, sizeof(uint64_t), n);
#undef TABLE
#undef KEY
}

uint64_t pk_watch_beyond(const struct pk_watch *w)
{
    return w->addresses.beyond + w->groups.beyond + w->duids.beyond + w->names.beyond +
           w->absent.beyond + w->delegated.beyond + w->macs.beyond;
}

void pk_watch_done(struct pk_watch *w)
{
    struct pk_seen_table *tables[] = {&w->addresses, &w->groups,    &w->duids, &w->names,
                                      &w->absent,    &w->delegated, &w->macs};

    for (size_t i = 0; i < PK_ARRAY_SIZE(tables); i++)
        pk_seen_table_done(tables[i]);
}

/* One that a device can have: neither of a group nor a router's by protocol. */
static bool has_device_mac(enum pk_iid_kind k)
{
    return k == PK_IID_EUI64 || k == PK_IID_EUI64_LOCAL || k == PK_IID_EUI64_VIRTUAL;
}

static void judge(struct pk_watch_address *a)
{
    struct pk_verdict v;

    pk_address_judge(a->address, &v);
    a->kind = (uint16_t)v.kind;
    a->iid = (uint16_t)v.iid;
    a->mac = has_device_mac(v.iid) ? v.mac : 0;
}

/* Of one interface of one host: neither multicast nor :: nor ::1. */
static bool is_unicast(struct pk_u128 a)
{
    return a.hi >> 56 != 0xff && (a.hi || a.lo > 1);
}

struct pk_watch_address *pk_watch_saw(struct pk_watch *w, struct pk_u128 a, const struct pk_ipv6 *h)
{
    struct pk_watch_address *e = is_unicast(a) ? pk_seen_get(&w->addresses, &a) : NULL;

    if (!e)
        return NULL;
    if (!e->seen.times)
        judge(e);
    pk_seen_in(&e->seen, h->packet);
    return e;
}

int pk_watch_header(void *arg, const struct pk_ipv6 *h)
{
    struct pk_watch *w = arg;
    struct pk_watch_address *src;

    w->headers++;
    pk_watch_saw(w, h->dst, h);
    src = pk_watch_saw(w, h->src, h);
    if (src && src->mac && h->mac_src == src->mac)
        src->flags |= PK_WATCH_LINK_MAC;
    if (h->inside & PK_IN_ERROR) /* another's packet, and maybe not all of it */
        return 0;
    if (h->protocol == ICMPV6)
        pk_watch_icmpv6(w, h);
    if (h->protocol == UDP)
        pk_watch_udp(w, h);
    return 0;
}

void pk_watch_udp(struct pk_watch *w, const struct pk_ipv6 *h)
{
    uint16_t from, to;
    size_t len;

    if (h->len < 8)
        return;
    from = pk_get16(h->payload);
    to = pk_get16(h->payload + 2);
    len = PK_MIN(pk_get16(h->payload + 4), h->len);
    if (len < 8)
        return;
    if (to == DHCPV6_CLIENT || to == DHCPV6_SERVER)
        pk_watch_dhcpv6(w, h, h->payload + 8, len - 8);
    else if (from == MDNS)
        pk_watch_mdns(w, h, h->payload + 8, len - 8);
}
