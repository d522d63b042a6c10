// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The TCP machine: what one segment does to one connection, as nf_conntrack_tcp_packet() of Linux
 * 6.18 decides it. Shared by user space and BPF, where all of it is inlined between the taking and
 * the giving back of a lock: no calls, no loops.
 *
 * Two things make a state: the flags, by a table, and whether the segment is in the window that its
 * receiver has left open, which is inferred from what passes (Guido van Rooij, "Real Stateful TCP
 * Packet Filtering in IP Filter", SANE 2000). With seq, end and sack as in struct pk_seen, a
 * segment is in the window if
 *
 *     I.    seq  <= sender.maxend                       no data beyond what may be sent
 *     II.   end  >= sender.end - receiver.maxwin        nor long acknowledged
 *     III.  sack <= receiver.end                        nothing acknowledged that was not sent
 *     IV.   sack >= receiver.end - max(66000, maxwin)   nor long ago
 */
#pragma once

#include "state/seen.h"

/* What a segment comes to. */
enum pk_tcp_end {
    PK_TCP_TAKEN,   /* it changed the connection, whose time is *ret_time from now */
    PK_TCP_KEPT,    /* likewise, but its time runs on */
    PK_TCP_PASSED,  /* it belongs to it, and may be right or not: the receiver will tell */
    PK_TCP_INVALID, /* it does not fit; *ret_time as for TAKEN, if it is not 0 */
    PK_TCP_ENDS,    /* it belongs to it and the connection is deleted */
    PK_TCP_REOPENS, /* the connection is deleted, and this segment opens another */
    PK_TCP_AGAIN,   /* of SCTP: another packet has changed it meanwhile */
};

/* Beside the states, what the table may say. */
#define PK_TCP_IV PK_TCP_STATES       /* invalid */
#define PK_TCP_IG (PK_TCP_STATES + 1) /* ignored: may be valid, if we have missed something */

/*
 * tcp_conntracks[]: the state that a kind of segment leads to, by direction and state. To be read
 * by columns: NONE, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT,
 * CLOSE, SYN_SENT2.
 */
/* clang-format off */
static const __u8 pk_tcp_table[2][8][16] = { /* sizes by which an index is masked */
    {
        [PK_TCP_SYN]     = {1, 1, 11, 11, 11, 11, 11, 1, 1, 9},
        [PK_TCP_SYNACK]  = {10, 10, 2, 10, 10, 10, 10, 10, 10, 2},
        [PK_TCP_FIN]     = {10, 10, 4, 4, 6, 6, 6, 7, 8, 10},
        [PK_TCP_ACK]     = {3, 10, 3, 3, 5, 5, 7, 7, 8, 10},
        [PK_TCP_RST]     = {10, 8, 8, 8, 8, 8, 8, 8, 8, 8},
        [PK_TCP_NOTHING] = {10, 10, 10, 10, 10, 10, 10, 10, 10, 10},
    },
    {
        [PK_TCP_SYN]     = {10, 9, 10, 10, 10, 10, 10, 1, 10, 9},
        [PK_TCP_SYNACK]  = {10, 2, 11, 11, 11, 11, 11, 11, 11, 2},
        [PK_TCP_FIN]     = {10, 10, 4, 4, 6, 6, 6, 7, 8, 10},
        [PK_TCP_ACK]     = {10, 11, 2, 3, 5, 5, 7, 7, 8, 11},
        [PK_TCP_RST]     = {10, 8, 8, 8, 8, 8, 8, 8, 8, 8},
        [PK_TCP_NOTHING] = {10, 10, 10, 10, 10, 10, 10, 10, 10, 10},
    },
};
/* clang-format on */

_Static_assert(PK_TCP_IV == 10 && PK_TCP_KINDS == 6, "pk_tcp_table has the numbers");

PK_INLINE __u32 pk_tcp_next(__u32 dir, __u32 kind, __u32 state)
{
    return pk_tcp_table[dir & 1][kind & 7][state & 15];
}

/* The window that a segment must be in, and what it says of it. */
struct pk_tcp_window {
    struct pk_state_tcp_end *sender, *receiver;
    __u32 seq, end, ack, sack, win;
};

/* The options of a SYN. Without any, what an earlier one said stands (tcp_options()). */
PK_INLINE void pk_tcp_take_options(struct pk_state_tcp_end *e, const struct pk_seen *seen)
{
    if (!seen->has_options)
        return;
    e->scale = seen->scale;
    e->flags = (e->flags & PK_TCPF_LIBERAL) | seen->options;
}

/* tcp_init_sender(): a SYN or SYN/ACK begins a direction. Both must offer scaling (RFC 7323, 2.2).
 */
PK_INLINE void pk_tcp_begin(struct pk_tcp_window *w, const struct pk_seen *seen, __u32 dir)
{
    w->sender->end = w->sender->maxend = w->end;
    w->sender->maxwin = w->win ? w->win : 1;
    pk_tcp_take_options(w->sender, seen);
    if (dir && !(w->sender->flags & w->receiver->flags & PK_TCPF_WINDOW_SCALE))
        w->sender->scale = w->receiver->scale = 0;
}

/* The first segment of a direction whose beginning was not seen. */
PK_INLINE void pk_tcp_pick_up(struct pk_tcp_window *w)
{
    __u32 win = w->win << (w->sender->scale & 15);

    w->sender->end = w->end;
    w->sender->maxwin = win ? win : 1;
    w->sender->maxend = w->end + w->sender->maxwin;
    if (!w->receiver->maxwin)
        w->receiver->end = w->receiver->maxend = w->sack; /* as nothing else is known */
    else if (w->sack == w->receiver->end + 1)
        w->receiver->end++; /* the answer to a keepalive */
}

/* Learns of a direction what it does not know yet. 1: the segment needs no further look. */
PK_INLINE int pk_tcp_learn(struct pk_tcp_window *w, const struct pk_state_tcp *s,
                           const struct pk_seen *seen, __u32 dir)
{
    int syn = seen->tcp_flags & PK_FLAG_SYN, ack = seen->tcp_flags & PK_FLAG_ACK;

    if (!w->sender->maxwin) {
        if (!syn) {
            pk_tcp_pick_up(w);
            return 0;
        }
        pk_tcp_begin(w, seen, dir);
        return !ack; /* simultaneous open */
    }
    if (syn && pk_after(w->end, w->sender->end) &&
        (s->state == PK_TCP_SYN_SENT || s->state == PK_TCP_SYN_RECV)) {
        pk_tcp_begin(w, seen, dir);
        return dir && !ack;
    }
    return 0;
}

PK_INLINE __u32 pk_tcp_ack_window(const struct pk_state_tcp_end *sender)
{
    return sender->maxwin > 66000 ? sender->maxwin : 66000;
}

/* II. */
PK_INLINE int pk_tcp_not_old(const struct pk_tcp_window *w)
{
    return pk_after(w->end, w->sender->end - w->receiver->maxwin - 1);
}

/* IV. */
PK_INLINE int pk_tcp_ack_not_old(const struct pk_tcp_window *w)
{
    return pk_after(w->sack, w->receiver->end - pk_tcp_ack_window(w->sender) - 1);
}

/*
 * Beyond the window (I.). Some send a little more than they may; what a rule lets pass nonetheless
 * will be acknowledged, and that must not look wrong.
 */
PK_INLINE enum pk_tcp_end pk_tcp_beyond(struct pk_tcp_window *w)
{
    __u32 over = w->end - w->sender->maxend + 1;

    if (!w->receiver->maxwin || !pk_tcp_not_old(w) || !pk_tcp_ack_not_old(w) ||
        over > w->receiver->maxwin || pk_after(w->sack, w->receiver->end))
        return PK_TCP_INVALID;
    w->sender->end = w->end;
    w->sender->flags |= PK_TCPF_UNACKED;
    return PK_TCP_PASSED;
}

/* I. to IV.; TAKEN: in the window. */
PK_INLINE enum pk_tcp_end pk_tcp_fits(struct pk_tcp_window *w)
{
    if (pk_after(w->seq, w->sender->maxend))
        return pk_tcp_beyond(w);
    if (pk_after(w->sack, w->receiver->end))
        return PK_TCP_INVALID;
    if (w->receiver->maxwin && !pk_tcp_not_old(w))
        return PK_TCP_PASSED;
    return pk_tcp_ack_not_old(w) ? PK_TCP_TAKEN : PK_TCP_PASSED;
}

PK_INLINE void pk_tcp_sender(const struct pk_tcp_window *w, const struct pk_seen *seen)
{
    struct pk_state_tcp_end *e = w->sender;
    __u32 win = w->win + (w->sack - w->ack);

    if (e->maxwin < win)
        e->maxwin = win;
    if (pk_after(w->end, e->end)) {
        e->end = w->end;
        e->flags |= PK_TCPF_UNACKED;
    }
    if (!(seen->tcp_flags & PK_FLAG_ACK))
        return;
    if (!(e->flags & PK_TCPF_MAXACK_SET) || pk_after(w->ack, e->maxack))
        e->maxack = w->ack;
    e->flags |= PK_TCPF_MAXACK_SET;
}

PK_INLINE void pk_tcp_receiver(const struct pk_tcp_window *w)
{
    struct pk_state_tcp_end *e = w->receiver;

    if (e->maxwin && pk_after(w->end, w->sender->maxend))
        e->maxwin += w->end - w->sender->maxend;
    if (pk_after(w->sack + w->win, e->maxend - 1)) {
        e->maxend = w->sack + w->win;
        if (!w->win)
            e->maxend++;
    }
    if (w->ack == e->end)
        e->flags &= (__u8)~PK_TCPF_UNACKED;
}

/* The same acknowledgment again and again is counted. */
PK_INLINE void pk_tcp_repeats(struct pk_state_tcp *s, const struct pk_tcp_window *w,
                              const struct pk_seen *seen, __u32 dir)
{
    if (seen->segment != PK_TCP_ACK)
        return;
    if (s->last_dir == dir && s->last_seq == w->seq && s->last_ack == w->ack &&
        s->last_end == w->end && s->last_win == seen->win) {
        s->retrans++;
        return;
    }
    s->last_dir = (__u8)dir;
    s->last_seq = w->seq;
    s->last_ack = w->ack;
    s->last_end = w->end;
    s->last_win = seen->win;
    s->retrans = 0;
}

/* What a segment stands for where its own numbers say nothing. */
PK_INLINE void pk_tcp_assume(struct pk_tcp_window *w, const struct pk_state_tcp *s,
                             const struct pk_seen *seen)
{
    int ack = seen->tcp_flags & PK_FLAG_ACK, rst = seen->tcp_flags & PK_FLAG_RST;

    if (!ack || (rst && !w->ack)) /* some stacks set ACK in a RST, and acknowledge 0 */
        w->ack = w->sack = w->receiver->end;
    if (rst && !w->seq && s->state == PK_TCP_SYN_SENT) /* the answer to a SYN */
        w->seq = w->end = w->sender->end;
}

/* tcp_in_window(): TAKEN, PASSED or INVALID. */
PK_INLINE enum pk_tcp_end pk_tcp_in_window(struct pk_state_tcp *s, const struct pk_seen *seen,
                                           __u32 dir, const struct pk_state_rules *rules)
{
    struct pk_tcp_window w = {.sender = &s->seen[dir & 1],
                              .receiver = &s->seen[~dir & 1],
                              .seq = seen->seq,
                              .end = seen->end,
                              .ack = seen->ack,
                              .sack = seen->ack,
                              .win = seen->win};
    enum pk_tcp_end fits;

    if (w.receiver->flags & PK_TCPF_SACK_PERM)
        w.sack = seen->sack;
    if (pk_tcp_learn(&w, s, seen, dir))
        return PK_TCP_TAKEN;
    pk_tcp_assume(&w, s, seen);
    fits = pk_tcp_fits(&w);
    if (fits != PK_TCP_TAKEN)
        return w.sender->flags & PK_TCPF_LIBERAL || rules->liberal ? PK_TCP_TAKEN : fits;
    if (!(seen->tcp_flags & PK_FLAG_SYN))
        w.win <<= w.sender->scale & 15;
    pk_tcp_sender(&w, seen);
    pk_tcp_receiver(&w);
    pk_tcp_repeats(s, &w, seen, dir);
    return PK_TCP_TAKEN;
}

/*
 * A FIN or RST outside of the window, where the other end had sent one: connection and entry are
 * out of step, and the entry need not last for days (nf_tcp_handle_invalid()). `left`: its time.
 */
PK_INLINE void pk_tcp_out_of_step(struct pk_state_tcp *s, __u32 status, const struct pk_seen *seen,
                                  __u32 dir, const struct pk_state_rules *rules, __u32 left,
                                  __u32 *ret_time)
{
    __u32 unack = rules->timeout[PK_TIMEOUT_TCP_UNACK];

    if (!(status & PK_CTF_ASSURED) || (seen->segment != PK_TCP_RST && seen->segment != PK_TCP_FIN))
        return;
    if (s->last_dir != dir && (s->last_index == PK_TCP_FIN || s->last_index == PK_TCP_RST)) {
        if (left >= PK_STATE_TICKS(120) && left > unack)
            *ret_time = unack;
        return;
    }
    s->last_index = seen->segment;
    s->last_dir = (__u8)dir;
}

/*
 * A SYN that was ignored, since the connection seemed to stand, has been answered by a SYN/ACK: the
 * two ends are in step and we are not. From what was noted of the SYN.
 */
PK_INLINE int pk_tcp_answers_ignored(const struct pk_state_tcp *s, const struct pk_seen *seen,
                                     __u32 dir)
{
    return seen->segment == PK_TCP_SYNACK && s->last_index == PK_TCP_SYN && s->last_dir != dir &&
           seen->ack == s->last_end;
}

PK_INLINE void pk_tcp_in_step(struct pk_state_tcp *s, __u32 dir)
{
    struct pk_state_tcp_end *other = &s->seen[s->last_dir & 1], *own = &s->seen[dir & 1];
    __u8 liberal = own->flags & PK_TCPF_LIBERAL;

    other->end = other->maxend = s->last_end;
    other->maxwin = s->last_win ? s->last_win : 1;
    other->scale = s->last_wscale;
    s->last_flags &= (__u8)~PK_TCPF_CHALLENGE_ACK;
    other->flags = s->last_flags;
    *own = (struct pk_state_tcp_end){.flags = liberal};
}

/* A segment that is let pass without being believed: noted. */
PK_INLINE void pk_tcp_note(struct pk_state_tcp *s, const struct pk_seen *seen, __u32 dir)
{
    s->last_index = seen->segment;
    s->last_dir = (__u8)dir;
    s->last_seq = seen->seq;
    s->last_end = seen->end;
    s->last_win = seen->win;
    if (seen->segment == PK_TCP_SYN && !dir) {
        s->last_flags = seen->options & (PK_TCPF_WINDOW_SCALE | PK_TCPF_SACK_PERM);
        s->last_wscale = seen->options & PK_TCPF_WINDOW_SCALE ? seen->scale : 0;
        if (s->state == PK_TCP_LAST_ACK) /* whose ACK must not pass for that of the FIN */
            s->last_flags |= PK_TCPF_CHALLENGE_ACK;
    }
    if (s->state == PK_TCP_SYN_SENT && seen->segment == PK_TCP_ACK && dir)
        s->last_ack = seen->ack; /* may be a challenge ACK to the SYN (RFC 5961, 4.2) */
}

/* A SYN where a connection has been closed, or that follows its sender's own RST. */
PK_INLINE int pk_tcp_reopens(const struct pk_state_tcp *s, __u32 dir)
{
    return (s->seen[0].flags | s->seen[1].flags) & PK_TCPF_CLOSE_INIT ||
           (s->last_dir == dir && s->last_index == PK_TCP_RST);
}

/* An ACK that answers a SYN out of step, and not the FIN. */
PK_INLINE int pk_tcp_is_challenge(const struct pk_state_tcp *s, const struct pk_seen *seen,
                                  __u32 dir)
{
    return s->state == PK_TCP_LAST_ACK && seen->segment == PK_TCP_ACK && s->last_dir != dir &&
           s->last_index == PK_TCP_SYN && s->last_flags & PK_TCPF_CHALLENGE_ACK;
}

/* What to do about a segment that the table has a state for, before the window is checked. */
enum pk_tcp_look { PK_LOOK_WINDOW, PK_LOOK_NO_WINDOW, PK_LOOK_INVALID, PK_LOOK_ON };

/*
 * The sequence number of a RST (RFC 5961, 3.2): one before what its receiver has acknowledged is
 * invalid; another than exactly that ends no established connection, since the receiver may
 * challenge it.
 */
PK_INLINE enum pk_tcp_look pk_tcp_rst_number(const struct pk_state_tcp *s, __u32 status,
                                             const struct pk_seen *seen, __u32 dir,
                                             const struct pk_state_rules *rules, __u32 *next)
{
    const struct pk_state_tcp_end *receiver = &s->seen[~dir & 1];
    int established = s->state == PK_TCP_ESTABLISHED && status & PK_CTF_ASSURED;

    if (!seen->seq && !established)
        return PK_LOOK_WINDOW;
    if (pk_before(seen->seq, receiver->maxack) && !rules->any_rst)
        return PK_LOOK_INVALID;
    if (!established || seen->seq == receiver->maxack)
        return PK_LOOK_WINDOW;
    if (s->last_index == PK_TCP_ACK && s->last_dir == dir && seen->seq == s->last_end)
        return PK_LOOK_WINDOW; /* right behind its own data */
    *next = s->state;
    return PK_LOOK_ON; /* with the rest of pk_tcp_rst() */
}

/* May this entry be gone any time, since the connection is closing? (tcp_can_early_drop()) */
PK_INLINE int pk_tcp_closing(__u32 state)
{
    return state >= PK_TCP_FIN_WAIT && state <= PK_TCP_CLOSE;
}

/*
 * Is a RST the answer to a SYN or an ACK that was let pass? What it acknowledges is in no window
 * then. A SYN is answered by the other end: else whoever sends a SYN and a RST could end any
 * connection ("do not force CLOSE on invalid-seq RST without direction check", Linux 2026).
 */
PK_INLINE int pk_tcp_rst_answers(const struct pk_state_tcp *s, __u32 status,
                                 const struct pk_seen *seen, __u32 dir)
{
    if (seen->ack != s->last_end)
        return 0;
    if (s->last_index == PK_TCP_SYN)
        return status & PK_CTF_SEEN_REPLY && s->last_dir != dir;
    return s->last_index == PK_TCP_ACK && !(status & PK_CTF_ASSURED);
}

PK_INLINE enum pk_tcp_look pk_tcp_rst(const struct pk_state_tcp *s, __u32 status,
                                      const struct pk_seen *seen, __u32 dir,
                                      const struct pk_state_rules *rules, __u32 *next)
{
    if (pk_tcp_closing(s->state))
        return PK_LOOK_NO_WINDOW;
    if (s->seen[~dir & 1].flags & PK_TCPF_MAXACK_SET && s->last_index != PK_TCP_SYN) {
        enum pk_tcp_look look = pk_tcp_rst_number(s, status, seen, dir, rules, next);

        if (look != PK_LOOK_ON)
            return look;
    }
    if (pk_tcp_rst_answers(s, status, seen, dir))
        return PK_LOOK_NO_WINDOW;
    /* The answer to a challenge ACK. */
    if (s->state == PK_TCP_SYN_SENT && s->last_index == PK_TCP_ACK && s->last_dir == 1 &&
        seen->seq == s->last_ack)
        return PK_LOOK_NO_WINDOW;
    return PK_LOOK_WINDOW;
}

/* The time that an entry gets. */
PK_INLINE __u32 pk_tcp_time(const struct pk_state_tcp *s, const struct pk_seen *seen, __u32 next,
                            const struct pk_state_rules *rules)
{
    __u32 time = rules->timeout[next & 15], retrans = rules->timeout[PK_TIMEOUT_TCP_RETRANS],
          unack = rules->timeout[PK_TIMEOUT_TCP_UNACK];

    if (s->retrans >= rules->max_retrans && time > retrans)
        return retrans;
    if (seen->segment == PK_TCP_RST)
        return rules->timeout[PK_TCP_CLOSE];
    if ((s->seen[0].flags | s->seen[1].flags) & PK_TCPF_UNACKED && time > unack)
        return unack;
    if (!s->last_win && time > retrans)
        return retrans;
    return time;
}

/* The segment is believed. */
PK_INLINE enum pk_tcp_end pk_tcp_take(struct pk_state_tcp *s, __u32 *status,
                                      const struct pk_seen *seen, __u32 dir, __u32 old, __u32 next,
                                      const struct pk_state_rules *rules, __u32 *ret_time)
{
    s->last_index = seen->segment;
    s->last_dir = (__u8)dir;
    s->state = (__u8)next;
    if (old != next && next == PK_TCP_FIN_WAIT)
        s->seen[dir & 1].flags |= PK_TCPF_CLOSE_INIT;
    *ret_time = pk_tcp_time(s, seen, next, rules);
    if (!(*status & PK_CTF_SEEN_REPLY)) {
        if (seen->tcp_flags & PK_FLAG_RST) /* the only answer: there was no connection */
            return PK_TCP_ENDS;
        if (seen->segment == PK_TCP_SYN && old == PK_TCP_SYN_SENT)
            return PK_TCP_KEPT; /* a repeated SYN does not keep the entry alive */
        if (next == PK_TCP_ESTABLISHED && *ret_time > rules->timeout[PK_TIMEOUT_TCP_UNACK])
            *ret_time = rules->timeout[PK_TIMEOUT_TCP_UNACK]; /* picked up, and no answer yet */
    } else if ((old == PK_TCP_SYN_RECV || old == PK_TCP_ESTABLISHED) &&
               next == PK_TCP_ESTABLISHED) {
        *status |= PK_CTF_ASSURED;
    }
    return PK_TCP_TAKEN;
}

/*
 * The first segment of a connection, whose entry is zero. 0: none may begin so. The segment then
 * goes through pk_tcp_segment() as any other. What is not set here stays 0, last_end with it: a RST
 * of the other end that acknowledges 0 passes for one that answers the SYN, as in tcp_new().
 */
PK_INLINE int pk_tcp_may_open(const struct pk_seen *seen, const struct pk_state_rules *rules)
{
    __u32 next = pk_tcp_next(0, seen->segment, PK_TCP_NONE);

    return next == PK_TCP_SYN_SENT || (next == PK_TCP_ESTABLISHED && rules->loose);
}

PK_INLINE void pk_tcp_open(struct pk_state_tcp *s, const struct pk_seen *seen)
{
    struct pk_state_tcp_end *e = &s->seen[0];

    e->end = e->maxend = seen->end;
    e->maxwin = seen->win ? seen->win : 1;
    if (seen->segment == PK_TCP_SYN) {
        pk_tcp_take_options(e, seen);
    } else { /* in mid-stream: its scale is not known */
        e->maxend += e->maxwin;
        e->flags = s->seen[1].flags = PK_TCPF_SACK_PERM | PK_TCPF_LIBERAL;
    }
    s->last_index = PK_TCP_NOTHING;
}

/*
 * A segment of direction `dir` for the connection `s` with the status *status (PK_CTF_*), whose
 * time is up in `left` ticks.
 */
PK_INLINE enum pk_tcp_end pk_tcp_segment(struct pk_state_tcp *s, __u32 *status,
                                         const struct pk_seen *seen, __u32 dir,
                                         const struct pk_state_rules *rules, __u32 left,
                                         __u32 *ret_time)
{
    __u32 old = s->state, next = pk_tcp_next(dir, seen->segment, old);
    enum pk_tcp_look look = PK_LOOK_WINDOW;
    enum pk_tcp_end r;

    *ret_time = 0;
    if (seen->partial) { /* how much it carries is not known: windows cannot be checked any more */
        s->seen[0].flags |= PK_TCPF_LIBERAL;
        s->seen[1].flags |= PK_TCPF_LIBERAL;
    }
    if (next == PK_TCP_IV)
        return PK_TCP_INVALID;
    if (next == PK_TCP_SYN_SENT && old >= PK_TCP_TIME_WAIT && pk_tcp_reopens(s, dir))
        return PK_TCP_REOPENS;
    if (next == PK_TCP_IG || (next == PK_TCP_SYN_SENT && old >= PK_TCP_TIME_WAIT)) {
        if (!pk_tcp_answers_ignored(s, seen, dir)) {
            pk_tcp_note(s, seen, dir);
            return PK_TCP_PASSED;
        }
        pk_tcp_in_step(s, dir);
        old = PK_TCP_SYN_SENT;
        next = PK_TCP_SYN_RECV;
    } else if (next == PK_TCP_TIME_WAIT && pk_tcp_is_challenge(s, seen, dir)) {
        s->last_flags &= (__u8)~PK_TCPF_CHALLENGE_ACK;
        return PK_TCP_PASSED;
    } else if (next == PK_TCP_SYN_SENT2) {
        s->last_flags |= PK_TCPF_SIMULTANEOUS;
    } else if (next == PK_TCP_SYN_RECV && dir && seen->segment == PK_TCP_ACK &&
               s->last_flags & PK_TCPF_SIMULTANEOUS) {
        next = PK_TCP_ESTABLISHED;
    } else if (next == PK_TCP_CLOSE && seen->segment == PK_TCP_RST) {
        look = pk_tcp_rst(s, *status, seen, dir, rules, &next);
    }
    if (look == PK_LOOK_INVALID)
        return PK_TCP_INVALID;
    if (look == PK_LOOK_WINDOW) {
        r = pk_tcp_in_window(s, seen, dir, rules);
        if (r == PK_TCP_INVALID)
            pk_tcp_out_of_step(s, *status, seen, dir, rules, left, ret_time);
        if (r != PK_TCP_TAKEN)
            return r;
    }
    return pk_tcp_take(s, status, seen, dir, old, next, rules, ret_time);
}
