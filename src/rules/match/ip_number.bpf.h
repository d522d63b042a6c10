// SPDX-License-Identifier: GPL-2.0-or-later
/* PK_STEP_NUMBER: what the parser has read of every packet. */
#pragma once

#include "packet/packet.h"
#include "rules/step.h"

static inline enum pk_answer pk_step_number(const struct pk_packet *p, const struct pk_step *st)
{
    __u32 value = p->len;

    if (st->arg == PK_NUMBER_TOS)
        value = p->tos;
    else if (st->arg == PK_NUMBER_TTL)
        value = p->ttl;
    value &= (__u32)st->data[0];
    return (value >= (__u32)st->data[1] && value <= (__u32)st->data[2]) != (st->invert != 0)
               ? PK_YES
               : PK_NO;
}
