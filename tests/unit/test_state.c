// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of connections: UDP, ICMP, errors, fragments, keys, and what a flood can do to it. */
#include "talk_fixture.h"
#include "state/counts.h"

static unsigned left(struct talk *t)
{
    uint32_t until;

    if (!talk_entry(t, &until))
        return 0;
    return pk_state_seconds(until - pk_state_tick(t->ns) + 3);
}

static void test_udp(void **state)
{
    struct talk *t = *state;

    assert_int_equal(told(t, talk_udp(false, 5353, 53, 20)), NEW);
    assert_int_equal(told(t, talk_udp(false, 5353, 53, 20)), NEW);
    assert_int_equal(left(t), 30);
    assert_int_equal(told(t, talk_udp(true, 5353, 53, 20)), EST);
    assert_int_equal(left(t), 30);
    assert_false(talk_entry(t, NULL)->status & PK_CTF_ASSURED);
    assert_int_equal(told(t, talk_udp(false, 5353, 53, 20)), EST);
    assert_int_equal(left(t), 30); /* an exchange is no stream */
    talk_wait(t, 2.2);
    assert_int_equal(told(t, talk_udp(false, 5353, 53, 20)), EST);
    assert_int_equal(left(t), 120);
    assert_true(talk_entry(t, NULL)->status & PK_CTF_ASSURED);
    talk_wait(t, 121);
    assert_int_equal(told(t, talk_udp(true, 5353, 53, 20)), NEW);
}

static void test_udp_length(void **state)
{
    struct talk_packet p = talk_udp(false, 5353, 53, 20);
    struct talk *t = *state;

    p.b[25] = 29;
    assert_int_equal(told(t, p), INV);
    p.b[25] = 7;
    assert_int_equal(told(t, p), INV);
    p.b[25] = 28;
    assert_int_equal(told(t, p), NEW);
}

static void test_dropped_packets_make_no_entry(void **state)
{
    struct talk_packet p = talk_udp(false, 5353, 53, 20), r = talk_udp(true, 5353, 53, 20);
    struct talk *t = *state;

    assert_int_equal(talk_say(t, &p, false), NEW);
    assert_null(talk_entry(t, NULL));
    assert_int_equal(talk_say(t, &r, false), NEW);
}

static void test_other_protocols(void **state)
{
    struct talk_packet p = talk_ip(false, 50), r = talk_ip(true, 50);
    struct talk *t = *state;

    talk_put(&p, "12345678", 8);
    talk_put(&r, "87654321", 8);
    talk_end(&p);
    talk_end(&r);
    assert_int_equal(told(t, p), NEW);
    assert_int_equal(left(t), 600);
    assert_int_equal(told(t, r), EST);
    assert_int_equal(told(t, p), EST);
}

/* bpf-iptables: a ping had the ports of the packet before. */
static void test_ping_has_no_ports(void **state)
{
    struct talk *t = *state;

    assert_int_equal(told(t, talk_udp(false, 5353, 53, 20)), NEW);
    assert_int_equal(told(t, talk_icmp(false, 8, 0, 77)), NEW);
    assert_int_equal(told(t, talk_udp(false, 5454, 54, 20)), NEW);
    assert_int_equal(told(t, talk_icmp(true, 0, 0, 77)), EST);
    assert_int_equal(left(t), 30);
}

static void test_queries(void **state)
{
    static const uint8_t asks[] = {8, 13, 15, 17}, answers[] = {0, 14, 16, 18};
    struct talk *t = *state;

    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(told(t, talk_icmp(true, answers[i], 0, 5)), INV);
        assert_int_equal(told(t, talk_icmp(false, asks[i], 0, 5)), NEW);
        assert_int_equal(told(t, talk_icmp(false, asks[i], 0, 5)), NEW);
        assert_int_equal(told(t, talk_icmp(true, answers[i], 0, 6)), INV);
        assert_int_equal(told(t, talk_icmp(true, answers[i], 0, 5)), EST);
        assert_int_equal(told(t, talk_icmp(false, asks[i], 0, 5)), EST);
    }
    assert_int_equal(told(t, talk_icmp(true, 8, 0, 5)), NEW); /* the other host's own */
    assert_int_equal(told(t, talk_icmp(false, 9, 0, 5)), INV);
    assert_int_equal(told(t, talk_icmp(false, 42, 0, 5)), INV);
}

static uint32_t say_error(struct talk *t, uint32_t from, uint32_t to, struct talk_packet about)
{
    return told(t, talk_error(from, to, 3, &about));
}

#define ROUTER 0xcb007103u

/* bpf-iptables: any error about a known tuple was RELATED, to anybody and with any checksum. */
static void test_error_direction(void **state)
{
    struct talk_packet about = talk_udp(false, 5353, 53, 20), back = talk_udp(true, 5353, 53, 20);
    struct talk *t = *state;

    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, about), INV);
    told(t, about);
    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, about), REL);
    assert_int_equal(t->last.info, PK_CT_RELATED + PK_CT_IS_REPLY);
    assert_int_equal(say_error(t, TALK_SERVER, TALK_CLIENT, about), REL);
    assert_int_equal(say_error(t, ROUTER, TALK_SERVER, about), INV); /* it had not sent it */
    assert_int_equal(say_error(t, ROUTER, 0x0a000001, about), INV);
    assert_int_equal(say_error(t, ROUTER, TALK_SERVER, back), REL);
    assert_int_equal(t->last.info, PK_CT_RELATED);
    assert_int_equal(left(t), 30);
    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, talk_udp(false, 5354, 53, 20)), INV);
}

static void test_error_checksum(void **state)
{
    struct talk_packet about = talk_udp(false, 5353, 53, 20), e;
    struct talk *t = *state;

    told(t, about);
    e = talk_error(ROUTER, TALK_CLIENT, 3, &about);
    assert_int_equal(told(t, e), REL);
    e.b[23] ^= 1;
    assert_int_equal(told(t, e), INV);
}

/* ... and looking at it swapped the ports in the packet itself. */
static void test_error_is_not_written(void **state)
{
    struct talk_packet about = talk_udp(false, 5353, 53, 20), e, before;
    struct talk *t = *state;

    told(t, about);
    before = e = talk_error(ROUTER, TALK_CLIENT, 3, &about);
    talk_say(t, &e, true);
    assert_memory_equal(&e, &before, sizeof(e));
}

/* An error keeps no connection alive, nor does it make one ESTABLISHED. */
static void test_error_changes_nothing(void **state)
{
    struct talk_packet about = talk_udp(false, 5353, 53, 20);
    struct talk *t = *state;

    told(t, about);
    talk_wait(t, 20);
    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, about), REL);
    assert_int_equal(left(t), 10);
    assert_int_equal(told(t, about), NEW);
}

static void test_error_about_ping(void **state)
{
    struct talk_packet about = talk_icmp(false, 8, 0, 9);
    struct talk *t = *state;

    told(t, about);
    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, about), REL);
    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, talk_icmp(false, 8, 0, 10)), INV);
}

/* What has no ports need not be there; but the IP header has to be, as long as it says it is. */
static void test_error_about_cut_header(void **state)
{
    struct talk_packet about = talk_ip(false, 47);
    struct talk *t = *state;

    talk_end(&about);
    assert_int_equal(told(t, about), NEW);
    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, about), REL);
    about.b[0] = 0x46;
    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, about), INV);
}

/* Behind the end of an error its frame may go on, with whatever somebody has put there. */
static void test_error_ends_where_it_says(void **state)
{
    struct talk_packet about = talk_udp(false, 5353, 53, 20), e;
    struct talk *t = *state;

    told(t, about);
    for (size_t end = 28; end < 28 + 24; end++) {
        e = talk_error(ROUTER, TALK_CLIENT, 3, &about);
        e.len = end;
        talk_end(&e);
        e.len = 28 + 28;
        assert_int_equal(told(t, e), INV);
    }
    e = talk_error(ROUTER, TALK_CLIENT, 3, &about);
    e.len = 28 + 24; /* the ports are there */
    talk_end(&e);
    assert_int_equal(told(t, e), REL);
}

/* A GRE header of `version` about a call, as far as `len` goes. */
static struct talk_packet gre(bool reply, uint8_t version, uint8_t call, uint8_t len)
{
    const uint8_t h[12] = {0x30, (uint8_t)(0x80 | version), 0x88, 0x0b, 0, 4, 0, call};
    struct talk_packet p = talk_ip(reply, 47);

    talk_put(&p, h, len);
    talk_end(&p);
    return p;
}

/* Version 1, PPTP's, is told apart by the call, of which each direction has its own. */
static void test_gre_calls(void **state)
{
    struct talk_packet other = gre(false, 1, 7, 12), e;
    struct talk *t = *state;

    other.b[22] = 8; /* no PPP */
    other.b[23] = 0;
    assert_int_equal(told(t, other), INV);
    assert_int_equal(told(t, gre(false, 1, 7, 12)), NEW);
    assert_int_equal(told(t, gre(true, 1, 7, 12)), NEW);
    assert_int_equal(told(t, gre(false, 1, 8, 12)), NEW);
    e = gre(false, 1, 7, 12);
    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, e), REL);
    e.b[27] = 9;
    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, e), INV);
    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, other), INV);
    assert_int_equal(told(t, gre(false, 0, 7, 12)), NEW);
    assert_int_equal(told(t, gre(true, 0, 9, 12)), EST);
    assert_int_equal(told(t, gre(true, 1, 9, 7)), EST); /* too short for a call */
}

static struct talk_packet fragment(struct talk_packet p, uint16_t offset, bool more, uint16_t id)
{
    if (offset) { /* of another content */
        memset(p.b + 20, 'y', p.len - 20);
    }
    p.b[4] = (uint8_t)(id >> 8);
    p.b[5] = (uint8_t)id;
    p.b[6] = (uint8_t)((more ? 0x20 : 0) | offset / 8 >> 8);
    p.b[7] = (uint8_t)(offset / 8);
    return p;
}

/* A later fragment is what the first one was; one of nothing is INVALID, and never ESTABLISHED. */
static void test_fragments(void **state)
{
    struct talk_packet p = talk_udp(false, 5353, 53, 1472), r = talk_udp(true, 5353, 53, 1472);
    struct talk *t = *state;

    p.b[24] = 0x0f; /* the datagram is longer than its first fragment */
    r.b[24] = 0x0f;
    assert_int_equal(told(t, fragment(p, 1480, true, 1)), INV);
    assert_int_equal(told(t, fragment(p, 0, true, 1)), NEW);
    assert_int_equal(told(t, fragment(p, 1480, true, 1)), NEW);
    assert_int_equal(told(t, fragment(p, 1480, true, 2)), INV);
    assert_int_equal(told(t, fragment(r, 1480, true, 1)), INV); /* the other direction's */
    assert_int_equal(told(t, fragment(r, 0, true, 9)), EST);
    assert_int_equal(told(t, fragment(r, 1480, false, 9)), EST);
    assert_int_equal(t->last.info, PK_CT_ESTABLISHED + PK_CT_IS_REPLY);
    talk_wait(t, 31);
    assert_int_equal(told(t, fragment(r, 1480, false, 9)), INV);
}

/* What was dropped leaves its later fragments nothing. */
static void test_fragments_of_dropped(void **state)
{
    struct talk_packet p = talk_udp(false, 5353, 53, 1472), first;
    struct talk *t = *state;

    first = fragment(p, 0, true, 1);
    first.b[24] = 0x0f;
    assert_int_equal(talk_say(t, &first, false), NEW);
    assert_int_equal(told(t, fragment(p, 1480, true, 1)), INV);
}

/*
 * bpf-iptables: a flood of SYNs drove out established connections. Each second one is half closed:
 * CLOSE_WAIT ends sooner than what a SYN makes.
 */
static void test_flood_drives_out_half_open_ones_only(void **state)
{
    enum { KEPT = 200, FLOOD = 20000 };
    struct talk *t = *state;
    struct pk_state_counts n = {0};
    uint32_t places = t->table.config.buckets * PK_STATE_WAYS;
    double filled;

    for (unsigned i = 0; i < KEPT; i++) {
        uint16_t port = (uint16_t)(1000 + i);
        struct talk_packet s[] = {
            talk_tcp(&(struct talk_segment){.flags = S, .seq = 1, .sport = port}),
            talk_tcp(&(struct talk_segment){
                .reply = true, .flags = S | A, .seq = 5, .ack = 2, .sport = port}),
            talk_tcp(&(struct talk_segment){.flags = A, .seq = 2, .ack = 6, .sport = port}),
            talk_tcp(&(struct talk_segment){.flags = F | A, .seq = 2, .ack = 6, .sport = port}),
            talk_tcp(&(struct talk_segment){
                .reply = true, .flags = A, .seq = 6, .ack = 3, .sport = port}),
        };

        for (unsigned k = 0; k < (i % 2 ? 5 : 3); k++)
            assert_int_not_equal(talk_say(t, &s[k], true), 0);
    }
    for (unsigned i = 0; i < FLOOD; i++) {
        struct talk_packet p = talk_tcp(
            &(struct talk_segment){.flags = S, .seq = i, .sport = (uint16_t)(5000 + i % 60000)});

        p.b[12] = 10; /* made-up sources */
        p.b[13] = (uint8_t)(i >> 8);
        assert_int_equal(talk_say(t, &p, true), NEW);
        pk_state_count(&n, &t->last, 1, t->table.config.buckets);
    }
    /* The first ones found places that were free; a bucket or two may be so still. */
    assert_true(n.evicted[PK_EVICT_HALF_OPEN] >= FLOOD - (places - KEPT));
    assert_true(n.evicted[PK_EVICT_CLOSED] + n.evicted[PK_EVICT_OTHER] + n.refused == 0);
    filled = n.high / (double)(1 << PK_FILL_SHIFT);
    assert_true(filled > 0.9 * PK_STATE_WAYS && filled <= PK_STATE_WAYS);
    for (unsigned i = 0; i < KEPT; i++)
        assert_int_equal(
            told(t, talk_tcp(&(struct talk_segment){
                        .flags = A, .seq = 2 + i % 2, .ack = 6, .sport = (uint16_t)(1000 + i)})),
            EST);
}

/* The average follows the table up, the maximum stays when it empties. */
static void test_high_water(void **state)
{
    struct talk *t = *state;
    struct pk_state_counts n = {0};
    uint32_t half = t->table.config.buckets * PK_STATE_WAYS / 2;

    for (uint32_t i = 0; i < half; i++) {
        struct talk_packet p =
            talk_tcp(&(struct talk_segment){.flags = S, .seq = i, .sport = (uint16_t)(1 + i)});

        assert_int_equal(talk_say(t, &p, true), NEW);
        pk_state_count(&n, &t->last, 1, t->table.config.buckets);
    }
    assert_in_range(n.high, (PK_STATE_WAYS << PK_FILL_SHIFT) / 3,
                    (PK_STATE_WAYS << PK_FILL_SHIFT) * 2 / 3);
    half = n.high;
    for (unsigned i = 0; i < 200; i++)
        pk_state_fill_seen(&n, 0, t->table.config.buckets);
    assert_int_equal(n.high, half);
    assert_true(n.fill < half / 100);
}

/* Only connections that were really made can fill the table; then new ones are dropped. */
static void test_full(void **state)
{
    struct talk *t = *state;
    unsigned refused = 0, made = 0;

    for (unsigned i = 0; i < 2000; i++) {
        uint16_t port = (uint16_t)(1000 + i);

        if (!told(t, talk_udp(false, port, 53, 1)))
            continue;
        told(t, talk_udp(true, port, 53, 1));
        talk_wait(t, 2.2);
        told(t, talk_udp(false, port, 53, 1));
        talk_wait(t, -2.2);
        made++;
    }
    assert_int_equal(made, 64 * PK_STATE_WAYS);
    for (unsigned i = 0; i < 100; i++)
        refused += !told(t, talk_udp(false, (uint16_t)(9000 + i), 53, 1));
    assert_int_equal(refused, 100);
    talk_wait(t, 125); /* time is what makes room */
    assert_int_equal(told(t, talk_udp(false, 9000, 53, 1)), NEW);
}

/* At the number of connections that a table is made for, nearly all of them find a place. */
static void test_places(void **state)
{
    enum { N = 20000 };
    struct talk t;
    unsigned pushed = 0;

    (void)state;
    talk_begin(&t, pk_state_buckets_for(N), NULL);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(told(&t, talk_udp(false, (uint16_t)i, (uint16_t)(i >> 4), 1)), NEW);
        pushed += t.last.pushed;
    }
    assert_in_range(pushed, 0, N / 5000);
    talk_done(&t);
}

/* Both directions have one key, whichever end is the smaller one. */
static void test_key_is_of_both_directions(void **state)
{
    struct talk *t = *state;

    for (unsigned i = 0; i < 200; i++) {
        struct talk_packet p = talk_udp(false, (uint16_t)(i * 331), (uint16_t)(i * 17), 1),
                           r = talk_udp(true, (uint16_t)(i * 331), (uint16_t)(i * 17), 1);

        p.b[12] = r.b[16] = (uint8_t)(i * 7 + 1);
        assert_int_equal(told(t, p), NEW);
        assert_int_equal(told(t, r), EST);
    }
}

/* One tuple in two zones: an entry each, and none in a third; whatever buckets their hashes name.
 */
static void test_zones_are_told_apart(void **state)
{
    struct talk *t = *state;
    struct pk_state_entry e;
    uint32_t until, now;

    assert_int_equal(told(t, talk_udp(false, 5353, 53, 1)), NEW);
    now = t->last.now;
    e = *pk_state_table_find(&t->table, &t->last.seen.key, now, &until);
    e.key.zone = 0x8001;
    e.born = 77;
    assert_null(pk_state_table_find(&t->table, &e.key, now, &until));
    assert_int_equal(pk_state_table_add(&t->table, &e, now, now + 9), 0);
    assert_int_equal(pk_state_table_find(&t->table, &e.key, now, &until)->born, 77);
    assert_int_equal(until, now + 9);
    assert_int_not_equal(pk_state_table_find(&t->table, &t->last.seen.key, now, &until)->born, 77);
    e.key.zone = 1;
    assert_null(pk_state_table_find(&t->table, &e.key, now, &until));
}

/* The checksum of a ping counts, as that of an error does; of a first fragment nobody knows it. */
static void test_ping_checksum(void **state)
{
    struct talk_packet ask = talk_icmp(false, 8, 0, 77), answer = talk_icmp(true, 0, 0, 77);
    struct talk *t = *state;

    ask.b[23] ^= 1;
    assert_int_equal(told(t, ask), INV);
    ask.b[23] ^= 1;
    assert_int_equal(told(t, ask), NEW);
    answer.b[27] ^= 1;
    assert_int_equal(told(t, answer), INV);
    answer.b[27] ^= 1;
    assert_int_equal(told(t, answer), EST);
}

/* Large pings come in fragments, both ways. */
static void test_fragments_of_ping(void **state)
{
    struct talk_packet ask = talk_icmp(false, 8, 0, 77), answer = talk_icmp(true, 0, 0, 77);
    struct talk *t = *state;

    ask.b[23] ^= 1; /* of all of it */
    answer.b[23] ^= 1;
    assert_int_equal(told(t, fragment(ask, 0, true, 1)), NEW);
    assert_int_equal(told(t, fragment(ask, 8, false, 1)), NEW);
    assert_int_equal(told(t, fragment(answer, 0, true, 2)), EST);
    assert_int_equal(told(t, fragment(answer, 8, false, 2)), EST);
    assert_int_equal(told(t, fragment(answer, 8, false, 3)), INV);
}

/* The embedded header is one of the error's own family, whatever version it names. */
static void test_error_version(void **state)
{
    struct talk_packet about = talk_udp(false, 5353, 53, 20);
    struct talk *t = *state;

    told(t, about);
    about.b[0] = 0x55;
    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, about), REL);
    about.b[0] = 0x46; /* the ports would be elsewhere */
    assert_int_equal(say_error(t, ROUTER, TALK_CLIENT, about), INV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_udp),
        CASE(test_udp_length),
        CASE(test_dropped_packets_make_no_entry),
        CASE(test_other_protocols),
        CASE(test_ping_has_no_ports),
        CASE(test_queries),
        CASE(test_error_direction),
        CASE(test_error_checksum),
        CASE(test_error_is_not_written),
        CASE(test_error_changes_nothing),
        CASE(test_error_about_ping),
        CASE(test_fragments),
        CASE(test_fragments_of_dropped),
        CASE(test_flood_drives_out_half_open_ones_only),
        CASE(test_high_water),
        CASE(test_full),
        cmocka_unit_test(test_places),
        CASE(test_key_is_of_both_directions),
        CASE(test_zones_are_told_apart),
        CASE(test_error_version),
        CASE(test_error_about_cut_header),
        CASE(test_error_ends_where_it_says),
        CASE(test_gre_calls),
        CASE(test_fragments_of_ping),
        CASE(test_ping_checksum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
