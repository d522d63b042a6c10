// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a rule compiles to: how many leaves of what shape, and that they say the same as the rule's
 * evaluation, for random rules and packets. PK_SEED and PK_ROUNDS repeat or prolong the random
 * part.
 */
#include "match_random.h"

/* ---- leaves ---- */

struct shape {
    enum pk_family family;
    int proto;
    const char *match;
    unsigned leaves;
    const char *hot;     /* of the first leaf, as statuses OK.. : '.' or 'h' */
    unsigned predicates; /* of the first leaf */
};

static const struct shape shapes[] = {
    {PK_IPV4, 0, "-m comment --comment x", 1, "......", 0},
    {PK_IPV4, 6, "", 1, "......", 0},
    {PK_IPV6, 6, "", 1, ".....h", 0},
    {PK_IPV4, 6, "-m tcp --dport 80", 1, "..hhh.", 0},
    {PK_IPV6, 6, "-m tcp --dport 80", 1, "...hhh", 0},
    {PK_IPV4, 17, "-m udp --dport 53 -m comment --comment x", 1, "...hh.", 0},
    {PK_IPV4, 1, "-m icmp --icmp-type 8", 1, "...hh.", 0},
    {PK_IPV6, 58, "-m icmp6 --icmpv6-type 128", 1, "...hhh", 0},
    {PK_IPV4, 6, "-m multiport --dports 1,2", 1, "....h.", 0},
    {PK_IPV4, 6, "-m multiport --ports 1,2", 2, "....h.", 0},
    {PK_IPV4, 6, "-m multiport ! --ports 1,2", 1, "....h.", 0},
    {PK_IPV4, 6, "-m tcp --syn -m multiport --dports 1,2", 1, "..hhh.", 0},
    {PK_IPV4, 6, "-m iprange --src-range 1.1.1.1-2.2.2.2 -m tcp --dport 80", 1, "..hhh.", 0},
    {PK_IPV4, 6, "-m tcp --dport 80 -m iprange --src-range 1.1.1.1-2.2.2.2", 2, "......", 0},
    {PK_IPV4, 6, "-m tcp --tcp-option 5", 1, "......", 2}, /* PK_STEP_L4, then the option */
    {PK_IPV4, 6, "-m testlen --testlen 3:1 -m tcp", 1, "......", 2},
    {PK_IPV4, 0, "-m testlen --testlen 3:1:2", 1, "......", 1},
};

static uint32_t hot_bits(const char *s)
{
    uint32_t bits = 0;

    for (unsigned i = 0; s[i]; i++)
        bits |= (uint32_t)(s[i] == 'h') << i;
    return bits;
}

static void test_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(shapes); i++) {
        const struct shape *s = &shapes[i];
        struct pk_leaves leaves;
        struct fixture f;

        fixture_init(&f, s->family, s->proto);
        assert_int_equal(parse(&f, s->match), 0);
        assert_int_equal(pk_rule_compile(&f.rule, s->family, &f.arena, &leaves, &f.d), 0);
        if (leaves.n != s->leaves || leaves.leaf[0].hot != hot_bits(s->hot) ||
            leaves.leaf[0].n_predicates != s->predicates)
            fail_msg("%s: %u leaves, hot %#x, %u predicates", s->match, leaves.n,
                     leaves.leaf[0].hot, leaves.leaf[0].n_predicates);
        fixture_done(&f);
    }
}

/* A field that a rule does not speak of stays out of its leaf, and so out of the classifier. */
static void test_unused_fields(void **state)
{
    struct pk_leaves leaves;
    struct fixture f;

    (void)state;
    fixture_init(&f, PK_IPV4, 6);
    assert_int_equal(parse(&f, "-m tcp --dport 80"), 0);
    assert_int_equal(pk_rule_compile(&f.rule, PK_IPV4, &f.arena, &leaves, &f.d), 0);
    for (unsigned i = 0; i < PK_FIELD_N; i++)
        assert_int_equal(leaves.leaf[0].set[i] != NULL, i == PK_F_KIND || i == PK_F_DPORT);
    f.rule.ip.has_proto = false;
    f.rule.n_matches = 0;
    assert_int_equal(pk_rule_compile(&f.rule, PK_IPV4, &f.arena, &leaves, &f.d), 0);
    for (unsigned i = 0; i < PK_FIELD_N; i++)
        assert_null(leaves.leaf[0].set[i]);
    fixture_done(&f);
}

/* What does not fit is refused by name, not cut: five lists, each a bit of the port, fall into 32.
 */
static void test_too_big(void **state)
{
    struct pk_leaves leaves = {.n = 77};
    struct fixture f;

    (void)state;
    fixture_init(&f, PK_IPV4, 6);
    assert_int_equal(parse(&f, "-m multiport --ports 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29"
                               " -m multiport --ports 2:3,6:7,10:11,14:15,18:19,22:23,26:27"
                               " -m multiport --ports 4:7,12:15,20:23,28:31"
                               " -m multiport --ports 8:15,24:31 -m multiport --ports 16:31"),
                     0);
    assert_int_equal(pk_rule_compile(&f.rule, PK_IPV4, &f.arena, &leaves, &f.d), -E2BIG);
    assert_int_equal(f.d.n_errors, 1);
    assert_int_equal(leaves.n, 77);
    f.rule.n_matches = 4; /* 16 are not too many */
    assert_int_equal(pk_rule_compile(&f.rule, PK_IPV4, &f.arena, &leaves, &f.d), 0);
    assert_int_equal(leaves.n, 16);
    fixture_done(&f);
}

/* So are too many residual steps. */
static void test_too_many_steps(void **state)
{
    struct pk_leaves leaves;
    struct fixture f;

    (void)state;
    fixture_init(&f, PK_IPV4, 0);
    assert_int_equal(parse(&f, "-m testlen --testlen 3:1"), 0);
    f.rule.matches = pk_arena_array(&f.arena, struct pk_match, PK_STEPS_MAX + 1);
    f.rule.n_matches = PK_STEPS_MAX + 1;
    for (size_t i = 0; i < f.rule.n_matches; i++)
        f.rule.matches[i] = f.matches[0];
    assert_int_equal(pk_rule_compile(&f.rule, PK_IPV4, &f.arena, &leaves, &f.d), -E2BIG);
    assert_int_equal(f.d.n_errors, 1);
    f.rule.n_matches = PK_STEPS_MAX;
    assert_int_equal(pk_rule_compile(&f.rule, PK_IPV4, &f.arena, &leaves, &f.d), 0);
    fixture_done(&f);
}

/* ---- random rules, random packets ---- */

static bool plain_name(const char pattern[16], const char *name)
{
    size_t n = strlen(pattern);

    if (!n)
        return true;
    if (pattern[n - 1] == '+')
        return !strncmp(pattern, name, n - 1);
    return !strcmp(pattern, name);
}

static bool plain_interface(const char pattern[16], struct pk_u128 v, bool invert)
{
    char name[17] = {0};

    for (int i = 0; i < 8; i++) {
        name[i] = (char)(v.hi >> (56 - 8 * i));
        name[i + 8] = (char)(v.lo >> (56 - 8 * i));
    }
    return plain_name(pattern, name) != invert;
}

static bool plain_address(struct pk_u128 a, struct pk_u128 want, struct pk_u128 mask, bool invert)
{
    return ((a.hi & mask.hi) == want.hi && (a.lo & mask.lo) == want.lo) != invert;
}

/* The ip part of a rule as the kernel's two functions decide it. */
static enum pk_answer plain_ip(const struct pk_ip_match *ip, const struct pk_packet *p)
{
    bool later = p->status == PK_L4_FRAG || p->status == PK_L4_FRAG1;

    if (!plain_address(p->saddr, ip->saddr, ip->smask, ip->inv_saddr) ||
        !plain_address(p->daddr, ip->daddr, ip->dmask, ip->inv_daddr) ||
        !plain_interface(ip->iif, p->iif, ip->inv_iif) ||
        !plain_interface(ip->oif, p->oif, ip->inv_oif))
        return PK_NO;
    if (ip->has_proto && p->status == PK_L4_BROKEN)
        return PK_HOTDROP;
    if (ip->has_proto && ip->proto && (p->proto == ip->proto) == ip->inv_proto)
        return PK_NO;
    if (ip->frag && later == ip->inv_frag)
        return PK_NO;
    return PK_YES;
}

/* A packet's values, said again from leaf.h. */
static struct pk_u128 plain_value(const struct pk_packet *p, unsigned f)
{
    bool ok = p->status == PK_L4_OK;
    uint64_t shift = ok ? 0 : 65536;
    bool readable = ok || (p->status == PK_L4_SHORT && pk_has_ports(p->proto));

    switch (f) {
    case PK_F_KIND:
        return (struct pk_u128){0, p->status * 256u + p->proto};
    case PK_F_SADDR:
        return p->saddr;
    case PK_F_DADDR:
        return p->daddr;
    case PK_F_SPORT:
        return (struct pk_u128){0, readable ? shift + p->sport : PK_PORT_NONE};
    case PK_F_DPORT:
        return (struct pk_u128){0, readable ? shift + p->dport : PK_PORT_NONE};
    case PK_F_FLAGS:
        return (struct pk_u128){0, ok ? p->tcp_flags : PK_FLAGS_NONE};
    case PK_F_ICMP:
        return (struct pk_u128){0, ok ? p->icmp : PK_ICMP_NONE};
    case PK_F_IIF:
        return p->iif;
    default:
        return p->oif;
    }
}

static bool leaf_holds(const struct pk_leaf *l, const struct pk_packet *p)
{
    for (unsigned f = 0; f < PK_FIELD_N; f++) {
        if (l->set[f] && !pk_iset_has(l->set[f], plain_value(p, f)))
            return false;
    }
    return true;
}

static enum pk_answer leaf_answer(const struct pk_leaf *l, const struct pk_view *v)
{
    struct pk_source s = {v->ip, v->len, v->ct, v->mac};

    for (unsigned i = 0; i < l->n_predicates; i++) {
        enum pk_answer a = pk_step_eval(&s, v->p, &l->steps[i]);

        if (a != PK_YES)
            return a;
    }
    return l->hot & PK_STATUS_BIT(v->p->status) ? PK_HOTDROP : PK_YES;
}

/* -1 if the packet is in more than one leaf. */
static int leaves_answer(const struct pk_leaves *ls, const struct pk_view *v)
{
    const struct pk_leaf *found = NULL;

    for (unsigned i = 0; i < ls->n; i++) {
        if (!leaf_holds(&ls->leaf[i], v->p))
            continue;
        if (found)
            return -1;
        found = &ls->leaf[i];
    }
    return found ? (int)leaf_answer(found, v) : PK_NO;
}

struct tally {
    unsigned long answers[3];
    unsigned long rules, one_leaf, refused;
};

static void compare(struct fixture *f, const struct pk_leaves *leaves, const char *text,
                    uint64_t seed, struct tally *t)
{
    for (int k = 0; k < 40; k++) {
        struct pk_packet p;
        struct bytes b;
        struct pk_conntrack ct = random_entry(f->family);
        struct pk_view v = {&p, b.ip, 0, roll(4) ? &ct : NULL};
        int expected, got;

        random_packet(f->family, f->rule.ip.proto, &p, &b);
        v.len = b.len;
        expected = (int)plain_ip(&f->rule.ip, &p);
        if (expected == PK_YES)
            expected = (int)eval_matches(&f->rule, &v);
        got = leaves_answer(leaves, &v);
        t->answers[expected]++;
        if (got != expected)
            fail_msg("PK_SEED=%#llx: IPv%c -p %s%u%s -i %s -o %s%s: packet proto %u status %u "
                     "sport %u dport %u: evaluation %d, %u leaves %d",
                     (unsigned long long)seed, f->family == PK_IPV4 ? '4' : '6',
                     f->rule.ip.inv_proto ? "!" : "", f->rule.ip.proto,
                     f->rule.ip.frag ? " -f" : "", f->rule.ip.iif, f->rule.ip.oif, text, p.proto,
                     p.status, p.sport, p.dport, expected, leaves->n, got);
    }
}

static void random_rule(uint64_t seed, struct tally *t)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(4096);
    struct pk_leaves leaves;
    struct fixture f;
    int r;

    random_state = seed * 2654435761u + 0x9e3779b97f4a7c15ull;
    fixture_init(&f, roll(2) ? PK_IPV4 : PK_IPV6, 0);
    random_ip(&f.rule.ip, f.family);
    pk_buf_str(&text, "");
    random_matches(&text, f.family, f.rule.ip.inv_proto ? 0 : f.rule.ip.proto);
    if (parse(&f, text.len ? text.data + 1 : "") != 0) {
        t->refused++; /* --tcp-flags NONE SYN and its like */
    } else {
        r = pk_rule_compile(&f.rule, f.family, &f.arena, &leaves, &f.d);
        if (r)
            fail_msg("PK_SEED=%#llx: %s: not compiled: %s", (unsigned long long)seed,
                     text.len ? text.data : "", f.d.n ? f.d.items[0].text : "?");
        compare(&f, &leaves, text.len ? text.data : "", seed, t);
        t->rules++;
        t->one_leaf += leaves.n == 1;
    }
    fixture_done(&f);
}

static void test_random(void **state)
{
    const char *given = getenv("PK_SEED"), *rounds = getenv("PK_ROUNDS");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 1;
    unsigned long n = rounds ? strtoul(rounds, NULL, 0) : given ? 1 : 20000;
    struct tally t = {0};

    (void)state;
    for (unsigned long i = 0; i < n; i++)
        random_rule(seed + i, &t);
    print_message("# %lu rules (%lu of one leaf, %lu refused): %lu no, %lu yes, %lu dropped\n",
                  t.rules, t.one_leaf, t.refused, t.answers[0], t.answers[1], t.answers[2]);
    if (n >= 1000) {
        assert_true(t.answers[1] > n / 2);
        assert_true(t.answers[2] > n / 4);
    }
}

/* ---- the test-only target ---- */

static void test_effect(void **state)
{
    struct pk_packet p = {.len = 40};
    struct pk_source s = {0};
    struct pk_leaves leaves;
    struct pk_option_use use;
    struct fixture f;

    (void)state;
    fixture_init(&f, PK_IPV4, 6);
    assert_int_equal(parse(&f, "-m tcp --tcp-option 3"), 0);
    f.rule.target = pk_target_find("TESTCOUNT", PK_IPV4);
    assert_non_null(f.rule.target);
    f.rule.target_info = pk_arena_alloc(&f.arena, f.rule.target->info_size);
    use = use_of(&f, 0);
    use.option = f.rule.target->options;
    use.args = (const char *const[]){"7"};
    assert_int_equal(f.rule.target->parse(&use, f.rule.target_info), 0);
    assert_int_equal(pk_rule_compile(&f.rule, PK_IPV4, &f.arena, &leaves, &f.d), 0);
    assert_int_equal(leaves.n, 1);
    assert_int_equal(leaves.leaf[0].n_predicates, 2);
    assert_int_equal(leaves.leaf[0].n_effects, 1);
    pk_step_effect(&s, &p, &leaves.leaf[0].steps[2]);
    assert_int_equal(effects[7], 1);
    fixture_done(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),  cmocka_unit_test(test_unused_fields),
        cmocka_unit_test(test_too_big), cmocka_unit_test(test_too_many_steps),
        cmocka_unit_test(test_random),  cmocka_unit_test(test_effect),
    };

    if (pk_test_register())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
