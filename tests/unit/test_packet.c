// SPDX-License-Identifier: GPL-2.0-or-later
/* The parser of frames: header lengths, fragments, chains of extension headers, packets cut short.
 */
#include "packet/packet_user.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "packet/frame.h"

/* frame.h asks for one, but nothing here calls it. */
static int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    (void)s, (void)off, (void)dst, (void)len;
    return -1;
}

struct frame {
    uint8_t b[512];
    size_t len;
};

static void put(struct frame *f, const void *data, size_t len)
{
    assert_true(f->len + len <= sizeof(f->b));
    memcpy(f->b + f->len, data, len);
    f->len += len;
}

#define PUT(f, ...) put(f, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void put_zeros(struct frame *f, size_t n)
{
    while (n--)
        PUT(f, 0);
}

/* The total length of IPv4, the payload length of IPv6. */
static void end(struct frame *f)
{
    size_t n = f->b[0] >> 4 == 6 ? f->len - 40 : f->len, at = f->b[0] >> 4 == 6 ? 4 : 2;

    f->b[at] = (uint8_t)(n >> 8);
    f->b[at + 1] = (uint8_t)n;
}

static struct frame ipv4(uint8_t proto, uint16_t fragment)
{
    struct frame f = {0};

    PUT(&f, 0x45, 0, 0, 0, 0, 1, (uint8_t)(fragment >> 8), (uint8_t)fragment);
    PUT(&f, 61, proto, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2);
    return f;
}

static struct frame ipv6(uint8_t next)
{
    struct frame f = {0};

    PUT(&f, 0x60, 0, 0, 0, 0, 0, next, 62);
    PUT(&f, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    PUT(&f, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
    return f;
}

/* Ports 4660 and 80, SYN and ACK. */
static void put_tcp(struct frame *f)
{
    PUT(f, 0x12, 0x34, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x12, 0, 0, 0, 0, 0, 0);
}

static struct pk_packet parse(const struct frame *f)
{
    struct pk_packet p;

    assert_int_equal(pk_packet_parse(f->b, f->len, &p), PK_PARSE_OK);
    return p;
}

static void test_tcp_over_ipv4(void **state)
{
    struct frame f = ipv4(6, 0x4000);
    struct pk_packet p;

    put_tcp(&f);
    put_zeros(&f, 3);
    end(&f);
    p = parse(&f);
    assert_int_equal(p.family, PK_IPV4);
    assert_int_equal(p.saddr.lo, 0xc0000201);
    assert_int_equal(p.daddr.lo, 0xc6336402);
    assert_int_equal(p.saddr.hi | p.daddr.hi, 0);
    assert_int_equal(p.proto, 6);
    assert_int_equal(p.status, PK_L4_OK);
    assert_int_equal(p.sport, 0x1234);
    assert_int_equal(p.dport, 80);
    assert_int_equal(p.tcp_flags, 0x12);
    assert_int_equal(p.icmp, 0);
    assert_int_equal(p.ttl, 61);
    assert_int_equal(p.len, 43);
    assert_int_equal(p.l4_off, 20);
}

static void test_ipv4_options_move_the_ports(void **state)
{
    struct frame f = ipv4(17, 0);
    struct pk_packet p;

    f.b[0] = 0x4f;
    put_zeros(&f, 40);
    PUT(&f, 0, 53, 0, 54, 0, 8, 0, 0);
    end(&f);
    p = parse(&f);
    assert_int_equal(p.l4_off, 60);
    assert_int_equal(p.sport, 53);
    assert_int_equal(p.dport, 54);
}

static void test_icmp_is_type_and_code(void **state)
{
    struct frame f = ipv4(1, 0);
    struct pk_packet p;

    PUT(&f, 3, 4, 0, 0, 0, 0, 0, 0);
    end(&f);
    p = parse(&f);
    assert_int_equal(p.icmp, 3 << 8 | 4);
    assert_int_equal(p.sport | p.dport, 0);
}

/* Offsets 0, 1 and more; more fragments; the bits that are no offset. */
static void test_ipv4_fragments(void **state)
{
    static const struct {
        uint16_t field;
        enum pk_l4_status status;
    } cases[] = {
        {0x0000, PK_L4_OK},    {0x2000, PK_L4_OK},   {0x8000, PK_L4_OK},   {0x0001, PK_L4_FRAG1},
        {0x2001, PK_L4_FRAG1}, {0x0002, PK_L4_FRAG}, {0x1fff, PK_L4_FRAG}, {0x3000, PK_L4_FRAG},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct frame f = ipv4(6, cases[i].field);
        struct pk_packet p;

        put_tcp(&f);
        end(&f);
        p = parse(&f);
        assert_int_equal(p.status, cases[i].status);
        assert_int_equal(p.proto, 6);
        assert_int_equal(p.dport, cases[i].status == PK_L4_OK ? 80 : 0);
        assert_int_equal(p.tcp_flags, cases[i].status == PK_L4_OK ? 0x12 : 0);
    }
}

/* What is there of the layer-4 header, per protocol: 4 bytes are ports, the whole header is the
 * rest. */
static void test_short_headers(void **state)
{
    static const struct {
        uint8_t proto;
        size_t whole;
        bool ports;
    } cases[] = {{6, 20, true},  {17, 8, true},  {1, 8, false},  {132, 12, true},
                 {33, 12, true}, {136, 8, true}, {58, 8, false}, {50, 0, false}};
    size_t i, n;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (n = 0; n <= 24; n++) {
            struct frame f = ipv4(cases[i].proto, 0);
            enum pk_l4_status want = n >= cases[i].whole ? PK_L4_OK
                                     : n >= 4            ? PK_L4_SHORT
                                                         : PK_L4_TINY;
            struct pk_packet p;

            put_tcp(&f);
            put_zeros(&f, 4);
            f.len = 20 + n;
            end(&f);
            p = parse(&f);
            assert_int_equal(p.status, want);
            assert_int_equal(p.dport, cases[i].ports && want != PK_L4_TINY ? 80 : 0);
            assert_int_equal(p.tcp_flags, cases[i].proto == 6 && want == PK_L4_OK ? 0x12 : 0);
        }
    }
}

/* The length that counts is the header's: what is behind it (Ethernet padding) is not read. */
static void test_padding_is_no_header(void **state)
{
    struct frame f = ipv4(6, 0);
    struct pk_packet p;

    put_tcp(&f);
    end(&f);
    f.b[3] = 20 + 8;
    p = parse(&f);
    assert_int_equal(p.len, 28);
    assert_int_equal(p.status, PK_L4_SHORT);
    assert_int_equal(p.dport, 80);
}

static void test_malformed_ipv4(void **state)
{
    struct frame f = ipv4(6, 0);
    struct pk_packet p = {.len = 12345};
    size_t n;

    put_tcp(&f);
    end(&f);
    for (n = 0; n < 20; n++)
        assert_int_equal(pk_packet_parse(f.b, n, &p), PK_PARSE_MALFORMED);
    f.b[0] = 0x44; /* header shorter than 20 */
    assert_int_equal(pk_packet_parse(f.b, f.len, &p), PK_PARSE_MALFORMED);
    f.b[0] = 0x4b; /* header longer than the packet */
    assert_int_equal(pk_packet_parse(f.b, f.len, &p), PK_PARSE_MALFORMED);
    f.b[0] = 0x55;
    assert_int_equal(pk_packet_parse(f.b, f.len, &p), PK_PARSE_MALFORMED);
    assert_int_equal(p.len, 12345);
}

static void test_udp_over_ipv6(void **state)
{
    struct frame f = ipv6(17);
    struct pk_packet p;

    PUT(&f, 2, 0x22, 2, 0x23, 0, 8, 0, 0);
    end(&f);
    p = parse(&f);
    assert_int_equal(p.family, PK_IPV6);
    assert_int_equal(p.saddr.hi, 0x20010db800000000);
    assert_int_equal(p.saddr.lo, 1);
    assert_int_equal(p.daddr.lo, 2);
    assert_int_equal(p.ttl, 62);
    assert_int_equal(p.len, 48);
    assert_int_equal(p.l4_off, 40);
    assert_int_equal(p.sport, 546);
    assert_int_equal(p.dport, 547);
    for (f.len = 0; f.len < 40; f.len++)
        assert_int_equal(pk_packet_parse(f.b, f.len, &p), PK_PARSE_MALFORMED);
}

/* One of each header that ipv6_ext_hdr() knows, with its own unit of length. */
static void test_extension_headers(void **state)
{
    struct frame f = ipv6(0);
    struct pk_packet p;

    PUT(&f, 60, 0, 1, 4, 0, 0, 0, 0); /* hop by hop, 8 bytes */
    PUT(&f, 43, 1);                   /* destination options, 16 bytes */
    put_zeros(&f, 14);
    PUT(&f, 51, 2); /* routing, 24 bytes */
    put_zeros(&f, 22);
    PUT(&f, 44, 4); /* authentication, (4 + 2) * 4 bytes */
    put_zeros(&f, 22);
    PUT(&f, 6, 9, 0, 1, 0, 0, 0, 7); /* first fragment: its length byte is reserved */
    put_tcp(&f);
    end(&f);
    p = parse(&f);
    assert_int_equal(p.l4_off, 40 + 8 + 16 + 24 + 24 + 8);
    assert_int_equal(p.proto, 6);
    assert_int_equal(p.status, PK_L4_OK);
    assert_int_equal(p.dport, 80);
}

static struct frame with_headers(unsigned n, uint8_t last)
{
    struct frame f = ipv6(n ? 60 : last);

    while (n--)
        PUT(&f, n ? 60 : last, 0, 1, 4, 0, 0, 0, 0);
    return f;
}

static void test_bound_of_extension_headers(void **state)
{
    struct pk_packet p;
    struct frame f;
    unsigned n;

    for (n = 0; n <= PK_EXTHDR_MAX + 2; n++) {
        f = with_headers(n, 6);
        put_tcp(&f);
        end(&f);
        assert_int_equal(pk_packet_parse(f.b, f.len, &p),
                         n <= PK_EXTHDR_MAX ? PK_PARSE_OK : PK_PARSE_EXTHDRS);
        if (n > PK_EXTHDR_MAX)
            continue;
        assert_int_equal(p.dport, 80);
        assert_int_equal(p.l4_off, 40 + n * 8);
    }
}

static void test_no_next_header(void **state)
{
    struct frame f = with_headers(2, 59);
    struct pk_packet p;

    end(&f);
    p = parse(&f);
    assert_int_equal(p.proto, 59);
    assert_int_equal(p.status, PK_L4_OK);
}

/* A packet that ends inside its chain of headers: before each byte that has to be read. */
static void test_broken_chain(void **state)
{
    struct frame whole = with_headers(3, 6), f;
    struct pk_packet p;
    size_t n;

    put_tcp(&whole);
    for (n = 0; n < 24; n++) {
        f = whole;
        f.len = 40 + n;
        end(&f);
        p = parse(&f);
        /* A header is followed once its first two bytes are there, as the kernel does it. */
        assert_int_equal(p.status, n < 18 ? PK_L4_BROKEN : PK_L4_TINY);
        assert_int_equal(p.proto, n < 18 ? 0 : 6);
    }
}

static void test_ipv6_fragments(void **state)
{
    static const struct {
        uint8_t next;
        uint16_t offset;
        enum pk_l4_status status;
        uint8_t proto;
    } cases[] = {
        {17, 0x0000, PK_L4_OK, 17},    {17, 0x0001, PK_L4_OK, 17},    {17, 0x0006, PK_L4_OK, 17},
        {17, 0x0008, PK_L4_FRAG, 17},  {17, 0xfff9, PK_L4_FRAG, 17},  {59, 0x0008, PK_L4_FRAG, 59},
        {60, 0x0008, PK_L4_BROKEN, 0}, {44, 0x0010, PK_L4_BROKEN, 0},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct frame f = ipv6(44);
        struct pk_packet p;

        PUT(&f, cases[i].next, 0, (uint8_t)(cases[i].offset >> 8), (uint8_t)cases[i].offset);
        PUT(&f, 0, 0, 0, 7, 0, 53, 0, 54, 0, 8, 0, 0);
        end(&f);
        p = parse(&f);
        assert_int_equal(p.status, cases[i].status);
        assert_int_equal(p.proto, cases[i].proto);
        assert_int_equal(p.dport, cases[i].status == PK_L4_OK ? 54 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp_over_ipv4),
        cmocka_unit_test(test_ipv4_options_move_the_ports),
        cmocka_unit_test(test_icmp_is_type_and_code),
        cmocka_unit_test(test_ipv4_fragments),
        cmocka_unit_test(test_short_headers),
        cmocka_unit_test(test_padding_is_no_header),
        cmocka_unit_test(test_malformed_ipv4),
        cmocka_unit_test(test_udp_over_ipv6),
        cmocka_unit_test(test_extension_headers),
        cmocka_unit_test(test_bound_of_extension_headers),
        cmocka_unit_test(test_no_next_header),
        cmocka_unit_test(test_broken_chain),
        cmocka_unit_test(test_ipv6_fragments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
