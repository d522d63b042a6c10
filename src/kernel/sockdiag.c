// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Live sockets of this network namespace as connections: what goes on here though nobody tracked
 * it. A socket knows its two ends, its state and the window scales, and not what the first packet
 * was: whoever listens on its port has been called, anybody else has called.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <linux/inet_diag.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>

#include <libmnl/libmnl.h>

#include "base/diag.h"
#include "base/macro.h"
#include "kernel/conn.h"
#include "kernel/nfnl.h"
#include "kernel/sys.h"

#define PK_DIAG_PART 32768
#define PK_DIAG_PORTS 65536

/* net/tcp_states.h; only linux/bpf.h has them for user space. */
enum {
    PK_SK_ESTABLISHED = 1,
    PK_SK_SYN_SENT,
    PK_SK_SYN_RECV,
    PK_SK_FIN_WAIT1,
    PK_SK_FIN_WAIT2,
    PK_SK_TIME_WAIT,
    PK_SK_CLOSE,
    PK_SK_CLOSE_WAIT,
    PK_SK_LAST_ACK,
    PK_SK_LISTEN,
    PK_SK_CLOSING,
    PK_SK_STATES
};

/* How far Linux's tracking would be: FIN_WAIT is one FIN seen, LAST_ACK two. 0: no connection. */
static const uint8_t pk_tracked[PK_SK_STATES] = {
    [PK_SK_ESTABLISHED] = TCP_CONNTRACK_ESTABLISHED, [PK_SK_SYN_SENT] = TCP_CONNTRACK_SYN_SENT,
    [PK_SK_SYN_RECV] = TCP_CONNTRACK_SYN_RECV,       [PK_SK_FIN_WAIT1] = TCP_CONNTRACK_FIN_WAIT,
    [PK_SK_FIN_WAIT2] = TCP_CONNTRACK_CLOSE_WAIT,    [PK_SK_TIME_WAIT] = TCP_CONNTRACK_TIME_WAIT,
    [PK_SK_CLOSE_WAIT] = TCP_CONNTRACK_CLOSE_WAIT,   [PK_SK_LAST_ACK] = TCP_CONNTRACK_LAST_ACK,
    [PK_SK_CLOSING] = TCP_CONNTRACK_LAST_ACK,
};

struct pk_sockdiag {
    uint8_t proto;
    uint8_t listens[PK_DIAG_PORTS / 8]; /* bit per TCP port */
    pk_conn_fn *fn;
    void *arg;
    bool told; /* the error is fn's */
};

static struct pk_u128 pk_diag_addr(enum pk_family family, const uint32_t be[4])
{
    struct pk_u128 a = {.lo = ntohl(be[family == PK_IPV4 ? 0 : 3])};

    if (family == PK_IPV6) {
        a.lo |= (uint64_t)ntohl(be[2]) << 32;
        a.hi = (uint64_t)ntohl(be[0]) << 32 | ntohl(be[1]);
    }
    return a;
}

/* A socket of IPv6 may speak IPv4: ::ffff:192.0.2.1. */
static bool pk_diag_mapped(struct pk_u128 a)
{
    return !a.hi && a.lo >> 32 == 0xffff;
}

/* Window scales and SACK: each side has said them for itself. */
static void pk_diag_options(const struct nlmsghdr *n, enum pk_conn_dir ours, struct pk_conn *c)
{
    const struct nlattr *a;

    mnl_attr_for_each(a, n, sizeof(struct inet_diag_msg))
    {
        struct tcp_info info = {0};

        if (mnl_attr_get_type(a) != INET_DIAG_INFO)
            continue;
        memcpy(&info, mnl_attr_get_payload(a), PK_MIN(sizeof(info), mnl_attr_get_payload_len(a)));
        c->tcp_scale[ours] = info.tcpi_rcv_wscale;
        c->tcp_scale[!ours] = info.tcpi_snd_wscale;
        for (int dir = 0; dir < PK_CONN_DIRS; dir++)
            c->tcp_flags[dir] =
                (uint8_t)((info.tcpi_options & TCPI_OPT_WSCALE ? IP_CT_TCP_FLAG_WINDOW_SCALE : 0) |
                          (info.tcpi_options & TCPI_OPT_SACK ? IP_CT_TCP_FLAG_SACK_PERM : 0));
    }
}

/* One of TCP has seen both sides; whether one of UDP was answered, nobody knows. */
static uint32_t pk_diag_status(const struct pk_conn *c)
{
    uint32_t status = PK_CTF_CONFIRMED;

    if (c->proto != IPPROTO_TCP || c->state == TCP_CONNTRACK_SYN_SENT)
        return status;
    status |= PK_CTF_SEEN_REPLY;
    return c->state == TCP_CONNTRACK_SYN_RECV ? status : status | PK_CTF_ASSURED;
}

static void pk_diag_fill(const struct inet_diag_msg *m, enum pk_conn_dir ours, struct pk_conn *c)
{
    bool v6 = m->idiag_family == AF_INET6;
    struct pk_u128 here = pk_diag_addr(v6 ? PK_IPV6 : PK_IPV4, m->id.idiag_src),
                   there = pk_diag_addr(v6 ? PK_IPV6 : PK_IPV4, m->id.idiag_dst);
    enum pk_ct_end from_here = ours == PK_CONN_ORIG ? PK_CT_ORIGSRC : PK_CT_REPLSRC,
                   from_there = ours == PK_CONN_ORIG ? PK_CT_REPLSRC : PK_CT_ORIGSRC;

    if (v6 && pk_diag_mapped(there)) {
        v6 = false;
        here = (struct pk_u128){.lo = (uint32_t)here.lo};
        there = (struct pk_u128){.lo = (uint32_t)there.lo};
    }
    c->family = v6 ? PK_IPV6 : PK_IPV4;
    c->addr[from_here] = c->addr[from_there + 1] = here;
    c->addr[from_there] = c->addr[from_here + 1] = there;
    c->port[from_here] = c->port[from_there + 1] = ntohs(m->id.idiag_sport);
    c->port[from_there] = c->port[from_here + 1] = ntohs(m->id.idiag_dport);
}

static int pk_diag_give(struct pk_sockdiag *x, const struct nlmsghdr *n,
                        const struct inet_diag_msg *m)
{
    uint16_t port = ntohs(m->id.idiag_sport);
    bool called = x->proto == IPPROTO_TCP && x->listens[port / 8] >> port % 8 & 1;
    enum pk_conn_dir ours = called ? PK_CONN_REPLY : PK_CONN_ORIG;
    struct pk_conn c = {.proto = x->proto};

    if (x->proto == IPPROTO_TCP) {
        c.state = m->idiag_state < PK_SK_STATES ? pk_tracked[m->idiag_state] : 0;
        if (!c.state)
            return 0;
        pk_diag_options(n, ours, &c);
    }
    pk_diag_fill(m, ours, &c);
    c.status = pk_diag_status(&c);
    return x->fn(x->arg, &c);
}

static int pk_diag_take(const struct nlmsghdr *n, void *arg)
{
    const struct inet_diag_msg *m = mnl_nlmsg_get_payload(n);
    struct pk_sockdiag *x = arg;
    uint16_t port;
    int r;

    if (n->nlmsg_len < mnl_nlmsg_size(sizeof(*m)) ||
        (m->idiag_family != AF_INET && m->idiag_family != AF_INET6))
        return MNL_CB_OK;
    if (x->proto == IPPROTO_TCP && m->idiag_state == PK_SK_LISTEN) {
        port = ntohs(m->id.idiag_sport);
        x->listens[port / 8] |= (uint8_t)(1u << port % 8);
        return MNL_CB_OK;
    }
    if (!m->id.idiag_dport)
        return MNL_CB_OK;
    r = pk_diag_give(x, n, m);
    if (!r)
        return MNL_CB_OK;
    x->told = true;
    errno = -r;
    return MNL_CB_ERROR;
}

/* Sockets of one family in these states, of x->proto. */
static int pk_diag_dump(struct mnl_socket *nl, struct pk_sockdiag *x, int family, uint32_t states)
{
    char buf[256];
    struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
    struct inet_diag_req_v2 *req = mnl_nlmsg_put_extra_header(n, sizeof(*req));

    n->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    n->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    *req = (struct inet_diag_req_v2){.sdiag_family = (uint8_t)family,
                                     .sdiag_protocol = x->proto,
                                     .idiag_ext = 1u << (INET_DIAG_INFO - 1),
                                     .idiag_states = states};
    if (mnl_socket_sendto(nl, n, n->nlmsg_len) < 0)
        return -errno;
    return pk_nfnl_answer(nl, pk_diag_take, x);
}

static int pk_diag_proto(struct mnl_socket *nl, struct pk_sockdiag *x, uint8_t proto,
                         uint32_t states)
{
    int r;

    x->proto = proto;
    r = pk_diag_dump(nl, x, AF_INET, states);
    return r ? r : pk_diag_dump(nl, x, AF_INET6, states);
}

int pk_sockdiag_each(pk_conn_fn *fn, void *arg, struct pk_diags *d)
{
    _pk_nfnl_ struct mnl_socket *nl = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
    _pk_free_ struct pk_sockdiag *x = calloc(1, sizeof(*x));
    int r;

    if (!x || !nl)
        return pk_sys_error(d, x ? -errno : -ENOMEM, "cannot ask for live sockets");
    x->fn = fn;
    x->arg = arg;
    r = mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) ? -errno : 0;
    if (!r)
        r = pk_diag_proto(nl, x, IPPROTO_TCP, 1u << PK_SK_LISTEN);
    if (!r)
        r = pk_diag_proto(nl, x, IPPROTO_TCP,
                          ((1u << PK_SK_STATES) - 1) & ~(1u << PK_SK_LISTEN | 1u << PK_SK_CLOSE));
    if (!r)
        r = pk_diag_proto(nl, x, IPPROTO_UDP, 1u << PK_SK_ESTABLISHED);
    return r && !x->told ? pk_sys_error(d, r, "cannot read the live sockets") : r;
}
