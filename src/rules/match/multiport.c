// SPDX-License-Identifier: GPL-2.0-or-later
/* -m multiport: as multiport_mt() of the kernel's xt_multiport.c, revision 1. */
#include <errno.h>
#include <string.h>

#include "rules/compile_ctx.h"
#include "rules/match/codes.h"
#include "rules/match/list.h"
#include "rules/match/number.h"

#define PORTS_MAX 15 /* XT_MULTI_PORTS; a range counts as two */

enum { MULTIPORT_NONE, MULTIPORT_SOURCE, MULTIPORT_DESTINATION, MULTIPORT_EITHER };

struct multiport_info {
    uint16_t lo[PORTS_MAX], hi[PORTS_MAX]; /* equal: a single port; a range has lo < hi */
    uint8_t n;
    uint8_t which; /* and the option's id */
    bool invert;
};

/* iptables takes beginnings of these names too, so that `-m multiport --dport` is --dports. */
static const struct pk_option options[] = {
    {.name = "sports",
     .alias = "source-ports",
     .id = MULTIPORT_SOURCE,
     .n_args = 1,
     .invertible = true,
     .arg = "port[,port|,port:port]...",
     .help = "the source port is one of these, at most 15 (a range counts as two)"},
    {.name = "dports",
     .alias = "destination-ports",
     .id = MULTIPORT_DESTINATION,
     .n_args = 1,
     .invertible = true,
     .arg = "port[,port|,port:port]...",
     .help = "the destination port is one of these"},
    {.name = "ports",
     .id = MULTIPORT_EITHER,
     .n_args = 1,
     .invertible = true,
     .arg = "port[,port|,port:port]...",
     .help = "the source or the destination port is"},
    {0},
};

/* The protocols whose ports stand in the first four bytes. */
static const char *proto_name(uint8_t proto)
{
    switch (proto) {
    case 6:
        return "tcp";
    case 17:
        return "udp";
    case 33:
        return "dccp";
    case 132:
        return "sctp";
    case 136:
        return "udplite";
    default:
        return NULL;
    }
}

static const char *rule_proto(const struct pk_rule *r)
{
    return r->ip.has_proto && !r->ip.inv_proto ? proto_name(r->ip.proto) : NULL;
}

static int proto_error(const struct pk_option_use *use)
{
    pk_error(use->d, PK_CODE_NEEDS_PROTO, use->at, "write it before the match's options",
             "-m multiport needs -p tcp, udp, udplite, sctp or dccp");
    return -EINVAL;
}

static int too_many(const struct pk_option_use *use)
{
    pk_error(use->d, PK_CODE_TOO_MANY_PORTS, use->arg_at, "write two rules",
             "more than %d ports, where a range counts as two", PORTS_MAX);
    return -EINVAL;
}

/* "port" or "low:high", cut in place. */
static int parse_item(const struct pk_option_use *use, char *item, struct multiport_info *m)
{
    const char *proto = rule_proto(use->rule);
    char *colon = strchr(item, ':');
    const char *high = colon ? colon + 1 : item;
    uint16_t lo = 0, hi = 0;

    if (colon)
        *colon = '\0';
    if (!pk_port_parse(item, proto, &lo) || !pk_port_parse(high, proto, &hi)) {
        pk_error(use->d, PK_CODE_PORT, use->arg_at,
                 "write numbers from 0 to 65535, or names that /etc/services has for this protocol",
                 "\"%s%s%s\" in the list is not a port of %s", item, colon ? ":" : "",
                 colon ? high : "", proto);
        return -EINVAL;
    }
    if (colon && lo >= hi) {
        pk_error(use->d, PK_CODE_PORT_RANGE, use->arg_at,
                 "write the lower port first, and a single port without a colon",
                 "the port range %u:%u does not end after it starts", lo, hi);
        return -EINVAL;
    }
    m->lo[m->n] = lo;
    m->hi[m->n++] = hi;
    return 0;
}

static int parse_list(const struct pk_option_use *use, char *list, struct multiport_info *m)
{
    unsigned slots = 0;
    int r = 0;

    for (char *next = list; !r && list; list = next) {
        next = strchr(list, ',');
        if (next)
            *next++ = '\0';
        slots += strchr(list, ':') ? 2 : 1;
        r = slots > PORTS_MAX ? too_many(use) : parse_item(use, list, m);
    }
    return r;
}

static int multiport_parse(struct pk_option_use *use, void *info)
{
    struct multiport_info *m = info, new = {0};
    char *list;
    int r;

    if (!rule_proto(use->rule))
        return proto_error(use);
    if (m->which) {
        pk_error(use->d, PK_CODE_ONLY_ONE_OF, use->at, "write -m multiport once for each",
                 "only one of --sports, --dports and --ports can be given to one -m multiport");
        return -EINVAL;
    }
    list = pk_arena_strdup(use->arena, use->args[0]);
    if (!list)
        return -ENOMEM;
    r = parse_list(use, list, &new);
    if (r)
        return r;
    new.which = (uint8_t)use->option->id;
    new.invert = use->invert;
    memcpy(m, &new, sizeof(new));
    return 0;
}

static int multiport_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    const struct multiport_info *m = info;

    if (!m->which) {
        pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at, "add one of them",
                 "-m multiport needs --sports, --dports or --ports");
        return -EINVAL;
    }
    return rule_proto(r) ? 0 : proto_error(use);
}

static void multiport_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    static const char *const option[] = {"", " --sports ", " --dports ", " --ports "};
    const struct multiport_info *m = info;

    if (m->invert)
        pk_buf_str(out, " !");
    pk_buf_str(out, option[m->which]);
    for (unsigned i = 0; i < m->n; i++) {
        if (i)
            pk_buf_char(out, ',');
        pk_buf_fmt(out, m->lo[i] == m->hi[i] ? "%u" : "%u:%u", m->lo[i], m->hi[i]);
    }
}

static bool in_list(const struct multiport_info *m, uint16_t port)
{
    for (unsigned i = 0; i < m->n; i++) {
        if (port >= m->lo[i] && port <= m->hi[i])
            return true;
    }
    return false;
}

/* Only the ports are read, so a header that is cut short behind them is good enough. */
static enum pk_answer multiport_eval(const void *info, const struct pk_view *v)
{
    const struct multiport_info *m = info;
    bool hit = false;

    if (v->p->status == PK_L4_FRAG || v->p->status == PK_L4_FRAG1)
        return PK_NO;
    if (v->p->status != PK_L4_OK && v->p->status != PK_L4_SHORT)
        return PK_HOTDROP;
    if (m->which != MULTIPORT_DESTINATION)
        hit = in_list(m, v->p->sport);
    if (m->which != MULTIPORT_SOURCE)
        hit = hit || in_list(m, v->p->dport);
    return hit != m->invert ? PK_YES : PK_NO;
}

static const struct pk_iset *list_set(const struct multiport_info *m, struct pk_compile *ctx)
{
    struct pk_interval iv[PORTS_MAX];

    for (unsigned i = 0; i < m->n; i++)
        iv[i] = (struct pk_interval){{0, m->lo[i]}, {0, m->hi[i]}};
    return pk_compile_ports(ctx, pk_iset_from(ctx->arena, iv, m->n), m->invert);
}

static enum pk_answer multiport_compile(const void *info, struct pk_compile *ctx)
{
    const struct multiport_info *m = info;
    const struct pk_iset *set;
    enum pk_answer a = PK_YES;

    if (ctx->status == PK_L4_FRAG || ctx->status == PK_L4_FRAG1)
        return PK_NO;
    if (ctx->status != PK_L4_OK && ctx->status != PK_L4_SHORT)
        return PK_HOTDROP;
    set = list_set(m, ctx);
    if (m->which == MULTIPORT_EITHER && !m->invert)
        return pk_compile_either(ctx, PK_F_SPORT, set, PK_F_DPORT, set);
    if (m->which != MULTIPORT_DESTINATION)
        a = pk_compile_and(ctx, PK_F_SPORT, set);
    if (a == PK_YES && m->which != MULTIPORT_SOURCE)
        a = pk_compile_and(ctx, PK_F_DPORT, set);
    return a;
}

const struct pk_match_def pk_match_multiport = {
    .name = "multiport",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct multiport_info),
    .options = options,
    .parse = multiport_parse,
    .finish = multiport_finish,
    .print = multiport_print,
    .eval = multiport_eval,
    .compile = multiport_compile,
};
