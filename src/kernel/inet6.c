// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/inet6.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/macro.h"
#include "kernel/links.h"

#define PK_DUMP_TRIES 8 /* the list changed while it was read */
#define PK_ANY_PORT 9   /* discard; nothing is sent to it */

/* Room for one more, zeroed, or NULL: no memory, or `max` are there. */
static void *pk_one_more(void **list, size_t n, size_t max, size_t size)
{
    void *grown = *list;

    if (n == max)
        return NULL;
    if (!(n & (n - 1))) {
        grown = reallocarray(*list, n ? 2 * n : 1, size);
        if (!grown)
            return NULL;
        *list = grown;
    }
    return memset((char *)grown + n * size, 0, size);
}

#define PK_ONE_MORE(i, list, max)                                                                  \
    ((__typeof__((i)->list))pk_one_more((void **)&(i)->list, (i)->n_##list, max,                   \
                                        sizeof(*(i)->list)))

static struct pk_u128 pk_from_be(const void *address)
{
    uint64_t be[2];

    memcpy(be, address, sizeof(be));
    return (struct pk_u128){be64toh(be[0]), be64toh(be[1])};
}

static uint8_t pk_take_hwaddr(const struct nlattr *a, uint8_t ret[static PK_INET6_HWADDR_MAX])
{
    uint16_t len = PK_MIN(mnl_attr_get_payload_len(a), PK_INET6_HWADDR_MAX);

    memcpy(ret, mnl_attr_get_payload(a), len);
    return (uint8_t)len;
}

/* IFLA_AF_SPEC has a nest for each family, of its own attributes. */
static void pk_take_af_spec(const struct nlattr *spec, struct pk_inet6_link *l)
{
    const struct nlattr *family, *a;

    mnl_attr_for_each_nested(family, spec)
    {
        if (mnl_attr_get_type(family) != AF_INET6)
            continue;
        l->inet6 = true;
        mnl_attr_for_each_nested(a, family)
        {
            if (mnl_attr_get_type(a) == IFLA_INET6_ADDR_GEN_MODE)
                l->gen_mode = mnl_attr_get_u8(a);
            if (mnl_attr_get_type(a) == IFLA_INET6_TOKEN && mnl_attr_get_payload_len(a) == 16)
                l->token = pk_from_be(mnl_attr_get_payload(a)).lo;
        }
    }
}

static int pk_link_seen(const struct nlmsghdr *n, void *data)
{
    const struct ifinfomsg *m = mnl_nlmsg_get_payload(n);
    struct pk_inet6 *i = data;
    struct pk_inet6_link *l = PK_ONE_MORE(i, links, PK_INET6_LINKS_MAX);
    const struct nlattr *a;

    if (!l) {
        i->left_out++;
        return MNL_CB_OK;
    }
    i->n_links++;
    l->index = (uint32_t)m->ifi_index;
    l->type = m->ifi_type;
    l->up = m->ifi_flags & IFF_UP;
    l->loopback = m->ifi_flags & IFF_LOOPBACK;
    mnl_attr_for_each(a, n, sizeof(*m))
    {
        switch (mnl_attr_get_type(a)) {
        case IFLA_IFNAME:
            strncpy(l->name, mnl_attr_get_str(a), sizeof(l->name) - 1);
            break;
        case IFLA_ADDRESS:
            l->hwaddr_len = pk_take_hwaddr(a, l->hwaddr);
            break;
        case IFLA_PERM_ADDRESS:
            pk_take_hwaddr(a, l->permanent);
            break;
        case IFLA_AF_SPEC:
            pk_take_af_spec(a, l);
            break;
        }
    }
    return MNL_CB_OK;
}

/* IFA_LOCAL is this side's address of a point-to-point link, and IFA_ADDRESS then the other's. */
static void pk_take_address(const struct nlattr *a, struct pk_inet6_address *x, bool *local)
{
    const struct ifa_cacheinfo *c;

    switch (mnl_attr_get_type(a)) {
    case IFA_LOCAL:
        *local = true;
        x->address = pk_from_be(mnl_attr_get_payload(a));
        break;
    case IFA_ADDRESS:
        if (!*local)
            x->address = pk_from_be(mnl_attr_get_payload(a));
        break;
    case IFA_FLAGS:
        x->flags = mnl_attr_get_u32(a);
        break;
    case IFA_PROTO:
        x->protocol = mnl_attr_get_u8(a);
        break;
    case IFA_CACHEINFO:
        c = mnl_attr_get_payload(a);
        x->preferred = c->ifa_prefered;
        x->valid = c->ifa_valid;
        break;
    }
}

static int pk_address_seen(const struct nlmsghdr *n, void *data)
{
    const struct ifaddrmsg *m = mnl_nlmsg_get_payload(n);
    struct pk_inet6 *i = data;
    struct pk_inet6_address *x = PK_ONE_MORE(i, addresses, PK_INET6_ADDRESSES_MAX);
    const struct nlattr *a;
    bool local = false;

    if (m->ifa_family != AF_INET6)
        return MNL_CB_OK;
    if (!x) {
        i->left_out++;
        return MNL_CB_OK;
    }
    i->n_addresses++;
    x->link = m->ifa_index;
    x->bits = m->ifa_prefixlen;
    x->flags = m->ifa_flags;
    mnl_attr_for_each(a, n, sizeof(*m))
    {
        pk_take_address(a, x, &local);
    }
    return MNL_CB_OK;
}

static uint64_t pk_mac_of(const struct nlattr *a)
{
    const uint8_t *b = mnl_attr_get_payload(a);
    uint64_t mac = 0;

    for (int i = 0; i < 6; i++)
        mac = mac << 8 | b[i];
    return mac;
}

static int pk_neighbour_seen(const struct nlmsghdr *n, void *data)
{
    const struct ndmsg *m = mnl_nlmsg_get_payload(n);
    struct pk_inet6_neighbour x = {.link = (uint32_t)m->ndm_ifindex,
                                   .router = m->ndm_flags & NTF_ROUTER};
    struct pk_inet6 *i = data;
    struct pk_inet6_neighbour *to;
    const struct nlattr *a;
    bool known = false;

    mnl_attr_for_each(a, n, sizeof(*m))
    {
        if (mnl_attr_get_type(a) == NDA_DST && mnl_attr_get_payload_len(a) == 16)
            x.address = pk_from_be(mnl_attr_get_payload(a));
        if (mnl_attr_get_type(a) == NDA_LLADDR && mnl_attr_get_payload_len(a) == 6) {
            x.mac = pk_mac_of(a);
            known = true;
        }
    }
    if (!known || m->ndm_family != AF_INET6 || m->ndm_state & NUD_NOARP)
        return MNL_CB_OK;
    to = PK_ONE_MORE(i, neighbours, PK_INET6_NEIGHBOURS_MAX);
    if (!to) {
        i->left_out++;
        return MNL_CB_OK;
    }
    *to = x;
    i->n_neighbours++;
    return MNL_CB_OK;
}

static int pk_inet6_once(struct pk_inet6 *i)
{
    int r = pk_links_dump(pk_link_seen, i);

    if (!r)
        r = pk_rtnl_dump(RTM_GETADDR, AF_INET6, pk_address_seen, i);
    if (!r)
        r = pk_rtnl_dump(RTM_GETNEIGH, AF_INET6, pk_neighbour_seen, i);
    return r;
}

int pk_inet6_read(struct pk_inet6 *ret)
{
    struct pk_inet6 i;
    int r = -EINTR;

    for (int tries = 0; r == -EINTR && tries < PK_DUMP_TRIES; tries++) {
        i = (struct pk_inet6){.links = NULL};
        r = pk_inet6_once(&i);
        if (r)
            pk_inet6_done(&i);
    }
    if (!r)
        *ret = i;
    return r;
}

void pk_inet6_done(struct pk_inet6 *i)
{
    free(i->links);
    free(i->addresses);
    free(i->neighbours);
    *i = (struct pk_inet6){.links = NULL};
}

/* connect(2) of a datagram socket looks the route up, and the source with it. */
int pk_inet6_source(const char *link, struct pk_u128 to, struct pk_u128 *ret)
{
    _pk_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    uint64_t be[2] = {htobe64(to.hi), htobe64(to.lo)};
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(PK_ANY_PORT)};
    socklen_t len = sizeof(a);

    memcpy(&a.sin6_addr, be, sizeof(be));
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link, (socklen_t)strlen(link)) ||
        connect(fd, (const struct sockaddr *)&a, sizeof(a)) ||
        getsockname(fd, (struct sockaddr *)&a, &len))
        return -errno;
    *ret = pk_from_be(&a.sin6_addr);
    return 0;
}
