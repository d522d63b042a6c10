// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One packet and the table: pk_track_packet() before the rules are asked, pk_track_keep() once they
 * have accepted it. Shared by user space and BPF. Besides what packet/frame.h asks for, the
 * includer provides
 *
 *     struct pk_state_bucket *pk_bucket(__u32 i);   NULL: there is none
 *     pk_lock(b), pk_unlock(b)                      of a bucket
 *     const struct pk_state_config *pk_state_config(void);
 *     const struct pk_state_rules *pk_state_rules(void);   NULL: there are none
 *     __u64 pk_clock(void);                         ns, finer than the ticks
 *     PK_GLOBAL, PK_CTX, pk_source_init()           see classify/walk.h
 *
 * As in Linux, what is known of a connection changes before the rules are asked, and an entry is
 * made after they have accepted its first packet: what they drop costs no place.
 *
 * A look-up takes no lock, and may read what is being written: whoever changes an entry compares
 * the key again, under the lock.
 */
#pragma once

#include "state/counts.h"
#include "base/bits.h"
#include "state/rtt.h"
#include "state/sctp.h"

/* A place's number as the verifier of Linux 6.1 believes it. */
PK_INLINE __u32 pk_way(__u32 way)
{
    __asm__ volatile("" : "+r"(way));
    return way & (PK_STATE_WAYS - 1);
}

/* Of a bucket: the place of a key, or PK_STATE_WAYS. */
PK_INLINE __u32 pk_bucket_find(const struct pk_state_bucket *b, const struct pk_state_key *k,
                               __u16 tag, __u32 now)
{
    __u32 i;

#pragma GCC unroll 8
    for (i = 0; i < PK_STATE_WAYS; i++)
        if (b->tag[i] == tag && pk_state_lives(b->until[i], now) &&
            pk_state_key_equal(&b->entry[i].key, k))
            return i;
    return PK_STATE_WAYS;
}

/* The place that ends soonest of those that are not held; one that has ended is free. */
PK_INLINE __u32 pk_bucket_room(const struct pk_state_bucket *b, __u32 now)
{
    __u32 best = PK_STATE_WAYS, least = ~0u, i;

#pragma GCC unroll 8
    for (i = 0; i < PK_STATE_WAYS; i++) {
        __u32 lives = pk_state_lives(b->until[i], now);
        __u32 left = (b->until[i] - now) & -lives;
        __u32 less = pk_less_mask(left | -(lives & b->held >> i), least);

        best = (i & less) | (best & ~less);
        least = (left & less) | (least & ~less);
    }
    return best;
}

/* How unwelcome one more is: the entries that live, and of a full bucket also those held. */
PK_INLINE __u32 pk_bucket_pressure(const struct pk_state_bucket *b, __u32 now)
{
    __u32 live = 0, held = 0, i;

#pragma GCC unroll 8
    for (i = 0; i < PK_STATE_WAYS; i++) {
        live += pk_state_lives(b->until[i], now);
        held += b->held >> i & 1;
    }
    return live < PK_STATE_WAYS ? live : live + held;
}

/* Where the packet's entry stands; 0: nowhere. */
PK_GLOBAL int pk_track_find(struct pk_track *t)
{
    const struct pk_state_bucket *b;
    __u32 n, way, second;

    if (!t)
        return 0;
    for (second = 0; second < 2; second++) {
        n = pk_state_bucket_of(t->hash, pk_state_config()->buckets, (int)second);
        b = pk_bucket(n);
        if (!b)
            return 0;
        way = pk_bucket_find(b, &t->seen.key, pk_state_tag(t->hash), t->now);
        if (way < PK_STATE_WAYS) {
            t->bucket = n;
            t->way = way;
            return 1;
        }
        if (!(b->held & PK_STATE_SPILLED))
            return 0;
    }
    return 0;
}

/* UDP: a flow of both directions that lasts becomes a stream (nf_conntrack_udp_packet()). */
PK_INLINE __u32 pk_udp_time(struct pk_state_entry *e, __u32 now, const struct pk_state_rules *rules)
{
    if (!e->udp.stream_at)
        e->udp.stream_at = now + PK_STATE_TICKS(2);
    if (!(e->status & PK_CTF_SEEN_REPLY) || (__s32)(now - e->udp.stream_at) <= 0)
        return rules->timeout[PK_TIMEOUT_UDP];
    e->status |= PK_CTF_ASSURED;
    return rules->timeout[PK_TIMEOUT_UDP_STREAM];
}

/* UDP-Lite and GRE: an answer is enough. */
PK_INLINE __u32 pk_answered_time(struct pk_state_entry *e, __u32 time, __u32 answered)
{
    if (!(e->status & PK_CTF_SEEN_REPLY))
        return time;
    e->status |= PK_CTF_ASSURED;
    return answered;
}

/* The time that an entry of another protocol than TCP and SCTP gets from a packet. */
PK_INLINE __u32 pk_other_time(struct pk_state_entry *e, __u32 now,
                              const struct pk_state_rules *rules)
{
    switch (e->key.proto) {
    case 17:
        return pk_udp_time(e, now, rules);
    case 136:
        return pk_answered_time(e, rules->timeout[PK_TIMEOUT_UDP],
                                rules->timeout[PK_TIMEOUT_UDP_STREAM]);
    case 47:
        return pk_answered_time(e, rules->timeout[PK_TIMEOUT_GRE],
                                rules->timeout[PK_TIMEOUT_GRE_STREAM]);
    case 1:
        return rules->timeout[PK_TIMEOUT_ICMP];
    case 58:
        return rules->timeout[PK_TIMEOUT_ICMPV6];
    default:
        return rules->timeout[PK_TIMEOUT_GENERIC];
    }
}

/* Whether a flood of new connections may not take this entry's place: see state.h. */
PK_INLINE __u32 pk_state_held(const struct pk_state_entry *e)
{
    if (!(e->status & PK_CTF_ASSURED))
        return 0;
    if (e->key.proto == 132)
        return !pk_sctp_closing(e->sctp.state);
    return e->key.proto != 6 || e->tcp.state < PK_TCP_LAST_ACK || e->tcp.state > PK_TCP_CLOSE;
}

/* The time of the half of a handshake that the packet ends (rtt.h). */
PK_INLINE __u32 pk_entry_rtt(struct pk_state_entry *e, const struct pk_track *t, __u32 old,
                             enum pk_tcp_end r)
{
    if (e->key.proto != 6 || r == PK_TCP_INVALID || t->now - e->born >= PK_RTT_LONGEST)
        return 0;
    return pk_rtt_segment(&e->tcp, &t->seen, t->seen.from != e->orig, old, r == PK_TCP_TAKEN,
                          t->at);
}

/* A packet for an entry that lasts `left` ticks more. The new time is *ret_time, if not 0. */
PK_INLINE enum pk_tcp_end pk_entry_packet(struct pk_state_entry *e, const struct pk_track *t,
                                          __u32 left, const struct pk_state_rules *rules,
                                          __u32 *ret_time)
{
    const struct pk_seen *seen = &t->seen;
    __u32 reply = seen->from != e->orig;
    enum pk_tcp_end r = PK_TCP_TAKEN;

    if (e->key.proto == 6)
        r = pk_tcp_segment(&e->tcp, &e->status, seen, reply, rules, left, ret_time);
    else if (e->key.proto == 132)
        r = pk_sctp_settle(e, t, rules, ret_time);
    else
        *ret_time = pk_other_time(e, t->now, rules);
    if (reply && r != PK_TCP_INVALID && r < PK_TCP_REOPENS)
        e->status |= PK_CTF_SEEN_REPLY;
    return r;
}

/* What --ctstate calls the packet (resolve_normal_ct()). */
PK_INLINE __u32 pk_track_info(const struct pk_state_entry *e, const struct pk_seen *seen)
{
    if (seen->from != e->orig)
        return PK_CT_ESTABLISHED + PK_CT_IS_REPLY;
    return e->status & PK_CTF_SEEN_REPLY ? PK_CT_ESTABLISHED : PK_CT_NEW;
}

PK_INLINE void pk_bucket_hold(struct pk_state_bucket *b, __u32 way)
{
    __u32 bit = 1u << (way & 7);

    b->held = pk_state_held(&b->entry[way]) ? b->held | bit : b->held & ~bit;
}

/*
 * Packets have passed unseen, since a rule set was in force that asks for no state: where the
 * windows are is not known any more. As nf_ct_tcp_fixup(), when Linux begins to track again.
 */
PK_INLINE void pk_entry_forget(struct pk_state_entry *e)
{
    e->tcp.seen[0].maxwin = e->tcp.seen[1].maxwin = 0;
    pk_rtt_begin(&e->tcp, 0);
}

PK_INLINE void pk_entry_resume(struct pk_state_entry *e, __u8 epoch)
{
    if (e->epoch != epoch && e->key.proto == 6)
        pk_entry_forget(e);
    e->epoch = epoch;
}

/* Under the lock of bucket `b`: the packet and the entry at t->way, if it is still the packet's. */
PK_INLINE enum pk_tcp_end pk_bucket_packet(struct pk_state_bucket *b, struct pk_track *t,
                                           const struct pk_state_rules *rules)
{
    __u32 way = pk_way(t->way), time = 0, old;
    struct pk_state_entry *e = &b->entry[way];
    enum pk_tcp_end r;

    if (!pk_state_lives(b->until[way], t->now) || !pk_state_key_equal(&e->key, &t->seen.key))
        return PK_TCP_REOPENS; /* gone meanwhile */
    pk_entry_resume(e, (__u8)t->epoch);
    t->info = pk_track_info(e, &t->seen);
    old = e->tcp.state;
    r = pk_entry_packet(e, t, b->until[way] - t->now, rules, &time);
    t->rtt = pk_entry_rtt(e, t, old, r);
    if (time && (r == PK_TCP_TAKEN || r == PK_TCP_INVALID))
        b->until[way] = t->now + time;
    pk_bucket_hold(b, way);
    t->status = e->status;
    t->orig = e->orig;
    t->until = b->until[way];
    if (r == PK_TCP_ENDS || r == PK_TCP_REOPENS)
        b->until[way] = 0;
    return r;
}

/* Of SCTP, before pk_track_update(): what the packet comes to. */
PK_GLOBAL int pk_track_judge(struct pk_track *t)
{
    const struct pk_state_bucket *b = t ? pk_bucket(t->bucket) : 0;

    if (b)
        pk_sctp_judge(t, &b->entry[pk_way(t->way)]);
    return 0;
}

/* The packet and its entry; an enum pk_tcp_end. */
PK_GLOBAL int pk_track_update(struct pk_track *t)
{
    const struct pk_state_rules *rules = pk_state_rules();
    struct pk_state_bucket *b = t ? pk_bucket(t->bucket) : 0;
    enum pk_tcp_end r;

    if (!b || !rules)
        return PK_TCP_REOPENS;
    if (pk_rtt_wants(&t->seen, b->entry[pk_way(t->way)].tcp.state))
        t->at = pk_rtt_stamp(pk_clock());
    pk_lock(b);
    r = pk_bucket_packet(b, t, rules);
    pk_unlock(b);
    return r;
}

/* No entry, or none any more: the packet is NEW, or INVALID. */
PK_INLINE void pk_track_miss(struct pk_track *t)
{
    const struct pk_state_rules *rules = pk_state_rules();

    t->status = t->until = 0; /* of one that has just ended */
    if (!rules || t->seen.kind != PK_SEEN_OPENS ||
        (t->seen.key.proto == 6 && !pk_tcp_may_open(&t->seen, rules)) ||
        (t->seen.key.proto == 132 && !pk_sctp_may_open(&t->seen)))
        return;
    t->entry = PK_TRACK_NEW;
    t->info = PK_CT_NEW;
    t->orig = t->seen.from;
}

/*
 * What is read of the packet, and of one that an ICMP error is about; and whether the error is
 * unchanged on its way. One by one, since the verifier follows each way through all of a function.
 */
PK_GLOBAL int pk_track_see(PK_CTX *ctx, const struct pk_packet *p, struct pk_track *t)
{
    struct pk_source s;

    if (!p || !t)
        return PK_SEEN_INVALID;
    pk_source_init(&s, ctx);
    pk_see(&s, p, &t->seen);
    return t->seen.kind;
}

PK_GLOBAL int pk_track_see_error(PK_CTX *ctx, const struct pk_packet *p, struct pk_track *t)
{
    struct pk_source s;

    if (!p || !t)
        return PK_SEEN_INVALID;
    pk_source_init(&s, ctx);
    t->seen.kind = (__u8)pk_seen_error(&s, p, &t->seen);
    return t->seen.kind;
}

PK_GLOBAL int pk_track_sum_right(PK_CTX *ctx, const struct pk_packet *p)
{
    struct pk_source s;

    if (!p)
        return 0;
    pk_source_init(&s, ctx);
    return pk_icmp_sum_right(&s, p);
}

/* As Linux, which sums what comes in (NF_INET_PRE_ROUTING) and believes what the host itself sends.
 */
PK_INLINE int pk_track_believed(PK_CTX *ctx, const struct pk_packet *p, const struct pk_track *t)
{
    return t->own || pk_track_sum_right(ctx, p);
}

/* RELATED. Its direction is part of what was read (pk_seen_error()). */
PK_INLINE void pk_track_error(PK_CTX *ctx, const struct pk_packet *p, struct pk_track *t)
{
    const struct pk_state_bucket *b = pk_bucket(t->bucket);
    __u32 way = pk_way(t->way);

    if (!b || !pk_track_believed(ctx, p, t))
        return;
    t->entry = PK_TRACK_KNOWN;
    t->status = b->entry[way].status;
    t->until = b->until[way];
    t->orig = b->entry[way].orig;
    t->info = PK_CT_RELATED + (t->seen.from != t->orig ? PK_CT_IS_REPLY : 0);
}

/* A later fragment has the state that the first one of its datagram had. */
PK_INLINE void pk_track_fragment(struct pk_track *t)
{
    const struct pk_state_bucket *b = pk_bucket(t->bucket);
    __u32 way = pk_way(t->way);

    if (!b)
        return;
    t->entry = PK_TRACK_KNOWN;
    t->info = b->entry[way].fragment.info;
    t->status = b->entry[way].fragment.status;
    t->until = b->until[way];
    t->orig = t->info >= PK_CT_IS_REPLY;
}

/* How often a packet of SCTP may find that another CPU's has changed the association meanwhile,
 * before it is INVALID: nobody has to wait. */
#define PK_TRACK_TRIES 4

PK_INLINE int pk_track_change(struct pk_track *t)
{
    int r = PK_TCP_AGAIN, i;

    if (t->seen.key.proto != 132)
        return pk_track_update(t);
    for (i = 0; i < PK_TRACK_TRIES && r == PK_TCP_AGAIN; i++) {
        pk_track_judge(t);
        r = pk_track_update(t);
    }
    return r == PK_TCP_AGAIN ? PK_TCP_INVALID : r;
}

PK_INLINE void pk_track_known(struct pk_track *t)
{
    int r = pk_track_change(t);

    if (r == PK_TCP_REOPENS)
        pk_track_miss(t);
    else if (r != PK_TCP_INVALID)
        t->entry = PK_TRACK_KNOWN;
}

/* A query and its answer are looked at, but for a first fragment, of which not all is there. */
PK_INLINE int pk_track_query_right(PK_CTX *ctx, const struct pk_packet *p, const struct pk_track *t)
{
    return t->seen.kind == PK_SEEN_ERROR || t->seen.kind == PK_SEEN_FRAGMENT || t->seen.partial ||
           (t->seen.key.proto != 1 && t->seen.key.proto != 58) || pk_track_believed(ctx, p, t);
}

/* `t` is zero but for `now`, `epoch`, `own` and the key's zone. Afterwards t->entry and t->info say
 * what the rules may ask. */
PK_INLINE void pk_track_packet(PK_CTX *ctx, const struct pk_packet *p, struct pk_track *t)
{
    int kind = pk_track_see(ctx, p, t);

    if (kind == PK_SEEN_ERROR)
        kind = pk_track_see_error(ctx, p, t);
    if (kind == PK_SEEN_UNTRACKED)
        t->info = PK_CT_UNTRACKED;
    if (kind <= PK_SEEN_UNTRACKED || !pk_track_query_right(ctx, p, t))
        return;
    t->hash = pk_state_hash(&t->seen.key, &pk_state_config()->seed);
    if (!pk_track_find(t))
        pk_track_miss(t);
    else if (kind == PK_SEEN_ERROR)
        pk_track_error(ctx, p, t);
    else if (kind == PK_SEEN_FRAGMENT)
        pk_track_fragment(t);
    else
        pk_track_known(t);
}

/* Writes down what pk_track_packet() found to be new, in place `way`. */
PK_INLINE void pk_bucket_put(struct pk_state_bucket *b, __u32 way, const struct pk_track *t,
                             const struct pk_state_rules *rules)
{
    struct pk_state_entry *e = &b->entry[way];

    b->tag[way] = pk_state_tag(t->hash);
    b->held &= ~(1u << (way & 7));
    *e = (struct pk_state_entry){.key = t->seen.key, .status = PK_CTF_CONFIRMED, .born = t->now};
    e->orig = t->seen.from;
    e->epoch = (__u8)t->epoch;
    if (t->seen.key.family & PK_STATE_FRAGMENT) {
        e->fragment.info = t->info;
        e->fragment.status = t->status;
        b->until[way] = t->now + rules->timeout[PK_TIMEOUT_FRAGMENT];
        return;
    }
    if (t->seen.key.proto == 6)
        pk_tcp_open(&e->tcp, &t->seen);
    if (t->seen.key.proto == 132)
        pk_sctp_open(&e->sctp, &t->seen);
    b->until[way] = t->now + 1; /* until the packet itself has gone through the machine */
}

/* As what an entry gives way. */
PK_INLINE enum pk_state_evicted pk_entry_evicted(const struct pk_state_entry *e)
{
    if (e->key.proto != 6 || e->key.family & PK_STATE_FRAGMENT)
        return PK_EVICT_OTHER;
    return e->status & PK_CTF_ASSURED ? PK_EVICT_CLOSED : PK_EVICT_HALF_OPEN;
}

/* Before a key goes to its second bucket: who looks for it has to find it there. */
PK_INLINE void pk_track_spill(const struct pk_track *t)
{
    struct pk_state_bucket *b =
        pk_bucket(pk_state_bucket_of(t->hash, pk_state_config()->buckets, 0));

    if (!b || b->held & PK_STATE_SPILLED)
        return;
    pk_lock(b);
    b->held |= PK_STATE_SPILLED;
    pk_unlock(b);
}

/*
 * Into the first or second bucket. 0: all its places are held. If somebody else has made the entry
 * meanwhile, that is the one; but a datagram's says what its newest first fragment was.
 */
PK_GLOBAL int pk_track_put(struct pk_track *t, __u32 second)
{
    const struct pk_state_rules *rules = pk_state_rules();
    struct pk_state_bucket *b;
    __u32 n, way, is_old, there;

    if (!t || !rules)
        return 0;
    if (second)
        pk_track_spill(t);
    n = pk_state_bucket_of(t->hash, pk_state_config()->buckets, second != 0);
    b = pk_bucket(n);
    if (!b)
        return 0;
    pk_lock(b);
    way = pk_bucket_find(b, &t->seen.key, pk_state_tag(t->hash), t->now);
    is_old = way < PK_STATE_WAYS;
    if (!is_old)
        way = pk_bucket_room(b, t->now);
    there = way < PK_STATE_WAYS;
    way = pk_way(way);
    if (there) {
        if (!is_old && pk_state_lives(b->until[way], t->now))
            t->pushed |= 1u << pk_entry_evicted(&b->entry[way]);
        if (!is_old || t->seen.key.family & PK_STATE_FRAGMENT)
            pk_bucket_put(b, way, t, rules);
        t->bucket = n;
        t->way = way;
    }
    pk_unlock(b);
    return (int)there;
}

/*
 * Which of the two buckets: the first, where a search looks first, unless that is nearly full and
 * the second has more room. At two thirds of all places in use one entry in ten stands in its
 * second bucket; to take the emptier one always would be a third.
 */
PK_GLOBAL __u32 pk_track_choose(struct pk_track *t)
{
    const struct pk_state_bucket *a, *b;
    __u32 first;

    if (!t)
        return 0;
    a = pk_bucket(pk_state_bucket_of(t->hash, pk_state_config()->buckets, 0));
    b = pk_bucket(pk_state_bucket_of(t->hash, pk_state_config()->buckets, 1));
    if (!a || !b)
        return 0;
    first = pk_bucket_pressure(a, t->now);
    t->looked = (__u16)(1 + (first < PK_STATE_WAYS ? first : PK_STATE_WAYS));
    return first >= PK_STATE_WAYS - 2 && first > pk_bucket_pressure(b, t->now);
}

/* An entry for t->seen.key; 0: the table is full. */
PK_INLINE int pk_track_make(struct pk_track *t)
{
    __u32 second = pk_track_choose(t);

    return pk_track_put(t, second) || pk_track_put(t, !second);
}

/*
 * The packet has been accepted: what is new gets its entry, and the first fragment of a datagram
 * leaves its state to the others. 0: the table is full, and the packet is to be dropped.
 */
PK_INLINE int pk_track_keep(const struct pk_packet *p, struct pk_track *t)
{
    __u32 info = t->info, status = t->status;

    if (t->entry == PK_TRACK_NEW) {
        if (!pk_track_make(t))
            return 0;
        pk_track_change(t);
    }
    if (t->entry == PK_TRACK_NONE || !t->seen.partial || t->seen.kind == PK_SEEN_ERROR)
        return 1;
    t->info = info;
    t->status = status;
    pk_fragment_key(&t->seen.key, p, t->seen.ident);
    t->hash = pk_state_hash(&t->seen.key, &pk_state_config()->seed);
    return pk_track_make(t);
}
