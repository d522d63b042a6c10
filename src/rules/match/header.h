// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the matches on headers share: frag, rt, hbh, dst, ah, mh, esp (rules/header.h has their
 * steps).
 */
#pragma once

#include "rules/compile_ctx.h"
#include "rules/header.h"
#include "rules/match/number.h"

/* For finish(): any option may be missing. */
int pk_header_finish(struct pk_option_use *use, const struct pk_rule *r, void *info);

/* ---- evaluation ---- */

/* A header that a match reads. */
struct pk_header_ask {
    uint8_t header; /* the extension header; 0 is hop-by-hop */
    bool layer4;    /* not an extension header: what stands at layer 4 */
    bool whole;     /* the packet is dropped if it has less of it than it says */
    uint32_t need;  /* bytes without which the packet is dropped, at least 2 */
};

/* Where it stands and its first four bytes can be read; or why the match ends. */
enum pk_answer pk_header_eval(const struct pk_header_ask *ask, const struct pk_view *v,
                              const uint8_t **ret);
uint32_t pk_header_be32(const uint8_t *b);

/* ---- compilation ---- */

/* The number under `mask` of the header's first eight bytes is in [lo, hi]. */
enum pk_answer pk_header_compile(struct pk_compile *ctx, const struct pk_header_ask *ask,
                                 uint64_t mask, uint64_t lo, uint64_t hi, bool invert);
/* The same for a field of one mask and the values that an option allows it. */
enum pk_answer pk_header_compile_range(struct pk_compile *ctx, const struct pk_header_ask *ask,
                                       uint64_t mask, const struct pk_number_range *r);
/* The same at layer 4, which only a packet that is no later fragment has. */
enum pk_answer pk_header_compile_l4(struct pk_compile *ctx, const struct pk_header_ask *ask,
                                    uint64_t mask, const struct pk_number_range *r);
/* The packet has the header, and nothing else is asked. */
enum pk_answer pk_header_compile_there(struct pk_compile *ctx, const struct pk_header_ask *ask);
/* The length of a header in bytes, which by its second byte is (byte + more) * unit. */
enum pk_answer pk_header_compile_length(struct pk_compile *ctx, const struct pk_header_ask *ask,
                                        const struct pk_number_option *o, uint32_t unit,
                                        uint32_t more);
