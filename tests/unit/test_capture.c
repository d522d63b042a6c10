// SPDX-License-Identifier: GPL-2.0-or-later
/* Readers of pcap and pcapng, and the walk through each link type and tunnel, on bytes made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/buf.h"
#include "base/macro.h"
#include "capture/capture.h"
#include "capture/layers.h"
#include "finding/finding.h"

#define BYTES_MAX 65536

struct seen {
    size_t n;
    struct pk_ipv6 h[16];
};

static int see(void *arg, const struct pk_ipv6 *h)
{
    struct seen *s = arg;

    if (s->n < PK_ARRAY_SIZE(s->h))
        s->h[s->n] = *h;
    s->n++;
    return 0;
}

static void put16(struct pk_buf *b, unsigned v)
{
    const uint8_t p[] = {(uint8_t)(v >> 8), (uint8_t)v};

    pk_buf_add(b, p, sizeof(p));
}

static void put32(struct pk_buf *b, uint32_t v)
{
    put16(b, v >> 16);
    put16(b, v & 0xffff);
}

#define put(b, ...) pk_buf_add(b, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

/* Addresses 2001:db8::src and 2001:db8::dst. */
static void put_ipv6(struct pk_buf *b, unsigned len, uint8_t next, uint8_t src, uint8_t dst)
{
    put32(b, 6u << 28);
    put16(b, len);
    put(b, next, 64);
    put(b, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, src);
    put(b, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, dst);
}

static void put_ipv4(struct pk_buf *b, unsigned len, uint8_t protocol)
{
    put16(b, 0x4500);
    put16(b, 20 + len);
    put32(b, 0);
    put(b, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2);
}

static void put_ethernet(struct pk_buf *b, unsigned type)
{
    put(b, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1);
    put16(b, type);
}

static enum pk_unread walk(const struct pk_buf *b, uint32_t link, struct seen *ret)
{
    const struct pk_capture_packet p = {
        .link = link, .data = (uint8_t *)b->data, .len = b->len, .wire_len = b->len};
    enum pk_unread unread;

    *ret = (struct seen){0};
    assert_int_equal(b->failed, 0);
    assert_int_equal(pk_layers(&p, see, ret, &unread), 0);
    return unread;
}

/* One header, from ::1 to ::2. */
static void one(const struct pk_buf *b, uint32_t link, unsigned inside, uint64_t mac)
{
    struct seen s;

    assert_int_equal(walk(b, link, &s), PK_UNREAD_NOT);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.h[0].src.lo, 1);
    assert_int_equal(s.h[0].dst.lo, 2);
    assert_int_equal(s.h[0].inside, inside);
    assert_int_equal(s.h[0].mac_src, mac);
    assert_int_equal(s.h[0].direct, !(inside & ~PK_IN_VLAN));
    assert_int_equal(s.h[0].protocol, 59);
}

static void test_links(void **state)
{
    static const uint8_t tag[] = {0, 5, 0x86, 0xdd}, outer[] = {0, 7, 0x81, 0};
    static const uint8_t sll[] = {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x86, 0xdd};
    static const uint8_t sll2[] = {0x86, 0xdd, 0, 0, 0, 0, 0, 3, 0, 1,
                                   0,    6,    2, 0, 0, 0, 0, 1, 0, 0};
    static const uint8_t pppoe[] = {0x11, 0, 0, 1, 0, 42, 0, 0x57};
    static const uint8_t null[] = {30, 0, 0, 0}, loop[] = {0, 0, 0, 24}, hdlc[] = {0xff, 3, 0x57};
    static const struct {
        uint32_t link;
        unsigned type; /* an Ethernet header of it goes before; 0: none */
        struct {
            const uint8_t *bytes;
            size_t len;
        } then[2];
        unsigned inside;
        uint64_t mac;
    } cases[] = {
        {1, 0x86dd, {{0}}, 0, 0x020000000001},
        {1, 0x8100, {{tag, sizeof(tag)}}, PK_IN_VLAN, 0x020000000001},
        {1, 0x88a8, {{outer, sizeof(outer)}, {tag, sizeof(tag)}}, PK_IN_VLAN, 0x020000000001},
        {1, 0x8864, {{pppoe, sizeof(pppoe)}}, PK_IN_PPPOE, 0},
        {51, 0, {{pppoe, sizeof(pppoe)}}, PK_IN_PPPOE, 0},
        {113, 0, {{sll, sizeof(sll)}}, 0, 0x020000000001},
        {276, 0, {{sll2, sizeof(sll2)}}, 0, 0x020000000001},
        {101, 0, {{0}}, 0, 0},
        {229, 0, {{0}}, 0, 0},
        {0, 0, {{null, sizeof(null)}}, 0, 0},
        {108, 0, {{loop, sizeof(loop)}}, 0, 0},
        {9, 0, {{hdlc + 2, 1}}, 0, 0},
        {50, 0, {{hdlc, sizeof(hdlc)}}, 0, 0},
    };

    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++) {
        _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX);

        if (cases[i].type)
            put_ethernet(&b, cases[i].type);
        for (size_t k = 0; k < 2; k++)
            pk_buf_add(&b, cases[i].then[k].bytes, cases[i].then[k].len);
        put_ipv6(&b, 0, 59, 1, 2);
        one(&b, cases[i].link, cases[i].inside, cases[i].mac);
    }
}

static void test_tunnels(void **state)
{
    static const uint8_t gre[] = {0xb0, 0, 0x86, 0xdd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2};
    static const uint8_t udp[] = {0xd, 0xd8, 0x30, 0, 0, 0, 0, 0};
    static const uint8_t origin[] = {0, 0, 1, 2, 3, 4, 5, 6};
    static const uint8_t auth[] = {0, 1, 1, 2, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8, 0};
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX);

    put_ethernet(&b, 0x0800);
    put_ipv4(&b, 40, 41);
    put_ipv6(&b, 0, 59, 1, 2);
    one(&b, 1, PK_IN_IPV4, 0);
    pk_buf_reset(&b);
    put_ipv4(&b, 40 + sizeof(gre), 47);
    pk_buf_add(&b, gre, sizeof(gre));
    put_ipv6(&b, 0, 59, 1, 2);
    one(&b, 101, PK_IN_IPV4 | PK_IN_GRE, 0);
    pk_buf_reset(&b);
    put_ipv4(&b, 40 + 4 + 14, 47); /* Ethernet in GRE: a link of its own */
    put(&b, 0, 0, 0x65, 0x58);
    put_ethernet(&b, 0x86dd);
    put_ipv6(&b, 0, 59, 1, 2);
    one(&b, 228, PK_IN_IPV4 | PK_IN_GRE, 0x020000000001);
    pk_buf_reset(&b);
    put_ipv4(&b, 40 + 8 + 16 + 8, 17);
    pk_buf_add(&b, udp, sizeof(udp));
    pk_buf_add(&b, auth, sizeof(auth));
    pk_buf_add(&b, origin, sizeof(origin));
    put_ipv6(&b, 0, 59, 1, 2);
    one(&b, 101, PK_IN_IPV4 | PK_IN_TEREDO, 0);
}

static void test_6in6_and_4in6(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX);
    struct seen s;

    put_ipv6(&b, 100, 41, 3, 4);
    put_ipv6(&b, 60, 4, 5, 6);
    put_ipv4(&b, 40, 41);
    put_ipv6(&b, 0, 59, 1, 2);
    assert_int_equal(walk(&b, 101, &s), PK_UNREAD_NOT);
    assert_int_equal(s.n, 3);
    assert_int_equal(s.h[0].src.lo, 3);
    assert_int_equal(s.h[0].protocol, 41);
    assert_int_equal(s.h[1].inside, PK_IN_IPV6);
    assert_int_equal(s.h[2].inside, PK_IN_IPV6 | PK_IN_IPV4);
    assert_int_equal(s.h[2].dst.lo, 2);
}

/* An error quotes a packet that is cut off; a quoted error is not read. */
static void test_quoted(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX);
    struct seen s;

    put_ipv6(&b, 8 + 40 + 8 + 41, 58, 1, 2);
    put(&b, 1, 3, 0, 0, 0, 0, 0, 0);
    put_ipv6(&b, 1000, 58, 2, 7);
    put(&b, 3, 0, 0, 0, 0, 0, 0, 0);
    put_ipv6(&b, 1, 59, 8, 9);
    pk_buf_char(&b, 0);
    assert_int_equal(walk(&b, 101, &s), PK_UNREAD_NOT);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.h[0].protocol, 58);
    assert_int_equal(s.h[0].payload[1], 3);
    assert_int_equal(s.h[1].inside, PK_IN_ERROR);
    assert_int_equal(s.h[1].dst.lo, 7);
}

static void test_extensions(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX);
    struct seen s;

    put_ipv6(&b, 8 + 16 + 8 + 12 + 4, 0, 1, 2);
    put(&b, 60, 0, 1, 4, 0, 0, 0, 0);
    put(&b, 44, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    put(&b, 51, 0, 0, 1, 0, 0, 0, 9);
    put(&b, 17, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2);
    put(&b, 1, 2, 3, 4);
    put(&b, 0xee, 0xee); /* beyond the payload: padding of the link */
    assert_int_equal(walk(&b, 101, &s), PK_UNREAD_NOT);
    assert_int_equal(s.h[0].protocol, 17);
    assert_int_equal(s.h[0].len, 4);
    assert_int_equal(s.h[0].payload[3], 4);
    b.data[40 + 8 + 16 + 3] = 9; /* a later fragment has no upper header */
    assert_int_equal(walk(&b, 101, &s), PK_UNREAD_NOT);
    assert_int_equal(s.h[0].protocol, PK_NO_PROTOCOL);
    assert_int_equal(s.h[0].len, 0);
}

static void test_unread(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX);
    struct pk_capture_packet p = {.link = 101, .wire_len = 1500};
    enum pk_unread unread;
    struct seen s;

    put_ipv6(&b, 0, 59, 1, 2);
    assert_int_equal(walk(&b, 147, &s), PK_UNREAD_LINK);
    assert_int_equal(walk(&b, PK_LINK_UNKNOWN, &s), PK_UNREAD_LINK);
    b.len = 39;
    assert_int_equal(walk(&b, 101, &s), PK_UNREAD_MALFORMED);
    p.data = (uint8_t *)b.data;
    p.len = 39;
    assert_int_equal(pk_layers(&p, see, &s, &unread), 0);
    assert_int_equal(unread, PK_UNREAD_CUT);
    b.data[0] = 0x50;
    assert_int_equal(walk(&b, 101, &s), PK_UNREAD_MALFORMED);
    pk_buf_reset(&b);
    put_ipv4(&b, 40, 41);
    b.data[7] = 5;
    put_ipv6(&b, 0, 59, 1, 2);
    assert_int_equal(walk(&b, 101, &s), PK_UNREAD_FRAGMENT);
    assert_int_equal(s.n, 0);
}

static void test_depth(void **state)
{
    for (unsigned n = 1; n < 20; n++) {
        _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX);
        struct seen s;
        enum pk_unread unread;

        for (unsigned i = 1; i <= n; i++)
            put_ipv6(&b, 40 * (n - i), i < n ? 41 : 59, 1, 2);
        unread = walk(&b, 101, &s);
        assert_int_equal(unread, n <= PK_LAYERS_IP_MAX ? PK_UNREAD_NOT : PK_UNREAD_DEEP);
        assert_int_equal(s.n, PK_MIN(n, PK_LAYERS_IP_MAX));
    }
}

/* Every packet cut at every byte: what is read never lies beyond. The sanitizers look, too. */
static void test_cut_anywhere(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX);
    struct seen s;

    put_ethernet(&b, 0x8864);
    put(&b, 0x11, 0, 0, 1, 0, 200, 0, 0x57);
    put_ipv6(&b, 8 + 40 + 8 + 8 + 40, 0, 1, 2);
    put(&b, 41, 0, 1, 4, 0, 0, 0, 0);
    put_ipv6(&b, 8 + 8 + 40, 58, 1, 2);
    put(&b, 1, 0, 0, 0, 0, 0, 0, 0);
    put_ipv6(&b, 0, 59, 1, 2);
    for (size_t full = b.len; b.len; b.len--) {
        uint8_t *exact = test_malloc(b.len);
        struct pk_buf part = {.data = memcpy(exact, b.data, b.len), .len = b.len};

        walk(&part, 1, &s);
        assert_true(s.n <= 3 && (b.len < full || s.n == 3));
        test_free(exact);
    }
}

/* Files: in the byte order that `swap` says. */
static void file32(struct pk_buf *b, uint32_t v, bool swap)
{
    v = swap ? __builtin_bswap32(v) : v;
    pk_buf_add(b, &v, sizeof(v));
}

static void file16(struct pk_buf *b, uint16_t v, bool swap)
{
    v = swap ? __builtin_bswap16(v) : v;
    pk_buf_add(b, &v, sizeof(v));
}

static struct pk_capture *reading(const struct pk_buf *b)
{
    struct pk_capture *c = NULL;
    struct pk_diags d = {0};

    assert_int_equal(pk_capture_memory(b->data, b->len, &d, &c), 0);
    pk_diags_done(&d);
    return c;
}

static void refused(const struct pk_buf *b)
{
    struct pk_capture *c = NULL;
    struct pk_diags d = {0};

    assert_true(pk_capture_memory(b->data, b->len, &d, &c) < 0);
    assert_null(c);
    assert_int_equal(d.n_errors, 1);
    pk_diags_done(&d);
}

static void put_pcap(struct pk_buf *b, uint32_t magic, bool swap)
{
    file32(b, magic, swap);
    file16(b, 2, swap);
    file16(b, 4, swap);
    for (int i = 0; i < 2; i++)
        file32(b, 0, swap);
    file32(b, 65535, swap);
    file32(b, 101, swap);
    for (uint32_t i = 0; i < 2; i++) {
        file32(b, 1700000000 + i, swap);
        file32(b, 123456, swap);
        file32(b, 3, swap);
        file32(b, 60, swap);
        if (magic == 0xa1b2cd34)
            pk_buf_add(b, "12345678", 8);
        pk_buf_add(b, "abc", 3);
    }
}

static void test_pcap(void **state)
{
    static const uint32_t magic[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34};

    for (size_t i = 0; i < 6; i++) {
        _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX);
        _pk_capture_ struct pk_capture *c = NULL;
        struct pk_capture_packet p;

        put_pcap(&b, magic[i / 2], i % 2);
        c = reading(&b);
        for (uint64_t n = 1; n <= 2; n++) {
            assert_int_equal(pk_capture_next(c, &p), 1);
            assert_int_equal(p.number, n);
            assert_int_equal(p.link, 101);
            assert_int_equal(p.when, (int64_t)(1699999999 + n) * 1000000000 +
                                         (i / 2 == 1 ? 123456 : 123456000));
            assert_int_equal(p.len, 3);
            assert_int_equal(p.wire_len, 60);
            assert_memory_equal(p.data, "abc", 3);
        }
        assert_int_equal(pk_capture_next(c, &p), 0);
        assert_int_equal(pk_capture_bytes(c), b.len);
    }
}

/* Ends anywhere: what is whole is read, and only a whole number of packets is no error. */
static void test_pcap_cut(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX);
    const size_t full = 24 + 2 * 19;

    put_pcap(&b, 0xa1b2c3d4, false);
    for (b.len = 0; b.len < 24; b.len++)
        refused(&b);
    for (; b.len < full; b.len++) {
        _pk_capture_ struct pk_capture *c = reading(&b);
        struct pk_capture_packet p;
        size_t n = 0;
        int r;

        while ((r = pk_capture_next(c, &p)) > 0)
            n++;
        assert_int_equal(n, (b.len - 24) / 19);
        assert_int_equal(r, (b.len - 24) % 19 ? -ENODATA : 0);
    }
}

static void test_pcap_damaged(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX);
    _pk_capture_ struct pk_capture *c = NULL;
    struct pk_capture_packet p;
    const uint32_t claimed = PK_CAPTURE_PACKET_MAX + 1;

    put_pcap(&b, 0xa1b2c3d4, false);
    memcpy(b.data + 24 + 19 + 8, &claimed, 4);
    c = reading(&b);
    assert_int_equal(pk_capture_next(c, &p), 1);
    assert_int_equal(pk_capture_next(c, &p), -EBADMSG);
    assert_string_equal(pk_capture_trouble(c),
                        "a packet that claims 262145 bytes after packet 1, at byte 43");
}

static void put_block(struct pk_buf *b, uint32_t type, const struct pk_buf *body, bool swap)
{
    file32(b, type, swap);
    file32(b, (uint32_t)body->len + 12, swap);
    pk_buf_add(b, body->data, body->len);
    file32(b, (uint32_t)body->len + 12, swap);
}

static void put_section(struct pk_buf *b, bool swap)
{
    _pk_buf_ struct pk_buf body = PK_BUF_INIT(BYTES_MAX);

    file32(&body, 0x1a2b3c4d, swap);
    file16(&body, 1, swap);
    file16(&body, 0, swap);
    file32(&body, ~0u, swap);
    file32(&body, ~0u, swap);
    put_block(b, 0x0a0d0d0a, &body, swap);
}

static void put_interface(struct pk_buf *b, uint16_t link, uint32_t snap, int resolution,
                          int64_t offset, bool swap)
{
    _pk_buf_ struct pk_buf body = PK_BUF_INIT(BYTES_MAX);

    file16(&body, link, swap);
    file16(&body, 0, swap);
    file32(&body, snap, swap);
    file16(&body, 2, swap); /* its name, which is of no interest */
    file16(&body, 3, swap);
    pk_buf_add(&body, "eth", 4);
    file16(&body, 9, swap);
    file16(&body, 1, swap);
    put(&body, (uint8_t)resolution, 0, 0, 0);
    file16(&body, 14, swap);
    file16(&body, 8, swap);
    offset = swap ? (int64_t)__builtin_bswap64((uint64_t)offset) : offset;
    pk_buf_add(&body, &offset, 8);
    file32(&body, 0, swap);
    put_block(b, 1, &body, swap);
}

static void put_enhanced(struct pk_buf *b, uint32_t interface, uint64_t ts, bool swap)
{
    _pk_buf_ struct pk_buf body = PK_BUF_INIT(BYTES_MAX);

    file32(&body, interface, swap);
    file32(&body, (uint32_t)(ts >> 32), swap);
    file32(&body, (uint32_t)ts, swap);
    file32(&body, 3, swap);
    file32(&body, 60, swap);
    pk_buf_add(&body, "abc", 4);
    put_block(b, 6, &body, swap);
}

/* Two link types and units of time in one file, a block that is not known, and two byte orders. */
static void test_pcapng(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX), other = PK_BUF_INIT(64);
    _pk_capture_ struct pk_capture *c = NULL;
    static const uint32_t links[] = {1, 101, PK_LINK_UNKNOWN};
    const int64_t t = INT64_C(1700000000) * 1000000000;
    struct pk_capture_packet p;

    pk_buf_add(&other, "whatever", 8);
    for (int swap = 0; swap < 2; swap++) {
        put_section(&b, swap);
        put_interface(&b, 1, 0, 9, 0, swap);
        put_interface(&b, 101, 0, 0x80 | 10, 1600000000, swap);
        put_block(&b, 4711, &other, swap);
        put_enhanced(&b, 0, (uint64_t)t + 5, swap);
        put_enhanced(&b, 1, 100000000ULL << 10 | 512, swap);
        put_enhanced(&b, 2, 1, swap);
    }
    c = reading(&b);
    for (size_t i = 0; i < 6; i++) {
        const int64_t when[] = {t + 5, t + 500000000, PK_WHEN_UNKNOWN};

        assert_int_equal(pk_capture_next(c, &p), 1);
        assert_int_equal(p.link, links[i % 3]);
        assert_int_equal(p.when, when[i % 3]);
        assert_int_equal(p.wire_len, 60);
        assert_memory_equal(p.data, "abc", 3);
    }
    assert_int_equal(pk_capture_next(c, &p), 0);
}

static void test_pcapng_simple(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX), body = PK_BUF_INIT(64);
    _pk_capture_ struct pk_capture *c = NULL;
    struct pk_capture_packet p;

    put_section(&b, false);
    put_interface(&b, 1, 2, 6, 0, false);
    file32(&body, 9, false);
    pk_buf_add(&body, "abcd", 4);
    put_block(&b, 3, &body, false);
    c = reading(&b);
    assert_int_equal(pk_capture_next(c, &p), 1);
    assert_int_equal(p.len, 2);
    assert_int_equal(p.wire_len, 9);
    assert_int_equal(p.when, PK_WHEN_UNKNOWN);
}

static void test_pcapng_damaged(void **state)
{
    _pk_buf_ struct pk_buf good = PK_BUF_INIT(BYTES_MAX);
    size_t interface_at, packet_at;
    static const struct {
        int32_t from; /* 0: section; 1: interface; 2: packet */
        uint32_t at, value;
        int r;
    } cases[] = {
        {0, 8, 0x12345678, -EBADMSG},  /* byte order */
        {0, 24, 29, -EBADMSG},         /* its second length */
        {1, 4, 11, -EBADMSG},          /* shorter than any */
        {1, 4, 21, -EBADMSG},          /* not of 4 bytes */
        {1, 4, 0x7ffffff0, -EBADMSG},  /* longer than any */
        {2, 20, 5, -EBADMSG},          /* captured: more than the block */
        {2, 20, 0xffffffff, -EBADMSG}, /* likewise */
        {2, 4, 40, -ENODATA},          /* ends after the file */
    };

    put_section(&good, false);
    interface_at = good.len;
    put_interface(&good, 1, 0, 6, 0, false);
    packet_at = good.len;
    put_enhanced(&good, 0, 1, false);
    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++) {
        _pk_buf_ struct pk_buf b = PK_BUF_INIT(BYTES_MAX);
        _pk_capture_ struct pk_capture *c = NULL;
        const size_t from[] = {0, interface_at, packet_at};
        struct pk_capture_packet p;

        pk_buf_add(&b, good.data, good.len);
        memcpy(b.data + from[cases[i].from] + cases[i].at, &cases[i].value, 4);
        c = reading(&b);
        assert_int_equal(pk_capture_next(c, &p), cases[i].r);
    }
}

static void test_no_capture(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(64);

    refused(&b);
    pk_buf_str(&b, "2001:db8::1 is an address, and this is text\n");
    refused(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links),         cmocka_unit_test(test_tunnels),
        cmocka_unit_test(test_6in6_and_4in6), cmocka_unit_test(test_quoted),
        cmocka_unit_test(test_extensions),    cmocka_unit_test(test_unread),
        cmocka_unit_test(test_depth),         cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_pcap),          cmocka_unit_test(test_pcap_cut),
        cmocka_unit_test(test_pcap_damaged),  cmocka_unit_test(test_pcapng),
        cmocka_unit_test(test_pcapng_simple), cmocka_unit_test(test_pcapng_damaged),
        cmocka_unit_test(test_no_capture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
