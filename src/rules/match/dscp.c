// SPDX-License-Identifier: GPL-2.0-or-later
/* -m dscp: as dscp_mt() and dscp_mt6() of the kernel's xt_dscp.c. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "rules/match/codes.h"
#include "rules/match/ip_number.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

enum { DSCP, DSCP_CLASS };

struct dscp_info {
    struct pk_number_option dscp;
};

static const struct pk_option options[] = {
    {.name = "dscp",
     .id = DSCP,
     .n_args = 1,
     .invertible = true,
     .arg = "number",
     .help = "the code point is this: 0 to 63"},
    {.name = "dscp-class",
     .id = DSCP_CLASS,
     .n_args = 1,
     .invertible = true,
     .arg = "name",
     .help = "the code point has this name: BE, EF, CS0 to CS7, AF11 to AF43"},
    {0},
};

/* RFC 2474, 2597, 3246 */
static const struct {
    const char *name;
    uint8_t dscp;
} classes[] = {
    {"CS0", 0x00},  {"CS1", 0x08},  {"CS2", 0x10},  {"CS3", 0x18},  {"CS4", 0x20},  {"CS5", 0x28},
    {"CS6", 0x30},  {"CS7", 0x38},  {"BE", 0x00},   {"AF11", 0x0a}, {"AF12", 0x0c}, {"AF13", 0x0e},
    {"AF21", 0x12}, {"AF22", 0x14}, {"AF23", 0x16}, {"AF31", 0x1a}, {"AF32", 0x1c}, {"AF33", 0x1e},
    {"AF41", 0x22}, {"AF42", 0x24}, {"AF43", 0x26}, {"EF", 0x2e},
};

/* As class_to_dscp() of iptables' dscp_helper.c, which lets anything follow a name. */
static int parse_class(const struct pk_option_use *use, uint32_t *ret)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(classes); i++)
        if (!strncasecmp(use->args[0], classes[i].name, strlen(classes[i].name))) {
            *ret = classes[i].dscp;
            return 0;
        }
    pk_error(use->d, PK_CODE_DSCP, use->arg_at, "write BE, EF, CS0 to CS7 or AF11 to AF43",
             "\"%s\" is not the name of a DSCP", use->args[0]);
    return -EINVAL;
}

static int dscp_parse(struct pk_option_use *use, void *info)
{
    struct pk_number_option *o = &((struct dscp_info *)info)->dscp;

    if (o->given) {
        pk_error(use->d, PK_CODE_ONLY_ONE_OF, use->at, "keep one of them",
                 "only one of --dscp and --dscp-class can be given");
        return -EINVAL;
    }
    *o = (struct pk_number_option){.given = true, .invert = use->invert};
    if (use->option->id == DSCP_CLASS)
        return parse_class(use, &o->value);
    return pk_number_parse(use, use->args[0], 63, &o->value);
}

static int dscp_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    if (((const struct dscp_info *)info)->dscp.given)
        return 0;
    pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at, "add one of them",
             "-m dscp needs --dscp or --dscp-class");
    return -EINVAL;
}

static void dscp_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct dscp_info *i = info;

    pk_buf_fmt(out, "%s --dscp 0x%02x", i->dscp.invert ? " !" : "", i->dscp.value);
}

static struct pk_ip_number asked(const struct dscp_info *i)
{
    uint32_t v = i->dscp.value << 2;

    return (struct pk_ip_number){PK_NUMBER_TOS, 0xfc, v, v, i->dscp.invert};
}

static enum pk_answer dscp_eval(const void *info, const struct pk_view *v)
{
    const struct pk_ip_number n = asked(info);

    return pk_ip_number_eval(&n, v);
}

static enum pk_answer dscp_compile(const void *info, struct pk_compile *ctx)
{
    const struct pk_ip_number n = asked(info);

    return pk_ip_number_compile(&n, ctx);
}

const struct pk_match_def pk_match_dscp = {
    .name = "dscp",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct dscp_info),
    .options = options,
    .parse = dscp_parse,
    .finish = dscp_finish,
    .print = dscp_print,
    .eval = dscp_eval,
    .compile = dscp_compile,
};
