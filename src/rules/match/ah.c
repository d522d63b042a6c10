// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m ah: for IPv6 as ah_mt6() of the kernel's ip6t_ah.c, which looks among the extension headers;
 * for IPv4 as ah_mt() of ipt_ah.c, which wants -p ah.
 */
#include "rules/match/header.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

struct ah_info {
    struct pk_number_range spi;
    struct pk_number_option len;
    bool reserved;
};

enum { AH_SPI, AH_LEN, AH_RES };

#define SPI_OPTION                                                                                 \
    {                                                                                              \
        .name = "ahspi", .id = AH_SPI, .n_args = 1, .invertible = true, .arg = "spi[:spi]",        \
        .help = "the index of security parameters is this, or between these"                       \
    }

static const struct pk_option options4[] = {SPI_OPTION, {0}};

static const struct pk_option options6[] = {
    SPI_OPTION,
    {.name = "ahlen",
     .id = AH_LEN,
     .n_args = 1,
     .invertible = true,
     .arg = "length",
     .help = "the header's length in bytes; 0: any"},
    {.name = "ahres", .id = AH_RES, .help = "the reserved field is zero"},
    {0},
};

static const struct pk_header_ask ask4 = {.layer4 = true, .need = 12};
static const struct pk_header_ask ask6 = {.header = 51, .whole = true, .need = 12};

static int ah_init(void *info)
{
    ((struct ah_info *)info)->spi = PK_NUMBERS_ALL;
    return 0;
}

static int ah_parse(struct pk_option_use *use, void *info)
{
    struct ah_info *i = info;
    int r = 0;

    switch (use->option->id) {
    case AH_SPI:
        return pk_number_range_parse(use, &i->spi);
    case AH_LEN:
        r = pk_number_option_parse(use, &i->len);
        i->len.given = !r && (i->len.value || i->len.invert); /* as saved: 0 is nothing */
        return r;
    default:
        i->reserved = true;
        return 0;
    }
}

static int ah4_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    return pk_proto_require(use, r, "ah", 51, "ah");
}

static void ah_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct ah_info *i = info;

    pk_number_range_print("ahspi", &i->spi, out);
    pk_number_option_print("ahlen", &i->len, out);
    if (i->reserved)
        pk_buf_str(out, " --ahres");
}

static enum pk_answer ah4_eval(const void *info, const struct pk_view *v)
{
    const struct ah_info *i = info;
    const uint8_t *h;
    enum pk_answer a = pk_header_eval(&ask4, v, &h);

    if (a != PK_YES)
        return a;
    return pk_number_range_has(&i->spi, pk_header_be32(h + 4)) ? PK_YES : PK_NO;
}

/* `! --ahlen 0` asks for nothing, too. */
static bool length_asked(const struct ah_info *i)
{
    return i->len.given && i->len.value;
}

static enum pk_answer ah6_eval(const void *info, const struct pk_view *v)
{
    const struct ah_info *i = info;
    const uint8_t *h;
    enum pk_answer a = pk_header_eval(&ask6, v, &h);

    if (a != PK_YES)
        return a;
    if (!pk_number_range_has(&i->spi, pk_header_be32(h + 4)) ||
        (length_asked(i) && !pk_number_option_fits(&i->len, (h[1] + 2u) * 4)) ||
        (i->reserved && (h[2] || h[3])))
        return PK_NO;
    return PK_YES;
}

static enum pk_answer ah4_compile(const void *info, struct pk_compile *ctx)
{
    const struct ah_info *i = info;

    return pk_header_compile_l4(ctx, &ask4, 0xffffffff, &i->spi);
}

static enum pk_answer ah6_compile(const void *info, struct pk_compile *ctx)
{
    const struct ah_info *i = info;
    enum pk_answer a;

    a = pk_header_compile(ctx, &ask6, i->reserved ? 0x0000ffff00000000 : 0, 0, 0, false);
    if (a == PK_YES)
        a = pk_header_compile_range(ctx, &ask6, 0xffffffff, &i->spi);
    if (a == PK_YES && length_asked(i))
        a = pk_header_compile_length(ctx, &ask6, &i->len, 4, 2);
    return a;
}

const struct pk_match_def pk_match_ah4 = {
    .name = "ah",
    .families = 1u << PK_IPV4,
    .info_size = sizeof(struct ah_info),
    .options = options4,
    .init = ah_init,
    .parse = ah_parse,
    .finish = ah4_finish,
    .print = ah_print,
    .eval = ah4_eval,
    .compile = ah4_compile,
};

const struct pk_match_def pk_match_ah6 = {
    .name = "ah",
    .families = 1u << PK_IPV6,
    .info_size = sizeof(struct ah_info),
    .options = options6,
    .init = ah_init,
    .parse = ah_parse,
    .finish = pk_header_finish,
    .print = ah_print,
    .eval = ah6_eval,
    .compile = ah6_compile,
};
