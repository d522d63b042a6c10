// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m ecn: as ecn_mt4() and ecn_mt6() of the kernel's xt_ecn.c. Of TCP they read a header where the
 * packet has its layer 4, without asking whether it is a later fragment: there it is any data, and
 * of IPv6, whose ipv6_find_hdr() then says no place, the beginning of the packet.
 */
#include <errno.h>

#include "rules/match/codes.h"
#include "rules/match/ip_number.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

enum { ECN_ECE, ECN_CWR, ECN_IP };

struct ecn_info {
    uint8_t mask, flags; /* of byte 13 of the TCP header; mask 0: nothing is asked of it */
    struct pk_number_option ect;
};

static const struct {
    const char *name;
    uint8_t bit;
} flag_of[] = {[ECN_ECE] = {"ecn-tcp-ece", 0x40}, [ECN_CWR] = {"ecn-tcp-cwr", 0x80}};

static const struct pk_option options[] = {
    {.name = "ecn-tcp-cwr",
     .id = ECN_CWR,
     .invertible = true,
     .help = "the TCP header says Congestion Window Reduced"},
    {.name = "ecn-tcp-ece",
     .id = ECN_ECE,
     .invertible = true,
     .help = "the TCP header says ECN Echo"},
    {.name = "ecn-ip-ect",
     .id = ECN_IP,
     .n_args = 1,
     .invertible = true,
     .arg = "number",
     .help = "the ECN bits of the IP header are this: 0 to 3"},
    {0},
};

static int ecn_parse(struct pk_option_use *use, void *info)
{
    struct ecn_info *i = info;

    if (use->option->id == ECN_IP) {
        i->ect = (struct pk_number_option){.given = true, .invert = use->invert};
        return pk_number_parse(use, use->args[0], 3, &i->ect.value);
    }
    i->mask |= flag_of[use->option->id].bit;
    if (!use->invert)
        i->flags |= flag_of[use->option->id].bit;
    return 0;
}

static int ecn_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    const struct ecn_info *i = info;

    if (i->mask)
        return pk_proto_require(use, r, "ecn", 6, "tcp");
    if (i->ect.given)
        return 0;
    pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at,
             "add --ecn-tcp-cwr, --ecn-tcp-ece or --ecn-ip-ect", "-m ecn says nothing by itself");
    return -EINVAL;
}

static void ecn_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct ecn_info *i = info;

    for (int f = ECN_ECE; f <= ECN_CWR; f++)
        if (i->mask & flag_of[f].bit)
            pk_buf_fmt(out, "%s --%s", i->flags & flag_of[f].bit ? "" : " !", flag_of[f].name);
    pk_number_option_print("ecn-ip-ect", &i->ect, out);
}

static struct pk_ip_number ect_of(const struct ecn_info *i)
{
    return (struct pk_ip_number){PK_NUMBER_TOS, 3, i->ect.value, i->ect.value, i->ect.invert};
}

static bool later_fragment(enum pk_l4_status s)
{
    return s == PK_L4_FRAG || s == PK_L4_FRAG1;
}

static enum pk_answer eval_flags(const struct ecn_info *i, const struct pk_view *v)
{
    size_t off = v->p->family == PK_IPV6 ? 0 : v->p->l4_off;
    uint8_t flags = v->p->tcp_flags;

    if (later_fragment(v->p->status) && off + 20 <= v->len)
        flags = v->ip[off + 13];
    else if (v->p->status != PK_L4_OK)
        return PK_NO;
    return (flags & i->mask) == i->flags ? PK_YES : PK_NO;
}

static enum pk_answer ecn_eval(const void *info, const struct pk_view *v)
{
    const struct ecn_info *i = info;
    const struct pk_ip_number ect = ect_of(i);

    if (i->ect.given && pk_ip_number_eval(&ect, v) != PK_YES)
        return PK_NO;
    return i->mask ? eval_flags(i, v) : PK_YES;
}

static enum pk_answer compile_flags(const struct ecn_info *i, struct pk_compile *ctx)
{
    const struct pk_step step = {.kind = PK_STEP_ECN, .arg = i->mask, .data = {i->flags}};

    if (later_fragment(ctx->status))
        return pk_compile_step(ctx, step, PK_STEP_FREE);
    return ctx->status == PK_L4_OK ? pk_compile_tcp_flags(ctx, i->mask, i->flags, false) : PK_NO;
}

static enum pk_answer ecn_compile(const void *info, struct pk_compile *ctx)
{
    const struct ecn_info *i = info;
    const struct pk_ip_number ect = ect_of(i);
    enum pk_answer a = i->mask ? compile_flags(i, ctx) : PK_YES;

    return a == PK_YES && i->ect.given ? pk_ip_number_compile(&ect, ctx) : a;
}

const struct pk_match_def pk_match_ecn = {
    .name = "ecn",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct ecn_info),
    .options = options,
    .parse = ecn_parse,
    .finish = ecn_finish,
    .print = ecn_print,
    .eval = ecn_eval,
    .compile = ecn_compile,
};
