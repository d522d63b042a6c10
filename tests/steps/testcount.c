// SPDX-License-Identifier: GPL-2.0-or-later
/* -j TESTCOUNT, see test_defs.h. Test only. */
#include <errno.h>
#include <stdio.h>

#include "test_defs.h"
#include "test_steps.h"

#define CODE_TESTCOUNT 991

struct testcount_info {
    uint32_t index;
    bool given;
};

static const struct pk_option options[] = {
    {.name = "index", .n_args = 1, .arg = "number", .help = "which test counter, 0 to 63"},
    {0},
};

static int testcount_parse(struct pk_option_use *use, void *info)
{
    struct testcount_info *t = info;
    unsigned index;
    char end;

    if (sscanf(use->args[0], "%u%c", &index, &end) != 1 || index >= PK_TEST_COUNTERS) {
        pk_error(use->d, CODE_TESTCOUNT, use->arg_at, "write a number from 0 to 63",
                 "\"%s\" is no test counter", use->args[0]);
        return -EINVAL;
    }
    t->index = index;
    t->given = true;
    return 0;
}

static int testcount_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    const struct testcount_info *t = info;

    if (t->given)
        return 0;
    pk_error(use->d, CODE_TESTCOUNT, use->at, "add it", "-j TESTCOUNT needs --index");
    return -EINVAL;
}

static void testcount_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct testcount_info *t = info;

    pk_buf_fmt(out, " --index %u", t->index);
}

static int testcount_compile(const void *info, struct pk_step *effect)
{
    const struct testcount_info *t = info;

    *effect = (struct pk_step){.kind = PK_STEP_TESTCOUNT, .arg = t->index};
    return 1;
}

static void __attribute__((unused)) pk_test_effect(__u32 arg, const struct pk_packet *p)
{
}

const struct pk_target_def pk_test_target_count = {
    .name = "TESTCOUNT",
    .families = 1u << PK_IPV4 | 1u << PK_IPV6,
    .info_size = sizeof(struct testcount_info),
    .options = options,
    .parse = testcount_parse,
    .finish = testcount_finish,
    .print = testcount_print,
    .action = PK_ACT_NONE,
    .compile = testcount_compile,
};
