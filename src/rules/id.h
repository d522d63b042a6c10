// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The id of a rule set, which names its rules and not their counters. It is a hash over its chains,
 * of each of which there is a hash over the hashes of its rules: who keeps these has the id of a
 * set with one rule more at a chain's end for the hash of that rule.
 *
 * Sets of both families that are the same by pk_ruleset_save have the same id.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/u128.h"
#include "rules/ruleset.h"

/* Of what stands after "-A CHAIN " (pk_rule.text): the words of a chain's hash. */
uint64_t pk_rule_hash(const char *text, size_t len);

/* Piece by piece, in the order of pk_ruleset_save, from pk_hash128_begin() to _end(). */
void pk_id_family(struct pk_hash128 *id, enum pk_family family, size_t n_chains);
/* `policy` of a user chain is not looked at. */
void pk_id_chain(struct pk_hash128 *id, const char *name, int hook, enum pk_action policy,
                 const struct pk_hash128 *rules);

/* The hash of a chain's rules. */
void pk_chain_hash(const struct pk_chain *c, struct pk_hash128 *ret);
/* The whole at once; families that are NULL or not given are left out. */
struct pk_u128 pk_ruleset_id(const struct pk_ruleset *const rs[PK_FAMILY_N]);
