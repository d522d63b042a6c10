// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Network namespaces and links of one's own, for `picket demo` and `picket bench`: made, wired and
 * addressed over rtnetlink, without ip(8) and without names in /run/netns.
 *
 * A namespace lives as long as its descriptor, so it goes when the process goes, however it ends.
 * Nothing here touches the namespace the process started in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct mnl_socket;

/* An owned object. `fd` is the namespace, `rtnl` a route socket and `sock` an ioctl socket in it.
 */
struct pk_netns {
    int fd;
    int sock;
    struct mnl_socket *rtnl;
};

#define PK_NETNS_NONE ((struct pk_netns){.fd = -1, .sock = -1})

/* A fresh namespace with its loopback up; the calling thread stays where it was. 0 or -errno. */
int pk_netns_new(struct pk_netns *ret);
void pk_netns_done(struct pk_netns *ns);

/*
 * Moves the calling thread into a namespace; *ret_back is a descriptor of the one it left, for
 * pk_netns_leave, which closes it. 0 or -errno.
 */
int pk_netns_enter(const struct pk_netns *ns, int *ret_back);
int pk_netns_leave(int *back);

/* Writes one /proc/sys/net value inside the namespace: "ipv4/ip_forward", "1". 0 or -errno. */
int pk_netns_sysctl(const struct pk_netns *ns, const char *name, const char *value);

#define PK_MAC_LEN 6

/* A veth pair of one queue each way, both ends down, with the hardware addresses given. */
struct pk_veth_end {
    const struct pk_netns *ns;
    const char *name;
    uint8_t mac[PK_MAC_LEN];
};
int pk_veth_new(const struct pk_veth_end *a, const struct pk_veth_end *b);

int pk_link_up(const struct pk_netns *ns, unsigned ifindex);
/* The index of a link in the namespace, or -errno. */
int pk_link_index(const struct pk_netns *ns, const char *name);
/* Generic receive offload: on veth it gives the end a NAPI instance, which ndo_xdp_xmit needs. */
int pk_link_gro(const struct pk_netns *ns, const char *name, bool on);
/* Frames that the receiving NAPI of a veth end has taken off its ring. 0 or -errno. */
int pk_veth_taken(const struct pk_netns *ns, const char *name, uint64_t *ret);

/* An address as text, "192.0.2.1" or "2001:db8::1"; an IPv6 one is usable at once (no DAD). */
int pk_addr_add(const struct pk_netns *ns, unsigned ifindex, const char *addr, unsigned prefix);
/* A neighbour that never expires and is never asked for. */
int pk_neigh_add(const struct pk_netns *ns, unsigned ifindex, const char *addr,
                 const uint8_t mac[PK_MAC_LEN]);
/* Every address of a prefix is on the link, without a gateway. */
int pk_route_link(const struct pk_netns *ns, unsigned ifindex, const char *addr, unsigned prefix);
/* Every address of a prefix is the namespace's own. */
int pk_route_local(const struct pk_netns *ns, unsigned ifindex, const char *addr, unsigned prefix);

#define _pk_netns_ __attribute__((cleanup(pk_netns_done)))
