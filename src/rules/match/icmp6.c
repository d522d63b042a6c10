// SPDX-License-Identifier: GPL-2.0-or-later
/* -m icmp6: as icmp6_match() of the kernel (ip6_tables.c, later xt_tcpudp.c). */
#include "base/macro.h"
#include "rules/compile_ctx.h"
#include "rules/match/icmp_type.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

/* The names of iptables 1.8.9: type, first and last code. */
static const struct pk_icmp_name names[] = {
    {"destination-unreachable", {1, 0, 255, false}},
    {"no-route", {1, 0, 0, false}},
    {"communication-prohibited", {1, 1, 1, false}},
    {"beyond-scope", {1, 2, 2, false}},
    {"address-unreachable", {1, 3, 3, false}},
    {"port-unreachable", {1, 4, 4, false}},
    {"failed-policy", {1, 5, 5, false}},
    {"reject-route", {1, 6, 6, false}},
    {"packet-too-big", {2, 0, 255, false}},
    {"time-exceeded", {3, 0, 255, false}},
    {"ttl-exceeded", {3, 0, 255, false}},
    {"ttl-zero-during-transit", {3, 0, 0, false}},
    {"ttl-zero-during-reassembly", {3, 1, 1, false}},
    {"parameter-problem", {4, 0, 255, false}},
    {"bad-header", {4, 0, 0, false}},
    {"unknown-header-type", {4, 1, 1, false}},
    {"unknown-option", {4, 2, 2, false}},
    {"echo-request", {128, 0, 255, false}},
    {"ping", {128, 0, 255, false}},
    {"echo-reply", {129, 0, 255, false}},
    {"pong", {129, 0, 255, false}},
    {"router-solicitation", {133, 0, 255, false}},
    {"router-advertisement", {134, 0, 255, false}},
    {"neighbour-solicitation", {135, 0, 255, false}},
    {"neighbor-solicitation", {135, 0, 255, false}},
    {"neighbour-advertisement", {136, 0, 255, false}},
    {"neighbor-advertisement", {136, 0, 255, false}},
    {"redirect", {137, 0, 255, false}},
};

static const struct pk_option options[] = {
    {.name = "icmpv6-type",
     .n_args = 1,
     .invertible = true,
     .arg = "type[/code]",
     .help = "the ICMPv6 type, by name or number, and code"},
    {0},
};

static int icmp6_parse(struct pk_option_use *use, void *info)
{
    return pk_icmp_type_parse(use, names, PK_ARRAY_SIZE(names), -1, info);
}

static int icmp6_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    int e = pk_icmp_type_require(use, "icmp6", "icmpv6-type");

    return e ? e : pk_proto_require(use, r, "icmp6", 58, "ipv6-icmp");
}

static void icmp6_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct pk_icmp_type *t = info;

    pk_buf_str(out, t->invert ? " ! --icmpv6-type " : " --icmpv6-type ");
    pk_icmp_type_print(t, out);
}

static enum pk_answer icmp6_eval(const void *info, const struct pk_view *v)
{
    const struct pk_icmp_type *t = info;
    uint8_t type = (uint8_t)(v->p->icmp >> 8), code = (uint8_t)v->p->icmp;
    bool hit;

    if (v->p->status == PK_L4_FRAG || v->p->status == PK_L4_FRAG1)
        return PK_NO;
    if (v->p->status != PK_L4_OK)
        return PK_HOTDROP;
    hit = type == t->type && code >= t->code_lo && code <= t->code_hi;
    return hit != t->invert ? PK_YES : PK_NO;
}

static enum pk_answer icmp6_compile(const void *info, struct pk_compile *ctx)
{
    const struct pk_icmp_type *t = info;
    struct pk_u128 lo = {0, (uint64_t)t->type << 8 | t->code_lo};
    struct pk_u128 hi = {0, (uint64_t)t->type << 8 | t->code_hi};

    if (ctx->status == PK_L4_FRAG || ctx->status == PK_L4_FRAG1)
        return PK_NO;
    if (ctx->status != PK_L4_OK)
        return PK_HOTDROP;
    return pk_compile_range(ctx, PK_F_ICMP, lo, hi, t->invert);
}

const struct pk_match_def pk_match_icmp6 = {
    .name = "icmp6",
    .families = 1u << PK_IPV6,
    .info_size = sizeof(struct pk_icmp_type),
    .options = options,
    .parse = icmp6_parse,
    .finish = icmp6_finish,
    .print = icmp6_print,
    .eval = icmp6_eval,
    .compile = icmp6_compile,
};
