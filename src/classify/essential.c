// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/essential.h"

#include <string.h>

#include "base/macro.h"
#include "classify/codes.h"
#include "classify/eval.h"
#include "packet/build.h"
#include "packet/packet_user.h"

#define ROUTER                                                                                     \
    {                                                                                              \
        0xfe80000000000000ULL, 1                                                                   \
    }
#define SELF                                                                                       \
    {                                                                                              \
        0xfe80000000000000ULL, 2                                                                   \
    }
#define ALL_NODES                                                                                  \
    {                                                                                              \
        0xff02000000000000ULL, 1                                                                   \
    }
#define ALL_ROUTERS                                                                                \
    {                                                                                              \
        0xff02000000000000ULL, 2                                                                   \
    }
#define SOLICITED                                                                                  \
    {                                                                                              \
        0xff02000000000000ULL, 0x00000001ff000002ULL                                               \
    } /* of SELF */
#define SOLICITED_R                                                                                \
    {                                                                                              \
        0xff02000000000000ULL, 0x00000001ff000001ULL                                               \
    } /* of ROUTER */
#define DHCP_SERVERS                                                                               \
    {                                                                                              \
        0xff02000000000000ULL, 0x0000000000010002ULL                                               \
    }

#define ND(type, from, to)                                                                         \
    {                                                                                              \
        .family = PK_IPV6, .saddr = from, .daddr = to, .proto = 58, .icmp_type = type              \
    }
#define DHCP(from, to, s, d)                                                                       \
    {                                                                                              \
        .family = PK_IPV6, .saddr = from, .daddr = to, .proto = 17, .sport = s, .dport = d         \
    }

/* RFC 4861 for neighbour discovery, RFC 4862 5.4 for duplicate detection, RFC 8415 for DHCPv6. */
static const struct essential {
    const char *name, *loss;
    enum pk_hook hook;
    struct pk_build packet;
} essentials[] = {
    {"neighbour solicitation (NS) of a neighbour", "neighbours cannot find this host", PK_INPUT,
     ND(135, ROUTER, SOLICITED)},
    {"neighbour solicitation (NS) from ::", "others cannot see that an address is taken", PK_INPUT,
     ND(135, {0}, SOLICITED)},
    {"neighbour solicitation (NS)", "this host cannot find its neighbours", PK_OUTPUT,
     ND(135, SELF, SOLICITED_R)},
    {"neighbour advertisement (NA) of a neighbour", "this host cannot find its neighbours",
     PK_INPUT, ND(136, ROUTER, SELF)},
    {"neighbour advertisement (NA)", "neighbours cannot find this host", PK_OUTPUT,
     ND(136, SELF, ROUTER)},
    {"router solicitation (RS)", "this host waits long for a router", PK_OUTPUT,
     ND(133, SELF, ALL_ROUTERS)},
    {"router advertisement (RA)", "this host gets no address and no route from its router",
     PK_INPUT, ND(134, ROUTER, ALL_NODES)},
    {"DHCPv6 request (UDP 546 to 547)", "this host gets no address by DHCPv6", PK_OUTPUT,
     DHCP(SELF, DHCP_SERVERS, 546, 547)},
    {"DHCPv6 reply (UDP 547 to 546)", "this host gets no address by DHCPv6", PK_INPUT,
     DHCP(ROUTER, SELF, 547, 546)},
};

/* Any other interface: a name that no rule has, since rules cannot name one with a slash. */
#define OTHER "other/0"

static bool same_if(const char *a, const char *b)
{
    return !strncmp(a, b, 16);
}

/* A trailing '+' stands for any name with that beginning: the beginning itself is one. */
static void add_if(char ifs[][16], size_t *n, const char *name)
{
    char one[16] = {0};
    size_t len = strnlen(name, 15);

    memcpy(one, name, len);
    if (len && one[len - 1] == '+')
        one[len - 1] = '\0';
    if (!one[0] || same_if(one, "lo") || *n >= PK_ESSENTIAL_IFS)
        return;
    for (size_t i = 0; i < *n; i++)
        if (same_if(ifs[i], one))
            return;
    memcpy(ifs[(*n)++], one, 16);
}

static size_t collect_ifs(const struct pk_ruleset *rs, char ifs[][16])
{
    size_t n = 0;

    memcpy(ifs[n++], OTHER, sizeof(OTHER));
    for (size_t c = 0; c < rs->n_chains; c++)
        for (size_t i = 0; i < rs->chains[c]->n_rules && n < PK_ESSENTIAL_IFS; i++) {
            add_if(ifs, &n, rs->chains[c]->rules[i]->ip.iif);
            add_if(ifs, &n, rs->chains[c]->rules[i]->ip.oif);
        }
    return n;
}

static struct pk_u128 if_number(const char name[16])
{
    struct pk_u128 v = {0};

    for (int i = 0; i < 16; i++) {
        v.hi = v.hi << 8 | v.lo >> 56;
        v.lo = v.lo << 8 | (uint8_t)name[i];
    }
    return v;
}

static struct pk_verdict judge(const struct pk_ruleset *rs, const struct essential *e,
                               const char name[16])
{
    uint8_t bytes[PK_BUILD_MAX];
    struct pk_packet p = {0};
    size_t len = pk_build_packet(&e->packet, bytes);
    struct pk_view v = {.p = &p, .ip = bytes, .len = len};

    pk_packet_parse(bytes, len, &p);
    if (e->hook == PK_INPUT)
        p.iif = if_number(name);
    else
        p.oif = if_number(name);
    return pk_eval(rs, e->hook, &v, NULL, NULL, NULL);
}

static void warn(const struct pk_ruleset *rs, const struct essential *e, const char *name,
                 const struct pk_verdict *v, struct pk_diags *d)
{
    const char *where = same_if(name, OTHER) ? "an interface that no rule names" : name;
    const char *chain = rs->chains[e->hook]->name;
    const char *hint = e->packet.proto == 58
                           ? "accept it, or all of -p icmpv6 with types 133 to 136"
                           : "accept it, if this network uses DHCPv6";

    if (v->rule)
        pk_warn(d, PK_CODE_ESSENTIAL, ((struct pk_place){v->rule->file, v->rule->line, 0}), hint,
                "%s: %s on %s is dropped by rule -A %s %s: %s", chain, e->name, where,
                v->rule->chain->name, v->rule->text, e->loss);
    else
        pk_warn(d, PK_CODE_ESSENTIAL, PK_NOWHERE, hint,
                "%s: %s on %s is dropped by the policy of %s: %s", chain, e->name, where, chain,
                e->loss);
}

int pk_essential_check(const struct pk_ruleset *rs, struct pk_diags *d)
{
    char ifs[PK_ESSENTIAL_IFS][16] = {0};
    size_t n;

    if (!rs || rs->family != PK_IPV6)
        return 0;
    n = collect_ifs(rs, ifs);
    for (size_t i = 0; i < PK_ARRAY_SIZE(essentials); i++)
        for (size_t k = 0; k < n; k++) {
            struct pk_verdict v = judge(rs, &essentials[i], ifs[k]);

            if (v.action == PK_ACT_ACCEPT)
                continue;
            warn(rs, &essentials[i], ifs[k], &v, d);
            break;
        }
    return 0;
}
