// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/match/list.h"

#include <errno.h>
#include <string.h>

/* Room for what tests register, and the NULL at the end. */
#define PK_MATCHES_MAX 128
#define PK_TARGETS_MAX 64

static const struct pk_match_def *matches[PK_MATCHES_MAX + 1] = {
    &pk_match_ah4,        &pk_match_ah6,    &pk_match_comment, &pk_match_conntrack,
    &pk_match_dccp,       &pk_match_dscp,   &pk_match_dst,     &pk_match_ecn,
    &pk_match_esp,        &pk_match_eui64,  &pk_match_frag,    &pk_match_hbh,
    &pk_match_hl,         &pk_match_icmp,   &pk_match_icmp6,   &pk_match_iprange,
    &pk_match_ipv6header, &pk_match_length, &pk_match_mh,      &pk_match_multiport,
    &pk_match_rt,         &pk_match_sctp,   &pk_match_state,   &pk_match_tcp,
    &pk_match_tos,        &pk_match_ttl,    &pk_match_udp,
};

/* ACCEPT, DROP and RETURN are actions of a rule; targets with an effect of their own stand here. */
static const struct pk_target_def *targets[PK_TARGETS_MAX + 1];

/* The names under which xtables_find_match() knows the one match. */
static const char *canonical_name(const char *name)
{
    if (!strcmp(name, "icmpv6") || !strcmp(name, "ipv6-icmp"))
        return "icmp6";
    return name;
}

const struct pk_match_def *pk_match_find(const char *name, enum pk_family family)
{
    name = canonical_name(name);
    for (size_t i = 0; matches[i]; i++) {
        if (matches[i]->families >> family & 1 && !strcmp(matches[i]->name, name))
            return matches[i];
    }
    return NULL;
}

const struct pk_match_def *const *pk_match_list(void)
{
    return matches;
}

int pk_match_register(const struct pk_match_def *def)
{
    size_t n = 0;

    for (; matches[n]; n++) {
        if (matches[n]->families & def->families && !strcmp(matches[n]->name, def->name))
            return -EEXIST;
    }
    if (n == PK_MATCHES_MAX)
        return -ENOSPC;
    matches[n] = def;
    return 0;
}

const struct pk_target_def *pk_target_find(const char *name, enum pk_family family)
{
    for (size_t i = 0; targets[i]; i++) {
        if (targets[i]->families >> family & 1 && !strcmp(targets[i]->name, name))
            return targets[i];
    }
    return NULL;
}

int pk_target_register(const struct pk_target_def *def)
{
    size_t n = 0;

    for (; targets[n]; n++) {
        if (targets[n]->families & def->families && !strcmp(targets[n]->name, def->name))
            return -EEXIST;
    }
    if (n == PK_TARGETS_MAX)
        return -ENOSPC;
    targets[n] = def;
    return 0;
}
