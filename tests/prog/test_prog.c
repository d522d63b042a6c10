// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every hook's BPF program against the reference evaluator, under BPF_PROG_TEST_RUN: random rule
 * sets and random packets drawn from the same values. The verdict of each packet, and afterwards
 * every rule's and policy's packets and bytes, must be equal, whatever the classifier; and lbvs
 * must remember no flow. The programs are those of the test build, which also knows the test-only
 * match and target of tests/steps, on about every third rule set.
 *
 * argv: the four objects. PK_SEED and PK_ROUNDS as in test_compile.c. Prints TAP.
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/gen.h"
#include "../steps/test_defs.h"
#include "base/macro.h"
#include "classify/compile.h"
#include "classify/eval.h"
#include "classify/flow.h"
#include "harness.h"
#include "packet/packet_user.h"
#include "rules/text.h"

#define PACKETS 400u
/* Up to so many counters, some flow has more packets than an entry counts. */
#define LONG_SLOTS 32u

/* One rule set in force for all programs, and what the evaluator has counted. */
struct round {
    struct pk_arena arena;
    struct pk_diags d;
    struct pk_buf text;
    struct pk_read read;
    struct pk_image image;
    struct pk_slots slots;
    uint32_t *slot;
    uint32_t n_slots;
    struct pk_counters *before; /* [n_slots] of the program under test */
    struct pk_counters *rule;   /* [n_rules] by the evaluator */
    uint64_t test_before;
    struct pk_u128 iif[PK_HOOK_N], oif[PK_HOOK_N]; /* of the last packet of this hook */
    uint8_t ip[GEN_PACKET_MAX];                    /* the last packet */
    size_t len;
};

static unsigned tests, failed;

static void result(bool ok, const char *name, uint64_t seed)
{
    tests++;
    failed += !ok;
    printf("%s %u - %s, seed %" PRIu64 "\n", ok ? "ok" : "not ok", tests, name, seed);
}

static void skipped(const char *name, const char *why)
{
    printf("ok %u - %s # SKIP %s\n", ++tests, name, why);
}

static void round_done(struct round *r)
{
    pk_image_done(&r->image);
    pk_buf_done(&r->text);
    pk_diags_done(&r->d);
    pk_arena_done(&r->arena);
    free(r->before);
    free(r->rule);
}

/* Rules with the test-only match and target, in front of those that the generator made. */
static void add_test_rules(struct gen *g, struct pk_buf *text)
{
    static const char *const chains[] = {"INPUT", "FORWARD", "OUTPUT"};
    char *commit = strstr(text->data, "COMMIT");
    unsigned i;

    text->len = (size_t)(commit - text->data);
    for (i = 0; i < 3; i++) {
        pk_buf_fmt(text, "-I %s 1 -m testlen --testlen 7:%u -j TESTCOUNT --index %u\n", chains[i],
                   gen_below(g, 7), i);
        pk_buf_fmt(text, "-I %s 2 -m testlen ! --testlen 5:%u:%u\n", chains[i], gen_below(g, 5),
                   gen_below(g, 5));
    }
    pk_buf_str(text, "COMMIT\n");
}

static int number_slots(struct round *r, enum pk_family family)
{
    const struct pk_ruleset *rs = r->read.family[family];
    uint32_t i;

    r->slot = pk_arena_array(&r->arena, uint32_t, rs->n_rules + 1);
    for (i = 0; i < rs->n_rules; i++)
        r->slot[i] = PK_HOOK_N + i;
    for (i = 0; i < PK_HOOK_N; i++)
        r->slots.policy[family][i] = i;
    r->slots.rule[family] = r->slot;
    r->n_slots = PK_HOOK_N + rs->n_rules;
    r->before = calloc(r->n_slots, sizeof(*r->before));
    r->rule = calloc(rs->n_rules + 1, sizeof(*r->rule));
    return r->before && r->rule && r->slot ? 0 : -ENOMEM;
}

static int round_make(struct round *r, struct gen *g, unsigned rules, bool with_test_rules,
                      enum pk_classifier classifier)
{
    const struct pk_read_options o = {.format = PK_TEXT_SAVE, .family = g->family};
    struct gen_shape shape = gen_shape_for(g, rules);
    const struct pk_ruleset *rs[PK_FAMILY_N] = {NULL};
    int e;

    r->text = PK_BUF_INIT((size_t)64 << 20);
    gen_rules(g, &shape, &r->text);
    if (with_test_rules)
        add_test_rules(g, &r->text);
    e = pk_text_read(r->text.data, r->text.len, "gen", &o, &r->arena, &r->read, &r->d);
    if (!e)
        e = number_slots(r, g->family);
    rs[g->family] = r->read.family[g->family];
    if (!e)
        e = pk_compile(rs, &r->slots, &(struct pk_compile_options){.classifier = classifier},
                       &r->image, &r->d);
    if (e)
        pk_diags_print(&r->d, stderr);
    return e;
}

static void remember(struct round *r, struct harness *h, enum h_prog p)
{
    int gathered = h_gather(h, p);
    uint32_t i;

    if (gathered)
        fprintf(stderr, "gathering: %s\n", strerror(-gathered));
    for (i = 0; i < r->n_slots; i++)
        r->before[i] = h_counter(h, p, i);
    memset(r->rule, 0, (r->n_slots - PK_HOOK_N + 1) * sizeof(*r->rule));
    r->test_before = h_test_counter(h, p, 0) + h_test_counter(h, p, 1) + h_test_counter(h, p, 2);
}

static bool same_counters(struct round *r, struct harness *h, enum h_prog p,
                          const struct pk_tally *t)
{
    struct pk_counters got, want;
    unsigned wrong = h_gather(h, p) != 0;
    uint32_t i;

    for (i = 0; i < r->n_slots; i++) {
        got = h_counter(h, p, i);
        got.packets -= r->before[i].packets;
        got.bytes -= r->before[i].bytes;
        want = i < PK_HOOK_N ? t->policy[i] : t->rule[i - PK_HOOK_N];
        if (got.packets == want.packets && got.bytes == want.bytes)
            continue;
        if (wrong++ < 5)
            fprintf(stderr,
                    "slot %u: [%" PRIu64 ":%" PRIu64 "], evaluator [%" PRIu64 ":%" PRIu64 "]\n", i,
                    got.packets, got.bytes, want.packets, want.bytes);
    }
    return !wrong;
}

/* The test target's counters: one more for each time that the evaluator counted one of its rules.
 */
static bool same_effects(struct round *r, struct harness *h, enum h_prog p, enum pk_family family)
{
    const struct pk_ruleset *rs = r->read.family[family];
    uint64_t got, want = 0;
    uint32_t c, i;

    for (c = 0; c < rs->n_chains; c++)
        for (i = 0; i < rs->chains[c]->n_rules; i++)
            if (rs->chains[c]->rules[i]->target)
                want += r->rule[rs->chains[c]->rules[i]->ordinal].packets;
    got = h_test_counter(h, p, 0) + h_test_counter(h, p, 1) + h_test_counter(h, p, 2);
    if (got - r->test_before == want)
        return true;
    fprintf(stderr, "effects: %" PRIu64 ", evaluator %" PRIu64 "\n", got - r->test_before, want);
    return false;
}

/*
 * What the program will know of the interfaces: a test run of netfilter has `lo` (as 16 bytes, NUL
 * padded) for the outgoing one at every hook, and none for the incoming one.
 */
static int set_interfaces(struct round *r, struct harness *h, enum h_prog prog, enum pk_hook hook,
                          struct gen *g, struct pk_packet *p)
{
    const struct pk_u128 none = {0, 0};

    if (prog == H_NF) {
        p->oif.hi = (uint64_t)'l' << 56 | (uint64_t)'o' << 48;
        return 0;
    }
    if (!gen_below(g, 8)) {
        gen_interfaces(g, hook, p);
        r->iif[hook] = p->iif;
        r->oif[hook] = p->oif;
    }
    p->iif = r->iif[hook];
    p->oif = r->oif[hook];
    if (hook == PK_INPUT)
        return h_name_interfaces(h, p->iif, none);
    return h_name_interfaces(h, p->oif, p->iif); /* egress: of device 1, from device 2 */
}

/*
 * Often the packet before, or one that differs from it in one bit of an address, a port or a flag:
 * what a flow cache could mix up.
 */
static void next_packet(struct round *r, struct gen *g)
{
    unsigned addresses = g->family == PK_IPV6 ? 8 : 12, end = g->family == PK_IPV6 ? 56 : 36;

    if (!r->len || !gen_below(g, 4))
        r->len = gen_packet(g, r->ip);
    else if (r->len >= end && gen_below(g, 2))
        r->ip[addresses + gen_below(g, end - addresses)] ^= (uint8_t)(1u << gen_below(g, 8));
}

/* The base chains that a program can be made to judge by in a test run. */
static bool can_judge(enum h_prog p, enum pk_hook hook)
{
    if (p == H_NF)
        return true;
    return p == H_TC_EGRESS ? hook != PK_INPUT : hook == PK_INPUT;
}

/*
 * One packet through program and evaluator, so many times: the first may be walked and the next
 * ones recalled. True: same verdict (or not one that both can judge).
 */
static bool judge(struct round *r, struct harness *h, enum h_prog prog, struct gen *g,
                  enum pk_hook hook, unsigned times, struct pk_tally *tally)
{
    unsigned tags = prog == H_NF || gen_below(g, 2) ? 0 : gen_below(g, 3);
    struct pk_packet p = {0};
    /* At netfilter a test run has no network namespace, so none where anybody tracks. */
    const struct pk_conntrack untracked = {.info = PK_CT_LOST};
    const struct pk_view view = {.p = &p,
                                 .ip = r->ip,
                                 .len = r->len,
                                 .ct = prog == H_NF ? &untracked : NULL,
                                 .mac = h_mac(prog)};
    struct pk_verdict v = {0};
    int got = 1;
    size_t i;

    if (pk_packet_parse(r->ip, r->len, &p) || (prog == H_NF && p.len != r->len))
        return true;
    if (set_interfaces(r, h, prog, hook, g, &p))
        return false;
    for (v.action = PK_ACT_ACCEPT; times && got == (v.action == PK_ACT_ACCEPT); times--) {
        got = h_run(h, prog, hook, g->family, r->ip, r->len, tags);
        v = pk_eval(r->read.family[g->family], hook, &view, tally, NULL, NULL);
    }
    if (got == (v.action == PK_ACT_ACCEPT))
        return true;
    fprintf(stderr, "%s hook %u: got %d, evaluator %d by line %u; packet ", h_name(prog), hook, got,
            v.action, v.rule ? v.rule->line : 0);
    for (i = 0; i < r->len; i++)
        fprintf(stderr, "%02x", r->ip[i]);
    fputs("; reasons so far", stderr);
    for (i = 0; i < PK_REASON_N; i++)
        fprintf(stderr, " %" PRIu64, h_reason(h, prog, (enum pk_where)hook, (enum pk_reason)i));
    fputc('\n', stderr);
    return false;
}

static bool run_program(struct round *r, struct harness *h, enum h_prog prog, struct gen *g)
{
    struct pk_tally tally = {.rule = r->rule};
    enum pk_hook hook;
    bool ok = true;
    unsigned i, times;

    remember(r, h, prog);
    for (i = 0; i < PACKETS && ok; i++) {
        hook = (enum pk_hook)gen_below(g, PK_HOOK_N);
        next_packet(r, g);
        times = 1 + gen_below(g, 3);
        if (!i && r->n_slots < LONG_SLOTS)
            times = PK_FLOW_PACKETS + 2; /* a walk, and one more than an entry has room for */
        if (can_judge(prog, hook))
            ok = judge(r, h, prog, g, hook, times, &tally);
    }
    return ok && same_counters(r, h, prog, &tally) && same_effects(r, h, prog, g->family);
}

/*
 * Outcomes are written down, unless they may not be: under lbvs, and where effects stand, which the
 * rules of every third round begin with.
 */
static bool remembers(struct harness *h, enum h_prog p, bool may, uint64_t claims)
{
    uint64_t now = h_flow_claims(h, p);

    if ((now > claims) == may)
        return true;
    fprintf(stderr, "%" PRIu64 " flows, %" PRIu64 " before\n", now, claims);
    return false;
}

static void one_program(struct round *r, struct harness *h, enum h_prog p, struct gen *g, bool lbvs,
                        uint64_t seed)
{
    uint64_t claims;
    char name[96];

    snprintf(name, sizeof(name), "%s agrees with the evaluator, IPv%d, %u rules%s", h_name(p),
             g->family == PK_IPV6 ? 6 : 4, r->read.family[g->family]->n_rules,
             lbvs ? ", lbvs" : "");
    if (!h_has(h, p)) {
        skipped(name, "the kernel has no netfilter links (Linux 6.4)");
        return;
    }
    claims = h_flow_claims(h, p);
    result(run_program(r, h, p, g) && remembers(h, p, !lbvs && seed % 3, claims), name, seed);
}

static void one_round(struct harness *h, uint64_t seed, enum pk_classifier classifier)
{
    static const unsigned sizes[] = {0, 1, 5, 20, 64, 130, 500, 5000};
    enum pk_family family = seed & 1 ? PK_IPV6 : PK_IPV4;
    unsigned rules = sizes[(seed >> 1) % PK_ARRAY_SIZE(sizes)];
    struct gen g = gen_new(seed, family, rules);
    struct round r = {0};
    int p;

    if (round_make(&r, &g, rules, seed % 3 == 0, classifier) || h_load(h, r.image.head))
        result(false, "the rule set is made and put in force", seed);
    else
        for (p = 0; p < H_PROGS; p++)
            one_program(&r, h, (enum h_prog)p, &g, classifier == PK_CLASSIFIER_LBVS, seed);
    round_done(&r);
}

static uint64_t env_number(const char *name, uint64_t otherwise)
{
    const char *s = getenv(name);

    return s ? strtoull(s, NULL, 0) : otherwise;
}

int main(int argc, char **argv)
{
    uint64_t seed = env_number("PK_SEED", 1), rounds = env_number("PK_ROUNDS", 48), i;
    struct harness *h;

    if (argc != 5) {
        fprintf(stderr, "usage: test_prog NF TC XDP GATHER\n");
        return 2;
    }
    if (geteuid()) {
        printf("1..0 # SKIP needs root\n");
        return 0;
    }
    if (unshare(CLONE_NEWNET) || pk_test_register())
        return 1;
    h = h_open(argv[1], argv[2], argv[3], argv[4]);
    if (!h)
        return 1;
    for (i = 0; i < rounds * PK_CLASSIFIER_N; i++)
        one_round(h, seed + i / PK_CLASSIFIER_N, i % PK_CLASSIFIER_N);
    h_close(h);
    printf("1..%u\n", tests);
    return failed != 0;
}
