// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What packets give away: which address has whose MAC in it, and whether other messages confirm it;
 * identifiers that go from prefix to prefix; and what neighbour discovery, MLD, ICMPv6 errors,
 * DHCPv6 and mDNS tell beside that. Takes IPv6 headers, makes findings, does nothing else: no
 * clock, no output, no packet sent.
 *
 * Memory: tables with the maxima below; full ones take about 200 MB. What finds no room is counted.
 */
#pragma once

#include "base/u128.h"
#include "capture/layers.h"
#include "sensors/address/redact.h"
#include "sensors/address/seen.h"
#include "sensors/address/vendor.h"

#define PK_WATCH_ADDRESSES_MAX (1u << 20)
#define PK_WATCH_OTHERS_MAX (1u << 16) /* of each of the other tables */

enum {
    PK_WATCH_LINK_MAC = 1, /* its packets came from the MAC in it */
    PK_WATCH_ND_MAC = 2,   /* neighbour discovery says that it has the MAC in it */
    PK_WATCH_ND_OTHER = 4, /* and of another MAC, that it has that */
};

struct pk_watch_address {
    struct pk_u128 address;
    struct pk_seen seen;
    uint64_t mac;    /* embedded, if `iid` has one */
    uint64_t nd_mac; /* by neighbour discovery, the last; 0: not said */
    uint16_t kind, iid;
    uint16_t flags;
    uint16_t errors; /* a bit for each type of ICMPv6 error from it */
};

/* A solicited-node group, and who reports it. */
struct pk_watch_group {
    struct {
        struct pk_u128 src; /* :: before its address is its own */
        uint64_t mac;       /* source at layer 2; 0: not known */
        uint64_t low;       /* 24 bits */
    } key;
    struct pk_seen seen;
};

#define PK_DUID_MAX 130u /* RFC 8415, 11.1 */

struct pk_watch_duid {
    struct {
        uint8_t bytes[PK_DUID_MAX];
        uint16_t len;
    } key;
    bool server;
    struct pk_seen seen;
    struct pk_u128 src;
};

#define PK_DNS_NAME_MAX 256u

struct pk_watch_name {
    struct {
        struct pk_u128 address;
        char name[PK_DNS_NAME_MAX]; /* padded with NUL */
    } key;
    bool own; /* the address itself says so */
    struct pk_seen seen;
};

/* A router that says which addresses of a prefix are not there. */
struct pk_watch_absent {
    struct {
        struct pk_u128 router;
        uint64_t prefix;
    } key;
    struct pk_seen seen;
};

struct pk_watch_prefix {
    struct {
        uint64_t prefix;
        uint64_t bits;
    } key;
    struct pk_seen seen;
};

/* A MAC that DHCPv6 tells. */
struct pk_watch_mac {
    uint64_t mac;
    struct pk_seen seen;
};

struct pk_watch {
    struct pk_seen_table addresses, groups, duids, names, absent, delegated, macs;
    uint64_t headers;   /* of IPv6 */
    uint64_t malformed; /* messages that are not as their RFC says */
};

/* `seed` is for the hash tables and secret. */
void pk_watch_init(struct pk_watch *w, uint64_t seed);
/* A pk_ipv6_fn; `arg` is the struct pk_watch. */
int pk_watch_header(void *arg, const struct pk_ipv6 *h);
uint64_t pk_watch_beyond(const struct pk_watch *w);
void pk_watch_done(struct pk_watch *w);

/* The table's entry, or NULL: not unicast, or no room. */
struct pk_watch_address *pk_watch_saw(struct pk_watch *w, struct pk_u128 a,
                                      const struct pk_ipv6 *h);
void pk_watch_icmpv6(struct pk_watch *w, const struct pk_ipv6 *h);
void pk_watch_udp(struct pk_watch *w, const struct pk_ipv6 *h);
void pk_watch_dhcpv6(struct pk_watch *w, const struct pk_ipv6 *h, const uint8_t *p, size_t len);
void pk_watch_mdns(struct pk_watch *w, const struct pk_ipv6 *h, const uint8_t *p, size_t len);

struct pk_watch_report {
    const struct pk_watch *watch;
    const struct pk_vendors *vendors;
    const struct pk_redact *redact;
    double rate;       /* of the scanner, probes a second */
    const char *where; /* interface or file */
    struct pk_findings *to;
    struct pk_seen_table *told;   /* of struct pk_watch_told; NULL: all findings are news */
    struct pk_seen_table *prices; /* set by pk_watch_report() */
};

/* A finding that was told: it is told again when it is surer, or more is seen of it. */
struct pk_watch_told {
    struct pk_u128 key; /* its hash */
    bool said;
};

/* All findings, kind by kind; with `told`, those that are not in it. 0 or -errno. */
int pk_watch_report(const struct pk_watch_report *r);
/* The parts of it that look at many addresses at once. */
int pk_watch_report_iids(const struct pk_watch_report *r);
int pk_watch_report_prefixes(const struct pk_watch_report *r);
/* Fills where, times and evidence, and hands the finding on if it is news. */
int pk_watch_emit(const struct pk_watch_report *r, const struct pk_seen *s, struct pk_finding *f);
