// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fence's own table of connections (state/state.h), at tc and XDP. It is made when the first
 * rule set asks for a state, pinned, and kept until the fence is taken down: all banks share it,
 * and no change of rules touches it.
 */
#pragma once

#include "kernel/standing.h"
#include "state/rules.h"

#define PK_STATE_DEFAULT                                                                           \
    262144u /* connections; the largest nf_conntrack_max that Linux chooses                        \
             */

/*
 * Makes it for `max` connections (0: the default) if it is not there; *ret_new says so. 0 or
 * -errno, diagnosed: it has another size.
 */
int pk_state_make(struct pk_fence *f, uint32_t max, bool *ret_new, struct pk_diags *d);
/* The change that needed it has failed. */
void pk_state_unmake(struct pk_fence *f);

/* What programs go by that are loaded now. */
struct pk_state_config pk_state_config_of(const struct pk_ctl *ctl);
/* Time-outs and strictness as they are, and as a change would leave them. */
struct pk_state_rules pk_state_rules_of(const struct pk_ctl *ctl);
struct pk_state_rules pk_state_rules_wished(const struct pk_ctl *ctl,
                                            const struct pk_state_wish *wish);
