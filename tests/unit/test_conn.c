// SPDX-License-Identifier: GPL-2.0-or-later
/* Tracked connections: messages of ctnetlink as Linux builds them, and what selects. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "base/macro.h"
#include "kernel/conn.h"
#include "kernel/ctnetlink_msg.h"
#include "kernel/nfnl.h"

struct message {
    char bytes[4096];
    struct nlmsghdr *n;
};

static void begin(struct message *m, unsigned family)
{
    memset(m, 0, sizeof(*m));
    m->n = pk_nfnl_put(m->bytes, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, 0, 0, family, 0);
}

static struct pk_conn tcp4(void)
{
    return (struct pk_conn){
        .family = PK_IPV4,
        .proto = IPPROTO_TCP,
        .id = 0x01020304,
        .addr = {[PK_CT_ORIGSRC] = {0, 0xc0000201}, [PK_CT_ORIGDST] = {0, 0xc6336402}},
        .port = {[PK_CT_ORIGSRC] = 40000, [PK_CT_ORIGDST] = 443}};
}

/* pk_ctnl_put() writes the original direction; Linux also tells the other. */
static void put_reply(struct message *m, const struct pk_conn *c)
{
    struct pk_conn turned = *c;
    size_t at = m->n->nlmsg_len;

    for (int end = 0; end < 2; end++) {
        turned.addr[end] = c->addr[1 - end];
        turned.port[end] = c->port[1 - end];
    }
    pk_ctnl_put(m->n, &turned);
    ((struct nlattr *)(m->bytes + at))->nla_type = NLA_F_NESTED | CTA_TUPLE_REPLY;
}

static void put_tcp(struct message *m)
{
    struct nlattr *info = mnl_attr_nest_start(m->n, CTA_PROTOINFO), *tcp;

    tcp = mnl_attr_nest_start(m->n, CTA_PROTOINFO_TCP);
    mnl_attr_put_u8(m->n, CTA_PROTOINFO_TCP_STATE, 3);
    mnl_attr_put_u8(m->n, CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, 7);
    mnl_attr_put_u8(m->n, CTA_PROTOINFO_TCP_WSCALE_REPLY, 9);
    mnl_attr_put(m->n, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, 2, (uint8_t[]){3, 0});
    mnl_attr_put(m->n, CTA_PROTOINFO_TCP_FLAGS_REPLY, 2, (uint8_t[]){1, 0});
    mnl_attr_nest_end(m->n, tcp);
    mnl_attr_nest_end(m->n, info);
}

static void put_count(struct message *m, unsigned type, uint64_t packets, uint64_t bytes)
{
    struct nlattr *nest = mnl_attr_nest_start(m->n, (uint16_t)type);

    mnl_attr_put_u64(m->n, CTA_COUNTERS_PACKETS, htobe64(packets));
    mnl_attr_put_u64(m->n, CTA_COUNTERS_BYTES, htobe64(bytes));
    mnl_attr_nest_end(m->n, nest);
}

static void parses_tcp(void **state)
{
    struct pk_conn wanted = tcp4(), got = {0};
    struct nlattr *help;
    struct message m;

    begin(&m, AF_INET);
    pk_ctnl_put(m.n, &wanted);
    put_reply(&m, &wanted);
    put_tcp(&m);
    mnl_attr_put_u32(m.n, CTA_STATUS, htonl(PK_CTF_SEEN_REPLY | PK_CTF_ASSURED));
    mnl_attr_put_u32(m.n, CTA_TIMEOUT, htonl(432000));
    mnl_attr_put_u32(m.n, CTA_MARK, htonl(0x23));
    put_count(&m, CTA_COUNTERS_ORIG, 23, 1840);
    put_count(&m, CTA_COUNTERS_REPLY, 19, UINT64_C(1) << 40);
    help = mnl_attr_nest_start(m.n, CTA_HELP);
    mnl_attr_put_strz(m.n, CTA_HELP_NAME, "a name that is longer than any");
    mnl_attr_nest_end(m.n, help);
    assert_int_equal(pk_ctnl_parse(m.n, &got), 0);
    assert_int_equal(got.family, PK_IPV4);
    assert_int_equal(got.proto, IPPROTO_TCP);
    assert_true(pk_u128_equal(got.addr[PK_CT_ORIGSRC], wanted.addr[PK_CT_ORIGSRC]));
    assert_true(pk_u128_equal(got.addr[PK_CT_REPLSRC], wanted.addr[PK_CT_ORIGDST]));
    assert_int_equal(got.port[PK_CT_ORIGDST], 443);
    assert_int_equal(got.port[PK_CT_REPLDST], 40000);
    assert_string_equal(pk_conn_state_name(got.proto, got.state), "ESTABLISHED");
    assert_int_equal(got.tcp_scale[PK_CONN_REPLY], 9);
    assert_int_equal(got.tcp_flags[PK_CONN_ORIG], 3);
    assert_int_equal(got.expires, 432000);
    assert_int_equal(got.mark, 0x23);
    assert_int_equal(got.id, wanted.id);
    assert_true(got.counted);
    assert_int_equal(got.count[PK_CONN_REPLY].bytes, UINT64_C(1) << 40);
    assert_string_equal(got.helper, "a name that is ");
}

/* What names an entry is put back as it was told. */
static void names_what_it_was_told(void **state)
{
    const struct pk_conn echo = {
        .family = PK_IPV6,
        .proto = IPPROTO_ICMPV6,
        .id = 7,
        .addr =
            {[PK_CT_ORIGSRC] = {0x20010db800000000, 1}, [PK_CT_ORIGDST] = {0xfe80000000000000, 2}},
        .port = {[PK_CT_ORIGSRC] = 99, [PK_CT_ORIGDST] = 128 << 8 | 5},
        .zone = {300, 300}};
    struct pk_conn half = tcp4(), got = {0};
    struct message m, again;

    begin(&m, AF_INET6);
    pk_ctnl_put(m.n, &echo);
    put_reply(&m, &echo);
    assert_int_equal(pk_ctnl_parse(m.n, &got), 0);
    assert_int_equal(got.port[PK_CT_ORIGDST], 128 << 8 | 5);
    assert_int_equal(got.port[PK_CT_ORIGSRC], 99);
    begin(&again, AF_INET6);
    pk_ctnl_put(again.n, &got);
    begin(&m, AF_INET6);
    pk_ctnl_put(m.n, &echo);
    assert_int_equal(again.n->nlmsg_len, m.n->nlmsg_len);
    assert_memory_equal(again.bytes, m.bytes, m.n->nlmsg_len);

    half.zone[PK_CONN_ORIG] = 5; /* of one direction only */
    begin(&m, AF_INET);
    pk_ctnl_put(m.n, &half);
    half.zone[PK_CONN_ORIG] = 0;
    put_reply(&m, &half);
    assert_int_equal(pk_ctnl_parse(m.n, &got), 0);
    assert_int_equal(got.zone[PK_CONN_ORIG], 5);
    assert_int_equal(got.zone[PK_CONN_REPLY], 0);
}

static void refuses_what_is_no_entry(void **state)
{
    struct pk_conn c = tcp4(), got = {.mark = 23};
    struct message m;

    begin(&m, AF_INET);
    assert_int_equal(pk_ctnl_parse(m.n, &got), -EPROTO); /* no tuples */
    pk_ctnl_put(m.n, &c);
    assert_int_equal(pk_ctnl_parse(m.n, &got), -EPROTO); /* one */
    begin(&m, AF_INET6);
    pk_ctnl_put(m.n, &c);
    put_reply(&m, &c);
    assert_int_equal(pk_ctnl_parse(m.n, &got), -EPROTO); /* addresses of the other family */
    begin(&m, AF_UNSPEC);
    pk_ctnl_put(m.n, &c);
    put_reply(&m, &c);
    assert_int_equal(pk_ctnl_parse(m.n, &got), -EPROTO);
    m.n->nlmsg_len = sizeof(struct nlmsghdr);
    assert_int_equal(pk_ctnl_parse(m.n, &got), -EPROTO);
    assert_int_equal(got.mark, 23);
}

/* However a message is cut, nothing past its end is read: under ASan this would be seen. */
static void survives_any_length(void **state)
{
    struct pk_conn c = tcp4(), got;
    struct message m;
    uint32_t len;

    begin(&m, AF_INET);
    pk_ctnl_put(m.n, &c);
    put_reply(&m, &c);
    put_tcp(&m);
    for (len = m.n->nlmsg_len; len >= sizeof(struct nlmsghdr); len--) {
        _pk_free_ char *copy = malloc(NLMSG_ALIGN(len)); /* libmnl reads so much of it */

        memcpy(copy, m.bytes, NLMSG_ALIGN(len));
        ((struct nlmsghdr *)copy)->nlmsg_len = len;
        (void)pk_ctnl_parse((struct nlmsghdr *)copy, &got);
    }
}

static bool selects(const struct pk_conn_filter *f, const struct pk_conn *c)
{
    assert_false(pk_conn_filter_any(f));
    return pk_conn_matches(f, c);
}

static void selects_by_each_field(void **state)
{
    struct pk_conn c = tcp4();
    struct pk_conn_filter f = PK_CONN_ANY;

    assert_true(pk_conn_filter_any(&f) && pk_conn_matches(&f, &c));
    f.net[PK_CT_ORIGSRC].given = true;
    f.net[PK_CT_ORIGSRC].addr.lo = 0xc0000200;
    f.net[PK_CT_ORIGSRC].mask.lo = 0xffffff00;
    assert_true(selects(&f, &c));
    f.net[PK_CT_ORIGSRC].family = PK_IPV6;
    assert_false(selects(&f, &c));
    f = PK_CONN_ANY;
    f.port[PK_CT_ORIGDST].given = true;
    f.port[PK_CT_ORIGDST].lo = 400;
    f.port[PK_CT_ORIGDST].hi = 443;
    assert_true(selects(&f, &c));
    f.port[PK_CT_ORIGDST].hi = 442;
    assert_false(selects(&f, &c));
    f.port[PK_CT_ORIGDST].hi = 443;
    c.proto = IPPROTO_ICMP;
    assert_false(selects(&f, &c)); /* it has none */
    f = PK_CONN_ANY;
    f.zone = 0;
    assert_true(selects(&f, &c));
    c.zone[PK_CONN_REPLY] = c.zone[PK_CONN_ORIG] = 3;
    assert_false(selects(&f, &c));
    f = PK_CONN_ANY;
    f.mark = 0x10;
    f.mark_mask = 0xf0;
    c.mark = 0x1f;
    assert_true(selects(&f, &c));
    c.mark = 0x2f;
    assert_false(selects(&f, &c));
}

static void selects_by_words(void **state)
{
    struct pk_conn c = tcp4();
    struct pk_conn_filter f = PK_CONN_ANY;

    assert_true(pk_conn_state_add("established", 11, &f.states));
    c.state = 3;
    assert_true(selects(&f, &c));
    c.proto = IPPROTO_SCTP; /* has an ESTABLISHED of another number */
    assert_false(selects(&f, &c));
    c.state = 4;
    assert_true(selects(&f, &c));
    c.proto = IPPROTO_UDP;
    assert_false(selects(&f, &c));
    assert_false(pk_conn_state_add("ESTABLISH", 9, &f.states));
    f = PK_CONN_ANY;
    assert_true(pk_conn_status_add("UNREPLIED", 9, &f));
    assert_true(selects(&f, &c));
    c.status = PK_CTF_SEEN_REPLY;
    assert_false(selects(&f, &c));
    assert_true(pk_conn_status_add("assured", 7, &f));
    assert_false(pk_conn_status_add("", 0, &f));
    assert_false(pk_conn_status_add("DYING", 5, &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_tcp),
        cmocka_unit_test(names_what_it_was_told),
        cmocka_unit_test(refuses_what_is_no_entry),
        cmocka_unit_test(survives_any_length),
        cmocka_unit_test(selects_by_each_field),
        cmocka_unit_test(selects_by_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
