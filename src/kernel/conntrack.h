// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What keeps Linux's connection tracking on while a rule set asks for it (docs/adr/0010). Linux
 * tracks in a network namespace for as long as something there has asked it to
 * (nf_ct_netns_get()). We ask by a table of nf_tables, "inet picket", with one rule in a chain that
 * no hook and no rule leads to: no packet pays for it. `iptables -F` does not know it.
 *
 * `nft flush ruleset` removes it with all others. Then the datapath notices (datapath/ct.bpf.h):
 * the rules go on with what a packet looks like, and what they accept has a reason of its own; and
 * `status` says so. The next apply makes the table anew.
 *
 * The table goes with its network namespace. Nothing else of picket refers to it.
 */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "datapath/abi/ctl.h"
#include "rules/ruleset.h"

#define PK_CONNTRACK_TABLE "picket"

/* Whether a rule, or any rule of a set (or NULL), asks for connection tracking. */
bool pk_conntrack_rule(const struct pk_rule *r);
bool pk_conntrack_asked(const struct pk_ruleset *rs);

/* Makes the table, or makes it anew: tracking goes on without a gap. 0 or -errno (diagnosed). */
int pk_conntrack_hold(struct pk_diags *d);
/* Removes it, if it is there. 0 or -errno. */
int pk_conntrack_release(void);
/* A change by which sets of now stay on: whether they ask is not looked at, so they may. */
static inline void pk_conntrack_keep(struct pk_ctl *ctl, uint64_t generation)
{
    if (ctl->conntrack)
        ctl->conntrack = generation;
}

/* 1: the table stands; 0: it does not; -errno. */
int pk_conntrack_held(void);
