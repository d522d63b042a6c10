// SPDX-License-Identifier: GPL-2.0-or-later
/* -m ipv6header: as ipv6header_mt6() of the kernel's ip6t_ipv6header.c. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "rules/match/codes.h"
#include "rules/match/header.h"
#include "rules/match/list.h"

struct ipv6header_info {
    uint16_t asked; /* PK_IPV6H_* */
    bool invert, soft;
};

enum { IPV6HEADER_HEADER, IPV6HEADER_SOFT };

static const struct pk_option options[] = {
    {.name = "header",
     .id = IPV6HEADER_HEADER,
     .n_args = 1,
     .invertible = true,
     .arg = "header[,header...]",
     .help = "the packet has these headers and no others: hop, dst, route, frag, auth, esp, none, "
             "prot"},
    {.name = "soft", .id = IPV6HEADER_SOFT, .help = "it may have others, too"},
    {0},
};

/* The first of each is the one that is printed, in this order. */
static const struct {
    const char *names[5];
    uint16_t bit;
} headers[] = {
    {{"hop-by-hop", "hop", "hopopt", "ip", "0"}, PK_IPV6H_HOPOPTS},
    {{"ipv6-opts", "dst", "60"}, PK_IPV6H_DSTOPTS},
    {{"ipv6-route", "route", "43"}, PK_IPV6H_ROUTING},
    {{"ipv6-frag", "frag", "44"}, PK_IPV6H_FRAGMENT},
    {{"ah", "auth", "51"}, PK_IPV6H_AH},
    {{"esp", "50"}, PK_IPV6H_ESP},
    {{"ipv6-nonxt", "none", "59"}, PK_IPV6H_NONE},
    {{"protocol", "prot", "255"}, PK_IPV6H_PROTO},
};

static uint16_t header_bit(const char *s, size_t len)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(headers); i++)
        for (size_t k = 0; k < PK_ARRAY_SIZE(headers[i].names) && headers[i].names[k]; k++)
            if (strlen(headers[i].names[k]) == len && !memcmp(headers[i].names[k], s, len))
                return headers[i].bit;
    return 0;
}

/* Names between commas; empty ones are passed over, as strtok() does in iptables. */
static int parse_headers(const struct pk_option_use *use, struct ipv6header_info *i)
{
    const char *s = use->args[0];
    uint16_t asked = 0;

    while (*s) {
        size_t len = strcspn(s, ",");
        uint16_t bit = header_bit(s, len);

        if (len && !bit) {
            pk_error(use->d, PK_CODE_IPV6_HEADER, use->arg_at,
                     "write hop, dst, route, frag, auth, esp, none or prot, with commas between "
                     "them",
                     "\"%.*s\" is not a header of IPv6 that can be asked for",
                     (int)PK_MIN(len, (size_t)64), s);
            return -EINVAL;
        }
        asked |= bit;
        s += len;
        s += *s == ',';
    }
    i->asked = asked;
    i->invert = use->invert;
    return 0;
}

static int ipv6header_parse(struct pk_option_use *use, void *info)
{
    struct ipv6header_info *i = info;

    if (use->option->id == IPV6HEADER_HEADER)
        return parse_headers(use, i);
    i->soft = true;
    return 0;
}

static int ipv6header_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    const struct ipv6header_info *i = info;

    if (i->asked)
        return 0;
    pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at, "say which headers",
             "-m ipv6header needs --header");
    return -EINVAL;
}

static void ipv6header_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct ipv6header_info *i = info;
    const char *comma = "";

    pk_buf_str(out, i->invert ? " ! --header " : " --header ");
    for (size_t n = 0; n < PK_ARRAY_SIZE(headers); n++) {
        if (!(i->asked & headers[n].bit))
            continue;
        pk_buf_fmt(out, "%s%s", comma, headers[n].names[0]);
        comma = ",";
    }
    if (i->soft)
        pk_buf_str(out, " --soft");
}

static uint16_t kind_of(uint8_t next)
{
    static const uint16_t kinds[256] = {
        [0] = PK_IPV6H_HOPOPTS,  [43] = PK_IPV6H_ROUTING, [44] = PK_IPV6H_FRAGMENT,
        [50] = PK_IPV6H_ESP,     [51] = PK_IPV6H_AH,      [59] = PK_IPV6H_NONE,
        [60] = PK_IPV6H_DSTOPTS,
    };

    return kinds[next];
}

/* The kernel's walk: it goes on behind a later fragment, and stops at what reaches past the end. */
static enum pk_answer walk(const struct pk_view *v, uint16_t *ret)
{
    uint8_t next = v->ip[6];
    uint16_t kind, seen = 0;
    size_t off = 40;

    while (off <= v->p->len && (kind = kind_of(next)) && kind != PK_IPV6H_NONE) {
        if (off + 2 > v->p->len)
            return PK_NO;
        seen |= kind;
        if (kind == PK_IPV6H_ESP)
            break;
        if (off + 2 > v->len)
            return PK_HOTDROP;
        next = v->ip[off];
        off += kind == PK_IPV6H_FRAGMENT ? 8
               : kind == PK_IPV6H_AH     ? (v->ip[off + 1] + 2u) * 4
                                         : (v->ip[off + 1] + 1u) * 8;
    }
    if (next == 59 && off <= v->p->len)
        seen |= PK_IPV6H_NONE;
    if (next != 59 && next != 50)
        seen |= PK_IPV6H_PROTO;
    *ret = seen;
    return PK_YES;
}

static enum pk_answer ipv6header_eval(const void *info, const struct pk_view *v)
{
    const struct ipv6header_info *i = info;
    uint16_t seen, inverted = i->invert ? 0xff : 0;
    enum pk_answer a = walk(v, &seen);

    if (a != PK_YES)
        return a;
    if (i->soft)
        return (seen ^ i->asked ^ inverted) & i->asked ? PK_NO : PK_YES;
    return (seen == i->asked) != i->invert ? PK_YES : PK_NO;
}

static enum pk_answer ipv6header_compile(const void *info, struct pk_compile *ctx)
{
    const struct ipv6header_info *i = info;
    struct pk_step step = {.kind = PK_STEP_IPV6HEADER,
                           .invert = i->invert,
                           .arg = i->asked | (i->soft ? PK_IPV6H_SOFT : 0)};

    return pk_compile_step(ctx, step, PK_STEP_BARRIER);
}

const struct pk_match_def pk_match_ipv6header = {
    .name = "ipv6header",
    .families = 1u << PK_IPV6,
    .info_size = sizeof(struct ipv6header_info),
    .options = options,
    .parse = ipv6header_parse,
    .finish = ipv6header_finish,
    .print = ipv6header_print,
    .eval = ipv6header_eval,
    .compile = ipv6header_compile,
};
