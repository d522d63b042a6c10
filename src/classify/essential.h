// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What IPv6 cannot live without: would the rule set drop it? Neighbour discovery is judged exactly
 * as ip6tables judges it, with no hidden accept, so a rule set that is right for IPv4 can cut a
 * host off in IPv6. The evaluator is asked about one packet of each kind, on each interface that a
 * rule names and on one that no rule names; at most PK_ESSENTIAL_IFS are tried.
 */
#pragma once

#include "base/diag.h"
#include "rules/ruleset.h"

#define PK_ESSENTIAL_IFS 32u

/*
 * Warns of neighbour solicitation and advertisement (NS and NA, in and out), router solicitation
 * (RS, out), router advertisement (RA, in) and DHCPv6 (request out, reply in) that would be
 * dropped: once for each policy or rule that drops some of them, naming all of those. Nothing is
 * said for IPv4 sets. 0 or -ENOMEM.
 */
int pk_essential_check(const struct pk_ruleset *rs, struct pk_diags *d);
