// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/match/header.h"

#include <errno.h>
#include <string.h>

/* ---- evaluation ---- */

static bool there(const struct pk_view *v, size_t off, size_t n)
{
    return off + n <= v->len;
}

/* In bytes, by its second one. */
static size_t length(uint8_t header, uint8_t word)
{
    return header == 51 ? (word + 2u) * 4 : (word + 1u) * 8;
}

/* One extension header of the chain: behind it, or why it ends there. Of 44 four bytes are read. */
static enum pk_answer step_over(const struct pk_view *v, uint8_t *next, size_t *off)
{
    const uint8_t *h = v->ip + *off;

    if (*next == 44) {
        if ((h[2] << 8 | h[3]) & 0xfff8)
            return PK_NO; /* a later fragment: nothing can be known of what follows */
        *off += 8;
    } else {
        *off += length(*next, h[1]);
    }
    *next = h[0];
    return PK_YES;
}

static bool is_extension(uint8_t next)
{
    return next == 0 || next == 43 || next == 44 || next == 51 || next == 60;
}

/* ipv6_find_hdr(skb, &off, header, NULL, NULL) */
static enum pk_answer find(const struct pk_view *v, uint8_t header, size_t *ret)
{
    uint8_t next = v->ip[6];
    enum pk_answer a = PK_YES;
    size_t off = 40;

    while (a == PK_YES) {
        if (!is_extension(next))
            return PK_NO;
        if (!there(v, off, next == 43 || next == 44 ? 4 : 2))
            return PK_HOTDROP;
        if (next == header) {
            *ret = off;
            return PK_YES;
        }
        a = step_over(v, &next, &off);
    }
    return a;
}

enum pk_answer pk_header_eval(const struct pk_header_ask *ask, const struct pk_view *v,
                              const uint8_t **ret)
{
    size_t off = v->p->l4_off;
    enum pk_answer a = PK_YES;

    if (!ask->layer4)
        a = find(v, ask->header, &off);
    else if (v->p->status == PK_L4_FRAG || v->p->status == PK_L4_FRAG1)
        a = PK_NO;
    if (a != PK_YES)
        return a;
    if (!there(v, off, ask->need))
        return PK_HOTDROP;
    if (ask->whole && off + length(ask->header, v->ip[off + 1]) > v->p->len)
        return PK_HOTDROP;
    if (!there(v, off, 4))
        return PK_HOTDROP;
    *ret = v->ip + off;
    return PK_YES;
}

uint32_t pk_header_be32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* ---- compilation ---- */

enum pk_answer pk_header_compile(struct pk_compile *ctx, const struct pk_header_ask *ask,
                                 uint64_t mask, uint64_t lo, uint64_t hi, bool invert)
{
    struct pk_step step = {
        .kind = PK_STEP_HEADER,
        .invert = invert,
        .arg = ask->header | ask->need << 8 | (ask->layer4 ? PK_HEADER_L4 : 0) |
               (ask->whole ? PK_HEADER_WHOLE : 0),
        .data = {mask, lo, hi},
    };

    return pk_compile_step(ctx, step, PK_STEP_BARRIER);
}

enum pk_answer pk_header_compile_there(struct pk_compile *ctx, const struct pk_header_ask *ask)
{
    return pk_header_compile(ctx, ask, 0, 0, 0, false);
}

enum pk_answer pk_header_compile_range(struct pk_compile *ctx, const struct pk_header_ask *ask,
                                       uint64_t mask, const struct pk_number_range *r)
{
    unsigned shift = (unsigned)__builtin_ctzll(mask);
    uint64_t most = mask >> shift, hi = r->hi < most ? r->hi : most;

    if (pk_number_range_all(r))
        return PK_YES;
    if (r->lo > hi) /* a number that the field cannot have: no value is in the range */
        return pk_header_compile(ctx, ask, 0, 1, 1, r->invert);
    return pk_header_compile(ctx, ask, mask, (uint64_t)r->lo << shift, hi << shift, r->invert);
}

enum pk_answer pk_header_compile_length(struct pk_compile *ctx, const struct pk_header_ask *ask,
                                        const struct pk_number_option *o, uint32_t unit,
                                        uint32_t more)
{
    struct pk_number_range byte = {1, 0, o->invert}; /* no byte says this length */

    if (!o->given)
        return PK_YES;
    if (o->value % unit == 0 && o->value / unit >= more && o->value / unit - more <= UINT8_MAX)
        byte.lo = byte.hi = o->value / unit - more;
    return pk_header_compile_range(ctx, ask, 0x00ff000000000000, &byte);
}

enum pk_answer pk_header_compile_l4(struct pk_compile *ctx, const struct pk_header_ask *ask,
                                    uint64_t mask, const struct pk_number_range *r)
{
    enum pk_answer a;

    if (ctx->status == PK_L4_FRAG || ctx->status == PK_L4_FRAG1)
        return PK_NO;
    a = pk_header_compile_range(ctx, ask, mask, r);
    return a == PK_YES && pk_number_range_all(r) ? pk_header_compile_there(ctx, ask) : a;
}

int pk_header_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    return 0;
}
