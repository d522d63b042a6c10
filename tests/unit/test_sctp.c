// SPDX-License-Identifier: GPL-2.0-or-later
/* The SCTP machine (state/sctp.h) against Linux's table, and against a naive telling of what Linux
 * does, for all sequences of a few packets; and which packets are read at all (state/chunks.h). */
#include "talk_fixture.h"
#include "base/macro.h"

struct pk_source;

/* chunks.h asks for one, but nothing here calls it. */
static int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    (void)s, (void)off, (void)dst, (void)len;
    return -1;
}

#define PK_GLOBAL static __attribute__((unused))
#include "state/sctp.h"

/* enum sctp_cid of linux/sctp.h. */
enum {
    DATA = 0,
    INIT = 1,
    INIT_ACK = 2,
    SACK = 3,
    HEARTBEAT = 4,
    HEARTBEAT_ACK = 5,
    ABORT = 6,
    SHUTDOWN = 7,
    SHUTDOWN_ACK = 8,
    ERROR = 9,
    COOKIE_ECHO = 10,
    COOKIE_ACK = 11,
    SHUTDOWN_COMPLETE = 14,
};

/* Rows of the table, in Linux's order. */
static const uint8_t linux_rows[11] = {
    INIT,       INIT_ACK,          ABORT,     SHUTDOWN,     SHUTDOWN_ACK, ERROR, COOKIE_ECHO,
    COOKIE_ACK, SHUTDOWN_COMPLETE, HEARTBEAT, HEARTBEAT_ACK};

/* sctp_conntracks[] of net/netfilter/nf_conntrack_proto_sctp.c, as it stands there. */
static const char *const linux_table[2][11] = {
    {
        /* sNO, sCL, sCW, sCE, sES, sSS, sSR, sSA, sHS */
        "sCL, sCL, sCW, sCE, sES, sCL, sCL, sSA, sCW", /* init */
        "sCL, sCL, sCW, sCE, sES, sSS, sSR, sSA, sCL", /* init_ack */
        "sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sCL", /* abort */
        "sCL, sCL, sCW, sCE, sSS, sSS, sSR, sSA, sCL", /* shutdown */
        "sSA, sCL, sCW, sCE, sES, sSA, sSA, sSA, sSA", /* shutdown_ack */
        "sCL, sCL, sCW, sCE, sES, sSS, sSR, sSA, sCL", /* error */
        "sCL, sCL, sCE, sCE, sES, sSS, sSR, sSA, sCL", /* cookie_echo */
        "sCL, sCL, sCW, sES, sES, sSS, sSR, sSA, sCL", /* cookie_ack */
        "sCL, sCL, sCW, sCE, sES, sSS, sSR, sCL, sCL", /* shutdown_comp */
        "sHS, sCL, sCW, sCE, sES, sSS, sSR, sSA, sHS", /* heartbeat */
        "sCL, sCL, sCW, sCE, sES, sSS, sSR, sSA, sHS", /* heartbeat_ack */
    },
    {
        "sIV, sCL, sCW, sCE, sES, sSS, sSR, sSA, sIV", /* init */
        "sIV, sCW, sCW, sCE, sES, sSS, sSR, sSA, sIV", /* init_ack */
        "sIV, sCL, sCL, sCL, sCL, sCL, sCL, sCL, sIV", /* abort */
        "sIV, sCL, sCW, sCE, sSR, sSS, sSR, sSA, sIV", /* shutdown */
        "sIV, sCL, sCW, sCE, sES, sSA, sSA, sSA, sIV", /* shutdown_ack */
        "sIV, sCL, sCW, sCL, sES, sSS, sSR, sSA, sIV", /* error */
        "sIV, sCL, sCE, sCE, sES, sSS, sSR, sSA, sIV", /* cookie_echo */
        "sIV, sCL, sCW, sES, sES, sSS, sSR, sSA, sIV", /* cookie_ack */
        "sIV, sCL, sCW, sCE, sES, sSS, sSR, sCL, sIV", /* shutdown_comp */
        "sIV, sCL, sCW, sCE, sES, sSS, sSR, sSA, sHS", /* heartbeat */
        "sIV, sCL, sCW, sCE, sES, sSS, sSR, sSA, sES", /* heartbeat_ack */
    },
};

/* The state that a chunk type leads to. */
static unsigned linux_next(unsigned dir, uint8_t type, unsigned old)
{
    static const char *const names = "sNO sCL sCW sCE sES sSS sSR sSA sHS sIV ";

    for (unsigned row = 0; row < PK_ARRAY_SIZE(linux_rows); row++) {
        char name[5] = {0};

        if (linux_rows[row] != type)
            continue;
        memcpy(name, linux_table[dir][row] + 5 * old, 3);
        return (unsigned)(strstr(names, name) - names) / 4;
    }
    return old;
}

static void test_table_is_linux(void **state)
{
    (void)state;
    for (unsigned dir = 0; dir < 2; dir++)
        for (unsigned row = 0; row < PK_ARRAY_SIZE(linux_rows); row++)
            for (unsigned old = 0; old < PK_SCTP_STATES; old++)
                assert_int_equal(pk_sctp_next(dir, pk_sctp_kind(linux_rows[row], 0), old),
                                 linux_next(dir, linux_rows[row], old));
}

struct chunk {
    uint8_t type, flags;
    uint16_t data; /* bytes behind the header; INIT and INIT ACK have 16, if it is 0 */
    uint32_t tag;  /* of INIT and INIT ACK */
};

#define MOST 10 /* chunks of a packet here */

struct words {
    bool reply;
    uint32_t vtag;
    struct chunk chunk[MOST];
    unsigned n;
};

static void put_chunk(struct talk_packet *p, const struct chunk *c)
{
    bool init = c->type == INIT || c->type == INIT_ACK;
    uint16_t data = init && !c->data ? 16 : c->data;
    uint8_t h[4] = {c->type, c->flags, (uint8_t)((data + 4) >> 8), (uint8_t)(data + 4)};
    uint8_t rest[64] = {0};

    if (init)
        for (unsigned i = 0; i < 4; i++)
            rest[i] = (uint8_t)(c->tag >> (24 - 8 * i));
    talk_put(p, h, sizeof(h));
    talk_put(p, rest, (data + 3u) & ~3u);
}

static struct talk_packet sctp(const struct words *w)
{
    struct talk_packet p = talk_ip(w->reply, 132);
    const uint8_t ports[2][4] = {{0x9c, 0x40, 0x0b, 0x59}, {0x0b, 0x59, 0x9c, 0x40}};
    uint8_t h[8] = {(uint8_t)(w->vtag >> 24), (uint8_t)(w->vtag >> 16), (uint8_t)(w->vtag >> 8),
                    (uint8_t)w->vtag};

    talk_put(&p, ports[w->reply], 4);
    talk_put(&p, h, sizeof(h)); /* the checksum is not looked at */
    for (unsigned i = 0; i < w->n; i++)
        put_chunk(&p, &w->chunk[i]);
    talk_end(&p);
    return p;
}

#define CHUNKS(...)                                                                                \
    .chunk = {__VA_ARGS__}, .n = sizeof((struct chunk[]){__VA_ARGS__}) / sizeof(struct chunk)
#define SAY(t, ...) told(t, sctp(&(struct words){__VA_ARGS__}))

/* The one association of all these packets: what is INVALID as a packet names none. */
static struct pk_state_entry *entry_of(struct talk *t, uint32_t *ret_until)
{
    static struct pk_state_key key;
    uint32_t unused;

    if (t->last.seen.kind != PK_SEEN_INVALID)
        key = t->last.seen.key;
    return pk_state_table_find(&t->table, &key, pk_state_tick(t->ns),
                               ret_until ? ret_until : &unused);
}

static unsigned sctp_state(struct talk *t)
{
    struct pk_state_entry *e = entry_of(t, NULL);

    return e ? e->sctp.state : PK_SCTP_NONE;
}

/* Seconds that the entry has left, to the nearest. */
static unsigned left(struct talk *t)
{
    uint32_t until;

    if (!entry_of(t, &until))
        return 0;
    return pk_state_seconds(until - pk_state_tick(t->ns) + 3);
}

static void expect(struct talk *t, enum pk_sctp_state s, unsigned seconds)
{
    assert_int_equal(sctp_state(t), s);
    assert_int_equal(left(t), seconds);
}

#define OURS 0xaaaa0001u   /* the originator's tag, which replies carry */
#define THEIRS 0xbbbb0002u /* the replier's */

static void handshake(struct talk *t)
{
    assert_int_equal(SAY(t, CHUNKS({INIT, .tag = OURS})), NEW);
    expect(t, PK_SCTP_CLOSED, 10);
    assert_int_equal(SAY(t, .reply = true, .vtag = OURS, CHUNKS({INIT_ACK, .tag = THEIRS})), EST);
    expect(t, PK_SCTP_COOKIE_WAIT, 3);
    assert_int_equal(SAY(t, .vtag = THEIRS, CHUNKS({COOKIE_ECHO, .data = 8}, {DATA, .data = 13})),
                     EST);
    expect(t, PK_SCTP_COOKIE_ECHOED, 3);
    assert_false(entry_of(t, NULL)->status & PK_CTF_ASSURED);
    assert_int_equal(SAY(t, .reply = true, .vtag = OURS, CHUNKS({COOKIE_ACK}, {SACK, .data = 12})),
                     EST);
    expect(t, PK_SCTP_ESTABLISHED, 210);
    assert_true(entry_of(t, NULL)->status & PK_CTF_ASSURED);
}

static void test_life(void **state)
{
    struct talk *t = *state;

    handshake(t);
    assert_int_equal(SAY(t, .vtag = THEIRS, CHUNKS({DATA, .data = 20})), EST);
    assert_int_equal(SAY(t, .reply = true, .vtag = OURS, CHUNKS({SHUTDOWN, .data = 4})), EST);
    expect(t, PK_SCTP_SHUTDOWN_RECD, 3);
    assert_int_equal(SAY(t, .vtag = THEIRS, CHUNKS({SHUTDOWN_ACK})), EST);
    expect(t, PK_SCTP_SHUTDOWN_ACK_SENT, 3);
    assert_int_equal(SAY(t, .reply = true, .vtag = OURS, CHUNKS({SHUTDOWN_COMPLETE})), EST);
    expect(t, PK_SCTP_CLOSED, 10);
}

static void test_tags(void **state)
{
    struct talk *t = *state;

    handshake(t);
    assert_int_equal(SAY(t, .vtag = THEIRS + 1, CHUNKS({DATA, .data = 20})), INV);
    assert_int_equal(SAY(t, .vtag = OURS, CHUNKS({DATA, .data = 20})), INV);
    assert_int_equal(SAY(t, .vtag = OURS, CHUNKS({ABORT})), INV);
    assert_int_equal(SAY(t, .vtag = THEIRS, CHUNKS({ABORT, .flags = 1})), INV);
    assert_int_equal(SAY(t, .vtag = 7, CHUNKS({INIT, .tag = 9})), INV);
    expect(t, PK_SCTP_ESTABLISHED, 210);
    assert_int_equal(SAY(t, .vtag = OURS, CHUNKS({ABORT, .flags = 1})), EST);
    expect(t, PK_SCTP_CLOSED, 10);
}

/* Nothing but INIT, a HEARTBEAT and what answers one begins. */
static void test_midstream(void **state)
{
    struct talk *t = *state;

    assert_int_equal(SAY(t, .vtag = THEIRS, CHUNKS({DATA, .data = 20})), INV);
    assert_int_equal(SAY(t, .vtag = THEIRS, CHUNKS({SHUTDOWN, .data = 4})), INV);
    assert_int_equal(SAY(t, .vtag = THEIRS, CHUNKS({COOKIE_ECHO, .data = 4})), INV);
    assert_int_equal(SAY(t, .vtag = THEIRS, CHUNKS({INIT, .tag = 9})), INV);
    assert_null(entry_of(t, NULL));
    assert_int_equal(SAY(t, .vtag = THEIRS, CHUNKS({HEARTBEAT, .data = 8})), NEW);
    expect(t, PK_SCTP_HEARTBEAT_SENT, 30);
    assert_int_equal(SAY(t, .reply = true, .vtag = OURS, CHUNKS({DATA, .data = 20})), INV);
    assert_int_equal(SAY(t, .reply = true, .vtag = OURS, CHUNKS({HEARTBEAT_ACK, .data = 8})), EST);
    expect(t, PK_SCTP_ESTABLISHED, 210);
    assert_int_equal(SAY(t, .vtag = THEIRS, CHUNKS({DATA, .data = 20})), EST);
    assert_int_equal(SAY(t, .reply = true, .vtag = OURS, CHUNKS({DATA, .data = 20})), EST);
}

/* An INIT that nobody answers does not keep its entry. */
static void test_repeated_init(void **state)
{
    struct talk *t = *state;

    assert_int_equal(SAY(t, CHUNKS({INIT, .tag = OURS})), NEW);
    talk_wait(t, 6);
    assert_int_equal(SAY(t, CHUNKS({INIT, .tag = OURS})), NEW);
    assert_int_equal(left(t), 4);
}

/* do_basic_checks(), and the two bounds of chunks.h. */
static void test_chunks(void **state)
{
    struct talk *t = *state;
    struct talk_packet p;

    assert_int_equal(SAY(t, CHUNKS({INIT, .tag = OURS}, {HEARTBEAT})), INV);
    assert_int_equal(SAY(t, CHUNKS({HEARTBEAT}, {INIT, .tag = OURS})), INV);
    assert_int_equal(SAY(t, CHUNKS({HEARTBEAT}, {COOKIE_ECHO})), INV);
    assert_int_equal(SAY(t, CHUNKS({INIT, .data = 12})), INV); /* cut short */
    assert_int_equal(SAY(t, .n = 0), INV);
    p = sctp(&(struct words){CHUNKS({HEARTBEAT})});
    p.b[35] = 0; /* a length of 0 */
    assert_int_equal(told(t, p), INV);
    p = sctp(&(struct words){.n = 0});
    p.len -= 1; /* not even a header */
    talk_end(&p);
    assert_int_equal(told(t, p), INV);
    assert_null(entry_of(t, NULL));
    p = sctp(&(struct words){CHUNKS({HEARTBEAT})});
    p.b[35] = 1; /* a length that is too short is believed, up to the next 4 bytes */
    assert_int_equal(told(t, p), NEW);
    assert_int_equal(
        SAY(t, CHUNKS({ERROR}, {ERROR}, {ERROR}, {ERROR}, {ERROR}, {ERROR}, {ERROR}, {ERROR})),
        NEW);
    assert_int_equal(SAY(t, CHUNKS({ERROR}, {ERROR}, {ERROR}, {ERROR}, {ERROR}, {ERROR}, {ERROR},
                                   {ERROR}, {ERROR})),
                     INV);
}

/* Whose entry a flood may not take: a handshake's, as long as it lasts. */
static void test_held(void **state)
{
    struct talk *t = *state;

    handshake(t);
    assert_true(t->table.bucket[t->last.bucket].held & 1u << t->last.way);
    assert_int_equal(SAY(t, .vtag = THEIRS, CHUNKS({SHUTDOWN, .data = 4})), EST);
    assert_false(t->table.bucket[t->last.bucket].held & 1u << t->last.way);
}

static void test_error_is_related(void **state)
{
    struct talk *t = *state;
    struct talk_packet about = sctp(&(struct words){CHUNKS({INIT, .tag = OURS})});
    struct talk_packet p = talk_error(TALK_SERVER, TALK_CLIENT, 3, &about);

    assert_int_equal(told(t, p), INV);
    assert_int_equal(told(t, about), NEW);
    assert_int_equal(told(t, p), REL);
}

/* What another CPU has made of the association meanwhile is not written over. */
static void test_not_written_over(void **state)
{
    struct pk_state_entry e = {.key = {.proto = 132},
                               .sctp = {{THEIRS, OURS}, PK_SCTP_ESTABLISHED}};
    struct pk_track t = {
        .seen = {.vtag = THEIRS, .chunks = PK_SCTP_SHUTDOWN, .kinds = PK_SCTP_BIT(SHUTDOWN)}};
    struct talk *talk = *state;
    uint32_t time;

    pk_sctp_judge(&t, &e);
    e.sctp.state = PK_SCTP_CLOSED;
    assert_int_equal(pk_sctp_settle(&e, &t, &talk->table.rules, &time), PK_TCP_AGAIN);
    assert_int_equal(e.sctp.state, PK_SCTP_CLOSED);
    e.sctp = (struct pk_state_sctp){{THEIRS, OURS}, PK_SCTP_ESTABLISHED};
    assert_int_equal(pk_sctp_settle(&e, &t, &talk->table.rules, &time), PK_TCP_TAKEN);
    assert_int_equal(e.sctp.state, PK_SCTP_SHUTDOWN_SENT);
    assert_int_equal(time, PK_STATE_TICKS(3));
}

/* What Linux knows of one association, and does: nf_conntrack_sctp_packet(), chunk by chunk. */
struct naive {
    bool there, assured, failed, init[2];
    uint8_t state, last_dir;
    uint32_t vtag[2];
};

enum naive_end { NAIVE_INVALID, NAIVE_KEPT, NAIVE_TAKEN };

static bool has(const struct words *w, uint8_t type)
{
    for (unsigned i = 0; i < w->n; i++)
        if (w->chunk[i].type == type)
            return true;
    return false;
}

/* sctp_new() */
static bool naive_new(struct naive *a, const struct words *w)
{
    if (has(w, ABORT) || has(w, SHUTDOWN_COMPLETE) || has(w, COOKIE_ACK))
        return false;
    for (unsigned i = 0; i < w->n; i++) {
        const struct chunk *c = &w->chunk[i];

        if (linux_next(0, c->type, PK_SCTP_NONE) == PK_SCTP_NONE || (c->type == INIT && w->vtag))
            return false;
        if (c->type == INIT)
            a->vtag[1] = c->tag;
        if (c->type == HEARTBEAT)
            a->vtag[0] = w->vtag;
        if (c->type == SHUTDOWN_ACK)
            a->vtag[1] = w->vtag;
    }
    return true;
}

/* HEARTBEAT and HEARTBEAT ACK. */
static enum naive_end naive_beat(struct naive *a, const struct words *w, unsigned dir, uint8_t type,
                                 bool ignore)
{
    if (!a->vtag[dir]) {
        a->vtag[dir] = w->vtag;
        return NAIVE_TAKEN;
    }
    if (w->vtag == a->vtag[dir]) {
        a->failed = false;
        return NAIVE_TAKEN;
    }
    if (has(w, DATA) || ignore)
        return NAIVE_INVALID;
    if (type == HEARTBEAT) {
        a->failed = true;
        a->last_dir = (uint8_t)dir;
        return NAIVE_KEPT;
    }
    if (!a->failed || a->last_dir == dir)
        return NAIVE_INVALID;
    a->failed = false;
    a->vtag[dir] = w->vtag;
    a->vtag[!dir] = 0;
    return NAIVE_TAKEN;
}

static bool naive_tag(struct naive *a, const struct words *w, unsigned dir, const struct chunk *c)
{
    switch (c->type) {
    case INIT:
        return !w->vtag;
    case ABORT:
    case SHUTDOWN_COMPLETE:
        return w->vtag == a->vtag[c->flags & 1 ? !dir : dir];
    case COOKIE_ECHO:
        return w->vtag == a->vtag[dir];
    case COOKIE_ACK:
        a->init[0] = a->init[1] = false;
    }
    return true;
}

static bool naive_tags(struct naive *a, unsigned dir, uint8_t old, const struct chunk *c)
{
    uint32_t known = a->vtag[!dir];

    if (c->type == INIT && (old == PK_SCTP_NONE || known != c->tag)) {
        if (a->init[dir] && a->init[!dir])
            a->init[!dir] = false;
        a->init[dir] = true;
    }
    if (c->type == INIT_ACK && ((!a->init[!dir] && known && known != c->tag) ||
                                (a->init[dir] && a->init[!dir] && known != c->tag)))
        return false;
    if (c->type == INIT || c->type == INIT_ACK)
        a->vtag[!dir] = c->tag;
    return true;
}

static enum naive_end naive_chunk(struct naive *a, const struct words *w, unsigned dir,
                                  const struct chunk *c, bool ignore)
{
    enum naive_end r = NAIVE_TAKEN;
    uint8_t old, next;

    if (!naive_tag(a, w, dir, c))
        return NAIVE_INVALID;
    if (c->type == HEARTBEAT || c->type == HEARTBEAT_ACK)
        r = naive_beat(a, w, dir, c->type, ignore);
    if (r != NAIVE_TAKEN)
        return r;
    old = a->state;
    next = (uint8_t)linux_next(dir, c->type, old);
    if (next == PK_SCTP_STATES || !naive_tags(a, dir, old, c))
        return NAIVE_INVALID;
    a->state = next;
    a->assured |= old != next && next == PK_SCTP_ESTABLISHED;
    return c->type == INIT && old == PK_SCTP_CLOSED && next == old ? NAIVE_KEPT : NAIVE_TAKEN;
}

static enum naive_end naive_packet(struct naive *a, const struct words *w)
{
    static const uint8_t own_tag[] = {INIT,         SHUTDOWN_COMPLETE, COOKIE_ECHO,  ABORT,
                                      SHUTDOWN_ACK, HEARTBEAT,         HEARTBEAT_ACK};
    bool own = false, ignore = false, is_new = !a->there;
    struct naive fresh = {.there = true};
    unsigned dir = w->reply;

    if (is_new && !naive_new(&fresh, w))
        return NAIVE_INVALID;
    if (is_new)
        dir = 0;
    for (unsigned i = 0; i < sizeof(own_tag); i++)
        own |= has(w, own_tag[i]);
    if (!own && w->vtag != (is_new ? fresh.vtag : a->vtag)[dir])
        return NAIVE_INVALID;
    for (unsigned i = 0; i < w->n; i++) {
        enum naive_end r = naive_chunk(is_new ? &fresh : a, w, dir, &w->chunk[i], ignore);

        if (r == NAIVE_INVALID)
            return r;
        ignore |= r == NAIVE_KEPT;
    }
    if (is_new)
        *a = fresh;
    return ignore ? NAIVE_KEPT : NAIVE_TAKEN;
}

/* The packets that sequences are made of; each comes from both ends. */
static const struct words symbols[] = {
    {CHUNKS({INIT, .tag = OURS})},
    {CHUNKS({INIT, .tag = THEIRS})},
    {.vtag = OURS, CHUNKS({INIT, .tag = OURS})},
    {.vtag = OURS, CHUNKS({INIT_ACK, .tag = THEIRS})},
    {.vtag = THEIRS, CHUNKS({INIT_ACK, .tag = OURS})},
    {.vtag = 0, CHUNKS({INIT_ACK, .tag = OURS})},
    {.vtag = OURS, CHUNKS({COOKIE_ECHO}, {DATA, .data = 12})},
    {.vtag = THEIRS, CHUNKS({COOKIE_ECHO})},
    {.vtag = 0, CHUNKS({COOKIE_ECHO})},
    {.vtag = OURS, CHUNKS({COOKIE_ECHO}, {HEARTBEAT})},
    {.vtag = OURS, CHUNKS({COOKIE_ACK})},
    {.vtag = THEIRS, CHUNKS({COOKIE_ACK}, {SACK, .data = 12})},
    {.vtag = OURS, CHUNKS({DATA, .data = 13})},
    {.vtag = THEIRS, CHUNKS({SACK, .data = 12})},
    {.vtag = OURS, CHUNKS({HEARTBEAT})},
    {.vtag = THEIRS, CHUNKS({HEARTBEAT}, {DATA, .data = 12})},
    {.vtag = THEIRS, CHUNKS({HEARTBEAT}, {HEARTBEAT})},
    {.vtag = OURS, CHUNKS({HEARTBEAT_ACK})},
    {.vtag = THEIRS, CHUNKS({HEARTBEAT_ACK})},
    {.vtag = THEIRS, CHUNKS({HEARTBEAT}, {HEARTBEAT_ACK})},
    {.vtag = OURS, CHUNKS({ABORT})},
    {.vtag = OURS, CHUNKS({ABORT, .flags = 1})},
    {.vtag = THEIRS, CHUNKS({ERROR}, {ABORT})},
    {.vtag = OURS, CHUNKS({SHUTDOWN})},
    {.vtag = THEIRS, CHUNKS({SHUTDOWN}, {ABORT, .flags = 1})},
    {.vtag = OURS, CHUNKS({SHUTDOWN_ACK})},
    {.vtag = THEIRS, CHUNKS({SHUTDOWN_ACK}, {COOKIE_ECHO})},
    {.vtag = OURS, CHUNKS({SHUTDOWN_COMPLETE})},
    {.vtag = THEIRS, CHUNKS({SHUTDOWN_COMPLETE, .flags = 1})},
    {.vtag = OURS, CHUNKS({ERROR})},
    {.vtag = 0, CHUNKS({ERROR}, {SHUTDOWN})},
};
#define SYMBOLS (2 * PK_ARRAY_SIZE(symbols))

/* Packets that do_basic_checks() does not let through: nothing knows of them. */
static bool is_basic(const struct words *w)
{
    for (unsigned i = 1; i < w->n; i++)
        if (w->chunk[i].type == COOKIE_ECHO || w->chunk[i].type == COOKIE_ACK)
            return false;
    return true;
}

static void check_packet(struct talk *t, struct naive *a, const struct words *w, bool *orig)
{
    struct words turned = *w;
    uint32_t before = 0, after = 0, said;
    enum naive_end end;
    struct pk_state_entry *e;

    if (!a->there)
        *orig = w->reply;
    turned.reply = w->reply != *orig;
    talk_wait(t, 1);
    entry_of(t, &before);
    end = is_basic(w) ? naive_packet(a, &turned) : NAIVE_INVALID;
    said = told(t, sctp(w));
    assert_int_equal(said == INV, end == NAIVE_INVALID);
    e = entry_of(t, &after);
    assert_int_equal(e != NULL, a->there);
    if (!e)
        return;
    assert_int_equal(e->sctp.state, a->state);
    assert_int_equal(!!(e->status & PK_CTF_ASSURED), a->assured);
    for (unsigned dir = 0; dir < 2; dir++)
        assert_int_equal(e->sctp.vtag[dir], a->vtag[dir]);
    if (end == NAIVE_TAKEN)
        assert_int_equal(after, t->last.now + pk_sctp_time(&t->table.rules, a->state));
    else if (before)
        assert_int_equal(after, before);
}

static struct words symbol(unsigned long k)
{
    struct words w = symbols[k / 2];

    w.reply = k % 2;
    return w;
}

static void check_sequence(unsigned long k, unsigned length, bool established)
{
    static const struct words opening[] = {{CHUNKS({INIT, .tag = OURS})},
                                           {true, OURS, CHUNKS({INIT_ACK, .tag = THEIRS})},
                                           {false, THEIRS, CHUNKS({COOKIE_ECHO})},
                                           {true, OURS, CHUNKS({COOKIE_ACK})}};
    struct naive a = {0};
    bool orig = false;
    struct talk t;

    talk_begin(&t, 1, NULL);
    for (unsigned i = 0; i < (established ? PK_ARRAY_SIZE(opening) : 0); i++)
        check_packet(&t, &a, &opening[i], &orig);
    for (unsigned i = 0; i < length; i++, k /= SYMBOLS) {
        struct words w = symbol(k % SYMBOLS);

        check_packet(&t, &a, &w, &orig);
    }
    talk_done(&t);
}

static void test_all_sequences(void **state)
{
    (void)state;
    for (unsigned long k = 0; k < (unsigned long)SYMBOLS * SYMBOLS * SYMBOLS; k++) {
        check_sequence(k, 3, false);
        check_sequence(k, 3, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_linux),
        CASE(test_life),
        CASE(test_tags),
        CASE(test_midstream),
        CASE(test_repeated_init),
        CASE(test_chunks),
        CASE(test_held),
        CASE(test_error_is_related),
        CASE(test_not_written_over),
        cmocka_unit_test(test_all_sequences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
