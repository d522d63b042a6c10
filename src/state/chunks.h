// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What tracking reads of an SCTP packet: the tag that it carries and which chunks it is made of
 * (RFC 9260, 3). Shared by user space and BPF; the includer provides what packet/frame.h asks for.
 *
 *     port port | tag | checksum | chunk | chunk | ...
 *                                  |
 *                                  type, flags, length | INIT, INIT ACK: tag ...
 *
 * Chunks are walked as Linux does (for_each_sctp_chunk() in nf_conntrack_proto_sctp.c): a length is
 * believed, but for 0, and where it leads out of the packet the walk ends. Two bounds are ours, and
 * a packet beyond them is INVALID: PK_SCTP_CHUNKS chunks, of which PK_SCTP_TELLING change a state.
 */
#pragma once

#include "packet/frame.h"
#include "state/view.h"

#define PK_SCTP_CHUNKS 4096u /* 64 KiB of the shortest DATA chunks */
#define PK_SCTP_TELLING 8u   /* as many as struct pk_seen has room for; RFC 9260 needs 3 */

/* Those that have to be alone in a packet, and those that have to come first (do_basic_checks()).
 */
#define PK_SCTP_ALONE                                                                              \
    (PK_SCTP_BIT(INIT) | PK_SCTP_BIT(INIT_ACK) | PK_SCTP_BIT(SHUTDOWN_COMPLETE) |                  \
     PK_SCTP_BIT(SHUTDOWN_COMPLETE_T))
#define PK_SCTP_FIRST (PK_SCTP_BIT(COOKIE_ECHO) | PK_SCTP_BIT(COOKIE_ACK))

/* The kinds of chunk types up to 15, 4 bits each: a number, since clang gives a table of this size
 * a section of its own, which libbpf does not know. */
#define PK_SCTP_TYPE(type, kind) ((__u64)PK_SCTP_##kind << 4 * (type))
#define PK_SCTP_TYPES                                                                              \
    (PK_SCTP_TYPE(0, DATA) | PK_SCTP_TYPE(1, INIT) | PK_SCTP_TYPE(2, INIT_ACK) |                   \
     PK_SCTP_TYPE(3, OTHER) | PK_SCTP_TYPE(4, HEARTBEAT) | PK_SCTP_TYPE(5, HEARTBEAT_ACK) |        \
     PK_SCTP_TYPE(6, ABORT) | PK_SCTP_TYPE(7, SHUTDOWN) | PK_SCTP_TYPE(8, SHUTDOWN_ACK) |          \
     PK_SCTP_TYPE(9, ERROR) | PK_SCTP_TYPE(10, COOKIE_ECHO) | PK_SCTP_TYPE(11, COOKIE_ACK) |       \
     PK_SCTP_TYPE(12, OTHER) | PK_SCTP_TYPE(13, OTHER) | PK_SCTP_TYPE(14, SHUTDOWN_COMPLETE) |     \
     PK_SCTP_TYPE(15, OTHER))

PK_INLINE __u32 pk_sctp_kind(__u8 type, __u8 flags)
{
    __u32 kind = type < 16 ? PK_SCTP_TYPES >> 4 * (type & 15) & 15 : PK_SCTP_OTHER;

    if (kind == PK_SCTP_ABORT && flags & 1)
        return PK_SCTP_ABORT_T;
    if (kind == PK_SCTP_SHUTDOWN_COMPLETE && flags & 1)
        return PK_SCTP_SHUTDOWN_COMPLETE_T;
    return kind;
}

/* The chunks of one packet, from `off` to `end`; `room`: bits that seen->chunks has taken. */
struct pk_seen_chunks {
    const struct pk_source *source;
    struct pk_seen *seen;
    __u32 off, end, room;
};

/* One chunk; 1: that was the last, and if the packet cannot be right seen->kinds is 0. */
static long pk_seen_chunks_step(__u32 i, struct pk_seen_chunks *c)
{
    __u8 h[4] PK_WORDS;
    __u32 kind, bit, len;

    if (c->off + 4 > c->end || pk_load_far(c->source, c->off, h, 4))
        return 1;
    kind = pk_sctp_kind(h[0], h[1]);
    bit = 1u << kind;
    len = pk_be16_at(h + 2);
    if (!len || (i && ((c->seen->kinds | bit) & PK_SCTP_ALONE || bit & PK_SCTP_FIRST)) ||
        (kind < PK_SCTP_DATA && c->room >= 4 * PK_SCTP_TELLING)) {
        c->seen->kinds = 0;
        return 1;
    }
    c->seen->kinds |= bit;
    if (kind < PK_SCTP_DATA) {
        c->seen->chunks |= kind << (c->room & 31);
        c->room += 4;
    }
    c->off += (len + 3) & ~3u;
    return 0;
}

/* The tag that INIT or INIT ACK asks for, whose header is 16 bytes behind that of the chunk. */
PK_INLINE int pk_seen_init_tag(const struct pk_source *s, __u32 off, const struct pk_packet *p,
                               struct pk_seen *seen)
{
    __u8 h[4] PK_WORDS;

    if (!(seen->kinds & (PK_SCTP_BIT(INIT) | PK_SCTP_BIT(INIT_ACK))))
        return 1;
    if (off + 20 > p->len || pk_load_far(s, off + 4, h, 4))
        return 0;
    seen->init_tag = pk_be32_at(h);
    return 1;
}

/* The packet; 0: it is none that Linux would track. Its checksum is not looked at. */
PK_INLINE int pk_seen_sctp(const struct pk_source *s, const struct pk_packet *p,
                           struct pk_seen *seen)
{
    struct pk_seen_chunks c = {.source = s, .seen = seen, .off = p->l4_off + 12u, .end = p->len};
    __u8 h[4] PK_WORDS;

    if (c.off > p->len || pk_load(s, p->l4_off + 4u, h, 4))
        return 0;
    seen->vtag = pk_be32_at(h);
    pk_loop(PK_SCTP_CHUNKS, pk_seen_chunks_step, &c);
    if (c.off + 4 <= c.end) /* there are more */
        return 0;
    return seen->kinds && pk_seen_init_tag(s, p->l4_off + 12u, p, seen);
}
