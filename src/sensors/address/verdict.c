// SPDX-License-Identifier: GPL-2.0-or-later
/* The verdict of an address: its kind, what is embedded by kind, its IID, and the four attacks. */
#include "sensors/address/address.h"

#include <string.h>

/* Whether the low 64 bits are an interface identifier (RFC 4291, 2.5.1). */
static bool has_iid(enum pk_address_kind k)
{
    switch (k) {
    case PK_AK_GLOBAL:
    case PK_AK_DOCUMENTATION:
    case PK_AK_6TO4:
    case PK_AK_UNIQUE_LOCAL:
    case PK_AK_LINK_LOCAL:
    case PK_AK_SITE_LOCAL:
    case PK_AK_BENCHMARK:
    case PK_AK_PROTOCOL:
    case PK_AK_AMT:
    case PK_AK_AS112:
        return true;
    default:
        return false;
    }
}

/* Client's port and IPv4 address, each bit turned over (RFC 4380, section 4). */
static void teredo(uint64_t lo, struct pk_verdict *v)
{
    v->iid = PK_IID_TEREDO;
    v->certainty = PK_CERTAIN;
    v->reason = "by definition";
    v->port = (uint16_t)(~lo >> 32);
    v->ipv4 = (uint32_t)~lo;
    v->has_ipv4 = true;
}

static void ipv4_below(struct pk_u128 a, struct pk_verdict *v)
{
    v->ipv4 = (uint32_t)a.lo;
    v->has_ipv4 = true;
}

/* A 6to4 prefix is its router's IPv4 address: the same in the IID is no chance. */
static void sixtofour(struct pk_u128 a, struct pk_verdict *v)
{
    uint32_t router = (uint32_t)(a.hi >> 16);

    if (v->has_ipv4 && v->ipv4 == router) {
        v->certainty = PK_STRONG;
        v->reason = "the IPv4 address of the prefix again";
    }
    if (!v->has_ipv4) {
        v->ipv4 = router;
        v->has_ipv4 = true;
    }
}

void pk_address_judge(struct pk_u128 a, struct pk_verdict *ret)
{
    struct pk_verdict *v = ret;

    *v =
        (struct pk_verdict){.iid = PK_IID_NONE, .certainty = PK_CERTAIN, .reason = "by definition"};
    pk_address_kind_of(a, v);
    if (has_iid(v->kind))
        pk_iid_judge(a.lo, v);
    switch (v->kind) {
    case PK_AK_TEREDO:
        teredo(a.lo, v);
        break;
    case PK_AK_6TO4:
        sixtofour(a, v);
        break;
    case PK_AK_V4_MAPPED:
    case PK_AK_V4_COMPATIBLE:
    case PK_AK_V4_TRANSLATED:
    case PK_AK_NAT64:
        ipv4_below(a, v);
        break;
    default:
        break;
    }
    pk_exposure_of(v);
}

/*
 * RFC 7721, table 1, by how the IID was made. What people number is its "static manual": scanning
 * and exploits depend on the scheme, and the schemes known here leave few addresses to try.
 */
void pk_exposure_of(struct pk_verdict *v)
{
    static const enum pk_exposure device[] = {PK_EXPOSED_DEVICE, PK_EXPOSED_DEVICE,
                                              PK_EXPOSED_POSSIBLE, PK_EXPOSED_POSSIBLE},
                                  local[] = {PK_EXPOSED_MAC, PK_EXPOSED_MAC, PK_EXPOSED_DEPENDS,
                                             PK_EXPOSED_NO},
                                  manual[] = {PK_EXPOSED_ADDRESS, PK_EXPOSED_ADDRESS,
                                              PK_EXPOSED_POSSIBLE, PK_EXPOSED_DEPENDS},
                                  opaque[] = {PK_EXPOSED_UNKNOWN, PK_EXPOSED_UNKNOWN, PK_EXPOSED_NO,
                                              PK_EXPOSED_NO},
                                  none[] = {PK_EXPOSED_NO, PK_EXPOSED_NO, PK_EXPOSED_NO,
                                            PK_EXPOSED_NO};
    static const enum pk_exposure *const by_kind[PK_IID_N] = {
        [PK_IID_NONE] = none,
        [PK_IID_ROUTER_ANYCAST] = none,
        [PK_IID_SUBNET_ANYCAST] = none,
        [PK_IID_IANA] = none,
        [PK_IID_EUI64] = device,
        [PK_IID_EUI64_LOCAL] = local,
        [PK_IID_EUI64_VIRTUAL] = device,
        [PK_IID_EUI64_GROUP] = opaque,
        [PK_IID_ISATAP] = manual,
        [PK_IID_TEREDO] = manual,
        [PK_IID_IPV4] = manual,
        [PK_IID_IPV4_WORDS] = manual,
        [PK_IID_IPV4_HIGH] = manual,
        [PK_IID_PORT] = manual,
        [PK_IID_PORT_HIGH] = manual,
        [PK_IID_LOW_BYTE] = manual,
        [PK_IID_WORDY] = manual,
        [PK_IID_PATTERN] = manual,
        [PK_IID_RANDOM] = opaque,
    };

    memcpy(v->exposed, by_kind[v->iid], sizeof(v->exposed));
}

const char *pk_exposure_name(enum pk_exposure e)
{
    static const char *const names[PK_EXPOSED_N] = {
        [PK_EXPOSED_NO] = "no",
        [PK_EXPOSED_DEPENDS] = "depends",
        [PK_EXPOSED_POSSIBLE] = "possible",
        [PK_EXPOSED_ADDRESS] = "address-lifetime",
        [PK_EXPOSED_MAC] = "mac-lifetime",
        [PK_EXPOSED_DEVICE] = "device-lifetime",
        [PK_EXPOSED_NETWORK] = "network-lifetime",
        [PK_EXPOSED_LEASE] = "lease-lifetime",
        [PK_EXPOSED_UNKNOWN] = "unknown",
    };

    return names[e];
}

const char *pk_attack_name(enum pk_attack a)
{
    static const char *const names[PK_ATTACKS] = {
        [PK_CORRELATION] = "correlation",
        [PK_LOCATION] = "location-tracking",
        [PK_SCANNING] = "address-scanning",
        [PK_EXPLOITS] = "device-exploits",
    };

    return names[a];
}
