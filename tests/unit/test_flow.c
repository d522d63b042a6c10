// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flow cache's key (flow.h): packets with one key have one outcome. Random rule sets, random
 * packets, and copies of each that differ in one field; where the keys are equal, the walk in user
 * space must end in the same way and raise the same counters, and what it notes must be those.
 *
 * PK_SEED: start from this seed; PK_ROUNDS: so many rounds a size. A failure prints the seed of its
 * round, with which PK_SEED=... PK_ROUNDS=1 repeats it.
 */
#include "classify/flow.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../lib/gen.h"
#include "base/macro.h"
#include "classify/compile.h"
#include "datapath/abi/ctl.h"
#include "test_defs.h"
#include "test_steps.h"

static void pk_test_effect(__u32 arg, const struct pk_packet *p)
{
    (void)arg;
    (void)p;
}

#include "classify/walk_user.h"
#include "packet/packet_user.h"
#include "rules/text.h"

#define PACKETS_MAX 128u
#define COUNTED_MAX 4096u
#define NAMES_MAX 64u

/* What a copy differs in. */
enum part { SADDR, DADDR, SPORT, DPORT, PROTO, STATUS, FLAGS, ICMP, IIF, OIF, CONN, OTHER, PART_N };

static const char *const part_names[PART_N] = {"source address",     "destination address",
                                               "source port",        "destination port",
                                               "protocol",           "status",
                                               "TCP flags",          "ICMP type and code",
                                               "incoming interface", "outgoing interface",
                                               "connection",         "length and TTL"};

struct probe {
    struct pk_packet p;
    struct pk_conntrack ct;
    enum pk_hook hook;
    uint8_t ip[GEN_PACKET_MAX];
    size_t len;
};

/* What became of a packet, by the walk. */
struct outcome {
    struct pk_walk walk;
    struct pk_flow flow;
    struct pk_flow_key key;
    size_t n;
    uint32_t counted[COUNTED_MAX];
};

struct seen {
    size_t equal[PART_N], apart[PART_N]; /* copies by whether they have the packet's key */
    size_t not ;                         /* outcomes that cannot be remembered */
    size_t long_walks;
};

static struct outcome *counting;

static void count_now(__u32 slot, __u32 bytes)
{
    (void)bytes;
    assert_true(counting->n < COUNTED_MAX);
    counting->counted[counting->n++] = slot;
}

/* Names of interfaces numbered as they come; a name keeps its number. */
struct names {
    struct pk_u128 name[NAMES_MAX];
    size_t n;
};

static uint64_t name_number(struct names *t, struct pk_u128 name)
{
    size_t i = 0;

    while (i < t->n && !pk_u128_equal(t->name[i], name))
        i++;
    assert_true(i < NAMES_MAX);
    t->name[i] = name;
    t->n = PK_MAX(t->n, i + 1);
    return i + 1;
}

static uint64_t interfaces_of(struct names *t, const struct pk_packet *p, uint64_t mask)
{
    uint64_t both = name_number(t, p->iif) << 32 | name_number(t, p->oif);

    return both & mask;
}

/* IPv4's short key tells apart what the long one does. */
static bool short_keys_agree(const struct pk_image_head *image, const struct probe *a,
                             const struct probe *b, bool equal)
{
    const __u64 *mask = pk_flow_mask(&image->family[PK_IPV4], a->hook);
    struct pk_flow_key4 one, two;

    if (a->p.family != PK_IPV4 || !pk_flow_short(PK_IPV4, mask))
        return true;
    pk_flow_key4_make(&one, &a->p, a->hook, mask);
    pk_flow_key4_make(&two, &b->p, b->hook, mask);
    return pk_flow_key4_equal(&one, &two) == equal &&
           (!equal || pk_flow_hash4(&one, 7) == pk_flow_hash4(&two, 7));
}

static void walk(const struct pk_image_head *image, struct names *t, const struct probe *b,
                 struct outcome *o)
{
    const struct pk_source source = {.ip = b->ip, .len = b->len, .ct = &b->ct};
    const struct pk_family_tab *tab = &image->family[b->p.family];
    const __u64 *mask = pk_flow_mask(tab, b->hook);

    o->n = 0;
    o->flow = (struct pk_flow){0};
    o->walk = (struct pk_walk){.ctx = &source, .p = &b->p, .flow = &o->flow};
    counting = o;
    pk_user_count = count_now;
    pk_user_image = image;
    pk_walk_chain(&o->walk, tab, b->hook);
    pk_flow_key_make(&o->key, &b->p, b->hook, interfaces_of(t, &b->p, mask[PK_FW_INTERFACES]),
                     mask);
}

/* What was noted is what was counted, unless it is marked as not to be remembered. */
static bool notes_hold(const struct outcome *o)
{
    if (o->flow.n == PK_FLOW_NOT)
        return true;
    return o->flow.n == o->n && o->n <= PK_FLOW_SLOTS &&
           !memcmp(o->flow.slot, o->counted, o->n * sizeof(*o->counted));
}

/* May the outcome of one be given to the other? */
static bool same(const struct outcome *a, const struct outcome *b)
{
    if (a->flow.n == PK_FLOW_NOT || b->flow.n == PK_FLOW_NOT)
        return a->flow.n == b->flow.n;
    return a->walk.end == b->walk.end && a->walk.action == b->walk.action && a->n == b->n &&
           !memcmp(a->counted, b->counted, a->n * sizeof(*a->counted));
}

static uint64_t next64(struct gen *g)
{
    uint64_t high = gen_below(g, UINT32_MAX);

    return high << 32 | gen_below(g, UINT32_MAX);
}

/* Another packet's value, or a neighbour's, or one bit the other way. */
static uint64_t change(struct gen *g, uint64_t v, uint64_t other, unsigned bits)
{
    switch (gen_below(g, 4)) {
    case 0:
        return other;
    case 1:
        return v + 1;
    case 2:
        return v - 1;
    default:
        return v ^ 1ULL << gen_below(g, bits);
    }
}

static struct pk_u128 change_addr(struct gen *g, struct pk_u128 a, struct pk_u128 other)
{
    bool v4 = g->family == PK_IPV4;

    if (!gen_below(g, 4))
        return other;
    if (!v4 && gen_below(g, 2))
        a.hi = change(g, a.hi, other.hi, 64);
    else
        a.lo = change(g, a.lo, other.lo, v4 ? 32 : 64);
    if (v4)
        a.lo &= UINT32_MAX;
    return a;
}

/* What the parser leaves out for this status and protocol. */
static void make_honest(struct pk_packet *p)
{
    bool ports = pk_has_ports(p->proto) && (p->status == PK_L4_OK || p->status == PK_L4_SHORT);
    bool icmp = p->status == PK_L4_OK && pk_l4_need(p->proto) && !pk_has_ports(p->proto);

    if (p->status == PK_L4_BROKEN)
        p->proto = 0;
    if (!ports)
        p->sport = p->dport = 0;
    if (!icmp)
        p->icmp = 0;
    if (p->status != PK_L4_OK || p->proto != 6)
        p->tcp_flags = 0;
}

/* None, or one of which most rules can tell no more than state, direction and status. */
static struct pk_conntrack random_connection(struct gen *g)
{
    static const uint8_t info[] = {PK_CT_ESTABLISHED, PK_CT_RELATED, PK_CT_NEW,
                                   PK_CT_ESTABLISHED + PK_CT_IS_REPLY,
                                   PK_CT_RELATED + PK_CT_IS_REPLY};

    if (gen_below(g, 4) == 0)
        return (struct pk_conntrack){.info = gen_below(g, 2) ? PK_CT_UNTRACKED : 0};
    return (struct pk_conntrack){.info = info[gen_below(g, PK_ARRAY_SIZE(info))],
                                 .entry = 1,
                                 .status = gen_below(g, 64),
                                 .proto = gen_below(g, 2) ? 6 : 17};
}

static void set_connection(struct probe *b, struct pk_conntrack ct)
{
    b->ct = ct;
    b->p.ct = (uint8_t)pk_ct_told(ct.info, ct.entry, ct.status);
}

static void change_part(struct gen *g, struct probe *b, const struct pk_packet *other,
                        enum part part)
{
    struct pk_packet *p = &b->p;

    switch (part) {
    case SADDR:
        p->saddr = change_addr(g, p->saddr, other->saddr);
        break;
    case DADDR:
        p->daddr = change_addr(g, p->daddr, other->daddr);
        break;
    case SPORT:
        p->sport = (uint16_t)change(g, p->sport, other->sport, 16);
        break;
    case DPORT:
        p->dport = (uint16_t)change(g, p->dport, other->dport, 16);
        break;
    case PROTO:
        p->proto = (uint8_t)change(g, p->proto, other->proto, 8);
        break;
    case STATUS:
        p->status = (uint8_t)gen_below(g, PK_L4_STATUS_N);
        break;
    case FLAGS:
        p->tcp_flags = (uint8_t)change(g, p->tcp_flags, other->tcp_flags, 8);
        break;
    case ICMP:
        p->icmp = (uint16_t)change(g, p->icmp, other->icmp, 16);
        break;
    case IIF:
        p->iif = other->iif;
        break;
    case OIF:
        p->oif = other->oif;
        break;
    case CONN:
        b->ct.status ^= 1u << gen_below(g, 6);
        set_connection(b, gen_below(g, 2) ? b->ct : random_connection(g));
        break;
    default:
        p->len = gen_below(g, 65536);
        p->ttl = (uint8_t)next64(g);
        break;
    }
    make_honest(p);
}

static void show(const char *name, const struct probe *b, const struct outcome *o)
{
    const struct pk_packet *p = &b->p;

    fprintf(stderr,
            "%s: hook %u from %016" PRIx64 "%016" PRIx64 " to %016" PRIx64 "%016" PRIx64
            " status %u proto %u ports %u %u flags %02x icmp %04x connection %u %u %x\n    end %u "
            "action %u noted %u "
            "counted",
            name, b->hook, (uint64_t)p->saddr.hi, (uint64_t)p->saddr.lo, (uint64_t)p->daddr.hi,
            (uint64_t)p->daddr.lo, p->status, p->proto, p->sport, p->dport, p->tcp_flags, p->icmp,
            b->ct.entry, b->ct.info, b->ct.status, o->walk.end, o->walk.action, o->flow.n);
    for (size_t i = 0; i < o->n; i++)
        fprintf(stderr, " %u", o->counted[i]);
    fputc('\n', stderr);
}

struct set {
    struct pk_arena arena;
    struct pk_diags d;
    struct pk_image image;
};

static void set_done(struct set *s)
{
    pk_image_done(&s->image);
    pk_diags_done(&s->d);
    pk_arena_done(&s->arena);
}

#define _set_ __attribute__((cleanup(set_done)))

/* Policies have slots 0 to 2, rules those from 100. */
static void set_compile(struct set *s, enum pk_family family, const struct pk_buf *text)
{
    const struct pk_read_options o = {.format = PK_TEXT_SAVE, .family = family};
    const struct pk_ruleset *rs[PK_FAMILY_N] = {NULL};
    struct pk_slots slots = {0};
    struct pk_read read;
    uint32_t *slot, i;
    int r = pk_text_read(text->data, text->len, "gen", &o, &s->arena, &read, &s->d);

    assert_int_equal(r, 0);
    rs[family] = read.family[family];
    slot = pk_arena_array(&s->arena, uint32_t, rs[family]->n_rules);
    for (i = 0; i < rs[family]->n_rules; i++)
        slot[i] = 100 + i;
    for (i = 0; i < PK_HOOK_N; i++)
        slots.policy[family][i] = i;
    slots.rule[family] = slot;
    r = pk_compile(rs, &slots, &(struct pk_compile_options){0}, &s->image, &s->d);
    if (r)
        pk_diags_print(&s->d, stderr);
    assert_int_equal(r, 0);
}

static size_t make_probes(struct gen *g, struct probe *b, size_t n)
{
    size_t got = 0;

    for (size_t i = 0; i < n; i++) {
        struct probe *one = &b[got];

        one->p = (struct pk_packet){0};
        one->hook = gen_below(g, PK_HOOK_N);
        one->len = gen_packet(g, one->ip);
        if (pk_packet_parse(one->ip, one->len, &one->p))
            continue;
        gen_interfaces(g, one->hook, &one->p);
        set_connection(one, random_connection(g));
        got++;
    }
    return got;
}

static bool connections_differ(const struct pk_conntrack *a, const struct pk_conntrack *b)
{
    bool differ = a->info != b->info || a->entry != b->entry || a->status != b->status ||
                  a->expires != b->expires || a->proto != b->proto;

    for (unsigned i = 0; i < PK_CT_ENDS; i++)
        differ |= !pk_u128_equal(a->addr[i], b->addr[i]) || a->port[i] != b->port[i];
    return differ;
}

static bool differ(const struct probe *one, const struct probe *two)
{
    const struct pk_packet *a = &one->p, *b = &two->p;

    return connections_differ(&one->ct, &two->ct) || !pk_u128_equal(a->saddr, b->saddr) ||
           !pk_u128_equal(a->daddr, b->daddr) || !pk_u128_equal(a->iif, b->iif) ||
           !pk_u128_equal(a->oif, b->oif) || a->len != b->len || a->sport != b->sport ||
           a->dport != b->dport || a->icmp != b->icmp || a->proto != b->proto ||
           a->status != b->status || a->tcp_flags != b->tcp_flags || a->ttl != b->ttl;
}

/* One packet and one copy. False: they have one key and not one outcome. */
static bool compare(struct gen *g, const struct set *s, struct names *t, const struct probe *b,
                    const struct probe *other, struct seen *seen)
{
    static struct outcome one, two;
    struct probe copy = *b;
    enum part part = gen_below(g, PART_N);
    bool good, equal;

    change_part(g, &copy, &other->p, part);
    walk(s->image.head, t, b, &one);
    walk(s->image.head, t, &copy, &two);
    seen->not += two.flow.n == PK_FLOW_NOT;
    equal = pk_flow_key_equal(&one.key, &two.key);
    good = notes_hold(&one) && notes_hold(&two) && short_keys_agree(s->image.head, b, &copy, equal);
    if (!equal) {
        seen->apart[part]++;
    } else {
        good = good && same(&one, &two);
        /* that nothing was changed proves nothing */
        seen->equal[part] += differ(b, &copy);
    }
    if (!good) {
        fprintf(stderr, "the copy differs in: %s\n", part_names[part]);
        show("packet", b, &one);
        show("copy  ", &copy, &two);
    }
    return good;
}

static void round_of(uint64_t seed, enum pk_family family, unsigned rules, unsigned copies,
                     struct seen *seen)
{
    static struct probe probe[PACKETS_MAX];
    struct gen g = gen_new(seed, family, rules);
    _pk_buf_ struct pk_buf text = PK_BUF_INIT((size_t)64 << 20);
    _set_ struct set s = {0};
    struct gen_shape shape;
    struct names names = {0};
    size_t n;

    g.test_steps = true;
    shape = gen_shape_for(&g, rules);
    gen_rules(&g, &shape, &text);
    set_compile(&s, family, &text);
    n = make_probes(&g, probe, PACKETS_MAX);
    assert_true(n > PACKETS_MAX / 2);
    for (unsigned i = 0; i < copies; i++)
        if (!compare(&g, &s, &names, &probe[i % n], &probe[gen_below(&g, (uint32_t)n)], seen))
            fail_msg("IPv%c, %u rules: repeat with PK_SEED=%" PRIu64 " PK_ROUNDS=1",
                     family == PK_IPV4 ? '4' : '6', rules, seed);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

static void test_random(void **state)
{
    static const struct {
        unsigned rules, rounds, copies;
    } sizes[] = {
        {0, 2, 300},    {1, 200, 400},  {3, 300, 600},  {12, 200, 900},
        {64, 30, 2000}, {65, 10, 2000}, {500, 4, 6000}, {2000, 2, 6000},
    };
    uint64_t seed = number_from("PK_SEED", 1), rounds = number_from("PK_ROUNDS", 0), i, n;
    struct seen seen = {0};
    size_t s, k;

    for (s = 0; s < PK_ARRAY_SIZE(sizes); s++) {
        n = rounds ? rounds : sizes[s].rounds;
        for (i = 0; i < n; i++) {
            round_of(seed + i, PK_IPV4, sizes[s].rules, sizes[s].copies, &seen);
            round_of(seed + i, PK_IPV6, sizes[s].rules, sizes[s].copies, &seen);
        }
    }
    /* A property that nothing comes near says nothing. */
    for (k = 0; k < PART_N && !rounds; k++) {
        print_message("# %-20s %zu with the packet's key, %zu without\n", part_names[k],
                      seen.equal[k], seen.apart[k]);
        assert_true(seen.equal[k] > 1000 || k == PROTO || k == STATUS);
        assert_true(k == OTHER ? !seen.apart[k] : seen.apart[k] > 1000);
    }
    assert_true(rounds || seen.not > 1000);
}

static void compile_text(struct set *s, enum pk_family family, const char *rules)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(1 << 20);

    pk_buf_str(&text,
               "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n");
    pk_buf_str(&text, rules);
    pk_buf_str(&text, "COMMIT\n");
    set_compile(s, family, &text);
}

/* As many counters as an entry holds, and one more; the policy's is the last. */
static void test_long_walks(void **state)
{
    static struct outcome o;

    for (unsigned rules = PK_FLOW_SLOTS - 2; rules <= PK_FLOW_SLOTS + 2; rules++) {
        struct probe b = {.p = {.family = PK_IPV4, .proto = 17}, .hook = PK_INPUT};
        _pk_buf_ struct pk_buf text = PK_BUF_INIT(1 << 20);
        struct names names = {0};
        _set_ struct set s = {0};

        for (unsigned i = 0; i < rules; i++)
            pk_buf_str(&text, "-A INPUT\n");
        compile_text(&s, PK_IPV4, text.data);
        walk(s.image.head, &names, &b, &o);
        assert_int_equal(o.n, rules + 1);
        assert_int_equal(o.flow.n, rules < PK_FLOW_SLOTS ? rules + 1 : PK_FLOW_NOT);
        assert_true(notes_hold(&o));
        o.counted[rules / 2]++;
        assert_int_equal(notes_hold(&o), o.flow.n == PK_FLOW_NOT); /* it can fail */
    }
}

/* Masks that are known: a bit too few is wrong, a bit too many costs entries. */
static const struct {
    enum pk_family family;
    const char *rules;
    uint64_t mask[PK_FLOW_WORDS]; /* as in flow.h, PK_FW_ALWAYS left out */
    enum pk_hook hook;            /* whose mask it is */
} known[] = {
    {PK_IPV4, "", {0}},
    {PK_IPV4, "-A INPUT -p tcp\n", {0}},
    {PK_IPV4, "-A INPUT -s 10.1.2.0/24\n", {[PK_FW_SADDR] = ~0ULL << 8}},
    {PK_IPV4, "-A INPUT -s 10.1.2.0/24\n-A INPUT -s 10.1.2.4/31\n", {[PK_FW_SADDR] = ~0ULL << 1}},
    {PK_IPV4, "-A INPUT -s 10.1.2.0/24\n-A OUTPUT -s 10.1.2.4/31\n", {[PK_FW_SADDR] = ~0ULL << 8}},
    {PK_IPV4,
     "-A INPUT -s 10.1.2.0/24\n-A OUTPUT -s 10.1.2.4/31\n",
     {[PK_FW_SADDR] = ~0ULL << 1},
     PK_OUTPUT},
    {PK_IPV4, "-A INPUT -i lo -p tcp --dport 80\n", {0}, PK_OUTPUT},
    {PK_IPV4,
     ":UNDER - [0:0]\n:BELOW - [0:0]\n-A INPUT -j UNDER\n-A FORWARD -g UNDER\n-A UNDER -j "
     "BELOW\n-A BELOW -d 10.0.0.1\n",
     {[PK_FW_DADDR] = ~0ULL},
     PK_FORWARD},
    {PK_IPV4,
     ":UNDER - [0:0]\n:BELOW - [0:0]\n-A INPUT -j UNDER\n-A FORWARD -g UNDER\n-A UNDER -j "
     "BELOW\n-A BELOW -d 10.0.0.1\n",
     {0},
     PK_OUTPUT},
    {PK_IPV4, "-A INPUT -m conntrack --ctstate NEW\n", {[PK_FW_L4] = 0x0f00}, PK_OUTPUT},
    {PK_IPV4, "-A INPUT ! -d 10.0.0.0/8\n", {[PK_FW_DADDR] = ~0ULL << 24}},
    {PK_IPV4, "-A INPUT -d 10.0.0.1\n", {[PK_FW_DADDR] = ~0ULL}},
    {PK_IPV4, "-A INPUT -i lo\n", {[PK_FW_INTERFACES] = PK_FW_IIF}},
    {PK_IPV4, "-A OUTPUT -o e+\n", {[PK_FW_INTERFACES] = PK_FW_OIF}, PK_OUTPUT},
    {PK_IPV4, "-A INPUT -p tcp --dport 80\n", {[PK_FW_L4] = 0x0000ffff00000000}},
    {PK_IPV4, "-A INPUT -p tcp --dport 0:1023\n", {[PK_FW_L4] = 0x0000fc0000000000}},
    {PK_IPV4, "-A INPUT -p udp --sport 1024:2047\n", {[PK_FW_L4] = 0xfc00000000000000}},
    {PK_IPV4, "-A INPUT -p icmp --icmp-type 8\n", {[PK_FW_L4] = 0xff00000000000000}},
    {PK_IPV4, "-A INPUT -p icmp --icmp-type 3/1\n", {[PK_FW_L4] = 0xffff000000000000}},
    {PK_IPV4, "-A INPUT -p tcp --tcp-flags RST RST\n", {[PK_FW_L4] = 0x0000000000fc0000}},
    {PK_IPV4, "-A INPUT -m conntrack --ctstate NEW\n", {[PK_FW_L4] = 0x0f00}},
    {PK_IPV4, "-A INPUT -m conntrack ! --ctstate NEW --ctdir REPLY\n", {[PK_FW_L4] = 0x0f00}},
    {PK_IPV4, "-A INPUT -m state --state INVALID,UNTRACKED\n", {[PK_FW_L4] = 0x0f00}},
    {PK_IPV4, "-A INPUT -m conntrack --ctstate DNAT\n", {[PK_FW_L4] = 0x2f00}},
    {PK_IPV4, "-A INPUT -m conntrack --ctstate SNAT\n", {[PK_FW_L4] = 0x1f00}},
    {PK_IPV4, "-A INPUT -m conntrack --ctstatus ASSURED\n", {[PK_FW_L4] = 0x8f00}},
    {PK_IPV4, "-A INPUT -m conntrack --ctstatus SEEN_REPLY\n", {[PK_FW_L4] = 0x4f00}},
    {PK_IPV4, "-A INPUT -m conntrack --ctstatus CONFIRMED\n", {0}}, /* is not remembered */
    {PK_IPV4, "-A INPUT -m conntrack --ctstate NEW --ctexpire 9\n", {0}},
    {PK_IPV6, "-A INPUT -m conntrack --ctstate NEW --ctorigsrc ::1\n", {0}},
    {PK_IPV6, "-A INPUT -s 2001:db8::/32\n", {[PK_FW_SADDR_HI] = ~0ULL << 32}},
    {PK_IPV6, "-A INPUT -d fe80::/64\n", {[PK_FW_DADDR_HI] = ~0ULL}},
    {PK_IPV6, "-A INPUT -d fe80::10/124\n", {[PK_FW_DADDR_HI] = ~0ULL, [PK_FW_DADDR] = ~0ULL << 4}},
};

/*
 * A rule about an extension header keeps those packets alone from being remembered that have one:
 * flows are recalled for packets without.
 */
static void test_headers(void **state)
{
    static const struct {
        const char *rules;
        bool remembered, with_header;
    } cases[] = {
        {"-A INPUT -s ::1\n", true, true},
        {"-A INPUT -m rt --rt-type 0 --rt-0-addrs ::1 -j DROP\n", true, false},
        {"-A INPUT -m dst --dst-opts 1 -m frag -m ah\n", true, false},
        {"-A INPUT -p tcp -m tcp --tcp-option 5 -m dst\n", false, false},
        {"-A INPUT -m ipv6header --header esp\n", false, false},
        {"-A INPUT -p esp -m esp\n-A INPUT -m eui64\n", false, false},
    };
    struct outcome o;

    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++) {
        struct probe b = {.p = {.family = PK_IPV6, .proto = 6, .len = 80, .l4_off = 40},
                          .hook = PK_INPUT,
                          .len = 80};
        struct names names = {0};
        _set_ struct set s = {0};

        b.ip[0] = 0x60;
        b.ip[6] = 6;
        compile_text(&s, PK_IPV6, cases[i].rules);
        walk(s.image.head, &names, &b, &o);
        assert_int_equal(o.flow.n != PK_FLOW_NOT, cases[i].remembered);
        b.ip[6] = 60;
        b.ip[40] = 6;
        b.p.l4_off = 48;
        walk(s.image.head, &names, &b, &o);
        assert_int_equal(o.flow.n != PK_FLOW_NOT, cases[i].with_header);
    }
}

static void test_known_masks(void **state)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(known); i++) {
        _set_ struct set s = {0};
        const __u64 *mask;

        compile_text(&s, known[i].family, known[i].rules);
        mask = pk_flow_mask(&s.image.head->family[known[i].family], known[i].hook);
        for (unsigned k = 0; k < PK_FLOW_WORDS; k++) {
            uint64_t want = known[i].mask[k] | (k == PK_FW_L4 ? PK_FW_ALWAYS : 0), got = mask[k];

            if (known[i].family == PK_IPV4 && (k == PK_FW_SADDR_HI || k == PK_FW_DADDR_HI))
                continue; /* no IPv4 packet has bits there */
            if (got != want)
                fail_msg("%sword %u: %016" PRIx64 ", not %016" PRIx64, known[i].rules, k, got,
                         want);
        }
    }
}

/* The parts of what became of a flow keep out of each other's way. */
static void test_what(void **state)
{
    static const __u32 first[] = {0, 1, 0x155555, 0x2aaaaa, PK_FLOW_FIRST};

    for (__u32 reason = 0; reason < PK_REASON_MAX; reason++)
        for (__u32 n = 0; n <= PK_FLOW_SLOTS; n++)
            for (size_t i = 0; i < PK_ARRAY_SIZE(first); i++) {
                __u32 what = pk_flow_what(reason, n, first[i]);

                assert_int_equal(pk_flow_reason(what), reason);
                assert_int_equal(pk_flow_counters(what), n);
                assert_int_equal(pk_flow_first(what), first[i]);
            }
}

/* A full entry's count is all there, and its next flow's is another one and none. */
static void test_counts(void **state)
{
    const __u64 start = pk_flow_anew(7 * PK_FLOW_WRITE);
    __u64 count = start, next;

    for (__u32 i = 0; i < PK_FLOW_PACKETS; i++) {
        assert_int_equal(pk_flow_packets(count), i);
        assert_int_equal(pk_flow_bytes(count), i * PK_FLOW_BYTES_MOST);
        assert_int_equal(pk_flow_counted(count), start);
        count += PK_FLOW_PACKET + PK_FLOW_BYTES_MOST;
    }
    assert_int_equal(pk_flow_packets(count), PK_FLOW_PACKETS);
    assert_int_equal(pk_flow_writes(count), 8);
    assert_false(count & PK_FLOW_BUSY);
    next = pk_flow_anew(count | PK_FLOW_BUSY);
    assert_int_equal(next, 9 * PK_FLOW_WRITE);
    assert_int_equal(pk_flow_anew(~0ULL), 0); /* the number of writes begins anew */
}

/* A flow may stand in every entry of its set; a full set gives way to one lot in eight, evenly. */
static void test_ways(void **state)
{
    unsigned pushed[PK_FLOW_WAYS + 1] = {0};

    for (__u64 hash = 0; hash < PK_FLOW_WAYS; hash++) {
        unsigned ways = 0;

        for (__u32 i = 0; i < PK_FLOW_WAYS; i++)
            ways |= 1u << pk_flow_way(hash << 61, i);
        assert_int_equal(ways, (1u << PK_FLOW_WAYS) - 1);
        assert_int_equal(pk_flow_way(hash << 61, 0), hash);
    }
    for (__u32 lot = 0; lot < 1024; lot++)
        pushed[pk_flow_pushed(lot)]++;
    for (unsigned way = 0; way < PK_FLOW_WAYS; way++)
        assert_int_equal(pushed[way], 1024 / 8 / PK_FLOW_WAYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),      cmocka_unit_test(test_long_walks),
        cmocka_unit_test(test_what),        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_ways),        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_known_masks),
    };

    if (pk_test_register())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
