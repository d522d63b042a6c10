// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kind of an address: IANA's IPv6 Special-Purpose Address Registry (RFC 6890; as of 2025) and
 * the address space of RFC 4291. The longest prefix counts; the table has it first.
 */
#include "sensors/address/address.h"

#include "base/macro.h"

#define AT(a, b, c, d)                                                                             \
    ((uint64_t)(a) << 48 | (uint64_t)(b) << 32 | (uint64_t)(c) << 16 | (uint64_t)(d))

/* Rows that are found without the ones before them. */
enum { DOCUMENTATION_ROW = 17, LINK_LOCAL_ROW = 25, GLOBAL_ROW = 29 };

static const struct special {
    struct pk_u128 prefix;
    uint8_t bits;
    enum pk_address_kind kind;
    enum pk_address_scope scope;
    bool reachable;
} specials[] = {
    {{0, 0}, 128, PK_AK_UNSPECIFIED, PK_SCOPE_NONE, false},
    {{0, 1}, 128, PK_AK_LOOPBACK, PK_SCOPE_INTERFACE, false},
    {{AT(0x2001, 1, 0, 0), 1}, 128, PK_AK_PROTOCOL_ANYCAST, PK_SCOPE_GLOBAL, true},
    {{AT(0x2001, 1, 0, 0), 2}, 128, PK_AK_PROTOCOL_ANYCAST, PK_SCOPE_GLOBAL, true},
    {{AT(0x2001, 1, 0, 0), 3}, 128, PK_AK_PROTOCOL_ANYCAST, PK_SCOPE_GLOBAL, true},
    {{0, 0x0000ffff00000000}, 96, PK_AK_V4_MAPPED, PK_SCOPE_NONE, false},
    {{0, 0xffff000000000000}, 96, PK_AK_V4_TRANSLATED, PK_SCOPE_GLOBAL, false},
    {{0, 0}, 96, PK_AK_V4_COMPATIBLE, PK_SCOPE_GLOBAL, false},
    {{AT(0x64, 0xff9b, 0, 0), 0}, 96, PK_AK_NAT64, PK_SCOPE_GLOBAL, true},
    {{AT(0x100, 0, 0, 0), 0}, 64, PK_AK_DISCARD, PK_SCOPE_GLOBAL, false},
    {{AT(0x100, 0, 0, 1), 0}, 64, PK_AK_DUMMY, PK_SCOPE_GLOBAL, false},
    {{AT(0x64, 0xff9b, 1, 0), 0}, 48, PK_AK_NAT64_LOCAL, PK_SCOPE_GLOBAL, false},
    {{AT(0x2001, 2, 0, 0), 0}, 48, PK_AK_BENCHMARK, PK_SCOPE_GLOBAL, false},
    {{AT(0x2001, 4, 0x112, 0), 0}, 48, PK_AK_AS112, PK_SCOPE_GLOBAL, true},
    {{AT(0x2620, 0x4f, 0x8000, 0), 0}, 48, PK_AK_AS112, PK_SCOPE_GLOBAL, true},
    {{AT(0x2001, 0, 0, 0), 0}, 32, PK_AK_TEREDO, PK_SCOPE_GLOBAL, false},
    {{AT(0x2001, 3, 0, 0), 0}, 32, PK_AK_AMT, PK_SCOPE_GLOBAL, true},
    [DOCUMENTATION_ROW] =
        {{AT(0x2001, 0xdb8, 0, 0), 0}, 32, PK_AK_DOCUMENTATION, PK_SCOPE_GLOBAL, false},
    {{AT(0x2001, 0x10, 0, 0), 0}, 28, PK_AK_ORCHID, PK_SCOPE_GLOBAL, false},
    {{AT(0x2001, 0x20, 0, 0), 0}, 28, PK_AK_ORCHID, PK_SCOPE_GLOBAL, true},
    {{AT(0x2001, 0x30, 0, 0), 0}, 28, PK_AK_DRONE_ID, PK_SCOPE_GLOBAL, true},
    {{AT(0x2001, 0, 0, 0), 0}, 23, PK_AK_PROTOCOL, PK_SCOPE_GLOBAL, false},
    {{AT(0x3fff, 0, 0, 0), 0}, 20, PK_AK_DOCUMENTATION, PK_SCOPE_GLOBAL, false},
    {{AT(0x2002, 0, 0, 0), 0}, 16, PK_AK_6TO4, PK_SCOPE_GLOBAL, false},
    {{AT(0x5f00, 0, 0, 0), 0}, 16, PK_AK_SRV6, PK_SCOPE_GLOBAL, false},
    [LINK_LOCAL_ROW] = {{AT(0xfe80, 0, 0, 0), 0}, 10, PK_AK_LINK_LOCAL, PK_SCOPE_LINK, false},
    {{AT(0xfec0, 0, 0, 0), 0}, 10, PK_AK_SITE_LOCAL, PK_SCOPE_SITE, false},
    {{AT(0xff00, 0, 0, 0), 0}, 8, PK_AK_MULTICAST, PK_SCOPE_NONE, false},
    {{AT(0xfc00, 0, 0, 0), 0}, 7, PK_AK_UNIQUE_LOCAL, PK_SCOPE_GLOBAL, false},
    [GLOBAL_ROW] = {{AT(0x2000, 0, 0, 0), 0}, 3, PK_AK_GLOBAL, PK_SCOPE_GLOBAL, true},
    {{0, 0}, 0, PK_AK_RESERVED, PK_SCOPE_NONE, false},
};

_Static_assert(PK_ARRAY_SIZE(specials) == GLOBAL_ROW + 2, "no row is overwritten or left out");

/* The first `bits` bits are those of the prefix. */
static bool within(struct pk_u128 a, const struct special *s)
{
    uint64_t hi = s->bits >= 64 ? ~0ULL : s->bits ? ~0ULL << (64 - s->bits) : 0;
    uint64_t lo = s->bits > 64 ? ~0ULL << (128 - s->bits) : 0;

    return !((a.hi ^ s->prefix.hi) & hi) && !((a.lo ^ s->prefix.lo) & lo);
}

/* Most addresses are global, and nothing special begins as they do: the table need not be read. */
static bool plainly_global(uint64_t hi)
{
    uint32_t top = (uint32_t)(hi >> 48), next = (uint32_t)(hi >> 32 & 0xffff);

    if (top == 0x2001)
        return next >= 0x200 && next != 0xdb8;
    return top >> 13 == 1 && top != 0x2002 && top != 0x3fff && !(top == 0x2620 && next == 0x4f);
}

/* No row before it has the address. */
static const struct special *first_row(uint64_t hi)
{
    if (plainly_global(hi))
        return &specials[GLOBAL_ROW];
    if (hi >> 32 == 0x20010db8)
        return &specials[DOCUMENTATION_ROW];
    return &specials[hi >> 56 >= 0xfc ? LINK_LOCAL_ROW : 0];
}

void pk_address_kind_of(struct pk_u128 a, struct pk_verdict *v)
{
    const struct special *s = first_row(a.hi);

    while (!within(a, s))
        s++;
    v->kind = s->kind;
    v->scope = s->scope;
    v->reachable = s->reachable;
    if (s->kind == PK_AK_MULTICAST) {
        v->scope = (enum pk_address_scope)(a.hi >> 48 & 15);
        v->reachable = v->scope == PK_SCOPE_GLOBAL;
    }
}

const char *pk_address_kind_name(enum pk_address_kind k)
{
    static const char *const names[PK_AK_N] = {
        [PK_AK_GLOBAL] = "global",
        [PK_AK_UNSPECIFIED] = "unspecified",
        [PK_AK_LOOPBACK] = "loopback",
        [PK_AK_V4_MAPPED] = "ipv4-mapped",
        [PK_AK_V4_COMPATIBLE] = "ipv4-compatible",
        [PK_AK_V4_TRANSLATED] = "ipv4-translated",
        [PK_AK_NAT64] = "nat64",
        [PK_AK_NAT64_LOCAL] = "nat64-local",
        [PK_AK_DISCARD] = "discard",
        [PK_AK_DUMMY] = "dummy",
        [PK_AK_PROTOCOL] = "ietf-protocol",
        [PK_AK_TEREDO] = "teredo",
        [PK_AK_PROTOCOL_ANYCAST] = "protocol-anycast",
        [PK_AK_BENCHMARK] = "benchmark",
        [PK_AK_AMT] = "amt",
        [PK_AK_AS112] = "as112",
        [PK_AK_ORCHID] = "orchid",
        [PK_AK_DRONE_ID] = "drone-id",
        [PK_AK_DOCUMENTATION] = "documentation",
        [PK_AK_6TO4] = "6to4",
        [PK_AK_SRV6] = "srv6",
        [PK_AK_UNIQUE_LOCAL] = "unique-local",
        [PK_AK_LINK_LOCAL] = "link-local",
        [PK_AK_SITE_LOCAL] = "site-local",
        [PK_AK_MULTICAST] = "multicast",
        [PK_AK_RESERVED] = "reserved",
    };

    return names[k];
}

const char *pk_address_scope_name(enum pk_address_scope s)
{
    switch (s) {
    case PK_SCOPE_INTERFACE:
        return "interface";
    case PK_SCOPE_LINK:
        return "link";
    case PK_SCOPE_REALM:
        return "realm";
    case PK_SCOPE_ADMIN:
        return "admin";
    case PK_SCOPE_SITE:
        return "site";
    case PK_SCOPE_ORGANISATION:
        return "organisation";
    case PK_SCOPE_GLOBAL:
        return "global";
    case PK_SCOPE_NONE:
        return "none";
    default:
        return "unassigned";
    }
}
