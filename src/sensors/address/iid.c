// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How an interface identifier was made. The order is that of surprise: what chance hardly ever
 * makes is asked first. The patterns are those of RFC 7707, section 4.
 */
#include "sensors/address/iid.h"

static const char by_definition[] = "by definition";

static bool reserved(uint64_t iid, struct pk_verdict *v)
{
    if (!iid)
        return pk_iid_is(v, PK_IID_ROUTER_ANYCAST, PK_CERTAIN, by_definition);
    if (iid >= 0xfdffffffffffff80 && iid <= 0xfdffffffffffffff)
        return pk_iid_is(v, PK_IID_SUBNET_ANYCAST, PK_CERTAIN, by_definition);
    return false;
}

static bool isatap(uint64_t iid, struct pk_verdict *v)
{
    if ((iid >> 32 & ~UINT64_C(0x02000000)) != 0x5efe)
        return false;
    v->ipv4 = (uint32_t)iid;
    v->has_ipv4 = true;
    return pk_iid_is(v, PK_IID_ISATAP, PK_STRONG, "5efe before an IPv4 address");
}

/* Whether a host may have this IPv4 address. */
static bool host_ipv4(uint32_t a)
{
    uint32_t first = a >> 24, last = a & 0xff;

    return first && first < 224 && first != 127 && last && last != 255;
}

/* RFC 1918 and RFC 6598: few numbers, and the ones that people copy. */
static bool private_ipv4(uint32_t a)
{
    return a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 || a >> 22 == 0x64400000u >> 22;
}

static bool ipv4(uint32_t a, enum pk_iid_kind k, struct pk_verdict *v)
{
    if (!host_ipv4(a))
        return false;
    v->ipv4 = a;
    v->has_ipv4 = true;
    return private_ipv4(a) ? pk_iid_is(v, k, PK_STRONG, "a private IPv4 address, else zero")
                           : pk_iid_is(v, k, PK_WEAK, "readable as an IPv4 address, else zero");
}

/* 192:0:2:1. With zeros in it a plan that numbers by hand looks alike. */
static bool ipv4_words(uint64_t iid, struct pk_verdict *v)
{
    uint32_t a = 0, zeros = 0, octet;

    for (unsigned i = 0; i < 4; i++) {
        octet = pk_read_decimal(pk_iid_word(iid, i));
        if (octet > 255)
            return false;
        zeros += !octet;
        a = a << 8 | octet;
    }
    if (!host_ipv4(a))
        return false;
    v->ipv4 = a;
    v->has_ipv4 = true;
    return pk_iid_is(v, PK_IID_IPV4_WORDS, zeros > 1 ? PK_WEAK : PK_STRONG,
                     zeros > 1 ? "four decimal bytes, but most of them zero"
                               : "four decimal bytes, one in each word");
}

/* In the upper half, or behind the zero octet of RFC 6052 for prefixes of 64 bits. */
static bool ipv4_high(uint64_t iid, struct pk_verdict *v)
{
    if (!(uint32_t)iid)
        return ipv4((uint32_t)(iid >> 32), PK_IID_IPV4_HIGH, v);
    return !(iid >> 56) && !(iid & 0xffffff) && ipv4((uint32_t)(iid >> 24), PK_IID_IPV4_HIGH, v);
}

static bool low_byte(uint64_t iid, struct pk_verdict *v)
{
    return !(iid >> 24) && pk_iid_is(v, PK_IID_LOW_BYTE, iid >> 16 ? PK_WEAK : PK_STRONG,
                                     "nothing but the last bytes: numbered by hand or in a row");
}

void pk_iid_judge(uint64_t iid, struct pk_verdict *v)
{
    if (reserved(iid, v) || pk_iid_eui64(iid, v) || isatap(iid, v))
        return;
    if (!(iid >> 32) && (pk_iid_port(iid, v) || pk_iid_wordy(iid, v) || low_byte(iid, v) ||
                         ipv4((uint32_t)iid, PK_IID_IPV4, v)))
        return;
    if (ipv4_words(iid, v) || ipv4_high(iid, v) || pk_iid_wordy(iid, v) || pk_iid_pattern(iid, v))
        return;
    pk_iid_is(v, PK_IID_RANDOM, PK_STRONG, "no pattern: temporary, RFC 7217 or from a pool");
}

const char *pk_iid_name(enum pk_iid_kind k)
{
    static const char *const names[PK_IID_N] = {
        [PK_IID_NONE] = "none",
        [PK_IID_ROUTER_ANYCAST] = "router-anycast",
        [PK_IID_SUBNET_ANYCAST] = "subnet-anycast",
        [PK_IID_IANA] = "iana",
        [PK_IID_EUI64] = "eui64",
        [PK_IID_EUI64_LOCAL] = "eui64-local",
        [PK_IID_EUI64_VIRTUAL] = "eui64-virtual",
        [PK_IID_EUI64_GROUP] = "eui64-group",
        [PK_IID_ISATAP] = "isatap",
        [PK_IID_TEREDO] = "teredo",
        [PK_IID_IPV4] = "ipv4",
        [PK_IID_IPV4_WORDS] = "ipv4-words",
        [PK_IID_IPV4_HIGH] = "ipv4-high",
        [PK_IID_PORT] = "port",
        [PK_IID_PORT_HIGH] = "port-high",
        [PK_IID_LOW_BYTE] = "low-byte",
        [PK_IID_WORDY] = "wordy",
        [PK_IID_PATTERN] = "pattern",
        [PK_IID_RANDOM] = "random",
    };

    return names[k];
}
