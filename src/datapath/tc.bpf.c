// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tc hook (tcx or clsact, Linux >= 5.18): ingress judges INPUT and FORWARD, egress OUTPUT and
 * what is forwarded from a device that is not guarded. It stands before defragmentation and DNAT.
 */
#define PK_CTX struct __sk_buff
#include "datapath/link.bpf.h"
#include "datapath/skb.bpf.h"

#define TC_ACT_SHOT 2
#define TC_ACT_UNSPEC -1 /* the next program or filter decides; TCX_NEXT */

/* The word, of those that tc leaves to programs, by which judges tell the walk: 1: egress. */
#define PK_CB_OUT 0

struct pk_source {
    struct __sk_buff *skb;
    __u32 l3; /* from the kernel's network header: VLAN tags that stand in line */
    __u8 plain;
    __u8 missed;
    struct pk_linear linear; /* if plain */
};

/* Counted from the network header, so that devices without Ethernet need no special case. */
static __always_inline int pk_load_far(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    return bpf_skb_load_bytes_relative(s->skb, s->l3 + off, dst, len, BPF_HDR_START_NET) ? -1 : 0;
}

static __always_inline int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    if (s->plain)
        return pk_linear_load(&s->linear, off, dst, len) ? pk_missed(s) : 0;
    return pk_load_far(s, off, dst, len);
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
    *s = (struct pk_source){.skb = skb};
    pk_untag(s);
}

/*
 * For rules/match/header.bpf.h: at ingress, if the device has Ethernet headers. At egress a frame
 * has its next source address already.
 */
static __always_inline int pk_load_mac(struct __sk_buff *skb, __u8 dst[8])
{
    __u16 type;

    if (skb->ingress_ifindex != skb->ifindex ||
        bpf_skb_load_bytes_relative(skb, 12, &type, 2, BPF_HDR_START_MAC) ||
        bpf_skb_load_bytes_relative(skb, 6, dst, 6, BPF_HDR_START_MAC))
        return -1;
    type = __builtin_bswap16(type);
    return type == 0x86dd || pk_is_vlan(type) ? 0 : -1;
}

/* For the zone: the outermost VLAN, 0 if there is none; and the device. */
static __always_inline __u32 pk_vlan(struct __sk_buff *skb)
{
    __u8 tag[2];

    if (skb->vlan_present)
        return skb->vlan_tci & 0xfff;
    if (!pk_is_vlan(__builtin_bswap16((__u16)skb->protocol)) ||
        bpf_skb_load_bytes_relative(skb, 0, tag, 2, BPF_HDR_START_NET))
        return 0;
    return (__u32)(tag[0] << 8 | tag[1]) & 0xfff;
}

#define pk_index_of(skb) ((skb)->ifindex)

#include "datapath/track.bpf.h"

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

static __always_inline int pk_again(struct __sk_buff *skb, __u32 slot, int second)
{
    return pk_dispatch(skb, slot, second) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

/* The packet as the kernel has it, only where it lets us look. */
static __always_inline const struct sk_buff *pk_kernel_skb(struct __sk_buff *skb)
{
    if (!pk_config.cast)
        return NULL;
    return bpf_cast_to_kern_ctx(skb);
}

static __always_inline const struct net_device *pk_device(struct __sk_buff *skb)
{
    const struct sk_buff *kernel = pk_kernel_skb(skb);

    return kernel ? kernel->dev : NULL;
}

/* Parses an untagged, plain packet. 0: that is the walk's to do. */
static __always_inline int pk_plain(struct __sk_buff *skb, struct pk_packet *p)
{
    const struct sk_buff *kernel = pk_kernel_skb(skb);
    struct pk_source s = {.skb = skb, .plain = 1};
    __u32 type = skb->protocol;

    if (!kernel || skb->vlan_present)
        return 0;
    pk_linear_init(&s.linear, kernel);
    p->len = pk_big_len(skb);
    if (type == __builtin_bswap16(0x86dd))
        return pk_parse_plain(&s, p, 1);
    return type == __builtin_bswap16(0x0800) && pk_parse_plain(&s, p, 0);
}

SEC("tc")
int tc_ingress_judge(struct __sk_buff *skb)
{
    struct pk_packet p = {.iif.lo = skb->ifindex};
    enum pk_reason r;
    __u32 hook, bank;

    if (!pk_my_bank(0, &bank))
        return pk_again(skb, PK_PROG_TC_INGRESS, 0);
    if (pk_plain(skb, &p)) {
        hook = pk_route_plain(skb, &p, pk_device(skb));
        r = pk_remember(skb, &p, hook, pk_bank_image(bank), PK_RTT_NETWORK);
        if (r != PK_REASON_N)
            return pk_tc_exit(hook, r, p.len);
    } else {
        pk_state_leave();
    }
    skb->cb[PK_CB_OUT] = 0;
    return pk_walk_on(skb, PK_PROG_TC_INGRESS, bank) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

/* What the host itself sends. What it forwards is rarer here, and the walk's to tell apart. */
SEC("tc")
int tc_egress_judge(struct __sk_buff *skb)
{
    struct pk_packet p = {.oif.lo = skb->ifindex};
    enum pk_reason r;
    __u32 bank;

    if (!pk_my_bank(1, &bank))
        return pk_again(skb, PK_PROG_TC_EGRESS, 1);
    if (!skb->ingress_ifindex && pk_plain(skb, &p)) {
        r = pk_remember(skb, &p, PK_OUTPUT, pk_bank_image(bank), PK_RTT_HOST);
        if (r != PK_REASON_N)
            return pk_tc_exit(PK_OUTPUT, r, p.len);
    } else {
        pk_state_leave();
    }
    skb->cb[PK_CB_OUT] = 1;
    return pk_walk_on(skb, PK_PROG_TC_EGRESS, bank) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

/*
 * Whence a packet comes is what the kernel noted when it came in, never its source address. A
 * forwarded packet that came by a guarded device was judged there; but multicast was judged as
 * what the host itself receives, and each copy that is routed on is judged here.
 */
static __always_inline int pk_judged_before(struct __sk_buff *skb, const struct pk_packet *p)
{
    return skb->ingress_ifindex && !pk_is_multicast(p) && pk_index_guarded(skb->ingress_ifindex);
}

/* Of both directions, to be proved and loaded once. A place in the context may not be computed. */
SEC("tc")
int tc_walk(struct __sk_buff *skb)
{
    __u32 dev = pk_volatile(skb->ifindex), from = pk_volatile(skb->ingress_ifindex);
    __u32 hook, bank, out = skb->cb[PK_CB_OUT];
    struct pk_packet p = {.iif.lo = out ? from : dev, .oif.lo = out ? dev : 0};
    enum pk_reason r = pk_parse_frame(skb, &p);

    if (r != PK_REASON_N)
        return pk_tc_exit(PK_AT_NONE, r, skb->len);
    if (!out)
        hook = pk_route(skb, &p, skb->ifindex);
    else if (pk_judged_before(skb, &p))
        return pk_tc_exit(PK_FORWARD, PK_R_PASS_JUDGED, p.len);
    else
        hook = skb->ingress_ifindex ? PK_FORWARD : PK_OUTPUT;
    if (!pk_my_bank(out != 0, &bank))
        return out ? pk_again(skb, PK_PROG_TC_EGRESS, 1) : pk_again(skb, PK_PROG_TC_INGRESS, 0);
    r = pk_judge(skb, &p, hook, pk_bank_image(bank), out ? PK_RTT_HOST : PK_RTT_NETWORK);
    return pk_tc_exit(hook, r, p.len);
}
