// SPDX-License-Identifier: GPL-2.0-or-later
/* What check says about a rule set: rules that do nothing, and what IPv6 cannot live without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macro.h"
#include "classify/codes.h"
#include "classify/essential.h"
#include "classify/lint.h"
#include "rules/text.h"

struct fixture {
    struct pk_arena arena;
    struct pk_diags d;
    struct pk_read read;
};

static void fixture_done(struct fixture *f)
{
    pk_arena_done(&f->arena);
    pk_diags_done(&f->d);
}

#define _fixture_ __attribute__((cleanup(fixture_done)))

#define HEAD "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:a - [0:0]\n"
#define FIRST_LINE 6 /* of the rules after HEAD */

static const struct pk_ruleset *read_text(struct fixture *f, enum pk_family family,
                                          const char *text)
{
    const struct pk_read_options o = {.family = family};

    if (pk_text_read(text, strlen(text), "t", &o, &f->arena, &f->read, &f->d))
        pk_diags_print(&f->d, stderr);
    assert_int_equal(f->d.n_errors, 0);
    assert_non_null(f->read.family[family]);
    return f->read.family[family];
}

/* Lints the rules of one IPv4 chain set; the code found at each line, from the first rule on. */
static void expect(const char *rules, const unsigned *codes, size_t n)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT((size_t)1 << 24);
    _fixture_ struct fixture f = {0};
    size_t at = 0;

    pk_buf_fmt(&text, HEAD "%sCOMMIT\n", rules);
    assert_int_equal(pk_lint_rules(read_text(&f, PK_IPV4, text.data), &f.d), 0);
    for (size_t i = 0; i < n; i++) {
        unsigned found = 0;

        if (at < f.d.n && f.d.items[at].line == FIRST_LINE + i)
            found = f.d.items[at++].code;
        assert_int_equal(found, codes[i]);
    }
    assert_int_equal(at, f.d.n);
}

#define EXPECT(rules, ...)                                                                         \
    expect(rules, (const unsigned[]){__VA_ARGS__}, PK_ARRAY_SIZE(((const unsigned[]){__VA_ARGS__})))
#define DUP PK_CODE_DUPLICATE
#define SHADOW PK_CODE_SHADOWED

static void duplicates(void **state)
{
    EXPECT("-A INPUT -s 10.0.0.1/32\n-A INPUT -s 10.0.0.1/32\n-A a -s 10.0.0.1/32\n", 0, DUP, 0);
    EXPECT("-A INPUT -j a\n-A INPUT -s 10.0.0.1/32 -j a\n-A INPUT -j a\n", 0, 0, DUP);
    EXPECT("-A a -j DROP\n-A a -j DROP\n-A a -j ACCEPT\n", 0, DUP, SHADOW);
}

static void shadowed_by_a_rule_that_ends_the_walk(void **state)
{
    EXPECT("-A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT -s 10.1.0.0/16 -p tcp -j ACCEPT\n"
           "-A INPUT -s 11.0.0.0/8 -j ACCEPT\n",
           0, SHADOW, 0);
    EXPECT("-A a -s 10.0.0.0/8 -j RETURN\n-A a -s 10.1.0.0/16 -j DROP\n", 0, SHADOW);
    EXPECT("-A INPUT -s 10.0.0.0/8 -g a\n-A INPUT -s 10.1.0.0/16 -j DROP\n", 0, SHADOW);
    EXPECT("-A INPUT -p tcp -m tcp --dport 1:100 -j DROP\n-A INPUT -p tcp -m tcp --dport 7 -j "
           "ACCEPT\n-A INPUT -p tcp -m tcp --dport 100:101 -j ACCEPT\n",
           0, SHADOW, 0);
    EXPECT("-A INPUT -i eth+ -j DROP\n-A INPUT -i eth0 -j ACCEPT\n-A INPUT -i et+ -j ACCEPT\n", 0,
           SHADOW, 0);
}

static void not_shadowed(void **state)
{
    EXPECT("-A INPUT -s 10.0.0.0/8\n-A INPUT -s 10.1.0.0/16 -j DROP\n", 0, 0);
    EXPECT("-A INPUT -s 10.0.0.0/8 -j a\n-A INPUT -s 10.1.0.0/16 -j DROP\n", 0, 0);
    EXPECT("-A INPUT -s 10.1.0.0/16 -j DROP\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\n", 0, 0);
    EXPECT("-A INPUT -s 10.0.0.0/8 -j DROP\n-A a -s 10.0.0.0/8 -j ACCEPT\n", 0, 0);
    EXPECT("-A INPUT ! -s 10.0.0.0/8 -j DROP\n-A INPUT -s 10.0.0.0/7 -j ACCEPT\n", 0, 0);
    /* A residual predicate does not hold for every packet of its sets. */
    EXPECT("-A INPUT -p tcp -m tcp --tcp-option 2 -j DROP\n-A INPUT -p tcp -j ACCEPT\n", 0, 0);
}

static void both_leaves_must_be_covered(void **state)
{
    EXPECT("-A INPUT -p tcp -m tcp --dport 80 -j DROP\n"
           "-A INPUT -p tcp -m multiport --ports 80 -j ACCEPT\n",
           0, 0);
    EXPECT("-A INPUT -p tcp -j DROP\n-A INPUT -p tcp -m multiport --ports 80 -j ACCEPT\n", 0,
           SHADOW);
}

/* In a chain longer than PK_LINT_ALL the covering rule is far from the first ones. */
static void long_chains(void **state)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT((size_t)1 << 24);
    _fixture_ struct fixture f = {0};
    const unsigned n = PK_LINT_ALL + 1000;

    pk_buf_str(&text, HEAD);
    for (unsigned i = 0; i < n; i++)
        pk_buf_fmt(&text, "-A INPUT -s 10.%u.%u.1/32 -p tcp -j DROP\n", i / 256, i % 256);
    pk_buf_str(&text, "-A INPUT -s 10.9.9.1/32 -p tcp -m tcp --dport 80 -j ACCEPT\n"
                      "-A INPUT -s 10.9.9.2/32 -p tcp -m tcp --dport 80 -j ACCEPT\n"
                      "-A INPUT -s 10.9.9.1/32 -p tcp -j DROP\nCOMMIT\n");
    assert_int_equal(pk_lint_rules(read_text(&f, PK_IPV4, text.data), &f.d), 0);
    assert_int_equal(f.d.n, 2);
    assert_int_equal(f.d.items[0].line, FIRST_LINE + n);
    assert_int_equal(f.d.items[0].code, SHADOW);
    assert_int_equal(f.d.items[1].line, FIRST_LINE + n + 2);
    assert_int_equal(f.d.items[1].code, DUP);
}

#define HEAD6 "*filter\n:INPUT %s [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT %s [0:0]\n%sCOMMIT\n"

static size_t lost(const char *input, const char *output, const char *rules, const char *say)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT((size_t)1 << 20);
    _fixture_ struct fixture f = {0};
    size_t n = 0;

    pk_buf_fmt(&text, HEAD6, input, output, rules);
    assert_int_equal(pk_essential_check(read_text(&f, PK_IPV6, text.data), &f.d), 0);
    for (size_t i = 0; i < f.d.n; i++)
        n += strstr(f.d.items[i].text, say) != NULL;
    return n;
}

/* One line of a terminal for the cause, one for the mend. */
static void narrow(const char *rules)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT((size_t)1 << 20);
    _fixture_ struct fixture f = {0};

    pk_buf_fmt(&text, HEAD6, "DROP", "DROP", rules);
    assert_int_equal(pk_essential_check(read_text(&f, PK_IPV6, text.data), &f.d), 0);
    assert_int_equal(f.d.n, 2);
    for (size_t i = 0; i < f.d.n; i++) {
        assert_in_range(strlen("warning PK1201: ") + strlen(f.d.items[i].text), 40, 79);
        assert_in_range(4 + strlen(f.d.items[i].hint), 40, 79);
    }
}

static void what_ipv6_cannot_live_without(void **state)
{
    assert_int_equal(lost("ACCEPT", "ACCEPT", "", ""), 0);
    assert_int_equal(lost("DROP", "ACCEPT", "", ""), 1);
    assert_int_equal(lost("DROP", "ACCEPT", "", "policy of INPUT drops NS, NA, RA, DHCPv6"), 1);
    assert_int_equal(lost("ACCEPT", "DROP", "", "policy of OUTPUT drops NS, NA, RS, DHCPv6"), 1);
    assert_int_equal(lost("DROP", "DROP", "", ""), 2);
    assert_int_equal(lost("DROP", "DROP", "-A INPUT -j ACCEPT\n-A OUTPUT -j ACCEPT\n", ""), 0);
    assert_int_equal(lost("ACCEPT", "ACCEPT", "-A INPUT -p ipv6-icmp -j DROP\n",
                          "this rule of INPUT drops NS, NA, RA"),
                     1);
    assert_int_equal(
        lost("DROP", "ACCEPT", "-A INPUT -p ipv6-icmp -j ACCEPT\n", "INPUT drops DHCPv6"), 1);
    assert_int_equal(lost("ACCEPT", "ACCEPT", "-A INPUT -s fe80::/10 -j DROP\n", "from ::"), 0);
    assert_int_equal(
        lost("DROP", "ACCEPT", "-A INPUT -s fe80::/10 -j ACCEPT\n", "INPUT drops NS from ::"), 1);
    narrow("");
    narrow("-A INPUT -i abcdefghijklmno -j ACCEPT\n-A OUTPUT -o abcdefghijklmno -j ACCEPT\n");
}

static void each_named_interface_is_tried(void **state)
{
    const char *one = "-A INPUT -i wg0 -j DROP\n";

    assert_int_equal(lost("ACCEPT", "ACCEPT", one,
                          "this rule of INPUT drops NS, NA, RA, "
                          "DHCPv6 on wg0"),
                     1);
    assert_int_equal(lost("ACCEPT", "ACCEPT", "-A OUTPUT -o eth+ -j DROP\n", "DHCPv6 on eth"), 1);
    assert_int_equal(lost("ACCEPT", "ACCEPT", "-A INPUT -i lo -j DROP\n", ""), 0);
    assert_int_equal(lost("DROP", "ACCEPT", "-A INPUT -i eth0 -j ACCEPT\n", "on other interfaces"),
                     1);
    /* Another rule each: two warnings. */
    assert_int_equal(lost("ACCEPT", "ACCEPT",
                          "-A INPUT -i wg0 -p udp -j DROP\n"
                          "-A INPUT -p icmpv6 -j DROP\n",
                          ""),
                     2);
}

static void ipv4_has_none(void **state)
{
    _fixture_ struct fixture f = {0};

    assert_int_equal(pk_essential_check(read_text(&f, PK_IPV4, HEAD "COMMIT\n"), &f.d), 0);
    assert_int_equal(f.d.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(duplicates),
        cmocka_unit_test(shadowed_by_a_rule_that_ends_the_walk),
        cmocka_unit_test(not_shadowed),
        cmocka_unit_test(both_leaves_must_be_covered),
        cmocka_unit_test(long_chains),
        cmocka_unit_test(what_ipv6_cannot_live_without),
        cmocka_unit_test(each_named_interface_is_tried),
        cmocka_unit_test(ipv4_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
