// SPDX-License-Identifier: GPL-2.0-or-later
/* The TCP machine (state/tcp.h) against Linux's table, window and rules for RST; and all sequences.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "packet/packet.h"

struct pk_source;

/* seen.h asks for one, but nothing here calls it. */
static int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    (void)s, (void)off, (void)dst, (void)len;
    return -1;
}

#include "state/tcp.h"
#include "../lib/talk.h"

/* tcp_conntracks[] of net/netfilter/nf_conntrack_proto_tcp.c, as it stands there. */
static const char *const linux_table[2][6] = {
    {
        /* sNO, sSS, sSR, sES, sFW, sCW, sLA, sTW, sCL, sS2 */
        "sSS, sSS, sIG, sIG, sIG, sIG, sIG, sSS, sSS, sS2", /* syn */
        "sIV, sIV, sSR, sIV, sIV, sIV, sIV, sIV, sIV, sSR", /* synack */
        "sIV, sIV, sFW, sFW, sLA, sLA, sLA, sTW, sCL, sIV", /* fin */
        "sES, sIV, sES, sES, sCW, sCW, sTW, sTW, sCL, sIV", /* ack */
        "sIV, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL", /* rst */
        "sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV", /* none */
    },
    {
        "sIV, sS2, sIV, sIV, sIV, sIV, sIV, sSS, sIV, sS2", /* syn */
        "sIV, sSR, sIG, sIG, sIG, sIG, sIG, sIG, sIG, sSR", /* synack */
        "sIV, sIV, sFW, sFW, sLA, sLA, sLA, sTW, sCL, sIV", /* fin */
        "sIV, sIG, sSR, sES, sCW, sCW, sTW, sTW, sCL, sIG", /* ack */
        "sIV, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL", /* rst */
        "sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV, sIV", /* none */
    },
};

static void test_table_is_linux(void **state)
{
    static const char *const names = "sNO sSS sSR sES sFW sCW sLA sTW sCL sS2 sIV sIG ";

    (void)state;
    for (unsigned dir = 0; dir < 2; dir++)
        for (unsigned kind = 0; kind < 6; kind++)
            for (unsigned old = 0; old < 10; old++) {
                char name[5] = {0};

                memcpy(name, linux_table[dir][kind] + 5 * old, 3);
                assert_int_equal(pk_tcp_next(dir, kind, old), (strstr(names, name) - names) / 4);
            }
}

#define NEW PK_CTS_NEW
#define EST PK_CTS_ESTABLISHED
#define REL PK_CTS_RELATED
#define INV PK_CTS_INVALID

static void on_table(void **state)
{
    static struct talk t;

    talk_begin(&t, 64, NULL);
    *state = &t;
}

static int setup(void **state)
{
    on_table(state);
    return 0;
}

static int teardown(void **state)
{
    talk_done(*state);
    return 0;
}

#define SAY(t, ...) say(t, &(struct talk_segment){__VA_ARGS__})

static uint32_t say(struct talk *t, const struct talk_segment *s)
{
    struct talk_packet p = talk_tcp(s);

    return talk_say(t, &p, true);
}

static enum pk_tcp_state tcp_state(struct talk *t)
{
    struct pk_state_entry *e = talk_entry(t, NULL);

    return e ? e->tcp.state : PK_TCP_NONE;
}

/* Seconds that the entry has left, to the nearest. */
static unsigned left(struct talk *t)
{
    uint32_t until;

    if (!talk_entry(t, &until))
        return 0;
    return pk_state_seconds(until - pk_state_tick(t->ns) + 3);
}

static const uint8_t syn_options[] = {2, 4, 5, 180, 4, 2, 1, 3, 3, 7, 0, 0};

/* Client 1000, server 5000; windows are scaled by 7. */
static void handshake(struct talk *t)
{
    assert_int_equal(
        SAY(t, .flags = S, .seq = 1000, .win = 1000, .options = syn_options, .n_options = 12), NEW);
    assert_int_equal(tcp_state(t), PK_TCP_SYN_SENT);
    assert_int_equal(SAY(t, .reply = true, .flags = S | A, .seq = 5000, .ack = 1001, .win = 1000,
                         .options = syn_options, .n_options = 12),
                     EST);
    assert_int_equal(tcp_state(t), PK_TCP_SYN_RECV);
    assert_int_equal(SAY(t, .flags = A, .seq = 1001, .ack = 5001, .win = 502), EST);
    assert_int_equal(tcp_state(t), PK_TCP_ESTABLISHED);
    assert_true(talk_entry(t, NULL)->status & PK_CTF_ASSURED);
}

static void test_life(void **state)
{
    struct talk *t = *state;

    handshake(t);
    assert_int_equal(left(t), 432000);
    assert_int_equal(SAY(t, .flags = P | A, .seq = 1001, .ack = 5001, .win = 502, .data = 100),
                     EST);
    assert_int_equal(left(t), 300); /* nobody has acknowledged it */
    assert_int_equal(SAY(t, .reply = true, .flags = A, .seq = 5001, .ack = 1101, .win = 502), EST);
    assert_int_equal(left(t), 432000);
    assert_int_equal(SAY(t, .flags = F | A, .seq = 1101, .ack = 5001, .win = 502), EST);
    assert_int_equal(tcp_state(t), PK_TCP_FIN_WAIT);
    assert_int_equal(left(t), 120);
    assert_int_equal(SAY(t, .reply = true, .flags = A, .seq = 5001, .ack = 1102, .win = 502), EST);
    assert_int_equal(tcp_state(t), PK_TCP_CLOSE_WAIT);
    assert_int_equal(left(t), 60);
    assert_int_equal(SAY(t, .reply = true, .flags = F | A, .seq = 5001, .ack = 1102, .win = 502),
                     EST);
    assert_int_equal(tcp_state(t), PK_TCP_LAST_ACK);
    assert_int_equal(left(t), 30);
    assert_int_equal(SAY(t, .flags = A, .seq = 1102, .ack = 5002, .win = 502), EST);
    assert_int_equal(tcp_state(t), PK_TCP_TIME_WAIT);
    assert_int_equal(left(t), 120);
}

/* bpf-iptables: time-outs were written down and never read. */
static void test_entries_expire(void **state)
{
    struct talk *t = *state;

    handshake(t);
    talk_wait(t, 431999);
    assert_int_equal(SAY(t, .flags = A, .seq = 1001, .ack = 5001, .win = 502), EST);
    talk_wait(t, 432001);
    assert_int_equal(SAY(t, .reply = true, .flags = A, .seq = 5001, .ack = 1001), NEW);
}

/* ... and a RST ended nothing. */
static void test_rst_ends(void **state)
{
    struct talk *t = *state;

    handshake(t);
    assert_int_equal(SAY(t, .flags = R, .seq = 1001), EST);
    assert_int_equal(tcp_state(t), PK_TCP_CLOSE);
    assert_int_equal(left(t), 10);
    talk_wait(t, 11);
    assert_int_equal(tcp_state(t), PK_TCP_NONE);
}

static void test_refused_connection_is_forgotten(void **state)
{
    struct talk *t = *state;

    assert_int_equal(SAY(t, .flags = S, .seq = 1000), NEW);
    assert_int_equal(SAY(t, .reply = true, .flags = R | A, .ack = 1001), EST);
    assert_null(talk_entry(t, NULL));
}

/* RFC 5961, 3.2: before what was acknowledged it is invalid; elsewhere it ends nothing. */
static void test_rst_number(void **state)
{
    struct talk *t = *state;

    handshake(t);
    SAY(t, .reply = true, .flags = P | A, .seq = 5001, .ack = 1001, .win = 502, .data = 50);
    SAY(t, .flags = A, .seq = 1001, .ack = 5051, .win = 502);
    assert_int_equal(SAY(t, .reply = true, .flags = R, .seq = 5050), INV);
    assert_int_equal(SAY(t, .reply = true, .flags = R, .seq = 5052), EST);
    assert_int_equal(tcp_state(t), PK_TCP_ESTABLISHED);
    assert_int_equal(SAY(t, .reply = true, .flags = R, .seq = 5051), EST);
    assert_int_equal(tcp_state(t), PK_TCP_CLOSE);
}

/* bpf-iptables: a SYN with ECE and CWR (RFC 3168, 6.1.1) was invalid. */
static void test_ecn_syn_is_new(void **state)
{
    struct talk *t = *state;

    assert_int_equal(SAY(t, .flags = S | E | C, .seq = 1000), NEW);
    assert_int_equal(SAY(t, .reply = true, .flags = S | A | E, .seq = 5000, .ack = 1001), EST);
    assert_int_equal(SAY(t, .flags = A, .seq = 1001, .ack = 5001), EST);
    assert_int_equal(tcp_state(t), PK_TCP_ESTABLISHED);
}

/* ... and so was a first ACK with data: the bare one was lost. */
static void test_data_on_first_ack(void **state)
{
    struct talk *t = *state;

    SAY(t, .flags = S, .seq = 1000);
    SAY(t, .reply = true, .flags = S | A, .seq = 5000, .ack = 1001);
    assert_int_equal(SAY(t, .flags = P | A, .seq = 1001, .ack = 5001, .data = 500), EST);
    assert_int_equal(tcp_state(t), PK_TCP_ESTABLISHED);
}

/* TCP Fast Open: data on the SYN (RFC 7413). */
static void test_data_on_syn(void **state)
{
    struct talk *t = *state;

    assert_int_equal(SAY(t, .flags = S, .seq = 1000, .data = 500), NEW);
    assert_int_equal(SAY(t, .reply = true, .flags = S | A, .seq = 5000, .ack = 1501), EST);
    assert_int_equal(SAY(t, .flags = A, .seq = 1501, .ack = 5001), EST);
    assert_int_equal(tcp_state(t), PK_TCP_ESTABLISHED);
}

static void test_simultaneous_open(void **state)
{
    struct talk *t = *state;

    assert_int_equal(SAY(t, .flags = S, .seq = 1000), NEW);
    assert_int_equal(SAY(t, .reply = true, .flags = S, .seq = 5000), EST);
    assert_int_equal(tcp_state(t), PK_TCP_SYN_SENT2);
    assert_int_equal(SAY(t, .flags = S | A, .seq = 1000, .ack = 5001), EST);
    assert_int_equal(tcp_state(t), PK_TCP_SYN_RECV);
    assert_int_equal(SAY(t, .reply = true, .flags = S | A, .seq = 5000, .ack = 1001), EST);
    assert_int_equal(SAY(t, .reply = true, .flags = A, .seq = 5001, .ack = 1001), EST);
    assert_int_equal(tcp_state(t), PK_TCP_ESTABLISHED);
}

static void test_bad_flags_are_invalid(void **state)
{
    static const uint8_t good[] = {S, S | U, S | A, R, R | A, F | A, F | A | U, A, A | U};
    struct talk *t = *state;

    for (unsigned flags = 0; flags < 64; flags++) {
        bool valid = memchr(good, (int)(flags & ~(unsigned)P), sizeof(good)) != NULL;
        uint32_t got = SAY(t, .flags = (uint8_t)flags, .seq = 1000, .ack = 1,
                           .sport = (uint16_t)(1000 + flags));
        bool opens = valid && !(flags & (F | R)) && (flags & (S | A)) != (S | A);

        assert_int_equal(got, opens ? NEW : INV);
    }
}

static void test_out_of_window(void **state)
{
    struct talk *t = *state;

    handshake(t);
    assert_int_equal(
        SAY(t, .reply = true, .flags = A, .seq = 5001 + 900000, .ack = 1001, .data = 10), INV);
    assert_int_equal(SAY(t, .reply = true, .flags = A, .seq = 5001, .ack = 900000, .data = 10),
                     INV);
    assert_int_equal(SAY(t, .reply = true, .flags = A, .seq = 5001, .ack = 1001, .data = 10), EST);
}

/* A window of 502 << 7 is open for 64256 bytes; without the scale, for 502. */
static void test_window_scale(void **state)
{
    struct talk *t = *state;

    handshake(t);
    assert_int_equal(SAY(t, .flags = A, .seq = 1001, .ack = 5001, .win = 502), EST);
    assert_int_equal(SAY(t, .reply = true, .flags = A, .seq = 5001 + 60000, .ack = 1001, .data = 9),
                     EST);
    assert_int_equal(
        SAY(t, .reply = true, .flags = A, .seq = 5001 + 130000, .ack = 1001, .data = 9), INV);
}

static void test_liberal(void **state)
{
    struct pk_state_rules rules = PK_STATE_RULES;
    struct talk *t = *state;

    rules.liberal = 1;
    talk_done(t);
    talk_begin(t, 64, &rules);
    handshake(t);
    assert_int_equal(
        SAY(t, .reply = true, .flags = A, .seq = 5001 + 900000, .ack = 1001, .data = 10), EST);
}

/* A SACK block acknowledges what lies beyond a gap (RFC 2018). */
static void test_sack(void **state)
{
    static const uint8_t sack[] = {1, 1, 5, 10, 0, 0, 0x05, 0xdd, 0, 0, 0x07, 0xd1};
    struct talk *t = *state;

    handshake(t);
    SAY(t, .flags = A, .seq = 1501, .ack = 5001, .win = 502,
        .data = 500); /* 1001 to 1500 is lost */
    assert_int_equal(SAY(t, .reply = true, .flags = A, .seq = 5001, .ack = 1001, .win = 502,
                         .options = sack, .n_options = 12),
                     EST);
    assert_int_equal(talk_entry(t, NULL)->tcp.seen[0].maxend, 2001 + (502 << 7));
}

/* A SYN for a connection that stands is let pass; the answer says whether it does. */
static void test_out_of_step(void **state)
{
    struct talk *t = *state;

    handshake(t);
    assert_int_equal(SAY(t, .flags = S, .seq = 777000), EST);
    assert_int_equal(tcp_state(t), PK_TCP_ESTABLISHED);
    assert_int_equal(SAY(t, .reply = true, .flags = S | A, .seq = 888000, .ack = 777001), EST);
    assert_int_equal(tcp_state(t), PK_TCP_SYN_RECV);
    assert_int_equal(SAY(t, .flags = A, .seq = 777001, .ack = 888001), EST);
    assert_int_equal(tcp_state(t), PK_TCP_ESTABLISHED);
}

/* Closed, and opened again from the same port: another connection, hence NEW. */
static void test_reopened(void **state)
{
    struct talk_packet syn = talk_tcp(&(struct talk_segment){.flags = S, .seq = 80000});
    struct talk *t = *state;

    test_life(state);
    assert_int_equal(talk_say(t, &syn, false), NEW);
    assert_int_equal(t->last.status, 0); /* it has nothing of the one that stood there */
    assert_int_equal(t->last.until, 0);
    test_life(state);
    assert_int_equal(SAY(t, .flags = S, .seq = 90000), NEW);
    assert_int_equal(tcp_state(t), PK_TCP_SYN_SENT);
    assert_false(talk_entry(t, NULL)->status & PK_CTF_SEEN_REPLY);
}

/* The SYN/ACK acknowledges too little: it is let pass, and changes nothing but SEEN_REPLY. */
static void wrong_synack(struct talk *t)
{
    SAY(t, .flags = S, .seq = 200000);
    assert_int_equal(SAY(t, .reply = true, .flags = S | A, .seq = 5000, .ack = 200001 - 100000),
                     EST);
    assert_int_equal(tcp_state(t), PK_TCP_SYN_SENT);
}

/* A RST of the other end that acknowledges 0 closes the connection wherever its number is. */
static void test_rst_after_wrong_synack(void **state)
{
    struct talk *t = *state;

    wrong_synack(t);
    assert_int_equal(SAY(t, .reply = true, .flags = R, .seq = 9000000), EST);
    assert_int_equal(tcp_state(t), PK_TCP_CLOSE);
}

/* But the client that refuses such a SYN/ACK takes its RST's number from there: in no window. */
static void test_rst_of_client_after_wrong_synack(void **state)
{
    struct talk *t = *state;

    wrong_synack(t);
    assert_int_equal(SAY(t, .flags = R, .seq = 200001 - 100000), EST);
    assert_int_equal(tcp_state(t), PK_TCP_SYN_SENT);
    assert_int_equal(left(t), 120);
    assert_int_equal(SAY(t, .flags = R, .seq = 9000000), INV);
    assert_int_equal(tcp_state(t), PK_TCP_SYN_SENT);
}

/* Likewise after the SYN of the other end, in simultaneous open. */
static void test_rst_of_either_end_in_simultaneous_open(void **state)
{
    struct talk *t = *state;

    SAY(t, .flags = S, .seq = 200000);
    SAY(t, .reply = true, .flags = S, .seq = 900000);
    assert_int_equal(tcp_state(t), PK_TCP_SYN_SENT2);
    assert_int_equal(SAY(t, .reply = true, .flags = R, .seq = 9000000), INV);
    assert_int_equal(tcp_state(t), PK_TCP_SYN_SENT2);
    assert_int_equal(SAY(t, .flags = R, .seq = 9000000), EST);
    assert_int_equal(tcp_state(t), PK_TCP_CLOSE);
}

/* Nor does an end close what stands by a SYN that is let pass and a RST that acknowledges it. */
static void test_rst_does_not_answer_own_syn(void **state)
{
    struct talk *t = *state;

    handshake(t);
    assert_int_equal(SAY(t, .flags = S, .seq = 777000), EST);
    assert_int_equal(SAY(t, .flags = R | A, .seq = 9000000, .ack = 777001), INV);
    assert_int_equal(tcp_state(t), PK_TCP_ESTABLISHED);
    assert_int_equal(SAY(t, .flags = S, .seq = 777000), EST);
    assert_int_equal(SAY(t, .reply = true, .flags = R | A, .seq = 9000000, .ack = 777001), EST);
    assert_int_equal(tcp_state(t), PK_TCP_CLOSE);
}

/* The answer to an ACK that was let pass may come from either end. */
static void test_rst_answers_ack(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct talk *t = *state;

        wrong_synack(t);
        SAY(t, .reply = true, .flags = A, .seq = 5001, .ack = 200001 - 100000);
        assert_int_equal(tcp_state(t), PK_TCP_SYN_SENT);
        assert_int_equal(SAY(t, .reply = i == 1, .flags = R | A, .seq = 9000000, .ack = 5001), EST);
        assert_int_equal(tcp_state(t), PK_TCP_CLOSE);
        talk_wait(t, 11);
    }
}

static void test_retransmissions(void **state)
{
    struct talk *t = *state;

    handshake(t);
    for (unsigned i = 0; i < 3; i++)
        SAY(t, .flags = A, .seq = 1001, .ack = 5001, .win = 502);
    assert_int_equal(left(t), 300);
}

static void test_repeated_syn_does_not_keep(void **state)
{
    struct talk *t = *state;

    SAY(t, .flags = S, .seq = 1000);
    talk_wait(t, 100);
    assert_int_equal(SAY(t, .flags = S, .seq = 1000), NEW);
    assert_int_equal(left(t), 20);
}

/* Nobody who only sends gets further than NEW. */
static void test_unsolicited_ack_is_never_established(void **state)
{
    struct talk *t = *state;

    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(SAY(t, .flags = A, .seq = 1000 + i, .ack = 5000, .data = 1), NEW);
    assert_int_equal(left(t), 300);
    assert_int_equal(SAY(t, .reply = true, .flags = A, .seq = 5000, .ack = 1001), EST);
}

static void test_strict_takes_nothing_up(void **state)
{
    struct pk_state_rules rules = PK_STATE_RULES;
    struct talk *t = *state;

    rules.loose = 0;
    talk_done(t);
    talk_begin(t, 64, &rules);
    assert_int_equal(SAY(t, .flags = A, .seq = 1000, .ack = 5000), INV);
    assert_int_equal(SAY(t, .flags = S, .seq = 1000), NEW);
}

/* What stood before the table did: both ends of it, at any window, and nobody else. */
static void test_picked_up(void **state)
{
    const struct pk_state_ends ends = {.proto = 6,
                                       .saddr = {0, TALK_CLIENT},
                                       .daddr = {0, TALK_SERVER},
                                       .sport = 40000,
                                       .dport = 80};
    struct talk *t = *state;
    uint32_t now = pk_state_tick(t->ns);
    struct pk_state_entry e =
        pk_state_picked_up(&ends, PK_CTF_SEEN_REPLY | PK_CTF_ASSURED, PK_TCP_ESTABLISHED, now);

    assert_int_equal(pk_state_table_add(&t->table, &e, now, now + PK_STATE_TICKS(432000)), 0);
    assert_int_equal(
        SAY(t, .reply = true, .flags = A, .seq = 4000000000, .ack = 3000000000, .win = 1), EST);
    assert_int_equal(SAY(t, .flags = P | A, .seq = 3000000000, .ack = 4000000000, .data = 999),
                     EST);
    assert_int_equal(tcp_state(t), PK_TCP_ESTABLISHED);
    assert_int_equal(SAY(t, .flags = A, .seq = 1, .ack = 1, .sport = 40001), NEW);
}

/* Segments that nobody saw, since no rule asked: the next one of each end says where it is. */
static void test_resumed(void **state)
{
    struct talk *t = *state;

    handshake(t);
    assert_int_equal(SAY(t, .flags = A, .seq = 1001 + 9000000, .ack = 5001 + 9000000), INV);
    t->epoch++;
    assert_int_equal(SAY(t, .flags = A, .seq = 1001 + 9000000, .ack = 5001 + 9000000), EST);
    assert_int_equal(
        SAY(t, .reply = true, .flags = A, .seq = 5001 + 9000000, .ack = 1001 + 9000000), EST);
    assert_int_equal(SAY(t, .flags = A, .seq = 1001 + 90000000, .ack = 5001), INV);
}

/*
 * All sequences of so many segments, of both directions and all kinds, with right numbers and with
 * wrong ones. Whatever the machine says, it must follow from what it has seen:
 *
 *     ESTABLISHED, the state, only after a SYN of either end, and an ACK after those; unless the
 *     connection was picked up in mid-stream, which `strict` forbids;
 *     ESTABLISHED, of a packet, only if one of the other direction was accepted as NEW, or the
 *     packet's own direction was answered;
 *     ASSURED only in both directions.
 */
struct history {
    bool syn[2], ack_after, packet[2];
};

static void check_step(struct talk *t, const struct talk_segment *s, struct history *h, bool strict)
{
    uint32_t said = say(t, s);
    const struct pk_state_entry *e = talk_entry(t, NULL);
    bool accepted = said != INV;

    if (said == EST)
        assert_true(h->packet[!s->reply]);
    if (said == NEW)
        *h = (struct history){0}; /* another connection */
    if (accepted) {
        h->packet[s->reply] = true;
        h->syn[s->reply] |= (s->flags & (S | R)) == S;
        h->ack_after |= h->syn[0] && h->syn[1] && s->flags & A;
    }
    if (!e)
        return;
    if (e->status & PK_CTF_ASSURED || e->status & PK_CTF_SEEN_REPLY)
        assert_true(h->packet[0] && h->packet[1]);
    if (strict && e->tcp.state == PK_TCP_ESTABLISHED)
        assert_true(h->syn[0] && h->syn[1] && h->ack_after);
}

#define SYMBOLS 20u

/* A symbol: direction, kind, and whether the numbers are of this connection. */
static struct talk_segment segment_of(unsigned symbol)
{
    static const uint8_t flags[] = {S, S | A, A, F | A, R};
    bool reply = symbol % 2, wrong = symbol / 2 % 2;
    struct talk_segment s = {.reply = reply, .flags = flags[symbol / 4]};

    s.seq = (reply ? 5000u : 1000u) + (s.flags & S ? 0 : 1);
    s.ack = s.flags & A ? (reply ? 1001u : 5001u) : 0;
    if (wrong) {
        s.seq += 1000000;
        s.ack += s.flags & A ? 2000000 : 0;
    }
    return s;
}

static void check_sequences(const struct pk_state_rules *rules, unsigned length)
{
    unsigned long n = 1;

    for (unsigned i = 0; i < length; i++)
        n *= SYMBOLS;
    for (unsigned long k = 0; k < n; k++) {
        struct history h = {0};
        unsigned long rest = k;
        struct talk t;

        talk_begin(&t, 1, rules);
        for (unsigned i = 0; i < length; i++, rest /= SYMBOLS) {
            struct talk_segment s = segment_of((unsigned)(rest % SYMBOLS));

            check_step(&t, &s, &h, !rules->loose);
        }
        talk_done(&t);
    }
}

static void test_all_sequences(void **state)
{
    struct pk_state_rules rules = PK_STATE_RULES;

    (void)state;
    check_sequences(&rules, 4);
    rules.loose = 0;
    check_sequences(&rules, 4);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_linux),
        CASE(test_life),
        CASE(test_entries_expire),
        CASE(test_rst_ends),
        CASE(test_refused_connection_is_forgotten),
        CASE(test_rst_number),
        CASE(test_ecn_syn_is_new),
        CASE(test_data_on_first_ack),
        CASE(test_data_on_syn),
        CASE(test_simultaneous_open),
        CASE(test_bad_flags_are_invalid),
        CASE(test_out_of_window),
        CASE(test_window_scale),
        CASE(test_liberal),
        CASE(test_sack),
        CASE(test_out_of_step),
        CASE(test_reopened),
        CASE(test_rst_after_wrong_synack),
        CASE(test_rst_of_client_after_wrong_synack),
        CASE(test_rst_of_either_end_in_simultaneous_open),
        CASE(test_rst_does_not_answer_own_syn),
        CASE(test_rst_answers_ack),
        CASE(test_retransmissions),
        CASE(test_repeated_syn_does_not_keep),
        CASE(test_unsolicited_ack_is_never_established),
        CASE(test_strict_takes_nothing_up),
        CASE(test_picked_up),
        CASE(test_resumed),
        cmocka_unit_test(test_all_sequences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
