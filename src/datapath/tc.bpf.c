// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tc hook (tcx or clsact, Linux >= 5.18): ingress judges INPUT and FORWARD, egress OUTPUT and
 * what is forwarded from a device that is not guarded. It stands before defragmentation and DNAT.
 */
#define PK_CTX struct __sk_buff
#include "datapath/link.bpf.h"

#define TC_ACT_SHOT 2
#define TC_ACT_UNSPEC -1 /* the next program or filter decides; TCX_NEXT */

struct pk_source {
    struct __sk_buff *skb;
    __u32 l3; /* from the kernel's network header: VLAN tags that stand in line */
};

/* Counted from the network header, so that devices without Ethernet need no special case. */
static __always_inline int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    return bpf_skb_load_bytes_relative(s->skb, s->l3 + off, dst, len, BPF_HDR_START_NET) ? -1 : 0;
}

/* The ethertype behind all tags, s->l3 set; 0: too many tags, or cut short. */
static __always_inline __u16 pk_untag(struct pk_source *s)
{
    __u16 type = __builtin_bswap16((__u16)s->skb->protocol);
    __u32 tags = s->skb->vlan_present ? 1 : 0, i;
    __u8 tag[4];

    s->l3 = 0;
    for (i = 0; i <= PK_VLAN_TAGS_MAX && pk_is_vlan(type); i++) {
        if (++tags > PK_VLAN_TAGS_MAX)
            return 0;
        if (bpf_skb_load_bytes_relative(s->skb, s->l3, tag, 4, BPF_HDR_START_NET))
            return 0;
        type = (__u16)(tag[2] << 8 | tag[3]);
        s->l3 += 4;
    }
    return type;
}

static __always_inline void pk_source_init(struct pk_source *s, struct __sk_buff *skb)
{
    s->skb = skb;
    pk_untag(s);
}

#include "datapath/judge.bpf.h"

/* A packet of more than 64 KiB (BIG TCP) has no length in its header: take the frame's. */
static __always_inline __u32 pk_big_len(const struct __sk_buff *skb)
{
    return skb->len > 65535 + 14 ? skb->len - 14 : 0;
}

/* Parses the frame. PK_REASON_N: judge it; else the reason to leave by. Global: see pk_route. */
PK_GLOBAL int pk_parse_frame(struct __sk_buff *skb, struct pk_packet *p)
{
    struct pk_source s = {.skb = skb};
    __u16 type = pk_untag(&s);

    if (!p)
        return PK_R_PASS_MALFORMED;
    if (!type)
        return PK_R_DROP_TAGS;
    if (type != 0x0800 && type != 0x86dd)
        return PK_R_PASS_NOT_IP;
    p->len = pk_big_len(skb);
    return pk_parse(&s, p, type == 0x86dd);
}

static __always_inline int pk_tc_exit(__u32 where, enum pk_reason r, __u32 bytes)
{
    return pk_exit(where, r, bytes) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int tc_ingress_judge(struct __sk_buff *skb)
{
    struct pk_packet p = {.iif.lo = skb->ifindex};
    enum pk_reason r = pk_parse_frame(skb, &p);
    __u32 hook;

    if (r != PK_REASON_N)
        return pk_tc_exit(PK_AT_NONE, r, skb->len);
    hook = pk_route(skb, &p, skb->ifindex);
    return pk_tc_exit(hook, pk_classify(skb, &p, hook), p.len);
}

/*
 * Whence a packet comes is what the kernel noted when it came in, never its source address. A
 * forwarded packet that came by a guarded device was judged there; but multicast was judged as
 * what the host itself receives, and each copy that is routed on is judged here.
 */
SEC("tc")
int tc_egress_judge(struct __sk_buff *skb)
{
    struct pk_packet p = {.iif.lo = skb->ingress_ifindex, .oif.lo = skb->ifindex};
    enum pk_reason r = pk_parse_frame(skb, &p);
    __u32 hook = skb->ingress_ifindex ? PK_FORWARD : PK_OUTPUT;

    if (r == PK_REASON_N && hook == PK_FORWARD && !pk_is_multicast(&p) &&
        pk_index_guarded(skb->ingress_ifindex))
        return pk_tc_exit(hook, PK_R_PASS_JUDGED, p.len);
    if (r != PK_REASON_N)
        return pk_tc_exit(PK_AT_NONE, r, skb->len);
    return pk_tc_exit(hook, pk_classify(skb, &p, hook), p.len);
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
