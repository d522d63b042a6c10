// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pcap format (draft-ietf-opsawg-pcap), in both byte orders, of micro- and nanoseconds, and
 * Kuznetzov's with eight bytes more before each packet.
 *
 *      file    | magic | major, minor | zone | sigfigs | snaplen | link type |
 *      packet  | seconds | fraction | captured | on the wire | captured bytes ...
 */
#include <errno.h>

#include "capture/internal.h"

#define FILE_HEAD 24u
#define PACKET_HEAD 16u
#define KUZNETZOV_HEAD 24u

enum { MICROSECONDS = 0xa1b2c3d4, NANOSECONDS = 0xa1b23c4d, KUZNETZOV = 0xa1b2cd34 };

static bool is_magic(uint32_t v)
{
    return v == MICROSECONDS || v == NANOSECONDS || v == KUZNETZOV;
}

static int pcap_next(struct pk_capture *c, struct pk_capture_packet *ret)
{
    struct pk_source *s = &c->source;
    size_t got = pk_source_want(s, c->head_size);
    const uint8_t *p = pk_source_data(s);
    uint32_t len, wire;

    if (!got && !s->failed)
        return 0;
    if (got < c->head_size)
        return pk_capture_fails(c, -ENODATA, "cut off");
    len = pk_u32(c, p + 8);
    wire = pk_u32(c, p + 12);
    if (len > PK_CAPTURE_PACKET_MAX)
        return pk_capture_fails(c, -EBADMSG, "a packet that claims %u bytes", len);
    if (pk_source_want(s, c->head_size + len) < c->head_size + len)
        return pk_capture_fails(c, -ENODATA, "cut off");
    p = pk_source_data(s);
    *ret = (struct pk_capture_packet){
        .when =
            pk_u32(c, p) * PK_NS_PER_S + (int64_t)pk_u32(c, p + 4) * (c->nanoseconds ? 1 : 1000),
        .link = c->link,
        .data = p + c->head_size,
        .len = len,
        .wire_len = wire > len ? wire : len,
    };
    pk_source_pass(s, c->head_size + len);
    return 1;
}

int pk_pcap_begin(struct pk_capture *c)
{
    struct pk_source *s = &c->source;
    size_t got = pk_source_want(s, FILE_HEAD);
    const uint8_t *p = pk_source_data(s);
    uint32_t magic;

    if (got < 4)
        return pk_capture_fails(c, -EBADMSG, "empty: no capture");
    magic = pk_u32(c, p);
    c->swapped = !is_magic(magic);
    magic = pk_u32(c, p);
    if (!is_magic(magic))
        return 0;
    if (got < FILE_HEAD)
        return pk_capture_fails(c, -EBADMSG, "cut off in its head");
    c->nanoseconds = magic == NANOSECONDS;
    c->head_size = magic == KUZNETZOV ? KUZNETZOV_HEAD : PACKET_HEAD;
    c->link = pk_u32(c, p + 20) & 0xffff; /* above: the length of a frame check sequence */
    c->next = pcap_next;
    pk_source_pass(s, FILE_HEAD);
    return 1;
}
