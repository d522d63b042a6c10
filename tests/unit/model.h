// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One entry of the table and the reference that judges it, for test_model.c: a node is both, step()
 * leads from one to the next, and all that were found stand in a struct found.
 *
 * The reference is what RFC 9293, 3.5 asks of two ends before both can take their connection to be
 * open. Each has sent a SYN, and each has acknowledged the other's (figures 6 and 7). What counts
 * as an acknowledgment: RFC 5961, 5, SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT, with 66,000 for
 * MAX.SND.WND. What is called INVALID does not reach the other end; but the machine learns of its
 * numbers, as Linux does.
 */
#pragma once

#include <setjmp.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "packet/packet.h"

struct pk_source {
    int unused;
};

/* seen.h asks for one, but no segment here is read from bytes. */
static int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    (void)s, (void)off, (void)dst, (void)len;
    return -1;
}

#include "state/state.h"
#include "state/rules.h"

static struct pk_state_bucket bucket;
static const struct pk_state_config config = {.seed = {3, 5}, .buckets = 1};
static struct pk_state_rules rules;

static struct pk_state_bucket *pk_bucket(__u32 i)
{
    return i ? NULL : &bucket;
}

static const struct pk_state_config *pk_state_config(void)
{
    return &config;
}

static const struct pk_state_rules *pk_state_rules(void)
{
    return &rules;
}

static uint64_t pk_clock(void)
{
    return 1;
}

#define pk_lock(b) ((void)(b))
#define pk_unlock(b) ((void)(b))
#define PK_GLOBAL static __attribute__((unused))
#define PK_CTX const struct pk_source
#define pk_source_init(source, ctx) (*(source) = *(ctx))

#include "state/track.h"
#include "state/table.h"

#define NOW 1000u
#define WINDOW 1000u
#define GROWN (WINDOW + 1)
#define BIT(end) (uint8_t)(1u << (end))

struct opening {
    uint8_t there;
    uint8_t orig;
    uint8_t excused; /* seeded, or picked up in mid-stream, and not closed since */
    uint8_t heard;   /* ends of which a segment got through */
    uint8_t syn;     /* ends of which a SYN did */
    uint8_t bare;    /* ends of which a SYN without ACK did */
    uint8_t acked;   /* ends whose SYN was acknowledged */
    uint8_t sent[2]; /* by each end: bit per place of its numbers (enum place) */
};

struct node {
    struct pk_state_tcp tcp;
    uint32_t status;
    struct opening o;
    uint8_t pad[7];
};

_Static_assert(sizeof(struct node) == 80, "compared and hashed as bytes");

/* All nodes that were found, in the order in which they were; and a hash of them. */
struct found {
    struct node *node;
    uint32_t *slot; /* index + 1 */
    size_t n, room, slots;
};

static uint64_t hash_of(const struct node *n)
{
    uint64_t h = 0xcbf29ce484222325, w;

    for (size_t i = 0; i + 8 <= sizeof(*n); i += 8) {
        memcpy(&w, (const char *)n + i, 8);
        h = (h ^ w) * 0x9e3779b97f4a7c15;
        h ^= h >> 29;
    }
    return h;
}

static void rehash(struct found *f)
{
    free(f->slot);
    f->slots = f->room * 2;
    f->slot = calloc(f->slots, sizeof(*f->slot));
    assert_non_null(f->slot);
    for (size_t i = 0; i < f->n; i++) {
        size_t at = hash_of(&f->node[i]) % f->slots;

        while (f->slot[at])
            at = (at + 1) % f->slots;
        f->slot[at] = (uint32_t)i + 1;
    }
}

static void add(struct found *f, const struct node *n)
{
    size_t at;

    if (f->n == f->room) {
        f->room = f->room ? 2 * f->room : 4096;
        f->node = realloc(f->node, f->room * sizeof(*f->node));
        assert_non_null(f->node);
        rehash(f);
    }
    for (at = hash_of(n) % f->slots; f->slot[at]; at = (at + 1) % f->slots)
        if (!memcmp(&f->node[f->slot[at] - 1], n, sizeof(*n)))
            return;
    f->node[f->n++] = *n;
    f->slot[at] = (uint32_t)f->n;
}

static void done(struct found *f)
{
    free(f->node);
    free(f->slot);
}

/* What a search goes by. */
struct search {
    struct found found;
    const struct pk_seen *segment; /* with all its numbers; NULL: search "flags" */
    size_t n_segments;
    unsigned long n_open;    /* times that an entry was ESTABLISHED, and not excused */
    unsigned long one_sided; /* ESTABLISHED, though one end's SYN was not acknowledged */
    unsigned states;         /* bit per enum pk_tcp_state that was met */
};

/* Where numbers of an end may lie: from its ISS on. */
enum place { OLD, ISS, FIRST, FINISHED, DATA, AHEAD, OTHER, OTHER_FIRST, PLACES, ZERO = PLACES };

static uint32_t number(unsigned end, enum place place)
{
    static const uint32_t iss[2] = {1000000, 0xfffe8000}; /* AHEAD of the second one wraps */
    static const uint32_t at[PLACES] = {
        [OLD] = 0 - 100000u,
        [FIRST] = 1,
        [FINISHED] = 2,
        [DATA] = 101,
        [AHEAD] = 100000,
        [OTHER] = 1u << 30,
        [OTHER_FIRST] = (1u << 30) + 1,
    };

    return place == ZERO ? 0 : iss[end & 1] + at[place];
}

static bool was_sent(const struct opening *o, unsigned end, uint32_t ack)
{
    for (unsigned i = 0; i < PLACES; i++)
        if (o->sent[end] & BIT(i) && number(end, (enum place)i) - ack <= 66000)
            return true;
    return false;
}

/* Also what lies just below, since it makes no difference to was_sent(). */
static void note_sent(struct opening *o, const struct pk_seen *s)
{
    static const enum place below[PLACES] = {
        [FIRST] = ISS, [FINISHED] = FIRST, [DATA] = FINISHED, [OTHER_FIRST] = OTHER};
    uint8_t *sent = &o->sent[s->from];

    if (o->acked & BIT(s->from))
        return;
    for (unsigned i = PLACES; i--;) {
        uint32_t at = number(s->from, (enum place)i);

        if (s->seq == at || s->end == at)
            *sent |= BIT(i);
        if (*sent & BIT(i) && below[i])
            *sent |= BIT(below[i]);
    }
}

/* A segment that got through. */
static void hear(struct opening *o, const struct pk_seen *s, bool with_numbers)
{
    unsigned other = s->from ^ 1u;

    o->heard |= BIT(s->from);
    if (s->tcp_flags & PK_FLAG_RST)
        return;
    if (s->tcp_flags & PK_FLAG_ACK && o->syn & BIT(other) &&
        (!with_numbers || was_sent(o, other, s->ack))) {
        o->acked |= BIT(other);
        o->sent[other] = 0; /* is not asked any more */
    }
    if (s->tcp_flags & PK_FLAG_SYN) {
        o->syn |= BIT(s->from);
        o->bare |= s->tcp_flags & PK_FLAG_ACK ? 0 : BIT(s->from);
    }
}

/* In simultaneous open (both have sent a SYN without ACK) Linux takes one end's ACK for both. */
static bool is_open(const struct opening *o)
{
    return o->syn == 3 && (o->acked == 3 || (o->bare == 3 && o->acked));
}

/* Both FINs, or a RST: what follows needs a handshake of its own. */
static void note_closed(struct opening *o, uint8_t before, uint8_t after)
{
    if (after != before && (after == PK_TCP_TIME_WAIT || after == PK_TCP_CLOSE))
        o->excused = o->syn = o->bare = o->acked = 0;
}

static void check(struct search *s, const struct opening *before, const struct node *after,
                  const struct pk_seen *seen, uint32_t said)
{
    const struct opening *o = &after->o;

    if (said == PK_CTS_ESTABLISHED)
        assert_true(before->there && before->heard & BIT(seen->from ^ 1));
    if (!o->there)
        return;
    s->states |= 1u << after->tcp.state;
    if (after->status & (PK_CTF_SEEN_REPLY | PK_CTF_ASSURED))
        assert_int_equal(o->heard, 3);
    if (after->tcp.state != PK_TCP_ESTABLISHED || o->excused)
        return;
    if (!is_open(o))
        fail_msg("ESTABLISHED by flags %#x of end %u: SYN of ends %u, acknowledged %u",
                 seen->tcp_flags, seen->from, o->syn, o->acked);
    s->n_open++;
    s->one_sided += o->acked != 3;
}

static const struct pk_state_key key = {.proto = 6, .family = PK_IPV4};

static void enter(const struct node *n)
{
    bucket.entry[0] =
        (struct pk_state_entry){.key = key, .status = n->status, .orig = n->o.orig, .tcp = n->tcp};
    bucket.tag[0] = pk_state_tag(pk_state_hash(&key, &config.seed));
    bucket.until[0] = n->o.there ? NOW + 100000 : 0;
}

/* The entry, without what makes no difference any more: see where it is read, in tcp.h. */
static void forget_unread(struct pk_state_tcp *t)
{
    bool in_syn = t->state == PK_TCP_SYN_SENT || t->state == PK_TCP_SYN_SENT2;

    t->last_seq = 0;
    t->retrans = 0;
    if (t->last_index == PK_TCP_SYNACK)
        t->last_index = PK_TCP_NOTHING;
    if (t->last_index == PK_TCP_NOTHING)
        t->last_dir = 0;
    if (t->state != PK_TCP_SYN_SENT || t->last_index != PK_TCP_ACK)
        t->last_ack = 0;
    if (!in_syn && t->last_index != PK_TCP_ACK && t->last_index != PK_TCP_SYN)
        t->last_end = t->last_win = 0;
    if (t->state != PK_TCP_LAST_ACK)
        t->last_flags &= (uint8_t)~PK_TCPF_CHALLENGE_ACK;
    for (unsigned i = 0; i < 2; i++) {
        struct pk_state_tcp_end *e = &t->seen[i];

        e->at = 0;
        e->flags &= PK_TCPF_CLOSE_INIT | PK_TCPF_LIBERAL | PK_TCPF_MAXACK_SET;
        if (!(e->flags & PK_TCPF_MAXACK_SET) || pk_tcp_closing(t->state))
            e->maxack = 0;
        if (e->maxwin > WINDOW)
            e->maxwin = GROWN;
    }
}

/* "flags": of an entry stands what is no number, nor about how numbers are checked. */
static void forget_numbers(struct pk_state_tcp *t)
{
    t->last_ack = t->last_end = 0;
    t->last_win = 0;
    t->last_flags &= PK_TCPF_CHALLENGE_ACK | PK_TCPF_SIMULTANEOUS;
    for (unsigned i = 0; i < 2; i++)
        t->seen[i] = (struct pk_state_tcp_end){.flags = t->seen[i].flags & PK_TCPF_CLOSE_INIT};
}

static void leave(const struct search *s, struct node *n)
{
    const struct pk_state_entry *e = &bucket.entry[0];

    if (!pk_state_lives(bucket.until[0], NOW)) {
        *n = (struct node){0};
        return;
    }
    n->tcp = e->tcp;
    n->status = e->status & (PK_CTF_SEEN_REPLY | PK_CTF_ASSURED);
    n->o.orig = e->orig;
    forget_unread(&n->tcp);
    if (!s->segment)
        forget_numbers(&n->tcp);
}

static uint32_t state_of(const struct pk_track *t)
{
    return t->entry == PK_TRACK_NONE ? PK_CTS_INVALID : 2u << (t->info % PK_CT_IS_REPLY);
}

/* pk_track_packet() and pk_track_keep(), from what was read of the packet on. */
static void step(struct search *s, struct node *n, const struct pk_seen *seen)
{
    struct pk_track t = {.seen = *seen, .now = NOW};
    struct opening before = n->o;
    uint8_t state = n->tcp.state;

    t.seen.key = key;
    t.seen.kind = PK_SEEN_OPENS;
    t.hash = pk_state_hash(&key, &config.seed);
    if (pk_track_find(&t))
        pk_track_known(&t);
    else
        pk_track_miss(&t);
    if (t.entry == PK_TRACK_NEW) {
        assert_true(seen->segment == PK_TCP_SYN || rules.loose);
        assert_true(pk_track_make(&t));
        pk_track_update(&t);
        before = n->o = (struct opening){.there = 1, .excused = seen->segment != PK_TCP_SYN};
        state = PK_TCP_NONE;
    }
    if (s->segment)
        note_sent(&n->o, seen);
    if (state_of(&t) != PK_CTS_INVALID)
        hear(&n->o, seen, s->segment != NULL);
    leave(s, n);
    if (!s->segment)
        note_closed(&n->o, state, n->tcp.state);
    check(s, &before, n, seen, state_of(&t));
    add(&s->found, n);
}
