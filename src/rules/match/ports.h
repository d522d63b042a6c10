// SPDX-License-Identifier: GPL-2.0-or-later
/* What sctp and dccp share: two ports behind a header that must be whole, else the packet drops. */
#pragma once

#include "rules/compile_ctx.h"
#include "rules/match/number.h"

struct pk_port_pair {
    struct pk_port_range sport, dport;
};

void pk_port_pair_print(const struct pk_rule *r, const void *info, struct pk_buf *out);
enum pk_answer pk_port_pair_eval(const void *info, const struct pk_view *v);
enum pk_answer pk_port_pair_compile(const void *info, struct pk_compile *ctx);
