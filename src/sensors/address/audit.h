// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `picket address audit`: what the addresses of this host give away, and what mends it.
 *
 * Nothing is guessed that the host can prove: an address is temporary by the kernel's flag, stable
 * and opaque because the kernel's secret makes it, EUI-64 because the MAC is its interface's. All
 * of it lives in the arena of the verb; the kernel's lists are lent.
 */
#pragma once

#include <jansson.h>
#include "finding/finding.h"
#include "sensors/address/address.h"
#include "sensors/address/iid_opaque.h"
#include "sensors/address/lines.h"
#include "sensors/address/managers.h"

/* How an address came to be here; the mechanisms of RFC 7721's table. */
enum pk_origin {
    PK_ORIGIN_LOOPBACK,
    PK_ORIGIN_EUI64,
    PK_ORIGIN_TEMPORARY, /* RFC 8981 */
    PK_ORIGIN_STABLE,    /* RFC 7217 */
    PK_ORIGIN_TOKEN,     /* ip token: one identifier in every prefix */
    PK_ORIGIN_DHCPV6,
    PK_ORIGIN_MANUAL,
    PK_ORIGIN_MANAGER, /* of a router advertisement, but not made by the kernel */
    PK_ORIGIN_N
};

struct pk_audit_address {
    const struct pk_inet6_address *a;
    struct pk_verdict v;
    enum pk_origin origin;
    enum pk_certainty certainty; /* of the origin */
    const char *proof;           /* of it, a phrase */
    bool source;                 /* the kernel takes it as source to the outside */
};

enum pk_secret_state { PK_SECRET_NONE, PK_SECRET_HIDDEN, PK_SECRET_KNOWN };

/* /proc/sys/net/ipv6/conf/IF; -1: there is no such knob. */
struct pk_audit_sysctl {
    int use_tempaddr, accept_ra, autoconf, forwarding, disabled, retries;
    long temp_valid, temp_preferred;
    enum pk_secret_state secret_state;
    uint8_t secret[PK_IID_SECRET_MIN];
};

struct pk_audit_link {
    const struct pk_inet6_link *l;
    struct pk_audit_sysctl sysctl;
    struct pk_manager manager;
    struct pk_audit_address *addresses;
    size_t n;
};

/* A DUID of DHCPv6, or an address that a lease holds. */
struct pk_audit_lease {
    const char *file;
    unsigned line;
    bool is_address;
    struct pk_u128 address;
    struct pk_duid duid;
};

struct pk_audit {
    struct pk_tree tree;
    struct pk_inet6 inet6;
    struct pk_audit_link *links;
    size_t n;
    struct pk_audit_lease *leases;
    size_t n_leases, cap_leases;
    enum pk_exposure exposed[PK_ATTACKS]; /* the host: as weak as its worst address */
    const struct pk_audit_address *worst[PK_ATTACKS];
};

/* Reads kernel and files. 0 or -errno. `only`: these interfaces, or all. */
int pk_audit_read(struct pk_audit *a, char *const *only, size_t n);
int pk_audit_leases(struct pk_audit *a);
void pk_audit_judge(struct pk_audit *a);
/* Everything found, in order of what it costs. 0 or -errno of the output. */
int pk_audit_find(const struct pk_audit *a, struct pk_findings *to);
/* /etc/hosts and the leases of DHCPv6 servers; a file that was named, of which an error tells. */
int pk_audit_find_in_files(const struct pk_audit *a, struct pk_findings *to);
int pk_audit_find_also(const struct pk_audit *a, const char *file, struct pk_findings *to);
/* A DUID, if it has a MAC: fills *f but for where it is. `who` tells, as "servers are told". */
int pk_audit_find_duid(const struct pk_duid *d, const char *who, struct pk_finding *f,
                       struct pk_findings *to);

void pk_audit_show(const struct pk_audit *a, FILE *to);
int pk_audit_json(const struct pk_audit *a, json_t *to);

/* An identifier with a MAC in it that can be reached from outside the link. */
bool pk_audit_leaks(const struct pk_audit_address *x);
/* Whether the interface will make such identifiers, and of what setting this comes. */
bool pk_audit_makes_eui64(const struct pk_audit_link *l, const char **ret_why);
/* Whether it makes temporary addresses and takes them as source. */
bool pk_audit_is_temporary(const struct pk_audit_link *l);
const char *pk_origin_name(enum pk_origin o);
/* How much worse one exposure is than another: larger is worse. */
int pk_exposure_rank(enum pk_exposure e);
