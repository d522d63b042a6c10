// SPDX-License-Identifier: GPL-2.0-or-later
/* One line being read: what rule_parse.c fills and line_run.c carries out. */
#pragma once

#include "rules/parse.h"

struct pk_command {
    struct pk_reader *r;
    const struct pk_line *line;
    struct pk_ruleset *rs;
    struct pk_scan scan;
    struct pk_loaded loaded[PK_MATCHES_MAX]; /* matches in order, and at most one target */

    char verb;                             /* A I N P F X Z; 0: none yet */
    struct pk_word verb_at, chain, policy; /* chain.s and policy.s may be NULL */
    unsigned rule_number;                  /* of -I, from 1 */
    struct pk_word rule_number_at;

    struct pk_word option[128]; /* where -s, -d, … stood; s NULL: not given */
    struct pk_word source, destination, protocol;
    struct pk_counters counters; /* of -c */
    bool go_to;
    bool protocol_loaded; /* the match of -p was loaded for its options */
    struct pk_rule rule;  /* what all rules of the line have in common */
};

enum { PK_COMMAND_SKIP = 1 }; /* marked with the other family */

/* 0, PK_COMMAND_SKIP, -EINVAL (diagnosed) or -ENOMEM. */
int pk_command_parse(struct pk_command *c);
/* Defines a user chain; `strict` are the rules of -N, without it those of a ':' line. */
int pk_chain_define(struct pk_reader *r, struct pk_ruleset *rs, const struct pk_word *name,
                    bool strict);
int pk_policy_set(struct pk_reader *r, struct pk_chain *c, const struct pk_word *policy);
