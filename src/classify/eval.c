// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/eval.h"

#include <string.h>

#include "classify/image.h"

/* A place in a chain: the rule that is looked at next. */
struct place {
    const struct pk_chain *chain;
    size_t next;
};

/* One packet on its way through one base chain. */
struct walk {
    const struct pk_ruleset *rs;
    const struct pk_chain *base;
    const struct pk_view *v;
    struct pk_tally *tally;
    pk_trace_fn *trace;
    void *arg;
    struct place at;
    struct place stack[PK_DEPTH_MAX]; /* where each jump returns to; a goto leaves no trace here */
    unsigned depth;
};

static bool address_matches(struct pk_u128 addr, struct pk_u128 mask, struct pk_u128 want, bool inv)
{
    bool same = (addr.hi & mask.hi) == want.hi && (addr.lo & mask.lo) == want.lo;

    return same != inv;
}

static uint8_t name_byte(struct pk_u128 name, unsigned i)
{
    return (uint8_t)(i < 8 ? name.hi >> (56 - 8 * i) : name.lo >> (120 - 8 * i));
}

/*
 * ifname_compare_aligned() with the mask that xtables_parse_interface() makes: all bytes of the
 * name and its NUL, or those before a trailing '+'. An empty name has an empty mask and matches
 * all.
 */
static bool name_matches(struct pk_u128 name, const char want[static 16], bool inv)
{
    size_t len = strnlen(want, 16), i;
    bool same = true;

    if (len && want[len - 1] == '+')
        len--;
    else if (len && len < 16)
        len++;
    for (i = 0; i < len; i++)
        same = same && name_byte(name, (unsigned)i) == (uint8_t)want[i];
    return same != inv;
}

/* ip_packet_match(): no -p is protocol 0, which matches every packet. */
static enum pk_answer protocol_v4(const struct pk_ip_match *ip, const struct pk_packet *p,
                                  const char **why)
{
    bool later_fragment = p->status == PK_L4_FRAG || p->status == PK_L4_FRAG1;

    if (ip->has_proto && (p->proto == ip->proto) == ip->inv_proto) {
        *why = "protocol";
        return PK_NO;
    }
    if ((ip->frag && !later_fragment) != ip->inv_frag) {
        *why = "fragment";
        return PK_NO;
    }
    return PK_YES;
}

/*
 * ip6_packet_match(): only a rule with -p follows the extension headers, and drops the packet when
 * they cannot be followed. `-p all` is protocol 0 and matches whatever they end in.
 */
static enum pk_answer protocol_v6(const struct pk_ip_match *ip, const struct pk_packet *p,
                                  const char **why)
{
    *why = "protocol";
    if (!ip->has_proto)
        return PK_YES;
    if (p->status == PK_L4_BROKEN)
        return PK_HOTDROP;
    if (p->proto == ip->proto)
        return ip->inv_proto ? PK_NO : PK_YES;
    return ip->proto == 0 || ip->inv_proto ? PK_YES : PK_NO;
}

static enum pk_answer ip_part(const struct pk_ip_match *ip, const struct pk_packet *p,
                              const char **why)
{
    *why = "source address";
    if (!address_matches(p->saddr, ip->smask, ip->saddr, ip->inv_saddr))
        return PK_NO;
    *why = "destination address";
    if (!address_matches(p->daddr, ip->dmask, ip->daddr, ip->inv_daddr))
        return PK_NO;
    *why = "in-interface";
    if (!name_matches(p->iif, ip->iif, ip->inv_iif))
        return PK_NO;
    *why = "out-interface";
    if (!name_matches(p->oif, ip->oif, ip->inv_oif))
        return PK_NO;
    return p->family == PK_IPV6 ? protocol_v6(ip, p, why) : protocol_v4(ip, p, why);
}

/* The matches are asked in the order written; the first that does not say yes ends the rule. */
static enum pk_answer ask(const struct pk_rule *r, const struct pk_view *v, const char **why)
{
    enum pk_answer answer = ip_part(&r->ip, v->p, why);
    size_t i;

    for (i = 0; i < r->n_matches && answer == PK_YES; i++) {
        *why = r->matches[i].def->name;
        answer = r->matches[i].def->eval(r->matches[i].info, v);
    }
    if (answer == PK_YES)
        *why = NULL;
    return answer;
}

static void count(const struct walk *w, struct pk_counters *c)
{
    c->packets++;
    c->bytes += w->v->p->len;
}

static struct pk_verdict policy(const struct walk *w)
{
    if (w->tally)
        count(w, &w->tally->policy[w->base->hook]);
    return (struct pk_verdict){.action = w->base->policy, .end = PK_END_POLICY};
}

static struct pk_verdict decided(enum pk_action action, enum pk_end end, const struct pk_rule *r)
{
    return (struct pk_verdict){.action = action, .end = end, .rule = r};
}

/* RETURN, and the end of a chain: back to the last jump. False: there is none, the policy decides.
 */
static bool back(struct walk *w)
{
    if (!w->depth)
        return false;
    w->at = w->stack[--w->depth];
    return true;
}

static void enter(struct walk *w, const struct pk_chain *chain)
{
    w->at = (struct place){.chain = chain};
}

/* What ipt_do_table() answers too when its stack is full; pk_compile refuses such rule sets. */
static bool jump(struct walk *w, const struct pk_chain *chain)
{
    if (w->depth == PK_DEPTH_MAX)
        return false;
    w->stack[w->depth++] = w->at;
    enter(w, chain);
    return true;
}

/* Looks at one rule. True: the packet is judged. */
static bool step(struct walk *w, const struct pk_rule *r, struct pk_verdict *ret)
{
    const char *why;
    enum pk_answer answer = ask(r, w->v, &why);

    if (w->trace)
        w->trace(w->arg, r, answer, why);
    if (answer == PK_HOTDROP)
        *ret = decided(PK_ACT_DROP, PK_END_HOTDROP, r);
    if (answer != PK_YES)
        return answer == PK_HOTDROP;
    if (w->tally && w->tally->rule)
        count(w, &w->tally->rule[r->ordinal]);

    switch (r->action) {
    case PK_ACT_NONE:
        return false;
    case PK_ACT_GOTO:
        enter(w, r->to);
        return false;
    case PK_ACT_JUMP:
        if (jump(w, r->to))
            return false;
        *ret = decided(PK_ACT_DROP, PK_END_RULE, r);
        return true;
    case PK_ACT_RETURN:
        if (back(w))
            return false;
        *ret = policy(w);
        return true;
    case PK_ACT_ACCEPT:
    case PK_ACT_DROP:
        break;
    }
    *ret = decided(r->action, PK_END_RULE, r);
    return true;
}

struct pk_verdict pk_eval(const struct pk_ruleset *rs, enum pk_hook hook, const struct pk_view *v,
                          struct pk_tally *tally, pk_trace_fn *trace, void *arg)
{
    struct walk w = {
        .rs = rs, .base = rs->chains[hook], .v = v, .tally = tally, .trace = trace, .arg = arg};
    struct pk_verdict verdict;

    enter(&w, w.base);
    for (;;) {
        if (w.at.next == w.at.chain->n_rules) {
            if (!back(&w))
                return policy(&w);
        } else if (step(&w, w.at.chain->rules[w.at.next++], &verdict)) {
            return verdict;
        }
    }
}
