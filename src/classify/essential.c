// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/essential.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
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
    {"NS", "no neighbour finds this host", PK_INPUT, ND(135, ROUTER, SOLICITED)},
    {"NS from ::", "others cannot see that an address is taken", PK_INPUT, ND(135, {0}, SOLICITED)},
    {"NA", "this host finds no neighbour", PK_INPUT, ND(136, ROUTER, SELF)},
    {"RA", "no router gives this host an address or a route", PK_INPUT, ND(134, ROUTER, ALL_NODES)},
    {"DHCPv6", "this host gets no address by DHCPv6", PK_INPUT, DHCP(ROUTER, SELF, 547, 546)},
    {"NS", "this host finds no neighbour", PK_OUTPUT, ND(135, SELF, SOLICITED_R)},
    {"NA", "no neighbour finds this host", PK_OUTPUT, ND(136, SELF, ROUTER)},
    {"RS", "this host waits long for a router", PK_OUTPUT, ND(133, SELF, ALL_ROUTERS)},
    {"DHCPv6", "this host gets no address by DHCPv6", PK_OUTPUT,
     DHCP(SELF, DHCP_SERVERS, 546, 547)},
};

#define N_ESSENTIAL PK_ARRAY_SIZE(essentials)

/* Where a packet is lost first: on which interface, and by which rule (NULL: the policy). */
struct loss {
    bool lost;
    size_t on;
    const struct pk_rule *by;
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
    /* nf_conntrack_icmpv6_error() leaves neighbour discovery alone; DHCPv6 answers a group. */
    const struct pk_conntrack ct = {.info = e->packet.proto == 58 ? PK_CT_UNTRACKED : PK_CT_NEW,
                                    .entry = e->packet.proto != 58};
    struct pk_view v = {.p = &p, .ip = bytes, .len = len, .ct = &ct};

    pk_packet_parse(bytes, len, &p);
    if (e->hook == PK_INPUT)
        p.iif = if_number(name);
    else
        p.oif = if_number(name);
    return pk_eval(rs, e->hook, &v, NULL, NULL, NULL);
}

static struct loss find_loss(const struct pk_ruleset *rs, const struct essential *e, char ifs[][16],
                             size_t n)
{
    for (size_t k = 0; k < n; k++) {
        struct pk_verdict v = judge(rs, e, ifs[k]);

        if (v.action != PK_ACT_ACCEPT)
            return (struct loss){.lost = true, .on = k, .by = v.rule};
    }
    return (struct loss){0};
}

/* Lost in the same chain, by the same rule or policy, on the same interface. */
static bool together(const struct loss *losses, size_t i, size_t k)
{
    return losses[k].lost && losses[i].on == losses[k].on && losses[i].by == losses[k].by &&
           essentials[i].hook == essentials[k].hook;
}

/* "NS, NA, RA": what is lost as losses[i] is. NS from anywhere says all that NS from :: says. */
static void name_losses(const struct loss *losses, size_t i, struct pk_buf *to)
{
    const char *comma = "", *before = "";

    for (size_t k = i; k < N_ESSENTIAL; k++) {
        const char *name = essentials[k].name;

        if (!together(losses, i, k) || (*before && !strncmp(before, name, strlen(before))))
            continue;
        pk_buf_fmt(to, "%s%s", comma, name);
        comma = ", ";
        before = name;
    }
}

/* What to accept: the ICMPv6 types, as one or as the range that neighbour discovery needs. */
static void name_mend(const struct loss *losses, size_t i, struct pk_buf *to)
{
    unsigned types = 0, type = 0, port = 0;

    for (size_t k = i; k < N_ESSENTIAL; k++) {
        const struct pk_build *b = &essentials[k].packet;

        if (!together(losses, i, k))
            continue;
        if (b->proto == 17) {
            port = b->dport;
        } else if (b->icmp_type != type) {
            type = b->icmp_type;
            types++;
        }
    }
    pk_buf_fmt(to, "%s: accept ", essentials[i].loss);
    if (types > 1)
        pk_buf_str(to, "icmpv6 types 133 to 136");
    else if (types)
        pk_buf_fmt(to, "icmpv6 type %u", type);
    if (port)
        pk_buf_fmt(to, "%sudp port %u", types ? ", " : "", port);
}

/*
 * One warning for all that is lost as losses[i] is. Which interface it is matters only if rules
 * name some: then `ifs` holds more than the one that none names.
 */
static int warn(const struct pk_ruleset *rs, const struct loss *losses, size_t i, char ifs[][16],
                size_t n, struct pk_diags *d)
{
    const char *name = ifs[losses[i].on], *chain = rs->chains[essentials[i].hook]->name;
    const char *on = n == 1 ? "" : same_if(name, OTHER) ? "other interfaces" : name;
    const struct pk_rule *by = losses[i].by;
    struct pk_place at = by ? (struct pk_place){by->file, by->line, 0} : PK_NOWHERE;
    _pk_buf_ struct pk_buf lost = PK_BUF_INIT(256), mend = PK_BUF_INIT(256);

    name_losses(losses, i, &lost);
    name_mend(losses, i, &mend);
    if (lost.failed || mend.failed)
        return -ENOMEM;
    pk_warn(d, PK_CODE_ESSENTIAL, at, mend.data, "%s of %s drops %s%s%s",
            by ? "this rule" : "policy", by ? by->chain->name : chain, lost.data, *on ? " on " : "",
            on);
    return 0;
}

int pk_essential_check(const struct pk_ruleset *rs, struct pk_diags *d)
{
    char ifs[PK_ESSENTIAL_IFS][16] = {0};
    struct loss losses[N_ESSENTIAL];
    size_t n;
    int r = 0;

    if (!rs || rs->family != PK_IPV6)
        return 0;
    n = collect_ifs(rs, ifs);
    for (size_t i = 0; i < N_ESSENTIAL; i++)
        losses[i] = find_loss(rs, &essentials[i], ifs, n);
    for (size_t i = 0; !r && i < N_ESSENTIAL; i++) {
        if (!losses[i].lost)
            continue;
        r = warn(rs, losses, i, ifs, n, d);
        for (size_t k = N_ESSENTIAL; k-- > i;) /* i itself last */
            losses[k].lost = losses[k].lost && !together(losses, i, k);
    }
    return r;
}
