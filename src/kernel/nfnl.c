// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/nfnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <linux/netfilter/nfnetlink.h>

/* A dump's messages come in parts of up to 32 KiB, if there is room for them. */
#define PK_NFNL_PART 32768

struct mnl_socket *pk_nfnl_open(void)
{
    struct mnl_socket *nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);

    if (nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID)) {
        mnl_socket_close(nl);
        nl = NULL;
    }
    return nl;
}

void pk_nfnl_done(struct mnl_socket **nl)
{
    if (*nl)
        mnl_socket_close(*nl);
}

struct nlmsghdr *pk_nfnl_put(void *at, unsigned type, unsigned flags, unsigned seq, unsigned family,
                             unsigned res_id)
{
    struct nlmsghdr *n = mnl_nlmsg_put_header(at);
    struct nfgenmsg *g = mnl_nlmsg_put_extra_header(n, sizeof(*g));

    n->nlmsg_type = (uint16_t)type;
    n->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    n->nlmsg_seq = seq;
    *g = (struct nfgenmsg){.nfgen_family = (uint8_t)family,
                           .version = NFNETLINK_V0,
                           .res_id = htons((uint16_t)res_id)};
    return n;
}

int pk_nfnl_answer(struct mnl_socket *nl, mnl_cb_t cb, void *arg)
{
    char buf[PK_NFNL_PART];
    ssize_t len;
    int r;

    do {
        len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
        if (len < 0)
            return -errno;
        r = mnl_cb_run(buf, (size_t)len, 0, mnl_socket_get_portid(nl), cb, arg);
    } while (r > 0);
    return r < 0 ? -errno : 0;
}
