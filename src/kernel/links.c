// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/links.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define PK_DUMP_SIZE 32768 /* what the kernel puts into one message of a dump, at most */

static int pk_rtnl_ask(struct mnl_socket *nl, uint16_t type, const void *head, size_t len,
                       mnl_cb_t seen, void *data)
{
    char buf[PK_DUMP_SIZE];
    struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
    ssize_t got;
    int r;

    n->nlmsg_type = type;
    n->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    n->nlmsg_seq = 1;
    memcpy(mnl_nlmsg_put_extra_header(n, len), head, len);
    if (mnl_socket_sendto(nl, n, n->nlmsg_len) < 0)
        return -errno;
    do {
        got = mnl_socket_recvfrom(nl, buf, sizeof(buf));
        if (got < 0)
            return -errno;
        r = mnl_cb_run(buf, (size_t)got, 1, mnl_socket_get_portid(nl), seen, data);
    } while (r > MNL_CB_STOP);
    return r < 0 ? -errno : 0;
}

int pk_rtnl_list(uint16_t type, const void *head, size_t len, mnl_cb_t seen, void *data)
{
    struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    int r = nl ? 0 : -errno;

    if (!r && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
        r = -errno;
    if (!r)
        r = pk_rtnl_ask(nl, type, head, len, seen, data);
    if (nl)
        mnl_socket_close(nl);
    return r;
}

/* Each list's request begins with the family, and this head is the longest. */
int pk_rtnl_dump(uint16_t type, uint8_t family, mnl_cb_t seen, void *data)
{
    const struct ifinfomsg head = {.ifi_family = family};

    return pk_rtnl_list(type, &head, sizeof(head), seen, data);
}

int pk_links_dump(mnl_cb_t seen, void *data)
{
    return pk_rtnl_dump(RTM_GETLINK, AF_UNSPEC, seen, data);
}
