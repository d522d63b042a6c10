// SPDX-License-Identifier: GPL-2.0-or-later
/* What ecn, dscp, tos, ttl, hl and length have in common: they ask for a number that the parser has
 * read of every packet (PK_STEP_NUMBER). */
#pragma once

#include "rules/compile_ctx.h"

struct pk_ip_number {
    enum pk_number_of of;
    uint32_t mask, lo, hi; /* the number under the mask is in [lo, hi] ... */
    bool invert;           /* ... or is not */
};

enum pk_answer pk_ip_number_eval(const struct pk_ip_number *n, const struct pk_view *v);
enum pk_answer pk_ip_number_compile(const struct pk_ip_number *n, struct pk_compile *ctx);
