// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/match/ip_number.h"

static uint32_t number(enum pk_number_of of, const struct pk_packet *p)
{
    switch (of) {
    case PK_NUMBER_TOS:
        return p->tos;
    case PK_NUMBER_TTL:
        return p->ttl;
    case PK_NUMBER_LENGTH:
        return p->len;
    }
    return 0;
}

enum pk_answer pk_ip_number_eval(const struct pk_ip_number *n, const struct pk_view *v)
{
    uint32_t value = number(n->of, v->p) & n->mask;

    return (value >= n->lo && value <= n->hi) != n->invert ? PK_YES : PK_NO;
}

enum pk_answer pk_ip_number_compile(const struct pk_ip_number *n, struct pk_compile *ctx)
{
    const struct pk_step step = {
        .kind = PK_STEP_NUMBER,
        .invert = n->invert,
        .arg = n->of,
        .data = {n->mask, n->lo, n->hi},
    };

    return pk_compile_step(ctx, step, PK_STEP_FREE);
}
