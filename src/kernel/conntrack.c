// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "kernel/codes.h"
#include "kernel/fault.h"
#include "kernel/nfnl.h"
#include "kernel/sys.h"
#include "rules/match.h"

#define CHAIN "conntrack"
#define BATCH_MAX 4096u

/* Linux 6.3; the headers of Debian 12 are older. */
#define MSG_DESTROYTABLE 26

static struct nlmsghdr *pk_nft_msg(struct mnl_nlmsg_batch *b, unsigned type, unsigned flags)
{
    return pk_nfnl_put(mnl_nlmsg_batch_current(b), NFNL_SUBSYS_NFTABLES << 8 | type, flags, 1,
                       NFPROTO_INET, 0);
}

static void pk_nft_edge(struct mnl_nlmsg_batch *b, unsigned type)
{
    (void)pk_nfnl_put(mnl_nlmsg_batch_current(b), type, 0, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
    (void)mnl_nlmsg_batch_next(b);
}

static void pk_nft_destroy(struct mnl_nlmsg_batch *b, unsigned flags)
{
    struct nlmsghdr *n = pk_nft_msg(b, MSG_DESTROYTABLE, flags);

    mnl_attr_put_strz(n, NFTA_TABLE_NAME, PK_CONNTRACK_TABLE);
    (void)mnl_nlmsg_batch_next(b);
}

static void pk_nft_table(struct mnl_nlmsg_batch *b)
{
    struct nlmsghdr *n = pk_nft_msg(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);

    mnl_attr_put_strz(n, NFTA_TABLE_NAME, PK_CONNTRACK_TABLE);
    (void)mnl_nlmsg_batch_next(b);
}

static void pk_nft_chain(struct mnl_nlmsg_batch *b)
{
    struct nlmsghdr *n = pk_nft_msg(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

    mnl_attr_put_strz(n, NFTA_CHAIN_TABLE, PK_CONNTRACK_TABLE);
    mnl_attr_put_strz(n, NFTA_CHAIN_NAME, CHAIN);
    (void)mnl_nlmsg_batch_next(b);
}

/* `ct state`, into a register: nft_ct_get_init() asks for tracking. */
static void pk_nft_rule(struct mnl_nlmsg_batch *b)
{
    struct nlmsghdr *n = pk_nft_msg(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK);
    struct nlattr *list, *elem, *data;

    mnl_attr_put_strz(n, NFTA_RULE_TABLE, PK_CONNTRACK_TABLE);
    mnl_attr_put_strz(n, NFTA_RULE_CHAIN, CHAIN);
    list = mnl_attr_nest_start(n, NFTA_RULE_EXPRESSIONS);
    elem = mnl_attr_nest_start(n, NFTA_LIST_ELEM);
    mnl_attr_put_strz(n, NFTA_EXPR_NAME, "ct");
    data = mnl_attr_nest_start(n, NFTA_EXPR_DATA);
    mnl_attr_put_u32(n, NFTA_CT_DREG, htonl(NFT_REG_1));
    mnl_attr_put_u32(n, NFTA_CT_KEY, htonl(NFT_CT_STATE));
    mnl_attr_nest_end(n, data);
    mnl_attr_nest_end(n, elem);
    mnl_attr_nest_end(n, list);
    (void)mnl_nlmsg_batch_next(b);
}

/* One transaction: all of it, or nothing. `build` NULL: only destroys the table. */
static int pk_nft_commit(bool build)
{
    _pk_nfnl_ struct mnl_socket *nl = pk_nfnl_open();
    char buf[BATCH_MAX * 2]; /* libmnl asks for room for one message more */
    struct mnl_nlmsg_batch *b;
    int r = pk_fault();

    if (r || !nl)
        return r ? r : -errno;
    b = mnl_nlmsg_batch_start(buf, BATCH_MAX);
    if (!b)
        return -ENOMEM;
    pk_nft_edge(b, NFNL_MSG_BATCH_BEGIN);
    pk_nft_destroy(b, build ? 0 : NLM_F_ACK);
    if (build) {
        pk_nft_table(b);
        pk_nft_chain(b);
        pk_nft_rule(b);
    }
    pk_nft_edge(b, NFNL_MSG_BATCH_END);
    r = mnl_socket_sendto(nl, mnl_nlmsg_batch_head(b), mnl_nlmsg_batch_size(b)) < 0 ? -errno : 0;
    mnl_nlmsg_batch_stop(b);
    return r ? r : pk_nfnl_answer(nl, NULL, NULL);
}

bool pk_conntrack_rule(const struct pk_rule *r)
{
    for (size_t i = 0; i < r->n_matches; i++)
        if (r->matches[i].def->conntrack)
            return true;
    return false;
}

bool pk_conntrack_asked(const struct pk_ruleset *rs)
{
    for (size_t i = 0; rs && i < rs->n_chains; i++)
        for (size_t k = 0; k < rs->chains[i]->n_rules; k++)
            if (pk_conntrack_rule(rs->chains[i]->rules[k]))
                return true;
    return false;
}

int pk_conntrack_hold(struct pk_diags *d)
{
    int r = pk_nft_commit(true);

    if (r)
        pk_error(d, PK_K_CONNTRACK, PK_NOWHERE,
                 "a kernel with nf_tables and nft_ct can, or take -m conntrack and -m state out",
                 "connection tracking cannot be kept on by a table of nf_tables: %s", strerror(-r));
    return r;
}

int pk_conntrack_release(void)
{
    return pk_nft_commit(false);
}

int pk_conntrack_held(void)
{
    _pk_nfnl_ struct mnl_socket *nl = pk_nfnl_open();
    char buf[BATCH_MAX];
    struct nlmsghdr *n;
    int r;

    if (!nl)
        return -errno;
    n = pk_nfnl_put(buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, NLM_F_ACK, 1, NFPROTO_INET,
                    0);
    mnl_attr_put_strz(n, NFTA_TABLE_NAME, PK_CONNTRACK_TABLE);
    if (mnl_socket_sendto(nl, n, n->nlmsg_len) < 0)
        return -errno;
    r = pk_nfnl_answer(nl, NULL, NULL);
    return r ? r == -ENOENT ? 0 : r : 1;
}
