// SPDX-License-Identifier: GPL-2.0-or-later
/* -m conntrack: revision 3 of xt_conntrack, in the text of libxt_conntrack of iptables 1.8.9. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "rules/match/codes.h"
#include "rules/match/ct.h"
#include "rules/match/list.h"
#include "rules/parse.h"

static const char address_help[] = "address[/mask]", port_help[] = "port[:port]";

/* The order in which iptables prints them; the ids are the parts of a step (rules/conntrack.h). */
static const struct pk_option options[] = {
    {.name = "ctstate",
     .id = PK_CTP_STATE,
     .n_args = 1,
     .invertible = true,
     .arg = "state[,state]...",
     .help = "INVALID, NEW, RELATED, ESTABLISHED, UNTRACKED, SNAT or DNAT"},
    {.name = "ctproto",
     .id = PK_CTP_PROTO,
     .n_args = 1,
     .invertible = true,
     .arg = "protocol",
     .help = "the protocol of the entry"},
    {.name = "ctorigsrc",
     .id = PK_CTP_ADDR + PK_CT_ORIGSRC,
     .n_args = 1,
     .invertible = true,
     .arg = address_help,
     .help = "the source of the packet that made the entry"},
    {.name = "ctorigdst",
     .id = PK_CTP_ADDR + PK_CT_ORIGDST,
     .n_args = 1,
     .invertible = true,
     .arg = address_help,
     .help = "its destination, before DNAT"},
    {.name = "ctreplsrc",
     .id = PK_CTP_ADDR + PK_CT_REPLSRC,
     .n_args = 1,
     .invertible = true,
     .arg = address_help,
     .help = "the source of replies, after DNAT"},
    {.name = "ctrepldst",
     .id = PK_CTP_ADDR + PK_CT_REPLDST,
     .n_args = 1,
     .invertible = true,
     .arg = address_help,
     .help = "the destination of replies, after SNAT"},
    {.name = "ctorigsrcport",
     .id = PK_CTP_PORT + PK_CT_ORIGSRC,
     .n_args = 1,
     .invertible = true,
     .arg = port_help,
     .help = "the source port of the packet that made the entry"},
    {.name = "ctorigdstport",
     .id = PK_CTP_PORT + PK_CT_ORIGDST,
     .n_args = 1,
     .invertible = true,
     .arg = port_help,
     .help = "its destination port, before DNAT"},
    {.name = "ctreplsrcport",
     .id = PK_CTP_PORT + PK_CT_REPLSRC,
     .n_args = 1,
     .invertible = true,
     .arg = port_help,
     .help = "the source port of replies, after DNAT"},
    {.name = "ctrepldstport",
     .id = PK_CTP_PORT + PK_CT_REPLDST,
     .n_args = 1,
     .invertible = true,
     .arg = port_help,
     .help = "the destination port of replies, after SNAT"},
    {.name = "ctstatus",
     .id = PK_CTP_STATUS,
     .n_args = 1,
     .invertible = true,
     .arg = "status[,status]...",
     .help = "NONE, EXPECTED, SEEN_REPLY, ASSURED or CONFIRMED"},
    {.name = "ctexpire",
     .id = PK_CTP_EXPIRE,
     .n_args = 1,
     .invertible = true,
     .arg = "seconds[:seconds]",
     .help = "the entry ends in so many seconds"},
    {.name = "ctdir",
     .id = PK_CTP_DIR,
     .n_args = 1,
     .arg = "direction",
     .help = "ORIGINAL or REPLY: the way the packet goes"},
    {0},
};

static const struct {
    const char *name;
    uint16_t bit;
} statuses[] = {
    {"NONE", 0},
    {"EXPECTED", PK_CTF_EXPECTED},
    {"SEEN_REPLY", PK_CTF_SEEN_REPLY},
    {"ASSURED", PK_CTF_ASSURED},
    {"CONFIRMED", PK_CTF_CONFIRMED},
};

/* The bit, or -1. As for states, a beginning of the name is enough. */
static int status_bit(const char *s, size_t len)
{
    for (size_t i = 0; len && i < PK_ARRAY_SIZE(statuses); i++)
        if (!strncasecmp(statuses[i].name, s, len))
            return statuses[i].bit;
    return -1;
}

static int parse_status(const struct pk_option_use *use, struct pk_ct_info *i)
{
    const char *s = use->args[0];
    uint16_t bits = 0;

    for (;; s++) {
        size_t len = strcspn(s, ",");
        int bit = status_bit(s, len);

        if (bit < 0) {
            pk_error(use->d, PK_CODE_CT_STATUS, use->arg_at,
                     "write NONE, EXPECTED, SEEN_REPLY, ASSURED or CONFIRMED, with commas between "
                     "them",
                     "\"%.*s\" is not a status of connection tracking", (int)len, s);
            return -EINVAL;
        }
        bits |= (uint16_t)bit;
        s += len;
        if (!*s)
            break;
    }
    i->status = bits;
    return 0;
}

/* A number or a name in any case; 0 and "all", which no entry has, are taken as by iptables. */
static int parse_proto(const struct pk_option_use *use, struct pk_ct_info *i)
{
    char name[32] = "";
    uint32_t v;
    int n;

    for (size_t k = 0; k < sizeof(name) - 1 && use->args[0][k]; k++)
        name[k] = (char)tolower((unsigned char)use->args[0][k]);
    n = pk_match_number(use->args[0], UINT8_MAX, &v) ? (int)v : pk_protocol_number(name);
    if (n < 0) {
        pk_error(use->d, PK_CODE_CT_PROTO, use->arg_at,
                 "write a number from 0 to 255, or a name of /etc/protocols",
                 "\"%s\" is not a protocol", use->args[0]);
        return -EINVAL;
    }
    i->proto = (uint8_t)n;
    return 0;
}

static int address_error(const struct pk_option_use *use)
{
    pk_error(use->d, PK_CODE_CT_ADDRESS, use->arg_at,
             use->family == PK_IPV4 ? "write one as 192.0.2.0/24 or 192.0.2.0/255.255.255.0"
                                    : "write one as 2001:db8::/32",
             "\"%s\" is not a numeric %s address with a mask of leading ones", use->args[0],
             use->family == PK_IPV4 ? "IPv4" : "IPv6");
    return -EINVAL;
}

/* As getaddrinfo() with a numeric host, by which "1.2" is 1.0.0.2; without its %scope. */
static bool parse_ip(const char *s, enum pk_family family, struct pk_u128 *ret)
{
    struct in6_addr a6;
    struct in_addr a4;
    struct pk_u128 v = {0};

    if (family == PK_IPV4) {
        if (s[strcspn(s, " \t\n\v\f\r")] || !inet_aton(s, &a4))
            return false;
        *ret = (struct pk_u128){0, ntohl(a4.s_addr)};
        return true;
    }
    if (inet_pton(AF_INET6, s, &a6) != 1)
        return false;
    for (int k = 0; k < 8; k++) {
        v.hi = v.hi << 8 | a6.s6_addr[k];
        v.lo = v.lo << 8 | a6.s6_addr[k + 8];
    }
    *ret = v;
    return true;
}

static struct pk_u128 mask_of(enum pk_family family, unsigned len)
{
    if (family == PK_IPV4)
        return (struct pk_u128){0, len ? UINT32_MAX << (32 - len) & UINT32_MAX : 0};
    return (struct pk_u128){len >= 64 ? UINT64_MAX
                            : len     ? UINT64_MAX << (64 - len)
                                      : 0,
                            len > 64 ? UINT64_MAX << (128 - len) : 0};
}

/* iptables takes other masks, too, and then compares with all ones: refused here. */
static bool parse_mask(const char *s, enum pk_family family, struct pk_u128 *ret)
{
    unsigned bits = family == PK_IPV4 ? 32 : 128;
    struct pk_u128 v;
    uint32_t len;

    if (pk_match_number(s, bits, &len)) {
        *ret = mask_of(family, len);
        return true;
    }
    if (!strpbrk(s, ".:") || !parse_ip(s, family, &v))
        return false;
    for (len = 0; len <= bits; len++) {
        *ret = mask_of(family, len);
        if (ret->hi == v.hi && ret->lo == v.lo)
            return true;
    }
    return false;
}

static int parse_address(const struct pk_option_use *use, unsigned end, struct pk_ct_info *i)
{
    const char *ip = use->args[0], *slash = strchr(ip, '/');
    struct pk_u128 addr, mask = mask_of(use->family, use->family == PK_IPV4 ? 32 : 128);

    if (slash)
        ip = pk_arena_strndup(use->arena, ip, (size_t)(slash - ip));
    if (!ip)
        return -ENOMEM;
    if (!parse_ip(ip, use->family, &addr) || (slash && !parse_mask(slash + 1, use->family, &mask)))
        return address_error(use);
    i->addr[end] = addr;
    i->mask[end] = mask;
    return 0;
}

/* iptables-save prints LOW:0 as LOW alone, which is another rule. */
static int parse_port(const struct pk_option_use *use, unsigned end, struct pk_ct_info *i)
{
    struct pk_port_range range;
    int r = pk_ports_parse(use, NULL, false, &range);

    if (r)
        return r;
    if (range.lo && !range.hi) {
        pk_error(use->d, PK_CODE_SAVED_OTHERWISE, use->at, "write the lower port first",
                 "iptables-save would print --%s %s as one port", use->option->name, use->args[0]);
        return -EINVAL;
    }
    i->port[end] = range;
    return 0;
}

static int parse_expire(const struct pk_option_use *use, struct pk_ct_info *i)
{
    const char *low = use->args[0], *colon = strchr(low, ':');
    const char *high = colon ? colon + 1 : low;
    uint32_t lo = 0, hi = UINT32_MAX;

    if (colon)
        low = pk_arena_strndup(use->arena, low, (size_t)(colon - low));
    if (!low)
        return -ENOMEM;
    if (((!colon || *low) && !pk_match_number(low, UINT32_MAX, &lo)) ||
        ((!colon || *high) && !pk_match_number(high, UINT32_MAX, &hi))) {
        pk_error(use->d, PK_CODE_CT_EXPIRE, use->arg_at, "write seconds, or low:high",
                 "\"%s\" is not a number of seconds, or a range of them", use->args[0]);
        return -EINVAL;
    }
    i->expire_low = lo;
    i->expire_high = hi;
    return 0;
}

static int parse_direction(const struct pk_option_use *use, bool *ret_reply)
{
    *ret_reply = !strcasecmp(use->args[0], "REPLY");
    if (*ret_reply || !strcasecmp(use->args[0], "ORIGINAL"))
        return 0;
    pk_error(use->d, PK_CODE_CT_DIR, use->arg_at, "write ORIGINAL or REPLY",
             "\"%s\" is not a direction", use->args[0]);
    return -EINVAL;
}

static int parse_part(const struct pk_option_use *use, unsigned part, struct pk_ct_info *i,
                      bool *invert)
{
    switch (part) {
    case PK_CTP_STATE:
        return pk_ct_parse_states(use, true, i);
    case PK_CTP_PROTO:
        return parse_proto(use, i);
    case PK_CTP_STATUS:
        return parse_status(use, i);
    case PK_CTP_EXPIRE:
        return parse_expire(use, i);
    case PK_CTP_DIR:
        return parse_direction(use, invert);
    }
    if (part < PK_CTP_PORT)
        return parse_address(use, part - PK_CTP_ADDR, i);
    return parse_port(use, part - PK_CTP_PORT, i);
}

static int conntrack_parse(struct pk_option_use *use, void *info)
{
    unsigned part = (unsigned)use->option->id;
    struct pk_ct_info *i = info;
    bool invert = use->invert;
    int r = parse_part(use, part, i, &invert);

    if (r)
        return r;
    i->given |= 1u << part;
    i->inverted |= (uint32_t)invert << part;
    i->family = (uint8_t)use->family;
    return 0;
}

static int conntrack_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    const struct pk_ct_info *i = info;

    if (i->given)
        return 0;
    pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at, "add one, such as --ctstate ESTABLISHED",
             "-m conntrack needs an option");
    return -EINVAL;
}

static unsigned mask_len(struct pk_u128 m)
{
    return (unsigned)(__builtin_popcountll(m.hi) + __builtin_popcountll(m.lo));
}

static void print_address(const struct pk_ct_info *i, unsigned end, struct pk_buf *out)
{
    char text[INET6_ADDRSTRLEN] = "";
    bool v4 = i->family == PK_IPV4;
    const struct pk_u128 v = i->addr[end];
    struct in6_addr a;

    for (int k = 0; k < 8; k++) {
        a.s6_addr[k] = (uint8_t)(v.hi >> (56 - 8 * k));
        a.s6_addr[k + 8] = (uint8_t)(v.lo >> (56 - 8 * k));
    }
    if (v4)
        inet_ntop(AF_INET, &a.s6_addr[12], text, sizeof(text));
    else
        inet_ntop(AF_INET6, &a, text, sizeof(text));
    pk_buf_str(out, text);
    if (mask_len(i->mask[end]) != (v4 ? 32 : 128))
        pk_buf_fmt(out, "/%u", mask_len(i->mask[end]));
}

static void print_status(const struct pk_ct_info *i, struct pk_buf *out)
{
    const char *before = "";

    for (size_t k = 1; k < PK_ARRAY_SIZE(statuses); k++) {
        if (!(i->status & statuses[k].bit))
            continue;
        pk_buf_str(out, before);
        pk_buf_str(out, statuses[k].name);
        before = ",";
    }
    if (!i->status)
        pk_buf_str(out, "NONE");
}

static void print_expire(const struct pk_ct_info *i, struct pk_buf *out)
{
    pk_buf_u64(out, i->expire_low);
    if (i->expire_low == i->expire_high)
        return;
    pk_buf_char(out, ':');
    pk_buf_u64(out, i->expire_high);
}

static void print_argument(const struct pk_ct_info *i, unsigned part, struct pk_buf *out)
{
    switch (part) {
    case PK_CTP_PROTO:
        pk_buf_u64(out, i->proto);
        return;
    case PK_CTP_STATUS:
        print_status(i, out);
        return;
    case PK_CTP_EXPIRE:
        print_expire(i, out);
        return;
    case PK_CTP_DIR:
        pk_buf_str(out, i->inverted >> PK_CTP_DIR & 1 ? "REPLY" : "ORIGINAL");
        return;
    }
    print_address(i, part - PK_CTP_ADDR, out);
}

static void conntrack_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct pk_ct_info *i = info;

    for (const struct pk_option *o = options; o->name; o++) {
        unsigned part = (unsigned)o->id;

        if (!(i->given >> part & 1))
            continue;
        if (part == PK_CTP_STATE) {
            pk_ct_print_states(o->name, i, out);
        } else if (part >= PK_CTP_PORT && part < PK_CTP_PORT + PK_CT_ENDS) {
            pk_ports_print(o->name, &i->port[part - PK_CTP_PORT], out);
        } else {
            pk_buf_str(out, part != PK_CTP_DIR && i->inverted >> part & 1 ? " ! --" : " --");
            pk_buf_str(out, o->name);
            pk_buf_char(out, ' ');
            print_argument(i, part, out);
        }
    }
}

const struct pk_match_def pk_match_conntrack = {
    .name = "conntrack",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct pk_ct_info),
    .options = options,
    .conntrack = true,
    .parse = conntrack_parse,
    .finish = conntrack_finish,
    .print = conntrack_print,
    .eval = pk_ct_eval,
    .compile = pk_ct_compile,
};
