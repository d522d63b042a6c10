// SPDX-License-Identifier: GPL-2.0-or-later
/* Linux's table of connections: asked, thinned out, listened to. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "base/diag.h"
#include "base/macro.h"
#include "kernel/codes.h"
#include "kernel/conn.h"
#include "kernel/ctnetlink_msg.h"
#include "kernel/fault.h"
#include "kernel/nfnl.h"
#include "kernel/sys.h"

/* What a burst of events may fill before they are lost: some 20,000 of them. */
#define PK_WATCH_BUFFER (8 << 20)
#define PK_WATCH_PART 65536
/* A tuple and what is beside it take 150 bytes. */
#define PK_CTNL_ASK 512

#define PK_CTNL_TYPE(message) (NFNL_SUBSYS_CTNETLINK << 8 | (message))

struct pk_ctnl_dump {
    const struct pk_conn_filter *filter;
    pk_conn_fn *fn;
    void *arg;
    bool told; /* the error is fn's */
};

static int pk_dump_take(const struct nlmsghdr *n, void *arg)
{
    struct pk_ctnl_dump *dump = arg;
    struct pk_conn c;
    int r;

    if (pk_ctnl_parse(n, &c) || !pk_conn_matches(dump->filter, &c))
        return MNL_CB_OK;
    r = dump->fn(dump->arg, &c);
    if (!r)
        return MNL_CB_OK;
    dump->told = true;
    errno = -r;
    return MNL_CB_ERROR;
}

/* Linux leaves the other family out itself. */
static unsigned pk_dump_family(const struct pk_conn_filter *f)
{
    return f->families == 1u << PK_IPV4 ? AF_INET : f->families == 1u << PK_IPV6 ? AF_INET6 : 0;
}

static int pk_dump_run(struct pk_ctnl_dump *dump)
{
    _pk_nfnl_ struct mnl_socket *nl = pk_nfnl_open();
    char buf[PK_CTNL_ASK];
    struct nlmsghdr *n;

    if (!nl)
        return -errno;
    n = pk_nfnl_put(buf, PK_CTNL_TYPE(IPCTNL_MSG_CT_GET), NLM_F_DUMP, 1,
                    pk_dump_family(dump->filter), 0);
    if (mnl_socket_sendto(nl, n, n->nlmsg_len) < 0)
        return -errno;
    return pk_nfnl_answer(nl, pk_dump_take, dump);
}

int pk_ctnl_each(const struct pk_conn_filter *f, pk_conn_fn *fn, void *arg, struct pk_diags *d)
{
    struct pk_ctnl_dump dump = {.filter = f, .fn = fn, .arg = arg};
    int r = pk_dump_run(&dump);

    return r && !dump.told ? pk_sys_error(d, r, "cannot read Linux's table of connections") : r;
}

struct pk_ctnl_deleter {
    struct mnl_socket *nl;
    pk_conn_fn *fn;
    void *arg;
    struct pk_diags *d;
};

/* An entry that is gone by itself meanwhile is none of ours. */
static int pk_delete_one(void *arg, const struct pk_conn *c)
{
    struct pk_ctnl_deleter *x = arg;
    char buf[PK_CTNL_ASK];
    struct nlmsghdr *n = pk_nfnl_put(buf, PK_CTNL_TYPE(IPCTNL_MSG_CT_DELETE), NLM_F_ACK, 1,
                                     c->family == PK_IPV4 ? AF_INET : AF_INET6, 0);
    int r;

    pk_ctnl_put(n, c);
    r = mnl_socket_sendto(x->nl, n, n->nlmsg_len) < 0 ? -errno : pk_nfnl_answer(x->nl, NULL, NULL);
    if (r == -ENOENT)
        return 0;
    return r ? pk_sys_error(x->d, r, "cannot delete a connection") : x->fn(x->arg, c);
}

int pk_ctnl_delete(const struct pk_conn_filter *f, pk_conn_fn *fn, void *arg, struct pk_diags *d)
{
    _pk_nfnl_ struct mnl_socket *nl = pk_nfnl_open();
    struct pk_ctnl_deleter x = {.nl = nl, .fn = fn, .arg = arg, .d = d};

    if (!nl)
        return pk_sys_error(d, -errno, "cannot open a socket of netlink");
    return pk_ctnl_each(f, pk_delete_one, &x, d);
}

int pk_ctnl_add_open(struct pk_ctnl_adder *ret)
{
    ret->nl = pk_nfnl_open();
    return ret->nl ? 0 : -errno;
}

void pk_ctnl_add_close(struct pk_ctnl_adder *x)
{
    pk_nfnl_done(&x->nl);
}

int pk_ctnl_add(struct pk_ctnl_adder *x, const struct pk_conn *c)
{
    char buf[PK_CTNL_ASK];
    struct nlmsghdr *n =
        pk_nfnl_put(buf, PK_CTNL_TYPE(IPCTNL_MSG_CT_NEW), NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, 1,
                    c->family == PK_IPV4 ? AF_INET : AF_INET6, 0);
    int r = pk_fault();

    pk_ctnl_put_new(n, c);
    if (!r)
        r = mnl_socket_sendto(x->nl, n, n->nlmsg_len) < 0 ? -errno
                                                          : pk_nfnl_answer(x->nl, NULL, NULL);
    return r;
}

static int pk_level_take(const struct nlmsghdr *n, void *arg)
{
    struct pk_conn_level *level = arg;
    const struct nlattr *a;

    mnl_attr_for_each(a, n, sizeof(struct nfgenmsg))
    {
        uint64_t *to = mnl_attr_get_type(a) == CTA_STATS_GLOBAL_ENTRIES       ? &level->count
                       : mnl_attr_get_type(a) == CTA_STATS_GLOBAL_MAX_ENTRIES ? &level->max
                                                                              : NULL;

        if (to && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
            *to = ntohl(mnl_attr_get_u32(a));
    }
    return MNL_CB_OK;
}

int pk_ctnl_level(struct pk_conn_level *ret)
{
    _pk_nfnl_ struct mnl_socket *nl = pk_nfnl_open();
    struct pk_conn_level level = {0};
    char buf[PK_CTNL_ASK];
    struct nlmsghdr *n;
    int r;

    if (!nl)
        return -errno;
    n = pk_nfnl_put(buf, PK_CTNL_TYPE(IPCTNL_MSG_CT_GET_STATS), NLM_F_ACK, 1, 0, 0);
    if (mnl_socket_sendto(nl, n, n->nlmsg_len) < 0)
        return -errno;
    r = pk_nfnl_answer(nl, pk_level_take, &level);
    if (!r)
        *ret = level;
    return r;
}

struct pk_ctnl_watch {
    struct mnl_socket *nl;
    const struct pk_conn_filter *filter;
    pk_conn_event_fn *fn;
    void *arg;
    char part[PK_WATCH_PART];
};

static int pk_watch_join(struct mnl_socket *nl, unsigned events)
{
    static const int groups[] = {[PK_CONN_NEW] = NFNLGRP_CONNTRACK_NEW,
                                 [PK_CONN_UPDATE] = NFNLGRP_CONNTRACK_UPDATE,
                                 [PK_CONN_DESTROY] = NFNLGRP_CONNTRACK_DESTROY};
    int size = PK_WATCH_BUFFER, fd = mnl_socket_get_fd(nl);

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
        return -errno;
    for (size_t i = 0; i < PK_ARRAY_SIZE(groups); i++) {
        int group = groups[i];

        if (events >> i & 1 &&
            mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
            return -errno;
    }
    return 0;
}

int pk_ctnl_watch_open(unsigned events, struct pk_ctnl_watch **ret, struct pk_diags *d)
{
    _pk_ctnl_watch_ struct pk_ctnl_watch *w = calloc(1, sizeof(*w));
    int r;

    if (!w)
        return -ENOMEM;
    w->nl = pk_nfnl_open();
    r = w->nl ? pk_watch_join(w->nl, events) : -errno;
    if (r)
        return pk_sys_error(d, r, "cannot listen to events of connections");
    *ret = PK_TAKE_PTR(w);
    return 0;
}

void pk_ctnl_watch_close(struct pk_ctnl_watch **w)
{
    if (!*w)
        return;
    pk_nfnl_done(&(*w)->nl);
    free(*w);
    *w = NULL;
}

int pk_ctnl_watch_fd(const struct pk_ctnl_watch *w)
{
    return mnl_socket_get_fd(w->nl);
}

static int pk_watch_take(const struct nlmsghdr *n, void *arg)
{
    struct pk_ctnl_watch *w = arg;
    bool destroyed = (n->nlmsg_type & 0xff) == IPCTNL_MSG_CT_DELETE;
    struct pk_conn c;
    int r;

    if (n->nlmsg_type >> 8 != NFNL_SUBSYS_CTNETLINK || pk_ctnl_parse(n, &c) ||
        !pk_conn_matches(w->filter, &c))
        return MNL_CB_OK;
    /* A new one is told with NLM_F_CREATE, as by ctnetlink_conntrack_event(). */
    r = w->fn(w->arg,
              destroyed                       ? PK_CONN_DESTROY
              : n->nlmsg_flags & NLM_F_CREATE ? PK_CONN_NEW
                                              : PK_CONN_UPDATE,
              &c);
    errno = -r;
    return r ? MNL_CB_ERROR : MNL_CB_OK;
}

int pk_ctnl_watch_read(struct pk_ctnl_watch *w, const struct pk_conn_filter *f,
                       pk_conn_event_fn *fn, void *arg)
{
    ssize_t len = recv(pk_ctnl_watch_fd(w), w->part, sizeof(w->part), 0);

    if (len < 0)
        return -errno;
    w->filter = f;
    w->fn = fn;
    w->arg = arg;
    return mnl_cb_run(w->part, (size_t)len, 0, 0, pk_watch_take, w) < 0 ? -errno : 0;
}
