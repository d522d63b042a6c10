// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What changes between two rule sets of a family. A rule stays if its text stands in the chain of
 * the same name before and after, the k-th duplicate being the k-th.
 */
#pragma once

#include "rules/ruleset.h"

#define PK_NEW UINT32_MAX

/*
 * from[ordinal in `after`] = ordinal in `before` of the rule that stays, or PK_NEW. Linear time.
 * `before` may be NULL (everything is new). 0 or -ENOMEM.
 */
int pk_ruleset_stays(const struct pk_ruleset *before, const struct pk_ruleset *after,
                     uint32_t *from);

enum pk_change_kind {
    PK_CHANGE_POLICY,
    PK_CHANGE_CHAIN_NEW,
    PK_CHANGE_CHAIN_GONE,
    PK_CHANGE_ADD,
    PK_CHANGE_REMOVE,
    PK_CHANGE_MOVE
};

struct pk_change {
    enum pk_change_kind kind;
    const struct pk_chain *chain; /* after, or before for GONE and REMOVE */
    const struct pk_rule *rule;   /* ADD, MOVE: after; REMOVE: before */
    enum pk_action policy_before; /* POLICY */
};

/* Changes in the order of the chains of `after`, gone chains last. Array in `a`. 0 or -ENOMEM. */
int pk_ruleset_diff(const struct pk_ruleset *before, const struct pk_ruleset *after,
                    struct pk_arena *a, struct pk_change **ret, size_t *ret_n);
