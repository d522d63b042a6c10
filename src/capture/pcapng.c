// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pcapng format (draft-ietf-opsawg-pcapng). libpcap refuses files whose interfaces differ in
 * link type; here each packet has its own.
 *
 *      block   | type | length | body ... | length again |       of 4 bytes each
 *
 * A section begins with a block that tells the byte order, then come interfaces, then packets that
 * name theirs. Blocks of other types are skipped.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"
#include "capture/internal.h"

#define BLOCK_HEAD 8u
#define BLOCK_MIN 12u
#define SECTION_MIN 28u

enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, PACKET = 2, SIMPLE = 3, ENHANCED = 6 };
enum { ORDER = 0x1a2b3c4d };
enum { OPTION_END = 0, OPTION_TSRESOL = 9, OPTION_TSOFFSET = 14 };

struct block {
    uint32_t type, len; /* of all of it */
    const uint8_t *body;
    uint32_t body_len;
};

static int damaged(struct pk_capture *c, const char *what)
{
    return pk_capture_fails(c, -EBADMSG, "%s", what);
}

/* A section's first block says in which order its own length is written. */
static int order(struct pk_capture *c)
{
    const uint8_t *p;

    if (pk_source_want(&c->source, BLOCK_MIN) < BLOCK_MIN)
        return pk_capture_fails(c, -ENODATA, "cut off");
    p = pk_source_data(&c->source);
    c->swapped = false;
    if (pk_u32(c, p + BLOCK_HEAD) == ORDER)
        return 0;
    c->swapped = true;
    return pk_u32(c, p + BLOCK_HEAD) == ORDER ? 0 : damaged(c, "a section in no byte order");
}

static bool is_read(uint32_t type)
{
    return type == SECTION || type == INTERFACE || type == PACKET || type == SIMPLE ||
           type == ENHANCED;
}

/* The next block that is read. 1, 0 (the end) or -errno. */
static int block(struct pk_capture *c, struct block *b)
{
    struct pk_source *s = &c->source;

    for (;;) {
        size_t got = pk_source_want(s, BLOCK_HEAD);
        const uint8_t *p = pk_source_data(s);
        int r = 0;

        if (!got && !s->failed)
            return 0;
        if (got < BLOCK_HEAD)
            return pk_capture_fails(c, -ENODATA, "cut off");
        if (pk_u32(c, p) == SECTION)
            r = order(c);
        if (r)
            return r;
        p = pk_source_data(s);
        b->type = pk_u32(c, p);
        b->len = pk_u32(c, p + 4);
        if (b->len < BLOCK_MIN || b->len % 4)
            return damaged(c, "a block of no possible length");
        if (is_read(b->type))
            break;
        if (pk_source_skip(s, b->len))
            return pk_capture_fails(c, -ENODATA, "cut off");
    }
    if (b->len > PK_SOURCE_WINDOW)
        return damaged(c, "a block that is too long");
    if (pk_source_want(s, b->len) < b->len)
        return pk_capture_fails(c, -ENODATA, "cut off");
    b->body = pk_source_data(s) + BLOCK_HEAD;
    b->body_len = b->len - BLOCK_MIN;
    return pk_u32(c, b->body + b->body_len) == b->len ? 1 : damaged(c, "a block of two lengths");
}

/* Powers of two up to 2^63 and of ten up to 10^19 fit. */
static uint64_t units(uint8_t resolution)
{
    uint64_t u = 1;

    if (resolution & 0x80)
        return (resolution & 0x7f) < 64 ? 1ULL << (resolution & 0x7f) : 0;
    if (resolution > 19)
        return 0;
    while (resolution--)
        u *= 10;
    return u;
}

static void option(struct pk_capture *c, uint16_t code, const uint8_t *p, uint16_t len,
                   struct pk_ng_interface *i)
{
    if (code == OPTION_TSRESOL && len == 1)
        i->units = units(*p);
    if (code == OPTION_TSOFFSET && len == 8) {
        uint64_t a = pk_u32(c, p), b = pk_u32(c, p + 4);
        bool low_first = (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) != c->swapped;

        i->offset = (int64_t)(low_first ? b << 32 | a : a << 32 | b);
    }
}

static void options(struct pk_capture *c, const uint8_t *p, const uint8_t *end,
                    struct pk_ng_interface *i)
{
    while (end - p >= 4) {
        uint16_t code = pk_u16(c, p), len = pk_u16(c, p + 2);

        p += 4;
        if (code == OPTION_END || len > end - p)
            return;
        option(c, code, p, len, i);
        p += PK_MIN((ptrdiff_t)(len + 3u) & ~(ptrdiff_t)3, end - p);
    }
}

static int interface(struct pk_capture *c, const struct block *b)
{
    struct pk_ng_interface *i;

    if (b->body_len < 8)
        return damaged(c, "an interface that is too short");
    if (c->n_interfaces == PK_CAPTURE_INTERFACES_MAX)
        return 0;
    if (!c->interface)
        c->interface = calloc(PK_CAPTURE_INTERFACES_MAX, sizeof(*c->interface));
    if (!c->interface)
        return pk_capture_fails(c, -ENOMEM, "not enough memory");
    i = &c->interface[c->n_interfaces++];
    *i = (struct pk_ng_interface){
        .link = pk_u16(c, b->body), .snap = pk_u32(c, b->body + 4), .units = 1000000};
    options(c, b->body + 8, b->body + b->body_len, i);
    return 0;
}

/* Seconds and fraction apart: the product of both does not fit 64 bits. */
static int64_t when(const struct pk_ng_interface *i, uint64_t ts)
{
    __int128 ns;

    if (!i->units)
        return PK_WHEN_UNKNOWN;
    ns = ((__int128)(ts / i->units) + i->offset) * PK_NS_PER_S +
         (__int128)(ts % i->units) * PK_NS_PER_S / i->units;
    return ns > INT64_MAX || ns < INT64_MIN ? PK_WHEN_UNKNOWN : (int64_t)ns;
}

/* A packet of interface `n`, `at` bytes into the block's body. */
static int packet(struct pk_capture *c, const struct block *b, uint32_t n, uint32_t at,
                  uint32_t len, struct pk_capture_packet *ret)
{
    if (len > b->body_len - at || len > PK_CAPTURE_PACKET_MAX)
        return damaged(c, "a packet longer than its block");
    *ret = (struct pk_capture_packet){
        .when = PK_WHEN_UNKNOWN,
        .link = n < c->n_interfaces ? c->interface[n].link : PK_LINK_UNKNOWN,
        .data = b->body + at,
        .len = len,
    };
    return 1;
}

/* PACKET has two bytes for the interface and two for drops where ENHANCED has four for it. */
static int timed(struct pk_capture *c, const struct block *b, struct pk_capture_packet *ret)
{
    const uint8_t *p = b->body;
    uint32_t n;
    int r;

    if (b->body_len < 20)
        return damaged(c, "a packet that is too short");
    n = b->type == PACKET ? pk_u16(c, p) : pk_u32(c, p);
    r = packet(c, b, n, 20, pk_u32(c, p + 12), ret);
    if (r < 0)
        return r;
    ret->wire_len = PK_MAX(pk_u32(c, p + 16), ret->len);
    if (n < c->n_interfaces)
        ret->when = when(&c->interface[n], (uint64_t)pk_u32(c, p + 4) << 32 | pk_u32(c, p + 8));
    return 1;
}

static int simple(struct pk_capture *c, const struct block *b, struct pk_capture_packet *ret)
{
    uint32_t wire, len;
    int r;

    if (b->body_len < 4)
        return damaged(c, "a packet that is too short");
    wire = pk_u32(c, b->body);
    len = PK_MIN(wire, b->body_len - 4);
    if (c->n_interfaces && c->interface[0].snap)
        len = PK_MIN(len, c->interface[0].snap);
    r = packet(c, b, 0, 4, len, ret);
    if (r > 0)
        ret->wire_len = wire;
    return r;
}

static int pcapng_next(struct pk_capture *c, struct pk_capture_packet *ret)
{
    struct block b = {0};
    int r;

    while ((r = block(c, &b)) > 0) {
        if (b.type == SECTION && b.len < SECTION_MIN)
            return damaged(c, "a section that is too short");
        if (b.type == SECTION)
            c->n_interfaces = 0;
        r = b.type == ENHANCED || b.type == PACKET ? timed(c, &b, ret)
            : b.type == SIMPLE                     ? simple(c, &b, ret)
            : b.type == INTERFACE                  ? interface(c, &b)
                                                   : 0;
        if (r < 0)
            return r;
        pk_source_pass(&c->source, b.len);
        if (r > 0)
            return 1;
    }
    return r;
}

int pk_pcapng_begin(struct pk_capture *c)
{
    const uint8_t *p = pk_source_data(&c->source);

    if (pk_source_want(&c->source, 4) < 4 || pk_u32(c, p) != SECTION)
        return 0;
    c->next = pcapng_next;
    return 1;
}
