// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an address tells (sensors/address): kinds by IANA's registries, identifiers, text in all its
 * spellings, vendors, lists. "addr6 says" marks what ipv6toolkit 2.2 gets wrong.
 */
#include "sensors/address/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/macro.h"
#include "sensors/address/list.h"
#include "sensors/address/map.h"
#include "sensors/address/space.h"
#include "sensors/address/tally.h"
#include "sensors/address/text.h"
#include "sensors/address/vendor.h"

static uint64_t seed_now = 0x9e3779b97f4a7c15;

static uint64_t next_random(void)
{
    seed_now ^= seed_now << 13;
    seed_now ^= seed_now >> 7;
    seed_now ^= seed_now << 17;
    return seed_now * 0x2545f4914f6cdd1d;
}

static struct pk_u128 from(const char *s)
{
    uint64_t be[2];

    assert_int_equal(inet_pton(AF_INET6, s, be), 1);
    return (struct pk_u128){__builtin_bswap64(be[0]), __builtin_bswap64(be[1])};
}

static void kinds(void **state)
{
    static const struct {
        const char *address;
        enum pk_address_kind kind;
        enum pk_address_scope scope;
        bool reachable;
    } cases[] = {
        {"::", PK_AK_UNSPECIFIED, PK_SCOPE_NONE, false},
        {"::1", PK_AK_LOOPBACK, PK_SCOPE_INTERFACE, false},
        {"::2", PK_AK_V4_COMPATIBLE, PK_SCOPE_GLOBAL, false},
        {"::ffff:192.0.2.1", PK_AK_V4_MAPPED, PK_SCOPE_NONE, false},
        {"::ffff:0:192.0.2.1", PK_AK_V4_TRANSLATED, PK_SCOPE_GLOBAL, false},
        {"::1:0:0:0", PK_AK_RESERVED, PK_SCOPE_NONE, false},
        {"64:ff9b::192.0.2.33", PK_AK_NAT64, PK_SCOPE_GLOBAL, true},
        {"64:ff9b:0:0:1::", PK_AK_RESERVED, PK_SCOPE_NONE, false},
        {"64:ff9b:1:2::", PK_AK_NAT64_LOCAL, PK_SCOPE_GLOBAL, false},
        {"64:ff9b:2::", PK_AK_RESERVED, PK_SCOPE_NONE, false},
        {"100::ffff:ffff:ffff:ffff", PK_AK_DISCARD, PK_SCOPE_GLOBAL, false},
        {"100:0:0:1::", PK_AK_DUMMY, PK_SCOPE_GLOBAL, false},
        {"100:0:0:2::", PK_AK_RESERVED, PK_SCOPE_NONE, false},
        {"2001::1", PK_AK_TEREDO, PK_SCOPE_GLOBAL, false},
        {"2001:1::1", PK_AK_PROTOCOL_ANYCAST, PK_SCOPE_GLOBAL, true},
        {"2001:1::3", PK_AK_PROTOCOL_ANYCAST, PK_SCOPE_GLOBAL, true},
        {"2001:1::4", PK_AK_PROTOCOL, PK_SCOPE_GLOBAL, false},
        {"2001:2::", PK_AK_BENCHMARK, PK_SCOPE_GLOBAL, false},
        {"2001:2:1::", PK_AK_PROTOCOL, PK_SCOPE_GLOBAL, false},
        {"2001:3::", PK_AK_AMT, PK_SCOPE_GLOBAL, true},
        {"2001:4:112::", PK_AK_AS112, PK_SCOPE_GLOBAL, true},
        {"2620:4f:8000::1", PK_AK_AS112, PK_SCOPE_GLOBAL, true},
        {"2620:4f:8001::1", PK_AK_GLOBAL, PK_SCOPE_GLOBAL, true},
        {"2001:10::", PK_AK_ORCHID, PK_SCOPE_GLOBAL, false},
        {"2001:2f:ffff::", PK_AK_ORCHID, PK_SCOPE_GLOBAL, true},
        {"2001:30::", PK_AK_DRONE_ID, PK_SCOPE_GLOBAL, true},
        {"2001:1ff:ffff::", PK_AK_PROTOCOL, PK_SCOPE_GLOBAL, false},
        {"2001:200::", PK_AK_GLOBAL, PK_SCOPE_GLOBAL, true},
        {"2001:db7:ffff::", PK_AK_GLOBAL, PK_SCOPE_GLOBAL, true},
        {"2001:db8:ffff::", PK_AK_DOCUMENTATION, PK_SCOPE_GLOBAL, false},
        {"2001:db9::", PK_AK_GLOBAL, PK_SCOPE_GLOBAL, true},
        {"2002::", PK_AK_6TO4, PK_SCOPE_GLOBAL, false},
        {"3fff:fff:ffff::", PK_AK_DOCUMENTATION, PK_SCOPE_GLOBAL, false},
        {"3fff:1000::", PK_AK_GLOBAL, PK_SCOPE_GLOBAL, true},
        {"4000::", PK_AK_RESERVED, PK_SCOPE_NONE, false},
        {"5f00:ffff::", PK_AK_SRV6, PK_SCOPE_GLOBAL, false},
        {"fbff::", PK_AK_RESERVED, PK_SCOPE_NONE, false},
        {"fdff::", PK_AK_UNIQUE_LOCAL, PK_SCOPE_GLOBAL, false},
        {"fe7f::", PK_AK_RESERVED, PK_SCOPE_NONE, false},
        {"febf::1", PK_AK_LINK_LOCAL, PK_SCOPE_LINK, false},
        {"fec0::1", PK_AK_SITE_LOCAL, PK_SCOPE_SITE, false},
        {"ff02::1", PK_AK_MULTICAST, PK_SCOPE_LINK, false},
        {"ff0e::1", PK_AK_MULTICAST, PK_SCOPE_GLOBAL, true}, /* addr6 counts another's */
        {"ff18::1", PK_AK_MULTICAST, PK_SCOPE_ORGANISATION, false},
    };

    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++) {
        struct pk_verdict v;

        print_message("%s\n", cases[i].address);
        pk_address_judge(from(cases[i].address), &v);
        assert_int_equal(v.kind, cases[i].kind);
        assert_int_equal(v.scope, cases[i].scope);
        assert_int_equal(v.reachable, cases[i].reachable);
    }
}

static void identifiers(void **state)
{
    static const struct {
        const char *address;
        enum pk_iid_kind iid;
        enum pk_certainty certainty;
    } cases[] = {
        {"2001:db8::", PK_IID_ROUTER_ANYCAST, PK_CERTAIN}, /* addr6 says embedded-ipv4-64 */
        {"2001:db8::fdff:ffff:ffff:ff80", PK_IID_SUBNET_ANYCAST, PK_CERTAIN},
        {"2001:db8::fdff:ffff:ffff:ff7f", PK_IID_RANDOM, PK_STRONG},
        {"fe80::200:5eff:fe00:201", PK_IID_IANA, PK_CERTAIN},
        {"fe80::21b:38ff:fe12:3456", PK_IID_EUI64, PK_WEAK},
        /* addr6 says randomized to these: the local bit */
        {"fe80::5054:ff:fe12:3456", PK_IID_EUI64_VIRTUAL, PK_STRONG},
        {"fe80::42:acff:fe11:2", PK_IID_EUI64_VIRTUAL, PK_STRONG},
        {"fe80::8c3d:5aff:fe12:3456", PK_IID_EUI64_LOCAL, PK_WEAK},
        {"fe80::300:ff:fe12:3456", PK_IID_EUI64_GROUP, PK_WEAK},
        {"2001:db8::5efe:192.0.2.1", PK_IID_ISATAP, PK_STRONG},
        {"2001:db8::200:5efe:192.0.2.1", PK_IID_ISATAP, PK_STRONG},
        {"2001:db8::192.0.2.1", PK_IID_IPV4, PK_WEAK},
        {"2001:db8::10.1.2.3", PK_IID_IPV4, PK_STRONG},
        {"2001:db8::192:0:2:1", PK_IID_IPV4_WORDS, PK_STRONG},
        {"2001:db8::10:0:0:1", PK_IID_IPV4_WORDS, PK_WEAK}, /* addr6 is sure */
        /* addr6 says embedded-ipv4-64: no decimal digits */
        {"2001:db8::1ab:1ab:1ab:1ab", PK_IID_PATTERN, PK_STRONG},
        {"2001:db8::c0a8:101:0:0", PK_IID_IPV4_HIGH, PK_STRONG},
        {"2001:db8::c0:a801:100:0", PK_IID_IPV4_HIGH, PK_STRONG}, /* RFC 6052, a /64 */
        {"2001:db8::443", PK_IID_PORT, PK_STRONG},
        {"2001:db8::1bb", PK_IID_PORT, PK_STRONG},
        {"2001:db8::1:443", PK_IID_PORT, PK_STRONG},
        {"2001:db8::25", PK_IID_PORT, PK_WEAK},
        {"2001:db8::80:1", PK_IID_PORT_HIGH, PK_WEAK},
        {"2001:db8::11:443", PK_IID_LOW_BYTE, PK_WEAK}, /* 17 is no small number */
        {"2001:db8::1", PK_IID_LOW_BYTE, PK_STRONG},
        {"2001:db8::ff:1234", PK_IID_LOW_BYTE, PK_WEAK},
        /* addr6 says embedded-ipv4-32 or randomized */
        {"2001:db8::dead:beef", PK_IID_WORDY, PK_STRONG},
        {"2001:db8::face:b00c", PK_IID_WORDY, PK_STRONG},
        {"2001:db8::cafe", PK_IID_WORDY, PK_WEAK},
        {"2001:db8::cafe:babe:dead:beef", PK_IID_WORDY, PK_STRONG},
        {"2001:db8::aaaa:aaaa:aaaa:aaaa", PK_IID_PATTERN, PK_STRONG},
        {"2001:db8::ffff:ffff:ffff:ffff", PK_IID_PATTERN, PK_STRONG},
        {"2001:db8::1111:2222:3333:4444", PK_IID_PATTERN, PK_STRONG},
        {"2001:db8::1234:5678:9abc:def0", PK_IID_PATTERN, PK_STRONG},
        {"2001:db8::1:0:0:1", PK_IID_IPV4_WORDS, PK_WEAK},
        {"2001:db8::5300:0:0:a", PK_IID_PATTERN, PK_STRONG},
        {"2001:db8::8d4f:61c2:9be0:a713", PK_IID_RANDOM, PK_STRONG},
        {"2001:0:4136:e378:8000:63bf:3fff:fdd2", PK_IID_TEREDO, PK_CERTAIN}, /* addr6: never */
        {"ff02::1:ff12:3456", PK_IID_NONE, PK_CERTAIN},
        {"::ffff:192.0.2.1", PK_IID_NONE, PK_CERTAIN},
        {"5f00::1", PK_IID_NONE, PK_CERTAIN},
    };

    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++) {
        struct pk_verdict v;

        pk_address_judge(from(cases[i].address), &v);
        print_message("%s: %s, %s\n", cases[i].address, pk_iid_name(v.iid),
                      pk_certainty_name(v.certainty));
        assert_int_equal(v.iid, cases[i].iid);
        assert_int_equal(v.certainty, cases[i].certainty);
        assert_non_null(v.reason);
    }
}

static void embedded(void **state)
{
    struct pk_verdict v;

    (void)state;
    pk_address_judge(from("fe80::21b:38ff:fe12:3456"), &v);
    assert_int_equal(v.mac, 0x001b38123456);
    pk_address_judge(from("fe80::42:acff:fe11:2"), &v); /* Docker's 172.17.0.2 */
    assert_true(v.has_ipv4);
    assert_int_equal(v.ipv4, 0xac110002);
    /* RFC 4380, section 5.2's client, as Wikipedia and addr6's manual have it */
    pk_address_judge(from("2001:0:4136:e378:8000:63bf:3fff:fdd2"), &v);
    assert_int_equal(v.ipv4, 0xc000022d);
    assert_int_equal(v.port, 40000);
    pk_address_judge(from("64:ff9b::192.0.2.33"), &v);
    assert_int_equal(v.ipv4, 0xc0000221);
    pk_address_judge(from("2002:c000:221::1"), &v);
    assert_int_equal(v.ipv4, 0xc0000221);
    pk_address_judge(from("2002:c000:221::192.0.2.33"), &v);
    assert_int_equal(v.certainty, PK_STRONG);
    pk_address_judge(from("2001:db8::443"), &v);
    assert_int_equal(v.port, 443);
    pk_address_judge(from("2001:db8::1bb"), &v);
    assert_int_equal(v.port, 443);
}

/* RFC 7721, table 1. */
static void attacks(void **state)
{
    static const struct {
        const char *address;
        enum pk_exposure exposed[PK_ATTACKS];
    } cases[] = {
        {"2001:db8::21b:38ff:fe12:3456",
         {PK_EXPOSED_DEVICE, PK_EXPOSED_DEVICE, PK_EXPOSED_POSSIBLE, PK_EXPOSED_POSSIBLE}},
        {"2001:db8::8c3d:5aff:fe12:3456",
         {PK_EXPOSED_MAC, PK_EXPOSED_MAC, PK_EXPOSED_DEPENDS, PK_EXPOSED_NO}},
        {"2001:db8::1",
         {PK_EXPOSED_ADDRESS, PK_EXPOSED_ADDRESS, PK_EXPOSED_POSSIBLE, PK_EXPOSED_DEPENDS}},
        {"2001:db8::8d4f:61c2:9be0:a713",
         {PK_EXPOSED_UNKNOWN, PK_EXPOSED_UNKNOWN, PK_EXPOSED_NO, PK_EXPOSED_NO}},
        {"2001:db8::", {PK_EXPOSED_NO, PK_EXPOSED_NO, PK_EXPOSED_NO, PK_EXPOSED_NO}},
    };

    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++) {
        struct pk_verdict v;

        pk_address_judge(from(cases[i].address), &v);
        assert_memory_equal(v.exposed, cases[i].exposed, sizeof(v.exposed));
    }
}

/*
 * Of random identifiers 2^-16 look like EUI-64 and hardly any like something else. 2^24 of them:
 * 256 are expected, 16 is one deviation; 5 of those are left on each side.
 */
static void chance(void **state)
{
    uint64_t count[PK_IID_N] = {0}, eui64 = 0, other = 0;

    (void)state;
    for (unsigned i = 0; i < 1u << 24; i++) {
        struct pk_verdict v;

        pk_iid_judge(next_random(), &v);
        count[v.iid]++;
        assert_true(v.iid == PK_IID_RANDOM || !pk_iid_has_mac(v.iid) || v.certainty != PK_CERTAIN);
    }
    for (int k = 0; k < PK_IID_N; k++) {
        eui64 += pk_iid_has_mac((enum pk_iid_kind)k) ? count[k] : 0;
        other += pk_iid_has_mac((enum pk_iid_kind)k) || k == PK_IID_RANDOM ? 0 : count[k];
    }
    print_message("of 2^24 random: %llu like EUI-64 (2^-16: 256), %llu like something else\n",
                  (unsigned long long)eui64, (unsigned long long)other);
    assert_in_range(eui64, 176, 336);
    assert_in_range(other, 0, 200); /* more than two zero bytes: 3.3 in a million */
}

/* Every EUI-64 of a random MAC is found, with that MAC. */
static void all_eui64(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1u << 20; i++) {
        uint64_t mac = next_random() >> 16;
        uint64_t iid;
        struct pk_verdict v;

        iid = (mac >> 24 ^ 0x020000) << 40 | UINT64_C(0xfffe) << 24 | (mac & 0xffffff);
        pk_iid_judge(iid, &v);
        assert_true(pk_iid_has_mac(v.iid));
        assert_int_equal(v.mac, mac);
    }
}

/* Text: what is found in a line, in order, each as RFC 5952 has it. */
static void found(void **state)
{
    static const struct {
        const char *line, *addresses;
    } cases[] = {
        {"2001:db8::1", "2001:db8::1"},
        {" \t2001:DB8:0:0:0:0:0:1\t", "2001:db8::1"},
        {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
        {"[2001:db8::1]:443", "2001:db8::1"},
        {"http://[2001:db8::1]/ and [::1]", "2001:db8::1 ::1"},
        {"2001:db8::1.443 > 2001:db8::2.51234: Flags [S]", "2001:db8::1 2001:db8::2"},
        {"fe80::1%eth0/64", "fe80::1"},
        {"inet6 addr:2001:db8::1/64 Scope:Global", "2001:db8::1"},
        {"src:2001:db8::1", "2001:db8::1"},
        {"addr:::1", "::1"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"::192.0.2.1", "::c000:201"},
        {"::192.0.2.256", ""}, /* neither a dotted decimal nor hexadecimal digits and a port */
        {"2001:db8::1, 2001:db8::2; (2001:db8::3).", "2001:db8::1 2001:db8::2 2001:db8::3"},
        {"a,b,2001:db8::1,c", "2001:db8::1"},
        {"\"2001:db8::1\"", "2001:db8::1"},
        {"2001:db8::1: no route", "2001:db8::1"},
        {"x 2001:db8::1 # ::2", "2001:db8::1"},
        {"# 2001:db8::1", ""},
        {"2001:db8::1#53", "2001:db8::1"}, /* dig's port */
        {"::", "::"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7:8:9", ""},
        {"1:2:3:4:5:6:7", ""},
        {"1::2::3", ""},
        {"12345::", ""},
        {":1", ""},
        {"12:34:56", ""},
        {"00:1b:38:12:34:56", ""},
        {"16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", ""},
        {"std::dead::beef foo::bad::cafe", ""},
        {"gcafe::1", ""},
        {"20010db8000000000000000000000001 02 40 00 80 eth0", "2001:db8::1"},
        {"20010db80000000000000000000000010", ""},
        {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
         "2001:db8::1"},
        {"\\\\2001-db8--1.ipv6-literal.net\\share", "2001:db8::1"},
        {"2001-db8--1", ""},
    };

    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++) {
        const char *p = cases[i].line, *end = p + strlen(p);
        char got[256] = "", text[46];
        struct pk_address_found f;

        end = pk_address_line_end(p, end);
        while ((p = pk_address_find(p, end, &f)))
            snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", *got ? " " : "",
                     pk_address_text(f.address, text));
        print_message("%s\n", cases[i].line);
        assert_string_equal(got, cases[i].addresses);
    }
}

static void suffixes(void **state)
{
    struct pk_address_found f;

    (void)state;
    assert_int_equal(pk_address_parse("[fe80::1%eth0.5]:443", &f), 0);
    assert_int_equal(f.zone_len, 6);
    assert_memory_equal(f.zone, "eth0.5", 6);
    assert_int_equal(f.port, 443);
    assert_int_equal(f.bits, 128);
    assert_int_equal(pk_address_parse("2001:db8::/32", &f), 0);
    assert_int_equal(f.bits, 32);
    assert_int_equal(pk_address_parse("2001:db8::/129", &f), -EINVAL);
    assert_int_equal(pk_address_parse("2001:db8::1 ", &f), -EINVAL);
    assert_int_equal(pk_address_parse("", &f), -EINVAL);
}

/* Every address is spelt as inet_ntop() spells it, and read back. */
static void spelling(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1u << 19; i++) {
        struct pk_u128 a = {next_random(), next_random()};
        uint64_t holes = next_random(), be[2];
        char mine[46], theirs[46];
        struct pk_address_found f;

        for (unsigned g = 0; g < 8; g++) {
            if (holes >> g & 1)
                *(g < 4 ? &a.hi : &a.lo) &= ~(UINT64_C(0xffff) << (48 - 16 * (g & 3)));
            if (holes >> (8 + g) & 1)
                *(g < 4 ? &a.hi : &a.lo) &= ~(UINT64_C(0xfff0) << (48 - 16 * (g & 3)));
        }
        be[0] = __builtin_bswap64(a.hi);
        be[1] = __builtin_bswap64(a.lo);
        inet_ntop(AF_INET6, be, theirs, sizeof(theirs));
        pk_address_text(a, mine);
        if (a.hi || a.lo >> 32) /* glibc spells ipv4-compatible addresses dotted */
            assert_string_equal(mine, theirs);
        assert_int_equal(pk_address_parse(mine, &f), 0);
        assert_true(pk_u128_equal(f.address, a));
    }
}

/* Of random strings of an address's letters: what is taken whole is what inet_pton() takes. */
static void strings(void **state)
{
    static const char letters[] = "0123456789abcdefABCDEF::::::....";
    unsigned taken = 0;

    (void)state;
    for (unsigned i = 0; i < 1u << 21; i++) {
        unsigned n = (unsigned)(next_random() % 20);
        struct pk_address_found f;
        char s[32];
        uint64_t be[2];
        int theirs;

        for (unsigned k = 0; k < n; k++)
            s[k] = letters[next_random() % (sizeof(letters) - 1)];
        s[n] = 0;
        theirs = inet_pton(AF_INET6, s, be);
        if (pk_address_parse(s, &f) || f.port) {
            assert_int_not_equal(theirs, 1);
            continue;
        }
        if (theirs != 1)
            fail_msg("%s is taken", s);
        assert_int_equal(f.address.hi, __builtin_bswap64(be[0]));
        assert_int_equal(f.address.lo, __builtin_bswap64(be[1]));
        taken++;
    }
    assert_in_range(taken, 1000, 1u << 21);
}

static int compare(const void *a, const void *b)
{
    const struct pk_u128 *x = a, *y = b;

    return pk_u128_less(*x, *y) ? -1 : pk_u128_less(*y, *x);
}

static void unique(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 40; round++) {
        _pk_address_list_ struct pk_address_list l = {0};
        size_t n = next_random() % 20000, kept = 0, i;
        unsigned bits = (unsigned)(next_random() % 63);
        struct pk_u128 *naive = calloc(n + 1, sizeof(*naive));

        assert_non_null(naive);
        for (i = 0; i < n; i++) {
            naive[i] = (struct pk_u128){next_random() >> bits, next_random() >> (62 - bits)};
            assert_int_equal(pk_address_list_add(&l, naive[i]), 0);
        }
        qsort(naive, n, sizeof(*naive), compare);
        for (i = 0; i < n; i++)
            if (!kept || !pk_u128_equal(naive[kept - 1], naive[i]))
                naive[kept++] = naive[i];
        pk_address_list_unique(&l);
        assert_int_equal(l.n, kept);
        assert_memory_equal(l.item, naive, kept * sizeof(*naive));
        free(naive);
    }
}

static void file(const char *dir, const char *name, const char *text)
{
    char path[256];
    FILE *to;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    assert_int_equal(fclose(to), 0);
}

static void vendors(void **state)
{
    char dir[] = "/tmp/vendors-XXXXXX", path[64];
    struct pk_vendors v = {0};
    _pk_diags_ struct pk_diags d = {0};
    size_t blocks;

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(pk_vendors_load(&v, dir, &d), -ENOENT);
    file(dir, "oui.csv",
         "Registry,Assignment,Organization Name,Organization Address\r\n"
         "MA-L,001B38,\"Compal, \"\"Kunshan\"\" \",here\r\n"
         "MA-L,70B3D5,IEEE Registration Authority,there\r\nMA-L,XXXXXX,no,no\r\nMA-L,1,2,3");
    file(dir, "mam.csv", "MA-M,70B3D51,Middle,x\n");
    file(dir, "oui36.csv", "MA-S,70B3D5123,Small,x\nMA-S,70B3D5FFF,Small,x\n");
    assert_int_equal(pk_vendors_load(&v, dir, &d), 0);
    assert_int_equal(v.n_names, 5);
    assert_string_equal(pk_vendor_of(&v, 0x001b38aabbcc)->name, "Compal, \"Kunshan\"");
    assert_string_equal(pk_vendor_of(&v, 0x70b3d5123456)->name, "Small");
    assert_string_equal(pk_vendor_of(&v, 0x70b3d5145678)->name, "Middle");
    assert_string_equal(pk_vendor_of(&v, 0x70b3d5f00000)->name, "IEEE Registration Authority");
    assert_null(pk_vendor_of(&v, 0x001b39000000));
    assert_int_equal(pk_vendor_space(&v, "small", &blocks), 2 << 12);
    assert_int_equal(blocks, 2);
    file(dir, "dates", "# a comment\n00:1b:38:00:00:00/24,2007-01-26,ieee\nbroken/line\n");
    snprintf(path, sizeof(path), "%s/dates", dir);
    assert_int_equal(pk_vendors_dates(&v, path, &d), 0);
    assert_string_equal(pk_vendor_of(&v, 0x001b38aabbcc)->since, "2007-01-26");
    pk_vendors_done(&v);
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s", dir,
                 (const char *const[]){"oui.csv", "mam.csv", "oui36.csv", "dates"}[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(dir), 0);
}

/* RFC 7707, section 4: what is left to try. */
static void spaces(void **state)
{
    static const struct {
        const char *address;
        double addresses;
    } cases[] = {
        {"2001:db8::21b:38ff:fe12:3456", 0x1p24},
        {"2001:db8::250:56ff:fe92:1", 0x1p22},
        {"2001:db8::a00:27ff:fe12:3456", 0x1p24},
        {"2001:db8::443", 10 * 0x1p11},
        {"2001:db8::1", 0x1p16},
        {"2001:db8::192.168.1.2", 0x1p17},
        {"2001:db8::8d4f:61c2:9be0:a713", 0x1p64},
    };
    struct pk_vendors none = {0};

    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++) {
        struct pk_space s;
        struct pk_verdict v;

        pk_address_judge(from(cases[i].address), &v);
        assert_true(pk_space_of(&v, &none, &s));
        assert_true(s.addresses == cases[i].addresses);
    }
}

static void times(void **state)
{
    static const struct {
        double addresses, rate;
        const char *text;
    } cases[] = {
        {0x1p24, 1e4, "28 min"},
        {0x1p24, 1e6, "17 s"},
        {1, 1e4, "under 1 s"},
        {0x1p32, 1e4, "5 days"},
        {0x1p64, 1e6, "584542 years"},
        {0x1p64, 1e4, "58 million years"},
        {0x1p61, 1e4, "7.3 million years"},
    };

    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++) {
        _pk_buf_ struct pk_buf b = PK_BUF_INIT(64);

        pk_space_time(cases[i].addresses, cases[i].rate, &b);
        assert_string_equal(b.data, cases[i].text);
    }
}

static void entropy(void **state)
{
    struct pk_u128 a[16];
    double h[32];

    (void)state;
    for (unsigned i = 0; i < 16; i++)
        a[i] = (struct pk_u128){0x20010db800000000, i << 4 | (i & 1)};
    pk_address_entropy(a, 16, h);
    assert_true(h[30] == 1);    /* all sixteen digits */
    assert_true(h[31] == 0.25); /* two of them: one bit of four */
    assert_true(h[0] == 0);
}

/* 30 prefixes have 1 to 30 addresses, in no order: 24 rows, the largest first, and 6 others. */
static void map(void **state)
{
    _pk_address_list_ struct pk_address_list l = {0};
    const struct pk_vendors none = {0};
    struct pk_map m;

    (void)state;
    for (uint64_t i = 0; i < 30; i++)
        for (uint64_t k = 0; k <= i * 7 % 30; k++)
            assert_int_equal(
                pk_address_list_add(&l, (struct pk_u128){0x20010db800000000 + i, k + 1}), 0);
    assert_int_equal(pk_address_list_add(&l, from("2001:db8:0:11:21b:38ff:fe12:3456")), 0);
    assert_int_equal(pk_address_list_add(&l, from("2001:db8:0:11:5054:ff:fe12:3456")), 0);
    assert_int_equal(pk_address_list_add(&l, from("ff02::1")), 0);
    pk_address_list_unique(&l);
    assert_int_equal(pk_map_build(&l, &none, 64, &m), 0);
    assert_int_equal(m.addresses, 30 * 31 / 2 + 2);
    assert_int_equal(m.without, 1);
    assert_int_equal(m.prefixes, 30);
    assert_int_equal(m.n_rows, PK_MAP_ROWS);
    for (size_t i = 0; i < m.n_rows; i++)
        assert_int_equal(m.row[i].n, 30 - i + (i ? 0 : 2));
    assert_int_equal(m.others.n, 6 * 7 / 2);
    assert_int_equal(m.row[0].iid[PK_IID_EUI64], 1);
    assert_true(m.row[14].bits > 3.9 && m.row[14].bits < 4.4); /* ::1 to ::10 */
    assert_true(m.row[15].bits < 0);                           /* 15 addresses */
    assert_int_equal(m.macs, 2);
    assert_int_equal(m.n_vendors, 2);
    assert_int_equal(pk_map_build(&l, &none, 32, &m), 0);
    assert_int_equal(m.prefixes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),   cmocka_unit_test(identifiers), cmocka_unit_test(embedded),
        cmocka_unit_test(attacks), cmocka_unit_test(chance),      cmocka_unit_test(all_eui64),
        cmocka_unit_test(found),   cmocka_unit_test(suffixes),    cmocka_unit_test(spelling),
        cmocka_unit_test(strings), cmocka_unit_test(unique),      cmocka_unit_test(vendors),
        cmocka_unit_test(spaces),  cmocka_unit_test(times),       cmocka_unit_test(entropy),
        cmocka_unit_test(map),
    };

    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
