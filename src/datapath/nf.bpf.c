// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The netfilter hook (Linux >= 6.4): LOCAL_IN, FORWARD and LOCAL_OUT of both families, at the place
 * of iptables' filter table. The kernel has routed, defragmented and translated the packet and
 * names both interfaces, so that the verdict is exactly the one of iptables.
 */
#include "datapath/env.bpf.h"
#include "packet/frame.h"

/* The few fields of the kernel's own types that are read; relocated against its BTF. */
struct net_device {
    char name[16];
} __attribute__((preserve_access_index));

struct sk_buff {
    unsigned int len, data_len;
    unsigned char *data; /* at these three hooks: the IP header */
} __attribute__((preserve_access_index));

struct nf_hook_state {
    __u8 hook, pf;
    struct net_device *in, *out;
} __attribute__((preserve_access_index));

struct bpf_nf_ctx {
    const struct nf_hook_state *state;
    struct sk_buff *skb;
} __attribute__((preserve_access_index));

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *ret) __ksym;

struct pk_source {
    struct sk_buff *skb;
    __u64 ip;     /* address of the IP header */
    __u32 linear; /* bytes of the packet that stand there in one run */
};

/* Bytes beyond the linear part lie in pages: the dynptr finds them, as skb_header_pointer would. */
static __attribute__((noinline)) int pk_load_paged(struct sk_buff *skb, __u32 off, void *dst,
                                                   __u32 len)
{
    struct bpf_dynptr d;

    if (bpf_dynptr_from_skb((struct __sk_buff *)skb, 0, &d))
        return -1;
    return bpf_dynptr_read(dst, len, &d, off, 0) ? -1 : 0;
}

static __always_inline int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    if (off + len <= s->linear)
        return bpf_probe_read_kernel(dst, len, (void *)(s->ip + off)) ? -1 : 0;
    return pk_load_paged(s->skb, off, dst, len);
}

static __always_inline void pk_source_init(struct pk_source *s, struct bpf_nf_ctx *ctx)
{
    struct sk_buff *skb = ctx->skb;

    s->skb = skb;
    s->ip = (__u64)skb->data;
    s->linear = skb->len - skb->data_len;
}

/* Interfaces are kept as the address of their device; the name is read only if something asks. */
static __always_inline struct pk_u128 pk_device_name(struct pk_u128 v)
{
    const struct net_device *dev = (const struct net_device *)v.lo;
    __u8 b[16] = {0};

    if (dev)
        bpf_probe_read_kernel_str(b, sizeof(b), dev->name);
    v.hi = pk_be64_at(b);
    v.lo = pk_be64_at(b + 8);
    return v;
}

#define pk_interface(v) pk_device_name(v)
#define PK_CTX struct bpf_nf_ctx
#include "datapath/judge.bpf.h"

#define NFPROTO_IPV4 2
#define NFPROTO_IPV6 10
#define NF_DROP 0
#define NF_ACCEPT 1

/* Not inlined: what it needs on the stack must not lie under the walk's. */
static __attribute__((noinline)) int pk_guarded(const struct net_device *dev)
{
    struct pk_u128 name = pk_device_name((struct pk_u128){.lo = (__u64)dev});

    return bpf_map_lookup_elem(&guards, &name) != NULL;
}

/* Parses the packet. PK_REASON_N: judge it; else the reason to leave by. */
PK_GLOBAL int pk_parse_packet(struct bpf_nf_ctx *ctx, struct pk_packet *p)
{
    struct pk_source s;

    if (!p)
        return PK_R_PASS_MALFORMED;
    pk_source_init(&s, ctx);
    p->len = ctx->skb->len;
    return pk_parse(&s, p, ctx->state->pf == NFPROTO_IPV6);
}

/* NF_INET_LOCAL_IN, FORWARD, LOCAL_OUT are 1, 2, 3; ours are 0, 1, 2. */
SEC("netfilter")
int nf_judge(struct bpf_nf_ctx *ctx)
{
    const struct nf_hook_state *state = ctx->state;
    struct pk_packet p = {.iif.lo = (__u64)state->in, .oif.lo = (__u64)state->out};
    __u32 hook = state->hook - 1u;
    enum pk_reason r;

    if (hook >= PK_HOOK_N)
        return NF_ACCEPT;
    if (!pk_config.guard_all && !pk_guarded(state->in) && !pk_guarded(state->out))
        return pk_exit(hook, PK_R_PASS_UNGUARDED, ctx->skb->len);
    r = pk_parse_packet(ctx, &p);
    if (r == PK_REASON_N)
        r = pk_classify(ctx, &p, hook);
    return pk_exit(hook, r, ctx->skb->len);
}

SEC("netfilter")
int nf_dispatch(struct bpf_nf_ctx *ctx)
{
    return pk_dispatch(ctx, PK_PROG_NF, ctx->state->pf == NFPROTO_IPV6) ? NF_ACCEPT : NF_DROP;
}
