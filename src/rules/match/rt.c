// SPDX-License-Identifier: GPL-2.0-or-later
/* -m rt, IPv6: as rt_mt6() of the kernel's ip6t_rt.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "rules/match/codes.h"
#include "rules/match/header.h"
#include "rules/match/list.h"

struct rt_info {
    struct pk_number_option type, len;
    struct pk_number_range left;
    bool reserved, not_strict;
    uint32_t n_hops; /* 0: none asked for */
    struct pk_u128 hop[PK_ROUTE_MAX];
};

enum { RT_TYPE, RT_LEFT, RT_LEN, RT_RES, RT_ADDRS, RT_NOT_STRICT };

static const struct pk_option options[] = {
    {.name = "rt-type",
     .id = RT_TYPE,
     .n_args = 1,
     .invertible = true,
     .arg = "type",
     .help = "the routing header's type"},
    {.name = "rt-segsleft",
     .id = RT_LEFT,
     .n_args = 1,
     .invertible = true,
     .arg = "n[:n]",
     .help = "the segments left are so many, or between these"},
    {.name = "rt-len",
     .id = RT_LEN,
     .n_args = 1,
     .invertible = true,
     .arg = "length",
     .help = "the header's length in bytes"},
    {.name = "rt-0-res", .id = RT_RES, .help = "the reserved field is zero; after --rt-type 0"},
    {.name = "rt-0-addrs",
     .id = RT_ADDRS,
     .n_args = 1,
     .arg = "address[,address...]",
     .help = "these addresses and no others, in this order; after --rt-type 0"},
    {.name = "rt-0-not-strict",
     .id = RT_NOT_STRICT,
     .help = "others may stand between them; after --rt-0-addrs"},
    {0},
};

static const struct pk_header_ask ask = {.header = 43, .whole = true, .need = 4};

static int rt_init(void *info)
{
    ((struct rt_info *)info)->left = PK_NUMBERS_ALL;
    return 0;
}

static struct pk_u128 hop_at(const uint8_t *b)
{
    return (struct pk_u128){.hi = (uint64_t)pk_header_be32(b) << 32 | pk_header_be32(b + 4),
                            .lo = (uint64_t)pk_header_be32(b + 8) << 32 | pk_header_be32(b + 12)};
}

static bool parse_hop(struct pk_arena *arena, const char *s, size_t len, void *ret)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct in6_addr a;

    if (len >= sizeof(text))
        return false;
    memcpy(text, s, len);
    if (inet_pton(AF_INET6, text, &a) != 1)
        return false;
    *(struct pk_u128 *)ret = hop_at(a.s6_addr);
    return true;
}

static const struct pk_parts parts = {
    .most = PK_ROUTE_MAX,
    .size = sizeof(struct pk_u128),
    .one = parse_hop,
    .code = PK_CODE_HOPS,
    .mend = "write 1 to 16 numeric addresses with commas between them",
    .many = "addresses",
    .what = "an IPv6 address",
};

static int needs(const struct pk_option_use *use, const char *before)
{
    pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at, "write it first", "--%s needs %s before it",
             use->option->name, before);
    return -EINVAL;
}

static int rt_parse(struct pk_option_use *use, void *info)
{
    struct rt_info *i = info;
    bool type0 = i->type.given && !i->type.invert && i->type.value == 0;

    switch (use->option->id) {
    case RT_TYPE:
        return pk_number_option_parse(use, &i->type);
    case RT_LEFT:
        return pk_number_range_parse(use, &i->left);
    case RT_LEN:
        return pk_number_option_parse(use, &i->len);
    case RT_NOT_STRICT:
        i->not_strict = true;
        return i->n_hops ? 0 : needs(use, "--rt-0-addrs");
    case RT_RES:
        i->reserved = true;
        return type0 ? 0 : needs(use, "--rt-type 0");
    default:
        return type0 ? pk_parts_parse(use, &parts, i->hop, &i->n_hops) : needs(use, "--rt-type 0");
    }
}

static void print_hops(const struct rt_info *i, struct pk_buf *out)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct in6_addr a;

    for (uint32_t n = 0; n < i->n_hops; n++) {
        for (int k = 0; k < 8; k++) {
            a.s6_addr[k] = (uint8_t)(i->hop[n].hi >> (56 - 8 * k));
            a.s6_addr[k + 8] = (uint8_t)(i->hop[n].lo >> (56 - 8 * k));
        }
        inet_ntop(AF_INET6, &a, text, sizeof(text));
        pk_buf_fmt(out, "%s%s", n ? "," : " --rt-0-addrs ", text);
    }
}

static void rt_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct rt_info *i = info;

    pk_number_option_print("rt-type", &i->type, out);
    pk_number_range_print("rt-segsleft", &i->left, out);
    pk_number_option_print("rt-len", &i->len, out);
    if (i->reserved)
        pk_buf_str(out, " --rt-0-res");
    print_hops(i, out);
    if (i->not_strict)
        pk_buf_str(out, " --rt-0-not-strict");
}

/* The kernel's search: those asked for, in their order, others between them or not. */
static enum pk_answer eval_hops(const struct rt_info *i, const struct pk_view *v, const uint8_t *h)
{
    uint32_t hops = h[1] / 2u, found = 0;

    if (!i->n_hops)
        return PK_YES;
    if (i->n_hops > hops || (!i->not_strict && i->n_hops != hops))
        return PK_NO;
    for (uint32_t n = 0; n < hops && found < i->n_hops; n++) {
        const uint8_t *a = h + 8 + n * (size_t)16;

        if (a + 16 > v->ip + v->len)
            return PK_NO;
        found += pk_u128_equal(hop_at(a), i->hop[found]);
    }
    return found == i->n_hops ? PK_YES : PK_NO;
}

static enum pk_answer rt_eval(const void *info, const struct pk_view *v)
{
    const struct rt_info *i = info;
    const uint8_t *h;
    enum pk_answer a = pk_header_eval(&ask, v, &h);

    if (a != PK_YES)
        return a;
    if (!pk_number_range_has(&i->left, h[3]) || !pk_number_option_fits(&i->len, (h[1] + 1u) * 8) ||
        !pk_number_option_fits(&i->type, h[2]))
        return PK_NO;
    if (i->reserved && h + 8 > v->ip + v->len)
        return PK_HOTDROP;
    if (i->reserved && pk_header_be32(h + 4))
        return PK_NO;
    return eval_hops(i, v, h);
}

static enum pk_answer compile_hops(const struct rt_info *i, struct pk_compile *ctx)
{
    struct pk_step step = {.kind = PK_STEP_ROUTE,
                           .arg = 43 | i->n_hops << 8 | (i->not_strict ? 0 : PK_ROUTE_STRICT)};
    enum pk_answer a = PK_YES;

    for (uint32_t n = 0; n < i->n_hops && a == PK_YES; n++) {
        step.data[n % 2 * 2] = i->hop[n].hi;
        step.data[n % 2 * 2 + 1] = i->hop[n].lo;
        if (n % 2 == 0 && n + 1 < i->n_hops)
            continue;
        a = pk_compile_step(ctx, step, PK_STEP_BARRIER);
        step = (struct pk_step){.kind = PK_STEP_DATA};
    }
    return a;
}

static enum pk_answer rt_compile(const void *info, struct pk_compile *ctx)
{
    const struct rt_info *i = info;
    struct pk_number_range type = {i->type.value, i->type.value, i->type.invert};
    enum pk_answer a = pk_header_compile_there(ctx, &ask);

    if (a == PK_YES)
        a = pk_header_compile_range(ctx, &ask, 0x000000ff00000000, &i->left);
    if (a == PK_YES)
        a = pk_header_compile_length(ctx, &ask, &i->len, 8, 1);
    if (a == PK_YES && i->type.given)
        a = pk_header_compile_range(ctx, &ask, 0x0000ff0000000000, &type);
    if (a == PK_YES && i->reserved)
        a = pk_header_compile(ctx, &ask, 0xffffffff, 0, 0, false);
    return a == PK_YES ? compile_hops(i, ctx) : a;
}

const struct pk_match_def pk_match_rt = {
    .name = "rt",
    .families = 1u << PK_IPV6,
    .info_size = sizeof(struct rt_info),
    .options = options,
    .init = rt_init,
    .parse = rt_parse,
    .finish = pk_header_finish,
    .print = rt_print,
    .eval = rt_eval,
    .compile = rt_compile,
};
