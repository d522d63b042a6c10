// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one IPv6 address tells to who sees it: its kind (IANA's registries), how its interface
 * identifier (IID, the low 64 bits) was made, and the attacks of RFC 7721 that this allows.
 *
 * A verdict is made of the address alone, with no memory and no allocation. It is a guess, with a
 * certainty and a reason, unless the bits leave no choice: that an address is temporary (RFC 8981)
 * or stable and opaque (RFC 7217) cannot be told from it, and is never said here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/u128.h"
#include "finding/finding.h"

/* Kinds, by IANA's IPv6 special-purpose and address space registries. */
enum pk_address_kind {
    PK_AK_GLOBAL,           /* 2000::/3 and nothing more special */
    PK_AK_UNSPECIFIED,      /* :: */
    PK_AK_LOOPBACK,         /* ::1 */
    PK_AK_V4_MAPPED,        /* ::ffff:0:0/96 */
    PK_AK_V4_COMPATIBLE,    /* ::/96, deprecated (RFC 4291 2.5.5.1) */
    PK_AK_V4_TRANSLATED,    /* ::ffff:0:0:0/96, deprecated (RFC 2765) */
    PK_AK_NAT64,            /* 64:ff9b::/96 (RFC 6052) */
    PK_AK_NAT64_LOCAL,      /* 64:ff9b:1::/48 (RFC 8215) */
    PK_AK_DISCARD,          /* 100::/64 (RFC 6666) */
    PK_AK_DUMMY,            /* 100:0:0:1::/64 (RFC 9780) */
    PK_AK_PROTOCOL,         /* 2001::/23, IETF protocol assignments not named below */
    PK_AK_TEREDO,           /* 2001::/32 (RFC 4380) */
    PK_AK_PROTOCOL_ANYCAST, /* 2001:1::1 to ::3: PCP, TURN, DNS-SD SRP */
    PK_AK_BENCHMARK,        /* 2001:2::/48 (RFC 5180) */
    PK_AK_AMT,              /* 2001:3::/32 (RFC 7450) */
    PK_AK_AS112,            /* 2001:4:112::/48, 2620:4f:8000::/48 */
    PK_AK_ORCHID,           /* 2001:10::/28, deprecated; 2001:20::/28 (RFC 7343) */
    PK_AK_DRONE_ID,         /* 2001:30::/28 (RFC 9374) */
    PK_AK_DOCUMENTATION,    /* 2001:db8::/32, 3fff::/20 */
    PK_AK_6TO4,             /* 2002::/16 (RFC 3056) */
    PK_AK_SRV6,             /* 5f00::/16 (RFC 9602) */
    PK_AK_UNIQUE_LOCAL,     /* fc00::/7 (RFC 4193) */
    PK_AK_LINK_LOCAL,       /* fe80::/10 */
    PK_AK_SITE_LOCAL,       /* fec0::/10, deprecated (RFC 3879) */
    PK_AK_MULTICAST,        /* ff00::/8 */
    PK_AK_RESERVED,         /* nobody's yet */
    PK_AK_N
};

/* Scopes, with the numbers that multicast addresses carry (RFC 7346). */
enum pk_address_scope {
    PK_SCOPE_NONE,
    PK_SCOPE_INTERFACE = 1,
    PK_SCOPE_LINK = 2,
    PK_SCOPE_REALM = 3,
    PK_SCOPE_ADMIN = 4,
    PK_SCOPE_SITE = 5,
    PK_SCOPE_ORGANISATION = 8,
    PK_SCOPE_GLOBAL = 14,
    PK_SCOPE_N = 16
};

enum pk_iid_kind {
    PK_IID_NONE, /* the address has none: multicast, ::1, IPv4 in the low 32 bits by kind */
    PK_IID_ROUTER_ANYCAST, /* all zero (RFC 4291 2.6.1) */
    PK_IID_SUBNET_ANYCAST, /* fdff:ffff:ffff:ff80 to ffff (RFC 2526) */
    PK_IID_IANA,           /* 0200:5eff:fe00:0 to ffff: of IANA's block, as VRRP's (RFC 5453) */
    PK_IID_EUI64,          /* of a MAC that a vendor gave */
    PK_IID_EUI64_LOCAL,    /* of a MAC with the local bit */
    PK_IID_EUI64_VIRTUAL,  /* of a MAC that a hypervisor or container engine makes */
    PK_IID_EUI64_GROUP,    /* of a MAC with the group bit: no interface has such a one */
    PK_IID_ISATAP,         /* RFC 5214 */
    PK_IID_TEREDO,         /* flags, port and IPv4 address, the latter two turned over (RFC 4380) */
    PK_IID_IPV4,           /* ::192.0.2.1, also spelt ::c000:201 */
    PK_IID_IPV4_WORDS,     /* ::192:0:2:1 */
    PK_IID_IPV4_HIGH,      /* in the upper half, or as RFC 6052 has it with a prefix of 64 bits */
    PK_IID_PORT,           /* ::80, ::1:443 */
    PK_IID_PORT_HIGH,      /* ::80:1 */
    PK_IID_LOW_BYTE,       /* nothing but the last three bytes */
    PK_IID_WORDY,          /* dead:beef */
    PK_IID_PATTERN,        /* repeated or mostly zero */
    PK_IID_RANDOM,         /* none of these: temporary, RFC 7217, CGA, or by DHCPv6 from a pool */
    PK_IID_N
};

/* For how long, or whether, an attack of RFC 7721 works: the cells of its table in section 4. */
enum pk_exposure {
    PK_EXPOSED_NO,
    PK_EXPOSED_DEPENDS, /* on the scheme of who numbers */
    PK_EXPOSED_POSSIBLE,
    PK_EXPOSED_ADDRESS, /* as long as the address is in use */
    PK_EXPOSED_MAC,     /* as long as the MAC is: a random one changes */
    PK_EXPOSED_DEVICE,  /* as long as the device lives */
    PK_EXPOSED_NETWORK, /* as long as the host is on this network */
    PK_EXPOSED_LEASE,   /* as long as the lease is */
    PK_EXPOSED_UNKNOWN, /* the address does not tell */
    PK_EXPOSED_N
};

/* The four attacks of RFC 7721, section 3. */
enum pk_attack { PK_CORRELATION, PK_LOCATION, PK_SCANNING, PK_EXPLOITS, PK_ATTACKS };

struct pk_verdict {
    enum pk_address_kind kind;
    enum pk_address_scope scope;
    bool reachable; /* "globally reachable" in IANA's registry */
    enum pk_iid_kind iid;
    enum pk_certainty certainty; /* of `iid` */
    const char *reason;          /* of it, a phrase */
    uint64_t mac;                /* 48 bits, of the EUI-64 kinds and IANA */
    uint32_t ipv4;               /* host order, where has_ipv4 */
    uint16_t port;               /* of the port kinds and Teredo */
    bool has_ipv4;
    enum pk_exposure exposed[PK_ATTACKS];
};

void pk_address_judge(struct pk_u128 a, struct pk_verdict *ret);

/* The parts of it. */
void pk_address_kind_of(struct pk_u128 a, struct pk_verdict *v);
void pk_iid_judge(uint64_t iid, struct pk_verdict *v);
void pk_exposure_of(struct pk_verdict *v);

static inline bool pk_iid_has_mac(enum pk_iid_kind k)
{
    return k == PK_IID_EUI64 || k == PK_IID_EUI64_LOCAL || k == PK_IID_EUI64_VIRTUAL ||
           k == PK_IID_EUI64_GROUP || k == PK_IID_IANA;
}

/* Names, lower case with dashes: stable, they stand in JSON and are what filters take. */
const char *pk_address_kind_name(enum pk_address_kind k);
const char *pk_address_scope_name(enum pk_address_scope s);
const char *pk_iid_name(enum pk_iid_kind k);
const char *pk_exposure_name(enum pk_exposure e);
const char *pk_attack_name(enum pk_attack a);

/* "00:1b:38:aa:bb:cc" and RFC 5952's text, into the buffer given, which is returned. */
const char *pk_mac_text(uint64_t mac, char buf[static 18]);
const char *pk_address_text(struct pk_u128 a, char buf[static 46]);
const char *pk_ipv4_text(uint32_t a, char buf[static 16]);
