// SPDX-License-Identifier: GPL-2.0-or-later
/* A conntrack entry in user space, for rules/steps.h: the context has it as `ct`, or NULL. */
#pragma once

#include <stddef.h>

#include "rules/conntrack.h"

#define PK_CT struct pk_conntrack
#define pk_ct_get(ctx, info) pk_ct_user_get((ctx)->ct, (info))

static inline const struct pk_conntrack *pk_ct_user_get(const struct pk_conntrack *ct, __u32 *info)
{
    *info = ct ? ct->info : 0;
    return ct && ct->entry ? ct : NULL;
}

#define pk_ct_status(ct) ((ct)->status)
#define pk_ct_expires(ct) ((ct)->expires)
#define pk_ct_proto(ct) ((ct)->proto)
#define pk_ct_port(ct, end) ((ct)->port[end])
#define pk_ct_addr(ct, end, ipv6) ((ct)->addr[end])
