// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/match/ct.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "rules/compile_ctx.h"
#include "rules/match/codes.h"

struct state {
    const char *name;
    uint16_t bit;
};

/* In the order in which iptables prints them. */
static const struct state states[] = {
    {"INVALID", PK_CTS_INVALID},     {"NEW", PK_CTS_NEW},
    {"RELATED", PK_CTS_RELATED},     {"ESTABLISHED", PK_CTS_ESTABLISHED},
    {"UNTRACKED", PK_CTS_UNTRACKED}, {"SNAT", PK_CTS_SNAT},
    {"DNAT", PK_CTS_DNAT},
};

static uint16_t state_bit(const char *s, size_t len, bool nat)
{
    for (size_t i = 0; len && i < PK_ARRAY_SIZE(states); i++) {
        if (!nat && states[i].bit & (PK_CTS_SNAT | PK_CTS_DNAT))
            continue;
        if (!strncasecmp(states[i].name, s, len))
            return states[i].bit;
    }
    return 0;
}

int pk_ct_parse_states(const struct pk_option_use *use, bool nat, struct pk_ct_info *i)
{
    const char *s = use->args[0];
    uint16_t bits = 0, bit;

    for (;; s++) {
        size_t len = strcspn(s, ",");

        bit = state_bit(s, len, nat);
        if (!bit) {
            pk_error(
                use->d, PK_CODE_CT_STATE, use->arg_at,
                nat ? "write INVALID, NEW, RELATED, ESTABLISHED, UNTRACKED, SNAT or DNAT, with "
                      "commas between them"
                    : "write INVALID, NEW, RELATED, ESTABLISHED or UNTRACKED, with commas "
                      "between them",
                "\"%.*s\" is not a state of connection tracking", (int)len, s);
            return -EINVAL;
        }
        bits |= bit;
        s += len;
        if (!*s)
            break;
    }
    i->states = bits;
    return 0;
}

void pk_ct_print_states(const char *option, const struct pk_ct_info *i, struct pk_buf *out)
{
    char before = ' ';

    pk_buf_str(out, i->inverted >> PK_CTP_STATE & 1 ? " ! --" : " --");
    pk_buf_str(out, option);
    for (size_t n = 0; n < PK_ARRAY_SIZE(states); n++) {
        if (!(i->states & states[n].bit))
            continue;
        pk_buf_char(out, before);
        pk_buf_str(out, states[n].name);
        before = ',';
    }
}

/* The state bits that conntrack_mt() sees. */
static uint32_t seen_states(const struct pk_view *v)
{
    const struct pk_conntrack *ct = v->ct;
    uint32_t bits;

    if (ct && ct->info == PK_CT_LOST) /* see pk_ct_guess */
        return v->p->proto == IPPROTO_TCP && (v->p->tcp_flags & 0x17) == 0x02
                   ? PK_CTS_NEW
                   : PK_CTS_ESTABLISHED | PK_CTS_RELATED;
    if (!ct || !ct->entry)
        return ct && ct->info == PK_CT_UNTRACKED ? PK_CTS_UNTRACKED : PK_CTS_INVALID;
    switch (ct->info % PK_CT_IS_REPLY) {
    case PK_CT_ESTABLISHED:
        bits = PK_CTS_ESTABLISHED;
        break;
    case PK_CT_RELATED:
        bits = PK_CTS_RELATED;
        break;
    default:
        bits = PK_CTS_NEW;
    }
    return bits | (ct->status & PK_CTF_SRC_NAT ? PK_CTS_SNAT : 0) |
           (ct->status & PK_CTF_DST_NAT ? PK_CTS_DNAT : 0);
}

static bool address_fits(const struct pk_ct_info *i, unsigned end, struct pk_u128 a)
{
    return !((a.hi ^ i->addr[end].hi) & i->mask[end].hi) &&
           !((a.lo ^ i->addr[end].lo) & i->mask[end].lo);
}

/* One part of the match, which the entry has or has not. */
static bool part_fits(const struct pk_ct_info *i, unsigned part, const struct pk_conntrack *ct)
{
    unsigned end;

    switch (part) {
    case PK_CTP_DIR:
        return ct->info < PK_CT_IS_REPLY;
    case PK_CTP_PROTO:
        return ct->proto == i->proto;
    case PK_CTP_STATUS:
        return ct->status & i->status;
    case PK_CTP_EXPIRE:
        return ct->expires >= i->expire_low && ct->expires <= i->expire_high;
    }
    if (part < PK_CTP_PORT)
        return address_fits(i, part - PK_CTP_ADDR, ct->addr[part - PK_CTP_ADDR]);
    end = part - PK_CTP_PORT;
    return ct->port[end] >= i->port[end].lo && ct->port[end] <= i->port[end].hi;
}

/*
 * As conntrack_mt(): without an entry, a match that asks for a state looks at nothing else, and one
 * that does not says no.
 */
enum pk_answer pk_ct_eval(const void *info, const struct pk_view *v)
{
    const struct pk_ct_info *i = info;
    bool asks_state = i->given >> PK_CTP_STATE & 1;

    if (asks_state && !(seen_states(v) & i->states) == !(i->inverted >> PK_CTP_STATE & 1))
        return PK_NO;
    if (!v->ct || !v->ct->entry)
        return asks_state ? PK_YES : PK_NO;
    for (unsigned part = PK_CTP_PROTO; part <= PK_CTP_DIR; part++) {
        if (i->given >> part & 1 && part_fits(i, part, v->ct) == (i->inverted >> part & 1))
            return PK_NO;
    }
    return PK_YES;
}

static enum pk_answer compile_address(const struct pk_ct_info *i, unsigned end,
                                      struct pk_compile *ctx)
{
    const struct pk_u128 a = i->addr[end], m = i->mask[end];
    struct pk_step st = {
        .kind = PK_STEP_CONNTRACK_ADDR,
        .invert = i->inverted >> (PK_CTP_ADDR + end) & 1,
        .arg = end | (i->given >> PK_CTP_STATE & 1 ? PK_CTP_HAS_STATE : 0),
        .data = {a.hi & m.hi, a.lo & m.lo, m.hi, m.lo},
    };

    return pk_compile_step(ctx, st, PK_STEP_FREE);
}

enum pk_answer pk_ct_compile(const void *info, struct pk_compile *ctx)
{
    const uint32_t addresses = 15u << PK_CTP_ADDR;
    const struct pk_ct_info *i = info;
    struct pk_step st = {
        .kind = PK_STEP_CONNTRACK,
        .arg = (i->given & ~addresses) | (i->inverted & ~addresses) << 16,
        .data = {[2] = i->expire_low | (uint64_t)i->expire_high << 32,
                 [3] = i->states | (uint64_t)i->status << 16 | (uint64_t)i->proto << 32},
    };
    enum pk_answer a = PK_YES;

    for (unsigned end = 0; end < PK_CT_ENDS; end++)
        st.data[end / 2] |= (uint64_t)(i->port[end].lo | (uint32_t)i->port[end].hi << 16)
                            << end % 2 * 32;
    if (st.arg)
        a = pk_compile_step(ctx, st, PK_STEP_FREE);
    for (unsigned end = 0; a == PK_YES && end < PK_CT_ENDS; end++)
        if (i->given >> (PK_CTP_ADDR + end) & 1)
            a = compile_address(i, end, ctx);
    return a;
}
