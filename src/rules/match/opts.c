// SPDX-License-Identifier: GPL-2.0-or-later
/* -m hbh and -m dst, IPv6: as hbh_mt6() of the kernel's ip6t_hbh.c, which does both. */
#include <errno.h>
#include <string.h>

#include "rules/match/codes.h"
#include "rules/match/header.h"
#include "rules/match/list.h"

struct opts_info {
    struct pk_number_option len;
    uint32_t n;
    uint16_t opt[PK_OPTIONS_MAX]; /* type << 8 | length; 255: any */
};

enum { OPTS_LEN, OPTS_OPTS };

/* The options of both are alike. */
#define OPTS_OPTIONS(name_, what_)                                                                 \
    {                                                                                              \
        {.name = name_ "-len",                                                                     \
         .id = OPTS_LEN,                                                                           \
         .n_args = 1,                                                                              \
         .invertible = true,                                                                       \
         .arg = "length",                                                                          \
         .help = "the " what_ " header's length in bytes"},                                        \
            {.name = name_ "-opts",                                                                \
             .id = OPTS_OPTS,                                                                      \
             .n_args = 1,                                                                          \
             .arg = "type[:length][,...]",                                                         \
             .help = "it begins with these options, in this order"},                               \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

static const struct pk_option hbh_options[] = OPTS_OPTIONS("hbh", "hop-by-hop");
static const struct pk_option dst_options[] = OPTS_OPTIONS("dst", "destination");

static const struct pk_header_ask ask_hbh = {.header = 0, .whole = true, .need = 2};
static const struct pk_header_ask ask_dst = {.header = 60, .whole = true, .need = 2};

/* "type" or "type:length", which Pad1 (type 0) has not got. */
static bool parse_option(struct pk_arena *a, const char *s, size_t len, void *ret)
{
    char *type = pk_arena_strndup(a, s, len), *colon = type ? strchr(type, ':') : NULL;
    uint32_t t, l = UINT8_MAX;

    if (colon)
        *colon = '\0';
    if (!type || !pk_match_number(type, UINT8_MAX, &t))
        return false;
    if (colon && (!t || !pk_match_number(colon + 1, UINT8_MAX, &l)))
        return false;
    *(uint16_t *)ret = (uint16_t)(t << 8 | l);
    return true;
}

static const struct pk_parts parts = {
    .most = PK_OPTIONS_MAX,
    .size = sizeof(uint16_t),
    .one = parse_option,
    .code = PK_CODE_OPTIONS,
    .mend = "write up to 16 of type or type:length, numbers from 0 to 255, with commas "
            "between them",
    .many = "options",
    .what = "an option of an extension header",
};

static int opts_parse(struct pk_option_use *use, void *info)
{
    struct opts_info *i = info;

    if (use->option->id == OPTS_LEN)
        return pk_number_option_parse(use, &i->len);
    return pk_parts_parse(use, &parts, i->opt, &i->n);
}

static void print_opts(const struct pk_option *o, const struct opts_info *i, struct pk_buf *out)
{
    pk_number_option_print(o[OPTS_LEN].name, &i->len, out);
    if (i->n)
        pk_buf_fmt(out, " --%s ", o[OPTS_OPTS].name);
    for (uint32_t n = 0; n < i->n; n++) {
        pk_buf_fmt(out, "%s%u", n ? "," : "", i->opt[n] >> 8);
        if ((i->opt[n] & 0xff) != UINT8_MAX)
            pk_buf_fmt(out, ":%u", i->opt[n] & 0xff);
    }
}

static void hbh_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    print_opts(hbh_options, info, out);
}

static void dst_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    print_opts(dst_options, info, out);
}

/* As the kernel does: where the last one ends is not asked. */
static bool has_options(const struct opts_info *i, const struct pk_view *v, const uint8_t *h)
{
    const uint8_t *at = h + 2, *end = h + (h[1] + 1u) * 8, *readable = v->ip + v->len;

    if (end > readable)
        end = readable;
    for (uint32_t n = 0; n < i->n; n++) {
        uint8_t type = (uint8_t)(i->opt[n] >> 8), len = (uint8_t)i->opt[n];

        if (at >= end || *at != type)
            return false;
        if (type && (at + 2 > end || (len != UINT8_MAX && at[1] != len)))
            return false;
        at += type ? at[1] + 2 : 1;
    }
    return true;
}

static enum pk_answer eval_opts(const struct pk_header_ask *ask, const struct opts_info *i,
                                const struct pk_view *v)
{
    const uint8_t *h;
    enum pk_answer a = pk_header_eval(ask, v, &h);

    if (a != PK_YES)
        return a;
    if (!pk_number_option_fits(&i->len, (h[1] + 1u) * 8))
        return PK_NO;
    return has_options(i, v, h) ? PK_YES : PK_NO;
}

static enum pk_answer hbh_eval(const void *info, const struct pk_view *v)
{
    return eval_opts(&ask_hbh, info, v);
}

static enum pk_answer dst_eval(const void *info, const struct pk_view *v)
{
    return eval_opts(&ask_dst, info, v);
}

static enum pk_answer compile_opts(const struct pk_header_ask *ask, const struct opts_info *i,
                                   struct pk_compile *ctx)
{
    struct pk_step step = {.kind = PK_STEP_OPTIONS, .arg = ask->header | i->n << 8};
    enum pk_answer a = pk_header_compile_there(ctx, ask);

    if (a == PK_YES)
        a = pk_header_compile_length(ctx, ask, &i->len, 8, 1);
    if (a != PK_YES || !i->n)
        return a;
    for (uint32_t n = 0; n < i->n; n++)
        step.data[n / 4] |= (uint64_t)i->opt[n] << (n % 4 * 16);
    return pk_compile_step(ctx, step, PK_STEP_BARRIER);
}

static enum pk_answer hbh_compile(const void *info, struct pk_compile *ctx)
{
    return compile_opts(&ask_hbh, info, ctx);
}

static enum pk_answer dst_compile(const void *info, struct pk_compile *ctx)
{
    return compile_opts(&ask_dst, info, ctx);
}

const struct pk_match_def pk_match_hbh = {
    .name = "hbh",
    .families = 1u << PK_IPV6,
    .info_size = sizeof(struct opts_info),
    .options = hbh_options,
    .parse = opts_parse,
    .finish = pk_header_finish,
    .print = hbh_print,
    .eval = hbh_eval,
    .compile = hbh_compile,
};

const struct pk_match_def pk_match_dst = {
    .name = "dst",
    .families = 1u << PK_IPV6,
    .info_size = sizeof(struct opts_info),
    .options = dst_options,
    .parse = opts_parse,
    .finish = pk_header_finish,
    .print = dst_print,
    .eval = dst_eval,
    .compile = dst_compile,
};
