// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/nf_conntrack_tcp.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/macro.h"
#include "kernel/codes.h"
#include "kernel/conn.h"

struct pk_seed {
    pk_conn_fn *fn;
    void *arg;
};

/* One end of each tuple mirrors one of the other; of ICMP, the identifier stays where it is. */
static void pk_seed_mirror(struct pk_conn *c)
{
    c->addr[PK_CT_REPLDST] = c->addr[PK_CT_ORIGSRC];
    c->addr[PK_CT_REPLSRC] = c->addr[PK_CT_ORIGDST];
    if (pk_conn_is_icmp(c->proto)) {
        c->port[PK_CT_REPLSRC] = c->port[PK_CT_ORIGSRC];
        return;
    }
    c->port[PK_CT_REPLDST] = c->port[PK_CT_ORIGSRC];
    c->port[PK_CT_REPLSRC] = c->port[PK_CT_ORIGDST];
}

static int pk_seed_give(void *arg, const struct pk_conn *c)
{
    const struct pk_seed *x = arg;
    struct pk_conn one = *c;
    int r;

    one.status &= ~(uint32_t)(PK_CTF_SRC_NAT | PK_CTF_DST_NAT);
    pk_seed_mirror(&one);
    r = x->fn(x->arg, &one);
    if (r || pk_conn_mirrored(c))
        return r;
    one.addr[PK_CT_ORIGSRC] = c->addr[PK_CT_REPLDST];
    one.addr[PK_CT_ORIGDST] = c->addr[PK_CT_REPLSRC];
    one.port[PK_CT_ORIGSRC] = c->port[pk_conn_is_icmp(c->proto) ? PK_CT_REPLSRC : PK_CT_REPLDST];
    if (!pk_conn_is_icmp(c->proto))
        one.port[PK_CT_ORIGDST] = c->port[PK_CT_REPLSRC];
    pk_seed_mirror(&one);
    return x->fn(x->arg, &one);
}

int pk_conn_seed(pk_conn_fn *fn, void *arg, struct pk_diags *d)
{
    struct pk_seed x = {.fn = fn, .arg = arg};
    int tracked = pk_ctnl_each(&PK_CONN_ANY, pk_seed_give, &x, d);
    int live = pk_sockdiag_each(fn, arg, d);

    return tracked ? tracked : live;
}

/* How long Linux remembers: nf_conntrack_NAME of this network namespace, or its default. */
static const struct {
    const char *name;
    uint32_t seconds;
} pk_seed_times[] = {
    [0] = {"udp_timeout", 30},
    [TCP_CONNTRACK_SYN_SENT] = {"tcp_timeout_syn_sent", 120},
    [TCP_CONNTRACK_SYN_RECV] = {"tcp_timeout_syn_recv", 60},
    [TCP_CONNTRACK_ESTABLISHED] = {"tcp_timeout_established", 432000},
    [TCP_CONNTRACK_FIN_WAIT] = {"tcp_timeout_fin_wait", 120},
    [TCP_CONNTRACK_CLOSE_WAIT] = {"tcp_timeout_close_wait", 60},
    [TCP_CONNTRACK_LAST_ACK] = {"tcp_timeout_last_ack", 30},
    [TCP_CONNTRACK_TIME_WAIT] = {"tcp_timeout_time_wait", 120},
};

static uint32_t pk_seed_time(size_t state)
{
    _pk_buf_ struct pk_buf text = {.data = NULL};
    unsigned long v = 0;
    char path[96];

    snprintf(path, sizeof(path), "/proc/sys/net/netfilter/nf_conntrack_%s",
             pk_seed_times[state].name);
    if (!pk_file_read(path, 32, &text) && text.len)
        v = strtoul(text.data, NULL, 10);
    return v && v <= UINT32_MAX ? (uint32_t)v : pk_seed_times[state].seconds;
}

struct pk_seed_kernel {
    struct pk_ctnl_adder to;
    uint32_t times[PK_ARRAY_SIZE(pk_seed_times)]; /* by state; UDP at 0 */
};

static int pk_seed_add(void *arg, const struct pk_conn *c)
{
    struct pk_seed_kernel *x = arg;
    struct pk_conn one = *c;
    int r;

    one.expires = x->times[c->state];
    r = pk_ctnl_add(&x->to, &one);
    return r == -EEXIST ? 0 : r;
}

int pk_conn_seed_kernel(struct pk_diags *d)
{
    struct pk_seed_kernel x = {0};
    int r = pk_ctnl_add_open(&x.to);

    for (size_t i = 0; i < PK_ARRAY_SIZE(x.times); i++)
        x.times[i] = pk_seed_time(i);
    if (!r)
        r = pk_sockdiag_each(pk_seed_add, &x, d);
    pk_ctnl_add_close(&x.to);
    return r;
}
