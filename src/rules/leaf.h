// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a rule compiles to: leaves. A leaf is one bit of the classifier: a conjunction of one
 * interval set per field, plus residual steps. Most rules are one leaf; `multiport --ports` is two
 * disjoint ones (source; destination and not source), and a rule whose matches after a layer-4
 * match narrow an address is one more for packets with an unreadable layer 4, which are dropped
 * before those matches are reached.
 *
 * Field universes (closed, from 0):
 *   SADDR DADDR  0 .. 2^32-1 (IPv4), 2^128-1 (IPv6)
 *   IIF OIF      0 .. 2^128-1, a name's 16 bytes, first byte most significant, NUL padded
 *   KIND         status << 8 | proto: 0 .. PK_L4_STATUS_N * 256 - 1. For BROKEN proto is 0.
 *   SPORT DPORT  a port with status OK: 0 .. 65535; with SHORT: 65536 + port; any other status
 *                (and SHORT of a protocol without ports): PK_PORT_NONE
 *   FLAGS        TCP byte 13 with status OK: 0 .. 255; else PK_FLAGS_NONE
 *   ICMP         type << 8 | code with status OK: 0 .. 65535; else PK_ICMP_NONE
 * A protocol without ports has sport = dport = 0 with status OK; likewise flags and icmp: the KIND
 * field, which holds the protocol, tells them apart, since every match on them requires -p.
 */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "base/iset.h"
#include "rules/field.h"
#include "rules/ruleset.h"
#include "rules/step.h"

struct pk_u128 pk_field_max(enum pk_field f, enum pk_family family);
const char *pk_field_name(enum pk_field f);

struct pk_leaf {
    const struct pk_iset *set[PK_FIELD_N]; /* NULL: any value */
    struct pk_step steps[PK_STEPS_MAX];
    unsigned n_predicates, n_effects; /* predicates first */
    uint32_t hot; /* statuses (PK_STATUS_BIT) for which the rule drops the packet uncounted */
};

#define PK_LEAVES_PER_RULE 16

struct pk_leaves {
    struct pk_leaf leaf[PK_LEAVES_PER_RULE];
    unsigned n; /* 0: the rule can match no packet (its set is empty); it keeps its counter */
};

/*
 * Compiles one rule. 0, -ENOMEM, or -E2BIG (diagnosed: too many steps or intervals). The sets of
 * its leaves stand in `a`, and so does what was needed on the way: some KiB that are best given
 * back before the next rule. A packet p reaches the action of the rule in iptables exactly if some
 * leaf's sets contain p's field values, its predicates say yes and p.status is not in `hot`; at
 * most one leaf does.
 */
int pk_rule_compile(const struct pk_rule *r, enum pk_family family, struct pk_arena *a,
                    struct pk_leaves *ret, struct pk_diags *d);
