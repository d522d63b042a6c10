// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The id of a rule set, which names its rules and not their counters: a hash of the hashes of all
 * rules, so that a set of which one rule changed has its new id without a look at the others' text.
 *
 * Sets of both families that are the same by pk_ruleset_save have the same id.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/u128.h"
#include "rules/ruleset.h"

#define PK_ID_BYTES_MAX ((size_t)1 << 27) /* what the buffer below may take: 8 bytes a rule */

/* Of what stands after "-A CHAIN " (pk_rule.text). */
uint64_t pk_rule_hash(const char *text, size_t len);

/* Piece by piece, in the order of pk_ruleset_save, into one buffer. Errors stay in the buffer. */
void pk_id_family(struct pk_buf *b, enum pk_family family, size_t n_chains);
/* `policy` of a user chain is not looked at. */
void pk_id_chain(struct pk_buf *b, const char *name, int hook, enum pk_action policy);
void pk_id_rule(struct pk_buf *b, uint64_t hash);
/* 0, or the buffer's error. */
int pk_id_end(const struct pk_buf *b, struct pk_u128 *ret);

/* The whole at once; families that are NULL or not given are left out. 0, -E2BIG or -ENOMEM. */
int pk_ruleset_id(const struct pk_ruleset *const rs[PK_FAMILY_N], struct pk_u128 *ret);
