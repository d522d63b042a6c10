// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The address sensor on packets made here: what is certain and what is not, what is never said, and
 * what redaction leaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macro.h"
#include "sensors/address/watch.h"

#define MAC 0x001b38123456
#define IID 0x021b38fffe123456
#define NET 0x20010db800000001
#define LINK_LOCAL 0xfe80000000000000
#define ROUTER_MAC 0x00005e005301

static uint64_t number;

static void put16(struct pk_buf *b, unsigned v)
{
    const uint8_t p[] = {(uint8_t)(v >> 8), (uint8_t)v};

    pk_buf_add(b, p, sizeof(p));
}

static void put64(struct pk_buf *b, uint64_t v)
{
    for (int shift = 48; shift >= 0; shift -= 16)
        put16(b, v >> shift & 0xffff);
}

static void put48(struct pk_buf *b, uint64_t v)
{
    for (int shift = 32; shift >= 0; shift -= 16)
        put16(b, v >> shift & 0xffff);
}

static void put_address(struct pk_buf *b, uint64_t hi, uint64_t lo)
{
    put64(b, hi);
    put64(b, lo);
}

struct from {
    uint64_t mac, hi, lo;
};

/* One packet: Ethernet, IPv6, and what is given. */
static void packet(struct pk_watch *w, struct from f, uint64_t dst_hi, uint64_t dst_lo,
                   uint8_t protocol, const struct pk_buf *body)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(65536);
    struct pk_capture_packet p = {.link = 1};
    enum pk_unread unread;

    p.number = ++number;
    p.when = (int64_t)number;
    put48(&b, 0x020000000099);
    put48(&b, f.mac);
    put16(&b, 0x86dd);
    put64(&b, (uint64_t)6 << 60 | (uint64_t)(body ? body->len : 0) << 16 | protocol << 8 | 255);
    put_address(&b, f.hi, f.lo);
    put_address(&b, dst_hi, dst_lo);
    if (body)
        pk_buf_add(&b, body->data, body->len);
    assert_int_equal(b.failed, 0);
    p.data = (uint8_t *)b.data;
    p.len = p.wire_len = b.len;
    assert_int_equal(pk_layers(&p, pk_watch_header, w, &unread), 0);
    assert_int_equal(unread, PK_UNREAD_NOT);
}

static void plain(struct pk_watch *w, struct from f)
{
    packet(w, f, NET, 0x99, 59, NULL);
}

/* A neighbour advertisement: `of` has `mac`. */
static void advertise(struct pk_watch *w, struct from f, uint64_t hi, uint64_t lo, uint64_t mac)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(64);

    put64(&b, 136ULL << 56);
    put_address(&b, hi, lo);
    put16(&b, 0x0201);
    put48(&b, mac);
    packet(w, f, LINK_LOCAL, 0x99, 58, &b);
}

static void udp(struct pk_watch *w, struct from f, unsigned from, unsigned to,
                const struct pk_buf *body)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(65536);

    put16(&b, from);
    put16(&b, to);
    put16(&b, 8 + (unsigned)body->len);
    put16(&b, 0);
    pk_buf_add(&b, body->data, body->len);
    packet(w, f, 0xff02000000000000, 0x1234, 17, &b);
}

static json_t *report(const struct pk_watch *w, bool redact)
{
    static const struct pk_vendors none;
    const struct pk_redact r = {.on = redact, .key = {23, 42}};
    struct pk_watch_report full = {w, &none, &r, 1e4, "test", NULL, NULL};
    json_t *list = json_array();

    assert_int_equal(pk_findings_new(PK_FINDINGS_DOCUMENT, NULL, list, &full.to), 0);
    assert_int_equal(pk_watch_report(&full), 0);
    pk_findings_free(&full.to);
    return list;
}

static const char *text(const json_t *f, const char *key)
{
    const char *s = json_string_value(json_object_get(f, key));

    return s ? s : "";
}

/* The only finding of a kind whose subject it is. NULL: none. */
static const json_t *find(const json_t *list, const char *kind, const char *subject)
{
    const json_t *found = NULL, *f;
    size_t i;

    json_array_foreach(list, i, f)
    {
        if (strcmp(text(f, "kind"), kind) || (subject && strcmp(text(f, "subject"), subject)))
            continue;
        assert_null(found);
        found = f;
    }
    return found;
}

static void is(const json_t *list, const char *kind, const char *subject, const char *certainty,
               const char *value)
{
    const json_t *f = find(list, kind, subject);

    if (!f)
        fail_msg("no %s of %s", kind, subject);
    assert_string_equal(text(f, "certainty"), certainty);
    assert_string_equal(text(f, "value"), value);
}

/* From its own MAC, from a router's, by neighbour discovery, by a DUID, and against it. */
static void test_certainty(void **state)
{
    _pk_buf_ struct pk_buf dhcp = PK_BUF_INIT(64);
    struct pk_watch w;
    json_t *list;

    pk_watch_init(&w, 1);
    plain(&w, (struct from){MAC, NET, IID});
    plain(&w, (struct from){ROUTER_MAC, NET, IID + 1});
    plain(&w, (struct from){ROUTER_MAC, NET, IID + 2});
    advertise(&w, (struct from){ROUTER_MAC, NET, 9}, NET, IID + 2, MAC + 2);
    plain(&w, (struct from){ROUTER_MAC, NET, IID + 3});
    advertise(&w, (struct from){ROUTER_MAC, NET, 9}, NET, IID + 3, MAC + 77);
    plain(&w, (struct from){ROUTER_MAC, NET, IID + 4});
    put64(&dhcp, 0x010000000001000aULL); /* solicit; client identifier of 10 bytes: LL */
    put64(&dhcp, 0x0003000100000000ULL | MAC >> 16);
    put16(&dhcp, (MAC + 4) & 0xffff);
    udp(&w, (struct from){ROUTER_MAC, LINK_LOCAL, 0x1111222233334444}, 546, 547, &dhcp);
    list = report(&w, false);
    is(list, "address-mac", "2001:db8:0:1:21b:38ff:fe12:3456", "certain", "00:1b:38:12:34:56");
    is(list, "address-mac", "2001:db8:0:1:21b:38ff:fe12:3457", "weak", "00:1b:38:12:34:57");
    is(list, "address-mac", "2001:db8:0:1:21b:38ff:fe12:3458", "certain", "00:1b:38:12:34:58");
    is(list, "address-mac", "2001:db8:0:1:21b:38ff:fe12:3459", "weak", "00:1b:38:12:34:59");
    is(list, "address-mac", "2001:db8:0:1:21b:38ff:fe12:345a", "certain", "00:1b:38:12:34:5a");
    is(list, "duid", "00:03:00:01:00:1b:38:12:34:5a", "certain", "00:1b:38:12:34:5a");
    json_decref(list);
    pk_watch_done(&w);
}

/* VRRP's and a group MAC are no device's; multicast, :: and ::1 are no host's. */
static void test_what_is_no_device(void **state)
{
    struct pk_watch w;
    json_t *list;

    pk_watch_init(&w, 1);
    plain(&w, (struct from){MAC, NET, 0x02005efffe000201});
    plain(&w, (struct from){MAC, NET, 0x031b38fffe123456});
    plain(&w, (struct from){MAC, 0, 0});
    plain(&w, (struct from){MAC, 0, 1});
    packet(&w, (struct from){MAC, NET, 7}, 0xff02000000000000, IID, 59, NULL);
    assert_int_equal(w.addresses.n, 4); /* and the destination ::99 */
    list = report(&w, false);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    pk_watch_done(&w);
}

static void test_same_identifier(void **state)
{
    const uint64_t random = 0x8d4f61c29be0a713;
    struct pk_watch w;
    json_t *list;

    pk_watch_init(&w, 1);
    for (uint64_t net = 0; net < 6; net++) {
        plain(&w, (struct from){ROUTER_MAC, NET + net, random});
        plain(&w, (struct from){ROUTER_MAC, NET + net, 1}); /* numbered by people: never */
        plain(&w, (struct from){ROUTER_MAC, NET + net, 0x443});
    }
    plain(&w, (struct from){ROUTER_MAC, NET, random + 1}); /* under one prefix only */
    list = report(&w, false);
    assert_int_equal(json_array_size(list), 1);
    is(list, "same-iid", "::8d4f:61c2:9be0:a713", "strong", "");
    assert_non_null(strstr(text(find(list, "same-iid", NULL), "text"), "6 prefixes"));
    assert_non_null(strstr(text(find(list, "same-iid", NULL), "text"), " and 2 more"));
    json_decref(list);
    /* With a MAC that says so, low bytes are one host's, too: those of that MAC. */
    advertise(&w, (struct from){MAC, LINK_LOCAL, 5}, NET, 1, MAC);
    advertise(&w, (struct from){MAC, LINK_LOCAL, 5}, NET + 1, 1, MAC);
    advertise(&w, (struct from){MAC, LINK_LOCAL, 5}, NET + 2, 1, MAC + 1);
    list = report(&w, false);
    is(list, "same-iid", "::1", "certain", "");
    assert_non_null(strstr(text(find(list, "same-iid", "::1"), "text"), "under 2 prefixes"));
    json_decref(list);
    pk_watch_done(&w);
}

static void mld(struct pk_watch *w, struct from f, uint32_t low)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(64);

    put64(&b, 143ULL << 56 | 1);
    put16(&b, 0x0400);
    put16(&b, 0);
    put_address(&b, 0xff02000000000000, 0x1ff000000ULL | low);
    packet(w, f, 0xff02000000000000, 0x16, 58, &b);
}

static void test_groups(void **state)
{
    struct pk_watch w;
    json_t *list;

    pk_watch_init(&w, 1);
    mld(&w, (struct from){MAC, 0, 0}, MAC & 0xffffff); /* no address of its is ever seen */
    mld(&w, (struct from){ROUTER_MAC, LINK_LOCAL, IID + 1}, (MAC + 1) & 0xffffff);
    mld(&w, (struct from){ROUTER_MAC, LINK_LOCAL, 0x1111222233334444}, 0x334444);
    list = report(&w, false);
    is(list, "group-mac", "ff02::1:ff12:3456", "certain", "12:34:56");
    is(list, "group-mac", "ff02::1:ff12:3457", "strong", "12:34:57");
    assert_null(find(list, "group-mac", "ff02::1:ff33:4444"));
    json_decref(list);
    pk_watch_done(&w);
}

/* Type 1 code 3 and an address quoted: who asks whom, and by which MAC. */
static void test_errors(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(128);
    struct pk_watch w;
    json_t *list;

    pk_watch_init(&w, 1);
    put64(&b, 0x0103ULL << 48);
    put64(&b, (uint64_t)6 << 60 | 59 << 8 | 1);
    put_address(&b, 0x20010db800000099, 5);
    put_address(&b, NET + 7, 0xabcd);
    packet(&w, (struct from){ROUTER_MAC, NET, IID}, 0x20010db800000099, 5, 58, &b);
    list = report(&w, false);
    is(list, "error-mac", "2001:db8:0:1:21b:38ff:fe12:3456", "weak", "00:1b:38:12:34:56");
    is(list, "presence", "2001:db8:0:1:21b:38ff:fe12:3456", "strong", "2001:db8:0:8::/64");
    assert_string_equal(text(find(list, "presence", NULL), "rule"),
                        "-A OUTPUT -s 2001:db8:0:1:21b:38ff:fe12:3456/128 -p ipv6-icmp -m icmp6 "
                        "--icmpv6-type 1/3 -j DROP");
    assert_non_null(pk_seen_find(&w.addresses, &(struct pk_u128){NET + 7, 0xabcd}));
    json_decref(list);
    pk_watch_done(&w);
}

/* host1.local twice: in full, and by a pointer to it. */
static void put_mdns(struct pk_buf *b, uint64_t hi, uint64_t lo)
{
    put64(b, 0x0000840000000002ULL);
    put16(b, 0);
    put16(b, 0);
    pk_buf_add(b, "\5host1\5local", 13);
    for (int i = 0; i < 2; i++) {
        if (i)
            put16(b, 0xc00c);
        put16(b, 28);
        put64(b, 0x8001000000780010ULL);
        put_address(b, hi, lo + (uint64_t)i);
    }
}

static void test_names(void **state)
{
    _pk_buf_ struct pk_buf good = PK_BUF_INIT(256);
    struct pk_watch w;
    json_t *list;

    pk_watch_init(&w, 1);
    put_mdns(&good, LINK_LOCAL, IID);
    udp(&w, (struct from){MAC, LINK_LOCAL, IID}, 5353, 5353, &good);
    list = report(&w, false);
    is(list, "mdns-name", "fe80::21b:38ff:fe12:3456", "certain", "host1.local");
    is(list, "mdns-name", "fe80::21b:38ff:fe12:3457", "strong", "host1.local");
    json_decref(list);
    assert_int_equal(w.malformed, 0);
    for (size_t len = 0; len < good.len; len++) {
        struct pk_buf cut = {.data = good.data, .len = len};

        udp(&w, (struct from){MAC, LINK_LOCAL, IID}, 5353, 5353, &cut);
        assert_int_equal(w.malformed, len + 1);
    }
    good.data[25 + 10 + 16] = (char)0xc0; /* a name that points at itself */
    good.data[25 + 10 + 16 + 1] = 25 + 10 + 16;
    udp(&w, (struct from){MAC, LINK_LOCAL, IID}, 5353, 5353, &good);
    assert_int_equal(w.malformed, good.len + 1);
    pk_watch_done(&w);
}

/* A delegated prefix, in a relayed message: one EUI-64 device in it, and two that hide. */
static void test_prefix(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(256);
    struct pk_watch w;
    json_t *list;

    pk_watch_init(&w, 1);
    plain(&w, (struct from){ROUTER_MAC, 0x20010db812340001, IID});
    plain(&w, (struct from){ROUTER_MAC, 0x20010db812340002, 0x8d4f61c29be0a713});
    plain(&w, (struct from){ROUTER_MAC, 0x20010db812340003, 0x9d4f61c29be0a713});
    plain(&w, (struct from){ROUTER_MAC, 0x20010db812350003, 0xad4f61c29be0a713});
    list = report(&w, false);
    assert_null(find(list, "mac-prefix", NULL)); /* each in a /64 of its own */
    json_decref(list);
    put16(&b, 13 << 8);
    put_address(&b, 0, 0);
    put_address(&b, 0, 0);
    put16(&b, 9);
    put16(&b, 4 + 4 + 12 + 4 + 25);
    put64(&b, 0x0712345600190029ULL);
    put64(&b, 1);
    put16(&b, 0);
    put16(&b, 0);
    put16(&b, 26);
    put16(&b, 25);
    put64(&b, 0);
    pk_buf_char(&b, 48);
    put_address(&b, 0x20010db812340000, 0);
    udp(&w, (struct from){ROUTER_MAC, LINK_LOCAL, 1}, 547, 547, &b);
    assert_int_equal(w.malformed, 0);
    list = report(&w, false);
    is(list, "mac-prefix", "2001:db8:1234::/48", "certain", "00:1b:38:12:34:56");
    assert_non_null(strstr(text(find(list, "mac-prefix", NULL), "text"), "2 other addresses"));
    json_decref(list);
    pk_watch_done(&w);
}

/* Nothing that was seen stands in it, and what belonged together still does. */
static void test_redaction(void **state)
{
    static const char *const secret[] = {"12:34:56",     "fe12:3456", "ff12:3456", "2001:db8:0:1",
                                         "2001:db8:0:2", "8d4f",      "host1",     "test"};
    _pk_buf_ struct pk_buf mdns = PK_BUF_INIT(256);
    struct pk_watch w;
    json_t *list, *again, *f;
    size_t together = 0, i;
    char *all;

    pk_watch_init(&w, 1);
    plain(&w, (struct from){MAC, NET, IID});
    plain(&w, (struct from){MAC, LINK_LOCAL, IID});
    plain(&w, (struct from){ROUTER_MAC, NET, 0x8d4f61c29be0a713});
    plain(&w, (struct from){ROUTER_MAC, NET + 1, 0x8d4f61c29be0a713});
    mld(&w, (struct from){MAC, LINK_LOCAL, IID}, MAC & 0xffffff);
    put_mdns(&mdns, LINK_LOCAL, IID);
    udp(&w, (struct from){MAC, LINK_LOCAL, IID}, 5353, 5353, &mdns);
    list = report(&w, true);
    again = report(&w, true);
    assert_true(json_equal(list, again));
    all = json_dumps(list, 0);
    for (i = 0; i < PK_ARRAY_SIZE(secret); i++)
        if (strstr(all, secret[i]))
            fail_msg("%s stands in %s", secret[i], all);
    free(all);
    json_array_foreach(list, i, f)
    {
        assert_null(json_object_get(f, "first"));
        together += !strcmp(text(f, "kind"), "same-iid");
        if (!strcmp(text(f, "kind"), "address-mac"))
            assert_memory_equal(text(f, "value"), "00:1b:38:", 9);
        if (!strcmp(text(f, "kind"), "group-mac"))
            assert_string_equal(text(f, "value"), text(json_array_get(list, 0), "value") + 9);
    }
    assert_int_equal(together, 2);
    json_decref(again);
    json_decref(list);
    pk_watch_done(&w);
}

/* One to one over all 2^24, and another key is another permutation. */
static void test_redaction_is_one_to_one(void **state)
{
    const struct pk_redact r = {.on = true, .key = {1, 2}}, other = {.on = true, .key = {1, 3}};
    uint8_t *taken = test_calloc(1 << 21, 1);
    size_t same = 0;

    for (uint32_t i = 0; i < 1 << 24; i++) {
        uint32_t v = pk_redact_device(&r, i);

        assert_true(v < 1 << 24 && !(taken[v >> 3] >> (v & 7) & 1));
        taken[v >> 3] |= (uint8_t)(1 << (v & 7));
        if (i < 100000)
            same += v == pk_redact_device(&other, i);
    }
    assert_true(same < 10);
    test_free(taken);
}

static void test_table(void **state)
{
    struct pk_seen_table t;

    pk_seen_table_init(&t, 100, 2 * sizeof(uint64_t), sizeof(uint64_t), 7);
    for (uint64_t k = 0; k < 130; k++) {
        uint64_t *e = pk_seen_get(&t, &k);

        assert_true(!e == (k >= 100));
        if (e)
            e[1] = k * k;
    }
    assert_int_equal(t.n, 100);
    assert_int_equal(t.beyond, 30);
    for (uint64_t k = 0; k < 130; k++) {
        const uint64_t *e = pk_seen_find(&t, &k);

        assert_true(!e == (k >= 100));
        assert_true(!e || (e[0] == k && e[1] == k * k));
    }
    pk_seen_table_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certainty),
        cmocka_unit_test(test_what_is_no_device),
        cmocka_unit_test(test_same_identifier),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_redaction),
        cmocka_unit_test(test_redaction_is_one_to_one),
        cmocka_unit_test(test_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
