// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Candidates far apart: 20,000 rules, one address each, so that a packet's one candidate stands any
 * number of empty groups of 4,096 leaves, or blocks of 512, behind the start of the chain. Random
 * packets against random rules nearly always find a candidate in the first, and would not notice.
 * Those of FORWARD begin in the middle of a group and of a block.
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

struct far {
    struct pk_arena arena;
    struct pk_image image[PK_CLASSIFIER_N];
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

static int far_setup(void **state)
{
    const struct pk_read_options o = {.format = PK_TEXT_SAVE, .family = PK_IPV4};
    struct pk_buf text = PK_BUF_INIT((size_t)16 << 20);
    struct far *f = calloc(1, sizeof(*f));
    struct pk_slots slots = {.policy = {{N_RULES, N_RULES, N_RULES}}};
    struct pk_diags d = {0};
    struct pk_read read;
    uint32_t i, c;

    assert_non_null(f);
    pk_buf_str(&text,
               "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n");
    for (i = 0; i < N_RULES; i++) {
        pk_buf_fmt(&text, "-A %s -s %u.%u.%u.%u -j DROP\n", chain_of(i), ADDRESS(i) >> 24,
                   ADDRESS(i) >> 16 & 255, ADDRESS(i) >> 8 & 255, ADDRESS(i) & 255);
        f->slot[i] = i;
    }
    pk_buf_str(&text, "COMMIT\n");
    assert_int_equal(pk_text_read(text.data, text.len, "far", &o, &f->arena, &read, &d), 0);
    slots.rule[PK_IPV4] = f->slot;
    for (c = 0; c < PK_CLASSIFIER_N; c++)
        assert_int_equal(pk_compile((const struct pk_ruleset *[]){read.family[PK_IPV4], NULL},
                                    &slots, &(struct pk_compile_options){.classifier = c},
                                    &f->image[c], &d),
                         0);
    pk_buf_done(&text);
    pk_diags_done(&d);
    pk_user_count = count;
    *state = f;
    return 0;
}

static int far_teardown(void **state)
{
    struct far *f = *state;

    for (int c = 0; c < PK_CLASSIFIER_N; c++)
        pk_image_done(&f->image[c]);
    pk_arena_done(&f->arena);
    free(f);
    return 0;
}

static struct pk_walk judge(const struct far *f, enum pk_classifier c, enum pk_hook hook,
                            uint32_t saddr)
{
    const struct pk_source none = {0};
    struct pk_packet p = {
        .saddr.lo = saddr, .daddr.lo = 0x01020304, .len = 40, .l4_off = 20, .proto = 6};

    n_counted = 0;
    return pk_user_walk(f->image[c].head, hook, &none, &p);
}

/* Rules on both sides of borders of 64, 512 and 4,096 leaves. */
static void test_candidate_is_found_wherever_it_stands(void **state)
{
    static const uint32_t at[] = {0,    63,   64,    299,   300,   511,        512,
                                  1023, 1024, 4095,  4096,  4097,  8191,       8192,
                                  8255, 8256, 12288, 12351, 16384, N_RULES - 1};
    struct pk_walk w;
    size_t i;

    for (i = 0; i < PK_ARRAY_SIZE(at) * PK_CLASSIFIER_N; i++) {
        uint32_t rule = at[i / PK_CLASSIFIER_N];

        w = judge(*state, i % PK_CLASSIFIER_N, rule < N_INPUT ? PK_INPUT : PK_FORWARD,
                  ADDRESS(rule));
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
        w = judge(*state, i / 997 % PK_CLASSIFIER_N, PK_FORWARD, ADDRESS(i) + 1);
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
