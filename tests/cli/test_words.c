// SPDX-License-Identifier: GPL-2.0-or-later
/* A packet in words and in hex, and sizes: what explain and its options take. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "cli/cli.h"
#include "cli/reason.h"
#include "cli/words.h"

/* args.c asks for the verb to print its help; these tests have no verbs. */
const struct pk_verb *pk_verb_find(const char *name)
{
    return NULL;
}

#define WORDS(...) ((char *const[]){__VA_ARGS__}), PK_ARRAY_SIZE(((char *const[]){__VA_ARGS__}))

static struct pk_asked ask(char *const *words, size_t n)
{
    _pk_diags_ struct pk_diags d = {0};
    struct pk_asked a = {0};

    assert_int_equal(pk_words_read(words, n, &a, &d), 0);
    assert_int_equal(d.n_errors, 0);
    return a;
}

static void refuse(char *const *words, size_t n)
{
    _pk_diags_ struct pk_diags d = {0};
    struct pk_asked a = {0};

    assert_int_equal(pk_words_read(words, n, &a, &d), -EINVAL);
    assert_int_equal(d.n_errors, 1);
    assert_non_null(d.items[0].hint);
}

/* The Internet checksum over bytes that hold a right checksum is 0xffff before it is inverted. */
static uint32_t sum(const uint8_t *p, size_t n, uint32_t s)
{
    for (size_t i = 0; i < n; i++)
        s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return s;
}

static void tcp_over_ipv4(void **state)
{
    struct pk_asked a = ask(WORDS("in", "eth0", "tcp", "192.0.2.1:5000", "to", "198.51.100.2:443"));

    assert_int_equal(pk_asked_hook(&a), PK_INPUT);
    assert_int_equal(a.packet.family, PK_IPV4);
    assert_int_equal(a.packet.proto, 6);
    assert_int_equal(a.packet.status, PK_L4_OK);
    assert_true(a.packet.saddr.lo == 0xc0000201 && a.packet.saddr.hi == 0);
    assert_true(a.packet.daddr.lo == 0xc6336402);
    assert_int_equal(a.packet.sport, 5000);
    assert_int_equal(a.packet.dport, 443);
    assert_int_equal(a.packet.tcp_flags, 2);
    assert_int_equal(a.packet.len, 40);
    assert_true(a.packet.iif.hi == 0x6574683000000000ULL && a.packet.iif.lo == 0);
    assert_true(a.packet.oif.hi == 0);
    assert_int_equal(sum(a.bytes, 20, 0), 0xffff);
    assert_int_equal(sum(a.bytes + 20, 20, sum(a.bytes + 12, 8, 20 + 6)), 0xffff);
}

static void udp_over_ipv6_with_brackets(void **state)
{
    struct pk_asked a = ask(WORDS("udp", "[2001:db8::1]:53", "->", "2001:db8::2", "out", "wg0"));

    assert_int_equal(pk_asked_hook(&a), PK_OUTPUT);
    assert_int_equal(a.packet.family, PK_IPV6);
    assert_int_equal(a.packet.sport, 53);
    assert_int_equal(a.packet.dport, 0);
    assert_true(a.packet.daddr.hi == 0x20010db800000000ULL && a.packet.daddr.lo == 2);
    assert_int_equal(sum(a.bytes + 40, 8, sum(a.bytes + 8, 32, 8 + 17)), 0xffff);
}

static void forward_has_both_interfaces(void **state)
{
    struct pk_asked a = ask(WORDS("in", "a", "out", "b", "47", "10.0.0.1", ">", "10.0.0.2"));

    assert_int_equal(pk_asked_hook(&a), PK_FORWARD);
    assert_int_equal(a.packet.proto, 47);
}

static void flags_and_types(void **state)
{
    struct pk_asked a = ask(WORDS("tcp", "1.2.3.4", "to", "1.2.3.5:1", "flags", "SYN,ACK"));

    assert_int_equal(a.packet.tcp_flags, 0x12);
    a = ask(WORDS("tcp", "1.2.3.4", "to", "1.2.3.5", "flags", "NONE"));
    assert_int_equal(a.packet.tcp_flags, 0);
    a = ask(WORDS("icmp", "1.2.3.4", "to", "1.2.3.5"));
    assert_int_equal(a.packet.icmp, 8 << 8);
    a = ask(WORDS("icmp", "1.2.3.4", "to", "1.2.3.5", "type", "3/4"));
    assert_int_equal(a.packet.icmp, 3 << 8 | 4);
    a = ask(WORDS("icmpv6", "fe80::1", "to", "ff02::1", "type", "134"));
    assert_int_equal(a.packet.icmp, 134 << 8);
    assert_int_equal(a.packet.ttl, 255);
}

/* As in rules: what /etc/services and iptables' own lists have. */
static void names_of_ports_and_types(void **state)
{
    struct pk_asked a = ask(WORDS("udp", "[fe80::2]:ntp", "to", "[fe80::1]:domain"));

    assert_int_equal(a.packet.sport, 123);
    assert_int_equal(a.packet.dport, 53);
    a = ask(WORDS("tcp", "1.2.3.4", "to", "1.2.3.5:ssh"));
    assert_int_equal(a.packet.dport, 22);
    a = ask(WORDS("icmp", "1.2.3.4", "to", "1.2.3.5", "type", "port-unreachable"));
    assert_int_equal(a.packet.icmp, 3 << 8 | 3);
    a = ask(WORDS("icmp", "1.2.3.4", "to", "1.2.3.5", "type", "echo-reply"));
    assert_int_equal(a.packet.icmp, 0);
    a = ask(WORDS("icmpv6", "fe80::1", "to", "ff02::1", "type", "router-adv"));
    assert_int_equal(a.packet.icmp, 134 << 8);
}

static void every_protocol_has_a_whole_header(void **state)
{
    char *const names[] = {"tcp", "udp", "icmp", "icmpv6", "sctp", "dccp", "udplite", "gre", "0"};

    for (size_t i = 0; i < PK_ARRAY_SIZE(names); i++) {
        struct pk_asked a = ask(WORDS(names[i], "1.2.3.4", "to", "1.2.3.5"));

        assert_int_equal(a.packet.status, PK_L4_OK);
    }
}

static void wrong_words_are_refused(void **state)
{
    refuse(WORDS("tcp"));
    refuse(WORDS("tcp", "1.2.3.4"));
    refuse(WORDS("tcp", "1.2.3.4", "to"));
    refuse(WORDS("tcp", "1.2.3.4", "1.2.3.5"));
    refuse(WORDS("tpc", "1.2.3.4", "to", "1.2.3.5"));
    refuse(WORDS("256", "1.2.3.4", "to", "1.2.3.5"));
    refuse(WORDS("tcp", "1.2.3.4:65536", "to", "1.2.3.5"));
    refuse(WORDS("tcp", "1.2.3.4:", "to", "1.2.3.5"));
    refuse(WORDS("tcp", "1.2.3.4:80x", "to", "1.2.3.5"));
    refuse(WORDS("tcp", "1.2.3.256", "to", "1.2.3.5"));
    refuse(WORDS("tcp", "[", "to", "1.2.3.5"));
    refuse(WORDS("tcp", "[]", "to", "1.2.3.5"));
    refuse(WORDS("tcp", "", "to", "1.2.3.5"));
    refuse(WORDS("tcp", "[::1", "to", "::1"));
    refuse(WORDS("tcp", "::1", "to", "1.2.3.5"));
    refuse(WORDS("icmp", "1.2.3.4:80", "to", "1.2.3.5"));
    refuse(WORDS("tcp", "1.2.3.4", "to", "1.2.3.5", "flags"));
    refuse(WORDS("tcp", "1.2.3.4", "to", "1.2.3.5", "flags", "SYM"));
    refuse(WORDS("udp", "1.2.3.4", "to", "1.2.3.5", "flags", "SYN"));
    refuse(WORDS("icmp", "1.2.3.4", "to", "1.2.3.5", "type", "256"));
    refuse(WORDS("icmp", "1.2.3.4", "to", "1.2.3.5", "type", "3/"));
    refuse(WORDS("icmp", "1.2.3.4", "to", "1.2.3.5", "type", "any"));
    refuse(WORDS("icmp", "1.2.3.4", "to", "1.2.3.5", "type", "echo"));
    refuse(WORDS("icmp", "1.2.3.4", "to", "1.2.3.5", "type", "neighbour-solicitation"));
    refuse(WORDS("icmp", "1.2.3.4", "to", "1.2.3.5", "type"));
    refuse(WORDS("tcp", "1.2.3.4:no-such-service", "to", "1.2.3.5"));
    refuse(WORDS("in"));
    refuse(WORDS("in", "a-name-of-sixteen"));
    refuse(WORDS("tcp", "1.2.3.4", "to", "1.2.3.5", "more"));
}

static int frame(const char *hex, struct pk_asked *ret)
{
    _pk_diags_ struct pk_diags d = {0};

    *ret = (struct pk_asked){0};
    return pk_words_frame(hex, ret, &d);
}

#define IP "4500001c 0000 4000 40 11 0000 c0000201 c6336402"
#define UDP " 1388 0035 0008 0000"

static void frames_in_hex(void **state)
{
    struct pk_asked a;

    assert_int_equal(frame("02:00:00:00:00:01 02:00:00:00:00:02 0800" IP UDP, &a), 0);
    assert_int_equal(a.packet.dport, 53);
    assert_int_equal(a.len, 28);
    assert_int_equal(frame("020000000001 020000000002 88a8 0001 8100 0002 0800" IP UDP, &a), 0);
    assert_int_equal(a.packet.sport, 5000);
    assert_int_equal(frame(IP UDP, &a), 0);
    assert_int_equal(a.packet.proto, 17);
    assert_int_equal(frame(IP " 1388", &a), 0);
    assert_int_equal(a.packet.status, PK_L4_TINY);
}

static void wrong_frames_are_refused(void **state)
{
    char big[PK_FRAME_MAX * 2 + 3];
    struct pk_asked a;

    memset(big, '4', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    assert_int_equal(frame(big, &a), -EINVAL);
    assert_int_equal(frame("", &a), -EINVAL);
    assert_int_equal(frame("4", &a), -EINVAL);
    assert_int_equal(frame("45", &a), -EINVAL);
    assert_int_equal(frame("4g", &a), -EINVAL);
    assert_int_equal(frame("020000000001 020000000002 0806 0001", &a), -EINVAL);
    assert_int_equal(frame("020000000001 020000000002 0800", &a), -EINVAL);
}

static void sizes(void **state)
{
    uint64_t v = 7;

    assert_int_equal(pk_arg_size("0", &v), 0);
    assert_int_equal(v, 0);
    assert_int_equal(pk_arg_size("64M", &v), 0);
    assert_int_equal(v, 64 << 20);
    assert_int_equal(pk_arg_size("18446744073709551615", &v), 0);
    assert_int_equal(pk_arg_size("18446744073709551616", &v), -ERANGE);
    assert_int_equal(pk_arg_size("17179869184G", &v), -ERANGE);
    assert_int_equal(pk_arg_size("", &v), -EINVAL);
    assert_int_equal(pk_arg_size("-1", &v), -EINVAL);
    assert_int_equal(pk_arg_size("1T", &v), -EINVAL);
    assert_int_equal(pk_arg_size("1MM", &v), -EINVAL);
}

static void every_reason_has_a_name(void **state)
{
    for (int i = 0; i < PK_REASON_N; i++) {
        assert_string_not_equal(pk_reason_name(i), "unknown");
        assert_string_not_equal(pk_reason_help(i), "unknown");
        for (int k = 0; k < i; k++)
            assert_string_not_equal(pk_reason_name(i), pk_reason_name(k));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_over_ipv4),
        cmocka_unit_test(udp_over_ipv6_with_brackets),
        cmocka_unit_test(forward_has_both_interfaces),
        cmocka_unit_test(flags_and_types),
        cmocka_unit_test(names_of_ports_and_types),
        cmocka_unit_test(every_protocol_has_a_whole_header),
        cmocka_unit_test(wrong_words_are_refused),
        cmocka_unit_test(frames_in_hex),
        cmocka_unit_test(wrong_frames_are_refused),
        cmocka_unit_test(sizes),
        cmocka_unit_test(every_reason_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
