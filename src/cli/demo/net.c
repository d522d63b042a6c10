// SPDX-License-Identifier: GPL-2.0-or-later
/* The demo's wire: two namespaces, one veth pair, addresses, listeners. */
#include "cli/demo/demo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/macro.h"
#include "cli/codes.h"

static const uint8_t pk_demo_mac_client[PK_MAC_LEN] = {2, 0, 0, 0, 1, 2};
static const uint8_t pk_demo_mac_server[PK_MAC_LEN] = {2, 0, 0, 0, 1, 1};

/*
 * The server has one address of each family, so that every answer comes from where the question
 * went; to the client's other networks it has routes.
 */
static const char *const pk_demo_client_v4[] = {"192.0.2.2", "198.51.100.23", "203.0.113.66"};
static const char *const pk_demo_client_v6[] = {"2001:db8:1::2", "2001:db8:2::23",
                                                "2001:db8:bad::66"};
static const char *const pk_demo_server_v4[] = {"192.0.2.1"};
static const char *const pk_demo_server_v6[] = {"2001:db8:1::1"};
static const char *const pk_demo_routes_v4[] = {"198.51.100.0", "203.0.113.0"};
static const char *const pk_demo_routes_v6[] = {"2001:db8:2::", "2001:db8:bad::"};

double pk_demo_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* No duplicate address detection and no router solicitations: nothing to wait for. */
static int pk_demo_quiet(const struct pk_netns *ns)
{
    static const char *const set[][2] = {
        {"ipv4/conf/all/rp_filter", "0"},         {"ipv4/conf/default/rp_filter", "0"},
        {"ipv6/conf/all/disable_ipv6", "0"},      {"ipv6/conf/default/disable_ipv6", "0"},
        {"ipv6/conf/all/accept_dad", "0"},        {"ipv6/conf/default/accept_dad", "0"},
        {"ipv6/conf/default/dad_transmits", "0"}, {"ipv6/conf/default/router_solicitations", "0"},
    };
    size_t i;
    int r;

    for (i = 0; i < PK_ARRAY_SIZE(set); i++) {
        r = pk_netns_sysctl(ns, set[i][0], set[i][1]);
        if (r)
            return r;
    }
    return 0;
}

static int pk_demo_addresses(const struct pk_netns *ns, unsigned index, const char *const *addr,
                             size_t n, unsigned prefix)
{
    size_t i;
    int r = 0;

    for (i = 0; i < n && !r; i++)
        r = pk_addr_add(ns, index, addr[i], prefix);
    return r;
}

/* IPv4 neighbours are told, IPv6 ones found by neighbour discovery, which the rules must let in. */
static int pk_demo_neighbours(const struct pk_netns *ns, unsigned index, const char *const *addr,
                              size_t n, const uint8_t *mac)
{
    size_t i;
    int r = 0;

    for (i = 0; i < n && !r; i++)
        r = pk_neigh_add(ns, index, addr[i], mac);
    return r;
}

static int pk_demo_client_end(const struct pk_netns *ns)
{
    int r, index = pk_link_index(ns, PK_DEMO_DEV);
    unsigned i = (unsigned)index;

    if (index < 0)
        return index;
    r = pk_link_up(ns, i);
    if (!r)
        r = pk_demo_addresses(ns, i, pk_demo_client_v4, PK_ARRAY_SIZE(pk_demo_client_v4), 24);
    if (!r)
        r = pk_demo_addresses(ns, i, pk_demo_client_v6, PK_ARRAY_SIZE(pk_demo_client_v6), 64);
    return r ? r : pk_demo_neighbours(ns, i, pk_demo_server_v4, 1, pk_demo_mac_server);
}

static int pk_demo_server_end(const struct pk_netns *ns)
{
    int r, index = pk_link_index(ns, PK_DEMO_DEV);
    unsigned i = (unsigned)index;
    size_t k;

    if (index < 0)
        return index;
    r = pk_link_up(ns, i);
    if (!r)
        r = pk_demo_addresses(ns, i, pk_demo_server_v4, 1, 24);
    if (!r)
        r = pk_demo_addresses(ns, i, pk_demo_server_v6, 1, 64);
    for (k = 0; k < PK_ARRAY_SIZE(pk_demo_routes_v4) && !r; k++) {
        r = pk_route_link(ns, i, pk_demo_routes_v4[k], 24);
        if (!r)
            r = pk_route_link(ns, i, pk_demo_routes_v6[k], 64);
    }
    if (!r)
        r = pk_demo_neighbours(ns, i, pk_demo_client_v4, PK_ARRAY_SIZE(pk_demo_client_v4),
                               pk_demo_mac_client);
    return r;
}

static int pk_demo_wire_up(struct pk_demo *d)
{
    struct pk_veth_end client = {.ns = &d->client, .name = PK_DEMO_DEV};
    struct pk_veth_end server = {.ns = &d->server, .name = PK_DEMO_DEV};
    int r;

    memcpy(client.mac, pk_demo_mac_client, PK_MAC_LEN);
    memcpy(server.mac, pk_demo_mac_server, PK_MAC_LEN);
    r = pk_demo_quiet(&d->client);
    if (!r)
        r = pk_demo_quiet(&d->server);
    if (!r)
        r = pk_veth_new(&client, &server);
    if (!r)
        r = pk_demo_server_end(&d->server);
    if (!r)
        r = pk_demo_client_end(&d->client);
    return r;
}

int pk_demo_wire(struct pk_demo *d)
{
    int r = pk_netns_new(&d->client);

    if (!r)
        r = pk_netns_new(&d->server);
    if (!r)
        r = pk_demo_wire_up(d);
    if (r)
        pk_error(&d->c.d, PK_D_RIG, PK_NOWHERE,
                 r == -EPERM ? "run it as root" : "network namespaces, veth and IPv6 are needed",
                 "cannot build two network namespaces and a veth pair: %s", strerror(-r));
    return r;
}

unsigned pk_demo_sockaddr(const char *addr, uint16_t port, struct sockaddr_storage *ret)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    memset(ret, 0, sizeof(*ret));
    if (inet_pton(AF_INET, addr, &v4.sin_addr) == 1) {
        memcpy(ret, &v4, sizeof(v4));
        return sizeof(v4);
    }
    if (inet_pton(AF_INET6, addr, &v6.sin6_addr) == 1) {
        memcpy(ret, &v6, sizeof(v6));
        return sizeof(v6);
    }
    return 0;
}

static int pk_demo_bound(int af, int type, int protocol, const char *addr, uint16_t port)
{
    _pk_close_ int fd = socket(af, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    struct sockaddr_storage to;
    socklen_t len = pk_demo_sockaddr(addr, port, &to);
    int one = 1;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&to, len) < 0)
        return -errno;
    return PK_TAKE_FD(fd);
}

int pk_demo_socket(struct pk_demo *d, int af, int type, int protocol, const char *from)
{
    int fd, back, r = pk_netns_enter(&d->client, &back);

    if (r)
        return r;
    fd = pk_demo_bound(af, type, protocol, from, 0);
    if (pk_netns_leave(&back) < 0) {
        if (fd >= 0)
            close(fd);
        return -EIO;
    }
    return fd;
}

/* In the server's namespace, where the process is by then: both families on one socket each. */
int pk_demo_listen(struct pk_demo *d)
{
    static const struct {
        int type;
        uint16_t port;
    } ports[PK_DEMO_LISTENERS] = {
        {SOCK_STREAM, 22}, {SOCK_STREAM, 443}, {SOCK_STREAM, 8080},
        {SOCK_DGRAM, 53},  {SOCK_DGRAM, 443},
    };
    size_t i;

    for (i = 0; i < PK_DEMO_LISTENERS; i++) {
        int fd = pk_demo_bound(AF_INET6, ports[i].type, 0, "::", ports[i].port);

        if (fd < 0)
            return fd;
        d->listeners[i] = fd;
        if (ports[i].type == SOCK_STREAM && listen(fd, 16) < 0)
            return -errno;
    }
    return 0;
}
