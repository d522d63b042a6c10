// SPDX-License-Identifier: GPL-2.0-or-later
/* -m iprange: as iprange_mt4() and iprange_mt6() of the kernel's xt_iprange.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "rules/compile_ctx.h"
#include "rules/match/codes.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

/* lo > hi is taken, as by iptables: no address is in it. */
struct range {
    struct pk_u128 lo, hi;
    bool given, invert;
};

struct iprange_info {
    struct range src, dst;
    uint8_t family;
};

enum { IPRANGE_SRC, IPRANGE_DST };

static const struct pk_option options[] = {
    {.name = "src-range",
     .id = IPRANGE_SRC,
     .n_args = 1,
     .invertible = true,
     .arg = "address[-address]",
     .help = "the source address is between these two"},
    {.name = "dst-range",
     .id = IPRANGE_DST,
     .n_args = 1,
     .invertible = true,
     .arg = "address[-address]",
     .help = "the destination address is between these two"},
    {0},
};

/* xtables_numeric_to_ipaddr(): one to four numbers between dots; missing ones at the end are 0. */
static bool parse_ipv4(const char *s, struct pk_u128 *ret)
{
    uint32_t addr = 0, byte;
    char part[16];

    for (int i = 0; i < 4; i++) {
        size_t len = strcspn(s, ".");

        if (len >= sizeof(part))
            return false;
        memcpy(part, s, len);
        part[len] = '\0';
        if (!pk_match_number(part, UINT8_MAX, &byte))
            return false;
        addr |= byte << (24 - 8 * i);
        s += len;
        if (!*s)
            break;
        s++;
        if (i == 3)
            return false;
    }
    *ret = (struct pk_u128){0, addr};
    return true;
}

static bool parse_ipv6(const char *s, struct pk_u128 *ret)
{
    struct in6_addr a;
    struct pk_u128 v = {0};

    if (inet_pton(AF_INET6, s, &a) != 1)
        return false;
    for (int i = 0; i < 8; i++) {
        v.hi = v.hi << 8 | a.s6_addr[i];
        v.lo = v.lo << 8 | a.s6_addr[i + 8];
    }
    *ret = v;
    return true;
}

static int parse_address(const struct pk_option_use *use, const char *s, struct pk_u128 *ret)
{
    bool v4 = use->family == PK_IPV4;

    if (v4 ? parse_ipv4(s, ret) : parse_ipv6(s, ret))
        return 0;
    pk_error(use->d, PK_CODE_ADDRESS_RANGE, use->arg_at,
             "write two numeric addresses with a dash between them", "\"%s\" is not an %s address",
             s, v4 ? "IPv4" : "IPv6");
    return -EINVAL;
}

static int iprange_parse(struct pk_option_use *use, void *info)
{
    struct iprange_info *r = info;
    struct range *to = use->option->id == IPRANGE_SRC ? &r->src : &r->dst;
    const char *low = use->args[0], *dash = strchr(low, '-');
    int e;

    if (dash)
        low = pk_arena_strndup(use->arena, low, (size_t)(dash - low));
    if (!low)
        return -ENOMEM;
    e = parse_address(use, low, &to->lo);
    if (!e)
        e = parse_address(use, dash ? dash + 1 : low, &to->hi);
    if (e)
        return e;
    to->given = true;
    to->invert = use->invert;
    r->family = (uint8_t)use->family;
    return 0;
}

static int iprange_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    const struct iprange_info *i = info;

    if (i->src.given || i->dst.given)
        return 0;
    pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at, "add one of them, or both",
             "-m iprange needs --src-range or --dst-range");
    return -EINVAL;
}

static void print_address(struct pk_u128 v, bool v4, struct pk_buf *out)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct in6_addr a;

    for (int i = 0; i < 8; i++) {
        a.s6_addr[i] = (uint8_t)(v.hi >> (56 - 8 * i));
        a.s6_addr[i + 8] = (uint8_t)(v.lo >> (56 - 8 * i));
    }
    if (v4)
        inet_ntop(AF_INET, &a.s6_addr[12], text, sizeof(text));
    else
        inet_ntop(AF_INET6, &a, text, sizeof(text));
    pk_buf_str(out, text);
}

static void print_range(const char *option, const struct range *r, bool v4, struct pk_buf *out)
{
    if (!r->given)
        return;
    pk_buf_str(out, r->invert ? " ! --" : " --");
    pk_buf_str(out, option);
    pk_buf_char(out, ' ');
    print_address(r->lo, v4, out);
    pk_buf_char(out, '-');
    print_address(r->hi, v4, out);
}

static void iprange_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct iprange_info *i = info;

    print_range("src-range", &i->src, i->family == PK_IPV4, out);
    print_range("dst-range", &i->dst, i->family == PK_IPV4, out);
}

static bool range_holds(const struct range *r, struct pk_u128 a)
{
    bool outside = pk_u128_less(a, r->lo) || pk_u128_less(r->hi, a);

    return !r->given || outside == r->invert;
}

static enum pk_answer iprange_eval(const void *info, const struct pk_view *v)
{
    const struct iprange_info *i = info;

    if (!range_holds(&i->src, v->p->saddr) || !range_holds(&i->dst, v->p->daddr))
        return PK_NO;
    return PK_YES;
}

static enum pk_answer iprange_compile(const void *info, struct pk_compile *ctx)
{
    const struct iprange_info *i = info;
    enum pk_answer a = PK_YES;

    if (i->src.given)
        a = pk_compile_range(ctx, PK_F_SADDR, i->src.lo, i->src.hi, i->src.invert);
    if (a == PK_YES && i->dst.given)
        a = pk_compile_range(ctx, PK_F_DADDR, i->dst.lo, i->dst.hi, i->dst.invert);
    return a;
}

const struct pk_match_def pk_match_iprange = {
    .name = "iprange",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct iprange_info),
    .options = options,
    .parse = iprange_parse,
    .finish = iprange_finish,
    .print = iprange_print,
    .eval = iprange_eval,
    .compile = iprange_compile,
};
