// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The TCP machine followed until nothing new appears, so that what is said of it holds for
 * conversations of any length. The steps are those of track.h and tcp.h themselves; the judge is a
 * reference of its own (struct opening) that knows nothing of tables and windows.
 *
 * Asked is, after each segment:
 *
 *     The state ESTABLISHED, and ASSURED, only after an opening handshake (is_open()), or if the
 *     entry was seeded or, where that is allowed, picked up in mid-stream; once it was closed
 *     only after another handshake.
 *     A packet is ESTABLISHED only if one of the other end got through before.
 *
 * Two searches, breadth first:
 *
 *     flags    Of an entry everything is kept but its numbers. Before each segment they are set
 *              anew, to each way in which those of entry and segment can lie to one another
 *              (follow_flags()): what holds, holds whatever the numbers are. Any kind of segment,
 *              of either end; windows that are checked or not (liberal, fragments); packets that
 *              nobody saw (an epoch), at any moment.
 *     numbers  The entry with all its numbers, so that an acknowledgment counts only if it is of
 *              something that was sent. Each end has an ISS, the originator two; data; and numbers
 *              that are old, ahead of the window, of the other ISS, or 0. Windows have one size,
 *              and no option scales them; one that the machine itself makes larger is taken to be
 *              slightly larger, twice as large and 66,000. An entry is followed until it is open.
 *
 * Left out of an entry is what decides how long it lives and nothing else: last_seq, retrans, the
 * stamps of rtt.h, PK_TCPF_UNACKED. Any entry may end any time: what comes then begins with none.
 */
#include "model.h"

/* Every node is met once, by every segment. */
static void search(struct search *s, void (*follow)(struct search *s, const struct node *n))
{
    for (size_t i = 0; i < s->found.n; i++) {
        struct node n = s->found.node[i]; /* which may move */

        follow(s, &n);
    }
}

/* As of a grown window nothing but that is known, each of its sizes is tried. */
static void follow_sizes(struct search *s, const struct node *from, const struct pk_seen *seen)
{
    static const uint32_t grown[] = {GROWN, 2 * WINDOW, 66000};
    const struct pk_state_tcp_end *e = from->tcp.seen;

    for (unsigned i = 0; i < (e[0].maxwin == GROWN ? 3 : 1); i++)
        for (unsigned k = 0; k < (e[1].maxwin == GROWN ? 3 : 1); k++) {
            struct node n = *from;

            if (e[0].maxwin == GROWN)
                n.tcp.seen[0].maxwin = grown[i];
            if (e[1].maxwin == GROWN)
                n.tcp.seen[1].maxwin = grown[k];
            enter(&n);
            step(s, &n, seen);
        }
}

static void follow_numbers(struct search *s, const struct node *from)
{
    if (is_open(&from->o))
        return;
    for (size_t i = 0; i < s->n_segments; i++)
        follow_sizes(s, from, &s->segment[i]);
}

struct segments {
    struct pk_seen seen[100];
    size_t n;
};

static struct pk_seen segment_of(unsigned from, uint8_t flags)
{
    return (struct pk_seen){.from = (uint8_t)from,
                            .segment = (uint8_t)pk_tcp_kind(flags),
                            .tcp_flags = flags,
                            .win = WINDOW};
}

static void put(struct segments *all, unsigned from, uint8_t flags, enum place seq, enum place ack,
                uint32_t len)
{
    struct pk_seen s = segment_of(from, flags);

    s.seq = number(from, seq);
    s.end = s.seq + len;
    s.ack = s.sack = flags & PK_FLAG_ACK ? number(from ^ 1, ack) : 0;
    assert_true(all->n < sizeof(all->seen) / sizeof(*all->seen));
    all->seen[all->n++] = s;
}

/* The second ISS is the originator's. */
static void put_acks(struct segments *all, unsigned from, uint8_t flags, enum place seq,
                     uint32_t len)
{
    static const enum place acks[] = {OLD, FIRST, DATA, AHEAD, OTHER_FIRST};

    for (unsigned i = 0; i < 4 + from; i++)
        put(all, from, flags, seq, acks[i], len);
}

static void put_end(struct segments *all, unsigned from)
{
    static const enum place syns[] = {ISS, OTHER}, seqs[] = {FIRST, AHEAD, OTHER_FIRST},
                            resets[] = {ZERO, FIRST, AHEAD};

    for (unsigned i = 0; i < 2 - from; i++) {
        put(all, from, PK_FLAG_SYN, syns[i], ZERO, 1);
        put_acks(all, from, PK_FLAG_SYN | PK_FLAG_ACK, syns[i], 1);
    }
    for (unsigned i = 0; i < 3 - from; i++)
        put_acks(all, from, PK_FLAG_ACK, seqs[i], 0);
    put_acks(all, from, PK_FLAG_ACK, FIRST, 100);
    put_acks(all, from, PK_FLAG_FIN | PK_FLAG_ACK, FIRST, 1);
    for (unsigned i = 0; i < 3; i++) {
        put(all, from, PK_FLAG_RST, resets[i], ZERO, 0);
        put(all, from, PK_FLAG_RST | PK_FLAG_ACK, resets[i], FIRST, 0);
        put(all, from, PK_FLAG_RST | PK_FLAG_ACK, resets[i], ZERO, 0);
    }
}

static void begin(struct search *s)
{
    static const struct node nothing;

    add(&s->found, &nothing);
}

/* That the search went everywhere: an empty one would find nothing wrong. */
static void end(struct search *s, const char *name)
{
    print_message("# %s: %zu states\n", name, s->found.n);
    assert_int_equal(s->states, (1u << PK_TCP_STATES) - 2);
    assert_true(s->n_open > 0);
    done(&s->found);
}

static void test_numbers(void **state)
{
    struct segments all = {.n = 0};
    struct search s = {.segment = all.seen};

    (void)state;
    rules = PK_STATE_RULES;
    rules.loose = 0;
    put_end(&all, 0);
    put_end(&all, 1);
    s.n_segments = all.n;
    begin(&s);
    search(&s, follow_numbers);
    end(&s, "numbers");
}

/* Where the numbers of an entry begin, of the end that sends and of the other one. */
#define SENT 50000000u
#define HEARD 90000000u
#define SOME 50u

/* How the numbers of an entry and a segment lie to one another. */
struct lie {
    uint32_t seq, ack;
    uint32_t last_end, last_ack; /* of the entry */
    uint32_t maxack;             /* of the receiver; 0: not known */
    unsigned how;                /* bits: of an end nothing is known (two), windows do not count */
};

#define HOWS 8u

static void follow_lie(struct search *s, const struct node *from, const struct pk_seen *what,
                       const struct lie *lie)
{
    unsigned dir = from->o.there && what->from != from->o.orig;
    struct pk_seen seen = *what;
    struct node n = *from;

    for (unsigned i = 0; i < 2; i++) {
        struct pk_state_tcp_end *e = &n.tcp.seen[i];

        e->end = i == dir ? SENT : HEARD;
        e->maxend = e->end + 2 * SOME;
        e->maxwin = lie->how & 1u << i ? 0 : SOME;
    }
    rules.liberal = lie->how >> 2 & 1;
    n.tcp.seen[dir ^ 1].maxack = lie->maxack;
    n.tcp.seen[dir ^ 1].flags |= lie->maxack ? PK_TCPF_MAXACK_SET : 0;
    n.tcp.last_end = lie->last_end;
    n.tcp.last_ack = lie->last_ack;
    seen.seq = seen.end = lie->seq;
    seen.ack = seen.sack = lie->ack;
    enter(&n);
    step(s, &n, &seen);
}

/* What only a RST, or the answer to an ignored SYN, is compared with. */
static void follow_last(struct search *s, const struct node *from, const struct pk_seen *what,
                        struct lie lie)
{
    const uint32_t ends[] = {7, lie.ack, lie.seq}, acks[] = {7, lie.seq},
                   maxacks[] = {0, lie.seq - 1, lie.seq, lie.seq + 1};
    bool noted = from->tcp.last_index == PK_TCP_SYN || from->tcp.last_index == PK_TCP_ACK;
    bool rst = what->segment == PK_TCP_RST;

    for (unsigned i = 0; i < (noted ? 3 : 1); i++)
        for (unsigned k = 0; k < (rst && noted ? 2 : 1); k++)
            for (unsigned m = 0; m < (rst ? 4 : 1); m++) {
                lie.last_end = ends[i];
                lie.last_ack = acks[k];
                lie.maxack = maxacks[m];
                follow_lie(s, from, what, &lie);
            }
}

/*
 * Of the sender: long acknowledged; the next; just beyond the window, and far; 0. Of the receiver:
 * long acknowledged; all that was sent; more than that; 0.
 */
static void follow_segment(struct search *s, const struct node *from, const struct pk_seen *what)
{
    const uint32_t seqs[] = {SENT - 4 * SOME, SENT, SENT + 2 * SOME + 1, SENT + 20 * SOME, 0},
                   acks[] = {HEARD - 70000, HEARD, HEARD + SOME, 0};
    unsigned zero = what->segment == PK_TCP_RST; /* of which alone it says something */

    for (unsigned i = 0; i < 4 + zero; i++)
        for (unsigned k = 0; k < (what->tcp_flags & PK_FLAG_ACK ? 3 + zero : 1); k++)
            for (unsigned how = 0; how < HOWS; how++) {
                struct lie lie = {.seq = seqs[i], .ack = acks[k], .how = how};

                follow_last(s, from, what, lie);
            }
}

static void follow_flags(struct search *s, const struct node *from)
{
    static const uint8_t flags[] = {PK_FLAG_SYN,
                                    PK_FLAG_SYN | PK_FLAG_ACK,
                                    PK_FLAG_FIN | PK_FLAG_ACK,
                                    PK_FLAG_ACK,
                                    PK_FLAG_RST,
                                    PK_FLAG_RST | PK_FLAG_ACK,
                                    0};

    for (unsigned i = 0; i < 2 * sizeof(flags); i++) {
        struct pk_seen what = segment_of(i % 2, flags[i / 2]);

        follow_segment(s, from, &what);
    }
}

/* What stood before the table did, or before this fence: in any state. */
static void begin_seeded(struct search *s)
{
    static const uint32_t status[] = {0, PK_CTF_SEEN_REPLY | PK_CTF_ASSURED};
    const struct pk_state_ends ends = {.family = PK_IPV4, .proto = 6};

    for (unsigned i = 0; i < 2; i++)
        for (unsigned t = PK_TCP_SYN_SENT; t < PK_TCP_STATES; t++) {
            struct pk_state_entry e =
                pk_state_picked_up(&ends, status[i], (enum pk_tcp_state)t, NOW);
            struct node n = {.tcp = e.tcp, .status = status[i]};

            n.o = (struct opening){.there = 1, .excused = 1, .heard = 3};
            forget_unread(&n.tcp);
            forget_numbers(&n.tcp);
            add(&s->found, &n);
        }
}

static void test_flags(void **state)
{
    (void)state;
    for (unsigned loose = 0; loose < 2; loose++) {
        struct search s = {.segment = NULL};

        rules = PK_STATE_RULES;
        rules.loose = (uint8_t)loose;
        begin(&s);
        begin_seeded(&s);
        search(&s, follow_flags);
        assert_true(s.one_sided > 0); /* else is_open() would excuse what does not happen */
        end(&s, loose ? "flags, loose" : "flags, strict");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
