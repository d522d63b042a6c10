// SPDX-License-Identifier: GPL-2.0-or-later
/* -m state: the older name of -m conntrack --ctstate, without SNAT and DNAT. */
#include <errno.h>

#include "rules/match/codes.h"
#include "rules/match/ct.h"
#include "rules/match/list.h"

static const struct pk_option options[] = {
    {.name = "state",
     .id = PK_CTP_STATE,
     .n_args = 1,
     .invertible = true,
     .arg = "state[,state]...",
     .help = "INVALID, NEW, RELATED, ESTABLISHED or UNTRACKED"},
    {0},
};

static int state_parse(struct pk_option_use *use, void *info)
{
    struct pk_ct_info *i = info;
    int r = pk_ct_parse_states(use, false, i);

    if (r)
        return r;
    i->given = 1u << PK_CTP_STATE;
    i->inverted = use->invert ? 1u << PK_CTP_STATE : 0;
    return 0;
}

static int state_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    const struct pk_ct_info *i = info;

    if (i->given)
        return 0;
    pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at, "add it", "-m state needs --state");
    return -EINVAL;
}

static void state_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    pk_ct_print_states("state", info, out);
}

const struct pk_match_def pk_match_state = {
    .name = "state",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct pk_ct_info),
    .options = options,
    .conntrack = true,
    .parse = state_parse,
    .finish = state_finish,
    .print = state_print,
    .eval = pk_ct_eval,
    .compile = pk_ct_compile,
};
