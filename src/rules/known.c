// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Extensions of iptables 1.8.9 (libxt_*, libipt_*, libip6t_* of Debian 12), so that what Picket
 * does not support is told apart from what does not exist.
 */
#include <string.h>

#include "base/macro.h"
#include "rules/parse.h"

// clang-format off
static const char *const matches[] = {
    "addrtype", "ah", "bpf", "cgroup", "cluster", "comment", "connbytes", "connlabel",
    "connlimit", "connmark", "conntrack", "cpu", "dccp", "devgroup", "dscp", "dst", "ecn", "esp",
    "eui64", "frag", "hashlimit", "hbh", "helper", "hl", "icmp", "icmp6", "ipcomp", "iprange",
    "ipv6header", "ipvs", "length", "limit", "mac", "mark", "mh", "multiport", "nfacct", "osf",
    "owner", "physdev", "pkttype", "policy", "quota", "rateest", "realm", "recent", "rpfilter",
    "rt", "sctp", "set", "socket", "srh", "state", "statistic", "string", "tcp", "tcpmss", "time",
    "tos", "ttl", "u32", "udp",
};

static const char *const targets[] = {
    "AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP", "CONNMARK", "CONNSECMARK", "CT", "DNAT", "DNPT",
    "DSCP", "ECN", "HL", "HMARK", "IDLETIMER", "LED", "LOG", "MARK", "MASQUERADE", "NETMAP",
    "NFLOG", "NFQUEUE", "NOTRACK", "QUEUE", "RATEEST", "REDIRECT", "REJECT", "SECMARK", "SET",
    "SNAT", "SNPT", "SYNPROXY", "TCPMSS", "TCPOPTSTRIP", "TEE", "TOS", "TPROXY", "TRACE", "TTL",
    "ULOG",
};
// clang-format on

static bool listed(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i], name))
            return true;
    return false;
}

bool pk_known_match(const char *name)
{
    return listed(matches, PK_ARRAY_SIZE(matches), name);
}

bool pk_known_target(const char *name)
{
    return listed(targets, PK_ARRAY_SIZE(targets), name);
}
