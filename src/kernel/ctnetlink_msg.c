// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/ctnetlink_msg.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "base/macro.h"

/* More attributes than any of the nests below has; later ones are left out. */
#define PK_ATTRS 32

struct pk_attrs {
    const struct nlattr *at[PK_ATTRS];
};

static int pk_attr_take(const struct nlattr *a, void *arg)
{
    struct pk_attrs *attrs = arg;

    if (mnl_attr_get_type(a) < PK_ATTRS)
        attrs->at[mnl_attr_get_type(a)] = a;
    return MNL_CB_OK;
}

/* What stands in a nest, by type. All NULL if there is no nest. */
static struct pk_attrs pk_attrs_of(const struct nlattr *nest)
{
    struct pk_attrs attrs = {0};

    if (nest)
        mnl_attr_parse_nested(nest, pk_attr_take, &attrs);
    return attrs;
}

/* A number in network order of up to 8 bytes; 0 if it is not there, or of another size. */
static uint64_t pk_attr_be(const struct pk_attrs *attrs, unsigned type, size_t size)
{
    const struct nlattr *a = attrs->at[type];
    const uint8_t *b;
    uint64_t v = 0;

    if (!a || mnl_attr_get_payload_len(a) != size)
        return 0;
    b = mnl_attr_get_payload(a);
    for (size_t i = 0; i < size; i++)
        v = v << 8 | b[i];
    return v;
}

static bool pk_attr_addr(const struct pk_attrs *ip, uint8_t family, bool dst, struct pk_u128 *ret)
{
    unsigned type = family == PK_IPV4 ? (dst ? CTA_IP_V4_DST : CTA_IP_V4_SRC)
                                      : (dst ? CTA_IP_V6_DST : CTA_IP_V6_SRC);
    const struct nlattr *a = ip->at[type];
    const uint8_t *b;

    if (!a || mnl_attr_get_payload_len(a) != (family == PK_IPV4 ? 4 : 16))
        return false;
    b = mnl_attr_get_payload(a);
    *ret = (struct pk_u128){0};
    for (int i = 0; i < (family == PK_IPV4 ? 4 : 16); i++) {
        ret->hi = ret->hi << 8 | ret->lo >> 56;
        ret->lo = ret->lo << 8 | b[i];
    }
    return true;
}

static void pk_tuple_ports(const struct pk_attrs *l4, uint8_t proto, uint16_t *sport,
                           uint16_t *dport)
{
    bool v6 = proto == IPPROTO_ICMPV6;
    uint64_t type, code;

    if (!pk_conn_is_icmp(proto)) {
        *sport = (uint16_t)pk_attr_be(l4, CTA_PROTO_SRC_PORT, 2);
        *dport = (uint16_t)pk_attr_be(l4, CTA_PROTO_DST_PORT, 2);
        return;
    }
    type = pk_attr_be(l4, v6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE, 1);
    code = pk_attr_be(l4, v6 ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE, 1);
    *sport = (uint16_t)pk_attr_be(l4, v6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID, 2);
    *dport = (uint16_t)(type << 8 | code);
}

static bool pk_tuple_parse(const struct nlattr *nest, enum pk_conn_dir dir, struct pk_conn *c)
{
    enum pk_ct_end src = dir == PK_CONN_ORIG ? PK_CT_ORIGSRC : PK_CT_REPLSRC;
    struct pk_attrs tuple = pk_attrs_of(nest), ip = pk_attrs_of(tuple.at[CTA_TUPLE_IP]),
                    l4 = pk_attrs_of(tuple.at[CTA_TUPLE_PROTO]);

    if (!pk_attr_addr(&ip, c->family, false, &c->addr[src]) ||
        !pk_attr_addr(&ip, c->family, true, &c->addr[src + 1]) || !l4.at[CTA_PROTO_NUM])
        return false;
    c->proto = (uint8_t)pk_attr_be(&l4, CTA_PROTO_NUM, 1);
    pk_tuple_ports(&l4, c->proto, &c->port[src], &c->port[src + 1]);
    c->zone[dir] = (uint16_t)pk_attr_be(&tuple, CTA_TUPLE_ZONE, 2);
    return true;
}

static void pk_tcp_parse(const struct nlattr *nest, struct pk_conn *c)
{
    static const unsigned flags[] = {CTA_PROTOINFO_TCP_FLAGS_ORIGINAL,
                                     CTA_PROTOINFO_TCP_FLAGS_REPLY};
    struct pk_attrs tcp = pk_attrs_of(nest);

    c->state = (uint8_t)pk_attr_be(&tcp, CTA_PROTOINFO_TCP_STATE, 1);
    c->tcp_scale[PK_CONN_ORIG] = (uint8_t)pk_attr_be(&tcp, CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, 1);
    c->tcp_scale[PK_CONN_REPLY] = (uint8_t)pk_attr_be(&tcp, CTA_PROTOINFO_TCP_WSCALE_REPLY, 1);
    for (int dir = 0; dir < PK_CONN_DIRS; dir++)
        /* struct nf_ct_tcp_flags: flags, mask */
        c->tcp_flags[dir] = (uint8_t)(pk_attr_be(&tcp, flags[dir], 2) >> 8);
}

static void pk_sctp_parse(const struct nlattr *nest, struct pk_conn *c)
{
    struct pk_attrs sctp = pk_attrs_of(nest);

    c->state = (uint8_t)pk_attr_be(&sctp, CTA_PROTOINFO_SCTP_STATE, 1);
    c->sctp_tag[PK_CONN_ORIG] = (uint32_t)pk_attr_be(&sctp, CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, 4);
    c->sctp_tag[PK_CONN_REPLY] = (uint32_t)pk_attr_be(&sctp, CTA_PROTOINFO_SCTP_VTAG_REPLY, 4);
}

static void pk_proto_parse(const struct nlattr *nest, struct pk_conn *c)
{
    struct pk_attrs info = pk_attrs_of(nest), one;

    if (c->proto == IPPROTO_TCP)
        pk_tcp_parse(info.at[CTA_PROTOINFO_TCP], c);
    if (c->proto == IPPROTO_SCTP)
        pk_sctp_parse(info.at[CTA_PROTOINFO_SCTP], c);
    if (c->proto == IPPROTO_DCCP) {
        one = pk_attrs_of(info.at[CTA_PROTOINFO_DCCP]);
        c->state = (uint8_t)pk_attr_be(&one, CTA_PROTOINFO_DCCP_STATE, 1);
    }
}

static void pk_count_parse(const struct nlattr *nest, enum pk_conn_dir dir, struct pk_conn *c)
{
    struct pk_attrs count = pk_attrs_of(nest);

    c->counted |= nest != NULL;
    c->count[dir] = (struct pk_count){pk_attr_be(&count, CTA_COUNTERS_PACKETS, 8),
                                      pk_attr_be(&count, CTA_COUNTERS_BYTES, 8)};
}

static void pk_helper_parse(const struct nlattr *nest, struct pk_conn *c)
{
    struct pk_attrs help = pk_attrs_of(nest);
    const struct nlattr *name = help.at[CTA_HELP_NAME];

    if (name)
        memcpy(c->helper, mnl_attr_get_payload(name),
               strnlen(mnl_attr_get_payload(name),
                       PK_MIN(mnl_attr_get_payload_len(name), sizeof(c->helper) - 1)));
}

int pk_ctnl_parse(const struct nlmsghdr *n, struct pk_conn *ret)
{
    const struct nfgenmsg *g = mnl_nlmsg_get_payload(n);
    struct pk_attrs a = {0};
    struct pk_conn c = {0};

    if (n->nlmsg_len < mnl_nlmsg_size(sizeof(*g)) ||
        (g->nfgen_family != AF_INET && g->nfgen_family != AF_INET6))
        return -EPROTO;
    c.family = g->nfgen_family == AF_INET ? PK_IPV4 : PK_IPV6;
    if (mnl_attr_parse(n, sizeof(*g), pk_attr_take, &a) < 0 ||
        !pk_tuple_parse(a.at[CTA_TUPLE_ORIG], PK_CONN_ORIG, &c) ||
        !pk_tuple_parse(a.at[CTA_TUPLE_REPLY], PK_CONN_REPLY, &c))
        return -EPROTO;
    if (a.at[CTA_ZONE]) /* of both directions */
        c.zone[PK_CONN_ORIG] = c.zone[PK_CONN_REPLY] = (uint16_t)pk_attr_be(&a, CTA_ZONE, 2);
    c.status = (uint32_t)pk_attr_be(&a, CTA_STATUS, 4);
    c.expires = (uint32_t)pk_attr_be(&a, CTA_TIMEOUT, 4);
    c.mark = (uint32_t)pk_attr_be(&a, CTA_MARK, 4);
    c.id = (uint32_t)pk_attr_be(&a, CTA_ID, 4);
    pk_proto_parse(a.at[CTA_PROTOINFO], &c);
    pk_count_parse(a.at[CTA_COUNTERS_ORIG], PK_CONN_ORIG, &c);
    pk_count_parse(a.at[CTA_COUNTERS_REPLY], PK_CONN_REPLY, &c);
    pk_helper_parse(a.at[CTA_HELP], &c);
    *ret = c;
    return 0;
}

static void pk_addr_put(struct nlmsghdr *n, const struct pk_conn *c, enum pk_ct_end end,
                        unsigned v4, unsigned v6)
{
    struct pk_u128 a = c->addr[end];
    uint64_t words[2] = {htobe64(a.hi), htobe64(a.lo)};

    if (c->family == PK_IPV4)
        mnl_attr_put_u32(n, (uint16_t)v4, htonl((uint32_t)a.lo));
    else
        mnl_attr_put(n, (uint16_t)v6, sizeof(words), words);
}

static void pk_ports_put(struct nlmsghdr *n, uint8_t proto, uint16_t source, uint16_t destination)
{
    bool v6 = proto == IPPROTO_ICMPV6;

    mnl_attr_put_u8(n, CTA_PROTO_NUM, proto);
    if (!pk_conn_is_icmp(proto)) {
        mnl_attr_put_u16(n, CTA_PROTO_SRC_PORT, htons(source));
        mnl_attr_put_u16(n, CTA_PROTO_DST_PORT, htons(destination));
        return;
    }
    mnl_attr_put_u16(n, v6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID, htons(source));
    mnl_attr_put_u8(n, v6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE,
                    (uint8_t)(destination >> 8));
    mnl_attr_put_u8(n, v6 ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE, (uint8_t)destination);
}

/* A zone of one direction stands in its tuple, one of both beside it (ctnetlink_dump_zone_id()). */
static void pk_tuple_put(struct nlmsghdr *n, const struct pk_conn *c, enum pk_conn_dir dir)
{
    enum pk_ct_end src = dir == PK_CONN_ORIG ? PK_CT_ORIGSRC : PK_CT_REPLSRC;
    struct nlattr *tuple, *part;

    tuple = mnl_attr_nest_start(n, dir == PK_CONN_ORIG ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY);
    part = mnl_attr_nest_start(n, CTA_TUPLE_IP);
    pk_addr_put(n, c, src, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
    pk_addr_put(n, c, src + 1, CTA_IP_V4_DST, CTA_IP_V6_DST);
    mnl_attr_nest_end(n, part);
    part = mnl_attr_nest_start(n, CTA_TUPLE_PROTO);
    pk_ports_put(n, c->proto, c->port[src], c->port[src + 1]);
    mnl_attr_nest_end(n, part);
    if (c->zone[dir] && c->zone[dir] != c->zone[!dir])
        mnl_attr_put_u16(n, CTA_TUPLE_ZONE, htons(c->zone[dir]));
    mnl_attr_nest_end(n, tuple);
}

static void pk_zone_put(struct nlmsghdr *n, const struct pk_conn *c)
{
    if (c->zone[PK_CONN_ORIG] && c->zone[PK_CONN_ORIG] == c->zone[PK_CONN_REPLY])
        mnl_attr_put_u16(n, CTA_ZONE, htons(c->zone[PK_CONN_ORIG]));
}

void pk_ctnl_put(struct nlmsghdr *n, const struct pk_conn *c)
{
    pk_tuple_put(n, c, PK_CONN_ORIG);
    pk_zone_put(n, c);
    mnl_attr_put_u32(n, CTA_ID, htonl(c->id));
}

static void pk_tcp_put(struct nlmsghdr *n, const struct pk_conn *c)
{
    struct nlattr *info = mnl_attr_nest_start(n, CTA_PROTOINFO), *tcp;
    /* struct nf_ct_tcp_flags: flags, and which of them are meant */
    const uint8_t orig[] = {c->tcp_flags[PK_CONN_ORIG], 0xff},
                  reply[] = {c->tcp_flags[PK_CONN_REPLY], 0xff};

    tcp = mnl_attr_nest_start(n, CTA_PROTOINFO_TCP);
    mnl_attr_put_u8(n, CTA_PROTOINFO_TCP_STATE, c->state);
    mnl_attr_put_u8(n, CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, c->tcp_scale[PK_CONN_ORIG]);
    mnl_attr_put_u8(n, CTA_PROTOINFO_TCP_WSCALE_REPLY, c->tcp_scale[PK_CONN_REPLY]);
    mnl_attr_put(n, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, sizeof(orig), orig);
    mnl_attr_put(n, CTA_PROTOINFO_TCP_FLAGS_REPLY, sizeof(reply), reply);
    mnl_attr_nest_end(n, tcp);
    mnl_attr_nest_end(n, info);
}

void pk_ctnl_put_new(struct nlmsghdr *n, const struct pk_conn *c)
{
    pk_tuple_put(n, c, PK_CONN_ORIG);
    pk_tuple_put(n, c, PK_CONN_REPLY);
    pk_zone_put(n, c);
    mnl_attr_put_u32(n, CTA_TIMEOUT, htonl(c->expires));
    mnl_attr_put_u32(n, CTA_STATUS, htonl(c->status));
    if (c->proto == IPPROTO_TCP)
        pk_tcp_put(n, c);
}
