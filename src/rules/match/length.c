// SPDX-License-Identifier: GPL-2.0-or-later
/* -m length: as length_mt() and length_mt6() of the kernel's xt_length.c: header and all. */
#include <errno.h>

#include "rules/match/codes.h"
#include "rules/match/ip_number.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

struct length_info {
    struct pk_number_range length;
    bool given;
};

static const struct pk_option options[] = {
    {.name = "length",
     .n_args = 1,
     .invertible = true,
     .arg = "length[:length]",
     .help = "the IP packet has so many bytes, or a number between these"},
    {0},
};

static int length_parse(struct pk_option_use *use, void *info)
{
    struct length_info *i = info;

    i->given = true;
    return pk_number_range_parse_to(use, UINT16_MAX, pk_number_parse, &i->length);
}

static int length_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    if (((const struct length_info *)info)->given)
        return 0;
    pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at, "add --length", "-m length needs --length");
    return -EINVAL;
}

static void length_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    pk_number_range_print("length", &((const struct length_info *)info)->length, out);
}

static struct pk_ip_number asked(const struct length_info *i)
{
    return (struct pk_ip_number){PK_NUMBER_LENGTH, UINT32_MAX, i->length.lo, i->length.hi,
                                 i->length.invert};
}

static enum pk_answer length_eval(const void *info, const struct pk_view *v)
{
    const struct pk_ip_number n = asked(info);

    return pk_ip_number_eval(&n, v);
}

static enum pk_answer length_compile(const void *info, struct pk_compile *ctx)
{
    const struct pk_ip_number n = asked(info);

    return pk_ip_number_compile(&n, ctx);
}

const struct pk_match_def pk_match_length = {
    .name = "length",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct length_info),
    .options = options,
    .parse = length_parse,
    .finish = length_finish,
    .print = length_print,
    .eval = length_eval,
    .compile = length_compile,
};
