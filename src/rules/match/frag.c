// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * -m frag, IPv6: as frag_mt6() of the kernel's ip6t_frag.c. --fraglen is taken, saved and, as in
 * the kernel, asked of no packet.
 */
#include <errno.h>

#include "rules/match/codes.h"
#include "rules/match/header.h"
#include "rules/match/list.h"

struct frag_info {
    struct pk_number_range id;
    struct pk_number_option len;
    uint8_t flags; /* 1u << FRAG_... */
};

enum { FRAG_ID, FRAG_LEN, FRAG_RES, FRAG_FIRST, FRAG_MORE, FRAG_LAST };

static const struct pk_option options[] = {
    {.name = "fragid",
     .id = FRAG_ID,
     .n_args = 1,
     .invertible = true,
     .arg = "id[:id]",
     .help = "the fragment's identification is this, or between these"},
    {.name = "fraglen",
     .id = FRAG_LEN,
     .n_args = 1,
     .invertible = true,
     .arg = "length",
     .help = "taken for what it is in Linux: nothing"},
    {.name = "fragres", .id = FRAG_RES, .help = "the reserved bits are zero"},
    {.name = "fragfirst", .id = FRAG_FIRST, .help = "the first fragment"},
    {.name = "fragmore", .id = FRAG_MORE, .help = "more fragments follow"},
    {.name = "fraglast", .id = FRAG_LAST, .help = "no more fragments follow"},
    {0},
};

static const struct pk_header_ask ask = {.header = 44, .need = 8};

static int frag_init(void *info)
{
    ((struct frag_info *)info)->id = PK_NUMBERS_ALL;
    return 0;
}

static int frag_parse(struct pk_option_use *use, void *info)
{
    struct frag_info *i = info;

    if (use->option->id == FRAG_ID)
        return pk_number_range_parse(use, &i->id);
    if (use->option->id == FRAG_LEN)
        return pk_number_option_parse(use, &i->len);
    i->flags |= (uint8_t)(1u << use->option->id);
    if (i->flags >> FRAG_MORE & i->flags >> FRAG_LAST & 1) {
        pk_error(use->d, PK_CODE_ONLY_ONE_OF, use->at, "keep one of them",
                 "only one of --fragmore and --fraglast can be given");
        return -EINVAL;
    }
    return 0;
}

static void frag_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct frag_info *i = info;

    pk_number_range_print("fragid", &i->id, out);
    pk_number_option_print("fraglen", &i->len, out);
    for (unsigned f = FRAG_RES; f <= FRAG_LAST; f++)
        if (i->flags >> f & 1)
            pk_buf_fmt(out, " --%s", options[f].name);
}

static enum pk_answer frag_eval(const void *info, const struct pk_view *v)
{
    const struct frag_info *i = info;
    const uint8_t *h;
    enum pk_answer a = pk_header_eval(&ask, v, &h);
    bool more;

    if (a != PK_YES)
        return a;
    more = h[3] & 1;
    if (!pk_number_range_has(&i->id, pk_header_be32(h + 4)) ||
        (i->flags >> FRAG_RES & 1 && (h[1] || h[3] & 6)) ||
        (i->flags >> FRAG_FIRST & 1 && (h[2] || h[3] & 0xf8)) ||
        (i->flags >> FRAG_MORE & 1 && !more) || (i->flags >> FRAG_LAST & 1 && more))
        return PK_NO;
    return PK_YES;
}

/*
 *      0        1         2                 3                4..7
 *     | next  | reserved | fragment offset (13) | res | M | identification |
 */
static enum pk_answer frag_compile(const void *info, struct pk_compile *ctx)
{
    const struct frag_info *i = info;
    uint64_t mask = 0, want = 0;
    enum pk_answer a;

    if (i->flags >> FRAG_RES & 1)
        mask |= 0x00ff000600000000;
    if (i->flags >> FRAG_FIRST & 1)
        mask |= 0x0000fff800000000;
    if (i->flags & (1u << FRAG_MORE | 1u << FRAG_LAST))
        mask |= 0x0000000100000000;
    if (i->flags >> FRAG_MORE & 1)
        want = 0x0000000100000000;
    a = pk_header_compile(ctx, &ask, mask, want, want, false);
    return a == PK_YES ? pk_header_compile_range(ctx, &ask, 0xffffffff, &i->id) : a;
}

const struct pk_match_def pk_match_frag = {
    .name = "frag",
    .families = 1u << PK_IPV6,
    .info_size = sizeof(struct frag_info),
    .options = options,
    .init = frag_init,
    .parse = frag_parse,
    .finish = pk_header_finish,
    .print = frag_print,
    .eval = frag_eval,
    .compile = frag_compile,
};
