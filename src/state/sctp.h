// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The SCTP machine: what one packet does to one association, as nf_conntrack_sctp_packet() of Linux
 * 6.18 decides it. Shared by user space and BPF. Its chunks were read before (chunks.h).
 *
 * A packet may have several chunks that count, and under a lock nothing may be called. So what they
 * make of the association is found without one, in a copy, and under the lock it is written down if
 * the association is still what it was: else again.
 *
 * Two things make a state: the chunks, one after the other, by a table, and the verification tag
 * (RFC 9260, 8.5), which each end chooses in its INIT or INIT ACK and the other one carries.
 * Nothing is picked up in mid-stream: DATA of an association that is not known is INVALID, until a
 * HEARTBEAT, of which the tag is taken, and its answer.
 *
 * Besides what packet/frame.h asks for, the includer provides PK_GLOBAL.
 */
#pragma once

#include "state/chunks.h"
#include "state/tcp.h"

/* Beside the states, what the table may say: invalid. */
#define PK_SCTP_IV PK_SCTP_STATES

/*
 * sctp_conntracks[]: the state that a chunk leads to, by direction and state. To be read by
 * columns: NONE, CLOSED, COOKIE_WAIT, COOKIE_ECHOED, ESTABLISHED, SHUTDOWN_SENT, SHUTDOWN_RECD,
 * SHUTDOWN_ACK_SENT, HEARTBEAT_SENT.
 */
/* clang-format off */
static const __u8 pk_sctp_table[2][16][16] = { /* sizes by which an index is masked */
    {
        [PK_SCTP_INIT]              = {1, 1, 2, 3, 4, 1, 1, 7, 2},
        [PK_SCTP_INIT_ACK]          = {1, 1, 2, 3, 4, 5, 6, 7, 1},
        [PK_SCTP_ABORT]             = {1, 1, 1, 1, 1, 1, 1, 1, 1},
        [PK_SCTP_SHUTDOWN]          = {1, 1, 2, 3, 5, 5, 6, 7, 1},
        [PK_SCTP_SHUTDOWN_ACK]      = {7, 1, 2, 3, 4, 7, 7, 7, 7},
        [PK_SCTP_ERROR]             = {1, 1, 2, 3, 4, 5, 6, 7, 1},
        [PK_SCTP_COOKIE_ECHO]       = {1, 1, 3, 3, 4, 5, 6, 7, 1},
        [PK_SCTP_COOKIE_ACK]        = {1, 1, 2, 4, 4, 5, 6, 7, 1},
        [PK_SCTP_SHUTDOWN_COMPLETE] = {1, 1, 2, 3, 4, 5, 6, 1, 1},
        [PK_SCTP_HEARTBEAT]         = {8, 1, 2, 3, 4, 5, 6, 7, 8},
        [PK_SCTP_HEARTBEAT_ACK]     = {1, 1, 2, 3, 4, 5, 6, 7, 8},
    },
    {
        [PK_SCTP_INIT]              = {9, 1, 2, 3, 4, 5, 6, 7, 9},
        [PK_SCTP_INIT_ACK]          = {9, 2, 2, 3, 4, 5, 6, 7, 9},
        [PK_SCTP_ABORT]             = {9, 1, 1, 1, 1, 1, 1, 1, 9},
        [PK_SCTP_SHUTDOWN]          = {9, 1, 2, 3, 6, 5, 6, 7, 9},
        [PK_SCTP_SHUTDOWN_ACK]      = {9, 1, 2, 3, 4, 7, 7, 7, 9},
        [PK_SCTP_ERROR]             = {9, 1, 2, 1, 4, 5, 6, 7, 9},
        [PK_SCTP_COOKIE_ECHO]       = {9, 1, 3, 3, 4, 5, 6, 7, 9},
        [PK_SCTP_COOKIE_ACK]        = {9, 1, 2, 4, 4, 5, 6, 7, 9},
        [PK_SCTP_SHUTDOWN_COMPLETE] = {9, 1, 2, 3, 4, 5, 6, 1, 9},
        [PK_SCTP_HEARTBEAT]         = {9, 1, 2, 3, 4, 5, 6, 7, 8},
        [PK_SCTP_HEARTBEAT_ACK]     = {9, 1, 2, 3, 4, 5, 6, 7, 4},
    },
};
/* clang-format on */

_Static_assert(PK_SCTP_IV == 9 && PK_SCTP_HEARTBEAT_ACK == 11, "pk_sctp_table has the numbers");

PK_INLINE __u32 pk_sctp_next(__u32 dir, __u32 kind, __u32 state)
{
    return pk_sctp_table[dir & 1][kind & 15][state & 15];
}

/* Packets with one of these have a tag that their chunks are asked about; others, the direction's.
 */
#define PK_SCTP_OWN_TAG                                                                            \
    (PK_SCTP_BIT(INIT) | PK_SCTP_BIT(SHUTDOWN_COMPLETE) | PK_SCTP_BIT(SHUTDOWN_COMPLETE_T) |       \
     PK_SCTP_BIT(COOKIE_ECHO) | PK_SCTP_BIT(ABORT) | PK_SCTP_BIT(ABORT_T) |                        \
     PK_SCTP_BIT(SHUTDOWN_ACK) | PK_SCTP_BIT(HEARTBEAT) | PK_SCTP_BIT(HEARTBEAT_ACK))

/* What an INIT of direction `dir` says of the tags. One that says again what is known, repeated or
 * late, begins no handshake. */
PK_INLINE void pk_sctp_init(struct pk_state_sctp *s, const struct pk_seen *seen, __u32 dir)
{
    __u32 bit = 1u << (dir & 1);

    if (s->state == PK_SCTP_NONE || s->vtag[~dir & 1] != seen->init_tag)
        s->init = (__u8)(s->init == 3 ? bit : s->init | bit);
    s->vtag[~dir & 1] = seen->init_tag;
}

/* An INIT ACK answers an INIT of the other direction; without one it may repeat what is known. 0:
 * it does not fit. Where both have sent an INIT, each end has its tag (RFC 9260, 5.2.1). */
PK_INLINE int pk_sctp_init_ack(struct pk_state_sctp *s, const struct pk_seen *seen, __u32 dir)
{
    __u32 known = s->vtag[~dir & 1], other = 1u << (~dir & 1);

    if (known != seen->init_tag && ((known && !(s->init & other)) || s->init == 3))
        return 0;
    s->vtag[~dir & 1] = seen->init_tag;
    return 1;
}

/*
 * The tag of a HEARTBEAT or its answer on a path that is new, or that has outlived its association:
 * what the tag is is learned from the first, and a wrong one from an answer that follows a wrong
 * question. TAKEN: it is right now; KEPT: the question, which changes nothing; INVALID. `again`:
 * not the packet's first that is wrong.
 */
PK_INLINE enum pk_tcp_end pk_sctp_heartbeat(struct pk_state_sctp *s, const struct pk_seen *seen,
                                            __u32 dir, __u32 kind, int again)
{
    __u32 other = 1u << (~dir & 1);

    if (!s->vtag[dir & 1]) {
        s->vtag[dir & 1] = seen->vtag;
        return PK_TCP_TAKEN;
    }
    if (s->vtag[dir & 1] == seen->vtag) {
        s->probed = 0;
        return PK_TCP_TAKEN;
    }
    if (again || seen->kinds & PK_SCTP_BIT(DATA))
        return PK_TCP_INVALID;
    if (kind == PK_SCTP_HEARTBEAT) {
        s->probed = (__u8)(1u << (dir & 1));
        return PK_TCP_KEPT;
    }
    if (s->probed != other)
        return PK_TCP_INVALID;
    s->probed = 0;
    s->vtag[dir & 1] = seen->vtag;
    s->vtag[~dir & 1] = 0;
    return PK_TCP_TAKEN;
}

/* The tag of one chunk (RFC 9260, 8.5.1). */
PK_INLINE enum pk_tcp_end pk_sctp_tag(struct pk_state_sctp *s, const struct pk_seen *seen,
                                      __u32 dir, __u32 kind, int again)
{
    int right = 1;

    switch (kind) {
    case PK_SCTP_INIT:
        right = !seen->vtag;
        break;
    case PK_SCTP_ABORT:
    case PK_SCTP_SHUTDOWN_COMPLETE:
    case PK_SCTP_COOKIE_ECHO:
        right = seen->vtag == s->vtag[dir & 1];
        break;
    case PK_SCTP_ABORT_T: /* of who knows of no association, and gives the tag back */
    case PK_SCTP_SHUTDOWN_COMPLETE_T:
        right = seen->vtag == s->vtag[~dir & 1];
        break;
    case PK_SCTP_COOKIE_ACK:
        s->init = 0;
        break;
    case PK_SCTP_HEARTBEAT:
    case PK_SCTP_HEARTBEAT_ACK:
        return pk_sctp_heartbeat(s, seen, dir, kind, again);
    }
    return right ? PK_TCP_TAKEN : PK_TCP_INVALID;
}

/* What a chunk that has the right tag makes of the association; TAKEN, KEPT or INVALID. */
PK_INLINE enum pk_tcp_end pk_sctp_take(struct pk_track_sctp *x, const struct pk_seen *seen,
                                       __u32 kind)
{
    __u32 row = kind == PK_SCTP_ABORT_T               ? PK_SCTP_ABORT
                : kind == PK_SCTP_SHUTDOWN_COMPLETE_T ? PK_SCTP_SHUTDOWN_COMPLETE
                                                      : kind;
    __u32 old = x->is.state, next = pk_sctp_next(x->dir, row, old);

    if (next == PK_SCTP_IV)
        return PK_TCP_INVALID;
    if (kind == PK_SCTP_INIT)
        pk_sctp_init(&x->is, seen, x->dir);
    if (kind == PK_SCTP_INIT_ACK && !pk_sctp_init_ack(&x->is, seen, x->dir))
        return PK_TCP_INVALID;
    x->is.state = (__u8)next;
    if (old != next && next == PK_SCTP_ESTABLISHED)
        x->assured = 1;
    /* INITs that nobody answers do not keep the entry alive. */
    return kind == PK_SCTP_INIT && old == PK_SCTP_CLOSED && next == PK_SCTP_CLOSED ? PK_TCP_KEPT
                                                                                   : PK_TCP_TAKEN;
}

/* One chunk of the packet; 0: it makes the packet INVALID. */
PK_GLOBAL int pk_sctp_chunk(struct pk_track *t, __u32 kind)
{
    struct pk_track_sctp *x;
    enum pk_tcp_end r;

    if (!t)
        return 0;
    x = &t->sctp;
    r = pk_sctp_tag(&x->is, &t->seen, x->dir, kind, x->kept);
    if (r == PK_TCP_TAKEN)
        r = pk_sctp_take(x, &t->seen, kind);
    x->kept |= r == PK_TCP_KEPT;
    return r != PK_TCP_INVALID;
}

/*
 * The packet and its entry `e`, which is read only: what it comes to is t->sctp. What is INVALID
 * may have changed the association, as far as the chunk that is not right.
 */
PK_INLINE void pk_sctp_judge(struct pk_track *t, const struct pk_state_entry *e)
{
    struct pk_track_sctp *x = &t->sctp;
    __u32 i, kind;

    x->was = x->is = e->sctp;
    x->dir = t->seen.from != e->orig;
    x->kept = x->assured = 0;
    x->end = PK_TCP_INVALID;
    if (!(t->seen.kinds & PK_SCTP_OWN_TAG) && t->seen.vtag != x->is.vtag[x->dir & 1])
        return;
    for (i = 0; i < PK_SCTP_TELLING; i++) {
        kind = t->seen.chunks >> 4 * i & 15;
        if (kind && !pk_sctp_chunk(t, kind))
            return;
    }
    x->end = x->kept ? PK_TCP_KEPT : PK_TCP_TAKEN;
}

PK_INLINE int pk_sctp_same(const struct pk_state_sctp *a, const struct pk_state_sctp *b)
{
    return a->vtag[0] == b->vtag[0] && a->vtag[1] == b->vtag[1] && a->state == b->state &&
           a->init == b->init && a->probed == b->probed;
}

/* The time that an entry gets, by its state; that of CLOSED comes first. */
PK_INLINE __u32 pk_sctp_time(const struct pk_state_rules *rules, __u32 state)
{
    return rules->timeout[PK_TIMEOUT_SCTP_CLOSED + ((state - 1u) & 7)];
}

/* Under the lock: writes down what pk_sctp_judge() made of the entry. AGAIN: it has changed since.
 */
PK_INLINE enum pk_tcp_end pk_sctp_settle(struct pk_state_entry *e, const struct pk_track *t,
                                         const struct pk_state_rules *rules, __u32 *ret_time)
{
    const struct pk_track_sctp *x = &t->sctp;

    *ret_time = 0;
    if (!pk_sctp_same(&e->sctp, &x->was) || x->dir != (t->seen.from != e->orig))
        return PK_TCP_AGAIN;
    e->sctp = x->is;
    if (x->assured)
        e->status |= PK_CTF_ASSURED;
    if (x->end != PK_TCP_INVALID)
        *ret_time = pk_sctp_time(rules, x->is.state);
    return x->end;
}

/*
 * The first packet of an association, whose entry is zero. 0: none may begin so: what ends one, or
 * has chunks that belong into one (RFC 9260, 8.4), or a tag where there can be none. What is left
 * of sctp_new() and of the checks behind it, for an entry without a state. The packet then goes
 * through pk_sctp_packet() as any other.
 */
PK_INLINE int pk_sctp_may_open(const struct pk_seen *seen)
{
    __u32 ask = PK_SCTP_BIT(HEARTBEAT),
          known = PK_SCTP_BIT(HEARTBEAT_ACK) | PK_SCTP_BIT(SHUTDOWN_ACK);

    if (seen->kinds & (PK_SCTP_BIT(ABORT) | PK_SCTP_BIT(ABORT_T) | PK_SCTP_BIT(SHUTDOWN_COMPLETE) |
                       PK_SCTP_BIT(SHUTDOWN_COMPLETE_T) | PK_SCTP_BIT(COOKIE_ACK) |
                       PK_SCTP_BIT(DATA) | PK_SCTP_BIT(OTHER)))
        return 0;
    if (!seen->vtag || seen->kinds & ask)
        return 1;
    return seen->kinds & known && !(seen->kinds & PK_SCTP_BIT(COOKIE_ECHO));
}

PK_INLINE void pk_sctp_open(struct pk_state_sctp *s, const struct pk_seen *seen)
{
    if (seen->kinds & PK_SCTP_BIT(INIT))
        s->vtag[1] = seen->init_tag;
    if (seen->kinds & PK_SCTP_BIT(HEARTBEAT))
        s->vtag[0] = seen->vtag;
    if (seen->kinds & PK_SCTP_BIT(SHUTDOWN_ACK)) /* the SHUTDOWN COMPLETE gives it back */
        s->vtag[1] = seen->vtag;
}

/* Closed, or about to be, and may be gone any time (sctp_can_early_drop()). */
PK_INLINE int pk_sctp_closing(__u32 state)
{
    return state == PK_SCTP_CLOSED ||
           (state >= PK_SCTP_SHUTDOWN_SENT && state <= PK_SCTP_SHUTDOWN_ACK_SENT);
}
