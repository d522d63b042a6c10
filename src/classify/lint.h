// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules that do nothing. What is found, chain by chain:
 *
 *   duplicate  a rule whose text stands earlier in the same chain; all of them are found.
 *   shadowed   a rule all of whose packets are decided by one earlier rule of the same chain that
 *              ends the walk of the chain (ACCEPT, DROP, RETURN, goto). Compared field by field, as
 *              leaf.h has them. Complete in chains of up to PK_LINT_ALL rules. In longer ones these
 *              earlier rules are tried: the first PK_LINT_FIRST that end the walk, and each that
 * has in every field but the protocol's either the same values or any. never      a rule that no
 * packet can match.
 *
 * A rule that only several earlier ones decide together, or that a chain jumped to decides, is not
 * found. Time: about linear in the rules for long chains. Memory: an arena of its own.
 */
#pragma once

#include "base/diag.h"
#include "rules/ruleset.h"

#define PK_LINT_ALL 4096u
#define PK_LINT_FIRST 128u

/* Warns of each such rule at its own line. 0, -ENOMEM or -E2BIG (diagnosed). */
int pk_lint_rules(const struct pk_ruleset *rs, struct pk_diags *d);

/*
 * Warns of rules that speak of no address and no ICMP, but stand in a chain of one family and not
 * in the chain of the same name of the other; and of policies that differ.
 */
int pk_lint_unequal(const struct pk_ruleset *v4, const struct pk_ruleset *v6, struct pk_diags *d);
