// SPDX-License-Identifier: GPL-2.0-or-later
/* -m testlen, see test_defs.h. Test only. */
#include <errno.h>
#include <stdio.h>

#include "rules/compile_ctx.h"
#include "test_defs.h"
#include "test_steps.h"

#define CODE_TESTLEN 990

struct testlen_info {
    uint32_t modulus, remainder, hot;
    bool invert;
};

static const struct pk_option options[] = {
    {.name = "testlen",
     .n_args = 1,
     .invertible = true,
     .arg = "N:R[:H]",
     .help = "the IP length modulo N is R; H drops the packet"},
    {0},
};

static int testlen_parse(struct pk_option_use *use, void *info)
{
    struct testlen_info *t = info;
    unsigned modulus, remainder, hot = PK_TESTLEN_NEVER;
    char end;
    int n = sscanf(use->args[0], "%u:%u:%u%c", &modulus, &remainder, &hot, &end);

    if (n < 2 || n > 3 || !modulus || remainder >= modulus) {
        pk_error(use->d, CODE_TESTLEN, use->arg_at, "write N:R or N:R:H with R < N",
                 "\"%s\" is no remainder", use->args[0]);
        return -EINVAL;
    }
    t->modulus = modulus;
    t->remainder = remainder;
    t->hot = hot;
    t->invert = use->invert;
    return 0;
}

static int testlen_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    const struct testlen_info *t = info;

    if (t->modulus)
        return 0;
    pk_error(use->d, CODE_TESTLEN, use->at, "add it", "-m testlen needs --testlen");
    return -EINVAL;
}

static void testlen_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct testlen_info *t = info;

    pk_buf_fmt(out, "%s --testlen %u:%u", t->invert ? " !" : "", t->modulus, t->remainder);
    if (t->hot != PK_TESTLEN_NEVER)
        pk_buf_fmt(out, ":%u", t->hot);
}

static enum pk_answer testlen_eval(const void *info, const struct pk_view *v)
{
    const struct testlen_info *t = info;

    if (v->p->len % t->modulus == t->hot)
        return PK_HOTDROP;
    if (v->p->len % t->modulus == t->remainder)
        return t->invert ? PK_NO : PK_YES;
    return t->invert ? PK_YES : PK_NO;
}

static enum pk_answer testlen_compile(const void *info, struct pk_compile *ctx)
{
    const struct testlen_info *t = info;
    struct pk_step step = {.kind = PK_STEP_TESTLEN,
                           .invert = t->invert,
                           .arg = t->modulus,
                           .data = {t->remainder, t->hot}};

    return pk_compile_step(ctx, step, t->hot == PK_TESTLEN_NEVER ? PK_STEP_FREE : PK_STEP_BARRIER);
}

/* As test_steps.h declares it; the definitions themselves count nothing. */
static void __attribute__((unused)) pk_test_effect(__u32 arg, const struct pk_packet *p)
{
}

const struct pk_match_def pk_test_match_len = {
    .name = "testlen",
    .families = 1u << PK_IPV4 | 1u << PK_IPV6,
    .info_size = sizeof(struct testlen_info),
    .options = options,
    .parse = testlen_parse,
    .finish = testlen_finish,
    .print = testlen_print,
    .eval = testlen_eval,
    .compile = testlen_compile,
};
