// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m eui64, IPv6: as eui64_mt6() of the kernel's ip6t_eui64.c: is the source address made of the
 * source MAC address (RFC 4291, appendix A)? A packet without an Ethernet header is dropped, as
 * kernels do since 2026; earlier ones read what stands there.
 */
#include <string.h>

#include "rules/match/header.h"
#include "rules/match/list.h"

static const struct pk_option options[] = {{0}};

static int eui64_parse(struct pk_option_use *use, void *info)
{
    return 0; /* it has no option */
}

static void eui64_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
}

static enum pk_answer eui64_eval(const void *info, const struct pk_view *v)
{
    const uint8_t *mac = v->mac;

    if (!mac)
        return PK_HOTDROP;
    const uint8_t id[8] = {mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};

    return memcmp(v->ip + 16, id, sizeof(id)) ? PK_NO : PK_YES;
}

static enum pk_answer eui64_compile(const void *info, struct pk_compile *ctx)
{
    return pk_compile_step(ctx, (struct pk_step){.kind = PK_STEP_EUI64}, PK_STEP_BARRIER);
}

const struct pk_match_def pk_match_eui64 = {
    .name = "eui64",
    .families = 1u << PK_IPV6,
    .info_size = 1,
    .hooks = 1u << PK_INPUT | 1u << PK_FORWARD,
    .options = options,
    .parse = eui64_parse,
    .finish = pk_header_finish,
    .print = eui64_print,
    .eval = eui64_eval,
    .compile = eui64_compile,
};
