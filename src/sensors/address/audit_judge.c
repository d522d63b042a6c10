// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How each address came to be here, proved where the host can prove it, and the attacks of RFC 7721
 * that follow. The order is that of the strength of the proof.
 */
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <string.h>

#include "base/macro.h"
#include "sensors/address/audit.h"

static bool is(struct pk_audit_address *x, enum pk_origin o, enum pk_certainty c, const char *proof)
{
    x->origin = o;
    x->certainty = c;
    x->proof = proof;
    return true;
}

static uint64_t mac_of(const uint8_t *hwaddr)
{
    uint64_t mac = 0;

    for (int i = 0; i < 6; i++)
        mac = mac << 8 | hwaddr[i];
    return mac;
}

static bool from_mac(const struct pk_audit_link *l, struct pk_audit_address *x)
{
    bool now = x->v.mac == mac_of(l->l->hwaddr), factory = x->v.mac == mac_of(l->l->permanent);

    if (!pk_iid_has_mac(x->v.iid) || l->l->hwaddr_len != 6 || (!now && !factory))
        return false;
    x->v.certainty = PK_CERTAIN;
    x->v.reason = now ? "the MAC of the interface" : "the permanent MAC of the interface";
    return is(x, PK_ORIGIN_EUI64, PK_CERTAIN, x->v.reason);
}

/* Only after the secret was tried: of random identifiers 2^-16 look so. */
static bool from_other_mac(struct pk_audit_address *x)
{
    return pk_iid_has_mac(x->v.iid) && !(x->a->flags & IFA_F_PERMANENT) &&
           is(x, PK_ORIGIN_EUI64, PK_STRONG, "a MAC that the interface has not now");
}

/* Made of the secret that the kernel has: said only if the same address comes out. */
static bool from_secret(const struct pk_audit_link *l, struct pk_audit_address *x)
{
    static const char *const proofs[] = {"the kernel's secret makes it",
                                         "the kernel's secret makes it, after one duplicate",
                                         "the kernel's secret makes it, after two duplicates",
                                         "the kernel's secret makes it, after three duplicates"};
    uint64_t iid;

    for (unsigned i = 0; l->sysctl.secret_state == PK_SECRET_KNOWN && i < PK_ARRAY_SIZE(proofs);
         i++) {
        unsigned counter = i;

        if (!pk_iid_linux(x->a->address.hi, l->l->permanent, l->sysctl.secret, &counter, &iid) &&
            iid == x->a->address.lo)
            return is(x, PK_ORIGIN_STABLE, PK_CERTAIN, proofs[i]);
    }
    if (!(x->a->flags & IFA_F_STABLE_PRIVACY))
        return false;
    return is(x, PK_ORIGIN_STABLE, PK_STRONG,
              l->sysctl.secret_state == PK_SECRET_HIDDEN
                  ? "the kernel's flag; its secret is for root to read"
                  : "the kernel's flag, but of another secret than it has now");
}

static bool from_lease(const struct pk_audit *a, struct pk_audit_address *x)
{
    for (size_t i = 0; i < a->n_leases; i++)
        if (a->leases[i].is_address && pk_u128_equal(a->leases[i].address, x->a->address))
            return is(x, PK_ORIGIN_DHCPV6, PK_CERTAIN, "a lease holds it");
    return x->a->bits == 128 && x->a->valid != PK_INET6_FOREVER && !x->a->protocol &&
           !(x->a->flags & (IFA_F_PERMANENT | IFA_F_MANAGETEMPADDR)) &&
           is(x, PK_ORIGIN_DHCPV6, PK_STRONG, "a /128 with a lifetime that is not the kernel's");
}

static bool by_kernel(const struct pk_audit_address *x)
{
    return x->a->protocol == IFAPROT_KERNEL_RA || x->a->protocol == IFAPROT_KERNEL_LL;
}

/* What is left: somebody added it, by hand for good, or by a program for a time. */
static bool by_user(const struct pk_audit_link *l, struct pk_audit_address *x)
{
    if (x->v.kind == PK_AK_LINK_LOCAL && x->v.iid == PK_IID_RANDOM &&
        l->l->gen_mode == IN6_ADDR_GEN_MODE_NONE)
        return is(x, PK_ORIGIN_MANAGER, PK_STRONG, "link-local, and the kernel makes none here");
    if (by_kernel(x))
        return is(x, PK_ORIGIN_MANAGER, PK_WEAK, "the kernel made it, of what it has no more");
    if (x->a->flags & IFA_F_PERMANENT)
        return is(x, PK_ORIGIN_MANUAL, PK_CERTAIN, "without end, and not the kernel's");
    return is(x, PK_ORIGIN_MANAGER, PK_STRONG, "with a lifetime, and not the kernel's");
}

static void judge_origin(const struct pk_audit *a, const struct pk_audit_link *l,
                         struct pk_audit_address *x)
{
    if (x->v.kind == PK_AK_LOOPBACK)
        is(x, PK_ORIGIN_LOOPBACK, PK_CERTAIN, "by definition");
    else if (x->a->flags & IFA_F_TEMPORARY)
        is(x, PK_ORIGIN_TEMPORARY, PK_CERTAIN, "the kernel's flag");
    else if (l->l->token && x->a->address.lo == l->l->token)
        is(x, PK_ORIGIN_TOKEN, PK_CERTAIN, "the interface's token");
    else if (!from_mac(l, x) && !from_secret(l, x) && !from_lease(a, x) && !from_other_mac(x))
        by_user(l, x);
}

/* RFC 7721, table 1; those of EUI-64 and of what people number stand already. */
static void judge_exposure(const struct pk_audit_link *l, struct pk_audit_address *x)
{
    enum pk_exposure *e = x->v.exposed;
    bool random = x->v.iid == PK_IID_RANDOM || x->origin == PK_ORIGIN_TEMPORARY ||
                  x->origin == PK_ORIGIN_STABLE;

    if (!random)
        return;
    e[PK_LOCATION] = e[PK_SCANNING] = e[PK_EXPLOITS] = PK_EXPOSED_NO;
    switch (x->origin) {
    case PK_ORIGIN_TEMPORARY:
        e[PK_CORRELATION] = PK_EXPOSED_ADDRESS;
        break;
    case PK_ORIGIN_STABLE:
        e[PK_CORRELATION] = PK_EXPOSED_NETWORK;
        break;
    case PK_ORIGIN_DHCPV6:
        e[PK_CORRELATION] = PK_EXPOSED_LEASE;
        break;
    case PK_ORIGIN_TOKEN:
    case PK_ORIGIN_MANUAL:
        e[PK_CORRELATION] = e[PK_LOCATION] = PK_EXPOSED_ADDRESS;
        break;
    default:
        e[PK_CORRELATION] = e[PK_LOCATION] = PK_EXPOSED_UNKNOWN;
        if (l->manager.iid == PK_MANAGER_OPAQUE) {
            e[PK_CORRELATION] = PK_EXPOSED_NETWORK;
            e[PK_LOCATION] = PK_EXPOSED_NO;
        }
    }
}

int pk_exposure_rank(enum pk_exposure e)
{
    static const int ranks[PK_EXPOSED_N] = {
        [PK_EXPOSED_NO] = 0,       [PK_EXPOSED_UNKNOWN] = 1, [PK_EXPOSED_NETWORK] = 2,
        [PK_EXPOSED_LEASE] = 3,    [PK_EXPOSED_DEPENDS] = 4, [PK_EXPOSED_ADDRESS] = 5,
        [PK_EXPOSED_POSSIBLE] = 6, [PK_EXPOSED_MAC] = 7,     [PK_EXPOSED_DEVICE] = 8,
    };

    return ranks[e];
}

/* Link-local addresses are seen where the MAC itself is, and nowhere else. */
static bool counts(const struct pk_audit_address *x)
{
    return x->v.scope == PK_SCOPE_GLOBAL && !(x->a->flags & IFA_F_DADFAILED);
}

static void judge_host(struct pk_audit *a, const struct pk_audit_address *x)
{
    for (int k = 0; counts(x) && k < PK_ATTACKS; k++)
        if (!a->worst[k] || pk_exposure_rank(x->v.exposed[k]) > pk_exposure_rank(a->exposed[k])) {
            a->exposed[k] = x->v.exposed[k];
            a->worst[k] = x;
        }
}

void pk_audit_judge(struct pk_audit *a)
{
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < a->links[i].n; k++) {
            struct pk_audit_address *x = &a->links[i].addresses[k];

            pk_address_judge(x->a->address, &x->v);
            judge_origin(a, &a->links[i], x);
            judge_exposure(&a->links[i], x);
            judge_host(a, x);
        }
}

bool pk_audit_leaks(const struct pk_audit_address *x)
{
    return counts(x) && pk_iid_has_mac(x->v.iid) && x->v.iid != PK_IID_IANA &&
           x->origin != PK_ORIGIN_TEMPORARY && x->origin != PK_ORIGIN_STABLE &&
           (x->certainty == PK_CERTAIN || x->origin == PK_ORIGIN_EUI64);
}

bool pk_audit_makes_eui64(const struct pk_audit_link *l, const char **ret_why)
{
    const struct pk_manager *m = &l->manager;

    if (l->l->loopback || !l->l->inet6 || l->sysctl.disabled > 0 || l->l->hwaddr_len != 6)
        return false;
    if (m->iid == PK_MANAGER_EUI64)
        *ret_why = m->said ? m->said : "no setting asks for another identifier";
    else if (m->iid == PK_MANAGER_ASKS_KERNEL && l->l->gen_mode == IN6_ADDR_GEN_MODE_EUI64)
        *ret_why = "addr_gen_mode=0";
    else
        return false;
    return true;
}

bool pk_audit_is_temporary(const struct pk_audit_link *l)
{
    return l->manager.temporary == PK_TEMPORARY_USED ||
           (l->manager.temporary == PK_TEMPORARY_OF_KERNEL && l->sysctl.use_tempaddr == 2);
}

const char *pk_origin_name(enum pk_origin o)
{
    static const char *const names[PK_ORIGIN_N] = {
        [PK_ORIGIN_LOOPBACK] = "loopback",   [PK_ORIGIN_EUI64] = "eui64",
        [PK_ORIGIN_TEMPORARY] = "temporary", [PK_ORIGIN_STABLE] = "stable-opaque",
        [PK_ORIGIN_TOKEN] = "token",         [PK_ORIGIN_DHCPV6] = "dhcpv6",
        [PK_ORIGIN_MANUAL] = "manual",       [PK_ORIGIN_MANAGER] = "manager",
    };

    return names[o];
}
