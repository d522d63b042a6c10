// SPDX-License-Identifier: GPL-2.0-or-later
/* -m esp: as esp_mt() of the kernel's xt_esp.c. */
#include "rules/match/header.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

struct esp_info {
    struct pk_number_range spi;
};

static const struct pk_option options[] = {
    {.name = "espspi",
     .n_args = 1,
     .invertible = true,
     .arg = "spi[:spi]",
     .help = "the index of security parameters is this, or between these"},
    {0},
};

static const struct pk_header_ask ask = {.layer4 = true, .need = 8};

static int esp_init(void *info)
{
    ((struct esp_info *)info)->spi = PK_NUMBERS_ALL;
    return 0;
}

static int esp_parse(struct pk_option_use *use, void *info)
{
    return pk_number_range_parse(use, &((struct esp_info *)info)->spi);
}

static int esp_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    return pk_proto_require(use, r, "esp", 50, "esp");
}

static void esp_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    pk_number_range_print("espspi", &((const struct esp_info *)info)->spi, out);
}

static enum pk_answer esp_eval(const void *info, const struct pk_view *v)
{
    const struct esp_info *i = info;
    const uint8_t *h;
    enum pk_answer a = pk_header_eval(&ask, v, &h);

    if (a != PK_YES)
        return a;
    return pk_number_range_has(&i->spi, pk_header_be32(h)) ? PK_YES : PK_NO;
}

static enum pk_answer esp_compile(const void *info, struct pk_compile *ctx)
{
    const struct esp_info *i = info;

    return pk_header_compile_l4(ctx, &ask, 0xffffffff00000000, &i->spi);
}

const struct pk_match_def pk_match_esp = {
    .name = "esp",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct esp_info),
    .options = options,
    .init = esp_init,
    .parse = esp_parse,
    .finish = esp_finish,
    .print = esp_print,
    .eval = esp_eval,
    .compile = esp_compile,
};
