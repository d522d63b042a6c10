// SPDX-License-Identifier: GPL-2.0-or-later
/* PK_STEP_SADDR, PK_STEP_DADDR: an address under a mask whose bits are not the leading ones. */
#pragma once

#include "packet/packet.h"
#include "rules/step.h"

static inline enum pk_answer pk_step_address(struct pk_u128 a, const struct pk_step *st)
{
    __u64 differs = ((a.hi & st->data[2]) ^ st->data[0]) | ((a.lo & st->data[3]) ^ st->data[1]);

    return (differs != 0) == (st->invert != 0) ? PK_YES : PK_NO;
}
