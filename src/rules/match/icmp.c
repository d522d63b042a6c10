// SPDX-License-Identifier: GPL-2.0-or-later
/* -m icmp: as icmp_match() of the kernel (ip_tables.c, later xt_tcpudp.c). */
#include "base/macro.h"
#include "rules/compile_ctx.h"
#include "rules/match/icmp_type.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

/* A type that stands for all of them, whatever codes are given with it. */
#define ANY 255

/* The names of iptables 1.8.9: type, first and last code. */
static const struct pk_icmp_name names[] = {
    {"any", {ANY, 0, 255, false}},
    {"echo-reply", {0, 0, 255, false}},
    {"pong", {0, 0, 255, false}},
    {"destination-unreachable", {3, 0, 255, false}},
    {"network-unreachable", {3, 0, 0, false}},
    {"host-unreachable", {3, 1, 1, false}},
    {"protocol-unreachable", {3, 2, 2, false}},
    {"port-unreachable", {3, 3, 3, false}},
    {"fragmentation-needed", {3, 4, 4, false}},
    {"source-route-failed", {3, 5, 5, false}},
    {"network-unknown", {3, 6, 6, false}},
    {"host-unknown", {3, 7, 7, false}},
    {"network-prohibited", {3, 9, 9, false}},
    {"host-prohibited", {3, 10, 10, false}},
    {"TOS-network-unreachable", {3, 11, 11, false}},
    {"TOS-host-unreachable", {3, 12, 12, false}},
    {"communication-prohibited", {3, 13, 13, false}},
    {"host-precedence-violation", {3, 14, 14, false}},
    {"precedence-cutoff", {3, 15, 15, false}},
    {"source-quench", {4, 0, 255, false}},
    {"redirect", {5, 0, 255, false}},
    {"network-redirect", {5, 0, 0, false}},
    {"host-redirect", {5, 1, 1, false}},
    {"TOS-network-redirect", {5, 2, 2, false}},
    {"TOS-host-redirect", {5, 3, 3, false}},
    {"echo-request", {8, 0, 255, false}},
    {"ping", {8, 0, 255, false}},
    {"router-advertisement", {9, 0, 255, false}},
    {"router-solicitation", {10, 0, 255, false}},
    {"time-exceeded", {11, 0, 255, false}},
    {"ttl-exceeded", {11, 0, 255, false}},
    {"ttl-zero-during-transit", {11, 0, 0, false}},
    {"ttl-zero-during-reassembly", {11, 1, 1, false}},
    {"parameter-problem", {12, 0, 255, false}},
    {"ip-header-bad", {12, 0, 0, false}},
    {"required-option-missing", {12, 1, 1, false}},
    {"timestamp-request", {13, 0, 255, false}},
    {"timestamp-reply", {14, 0, 255, false}},
    {"address-mask-request", {17, 0, 255, false}},
    {"address-mask-reply", {18, 0, 255, false}},
};

static const struct pk_option options[] = {
    {.name = "icmp-type",
     .n_args = 1,
     .invertible = true,
     .arg = "type[/code]",
     .help = "the ICMP type, by name or number, and code"},
    {0},
};

static int icmp_parse(struct pk_option_use *use, void *info)
{
    return pk_icmp_type_parse(use, names, PK_ARRAY_SIZE(names), ANY, info);
}

static int icmp_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    int e = pk_icmp_type_require(use, "icmp", "icmp-type");

    return e ? e : pk_proto_require(use, r, "icmp", 1, "icmp");
}

static void icmp_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct pk_icmp_type *t = info;

    pk_buf_str(out, t->invert ? " ! --icmp-type " : " --icmp-type ");
    if (t->type == ANY)
        pk_buf_str(out, "any");
    else
        pk_icmp_type_print(t, out);
}

static enum pk_answer icmp_eval(const void *info, const struct pk_view *v)
{
    const struct pk_icmp_type *t = info;
    uint8_t type = (uint8_t)(v->p->icmp >> 8), code = (uint8_t)v->p->icmp;
    bool hit;

    if (v->p->status == PK_L4_FRAG || v->p->status == PK_L4_FRAG1)
        return PK_NO;
    if (v->p->status != PK_L4_OK)
        return PK_HOTDROP;
    hit = t->type == ANY || (type == t->type && code >= t->code_lo && code <= t->code_hi);
    return hit != t->invert ? PK_YES : PK_NO;
}

static enum pk_answer icmp_compile(const void *info, struct pk_compile *ctx)
{
    const struct pk_icmp_type *t = info;
    struct pk_u128 lo = {0, (uint64_t)t->type << 8 | t->code_lo};
    struct pk_u128 hi = {0, (uint64_t)t->type << 8 | t->code_hi};

    if (ctx->status == PK_L4_FRAG || ctx->status == PK_L4_FRAG1)
        return PK_NO;
    if (ctx->status != PK_L4_OK)
        return PK_HOTDROP;
    if (t->type == ANY) {
        lo.lo = 0;
        hi.lo = 65535;
    }
    return pk_compile_range(ctx, PK_F_ICMP, lo, hi, t->invert);
}

const struct pk_match_def pk_match_icmp = {
    .name = "icmp",
    .families = 1u << PK_IPV4,
    .info_size = sizeof(struct pk_icmp_type),
    .options = options,
    .parse = icmp_parse,
    .finish = icmp_finish,
    .print = icmp_print,
    .eval = icmp_eval,
    .compile = icmp_compile,
};
