// SPDX-License-Identifier: GPL-2.0-or-later
/* -m tcp: as tcp_mt() and tcp_find_option() of the kernel's xt_tcpudp.c. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "rules/compile_ctx.h"
#include "rules/match/codes.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

struct tcp_info {
    struct pk_port_range sport, dport;
    uint8_t mask, flags; /* of byte 13 */
    bool inv_flags;
    uint8_t option; /* 0: none asked for */
    bool inv_option;
};

enum { TCP_SPORT, TCP_DPORT, TCP_FLAGS, TCP_SYN, TCP_OPTION };

static const struct pk_option options[] = {
    {.name = "sport",
     .alias = "source-port",
     .id = TCP_SPORT,
     .n_args = 1,
     .invertible = true,
     .arg = "port[:port]",
     .help = "the source port is this, or between these"},
    {.name = "dport",
     .alias = "destination-port",
     .id = TCP_DPORT,
     .n_args = 1,
     .invertible = true,
     .arg = "port[:port]",
     .help = "the destination port is this, or between these"},
    {.name = "tcp-flags",
     .id = TCP_FLAGS,
     .n_args = 2,
     .invertible = true,
     .arg = "mask set",
     .help = "of the flags in mask, exactly those in set are set"},
    {.name = "syn",
     .id = TCP_SYN,
     .invertible = true,
     .help = "the first packet of a connection: --tcp-flags FIN,SYN,RST,ACK SYN"},
    {.name = "tcp-option",
     .id = TCP_OPTION,
     .n_args = 1,
     .invertible = true,
     .arg = "number",
     .help = "the header has this TCP option"},
    {0},
};

static const struct {
    const char *name;
    uint8_t bits;
} flag_names[] = {
    {"FIN", 0x01}, {"SYN", 0x02}, {"RST", 0x04}, {"PSH", 0x08},
    {"ACK", 0x10}, {"URG", 0x20}, {"ALL", 0x3f}, {"NONE", 0},
};

static int tcp_init(void *info)
{
    struct tcp_info *t = info;

    t->sport = t->dport = PK_PORTS_ALL;
    return 0;
}

static bool find_flag(const char *name, size_t len, uint8_t *bits)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(flag_names); i++) {
        if (!strncasecmp(flag_names[i].name, name, len) && !flag_names[i].name[len]) {
            *bits |= flag_names[i].bits;
            return true;
        }
    }
    return false;
}

/* Names between commas; empty ones are passed over, as strtok() does in iptables. */
static int parse_flags(const struct pk_option_use *use, const char *list, uint8_t *ret)
{
    uint8_t bits = 0;

    while (*list) {
        size_t len = strcspn(list, ",");

        if (len && !find_flag(list, len, &bits)) {
            pk_error(use->d, PK_CODE_TCP_FLAG, use->arg_at,
                     "write names out of FIN, SYN, RST, PSH, ACK, URG, ALL, NONE between commas",
                     "\"%.*s\" is not a TCP flag", (int)PK_MIN(len, (size_t)64), list);
            return -EINVAL;
        }
        list += len;
        list += *list == ',';
    }
    *ret = bits;
    return 0;
}

static int tcp_parse_flags(const struct pk_option_use *use, struct tcp_info *t)
{
    uint8_t mask = 0x17, flags = 0x02; /* --syn */
    int r = 0;

    if (use->seen & (1u << TCP_FLAGS | 1u << TCP_SYN)) {
        pk_error(use->d, PK_CODE_ONLY_ONE_OF, use->at, "keep one of them",
                 "only one of --syn and --tcp-flags can be given");
        return -EINVAL;
    }
    if (use->option->id == TCP_FLAGS)
        r = parse_flags(use, use->args[0], &mask);
    if (!r && use->option->id == TCP_FLAGS)
        r = parse_flags(use, use->args[1], &flags);
    if (!r && !mask && flags && !use->invert) {
        pk_error(use->d, PK_CODE_SAVED_OTHERWISE, use->at, "take the rule out: it matches nothing",
                 "iptables-save would lose --tcp-flags with an empty mask");
        r = -EINVAL;
    }
    if (r)
        return r;
    t->mask = mask;
    t->flags = flags;
    t->inv_flags = use->invert;
    return 0;
}

static int tcp_parse_option(const struct pk_option_use *use, struct tcp_info *t)
{
    uint32_t v;

    if (!pk_match_number(use->args[0], UINT8_MAX, &v) || !v) {
        pk_error(use->d, PK_CODE_TCP_OPTION, use->arg_at, "write a number from 1 to 255",
                 "\"%s\" is not a TCP option", use->args[0]);
        return -EINVAL;
    }
    t->option = (uint8_t)v;
    t->inv_option = use->invert;
    return 0;
}

static int tcp_parse(struct pk_option_use *use, void *info)
{
    struct tcp_info *t = info;

    switch (use->option->id) {
    case TCP_SPORT:
        return pk_ports_parse_saved(use, "tcp", true, &t->sport);
    case TCP_DPORT:
        return pk_ports_parse_saved(use, "tcp", true, &t->dport);
    case TCP_OPTION:
        return tcp_parse_option(use, t);
    default:
        return tcp_parse_flags(use, t);
    }
}

static int tcp_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    return pk_proto_require(use, r, "tcp", 6, "tcp");
}

static void print_flags(uint8_t bits, struct pk_buf *out)
{
    const char *comma = "";

    pk_buf_char(out, ' ');
    if (!bits)
        pk_buf_str(out, "NONE");
    for (size_t i = 0; i < 6; i++) {
        if (bits & flag_names[i].bits) {
            pk_buf_str(out, comma);
            pk_buf_str(out, flag_names[i].name);
            comma = ",";
        }
    }
}

static void tcp_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    const struct tcp_info *t = info;

    pk_ports_print_saved("sport", &t->sport, out);
    pk_ports_print_saved("dport", &t->dport, out);
    if (t->option)
        pk_buf_fmt(out, "%s --tcp-option %u", t->inv_option ? " !" : "", t->option);
    if (t->mask || t->inv_flags) {
        pk_buf_str(out, t->inv_flags ? " ! --tcp-flags" : " --tcp-flags");
        print_flags(t->mask, out);
        print_flags(t->flags, out);
    }
}

static bool tcp_port_match(const struct pk_port_range *r, uint16_t port)
{
    return (port >= r->lo && port <= r->hi) != r->invert;
}

/* The kernel's second read, of the options: what cannot be read drops the packet. */
static enum pk_answer tcp_eval_option(const struct tcp_info *t, const struct pk_view *v)
{
    size_t off = v->p->l4_off, i = 0, n;
    const uint8_t *options_at;

    if (off + 20 > v->len)
        return PK_HOTDROP;
    n = (size_t)(v->ip[off + 12] >> 4) * 4;
    if (n < 20 || (n > 20 && off + n > v->len))
        return PK_HOTDROP;
    options_at = v->ip + off + 20;
    n -= 20;
    while (i < n) {
        if (options_at[i] == t->option)
            return t->inv_option ? PK_NO : PK_YES;
        if (options_at[i] < 2 || i + 1 >= n || options_at[i + 1] == 0)
            i++;
        else
            i += options_at[i + 1];
    }
    return t->inv_option ? PK_YES : PK_NO;
}

static enum pk_answer tcp_eval(const void *info, const struct pk_view *v)
{
    const struct tcp_info *t = info;

    if (v->p->status == PK_L4_FRAG)
        return PK_NO;
    if (v->p->status != PK_L4_OK) /* a fragment at offset 1 among them */
        return PK_HOTDROP;
    if (!tcp_port_match(&t->sport, v->p->sport) || !tcp_port_match(&t->dport, v->p->dport))
        return PK_NO;
    if (((v->p->tcp_flags & t->mask) == t->flags) == t->inv_flags)
        return PK_NO;
    return t->option ? tcp_eval_option(t, v) : PK_YES;
}

static enum pk_answer compile_flags(const struct tcp_info *t, struct pk_compile *ctx)
{
    if (!t->mask && !t->flags && !t->inv_flags)
        return PK_YES;
    return pk_compile_tcp_flags(ctx, t->mask, t->flags, t->inv_flags);
}

static enum pk_answer tcp_compile(const void *info, struct pk_compile *ctx)
{
    const struct tcp_info *t = info;
    struct pk_step option = {.kind = PK_STEP_TCP_OPTION, .invert = t->inv_option, .arg = t->option};
    enum pk_answer a;

    if (ctx->status == PK_L4_FRAG)
        return PK_NO;
    if (ctx->status != PK_L4_OK)
        return PK_HOTDROP;
    a = pk_compile_port_range(ctx, PK_F_SPORT, t->sport.lo, t->sport.hi, t->sport.invert);
    if (a == PK_YES)
        a = pk_compile_port_range(ctx, PK_F_DPORT, t->dport.lo, t->dport.hi, t->dport.invert);
    if (a == PK_YES)
        a = compile_flags(t, ctx);
    if (a == PK_YES && t->option)
        a = pk_compile_step(ctx, option, PK_STEP_BARRIER);
    return a;
}

const struct pk_match_def pk_match_tcp = {
    .name = "tcp",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct tcp_info),
    .options = options,
    .init = tcp_init,
    .parse = tcp_parse,
    .finish = tcp_finish,
    .print = tcp_print,
    .eval = tcp_eval,
    .compile = tcp_compile,
};
