// SPDX-License-Identifier: GPL-2.0-or-later
/* What -m conntrack and -m state share: state is conntrack with one option, under another name. */
#pragma once

#include "rules/conntrack.h"
#include "rules/match.h"
#include "rules/match/number.h"

struct pk_ct_info {
    uint32_t given, inverted; /* bits PK_CTP_* */
    uint16_t states, status;
    uint8_t proto;
    uint8_t family;
    struct pk_u128 addr[PK_CT_ENDS], mask[PK_CT_ENDS]; /* addresses as given, not masked */
    struct pk_port_range port[PK_CT_ENDS];
    uint32_t expire_low, expire_high;
};

/* "NEW,established,rel": names in any case, or beginnings of them. `nat`: SNAT and DNAT, too. */
int pk_ct_parse_states(const struct pk_option_use *use, bool nat, struct pk_ct_info *i);
/* " --state NEW,ESTABLISHED" */
void pk_ct_print_states(const char *option, const struct pk_ct_info *i, struct pk_buf *out);

enum pk_answer pk_ct_eval(const void *info, const struct pk_view *v);
enum pk_answer pk_ct_compile(const void *info, struct pk_compile *ctx);
