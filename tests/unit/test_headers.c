// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Matches on headers, by a table: the packet behind its IPv6 header, and what the kernel's module
 * answers (ip6t_frag.c, ip6t_rt.c, ip6t_hbh.c, ip6t_ah.c, ip6t_ipv6header.c, ip6t_eui64.c,
 * ip6t_mh.c, xt_esp.c, xt_ecn.c). Both the evaluator and the steps that the rule compiles to must
 * say so.
 */
#include "match_fixture.h"
#include "packet/packet_user.h"

struct header_case {
    const char *match;
    int proto;
    uint8_t next; /* of the IPv6 header */
    const char *bytes;
    size_t n;
    char answer; /* y, n, h */
};

#define CASE(match, proto, next, bytes, answer)                                                    \
    {                                                                                              \
        match, proto, next, bytes, sizeof(bytes) - 1, answer                                       \
    }
#define FRAG(next, off, id) next "\0" off "\0\0\0" id
#define ADDR1 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define ADDR2 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"
#define ADDR3 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\3"
#define SEVEN "\0\0\0\0\0\0\0"

static const struct header_case cases[] = {
    CASE("-m frag", 0, 44, FRAG("\x06", "\0\1", "\7"), 'y'),
    CASE("-m frag", 0, 6, "", 'n'),
    CASE("-m frag", 0, 44, FRAG("\x06", "\0\1", ""), 'h'), /* seven bytes of it */
    CASE("-m frag", 0, 44, "\6\0\0", 'h'),
    CASE("-m frag", 0, 60, "\x2c\1\0\0", 'h'), /* the one before it reaches past the end */
    CASE("-m frag", 0, 60, "\6\1\0\0", 'n'),
    CASE("-m frag", 0, 60, "\x2c\0\1\4\0\0\0\0" FRAG("\6", "\0\1", "\7"), 'y'),
    CASE("-m frag --fragid 7", 0, 44, FRAG("\6", "\0\1", "\7"), 'y'),
    CASE("-m frag ! --fragid 7", 0, 44, FRAG("\6", "\0\1", "\7"), 'n'),
    CASE("-m frag --fragid 8:", 0, 44, FRAG("\6", "\0\1", "\7"), 'n'),
    CASE("-m frag --fragid 9:5", 0, 44, FRAG("\6", "\0\1", "\7"), 'n'),
    CASE("-m frag ! --fragid 9:5", 0, 44, FRAG("\6", "\0\1", "\7"), 'y'),
    CASE("-m frag --fraglen 99", 0, 44, FRAG("\6", "\0\1", "\7"), 'y'), /* asks for nothing */
    CASE("-m frag --fragres", 0, 44, FRAG("\6", "\0\1", "\7"), 'y'),
    CASE("-m frag --fragres", 0, 44, FRAG("\6", "\0\3", "\7"), 'n'),
    CASE("-m frag --fragres", 0, 44, "\6\1\0\1\0\0\0\7", 'n'),
    CASE("-m frag --fragfirst", 0, 44, FRAG("\6", "\0\7", "\7"), 'y'),
    CASE("-m frag --fragfirst", 0, 44, FRAG("\6", "\0\10", "\7"), 'n'),
    CASE("-m frag --fragmore", 0, 44, FRAG("\6", "\0\10", "\7"), 'n'),
    CASE("-m frag --fraglast", 0, 44, FRAG("\6", "\0\10", "\7"), 'y'), /* a later one is found */
    CASE("-m frag --fraglast", 0, 44, FRAG("\x3c", "\0\10", "\7"), 'y'),
    /* What follows a later fragment is no header. */
    CASE("-m dst", 0, 44, FRAG("\x3c", "\0\10", "\7") "\6" SEVEN, 'n'),
    CASE("-m dst", 0, 44, FRAG("\x3c", "\0\1", "\7") "\6" SEVEN, 'y'),

    CASE("-m rt", 0, 43, "\6\0\4\1\0\0\0\0", 'y'),
    CASE("-m rt", 0, 43, "\6\0\4", 'h'),
    CASE("-m rt", 0, 43, "\6\0\4\1\0\0\0", 'h'),       /* shorter than it says */
    CASE("-m rt", 0, 60, "\x2b\0\0\0\0\0\0\0\6", 'h'), /* one byte of it */
    CASE("-m rt --rt-type 4", 0, 43, "\6\0\4\1\0\0\0\0", 'y'),
    CASE("-m rt ! --rt-type 4", 0, 43, "\6\0\4\1\0\0\0\0", 'n'),
    CASE("-m rt --rt-type 260", 0, 43, "\6\0\4\1\0\0\0\0", 'n'),
    CASE("-m rt ! --rt-type 260", 0, 43, "\6\0\4\1\0\0\0\0", 'y'),
    CASE("-m rt --rt-segsleft 1:2", 0, 43, "\6\0\4\1\0\0\0\0", 'y'),
    CASE("-m rt --rt-segsleft 257", 0, 43, "\6\0\4\1\0\0\0\0", 'n'),
    CASE("-m rt ! --rt-segsleft 257:", 0, 43, "\6\0\4\1\0\0\0\0", 'y'),
    CASE("-m rt --rt-len 8", 0, 43, "\6\0\4\1\0\0\0\0", 'y'),
    CASE("-m rt --rt-len 0", 0, 43, "\6\0\4\1\0\0\0\0", 'n'),
    CASE("-m rt ! --rt-len 9", 0, 43, "\6\0\4\1\0\0\0\0", 'y'),
    CASE("-m rt --rt-type 0 --rt-0-res", 0, 43, "\6\0\0\1\0\0\0\0", 'y'),
    CASE("-m rt --rt-type 0 --rt-0-res", 0, 43, "\6\0\0\1\0\0\0\1", 'n'),
    CASE("-m rt --rt-type 0 --rt-0-addrs ::1", 0, 43, "\6\2\0\1\0\0\0\0" ADDR1, 'y'),
    CASE("-m rt --rt-type 0 --rt-0-addrs ::2", 0, 43, "\6\2\0\1\0\0\0\0" ADDR1, 'n'),
    CASE("-m rt --rt-type 0 --rt-0-addrs ::1", 0, 43, "\6\4\0\1\0\0\0\0" ADDR1 ADDR2, 'n'),
    CASE("-m rt --rt-type 0 --rt-0-addrs ::1", 0, 43, "\6\3\0\1\0\0\0\0" ADDR1 "\0" SEVEN, 'y'),
    CASE("-m rt --rt-type 0 --rt-0-addrs ::1,::2", 0, 43, "\6\2\0\1\0\0\0\0" ADDR1, 'n'),
    CASE("-m rt --rt-type 0 --rt-0-addrs ::1,::2,::3", 0, 43, "\6\6\0\1\0\0\0\0" ADDR1 ADDR2 ADDR3,
         'y'),
    CASE("-m rt --rt-type 0 --rt-0-addrs ::1,::3,::2", 0, 43, "\6\6\0\1\0\0\0\0" ADDR1 ADDR2 ADDR3,
         'n'),
    CASE("-m rt --rt-type 0 --rt-0-addrs ::1,::3 --rt-0-not-strict", 0, 43,
         "\6\6\0\1\0\0\0\0" ADDR1 ADDR2 ADDR3, 'y'),
    CASE("-m rt --rt-type 0 --rt-0-addrs ::3,::1 --rt-0-not-strict", 0, 43,
         "\6\6\0\1\0\0\0\0" ADDR1 ADDR2 ADDR3, 'n'),
    CASE("-m rt --rt-type 0 --rt-0-addrs ::1,::1 --rt-0-not-strict", 0, 43,
         "\6\6\0\1\0\0\0\0" ADDR1 ADDR2 ADDR1, 'y'),

    CASE("-m hbh", 0, 0, "\6\0\1\4\0\0\0\0", 'y'),
    CASE("-m hbh", 0, 60, "\6\0\1\4\0\0\0\0", 'n'),
    CASE("-m dst", 0, 0, "\x3c\0\1\4\0\0\0\0\6\0\1\4\0\0\0\0", 'y'),
    CASE("-m dst", 0, 60, "\6", 'h'),
    CASE("-m dst", 0, 60, "\6\1\1\4\0\0\0\0", 'h'),
    CASE("-m dst --dst-len 8", 0, 60, "\6\0\1\4\0\0\0\0", 'y'),
    CASE("-m dst --dst-len 7", 0, 60, "\6\0\1\4\0\0\0\0", 'n'),
    CASE("-m dst ! --dst-len 8", 0, 60, "\6\0\1\4\0\0\0\0", 'n'),
    CASE("-m dst --dst-opts 1", 0, 60, "\6\0\1\4\0\0\0\0", 'y'),
    CASE("-m dst --dst-opts 1:4", 0, 60, "\6\0\1\4\0\0\0\0", 'y'),
    CASE("-m dst --dst-opts 1:3", 0, 60, "\6\0\1\4\0\0\0\0", 'n'),
    CASE("-m dst --dst-opts 1:4,0", 0, 60, "\6\0\1\4\0\0\0\0", 'n'), /* the header has ended */
    CASE("-m dst --dst-opts 0,0,30:0,0,5", 0, 60, "\6\0\0\0\x1e\0\0\5", 'n'), /* no length */
    CASE("-m dst --dst-opts 0,0,30:0,0", 0, 60, "\6\0\0\0\x1e\0\0\5", 'y'),
    CASE("-m dst --dst-opts 5:200", 0, 60, "\6\0\5\310\0\0\0\0",
         'y'), /* where it ends: not asked */
    CASE("-m dst --dst-opts 5:200,0", 0, 60, "\6\0\5\310\0\0\0\0", 'n'),
    CASE("-m dst --dst-opts 0,0,0,0,0,0", 0, 60, "\6\0\0\0\0\0\0\0", 'y'),
    CASE("-m dst --dst-opts 0,0,0,0,0,0,0", 0, 60, "\6\0\0\0\0\0\0\0\0\0\0\0", 'n'),

    CASE("-m ah", 0, 51, "\6\1\0\0\0\0\0\5\0\0\0\0", 'y'),
    CASE("-m ah", 0, 51, "\6\1\0\0\0\0\0\5\0\0\0", 'h'),
    CASE("-m ah", 0, 51, "\6\2\0\0\0\0\0\5\0\0\0\0", 'h'),
    CASE("-m ah --ahspi 5", 0, 51, "\6\1\0\0\0\0\0\5\0\0\0\0", 'y'),
    CASE("-m ah --ahlen 12", 0, 51, "\6\1\0\0\0\0\0\5\0\0\0\0", 'y'),
    CASE("-m ah ! --ahlen 12", 0, 51, "\6\1\0\0\0\0\0\5\0\0\0\0", 'n'),
    CASE("-m ah ! --ahlen 0", 0, 51, "\6\1\0\0\0\0\0\5\0\0\0\0", 'y'),
    CASE("-m ah --ahres", 0, 51, "\6\1\0\1\0\0\0\5\0\0\0\0", 'n'),

    CASE("-m esp --espspi 5", 50, 50, "\0\0\0\5\0\0\0\1", 'y'),
    CASE("-m esp --espspi 6", 50, 50, "\0\0\0\5\0\0\0\1", 'n'),
    CASE("-m esp", 50, 50, "\0\0\0\5\0\0\0", 'h'),
    CASE("-m esp", 50, 44, FRAG("\x32", "\0\10", "\7") "\0\0\0\5\0\0\0\1", 'n'),

    CASE("-m mh", 135, 135, "\x3b\0\5\0\0\0\0\0", 'y'),
    CASE("-m mh --mh-type bu", 135, 135, "\x3b\0\5\0\0\0\0\0", 'y'),
    CASE("-m mh ! --mh-type 5", 135, 135, "\x3b\0\5\0\0\0\0\0", 'n'),
    CASE("-m mh --mh-type 6:", 135, 135, "\x3b\0\5\0\0\0", 'n'),
    CASE("-m mh", 135, 135, "\x3b\0\5\0\0", 'h'),
    CASE("-m mh --mh-type 9", 135, 135, "\6\0\5\0\0\0\0\0", 'h'), /* something follows it */
    CASE("-m mh", 135, 44, FRAG("\x87", "\0\10", "\7") "\6\0\5\0\0\0\0\0", 'n'),

    /* Of a later fragment the byte is the IPv6 header's: of the source address. */
    CASE("-m ecn --ecn-tcp-cwr", 6, 44, FRAG("\6", "\0\10", "\7"), 'n'),
    CASE("-m ecn ! --ecn-tcp-cwr", 6, 44, FRAG("\6", "\0\10", "\7"), 'y'),
    CASE("-m ecn ! --ecn-tcp-cwr", 6, 6, SEVEN, 'n'), /* no TCP header */
    CASE("-m ecn --ecn-ip-ect 0", 6, 6, SEVEN, 'y'),

    CASE("-m ipv6header --header prot", 0, 6, "", 'y'),
    CASE("-m ipv6header --header prot", 0, 59, "", 'n'),
    CASE("-m ipv6header --header none", 0, 59, "", 'y'),
    CASE("-m ipv6header --header esp", 0, 50, "\0\0", 'y'),
    CASE("-m ipv6header --header esp", 0, 50, "\0", 'n'),
    CASE("-m ipv6header ! --header esp", 0, 50, "\0", 'n'), /* no answer, whatever is asked */
    CASE("-m ipv6header --header hop,prot", 0, 0, "\6" SEVEN, 'y'),
    CASE("-m ipv6header --header hop", 0, 0, "\6" SEVEN, 'n'),
    CASE("-m ipv6header ! --header hop", 0, 0, "\6" SEVEN, 'y'),
    CASE("-m ipv6header --header hop --soft", 0, 0, "\6" SEVEN, 'y'),
    CASE("-m ipv6header --header hop,dst --soft", 0, 0, "\6" SEVEN, 'n'),
    CASE("-m ipv6header ! --header hop,dst --soft", 0, 0, "\6" SEVEN, 'n'), /* not one of them */
    CASE("-m ipv6header ! --header dst,frag --soft", 0, 0, "\6" SEVEN, 'y'),
    CASE("-m ipv6header --header frag,dst,prot", 0, 44, FRAG("\x3c", "\0\10", "\7") "\6" SEVEN,
         'y'), /* headers behind a later fragment */
    CASE("-m ipv6header --header dst,prot", 0, 60, "\6\1\0\0\0\0\0\0", 'y'), /* past the end */
    CASE("-m ipv6header --header dst", 0, 60, "\x3b\1\0\0\0\0\0\0", 'y'),
    CASE("-m ipv6header --header auth,none", 0, 51, "\x3b\0\0\0\0\0\0\0", 'y'),
    CASE("-m ipv6header --header route", 0, 43, "\6", 'n'),

    CASE("-m eui64", 0, 6, "", 'y'),
};

static void fill(const struct header_case *c, uint8_t ip[512])
{
    static const uint8_t id[8] = {0x10, 0x22, 0x33, 0xff, 0xfe, 0x44, 0x55, 0x66};

    memset(ip, 0, 512);
    ip[0] = 0x60;
    ip[4] = (uint8_t)(c->n >> 8);
    ip[5] = (uint8_t)c->n;
    ip[6] = c->next;
    ip[7] = 64;
    memcpy(ip + 16, id, sizeof(id));
    memcpy(ip + 40, c->bytes, c->n);
}

static bool is_of_leaf(const struct pk_leaf *l, const struct pk_packet *p)
{
    return !l->set[PK_F_KIND] ||
           pk_iset_has(l->set[PK_F_KIND], (struct pk_u128){0, (unsigned)p->status << 8 | p->proto});
}

static enum pk_answer by_leaves(const struct pk_leaves *ls, const struct pk_view *v)
{
    const struct pk_source s = {v->ip, v->len, NULL, v->mac};
    const struct pk_leaf *l = ls->leaf;
    enum pk_answer a = PK_YES;

    while (l < ls->leaf + ls->n && !is_of_leaf(l, v->p))
        l++;
    if (l == ls->leaf + ls->n)
        return PK_NO;
    for (unsigned i = 0; i < l->n_predicates && a == PK_YES; i++)
        a = pk_step_eval(&s, v->p, &l->steps[i]);
    return a;
}

static void check_case(const struct header_case *c)
{
    static const uint8_t mac[6] = {0x12, 0x22, 0x33, 0x44, 0x55, 0x66};
    struct pk_leaves leaves;
    uint8_t ip[512];
    struct pk_packet p = {0};
    struct pk_view v = {.p = &p, .ip = ip, .len = 40 + c->n, .mac = mac};
    struct fixture f;

    fill(c, ip);
    assert_int_equal(pk_packet_parse(ip, 40 + c->n, &p), 0);
    fixture_init(&f, PK_IPV6, c->proto);
    assert_int_equal(parse(&f, c->match), 0);
    assert_int_equal(pk_rule_compile(&f.rule, PK_IPV6, &f.arena, &leaves, &f.d), 0);
    if ("nyh"[eval_matches(&f.rule, &v)] != c->answer || "nyh"[by_leaves(&leaves, &v)] != c->answer)
        fail_msg("%s, %zu bytes from %u: not %c: eval %d, steps %d", c->match, c->n, c->next,
                 c->answer, eval_matches(&f.rule, &v), by_leaves(&leaves, &v));
    fixture_done(&f);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++)
        check_case(&cases[i]);
}

/* Without a MAC address, and with another one. */
static void test_eui64(void **state)
{
    const struct header_case c = CASE("-m eui64", 0, 6, "", 'n');
    static const uint8_t mac[6] = {0x10, 0x22, 0x33, 0x44, 0x55, 0x66};
    uint8_t ip[512];
    struct pk_packet p = {0};
    struct pk_view v = {.p = &p, .ip = ip, .len = 40, .mac = mac};
    struct pk_leaves leaves;
    struct fixture f;

    (void)state;
    fill(&c, ip);
    assert_int_equal(pk_packet_parse(ip, 40, &p), 0);
    fixture_init(&f, PK_IPV6, 0);
    assert_int_equal(parse(&f, c.match), 0);
    assert_int_equal(pk_rule_compile(&f.rule, PK_IPV6, &f.arena, &leaves, &f.d), 0);
    assert_int_equal(eval_matches(&f.rule, &v), PK_NO);
    assert_int_equal(by_leaves(&leaves, &v), PK_NO);
    v.mac = NULL;
    assert_int_equal(eval_matches(&f.rule, &v), PK_HOTDROP);
    assert_int_equal(by_leaves(&leaves, &v), PK_HOTDROP);
    fixture_done(&f);
}

/* A routing header of so many addresses as can be asked for, and one more in between. */
static void test_longest(void **state)
{
    char text[512] = "-m rt --rt-type 0 --rt-segsleft 0 --rt-len 280 --rt-0-res --rt-0-addrs ::1";
    struct header_case c = {.match = text, .next = 43, .answer = 'y'};
    uint8_t bytes[8 + 17 * 16] = {6, 34};

    (void)state;
    for (unsigned i = 0; i < 17; i++) {
        bytes[8 + i * 16 + 15] = (uint8_t)(i + 1);
        if (i > 1) /* not ::2 */
            snprintf(text + strlen(text), sizeof(text) - strlen(text), ",::%x", i + 1);
    }
    strncat(text, " --rt-0-not-strict", sizeof(text) - strlen(text) - 1);
    c.bytes = (const char *)bytes;
    c.n = sizeof(bytes);
    check_case(&c);
    bytes[8 + 16 * 16 + 15] = 99;
    c.answer = 'n';
    check_case(&c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_eui64),
        cmocka_unit_test(test_longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
