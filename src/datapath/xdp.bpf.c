// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The XDP hook (native or generic, Linux >= 5.18): ingress only, on Ethernet devices; what leaves
 * is tc's, as in the paper. Accepted packets go on to the stack.
 */
#define PK_CTX struct xdp_md
#include "datapath/link.bpf.h"

struct xdp_rxq_info {
    struct net_device *dev;
} __attribute__((preserve_access_index));

struct xdp_buff {
    struct xdp_rxq_info *rxq;
} __attribute__((preserve_access_index));

/* The device a frame came by; only where the kernel lets us look. */
static __always_inline struct net_device *pk_device(struct xdp_md *xdp)
{
    struct xdp_buff *b;

    if (!pk_config.cast)
        return NULL;
    b = bpf_cast_to_kern_ctx(xdp);
    return b->rxq->dev;
}

struct pk_source {
    struct xdp_md *xdp;
    __u32 l3;    /* from the start of the frame */
    __u8 plain;  /* read what lies at hand only ... */
    __u8 missed; /* ... and say if that was not enough */
};

/* Copies in the largest words; `len` is a constant and packet access need not be aligned. */
static __always_inline void pk_copy(__u8 *dst, const __u8 *src, __u32 len)
{
    for (; len >= 8; len -= 8, dst += 8, src += 8)
        *(__u64 *)dst = *(const __u64 *)src;
    for (; len >= 4; len -= 4, dst += 4, src += 4)
        *(__u32 *)dst = *(const __u32 *)src;
    for (; len; len--)
        *dst++ = *src++;
}

/* 0: not all of it lies at hand. */
static __always_inline int pk_load_near(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    const __u8 *data = (const __u8 *)(long)s->xdp->data;
    const __u8 *end = (const __u8 *)(long)s->xdp->data_end;
    __u64 at = s->l3 + off;

    if (at > 0x7fff || data + at + len > end)
        return 0;
    pk_copy(dst, data + at, len);
    return 1;
}

/* Without a look at what lies at hand: in a loop the verifier would follow both for each round. */
static __always_inline int pk_load_far(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    return bpf_xdp_load_bytes(s->xdp, s->l3 + off, dst, len) ? -1 : 0;
}

static __always_inline int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    if (pk_load_near(s, off, dst, len))
        return 0;
    return s->plain ? pk_missed(s) : pk_load_far(s, off, dst, len);
}

/* The ethertype behind all tags, s->l3 set; 0: too many tags, or cut short. */
static __always_inline __u16 pk_untag(struct pk_source *s)
{
    __u8 b[4];
    __u16 type;
    __u32 i;

    s->l3 = 0;
    if (pk_load(s, 12, b, 2))
        return 0;
    type = (__u16)(b[0] << 8 | b[1]);
    s->l3 = 14;
    for (i = 0; i <= PK_VLAN_TAGS_MAX && pk_is_vlan(type); i++) {
        if (i == PK_VLAN_TAGS_MAX || pk_load(s, 0, b, 4))
            return 0;
        type = (__u16)(b[2] << 8 | b[3]);
        s->l3 += 4;
    }
    return type;
}

static __always_inline void pk_source_init(struct pk_source *s, struct xdp_md *xdp)
{
    *s = (struct pk_source){.xdp = xdp};
    pk_untag(s);
}

/* For rules/match/header.bpf.h. What is IPv6 behind tags is IPv6 to the stack, too. */
static __always_inline int pk_load_mac(struct xdp_md *xdp, __u8 dst[8])
{
    return bpf_xdp_load_bytes(xdp, 6, dst, 6) ? -1 : 0;
}

/* For the zone: the outermost VLAN, 0 if there is none; and the device. */
static __always_inline __u32 pk_vlan(struct xdp_md *xdp)
{
    __u8 b[4];

    if (bpf_xdp_load_bytes(xdp, 12, b, 4) || !pk_is_vlan((__u16)(b[0] << 8 | b[1])))
        return 0;
    return (__u32)(b[2] << 8 | b[3]) & 0xfff;
}

#define pk_index_of(xdp) ((xdp)->ingress_ifindex)

#include "datapath/track.bpf.h"

/* Where IP begins << 16 | its ethertype: a number, so that parsing is proved once for all tags. */
PK_GLOBAL __u32 pk_frame_type(struct xdp_md *xdp)
{
    struct pk_source s = {.xdp = xdp};
    __u16 type = pk_untag(&s);

    return s.l3 << 16 | type;
}

PK_GLOBAL int pk_parse_frame(struct xdp_md *xdp, struct pk_packet *p)
{
    __u32 found = pk_frame_type(xdp);
    struct pk_source s = {.xdp = xdp, .l3 = found >> 16 & 31};
    __u16 type = (__u16)found;

    if (!p)
        return PK_R_PASS_MALFORMED;
    if (!type)
        return PK_R_DROP_TAGS;
    if (type != 0x0800 && type != 0x86dd)
        return PK_R_PASS_NOT_IP;
    return pk_parse(&s, p, type == 0x86dd);
}

/* Parses an untagged, plain frame and finds its chain. 0: that is the walk's to do. */
static __always_inline int pk_plain(struct xdp_md *xdp, struct pk_packet *p, __u32 *ret_hook)
{
    const __u8 *data = (const __u8 *)(long)xdp->data;
    struct pk_source s = {.xdp = xdp, .l3 = 14, .plain = 1};
    __u16 type;

    if (data + 14 > (const __u8 *)(long)xdp->data_end)
        return 0;
    type = *(const __u16 *)(data + 12);
    if (type == __builtin_bswap16(0x86dd)) {
        if (!pk_parse_plain(&s, p, 1))
            return 0;
    } else if (type != __builtin_bswap16(0x0800) || !pk_parse_plain(&s, p, 0)) {
        return 0;
    }
    *ret_hook = pk_route_plain(xdp, p, pk_device(xdp));
    return *ret_hook < PK_HOOK_N;
}

SEC("xdp")
int xdp_judge(struct xdp_md *xdp)
{
    struct pk_packet p = {.iif.lo = xdp->ingress_ifindex};
    enum pk_reason r;
    __u32 hook, bank;

    if (!pk_my_bank(0, &bank))
        return pk_dispatch(xdp, PK_PROG_XDP, 0) ? XDP_PASS : XDP_DROP;
    if (pk_plain(xdp, &p, &hook)) {
        r = pk_remember(xdp, &p, hook, pk_bank_image(bank), PK_RTT_NETWORK);
        if (r != PK_REASON_N)
            return pk_exit(hook, r, p.len) ? XDP_PASS : XDP_DROP;
    } else {
        pk_state_leave();
    }
    return pk_walk_on(xdp, PK_PROG_XDP, bank) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int xdp_walk(struct xdp_md *xdp)
{
    struct pk_packet p = {.iif.lo = xdp->ingress_ifindex};
    enum pk_reason r = pk_parse_frame(xdp, &p);
    __u32 hook, bank;

    if (r != PK_REASON_N)
        return pk_exit(PK_AT_NONE, r, xdp->data_end - xdp->data) ? XDP_PASS : XDP_DROP;
    hook = pk_route(xdp, &p, xdp->ingress_ifindex);
    if (!pk_my_bank(0, &bank))
        return pk_dispatch(xdp, PK_PROG_XDP, 0) ? XDP_PASS : XDP_DROP;
    r = pk_judge(xdp, &p, hook, pk_bank_image(bank), PK_RTT_NETWORK);
    return pk_exit(hook, r, p.len) ? XDP_PASS : XDP_DROP;
}
