// SPDX-License-Identifier: GPL-2.0-or-later
/* -m tos: as tos_mt() of the kernel's xt_dscp.c; of IPv6 it is the traffic class. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "rules/match/codes.h"
#include "rules/match/ip_number.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

struct tos_info {
    uint32_t value, mask;
    bool given, invert;
};

static const struct pk_option options[] = {
    {.name = "tos",
     .n_args = 1,
     .invertible = true,
     .arg = "value[/mask]",
     .help = "the type of service, under the mask, is this; or the name of one"},
    {0},
};

static const struct {
    const char *name;
    uint8_t value;
} names[] = {
    {"Minimize-Delay", 0x10}, {"Maximize-Throughput", 0x08}, {"Maximize-Reliability", 0x04},
    {"Minimize-Cost", 0x02},  {"Normal-Service", 0x00},
};

#define NAME_MASK 0x3f /* of a name, as iptables takes it */

static bool parse_name(const char *s, struct tos_info *t)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(names); i++)
        if (!strcasecmp(s, names[i].name)) {
            t->value = names[i].value;
            t->mask = NAME_MASK;
            return true;
        }
    return false;
}

/* -ENOMEM, 1: it is none, 0 */
static int parse_value(const struct pk_option_use *use, struct tos_info *t)
{
    const char *value = use->args[0], *slash = strchr(value, '/');

    t->mask = UINT8_MAX;
    if (slash)
        value = pk_arena_strndup(use->arena, value, (size_t)(slash - value));
    if (!value)
        return -ENOMEM;
    return !pk_match_number(value, UINT8_MAX, &t->value) ||
           (slash && !pk_match_number(slash + 1, UINT8_MAX, &t->mask));
}

static int tos_parse(struct pk_option_use *use, void *info)
{
    struct tos_info *t = info;
    int r = 0;

    t->given = true;
    t->invert = use->invert;
    if (!parse_name(use->args[0], t))
        r = parse_value(use, t);
    if (r <= 0)
        return r;
    pk_error(use->d, PK_CODE_TOS, use->arg_at,
             "write a number from 0 to 255, or two with a slash, or a name as Minimize-Delay",
             "\"%s\" is not a type of service", use->args[0]);
    return -EINVAL;
}

static int tos_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    if (((const struct tos_info *)info)->given)
        return 0;
    pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at, "add --tos", "-m tos needs --tos");
    return -EINVAL;
}

static void tos_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct tos_info *t = info;

    pk_buf_fmt(out, "%s --tos 0x%02x/0x%02x", t->invert ? " !" : "", t->value, t->mask);
}

static struct pk_ip_number asked(const struct tos_info *t)
{
    return (struct pk_ip_number){PK_NUMBER_TOS, t->mask, t->value, t->value, t->invert};
}

static enum pk_answer tos_eval(const void *info, const struct pk_view *v)
{
    const struct pk_ip_number n = asked(info);

    return pk_ip_number_eval(&n, v);
}

static enum pk_answer tos_compile(const void *info, struct pk_compile *ctx)
{
    const struct pk_ip_number n = asked(info);

    return pk_ip_number_compile(&n, ctx);
}

const struct pk_match_def pk_match_tos = {
    .name = "tos",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct tos_info),
    .options = options,
    .parse = tos_parse,
    .finish = tos_finish,
    .print = tos_print,
    .eval = tos_eval,
    .compile = tos_compile,
};
