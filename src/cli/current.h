// SPDX-License-Identifier: GPL-2.0-or-later
/* The standing fence, as the verbs that look at it or change it need it. */
#pragma once

#include "cli/cli.h"

struct pk_current {
    struct pk_fence *fence; /* NULL: none stands */
    struct pk_live live;
    bool outline;                          /* pk_current_outline() */
    struct pk_counters *rule[PK_FAMILY_N]; /* by ordinal */
    struct pk_counters policy[PK_FAMILY_N][PK_HOOK_N];
};

/*
 * Removes what dead network namespaces left behind, then opens the fence of this one and reads the
 * live set. 0 also when none stands. -errno (diagnosed).
 */
int pk_current_open(struct pk_cli *c, struct pk_current *ret);
/* Likewise, for who wants no more of a rule than its text: a tenth of the time. */
int pk_current_outline(struct pk_cli *c, struct pk_current *ret);
/* Fills rule and policy counters, exact. */
int pk_current_count(struct pk_cli *c, struct pk_current *s);
void pk_current_done(struct pk_current *s);
#define _pk_current_ __attribute__((cleanup(pk_current_done)))

/* The sweep alone, for verbs that then change the fence. 0 or -errno (diagnosed). */
int pk_cli_sweep(struct pk_cli *c);

/* Talks of each family that was never set: every packet of it passes. */
void pk_cli_say_open(struct pk_cli *c, unsigned open);
