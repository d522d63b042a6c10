// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One rule to its leaves: status by status the ip part and then match by match (compile_ctx.c),
 * then statuses united (merge.c), then written out.
 */
#include "rules/leaf.h"

#include <errno.h>
#include <string.h>

#include "rules/compile_ctx.h"
#include "rules/match/codes.h"
#include "rules/merge.h"

struct pk_u128 pk_field_max(enum pk_field f, enum pk_family family)
{
    static const struct pk_u128 max[PK_FIELD_N] = {
        [PK_F_KIND] = {0, PK_L4_STATUS_N * 256 - 1},
        [PK_F_DPORT] = {0, PK_PORT_NONE},
        [PK_F_SPORT] = {0, PK_PORT_NONE},
        [PK_F_FLAGS] = {0, PK_FLAGS_NONE},
        [PK_F_ICMP] = {0, PK_ICMP_NONE},
        [PK_F_IIF] = {UINT64_MAX, UINT64_MAX},
        [PK_F_OIF] = {UINT64_MAX, UINT64_MAX},
    };

    if (f != PK_F_SADDR && f != PK_F_DADDR)
        return max[f];
    if (family == PK_IPV4)
        return (struct pk_u128){0, UINT32_MAX};
    return (struct pk_u128){UINT64_MAX, UINT64_MAX};
}

const char *pk_field_name(enum pk_field f)
{
    static const char *const names[PK_FIELD_N] = {
        [PK_F_KIND] = "protocol and status", [PK_F_DADDR] = "destination address",
        [PK_F_SADDR] = "source address",     [PK_F_DPORT] = "destination port",
        [PK_F_SPORT] = "source port",        [PK_F_FLAGS] = "TCP flags",
        [PK_F_ICMP] = "ICMP type and code",  [PK_F_IIF] = "in-interface",
        [PK_F_OIF] = "out-interface",
    };

    return f < PK_FIELD_N ? names[f] : "?";
}

/* Statuses that a packet of the family can have. */
static uint32_t family_statuses(enum pk_family family)
{
    uint32_t all = (1u << PK_L4_STATUS_N) - 1;

    return all & ~(family == PK_IPV4 ? PK_STATUS_BIT(PK_L4_BROKEN) : PK_STATUS_BIT(PK_L4_FRAG1));
}

struct mask_range {
    struct pk_u128 lo, hi;
    bool contiguous;
};

/* The addresses under a mask, if its bits are the leading ones of the family's address. */
static struct mask_range mask_range(struct pk_u128 addr, struct pk_u128 mask, enum pk_family family)
{
    struct pk_u128 max = pk_field_max(PK_F_SADDR, family);
    struct pk_u128 host = {max.hi & ~mask.hi, max.lo & ~mask.lo};
    bool low_full = host.lo == UINT64_MAX || !host.hi;

    return (struct mask_range){
        .lo = addr,
        .hi = {addr.hi | host.hi, addr.lo | host.lo},
        .contiguous = low_full && !(host.hi & (host.hi + 1)) && !(host.lo & (host.lo + 1)),
    };
}

static enum pk_answer compile_address(struct pk_compile *ctx, enum pk_field f, struct pk_u128 addr,
                                      struct pk_u128 mask, bool invert)
{
    struct mask_range r = mask_range(addr, mask, ctx->family);
    struct pk_step step = {
        .kind = f == PK_F_SADDR ? PK_STEP_SADDR : PK_STEP_DADDR,
        .invert = invert,
        .data = {addr.hi, addr.lo, mask.hi, mask.lo},
    };

    if (r.contiguous)
        return pk_compile_range(ctx, f, r.lo, r.hi, invert);
    return pk_compile_step(ctx, step, PK_STEP_FREE);
}

static struct pk_u128 name_value(const unsigned char bytes[16])
{
    struct pk_u128 v = {0};

    for (int i = 0; i < 8; i++) {
        v.hi = v.hi << 8 | bytes[i];
        v.lo = v.lo << 8 | bytes[i + 8];
    }
    return v;
}

/*
 * ifname_compare_aligned() under the mask of xtables_parse_interface(): the bytes before a trailing
 * '+', or else the whole name with its NUL.
 */
static enum pk_answer compile_interface(struct pk_compile *ctx, enum pk_field f,
                                        const char name[16], bool invert)
{
    unsigned char lo[16] = {0}, hi[16];
    size_t n = strnlen(name, 16);

    if (!n)
        return PK_YES;
    if (name[n - 1] == '+')
        n--;
    else
        n = n < 16 ? n + 1 : n;
    memcpy(lo, name, n);
    memset(hi, 0xff, sizeof(hi));
    memcpy(hi, name, n);
    return pk_compile_range(ctx, f, name_value(lo), name_value(hi), invert);
}

static enum pk_answer compile_protocol(struct pk_compile *ctx)
{
    const struct pk_ip_match *ip = &ctx->rule->ip;
    struct pk_u128 proto = {0, ip->proto};

    if (!ip->has_proto)
        return PK_YES;
    if (ctx->status == PK_L4_BROKEN)
        return PK_HOTDROP;
    if (!ip->proto) /* "all" */
        return PK_YES;
    return pk_compile_range(ctx, PK_F_KIND, proto, proto, ip->inv_proto);
}

static enum pk_answer compile_fragment(const struct pk_compile *ctx)
{
    const struct pk_ip_match *ip = &ctx->rule->ip;
    bool later = ctx->status == PK_L4_FRAG || ctx->status == PK_L4_FRAG1;

    return !ip->frag || later != ip->inv_frag ? PK_YES : PK_NO;
}

/*
 * ip_packet_match() and ip6_packet_match(), in their order: first what does not depend on the
 * status, once for all of them, then the rest.
 */
static enum pk_answer compile_where(struct pk_compile *ctx)
{
    const struct pk_ip_match *ip = &ctx->rule->ip;
    enum pk_answer a;

    a = compile_address(ctx, PK_F_SADDR, ip->saddr, ip->smask, ip->inv_saddr);
    if (a == PK_YES)
        a = compile_address(ctx, PK_F_DADDR, ip->daddr, ip->dmask, ip->inv_daddr);
    if (a == PK_YES)
        a = compile_interface(ctx, PK_F_IIF, ip->iif, ip->inv_iif);
    if (a == PK_YES)
        a = compile_interface(ctx, PK_F_OIF, ip->oif, ip->inv_oif);
    return a;
}

static enum pk_answer compile_what(struct pk_compile *ctx)
{
    enum pk_answer a = compile_protocol(ctx);

    return a == PK_YES ? compile_fragment(ctx) : a;
}

/* The current branch got this answer: true if it goes on. */
static bool settle(struct pk_compile *ctx, enum pk_answer a)
{
    if (ctx->error)
        return false;
    if (a == PK_HOTDROP)
        pk_merge_branch(ctx, ctx->branch, true);
    else if (a == PK_NO)
        pk_compile_unmatched(ctx, *ctx->branch);
    return a == PK_YES;
}

/* One match for all branches; it may add branches, which are then past it. */
static void compile_match(struct pk_compile *ctx, const struct pk_match *m)
{
    unsigned n = ctx->n_live, kept = 0;
    bool goes_on[PK_LEAVES_PER_RULE];

    memset(goes_on, true, sizeof(goes_on));
    for (unsigned i = 0; i < n; i++) {
        ctx->branch = &ctx->live[i];
        goes_on[i] = settle(ctx, m->def->compile(m->info, ctx));
    }
    for (unsigned i = 0; i < ctx->n_live; i++) {
        if (goes_on[i] && kept++ != i)
            ctx->live[kept - 1] = ctx->live[i];
    }
    ctx->n_live = kept;
}

static void compile_status(struct pk_compile *ctx, const struct pk_branch *start)
{
    const struct pk_rule *r = ctx->rule;

    ctx->live[0] = *start;
    ctx->branch = &ctx->live[0];
    ctx->n_live = settle(ctx, compile_what(ctx));
    for (size_t i = 0; i < r->n_matches && ctx->n_live && !ctx->error; i++)
        compile_match(ctx, &r->matches[i]);
    for (unsigned i = 0; i < ctx->n_live; i++)
        pk_merge_branch(ctx, &ctx->live[i], false);
}

/* Does the set have every value of the field that packets of these statuses can have? */
static bool excludes_nothing(const struct pk_compile *ctx, enum pk_field f,
                             const struct pk_iset *set, uint32_t statuses)
{
    struct pk_u128 lo, hi;

    for (unsigned s = 0; s < PK_L4_STATUS_N; s++) {
        unsigned base = f == PK_F_KIND ? s << 8 : 0;

        if (!(statuses & PK_STATUS_BIT(s)))
            continue;
        pk_status_values(f, ctx->family, (enum pk_l4_status)s, &lo, &hi);
        lo.lo += base;
        hi.lo += base;
        if (!pk_iset_covers(set, lo, hi))
            return false;
    }
    return true;
}

/* The set as it stands in the leaf: NULL if it excludes nothing. */
static const struct pk_iset *final_set(const struct pk_compile *ctx, const struct pk_merged *m,
                                       enum pk_field f)
{
    uint32_t statuses = f == PK_F_KIND ? family_statuses(ctx->family) : m->statuses;
    const struct pk_iset *set = m->set[f];

    return !set || excludes_nothing(ctx, f, set, statuses) ? NULL : set;
}

static void push_step(struct pk_compile *ctx, struct pk_leaf *leaf, struct pk_step step)
{
    if (leaf->n_predicates + leaf->n_effects == PK_STEPS_MAX)
        pk_compile_too_big(ctx, PK_CODE_RULE_STEPS, "matches that are decided packet by packet",
                           PK_STEPS_MAX);
    else
        leaf->steps[leaf->n_predicates + leaf->n_effects] = step;
}

static void push_predicate(struct pk_compile *ctx, struct pk_leaf *leaf, struct pk_step step)
{
    push_step(ctx, leaf, step);
    leaf->n_predicates += !ctx->error;
}

/* A drop stands in `hot` when nothing can come before it, else as a step at its place in the order.
 */
static void push_predicates(struct pk_compile *ctx, struct pk_leaf *leaf, const struct pk_merged *m)
{
    struct pk_step drop = {.kind = PK_STEP_L4};

    if (!m->n_steps)
        leaf->hot = m->hot_at[0];
    for (unsigned i = 0; m->n_steps && i <= m->n_steps; i++) {
        drop.arg = m->hot_at[i];
        if (drop.arg)
            push_predicate(ctx, leaf, drop);
        if (i < m->n_steps)
            push_predicate(ctx, leaf, m->steps[i]);
    }
}

static void write_leaf(struct pk_compile *ctx, const struct pk_merged *m, struct pk_leaf *leaf)
{
    const struct pk_rule *r = ctx->rule;
    struct pk_step effect = {0};

    memset(leaf, 0, sizeof(*leaf));
    for (unsigned f = 0; f < PK_FIELD_N; f++)
        leaf->set[f] = final_set(ctx, m, (enum pk_field)f);
    push_predicates(ctx, leaf, m);
    if (m->matches && r->target && r->target->compile &&
        r->target->compile(r->target_info, &effect)) {
        push_step(ctx, leaf, effect);
        leaf->n_effects += !ctx->error;
    }
}

static void compile_statuses(struct pk_compile *ctx, uint32_t statuses)
{
    struct pk_branch start = {0};

    ctx->status = PK_L4_OK;
    ctx->branch = &start;
    if (compile_where(ctx) != PK_YES)
        return;
    for (unsigned s = 0; s < PK_L4_STATUS_N && !ctx->error; s++) {
        ctx->status = (enum pk_l4_status)s;
        if (statuses & PK_STATUS_BIT(s))
            compile_status(ctx, &start);
    }
}

int pk_rule_compile(const struct pk_rule *r, enum pk_family family, struct pk_arena *a,
                    struct pk_leaves *ret, struct pk_diags *d)
{
    struct pk_merge merge;
    struct pk_compile ctx;

    merge.n = 0;
    ctx.arena = a;
    ctx.d = d;
    ctx.rule = r;
    ctx.family = family;
    ctx.error = 0;
    ctx.merge = &merge;
    compile_statuses(&ctx, family_statuses(family));
    for (unsigned i = 0; i < merge.n && !ctx.error; i++)
        write_leaf(&ctx, &merge.leaf[i], &ret->leaf[i]);
    if (!ctx.error)
        ret->n = merge.n;
    return ctx.error;
}
