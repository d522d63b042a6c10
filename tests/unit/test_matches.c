// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The answers of the matches, one by one: for each layer-4 status, option of TCP and state of a
 * connection. test_match_text.c has how they are written, test_leaves.c what they compile to.
 */
#include "match_fixture.h"

struct truth {
    enum pk_family family;
    int proto;
    const char *match;
    uint16_t sport, dport, icmp;
    uint8_t flags;
    const char *answers; /* by status OK FRAG FRAG1 SHORT TINY: y, n, h */
};

/* sport 1000, dport 80, flags SYN, ICMP 8/0 unless said otherwise. */
static const struct truth truths[] = {
    {PK_IPV4, 6, "-m tcp", 1000, 80, 0, 2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --dport 80", 1000, 80, 0, 2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --dport 81", 1000, 80, 0, 2, "nnhhh"},
    {PK_IPV4, 6, "-m tcp ! --dport 80", 1000, 80, 0, 2, "nnhhh"},
    {PK_IPV4, 6, "-m tcp --dport 79:80", 1000, 80, 0, 2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --dport 80:81", 1000, 80, 0, 2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --sport 1000", 1000, 80, 0, 2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --sport 80", 1000, 80, 0, 2, "nnhhh"},
    {PK_IPV4, 6, "-m tcp --syn", 1000, 80, 0, 2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --syn", 1000, 80, 0, 0xc2, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --syn", 1000, 80, 0, 0x12, "nnhhh"},
    {PK_IPV4, 6, "-m tcp ! --syn", 1000, 80, 0, 0x12, "ynhhh"},
    {PK_IPV4, 6, "-m tcp --tcp-flags SYN SYN,ACK", 1000, 80, 0, 2, "nnhhh"},
    {PK_IPV4, 6, "-m tcp ! --tcp-flags NONE NONE", 1000, 80, 0, 2, "nnhhh"},
    {PK_IPV4, 17, "-m udp", 1000, 80, 0, 0, "ynnhh"},
    {PK_IPV4, 17, "-m udp --dport 81:79", 1000, 80, 0, 0, "nnnhh"},
    {PK_IPV4, 17, "-m udp ! --dport 81:79", 1000, 80, 0, 0, "ynnhh"},
    {PK_IPV4, 132, "-m sctp --dport 80", 1000, 80, 0, 0, "ynnhh"},
    {PK_IPV4, 132, "-m sctp ! --dport 80", 1000, 80, 0, 0, "nnnhh"},
    {PK_IPV4, 33, "-m dccp --sport 1000:", 1000, 80, 0, 0, "ynnhh"},
    {PK_IPV4, 33, "-m dccp ! --sport 1000:", 1000, 80, 0, 0, "nnnhh"},
    {PK_IPV4, 6, "-m multiport --dports 1,79:81", 1000, 80, 0, 2, "ynnyh"},
    {PK_IPV4, 6, "-m multiport --sports 80", 1000, 80, 0, 2, "nnnnh"},
    {PK_IPV4, 6, "-m multiport --ports 80", 1000, 80, 0, 2, "ynnyh"},
    {PK_IPV4, 6, "-m multiport --ports 1000", 1000, 80, 0, 2, "ynnyh"},
    {PK_IPV4, 6, "-m multiport ! --ports 1000", 1000, 80, 0, 2, "nnnnh"},
    {PK_IPV4, 6, "-m multiport ! --ports 1001", 1000, 80, 0, 2, "ynnyh"},
    {PK_IPV4, 6, "-m multiport --dports 80 -m tcp", 1000, 80, 0, 2, "ynnhh"},
    {PK_IPV4, 6, "-m multiport --dports 81 -m tcp", 1000, 80, 0, 2, "nnnnh"},
    {PK_IPV4, 6, "-m tcp -m multiport --dports 81", 1000, 80, 0, 2, "nnhhh"},
    {PK_IPV4, 1, "-m icmp --icmp-type 8", 0, 0, 0x800, 0, "ynnhh"},
    {PK_IPV4, 1, "-m icmp --icmp-type 8/1", 0, 0, 0x800, 0, "nnnhh"},
    {PK_IPV4, 1, "-m icmp --icmp-type any", 0, 0, 0x801, 0, "ynnhh"},
    {PK_IPV4, 1, "-m icmp ! --icmp-type any", 0, 0, 0x801, 0, "nnnhh"},
    {PK_IPV4, 1, "-m icmp ! --icmp-type 8", 0, 0, 0, 0, "ynnhh"},
    {PK_IPV6, 58, "-m icmp6 --icmpv6-type 255", 0, 0, 0x8000, 0, "nn-hh"},
    {PK_IPV6, 58, "-m icmp6 --icmpv6-type 255/3", 0, 0, 0xff03, 0, "yn-hh"},
    {PK_IPV6, 58, "-m icmp6 --icmpv6-type ping", 0, 0, 0x8000, 0, "yn-hh"},
    {PK_IPV4, 6, "-m iprange --src-range 10.0.0.1-10.0.0.3", 1000, 80, 0, 2, "yyyyy"},
    {PK_IPV4, 6, "-m iprange ! --src-range 10.0.0.1-10.0.0.3", 1000, 80, 0, 2, "nnnnn"},
    {PK_IPV4, 6, "-m iprange --src-range 10.0.0.3-10.0.0.1", 1000, 80, 0, 2, "nnnnn"},
    {PK_IPV4, 6, "-m iprange ! --src-range 10.0.0.3-10.0.0.1", 1000, 80, 0, 2, "yyyyy"},
    {PK_IPV4, 6, "-m iprange --dst-range 10.0.0.1-10.0.0.3", 1000, 80, 0, 2, "nnnnn"},
    {PK_IPV4, 6, "-m iprange --src-range 10.0.0.3-10.0.0.9 -m tcp", 1000, 80, 0, 2, "nnnnn"},
    {PK_IPV4, 6, "-m comment --comment x", 1000, 80, 0, 2, "yyyyy"},
};

static void test_truth(void **state)
{
    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(truths); i++) {
        const struct truth *t = &truths[i];
        struct fixture f;

        fixture_init(&f, t->family, t->proto);
        assert_int_equal(parse(&f, t->match), 0);
        for (unsigned s = 0; s < 5; s++) {
            struct pk_packet p = {.saddr.lo = 0x0a000002, .daddr.lo = 0x0a000009, .len = 60};
            struct pk_view v = {.p = &p};
            bool ports = s == PK_L4_OK || s == PK_L4_SHORT;

            if (t->answers[s] == '-')
                continue;
            p.family = (uint8_t)t->family;
            p.proto = (uint8_t)t->proto;
            p.status = (uint8_t)s;
            p.sport = ports ? t->sport : 0;
            p.dport = ports ? t->dport : 0;
            p.icmp = s == PK_L4_OK ? t->icmp : 0;
            p.tcp_flags = s == PK_L4_OK ? t->flags : 0;
            if ("nyh"[eval_matches(&f.rule, &v)] != t->answers[s])
                fail_msg("%s, status %u: not %c", t->match, s, t->answers[s]);
        }
        fixture_done(&f);
    }
}

/* ---- TCP options: the bytes after the header, the option looked for, the answer ---- */

struct option_case {
    uint8_t doff; /* in the header, 4-byte units */
    uint8_t option;
    const char *bytes;
    size_t n, readable; /* bytes of options in the packet; how many of them can be read */
    char answer;        /* for --tcp-option; y and n are swapped for ! */
};

static const struct option_case option_cases[] = {
    {5, 2, "", 0, 0, 'n'},
    {4, 2, "", 0, 0, 'h'},
    {0, 2, "", 0, 0, 'h'},
    {6, 2, "\2\4\5\264", 4, 4, 'y'},
    {6, 5, "\2\4\5\264", 4, 4, 'n'}, /* inside another option */
    {6, 2, "\2\4\5\264", 4, 3, 'h'},
    {6, 2, "", 0, 0, 'h'},
    {7, 8, "\1\1\10\2\0\0\0\0", 8, 8, 'y'},
    {7, 8, "\1\0\10\2\0\0\0\0", 8, 8, 'y'}, /* the end of the options does not end the search */
    {6, 9, "\3\0\11\0", 4, 4, 'y'},         /* length 0 is taken for 1, and is the next kind */
    {6, 9, "\3\1\11\0", 4, 4, 'y'},
    {6, 9, "\3\3\11\0", 4, 4, 'n'},
    {6, 4, "\3\4\4\4", 4, 4, 'n'},
    {6, 4, "\3\2\1\4", 4, 4, 'y'}, /* the last byte */
    {6, 1, "\3\1\3\3", 4, 4, 'y'}, /* length 1 is the next kind */
    {7, 7, "\3\377\7\2\7\2\7\2", 8, 8, 'n'},
    {15, 7, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\7", 40,
     40, 'y'},
};

static void check_option(const struct option_case *c, bool invert, char expected)
{
    uint8_t ip[120] = {0};
    struct pk_packet p = {.len = 0, .proto = 6, .l4_off = 20};
    struct pk_source s = {ip, 40 + c->readable};
    struct pk_view v = {&p, ip, s.len};
    struct pk_step st = {.kind = PK_STEP_TCP_OPTION, .invert = invert, .arg = c->option};
    char text[64];
    struct fixture f;

    p.len = (uint32_t)(40 + c->n);
    ip[32] = (uint8_t)(c->doff << 4);
    memcpy(ip + 40, c->bytes, c->n);
    snprintf(text, sizeof(text), "-m tcp %s--tcp-option %u", invert ? "! " : "", c->option);
    fixture_init(&f, PK_IPV4, 6);
    assert_int_equal(parse(&f, text), 0);
    if ("nyh"[eval_matches(&f.rule, &v)] != expected ||
        "nyh"[pk_step_eval(&s, &p, &st)] != expected)
        fail_msg("case %zu%s is not %c: eval %d step %d", (size_t)(c - option_cases),
                 invert ? " inverted" : "", expected, eval_matches(&f.rule, &v),
                 pk_step_eval(&s, &p, &st));
    fixture_done(&f);
}

static void test_tcp_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(option_cases); i++) {
        const struct option_case *c = &option_cases[i];

        check_option(c, false, c->answer);
        check_option(c, true, c->answer == 'h' ? 'h' : c->answer == 'y' ? 'n' : 'y');
    }
}

/* ---- connection tracking: the evaluator and the step by the table of conntrack_mt() ---- */

struct ct_case {
    const char *match;
    /*
     * Answers for: a new entry; its answer with DNAT; nothing (INVALID); UNTRACKED; an ICMP error
     * of the entry; nobody tracks: a SYN, and then another segment.
     */
    const char *answers;
};

static const struct ct_case ct_cases[] = {
    {"-m conntrack --ctstate NEW", "ynnnnyn"},
    {"-m conntrack ! --ctstate NEW", "nyyyyny"},
    {"-m conntrack --ctstate ESTABLISHED", "nynnnny"},
    {"-m conntrack --ctstate RELATED,ESTABLISHED", "nynnyny"},
    {"-m conntrack --ctstate INVALID", "nnynnnn"},
    {"-m conntrack --ctstate UNTRACKED", "nnnynnn"},
    {"-m conntrack ! --ctstate UNTRACKED", "yyynyyy"},
    {"-m conntrack --ctstate DNAT", "nynnnnn"},
    {"-m conntrack --ctstate SNAT", "nnnnnnn"},
    {"-m state --state NEW", "ynnnnyn"},
    {"-m conntrack --ctdir ORIGINAL", "ynnnynn"},
    {"-m conntrack --ctdir REPLY", "nynnnnn"},
    {"-m conntrack --ctproto 6", "yynnynn"},
    {"-m conntrack ! --ctproto 6", "nnnnnnn"},
    {"-m conntrack --ctorigsrc 10.0.0.2", "yynnynn"},
    {"-m conntrack --ctorigsrc 10.0.9.9/16", "yynnynn"},
    {"-m conntrack ! --ctorigsrc 10.0.9.9/16", "nnnnnnn"},
    {"-m conntrack --ctorigsrc 10.0.0.3", "nnnnnnn"},
    {"-m conntrack --ctorigdst 10.0.0.9", "yynnynn"},
    {"-m conntrack --ctreplsrc 10.0.0.9", "ynnnynn"},
    {"-m conntrack --ctreplsrc 10.0.0.77", "nynnnnn"},
    {"-m conntrack --ctrepldst 10.0.0.2 --ctorigsrcport 1000 --ctorigdstport 80", "yynnynn"},
    {"-m conntrack --ctreplsrcport 80", "ynnnynn"},
    {"-m conntrack --ctreplsrcport 8000:8100", "nynnnnn"},
    {"-m conntrack ! --ctreplsrcport 8000:8100", "ynnnynn"},
    {"-m conntrack --ctrepldstport 1001:999", "nnnnnnn"},
    {"-m conntrack --ctrepldstport 1000", "yynnynn"},
    {"-m conntrack --ctstatus NONE", "nnnnnnn"},
    {"-m conntrack ! --ctstatus NONE", "yynnynn"},
    {"-m conntrack --ctstatus SEEN_REPLY", "nynnnnn"},
    {"-m conntrack ! --ctstatus SEEN_REPLY,ASSURED", "ynnnynn"},
    {"-m conntrack --ctexpire 60", "yynnynn"},
    {"-m conntrack --ctexpire 61:", "nnnnnnn"},
    {"-m conntrack ! --ctexpire :59", "yynnynn"},
    /* Without an entry a match that asks for a state asks for nothing else (conntrack_mt). */
    {"-m conntrack --ctstate INVALID,NEW --ctproto 17", "nnynnyn"},
    {"-m conntrack ! --ctstate NEW --ctorigsrc 1.1.1.1 --ctdir ORIGINAL", "nnyynny"},
};

static void ct_views(struct pk_conntrack ct[7])
{
    const struct pk_conntrack entry = {
        .info = PK_CT_NEW,
        .entry = 1,
        .expires = 60,
        .addr = {{0, 0x0a000002}, {0, 0x0a000009}, {0, 0x0a000009}, {0, 0x0a000002}},
        .port = {1000, 80, 80, 1000},
        .proto = 6,
    };

    ct[0] = ct[1] = ct[4] = entry;
    ct[1].info = PK_CT_ESTABLISHED + PK_CT_IS_REPLY;
    ct[1].status = PK_CTF_SEEN_REPLY | PK_CTF_DST_NAT;
    ct[1].addr[PK_CT_REPLSRC].lo = 0x0a00004d;
    ct[1].port[PK_CT_REPLSRC] = 8080;
    ct[2] = (struct pk_conntrack){0};
    ct[3] = (struct pk_conntrack){.info = PK_CT_UNTRACKED};
    ct[4].info = PK_CT_RELATED;
    ct[5] = ct[6] = (struct pk_conntrack){.info = PK_CT_LOST};
}

static void check_ct(const struct ct_case *c, struct fixture *f, const struct pk_leaf *l)
{
    struct pk_conntrack ct[7];

    ct_views(ct);
    for (unsigned i = 0; i < 7; i++) {
        struct pk_packet p = {
            .saddr.lo = 0x0a000002, .daddr.lo = 0x0a000009, .proto = 6, .tcp_flags = 2};
        struct pk_view v = {.p = &p, .ct = &ct[i]};
        struct pk_source s = {.ct = &ct[i]};
        enum pk_answer step = PK_YES;

        if (i == 6)
            p.tcp_flags = 0x12;
        for (unsigned k = 0; k < l->n_predicates && step == PK_YES; k++)
            step = pk_step_eval(&s, &p, &l->steps[k]);
        if ("nyh"[eval_matches(&f->rule, &v)] != c->answers[i] || "nyh"[step] != c->answers[i])
            fail_msg("%s, view %u: not %c: eval %d, step %d", c->match, i, c->answers[i],
                     eval_matches(&f->rule, &v), step);
    }
}

static void test_conntrack(void **state)
{
    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(ct_cases); i++) {
        struct pk_leaves leaves;
        struct fixture f;

        fixture_init(&f, PK_IPV4, 6);
        assert_int_equal(parse(&f, ct_cases[i].match), 0);
        assert_int_equal(pk_rule_compile(&f.rule, PK_IPV4, &f.arena, &leaves, &f.d), 0);
        assert_int_equal(leaves.n, 1);
        check_ct(&ct_cases[i], &f, &leaves.leaf[0]);
        fixture_done(&f);
    }
}

static void test_registry(void **state)
{
    (void)state;
    assert_null(pk_match_find("icmp", PK_IPV6));
    assert_null(pk_match_find("icmp6", PK_IPV4));
    assert_ptr_equal(pk_match_find("icmpv6", PK_IPV6), pk_match_find("icmp6", PK_IPV6));
    assert_null(pk_match_find("limit", PK_IPV4));
    assert_null(pk_target_find("REJECT", PK_IPV4));
    assert_int_equal(pk_match_register(&pk_test_match_len), -EEXIST);
    assert_int_equal(pk_target_register(&pk_test_target_count), -EEXIST);
    for (const struct pk_match_def *const *m = pk_match_list(); *m; m++) {
        assert_true((*m)->families && (*m)->parse && (*m)->finish && (*m)->print && (*m)->eval &&
                    (*m)->compile);
        for (const struct pk_option *o = (*m)->options; o->name; o++)
            assert_true(o->help && (o->arg || !o->n_args));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truth),
        cmocka_unit_test(test_tcp_options),
        cmocka_unit_test(test_conntrack),
        cmocka_unit_test(test_registry),
    };

    if (pk_test_register())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
