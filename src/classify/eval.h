// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference evaluator: the definition of every verdict and every counter. It walks the rules
 * one by one as ipt_do_table and ip6t_do_table do, and is written to be read, not to be fast. The
 * classifier, the BPF programs and the kernel's iptables are all tested against it.
 */
#pragma once

#include "rules/match.h"
#include "rules/ruleset.h"

enum pk_end {
    PK_END_RULE,    /* a rule's target decided */
    PK_END_POLICY,  /* the base chain's policy decided */
    PK_END_HOTDROP, /* a match could not read the packet: dropped, no counter */
};

struct pk_verdict {
    enum pk_action action; /* PK_ACT_ACCEPT or PK_ACT_DROP */
    enum pk_end end;
    const struct pk_rule *rule; /* RULE, HOTDROP: the rule; POLICY: NULL */
};

/*
 * Called for each rule that was looked at, in order. `answer` PK_YES: it matched and counted (a
 * jump, a RETURN or a rule that does not end the walk included). For PK_NO and PK_HOTDROP `why`
 * names the part that said so: "source address", "in-interface", "protocol", or a match's name.
 */
typedef void pk_trace_fn(void *arg, const struct pk_rule *r, enum pk_answer answer,
                         const char *why);

struct pk_tally {
    struct pk_counters *rule; /* [rs->n_rules] by ordinal; or NULL */
    struct pk_counters policy[PK_HOOK_N];
};

/* Judges one packet by one base chain; adds to `tally` if it is not NULL. */
struct pk_verdict pk_eval(const struct pk_ruleset *rs, enum pk_hook hook, const struct pk_view *v,
                          struct pk_tally *tally, pk_trace_fn *trace, void *arg);
