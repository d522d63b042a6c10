// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference evaluator on rule sets small enough to judge by eye. Rules are numbered in the
 * order in which they are added; a case says which of them one packet counts, as a string of
 * digits.
 */
#include "classify/eval.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "classify/image.h"

enum { INPUT, FORWARD, OUTPUT, A, B, C, CHAINS = C + PK_DEPTH_MAX };
enum { NOTHING = PK_ACT_NONE, ACCEPT = PK_ACT_ACCEPT, DROP = PK_ACT_DROP, RETURN = PK_ACT_RETURN };

#define RULES 64
#define LEN 1001u /* bytes of the packet */

struct set {
    struct pk_ruleset rs;
    struct pk_chain chain[CHAINS], *chains[CHAINS];
    struct pk_rule rule[RULES], *of_chain[CHAINS][RULES];
    struct pk_match match[RULES];
    enum pk_answer answer[RULES];
    struct pk_packet p;
    char trace[1024];
};

/* A match that answers what its rule holds. */
static enum pk_answer answer_eval(const void *info, const struct pk_view *v)
{
    (void)v;
    return *(const enum pk_answer *)info;
}

static const struct pk_match_def answer_def = {.name = "answer", .eval = answer_eval};

static struct set s;

static int set_up(void **state)
{
    static char names[CHAINS][8];
    size_t i;

    (void)state;
    memset(&s, 0, sizeof(s));
    s.rs = (struct pk_ruleset){.family = PK_IPV4, .chains = s.chains, .n_chains = CHAINS};
    for (i = 0; i < CHAINS; i++) {
        snprintf(names[i], sizeof(names[i]), "C%zu", i);
        s.chains[i] = &s.chain[i];
        s.chain[i] = (struct pk_chain){.name = names[i],
                                       .hook = i < PK_HOOK_N ? (int)i : -1,
                                       .policy = PK_ACT_ACCEPT,
                                       .rules = s.of_chain[i],
                                       .index = (uint32_t)i};
    }
    s.p = (struct pk_packet){.family = PK_IPV4, .proto = 6, .len = LEN};
    return 0;
}

static struct pk_rule *add(unsigned chain, int action)
{
    struct pk_rule *r = &s.rule[s.rs.n_rules];

    assert_true(s.rs.n_rules < RULES);
    *r = (struct pk_rule){
        .action = (enum pk_action)action, .chain = &s.chain[chain], .ordinal = s.rs.n_rules++};
    s.chain[chain].rules[s.chain[chain].n_rules++] = r;
    return r;
}

static struct pk_rule *jump(unsigned chain, unsigned to)
{
    struct pk_rule *r = add(chain, PK_ACT_JUMP);

    r->to = &s.chain[to];
    return r;
}

static struct pk_rule *go_to(unsigned chain, unsigned to)
{
    struct pk_rule *r = jump(chain, to);

    r->action = PK_ACT_GOTO;
    return r;
}

/* Gives a rule a match with this answer. */
static struct pk_rule *when(struct pk_rule *r, enum pk_answer answer)
{
    s.answer[r->ordinal] = answer;
    s.match[r->ordinal] = (struct pk_match){.def = &answer_def, .info = &s.answer[r->ordinal]};
    r->matches = &s.match[r->ordinal];
    r->n_matches = 1;
    return r;
}

/* "1y 2n:answer ", one a rule looked at. */
static void note(void *arg, const struct pk_rule *r, enum pk_answer answer, const char *why)
{
    size_t n = strlen(s.trace);

    (void)arg;
    snprintf(s.trace + n, sizeof(s.trace) - n, "%u%c%s%s ", r->ordinal, "nyh"[answer],
             why ? ":" : "", why ? why : "");
}

static struct pk_verdict judge(enum pk_hook hook, struct pk_tally *tally)
{
    const struct pk_view v = {.p = &s.p};

    s.trace[0] = '\0';
    return pk_eval(&s.rs, hook, &v, tally, note, NULL);
}

/* The packet's way through INPUT: how it ends, and the packets that every rule and policy count. */
static void expect(int action, enum pk_end end, int rule, const char *counts, unsigned policy)
{
    struct pk_counters rules[RULES] = {0};
    struct pk_tally tally = {.rule = rules};
    struct pk_verdict v = judge(PK_INPUT, &tally);
    char counted[RULES + 1] = "";
    unsigned i;

    for (i = 0; i < s.rs.n_rules; i++) {
        counted[i] = (char)('0' + rules[i].packets);
        assert_int_equal(rules[i].bytes, rules[i].packets * LEN);
    }
    assert_string_equal(counted, counts);
    assert_int_equal(v.action, action);
    assert_int_equal(v.end, end);
    assert_ptr_equal(v.rule, rule < 0 ? NULL : &s.rule[rule]);
    assert_int_equal(tally.policy[PK_INPUT].packets, policy);
    assert_int_equal(tally.policy[PK_INPUT].bytes, policy * LEN);
    assert_int_equal(tally.policy[PK_FORWARD].packets + tally.policy[PK_OUTPUT].packets, 0);
}

static void test_empty_chain_is_its_policy(void **state)
{
    expect(ACCEPT, PK_END_POLICY, -1, "", 1);
    s.chain[INPUT].policy = PK_ACT_DROP;
    expect(DROP, PK_END_POLICY, -1, "", 1);
}

static void test_each_hook_has_its_chain(void **state)
{
    struct pk_counters rules[RULES] = {0};
    struct pk_tally tally = {.rule = rules};

    add(FORWARD, DROP);
    s.chain[OUTPUT].policy = PK_ACT_DROP;
    assert_int_equal(judge(PK_INPUT, &tally).action, ACCEPT);
    assert_int_equal(judge(PK_FORWARD, &tally).action, DROP);
    assert_int_equal(judge(PK_OUTPUT, &tally).action, DROP);
    assert_int_equal(rules[0].packets, 1);
    assert_int_equal(tally.policy[PK_INPUT].packets, 1);
    assert_int_equal(tally.policy[PK_FORWARD].packets, 0);
    assert_int_equal(tally.policy[PK_OUTPUT].packets, 1);
}

static void test_first_match_decides(void **state)
{
    when(add(INPUT, ACCEPT), PK_NO);
    add(INPUT, DROP);
    add(INPUT, ACCEPT);
    expect(DROP, PK_END_RULE, 1, "010", 0);
}

static void test_rule_without_target_counts_and_goes_on(void **state)
{
    add(INPUT, NOTHING);
    add(INPUT, DROP);
    expect(DROP, PK_END_RULE, 1, "11", 0);
}

static void test_all_matches_must_say_yes(void **state)
{
    static enum pk_answer yes = PK_YES, no = PK_NO;
    struct pk_match both[2] = {{&answer_def, &yes}, {&answer_def, &no}};
    struct pk_rule *r = add(INPUT, DROP);

    r->matches = both;
    r->n_matches = 2;
    expect(ACCEPT, PK_END_POLICY, -1, "0", 1);
    no = PK_YES;
    expect(DROP, PK_END_RULE, 0, "1", 0);
}

static void test_counters_may_be_left_out(void **state)
{
    const struct pk_view v = {.p = &s.p};
    struct pk_tally policy_only = {0};

    add(INPUT, NOTHING);
    assert_int_equal(pk_eval(&s.rs, PK_INPUT, &v, NULL, NULL, NULL).end, PK_END_POLICY);
    assert_int_equal(pk_eval(&s.rs, PK_INPUT, &v, &policy_only, NULL, NULL).end, PK_END_POLICY);
    assert_int_equal(policy_only.policy[PK_INPUT].packets, 1);
}

/* Jump: the chain's end, and RETURN in it, lead behind the jump. */
static void test_chain_end_returns_behind_the_jump(void **state)
{
    jump(INPUT, A);
    add(INPUT, DROP);
    add(A, NOTHING);
    expect(DROP, PK_END_RULE, 1, "111", 0);
}

static void test_return_skips_the_rest_of_the_chain(void **state)
{
    jump(INPUT, A);
    add(INPUT, DROP);
    add(A, RETURN);
    add(A, ACCEPT);
    expect(DROP, PK_END_RULE, 1, "1110", 0);
}

static void test_jump_to_an_empty_chain(void **state)
{
    jump(INPUT, A);
    add(INPUT, DROP);
    expect(DROP, PK_END_RULE, 1, "11", 0);
}

static void test_jump_as_the_last_rule(void **state)
{
    jump(INPUT, A);
    add(A, NOTHING);
    expect(ACCEPT, PK_END_POLICY, -1, "11", 1);
}

static void test_verdict_in_a_user_chain(void **state)
{
    jump(INPUT, A);
    add(INPUT, ACCEPT);
    add(A, DROP);
    expect(DROP, PK_END_RULE, 2, "101", 0);
}

static void test_return_in_a_base_chain_is_the_policy(void **state)
{
    s.chain[INPUT].policy = PK_ACT_DROP;
    add(INPUT, RETURN);
    add(INPUT, ACCEPT);
    expect(DROP, PK_END_POLICY, -1, "10", 1);
}

static void test_nested_return_leaves_one_chain(void **state)
{
    jump(INPUT, A);
    add(INPUT, DROP);
    jump(A, B);
    add(A, NOTHING);
    add(B, RETURN);
    add(B, ACCEPT);
    expect(DROP, PK_END_RULE, 1, "111110", 0);
}

static void test_chain_called_twice(void **state)
{
    jump(INPUT, A);
    jump(INPUT, A);
    add(A, NOTHING);
    expect(ACCEPT, PK_END_POLICY, -1, "112", 1);
}

/* Goto: the chain's end leads behind the jump that led to the chain with the goto, not behind it.
 */
static void test_goto_does_not_come_back(void **state)
{
    jump(INPUT, A);
    add(INPUT, DROP);
    go_to(A, B);
    add(A, ACCEPT);
    add(B, NOTHING);
    expect(DROP, PK_END_RULE, 1, "11101", 0);
}

static void test_return_after_goto(void **state)
{
    jump(INPUT, A);
    add(INPUT, DROP);
    go_to(A, B);
    add(A, ACCEPT);
    add(B, RETURN);
    add(B, ACCEPT);
    expect(DROP, PK_END_RULE, 1, "111010", 0);
}

static void test_goto_from_a_base_chain_ends_in_the_policy(void **state)
{
    s.chain[INPUT].policy = PK_ACT_DROP;
    go_to(INPUT, A);
    add(INPUT, ACCEPT);
    add(A, NOTHING);
    expect(DROP, PK_END_POLICY, -1, "101", 1);
}

static void test_return_after_goto_from_a_base_chain(void **state)
{
    s.chain[INPUT].policy = PK_ACT_DROP;
    go_to(INPUT, A);
    add(INPUT, ACCEPT);
    add(A, RETURN);
    expect(DROP, PK_END_POLICY, -1, "101", 1);
}

static void test_goto_then_jump(void **state)
{
    go_to(INPUT, A);
    add(INPUT, ACCEPT);
    jump(A, B);
    add(A, DROP);
    add(B, NOTHING);
    expect(DROP, PK_END_RULE, 3, "10111", 0);
}

/* Hotdrop: nothing after it, no counter, its own included. */
static void test_hotdrop_ends_the_walk(void **state)
{
    add(INPUT, NOTHING);
    when(add(INPUT, ACCEPT), PK_HOTDROP);
    add(INPUT, ACCEPT);
    expect(DROP, PK_END_HOTDROP, 1, "100", 0);
}

static void test_hotdrop_is_not_reached_behind_a_no(void **state)
{
    static enum pk_answer no = PK_NO, hot = PK_HOTDROP;
    struct pk_match both[2] = {{&answer_def, &no}, {&answer_def, &hot}};
    struct pk_rule *r = add(INPUT, ACCEPT);

    r->matches = both;
    r->n_matches = 2;
    expect(ACCEPT, PK_END_POLICY, -1, "0", 1);
    no = PK_YES;
    expect(DROP, PK_END_HOTDROP, 0, "0", 0);
}

static void test_hotdrop_is_not_reached_behind_a_verdict(void **state)
{
    add(INPUT, ACCEPT);
    when(add(INPUT, DROP), PK_HOTDROP);
    expect(ACCEPT, PK_END_RULE, 0, "10", 0);
}

static void test_hotdrop_in_a_user_chain(void **state)
{
    jump(INPUT, A);
    add(INPUT, ACCEPT);
    when(add(A, RETURN), PK_HOTDROP);
    expect(DROP, PK_END_HOTDROP, 2, "100", 0);
}

/* The part of a rule that needs no match. */
static void test_addresses(void **state)
{
    struct pk_rule *r = add(INPUT, DROP);

    s.p.saddr.lo = 0x0a010203;
    r->ip.saddr.lo = 0x0a010000;
    r->ip.smask.lo = 0xffff0000;
    expect(DROP, PK_END_RULE, 0, "1", 0);
    s.p.saddr.lo = 0x0a020203;
    expect(ACCEPT, PK_END_POLICY, -1, "0", 1);
    assert_string_equal(s.trace, "0n:source address ");
    r->ip.inv_saddr = true;
    expect(DROP, PK_END_RULE, 0, "1", 0);
    r->ip.daddr = r->ip.dmask = (struct pk_u128){0, 1};
    expect(ACCEPT, PK_END_POLICY, -1, "0", 1);
    assert_string_equal(s.trace, "0n:destination address ");
    s.p.daddr.lo = 0x7fffffff;
    expect(DROP, PK_END_RULE, 0, "1", 0);
}

static struct pk_u128 name(const char *text)
{
    struct pk_u128 v = {0};
    unsigned i;

    for (i = 0; i < 16 && text[i]; i++) {
        v.hi |= i < 8 ? (__u64)(uint8_t)text[i] << (56 - 8 * i) : 0;
        v.lo |= i < 8 ? 0 : (__u64)(uint8_t)text[i] << (120 - 8 * i);
    }
    return v;
}

static void test_interface_names(void **state)
{
    static const struct {
        const char *rule, *packet;
        bool same;
    } cases[] = {
        {"", "eth0", true},
        {"", "", true},
        {"eth0", "eth0", true},
        {"eth0", "eth01", false},
        {"eth0", "eth", false},
        {"eth0", "", false},
        {"eth+", "eth0", true},
        {"eth+", "eth", true},
        {"eth+", "et", false},
        {"+", "lo", true},
        {"+", "", true},
        {"eth+", "eth0.4094", true},
        {"e+h+", "e+h1", true},
        {"e+h+", "eth1", false},
        {"abcdefghijklmno", "abcdefghijklmno", true},
        {"abcdefghijklmno", "abcdefghijklmnp", false},
        {"abcdefghijk+", "abcdefghijkl", true},
        {"abcdefghijk+", "abcdefghijl", false},
    };
    struct pk_rule *r = add(INPUT, DROP);
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(r->ip.iif, 0, sizeof(r->ip.iif));
        memcpy(r->ip.iif, cases[i].rule, strlen(cases[i].rule));
        s.p.iif = name(cases[i].packet);
        r->ip.inv_iif = false;
        assert_int_equal(judge(PK_INPUT, NULL).action, cases[i].same ? DROP : ACCEPT);
        r->ip.inv_iif = true;
        assert_int_equal(judge(PK_INPUT, NULL).action, cases[i].same ? ACCEPT : DROP);
    }
    memcpy(r->ip.oif, "lo", 3);
    r->ip.inv_iif = false;
    assert_int_equal(judge(PK_INPUT, NULL).action, ACCEPT);
    assert_string_equal(s.trace, "0n:in-interface ");
    r->ip.inv_iif = true;
    judge(PK_INPUT, NULL);
    assert_string_equal(s.trace, "0n:out-interface ");
}

static void test_protocol_v4(void **state)
{
    struct pk_rule *r = add(INPUT, DROP);

    r->ip.has_proto = true;
    r->ip.proto = 6;
    expect(DROP, PK_END_RULE, 0, "1", 0);
    s.p.proto = 17;
    expect(ACCEPT, PK_END_POLICY, -1, "0", 1);
    assert_string_equal(s.trace, "0n:protocol ");
    r->ip.inv_proto = true;
    expect(DROP, PK_END_RULE, 0, "1", 0);
    s.p.status = PK_L4_FRAG; /* the protocol of a later fragment is known */
    expect(DROP, PK_END_RULE, 0, "1", 0);
}

static void test_fragments(void **state)
{
    static const bool later[PK_L4_STATUS_N] = {[PK_L4_FRAG] = true, [PK_L4_FRAG1] = true};
    struct pk_rule *r = add(INPUT, DROP);

    r->ip.frag = true;
    for (s.p.status = 0; s.p.status < PK_L4_BROKEN; s.p.status++) {
        r->ip.inv_frag = false;
        assert_int_equal(judge(PK_INPUT, NULL).action, later[s.p.status] ? DROP : ACCEPT);
        r->ip.inv_frag = true;
        assert_int_equal(judge(PK_INPUT, NULL).action, later[s.p.status] ? ACCEPT : DROP);
    }
}

/* A broken chain of extension headers drops at the first rule with -p, whatever it names. */
static void test_broken_headers_v6(void **state)
{
    struct pk_rule *r;

    s.rs.family = s.p.family = PK_IPV6;
    s.p.status = PK_L4_BROKEN;
    s.p.proto = 0;
    add(INPUT, NOTHING);
    r = add(INPUT, ACCEPT);
    r->ip.has_proto = true;
    r->ip.proto = 0;
    expect(DROP, PK_END_HOTDROP, 1, "10", 0);
    r->ip.proto = 17;
    r->ip.inv_proto = true;
    expect(DROP, PK_END_HOTDROP, 1, "10", 0);
    assert_string_equal(s.trace, "0y 1h:protocol ");
    r->ip.smask.lo = r->ip.saddr.lo = 1; /* addresses are compared before */
    expect(ACCEPT, PK_END_POLICY, -1, "10", 1);
}

static void test_protocol_all_v6(void **state)
{
    struct pk_rule *r = add(INPUT, DROP);

    s.rs.family = s.p.family = PK_IPV6;
    r->ip.has_proto = true;
    expect(DROP, PK_END_RULE, 0, "1", 0);
    r->ip.proto = 17;
    expect(ACCEPT, PK_END_POLICY, -1, "0", 1);
    r->ip.inv_proto = true;
    expect(DROP, PK_END_RULE, 0, "1", 0);
    r->ip.proto = 6;
    expect(ACCEPT, PK_END_POLICY, -1, "0", 1);
}

static void test_trace_is_in_order(void **state)
{
    when(add(INPUT, ACCEPT), PK_NO);
    jump(INPUT, A);
    add(INPUT, DROP);
    add(A, NOTHING);
    judge(PK_INPUT, NULL);
    assert_string_equal(s.trace, "0n:answer 1y 3y 2y ");
}

/* As deep as a compiled rule set can be, and one more, which ipt_do_table() drops. */
static void test_deepest_nesting(void **state)
{
    unsigned i;

    jump(INPUT, A);
    for (i = 1; i < PK_DEPTH_MAX; i++)
        jump(A + i - 1, A + i);
    assert_int_equal(judge(PK_INPUT, NULL).end, PK_END_POLICY);
    jump(A + PK_DEPTH_MAX - 1, A + PK_DEPTH_MAX);
    assert_int_equal(judge(PK_INPUT, NULL).action, DROP);
}

#define CASE(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_empty_chain_is_its_policy),
        CASE(test_each_hook_has_its_chain),
        CASE(test_first_match_decides),
        CASE(test_rule_without_target_counts_and_goes_on),
        CASE(test_all_matches_must_say_yes),
        CASE(test_counters_may_be_left_out),
        CASE(test_chain_end_returns_behind_the_jump),
        CASE(test_return_skips_the_rest_of_the_chain),
        CASE(test_jump_to_an_empty_chain),
        CASE(test_jump_as_the_last_rule),
        CASE(test_verdict_in_a_user_chain),
        CASE(test_return_in_a_base_chain_is_the_policy),
        CASE(test_nested_return_leaves_one_chain),
        CASE(test_chain_called_twice),
        CASE(test_goto_does_not_come_back),
        CASE(test_return_after_goto),
        CASE(test_goto_from_a_base_chain_ends_in_the_policy),
        CASE(test_return_after_goto_from_a_base_chain),
        CASE(test_goto_then_jump),
        CASE(test_hotdrop_ends_the_walk),
        CASE(test_hotdrop_is_not_reached_behind_a_no),
        CASE(test_hotdrop_is_not_reached_behind_a_verdict),
        CASE(test_hotdrop_in_a_user_chain),
        CASE(test_addresses),
        CASE(test_interface_names),
        CASE(test_protocol_v4),
        CASE(test_fragments),
        CASE(test_broken_headers_v6),
        CASE(test_protocol_all_v6),
        CASE(test_trace_is_in_order),
        CASE(test_deepest_nesting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
