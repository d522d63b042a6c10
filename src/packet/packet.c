// SPDX-License-Identifier: GPL-2.0-or-later
#include "packet/packet_user.h"

#include <string.h>

#include "packet/frame.h"

struct pk_source {
    const uint8_t *ip;
    size_t len;
};

static int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    if (off > s->len || len > s->len - off)
        return -1;
    memcpy(dst, s->ip + off, len);
    return 0;
}

int pk_packet_parse(const uint8_t *ip, size_t len, struct pk_packet *ret)
{
    struct pk_source s = {.ip = ip, .len = len};
    struct pk_packet p = {0};
    enum pk_parse_result r;

    if (!len)
        return PK_PARSE_MALFORMED;
    r = ip[0] >> 4 == 6 ? pk_parse_ipv6(&s, &p) : pk_parse_ipv4(&s, &p);
    if (r == PK_PARSE_OK)
        *ret = p;
    return r;
}
