// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Modified EUI-64 (RFC 4291, appendix A): the MAC's halves around ff:fe, its universal/local bit
 * turned over. A random identifier has ff:fe there with a chance of 2^-16, and RFC 7136 takes the
 * meaning away from the u bit, so that this is never certain without the MAC seen elsewhere.
 *
 *      iid   | c2^02 | c2 | c2 | ff | fe | 01 | 02 | 03 |      of MAC  c0:c1:c2:01:02:03
 */
#include "sensors/address/iid.h"

#include "base/macro.h"

#define MAC_LOCAL (UINT64_C(2) << 40)
#define MAC_GROUP (UINT64_C(1) << 40)

/* Who makes MACs for machines that are not there, and whether the IPv4 address is in them. */
static const struct maker {
    uint64_t prefix;
    uint8_t bits;
    bool ipv4;
    const char *name;
} makers[] = {
    {0x525400000000, 24, false, "QEMU or KVM"},
    {0xfa163e000000, 24, false, "OpenStack"},
    {0x024200000000, 16, true, "Docker, its IPv4 address inside"},
    {0x0a5800000000, 16, true, "a Kubernetes network, its IPv4 address inside"},
    {0x420100000000, 16, true, "Google Compute Engine, its IPv4 address inside"},
    {0x080027000000, 24, false, "VirtualBox"},
    {0x0a0027000000, 24, false, "VirtualBox, the host's side"},
    {0x000569000000, 24, false, "VMware ESX 1 and 2"},
    {0x000c29000000, 24, false, "VMware, made by the host"},
    {0x005056000000, 24, false, "VMware, set by hand or by vCenter"},
    {0x001c14000000, 24, false, "VMware"},
    {0x00155d000000, 24, false, "Hyper-V"},
    {0x0003ff000000, 24, false, "Virtual PC"},
    {0x00163e000000, 24, false, "Xen"},
    {0x001c42000000, 24, false, "Parallels"},
    {0x001a4a000000, 24, false, "oVirt"},
};

static const struct maker *made_by(uint64_t mac)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(makers); i++)
        if (!((mac ^ makers[i].prefix) >> (48 - makers[i].bits)))
            return &makers[i];
    return NULL;
}

static bool virtual_machine(uint64_t mac, struct pk_verdict *v)
{
    const struct maker *m = made_by(mac);

    if (!m)
        return false;
    if (m->ipv4) {
        v->ipv4 = (uint32_t)mac;
        v->has_ipv4 = true;
    }
    return pk_iid_is(v, PK_IID_EUI64_VIRTUAL, PK_STRONG, m->name);
}

bool pk_iid_eui64(uint64_t iid, struct pk_verdict *v)
{
    uint64_t mac = (iid >> 40 << 24 | (iid & 0xffffff)) ^ MAC_LOCAL;

    if ((iid >> 24 & 0xffff) != 0xfffe)
        return false;
    v->mac = mac;
    if (mac >> 24 == 0x00005e)
        return pk_iid_is(v, PK_IID_IANA, PK_CERTAIN,
                         mac >> 8 == 0x00005e0002 ? "a VRRP router's, of IANA's block"
                                                  : "of IANA's block (RFC 5453)");
    if (mac & MAC_GROUP)
        return pk_iid_is(v, PK_IID_EUI64_GROUP, PK_WEAK,
                         "ff:fe in place, but a group MAC: rather chance");
    if (virtual_machine(mac, v))
        return true;
    if (mac & MAC_LOCAL)
        return pk_iid_is(v, PK_IID_EUI64_LOCAL, PK_WEAK,
                         "ff:fe in place, a local MAC: random, or made by software");
    return pk_iid_is(v, PK_IID_EUI64, PK_WEAK, "ff:fe in place and the u bit; block not looked up");
}
