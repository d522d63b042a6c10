// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walk in user space, for tests, fuzzers and `check`: set pk_user_image and pk_user_count, then
 * call pk_user_walk. Every offset is checked against the image's size: a bad one ends the program,
 * so that a compiler's mistake is seen where the BPF program would silently read elsewhere.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "classify/image.h"
#include "rules/conntrack_user.h"

struct pk_source {
    const uint8_t *ip;
    size_t len;
    const struct pk_conntrack *ct; /* NULL: none */
    const uint8_t *mac;            /* the source MAC address; NULL: none */
};

static inline int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    if (!s || off > s->len || len > s->len - off)
        return -1;
    memcpy(dst, s->ip + off, len);
    return 0;
}

static inline int pk_load_mac(const struct pk_source *s, __u8 dst[8])
{
    if (!s->mac)
        return -1;
    memcpy(dst, s->mac, 6);
    return 0;
}

static const struct pk_image_head *pk_user_image;
static void (*pk_user_count)(__u32 slot, __u32 bytes);

static inline const void *pk_at(__u32 off, __u32 size)
{
    if (off > pk_user_image->size || size > pk_user_image->size - off)
        abort();
    return (const char *)pk_user_image + off;
}

static inline void pk_count(__u32 slot, __u32 bytes)
{
    if (pk_user_count)
        pk_user_count(slot, bytes);
}

#define PK_CTX const struct pk_source
#define PK_GLOBAL static inline
#define pk_source_init(source, ctx) (*(source) = *(ctx))

#include "classify/walk.h"

static inline struct pk_walk pk_user_walk(const struct pk_image_head *image, enum pk_hook hook,
                                          const struct pk_source *s, const struct pk_packet *p)
{
    struct pk_walk w = {.ctx = s, .p = p};

    pk_user_image = image;
    pk_walk_chain(&w, &image->family[p->family], hook);
    return w;
}
