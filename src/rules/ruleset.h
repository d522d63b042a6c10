// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rule set as data: the filter table of one family. The first record of the thin waist.
 *
 * Lifetime: everything hangs on the arena of one transaction and is not changed after it is built.
 * Chains are in the order iptables-legacy-save prints them: INPUT, FORWARD, OUTPUT, then user
 * chains sorted by name as libiptc does. Limits: PK_CHAIN_NAME_MAX bytes in a name, PK_RULES_MAX
 * rules a family, PK_STEPS_MAX residual steps a rule.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/u128.h"
#include "packet/packet.h"
#include "rules/field.h"

#define PK_CHAIN_NAME_MAX 28 /* XT_EXTENSION_MAXNAMELEN - 1 */
#define PK_RULES_MAX 4000000u

struct pk_match_def;
struct pk_target_def;

struct pk_counters {
    uint64_t packets, bytes;
};

/* One match of a rule, in the order in which it was written: the order of evaluation. */
struct pk_match {
    const struct pk_match_def *def;
    void *info; /* def->info_size bytes, zeroed before parsing so that equal means memcmp-equal */
};

/* The part of a rule that ip_packet_match and ip6_packet_match decide, before any match. */
struct pk_ip_match {
    struct pk_u128 saddr, smask, daddr, dmask; /* addresses already masked; any mask bits allowed */
    bool inv_saddr, inv_daddr, inv_iif, inv_oif, inv_proto, inv_frag;
    bool has_proto;        /* -p was given and is not "all" (for IPv6 also: -p given at all) */
    uint8_t proto;         /* 0 with has_proto false */
    bool frag;             /* -f, IPv4 only */
    char iif[16], oif[16]; /* "" any; a trailing '+' is a prefix, as iptables has it */
};

struct pk_chain;

struct pk_rule {
    struct pk_ip_match ip;
    struct pk_match *matches;
    size_t n_matches;
    enum pk_action action;
    struct pk_chain *to;                /* JUMP, GOTO */
    const struct pk_target_def *target; /* non-NULL: an extension target (with info), whose effect
                                           comes before `action` */
    void *target_info;
    struct pk_counters counters; /* as loaded from the file's [p:b] */
    struct pk_chain *chain;
    const char *file; /* where the rule was written; never NULL once parsed */
    unsigned line;    /* 0: in no file */
    uint32_t ordinal; /* position in the family: chains in order, rules in order */
    const char *text; /* normalised: what save prints after "-A CHAIN "; equality of
                         rules is equality of these bytes */
};

struct pk_chain {
    const char *name;
    int hook;              /* enum pk_hook for a built-in chain, -1 for a user chain */
    enum pk_action policy; /* ACCEPT or DROP; meaningless for user chains */
    struct pk_counters policy_counters;
    struct pk_rule **rules;
    size_t n_rules, cap_rules;
    uint32_t index; /* position in pk_ruleset.chains */
};

struct pk_ruleset {
    enum pk_family family;
    struct pk_arena *arena; /* not owned */
    struct pk_chain **chains;
    size_t n_chains, cap_chains;
    uint32_t n_rules;
    bool given; /* false: this family was never set; the fence leaves it open */
};

/* A new rule set with the three built-in chains, policy ACCEPT. NULL when out of memory. */
struct pk_ruleset *pk_ruleset_new(struct pk_arena *a, enum pk_family family);
struct pk_chain *pk_ruleset_chain(const struct pk_ruleset *rs, const char *name, size_t len);
