// SPDX-License-Identifier: GPL-2.0-or-later
/* Times of TCP handshakes (state/rtt.h): which are taken, which are not, and how they are counted.
 */
#include "talk_fixture.h"
#include "state/rtt.h"

#define US 1000u /* ns */
#define MS (1000u * US)

#define SAY(t, after, ...) say((t), (after), &(struct talk_segment){__VA_ARGS__})
#define SYN .flags = S, .seq = 1000
#define SYNACK .reply = true, .flags = S | A, .seq = 5000, .ack = 1001
#define ACK .flags = A, .seq = 1001, .ack = 5001

/* A segment so many ns after the one before; the time that was taken, in ns. */
static uint64_t say(struct talk *t, uint64_t after, const struct talk_segment *s)
{
    struct talk_packet p = talk_tcp(s);

    t->ns += after;
    talk_say(t, &p, true);
    return (uint64_t)t->last.rtt << PK_RTT_SHIFT;
}

/* Two stamps of 64 ns each. */
static void assert_near(uint64_t got, uint64_t ns)
{
    assert_in_range(got, ns - 64, ns + 64);
}

static void test_both_halves(void **state)
{
    struct talk *t = *state;

    assert_int_equal(SAY(t, 0, SYN), 0);
    assert_near(SAY(t, 20 * MS, SYNACK), 20 * MS);
    assert_near(SAY(t, 3 * US, ACK), 3 * US);
    assert_int_equal(SAY(t, MS, ACK), 0);
    assert_int_equal(SAY(t, MS, .reply = true, .flags = A, .seq = 5001, .ack = 1001), 0);
}

static void test_least_time_is_not_none(void **state)
{
    struct talk *t = *state;

    SAY(t, 0, SYN);
    assert_int_equal(SAY(t, 0, SYNACK), 64);
    assert_int_equal(SAY(t, 0, ACK), 64);
}

static void test_longest(void **state)
{
    struct talk *t = *state;

    SAY(t, 0, SYN);
    assert_near(SAY(t, 119000ull * MS, SYNACK), 119000ull * MS);
    assert_near(SAY(t, 59000ull * MS, ACK), 59000ull * MS);
}

/* A longer time than a stamp can tell from a short one; only with other time-outs than Linux's. */
static void test_too_long(void **state)
{
    struct pk_state_rules rules = PK_STATE_RULES;
    struct talk *t = *state;

    rules.timeout[PK_TCP_SYN_SENT] = PK_STATE_TICKS(600);
    talk_done(t);
    talk_begin(t, 64, &rules);
    SAY(t, 0, SYN);
    assert_int_equal(SAY(t, (UINT64_C(1) << (32 + PK_RTT_SHIFT)) + MS, SYNACK), 0);
    assert_int_equal(SAY(t, MS, ACK), 0);
}

static void test_syn_again(void **state)
{
    struct talk *t = *state;

    SAY(t, 0, SYN);
    SAY(t, 1000 * MS, SYN);
    assert_int_equal(SAY(t, MS, SYNACK), 0);
    assert_int_equal(SAY(t, MS, ACK), 0);
}

static void test_syn_again_after_the_answer(void **state)
{
    struct talk *t = *state;

    SAY(t, 0, SYN);
    assert_near(SAY(t, MS, SYNACK), MS);
    assert_int_equal(SAY(t, 1000 * MS, SYN), 0);
    assert_int_equal(SAY(t, MS, ACK), 0);
}

static void test_synack_again(void **state)
{
    struct talk *t = *state;

    SAY(t, 0, SYN);
    assert_near(SAY(t, MS, SYNACK), MS);
    assert_int_equal(SAY(t, 1000 * MS, SYNACK), 0);
    assert_int_equal(SAY(t, MS, ACK), 0);
}

/* Linux's machine takes an old acknowledgment for one of the connection; it answers another SYN. */
static void test_answer_to_another_syn(void **state)
{
    struct talk *t = *state;

    SAY(t, 0, SYN);
    assert_int_equal(SAY(t, MS, .reply = true, .flags = S | A, .seq = 5000, .ack = 900), 0);
    assert_int_equal(SAY(t, MS, ACK), 0);
}

static void test_ack_of_something_else(void **state)
{
    struct talk *t = *state;

    SAY(t, 0, SYN);
    assert_near(SAY(t, MS, SYNACK), MS);
    assert_int_equal(SAY(t, MS, .flags = A, .seq = 1001, .ack = 4000), 0);
    assert_int_equal(SAY(t, MS, ACK), 0);
}

/* Who guesses ports and not numbers changes nothing. */
static void test_invalid_segments_are_ignored(void **state)
{
    struct talk *t = *state;

    SAY(t, 0, SYN);
    assert_int_equal(SAY(t, 0, .reply = true, .flags = S | A, .seq = 7, .ack = 900000), 0);
    assert_near(SAY(t, 2 * MS, SYNACK), 2 * MS);
    assert_int_equal(SAY(t, 0, .flags = A, .seq = 1001, .ack = 900000), 0);
    assert_near(SAY(t, MS, ACK), MS);
}

static void test_refused(void **state)
{
    struct talk *t = *state;

    SAY(t, 0, SYN);
    assert_int_equal(SAY(t, MS, .reply = true, .flags = R | A, .ack = 1001), 0);
    SAY(t, 0, SYN);
    assert_near(SAY(t, MS, SYNACK), MS);
    assert_int_equal(SAY(t, MS, .flags = R, .seq = 1001), 0);
}

static void test_simultaneous_open(void **state)
{
    struct talk *t = *state;

    SAY(t, 0, SYN);
    assert_int_equal(SAY(t, MS, .reply = true, .flags = S, .seq = 5000), 0);
    assert_int_equal(SAY(t, MS, .flags = S | A, .seq = 1000, .ack = 5001), 0);
    assert_int_equal(SAY(t, MS, SYNACK), 0);
    assert_int_equal(SAY(t, MS, .reply = true, .flags = A, .seq = 5001, .ack = 1001), 0);
}

static void test_taken_up_in_mid_stream(void **state)
{
    struct talk *t = *state;

    assert_int_equal(SAY(t, 0, ACK), 0);
    assert_int_equal(SAY(t, MS, .reply = true, .flags = A, .seq = 5001, .ack = 1001), 0);
    assert_int_equal(SAY(t, MS, SYN), 0); /* ignored, until the answer says otherwise */
    assert_int_equal(SAY(t, MS, SYNACK), 0);
    assert_int_equal(SAY(t, MS, ACK), 0);
}

static void test_while_nobody_looked(void **state)
{
    struct talk *t = *state;

    SAY(t, 0, SYN);
    t->epoch++;
    assert_int_equal(SAY(t, MS, SYNACK), 0);
    assert_int_equal(SAY(t, MS, ACK), 0);
}

static void test_data_on_syn(void **state)
{
    struct talk *t = *state;

    SAY(t, 0, SYN, .data = 500);
    assert_near(SAY(t, MS, .reply = true, .flags = S | A, .seq = 5000, .ack = 1501), MS);
    assert_near(SAY(t, MS, .flags = P | A, .seq = 1501, .ack = 5001, .data = 9), MS);
}

static void test_other_protocols(void **state)
{
    struct talk_packet ask = talk_udp(false, 5353, 53, 20), answer = talk_udp(true, 5353, 53, 20);
    struct talk *t = *state;

    talk_say(t, &ask, true);
    talk_wait(t, 1);
    talk_say(t, &answer, true);
    assert_int_equal(t->last.rtt, 0);
}

static void check_size(uint32_t v)
{
    uint32_t size = pk_rtt_size(v);
    double least = (double)pk_rtt_least(size), beyond = (double)pk_rtt_least(size + 1);
    double middle = (least + beyond - 1) / 2;

    assert_true(size < PK_RTT_SIZES);
    assert_true(v >= least && v < beyond);
    assert_true(middle - v <= v * PK_RTT_ERROR && v - middle <= v * PK_RTT_ERROR);
}

static void test_sizes(void **state)
{
    (void)state;
    for (uint32_t v = 0; v < 1 << 16; v++)
        check_size(v);
    for (uint32_t size = 16; size < PK_RTT_SIZES; size++) {
        check_size((uint32_t)pk_rtt_least(size));
        check_size((uint32_t)pk_rtt_least(size) - 1);
    }
    check_size(UINT32_MAX);
    assert_int_equal(pk_rtt_size(UINT32_MAX), PK_RTT_SIZES - 1);
    assert_true(pk_rtt_least(PK_RTT_SIZES) == UINT64_C(1) << 32);
}

static void test_add(void **state)
{
    struct pk_rtt r = {0};

    (void)state;
    for (uint32_t i = 0; i < 23; i++)
        pk_rtt_add(&r, 1u << i);
    pk_rtt_add(&r, UINT32_MAX);
    assert_int_equal(r.halves, 24);
    assert_int_equal(r.begun, 24);
    assert_int_equal(r.units, (1u << 23) - 1 + (uint64_t)UINT32_MAX);
    assert_int_equal(r.size[pk_rtt_size(1u << 22)], 1);
    assert_int_equal(r.size[PK_RTT_SIZES - 1], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_both_halves),
        CASE(test_least_time_is_not_none),
        CASE(test_longest),
        CASE(test_too_long),
        CASE(test_syn_again),
        CASE(test_syn_again_after_the_answer),
        CASE(test_synack_again),
        CASE(test_answer_to_another_syn),
        CASE(test_ack_of_something_else),
        CASE(test_invalid_segments_are_ignored),
        CASE(test_refused),
        CASE(test_simultaneous_open),
        CASE(test_taken_up_in_mid_stream),
        CASE(test_while_nobody_looked),
        CASE(test_data_on_syn),
        CASE(test_other_protocols),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_add),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
