// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m ttl of IPv4 and -m hl of IPv6: as ttl_mt() and hl_mt6() of the kernel's xt_hl.c. A packet that
 * is forwarded has lost one before FORWARD (ip_forward, ip6_forward).
 */
#include <errno.h>
#include <stdio.h>

#include "rules/match/codes.h"
#include "rules/match/ip_number.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

enum { TTL_EQ, TTL_LT, TTL_GT };

struct ttl_info {
    uint32_t value;
    uint8_t how; /* TTL_* */
    bool given, invert;
};

#define EQ_HELP "the packet may go through so many routers more"

static const struct pk_option ttl_options[] = {
    {.name = "ttl-eq",
     .alias = "ttl",
     .id = TTL_EQ,
     .n_args = 1,
     .invertible = true,
     .arg = "number",
     .help = EQ_HELP},
    {.name = "ttl-lt", .id = TTL_LT, .n_args = 1, .arg = "number", .help = "through fewer"},
    {.name = "ttl-gt", .id = TTL_GT, .n_args = 1, .arg = "number", .help = "through more"},
    {0},
};

static const struct pk_option hl_options[] = {
    {.name = "hl-eq",
     .alias = "hl",
     .id = TTL_EQ,
     .n_args = 1,
     .invertible = true,
     .arg = "number",
     .help = EQ_HELP},
    {.name = "hl-lt", .id = TTL_LT, .n_args = 1, .arg = "number", .help = "through fewer"},
    {.name = "hl-gt", .id = TTL_GT, .n_args = 1, .arg = "number", .help = "through more"},
    {0},
};

static const char *match_name(enum pk_family f)
{
    return f == PK_IPV4 ? "ttl" : "hl";
}

static int ttl_parse(struct pk_option_use *use, void *info)
{
    const char *m = match_name(use->family);
    struct ttl_info *i = info;

    if (i->given) {
        pk_error(use->d, PK_CODE_ONLY_ONE_OF, use->at, "write two of this match",
                 "only one of --%s-eq, --%s-lt and --%s-gt can be given", m, m, m);
        return -EINVAL;
    }
    i->given = true;
    i->invert = use->invert;
    i->how = (uint8_t)use->option->id;
    return pk_number_parse(use, use->args[0], UINT8_MAX, &i->value);
}

static int ttl_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    const char *m = match_name(use->family);

    if (((const struct ttl_info *)info)->given)
        return 0;
    pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at, "add one of them",
             "-m %s needs --%s-eq, --%s-lt or --%s-gt", m, m, m, m);
    return -EINVAL;
}

static void print_by(const struct pk_option *o, const struct ttl_info *i, struct pk_buf *out)
{
    pk_buf_fmt(out, "%s --%s %u", i->invert ? " !" : "", o[i->how].name, i->value);
}

static void ttl_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    print_by(ttl_options, info, out);
}

static void hl_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    print_by(hl_options, info, out);
}

/* "Less than" is all below, and none below 0. */
static struct pk_ip_number asked(const struct ttl_info *i)
{
    struct pk_ip_number n = {PK_NUMBER_TTL, UINT8_MAX, i->value, i->value, i->invert};

    if (i->how == TTL_LT) {
        n.lo = i->value ? 0 : 1;
        n.hi = i->value ? i->value - 1 : 0;
    } else if (i->how == TTL_GT) {
        n.lo = i->value + 1;
        n.hi = UINT8_MAX;
    }
    return n;
}

static enum pk_answer ttl_eval(const void *info, const struct pk_view *v)
{
    const struct pk_ip_number n = asked(info);

    return pk_ip_number_eval(&n, v);
}

static enum pk_answer ttl_compile(const void *info, struct pk_compile *ctx)
{
    const struct pk_ip_number n = asked(info);

    return pk_ip_number_compile(&n, ctx);
}

const struct pk_match_def pk_match_ttl = {
    .name = "ttl",
    .families = 1u << PK_IPV4,
    .info_size = sizeof(struct ttl_info),
    .options = ttl_options,
    .parse = ttl_parse,
    .finish = ttl_finish,
    .print = ttl_print,
    .eval = ttl_eval,
    .compile = ttl_compile,
};

const struct pk_match_def pk_match_hl = {
    .name = "hl",
    .families = 1u << PK_IPV6,
    .info_size = sizeof(struct ttl_info),
    .options = hl_options,
    .parse = ttl_parse,
    .finish = ttl_finish,
    .print = hl_print,
    .eval = ttl_eval,
    .compile = ttl_compile,
};
