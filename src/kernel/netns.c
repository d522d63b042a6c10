// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macro.h"

#define PK_SELF_NET "/proc/thread-self/ns/net"

static int pk_netns_sockets(struct pk_netns *ns)
{
    ns->sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (ns->sock < 0)
        return -errno;
    ns->rtnl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (!ns->rtnl || mnl_socket_bind(ns->rtnl, 0, MNL_SOCKET_AUTOPID) < 0)
        return -errno;
    return pk_link_up(ns, 1); /* the loopback is always the first link of a namespace */
}

static int pk_netns_back(int *back)
{
    int fd = PK_TAKE_FD(*back);
    int r = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;

    close(fd);
    return r;
}

int pk_netns_new(struct pk_netns *ret)
{
    struct pk_netns ns = PK_NETNS_NONE;
    int back = -1, r;

    back = open(PK_SELF_NET, O_RDONLY | O_CLOEXEC);
    if (back < 0)
        return -errno;
    if (unshare(CLONE_NEWNET) < 0) {
        r = -errno;
        close(back);
        return r;
    }
    ns.fd = open(PK_SELF_NET, O_RDONLY | O_CLOEXEC);
    r = ns.fd < 0 ? -errno : pk_netns_sockets(&ns);
    if (pk_netns_back(&back) < 0 && !r)
        r = -EIO;
    if (r) {
        pk_netns_done(&ns);
        return r;
    }
    *ret = ns;
    return 0;
}

void pk_netns_done(struct pk_netns *ns)
{
    if (ns->rtnl)
        mnl_socket_close(ns->rtnl);
    if (ns->sock >= 0)
        close(ns->sock);
    if (ns->fd >= 0)
        close(ns->fd);
    *ns = PK_NETNS_NONE;
}

int pk_netns_enter(const struct pk_netns *ns, int *ret_back)
{
    _pk_close_ int back = open(PK_SELF_NET, O_RDONLY | O_CLOEXEC);

    if (back < 0)
        return -errno;
    if (setns(ns->fd, CLONE_NEWNET) < 0)
        return -errno;
    *ret_back = PK_TAKE_FD(back);
    return 0;
}

int pk_netns_leave(int *back)
{
    return pk_netns_back(back);
}

static int pk_write_file(const char *path, const char *value)
{
    _pk_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
    size_t len = strlen(value);

    if (fd < 0)
        return -errno;
    return write(fd, value, len) == (ssize_t)len ? 0 : -EIO;
}

int pk_netns_sysctl(const struct pk_netns *ns, const char *name, const char *value)
{
    char path[128];
    int back = -1, r;

    if (snprintf(path, sizeof(path), "/proc/sys/net/%s", name) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    r = pk_netns_enter(ns, &back);
    if (r)
        return r;
    r = pk_write_file(path, value);
    if (pk_netns_leave(&back) < 0 && !r)
        r = -EIO;
    return r;
}

/* Sends one request and waits for the kernel's answer to it: 0 or -errno. */
static int pk_rtnl_ask(const struct pk_netns *ns, struct nlmsghdr *h)
{
    char buf[8192]; /* MNL_SOCKET_BUFFER_SIZE is no constant */
    ssize_t n;

    h->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    h->nlmsg_seq = 1;
    if (mnl_socket_sendto(ns->rtnl, h, h->nlmsg_len) < 0)
        return -errno;
    n = mnl_socket_recvfrom(ns->rtnl, buf, sizeof(buf));
    if (n < 0)
        return -errno;
    return mnl_cb_run(buf, (size_t)n, 1, mnl_socket_get_portid(ns->rtnl), NULL, NULL) < 0 ? -errno
                                                                                          : 0;
}

/* What is common to both ends: one queue each way, since one CPU sends and takes. */
static void pk_veth_put(struct nlmsghdr *h, const struct pk_veth_end *end)
{
    mnl_attr_put_strz(h, IFLA_IFNAME, end->name);
    mnl_attr_put(h, IFLA_ADDRESS, PK_MAC_LEN, end->mac);
    mnl_attr_put_u32(h, IFLA_NUM_TX_QUEUES, 1);
    mnl_attr_put_u32(h, IFLA_NUM_RX_QUEUES, 1);
}

int pk_veth_new(const struct pk_veth_end *a, const struct pk_veth_end *b)
{
    char buf[1024] __attribute__((aligned(8)));
    struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
    struct nlattr *info, *data, *peer;

    h->nlmsg_type = RTM_NEWLINK;
    h->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
    mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
    pk_veth_put(h, a);
    info = mnl_attr_nest_start(h, IFLA_LINKINFO);
    mnl_attr_put_strz(h, IFLA_INFO_KIND, "veth");
    data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
    peer = mnl_attr_nest_start(h, VETH_INFO_PEER);
    mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
    pk_veth_put(h, b);
    mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)b->ns->fd);
    mnl_attr_nest_end(h, peer);
    mnl_attr_nest_end(h, data);
    mnl_attr_nest_end(h, info);
    return pk_rtnl_ask(a->ns, h);
}

int pk_link_up(const struct pk_netns *ns, unsigned ifindex)
{
    char buf[128] __attribute__((aligned(8)));
    struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
    struct ifinfomsg *m;

    h->nlmsg_type = RTM_NEWLINK;
    m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
    m->ifi_index = (int)ifindex;
    m->ifi_flags = m->ifi_change = IFF_UP;
    return pk_rtnl_ask(ns, h);
}

/* An interface request for `name`, or -ENAMETOOLONG. */
static int pk_ifreq_named(struct ifreq *ret, const char *name)
{
    *ret = (struct ifreq){0};
    if (snprintf(ret->ifr_name, sizeof(ret->ifr_name), "%s", name) >= (int)sizeof(ret->ifr_name))
        return -ENAMETOOLONG;
    return 0;
}

int pk_link_index(const struct pk_netns *ns, const char *name)
{
    struct ifreq r;
    int e = pk_ifreq_named(&r, name);

    if (e)
        return e;
    return ioctl(ns->sock, SIOCGIFINDEX, &r) < 0 ? -errno : r.ifr_ifindex;
}

static int pk_ethtool(const struct pk_netns *ns, const char *name, void *command)
{
    struct ifreq r;
    int e = pk_ifreq_named(&r, name);

    if (e)
        return e;
    r.ifr_data = command;
    return ioctl(ns->sock, SIOCETHTOOL, &r) < 0 ? -errno : 0;
}

int pk_link_gro(const struct pk_netns *ns, const char *name, bool on)
{
    struct ethtool_value v = {.cmd = ETHTOOL_SGRO, .data = on};

    return pk_ethtool(ns, name, &v);
}

/* veth's statistics: where "rx_queue_0_xdp_packets" stands. It counts every frame taken. */
#define PK_VETH_STATS_MAX 128
#define PK_VETH_TAKEN "rx_queue_0_xdp_packets"

static int pk_veth_stat_index(const struct pk_netns *ns, const char *name, unsigned n)
{
    _pk_free_ struct ethtool_gstrings *s = calloc(1, sizeof(*s) + (size_t)n * ETH_GSTRING_LEN);
    unsigned i;
    int r;

    if (!s)
        return -ENOMEM;
    s->cmd = ETHTOOL_GSTRINGS;
    s->string_set = ETH_SS_STATS;
    s->len = n;
    r = pk_ethtool(ns, name, s);
    if (r)
        return r;
    for (i = 0; i < n; i++) {
        if (!strncmp((char *)s->data + i * ETH_GSTRING_LEN, PK_VETH_TAKEN, ETH_GSTRING_LEN))
            return (int)i;
    }
    return -EOPNOTSUPP;
}

int pk_veth_taken(const struct pk_netns *ns, const char *name, uint64_t *ret)
{
    union {
        struct ethtool_stats head; /* whose last member is the array of values */
        uint64_t room[1 + PK_VETH_STATS_MAX];
    } s = {.head.cmd = ETHTOOL_GSTATS};
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    static int at = -1; /* the same for every veth of one queue */
    int r;

    r = pk_ethtool(ns, name, &info);
    if (r)
        return r;
    if (info.n_stats > PK_VETH_STATS_MAX)
        return -E2BIG;
    if (at < 0) {
        r = pk_veth_stat_index(ns, name, info.n_stats);
        if (r < 0)
            return r;
        at = r;
    }
    s.head.n_stats = info.n_stats;
    r = pk_ethtool(ns, name, &s);
    if (r)
        return r;
    *ret = s.head.data[at];
    return 0;
}

/* An address as text to bytes; the address family, or -EINVAL. */
static int pk_addr_bytes(const char *text, uint8_t ret[16], size_t *ret_len)
{
    if (inet_pton(AF_INET, text, ret) == 1) {
        *ret_len = 4;
        return AF_INET;
    }
    if (inet_pton(AF_INET6, text, ret) == 1) {
        *ret_len = 16;
        return AF_INET6;
    }
    return -EINVAL;
}

int pk_addr_add(const struct pk_netns *ns, unsigned ifindex, const char *addr, unsigned prefix)
{
    char buf[256] __attribute__((aligned(8)));
    struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
    struct ifaddrmsg *m;
    uint8_t bytes[16];
    size_t len;
    int af = pk_addr_bytes(addr, bytes, &len);

    if (af < 0)
        return af;
    h->nlmsg_type = RTM_NEWADDR;
    h->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
    m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
    m->ifa_family = (uint8_t)af;
    m->ifa_prefixlen = (uint8_t)prefix;
    m->ifa_flags = af == AF_INET6 ? IFA_F_NODAD : 0;
    m->ifa_index = ifindex;
    mnl_attr_put(h, IFA_LOCAL, len, bytes);
    mnl_attr_put(h, IFA_ADDRESS, len, bytes);
    return pk_rtnl_ask(ns, h);
}

int pk_neigh_add(const struct pk_netns *ns, unsigned ifindex, const char *addr,
                 const uint8_t mac[PK_MAC_LEN])
{
    char buf[256] __attribute__((aligned(8)));
    struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
    struct ndmsg *m;
    uint8_t bytes[16];
    size_t len;
    int af = pk_addr_bytes(addr, bytes, &len);

    if (af < 0)
        return af;
    h->nlmsg_type = RTM_NEWNEIGH;
    h->nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE;
    m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
    m->ndm_family = (uint8_t)af;
    m->ndm_ifindex = (int)ifindex;
    m->ndm_state = NUD_PERMANENT;
    mnl_attr_put(h, NDA_DST, len, bytes);
    mnl_attr_put(h, NDA_LLADDR, PK_MAC_LEN, mac);
    return pk_rtnl_ask(ns, h);
}

static int pk_route_add(const struct pk_netns *ns, unsigned ifindex, const char *addr,
                        unsigned prefix, bool local)
{
    char buf[256] __attribute__((aligned(8)));
    struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
    struct rtmsg *m;
    uint8_t bytes[16];
    size_t len;
    int af = pk_addr_bytes(addr, bytes, &len);

    if (af < 0)
        return af;
    h->nlmsg_type = RTM_NEWROUTE;
    h->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
    m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
    m->rtm_family = (uint8_t)af;
    m->rtm_dst_len = (uint8_t)prefix;
    m->rtm_table = local ? RT_TABLE_LOCAL : RT_TABLE_MAIN;
    m->rtm_protocol = RTPROT_STATIC;
    m->rtm_scope = local ? RT_SCOPE_HOST : RT_SCOPE_LINK;
    m->rtm_type = local ? RTN_LOCAL : RTN_UNICAST;
    mnl_attr_put(h, RTA_DST, len, bytes);
    mnl_attr_put_u32(h, RTA_OIF, ifindex);
    return pk_rtnl_ask(ns, h);
}

int pk_route_link(const struct pk_netns *ns, unsigned ifindex, const char *addr, unsigned prefix)
{
    return pk_route_add(ns, ifindex, addr, prefix, false);
}

int pk_route_local(const struct pk_netns *ns, unsigned ifindex, const char *addr, unsigned prefix)
{
    return pk_route_add(ns, ifindex, addr, prefix, true);
}
