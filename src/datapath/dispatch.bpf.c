// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is attached, once for the life of the fence: it reads the word and goes to the judge of the
 * live bank. In an object of its own, since it needs nothing of the kernel's type information,
 * which takes long to read.
 */
#include <linux/pkt_cls.h>

#include "datapath/env.bpf.h"

struct nf_hook_state {
    __u8 hook, pf;
} __attribute__((preserve_access_index));

struct bpf_nf_ctx {
    const struct nf_hook_state *state;
} __attribute__((preserve_access_index));

#define NFPROTO_IPV6 10
#define NF_DROP 0
#define NF_ACCEPT 1

SEC("netfilter")
int nf_dispatch(struct bpf_nf_ctx *ctx)
{
    return pk_dispatch(ctx, PK_PROG_NF, ctx->state->pf == NFPROTO_IPV6) ? NF_ACCEPT : NF_DROP;
}

SEC("tc")
int tc_ingress_dispatch(struct __sk_buff *skb)
{
    return pk_dispatch(skb, PK_PROG_TC_INGRESS, 0) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int tc_egress_dispatch(struct __sk_buff *skb)
{
    return pk_dispatch(skb, PK_PROG_TC_EGRESS, 1) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("xdp")
int xdp_dispatch(struct xdp_md *xdp)
{
    return pk_dispatch(xdp, PK_PROG_XDP, 0) ? XDP_PASS : XDP_DROP;
}
