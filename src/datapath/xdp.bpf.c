// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The XDP hook (native or generic, Linux >= 5.18): ingress only, on Ethernet devices; what leaves
 * is tc's, as in the paper. Accepted packets go on to the stack.
 */
#define PK_CTX struct xdp_md
#include "datapath/link.bpf.h"

struct pk_source {
    struct xdp_md *xdp;
    __u32 l3; /* from the start of the frame */
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

static __always_inline int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    const __u8 *data = (const __u8 *)(long)s->xdp->data;
    const __u8 *end = (const __u8 *)(long)s->xdp->data_end;
    __u64 at = s->l3 + off;

    if (at > 0x7fff || data + at + len > end)
        return bpf_xdp_load_bytes(s->xdp, at, dst, len) ? -1 : 0;
    pk_copy(dst, data + at, len);
    return 0;
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
    s->xdp = xdp;
    pk_untag(s);
}

#include "datapath/judge.bpf.h"

PK_GLOBAL int pk_parse_frame(struct xdp_md *xdp, struct pk_packet *p)
{
    struct pk_source s = {.xdp = xdp};
    __u16 type = pk_untag(&s);

    if (!p)
        return PK_R_PASS_MALFORMED;
    if (!type)
        return PK_R_DROP_TAGS;
    if (type != 0x0800 && type != 0x86dd)
        return PK_R_PASS_NOT_IP;
    return pk_parse(&s, p, type == 0x86dd);
}

SEC("xdp")
int xdp_judge(struct xdp_md *xdp)
{
    struct pk_packet p = {.iif.lo = xdp->ingress_ifindex};
    enum pk_reason r = pk_parse_frame(xdp, &p);
    __u32 hook = PK_AT_NONE, bytes = xdp->data_end - xdp->data;

    if (r == PK_REASON_N) {
        hook = pk_route(xdp, &p, xdp->ingress_ifindex);
        r = pk_classify(xdp, &p, hook);
        bytes = p.len;
    }
    return pk_exit(hook, r, bytes) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int xdp_dispatch(struct xdp_md *xdp)
{
    return pk_dispatch(xdp, PK_PROG_XDP, 0) ? XDP_PASS : XDP_DROP;
}
