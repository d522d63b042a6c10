// SPDX-License-Identifier: GPL-2.0-or-later
/* What rules.c and move.c share. */
#pragma once

#include "cli/record/record.h"

static inline bool pk_family_given(const struct pk_rule_watch *w, int f)
{
    return w->live.family[f] && w->live.family[f]->given;
}

static inline struct pk_rule *pk_rule_at(const struct pk_ruleset *rs, size_t chain, size_t i)
{
    return rs->chains[chain]->rules[i];
}

/* Numbers equal rules of a set by itself. 0 or -ENOMEM. */
int pk_rule_watch_number(struct pk_rule_watch *w, enum pk_family f);

/* Gives a new set the cells of the rules and policies that it shares with earlier ones, first with
 * `live`, and marks them there as moved; either may be NULL. 0 or -ENOMEM. */
int pk_rule_watch_move(struct pk_rule_watch *live, struct pk_rule_watch *before,
                       struct pk_rule_watch *new);
