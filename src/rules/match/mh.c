// SPDX-License-Identifier: GPL-2.0-or-later
/* -m mh, IPv6: as mh_mt6() of the kernel's ip6t_mh.c. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "rules/match/codes.h"
#include "rules/match/header.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

struct mh_info {
    struct pk_number_range type; /* hi is UINT32_MAX only if nothing is asked */
};

static const struct pk_option options[] = {
    {.name = "mh-type",
     .n_args = 1,
     .invertible = true,
     .arg = "type[:type]",
     .help = "the mobility header's type is this, or between these"},
    {0},
};

static const struct {
    const char *name;
    uint8_t type;
} types[] = {
    {"binding-refresh-request", 0},
    {"brr", 0},
    {"home-test-init", 1},
    {"hoti", 1},
    {"careof-test-init", 2},
    {"coti", 2},
    {"home-test", 3},
    {"hot", 3},
    {"careof-test", 4},
    {"cot", 4},
    {"binding-update", 5},
    {"bu", 5},
    {"binding-acknowledgement", 6},
    {"ba", 6},
    {"binding-error", 7},
    {"be", 7},
};

static const struct pk_header_ask ask = {.layer4 = true, .need = 6};

static int mh_init(void *info)
{
    ((struct mh_info *)info)->type = PK_NUMBERS_ALL;
    return 0;
}

/* As name_to_type() of libip6t_mh: the first name that begins so, or the one that is it. */
static bool named_type(const char *s, uint32_t *ret)
{
    size_t len = strlen(s), found = PK_ARRAY_SIZE(types);

    for (size_t i = 0; i < PK_ARRAY_SIZE(types); i++)
        if (!strncasecmp(types[i].name, s, len) &&
            (found == PK_ARRAY_SIZE(types) || strlen(types[i].name) == len))
            found = i;
    if (found == PK_ARRAY_SIZE(types))
        return false;
    *ret = types[found].type;
    return true;
}

static int parse_type(const struct pk_option_use *use, const char *s, uint32_t most, uint32_t *ret)
{
    if (named_type(s, ret) || pk_match_number(s, most, ret))
        return 0;
    pk_error(use->d, PK_CODE_MH_TYPE, use->arg_at,
             "write a number from 0 to 255, or bu, ba, be, ...",
             "\"%s\" is not a type of mobility header", s);
    return -EINVAL;
}

static int mh_parse(struct pk_option_use *use, void *info)
{
    struct pk_number_range r;
    int e = pk_number_range_parse_to(use, UINT8_MAX, parse_type, &r);

    if (e)
        return e;
    if (r.lo > r.hi || (r.invert && r.lo == 0 && r.hi == UINT8_MAX)) {
        pk_error(use->d, r.lo > r.hi ? PK_CODE_PORT_RANGE : PK_CODE_SAVED_OTHERWISE, use->arg_at,
                 r.lo > r.hi ? "write the lower type first" : "take the rule out",
                 r.lo > r.hi ? "the range \"%s\" ends before it starts"
                             : "iptables-save would lose ! --mh-type %s",
                 use->args[0]);
        return -EINVAL;
    }
    ((struct mh_info *)info)->type = r.lo == 0 && r.hi == UINT8_MAX ? PK_NUMBERS_ALL : r;
    return 0;
}

static int mh_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    return pk_proto_require(use, r, "mh", 135, "mobility-header");
}

static void mh_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    pk_number_range_print("mh-type", &((const struct mh_info *)info)->type, out);
}

static enum pk_answer mh_eval(const void *info, const struct pk_view *v)
{
    const struct mh_info *i = info;
    const uint8_t *h;
    enum pk_answer a = pk_header_eval(&ask, v, &h);

    if (a != PK_YES)
        return a;
    if (h[0] != 59) /* nothing may follow it (RFC 6275, 6.1.1) */
        return PK_HOTDROP;
    return pk_number_range_has(&i->type, h[2]) ? PK_YES : PK_NO;
}

static enum pk_answer mh_compile(const void *info, struct pk_compile *ctx)
{
    const struct mh_info *i = info;
    struct pk_step last = {.kind = PK_STEP_HEADER,
                           .arg = ask.need << 8 | PK_HEADER_L4 | PK_HEADER_LAST};
    enum pk_answer a;

    if (ctx->status == PK_L4_FRAG)
        return PK_NO;
    a = pk_compile_step(ctx, last, PK_STEP_BARRIER);
    return a == PK_YES ? pk_header_compile_range(ctx, &ask, 0x0000ff0000000000, &i->type) : a;
}

const struct pk_match_def pk_match_mh = {
    .name = "mh",
    .families = 1u << PK_IPV6,
    .info_size = sizeof(struct mh_info),
    .options = options,
    .init = mh_init,
    .parse = mh_parse,
    .finish = mh_finish,
    .print = mh_print,
    .eval = mh_eval,
    .compile = mh_compile,
};
