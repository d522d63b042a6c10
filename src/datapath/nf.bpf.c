// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The netfilter hook (Linux >= 6.4): LOCAL_IN, FORWARD and LOCAL_OUT of both families, at the place
 * of iptables' filter table. The kernel has routed, defragmented and translated the packet and
 * names both interfaces, so that the verdict is exactly the one of iptables.
 */
#include "classify/flow.h"
#include "datapath/env.bpf.h"
#include "datapath/skb.bpf.h"
#include "packet/frame.h"

struct net_device {
    char name[16];
} __attribute__((preserve_access_index));

struct net;

struct nf_hook_state {
    __u8 hook, pf;
    struct net_device *in, *out;
    struct net *net;
} __attribute__((preserve_access_index));

/* A kernel type that begins with one 64-bit word. */
struct timespec64 {
    __s64 tv_sec;
} __attribute__((preserve_access_index));

/*
 * A pointer, as a number. Where a program reads a pointer to a kernel type, the verifier looks for
 * what that type may be among the names of all the kernel's, a millisecond each.
 */
static __always_inline __u64 pk_pointer(const void *at)
{
    const struct timespec64 *word = bpf_rdonly_cast(at, bpf_core_type_id_kernel(struct timespec64));

    return (__u64)word->tv_sec;
}

#define NFPROTO_IPV4 2
#define NFPROTO_IPV6 10

#include "datapath/ct.bpf.h"

struct bpf_nf_ctx {
    const struct nf_hook_state *state;
    struct sk_buff *skb;
} __attribute__((preserve_access_index));

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *ret) __ksym;

struct pk_source {
    struct sk_buff *skb;
    struct pk_linear linear; /* at these three hooks the data begin with the IP header */
    __u8 plain;              /* read what lies at hand only ... */
    __u8 missed;             /* ... and say if that was not enough */
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

static __always_inline int pk_load_far(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    if (off + len <= s->linear.bytes)
        return bpf_probe_read_kernel(dst, len, (void *)(s->linear.at + off)) ? -1 : 0;
    return pk_load_paged(s->skb, off, dst, len);
}

static __always_inline int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    if (s->plain)
        return pk_linear_load(&s->linear, off, dst, len) ? pk_missed(s) : 0;
    return pk_load_far(s, off, dst, len);
}

static __always_inline void pk_source_init(struct pk_source *s, struct bpf_nf_ctx *ctx)
{
    struct sk_buff *skb = ctx->skb;

    *s = (struct pk_source){.skb = skb,
                            .linear = {.at = (__u64)skb->data, .bytes = skb->len - skb->data_len}};
}

/* For rules/match/header.bpf.h, as eui64_mt6() finds it. */
static __always_inline int pk_load_mac(struct bpf_nf_ctx *ctx, __u8 dst[8])
{
    const struct sk_buff *skb = ctx->skb;
    __u64 mac = (__u64)skb->head + skb->mac_header;
    __u16 type;

    if (skb->mac_header == 0xffff || mac + 14 > (__u64)skb->data ||
        bpf_probe_read_kernel(&type, 2, (void *)(mac + 12)) ||
        bpf_probe_read_kernel(dst, 6, (void *)(mac + 6)))
        return -1;
    return type != __builtin_bswap16(0x86dd);
}

/* Interfaces are kept as the address of their device; the name is read only if something asks. */
static __always_inline struct pk_u128 pk_device_name(struct pk_u128 v)
{
    const struct net_device *dev = (const struct net_device *)v.lo;
    __u8 b[16] PK_WORDS = {0};

    if (dev)
        bpf_probe_read_kernel_str(b, sizeof(b), dev->name);
    v.hi = pk_be64_at(b);
    v.lo = pk_be64_at(b + 8);
    return v;
}

#define pk_interface(v) pk_device_name(v)

/*
 * The first eight bytes of a device's name, if it has no more. What stands behind the NUL of a
 * shorter one may differ from device to device: one name may then have several keys, never the
 * other way round.
 */
static __always_inline int pk_short_name(__u64 addr, __u64 *ret)
{
    const struct net_device *dev =
        bpf_rdonly_cast((const void *)addr, bpf_core_type_id_kernel(struct net_device));
    __u64 lo, hi;

    *ret = 0;
    if (!addr)
        return 1;
    lo = *(const __u32 *)&dev->name[0];
    hi = *(const __u32 *)&dev->name[4];
    lo |= hi << 32;
    *ret = lo;
    if (!dev->name[8])
        return 1;
    return ((lo - 0x0101010101010101ULL) & ~lo & 0x8080808080808080ULL) != 0; /* a NUL in it */
}

/*
 * A device can be renamed while its index and address stay: its name is the key. In INPUT there is
 * one, in OUTPUT the other; FORWARD has room for both in the keys of IPv4.
 */
static __always_inline int pk_interfaces(struct pk_flow_key *k, const struct pk_packet *p,
                                         __u64 wanted)
{
    __u64 in = 0, out = 0;

    if (wanted & PK_FW_IIF && !pk_short_name(p->iif.lo, &in))
        return 0;
    if (wanted & PK_FW_OIF && !pk_short_name(p->oif.lo, &out))
        return 0;
    if (in && out && p->family == PK_IPV6)
        return 0;
    k->word[PK_FW_INTERFACES] = in ? in : out;
    if (in && out)
        k->word[PK_FW_DADDR_HI] = out;
    return 1;
}

#define PK_CTX struct bpf_nf_ctx
#include "datapath/judge.bpf.h"

#define NF_DROP 0
#define NF_ACCEPT 1

/* Not inlined: what it needs on the stack must not lie under the walk's. */
static __attribute__((noinline)) int pk_guarded(__u64 dev)
{
    struct pk_u128 name = pk_device_name((struct pk_u128){.lo = dev});

    return bpf_map_lookup_elem(&guards, &name) != NULL;
}

/* The rule set asks for connection tracking, and there is none: somebody has switched it off. */
PK_GLOBAL int pk_asks_in_vain(struct bpf_nf_ctx *ctx, __u32 image)
{
    const struct pk_family_tab *t = &pk_head(image)->family[ctx->state->pf == NFPROTO_IPV6];

    if (!PK_IMG(struct pk_family_tab, t->under)->conntrack)
        return 0;
    return pk_ct_lost(ctx->state, ctx->skb);
}

/* NF_INET_LOCAL_IN, FORWARD, LOCAL_OUT are 1, 2, 3; ours are 0, 1, 2. */
static __always_inline __u32 pk_hook_of(const struct nf_hook_state *state)
{
    return state->hook - 1u;
}

/* What the key of the packet's flow tells of its connection, if the rules ask. */
static __always_inline void pk_tell(struct bpf_nf_ctx *ctx, struct pk_packet *p, __u32 image)
{
    const struct pk_family_tab *t = &pk_head(image)->family[p->family == PK_IPV6];
    const __u64 *mask = pk_flow_mask(t, pk_hook_of(ctx->state));

    if (mask[PK_FW_L4] & PK_FW_CT)
        p->ct = (__u8)pk_ct_tell(ctx->state, ctx->skb, mask[PK_FW_L4]);
}

/* Not inlined: what it needs on the stack must not lie under the walk's. */
PK_GLOBAL int pk_tell_walk(struct bpf_nf_ctx *ctx, struct pk_packet *p, __u32 image)
{
    if (p)
        pk_tell(ctx, p, image);
    return 0;
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

static __always_inline int pk_again(struct bpf_nf_ctx *ctx)
{
    return pk_dispatch(ctx, PK_PROG_NF, ctx->state->pf == NFPROTO_IPV6) ? NF_ACCEPT : NF_DROP;
}

SEC("netfilter")
int nf_judge(struct bpf_nf_ctx *ctx)
{
    const struct nf_hook_state *state = ctx->state;
    struct pk_packet p = {.iif.lo = pk_pointer(&state->in), .oif.lo = pk_pointer(&state->out)};
    int ipv6 = state->pf == NFPROTO_IPV6;
    struct pk_source s;
    __u32 hook = pk_hook_of(state), bank;
    enum pk_reason r;

    if (!pk_my_bank(ipv6, &bank))
        return pk_again(ctx);

    pk_source_init(&s, ctx);
    s.plain = 1;
    p.len = ctx->skb->len;
    if (pk_config.guard_all && hook < PK_HOOK_N && pk_parse_plain(&s, &p, ipv6)) {
        pk_tell(ctx, &p, pk_bank_image(bank));
        r = pk_recall(&p, hook, pk_bank_image(bank));
        if (r != PK_REASON_N)
            return pk_exit(hook, r, p.len);
    }
    return pk_walk_on(ctx, PK_PROG_NF, bank) ? NF_ACCEPT : NF_DROP;
}

SEC("netfilter")
int nf_walk(struct bpf_nf_ctx *ctx)
{
    const struct nf_hook_state *state = ctx->state;
    struct pk_packet p = {.iif.lo = pk_pointer(&state->in), .oif.lo = pk_pointer(&state->out)};
    __u32 hook = pk_hook_of(state), bank;
    enum pk_reason r;

    if (hook >= PK_HOOK_N)
        return NF_ACCEPT;
    if (!pk_config.guard_all && !pk_guarded(p.iif.lo) && !pk_guarded(p.oif.lo))
        return pk_exit(hook, PK_R_PASS_UNGUARDED, ctx->skb->len);
    r = pk_parse_packet(ctx, &p);
    if (r != PK_REASON_N)
        return pk_exit(hook, r, ctx->skb->len);
    if (!pk_my_bank(state->pf == NFPROTO_IPV6, &bank))
        return pk_again(ctx);
    pk_tell_walk(ctx, &p, pk_bank_image(bank));
    r = pk_classify(ctx, &p, hook, pk_bank_image(bank));
    if (r <= PK_R_ACCEPT_POLICY && pk_asks_in_vain(ctx, pk_bank_image(bank)))
        r = PK_R_ACCEPT_LOST;
    return pk_exit(hook, r, ctx->skb->len);
}
