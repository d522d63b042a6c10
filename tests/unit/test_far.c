// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Candidates far apart: 20,000 rules, one address each, so that a packet's one candidate stands any
 * number of empty groups of 4,096 leaves, or blocks of 512, behind the start of the chain; or is
 * found by a list. Random packets against random rules nearly always find a candidate in the first,
 * and would not notice. Those of FORWARD begin in the middle of a group and of a block.
 */
#include "classify/compile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/macro.h"
#include "classify/walk_user.h"
#include "rules/text.h"

#define N_RULES 20000u
#define N_INPUT 300u
#define ADDRESS(i) (0x0a000000u + 7u * (i)) /* of rule i; one address in seven */

/* Where the leaves stand. More ports than a list's leaf may ask for keep them in rows. */
enum where { IN_LISTS, IN_ROWS, IN_DENSE_ROWS, WHERES };

static const struct {
    enum pk_classifier classifier;
    const char *more;
} forms[WHERES] = {
    [IN_LISTS] = {PK_CLASSIFIER_AUTO, ""},
    [IN_ROWS] = {PK_CLASSIFIER_AUTO, " -p tcp -m multiport --dports 1,3,5,7,9,11,13,15,17"},
    [IN_DENSE_ROWS] = {PK_CLASSIFIER_LBVS, ""},
};

struct far {
    struct pk_arena arena;
    struct pk_image image[WHERES];
    uint32_t slot[N_RULES];
};

static uint32_t counted[2];
static size_t n_counted;

static void count(__u32 slot, __u32 bytes)
{
    (void)bytes;
    if (n_counted < 2)
        counted[n_counted] = slot;
    n_counted++;
}

static const char *chain_of(uint32_t rule)
{
    return rule < N_INPUT ? "INPUT" : "FORWARD";
}

static void far_image(struct far *f, enum where where)
{
    const struct pk_read_options o = {.format = PK_TEXT_SAVE, .family = PK_IPV4};
    const struct pk_compile_options how = {.classifier = forms[where].classifier};
    struct pk_slots slots = {.policy = {{N_RULES, N_RULES, N_RULES}}, .rule = {f->slot}};
    struct pk_buf text = PK_BUF_INIT((size_t)16 << 20);
    const struct pk_ruleset *rs[PK_FAMILY_N] = {0};
    struct pk_diags d = {0};
    struct pk_read read;
    uint32_t i;

    pk_buf_str(&text,
               "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n");
    for (i = 0; i < N_RULES; i++)
        pk_buf_fmt(&text, "-A %s -s %u.%u.%u.%u%s -j DROP\n", chain_of(i), ADDRESS(i) >> 24,
                   ADDRESS(i) >> 16 & 255, ADDRESS(i) >> 8 & 255, ADDRESS(i) & 255,
                   forms[where].more);
    pk_buf_str(&text, "COMMIT\n");
    assert_int_equal(pk_text_read(text.data, text.len, "far", &o, &f->arena, &read, &d), 0);
    rs[PK_IPV4] = read.family[PK_IPV4];
    assert_int_equal(pk_compile(rs, &slots, &how, &f->image[where], &d), 0);
    assert_int_equal(f->image[where].head->family[PK_IPV4].n_lists, where == IN_LISTS);
    pk_buf_done(&text);
    pk_diags_done(&d);
}

static int far_setup(void **state)
{
    struct far *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    for (uint32_t i = 0; i < N_RULES; i++)
        f->slot[i] = i;
    for (unsigned w = 0; w < WHERES; w++)
        far_image(f, w);
    pk_user_count = count;
    *state = f;
    return 0;
}

static int far_teardown(void **state)
{
    struct far *f = *state;

    for (unsigned w = 0; w < WHERES; w++)
        pk_image_done(&f->image[w]);
    pk_arena_done(&f->arena);
    free(f);
    return 0;
}

static struct pk_walk judge(const struct far *f, enum where where, enum pk_hook hook,
                            uint32_t saddr)
{
    const struct pk_source none = {0};
    struct pk_packet p = {.saddr.lo = saddr,
                          .daddr.lo = 0x01020304,
                          .len = 40,
                          .l4_off = 20,
                          .proto = 6,
                          .dport = 17};

    n_counted = 0;
    return pk_user_walk(f->image[where].head, hook, &none, &p);
}

/* Rules on both sides of borders of 64, 512 and 4,096 leaves. */
static void test_candidate_is_found_wherever_it_stands(void **state)
{
    static const uint32_t at[] = {0,    63,   64,    299,   300,   511,        512,
                                  1023, 1024, 4095,  4096,  4097,  8191,       8192,
                                  8255, 8256, 12288, 12351, 16384, N_RULES - 1};
    struct pk_walk w;
    size_t i;

    for (i = 0; i < PK_ARRAY_SIZE(at) * WHERES; i++) {
        uint32_t rule = at[i / WHERES];

        w = judge(*state, i % WHERES, rule < N_INPUT ? PK_INPUT : PK_FORWARD, ADDRESS(rule));
        assert_int_equal(w.end, PK_WALK_RULE);
        assert_int_equal(w.action, PK_ACT_DROP);
        assert_int_equal(n_counted, 1);
        assert_int_equal(counted[0], rule);
    }
}

/* The address after each of them: no candidate at all, and the policy decides. */
static void test_no_candidate_is_the_policy(void **state)
{
    struct pk_walk w;

    for (uint32_t i = 0; i < N_RULES; i += 997) {
        w = judge(*state, i / 997 % WHERES, PK_FORWARD, ADDRESS(i) + 1);
        assert_int_equal(w.end, PK_WALK_POLICY);
        assert_int_equal(w.action, PK_ACT_ACCEPT);
        assert_int_equal(n_counted, 1);
        assert_int_equal(counted[0], N_RULES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_candidate_is_found_wherever_it_stands),
        cmocka_unit_test(test_no_candidate_is_the_policy),
    };

    return cmocka_run_group_tests(tests, far_setup, far_teardown);
}
