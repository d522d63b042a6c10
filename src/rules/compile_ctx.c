// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/compile_ctx.h"

#include <errno.h>

#include "rules/match/codes.h"
#include "rules/merge.h"

void pk_status_values(enum pk_field f, enum pk_family family, enum pk_l4_status s,
                      struct pk_u128 *lo, struct pk_u128 *hi)
{
    *lo = (struct pk_u128){0};
    *hi = pk_field_max(f, family);
    switch (f) {
    case PK_F_KIND:
        hi->lo = s == PK_L4_BROKEN ? 0 : 255;
        break;
    case PK_F_SPORT:
    case PK_F_DPORT:
        if (s == PK_L4_OK)
            hi->lo = 65535;
        else
            lo->lo = s == PK_L4_SHORT ? PK_PORT_SHORT : PK_PORT_NONE;
        break;
    case PK_F_FLAGS:
    case PK_F_ICMP:
        if (s == PK_L4_OK)
            hi->lo--;
        else
            lo->lo = hi->lo;
        break;
    default:
        break;
    }
}

void pk_compile_fail(struct pk_compile *ctx, int error)
{
    if (!ctx->error)
        ctx->error = error;
}

void pk_compile_too_big(struct pk_compile *ctx, unsigned code, const char *what, unsigned most)
{
    struct pk_place at = {.file = ctx->rule->file, .line = ctx->rule->line};

    if (!ctx->error)
        pk_error(ctx->d, code, at, "write it as several rules", "the rule needs more than %u %s",
                 most, what);
    pk_compile_fail(ctx, -E2BIG);
}

/* The result of a set operation on sets of n intervals together: NULL has two reasons. */
const struct pk_iset *pk_set_made(struct pk_compile *ctx, const struct pk_iset *s, size_t n)
{
    if (!s && n > PK_ISET_MAX)
        pk_compile_too_big(ctx, PK_CODE_RULE_INTERVALS, "intervals in one field", PK_ISET_MAX);
    else if (!s)
        pk_compile_fail(ctx, -ENOMEM);
    return s;
}

const struct pk_iset *pk_set_range(struct pk_compile *ctx, struct pk_u128 lo, struct pk_u128 hi)
{
    return pk_set_made(ctx, pk_iset_range(ctx->arena, lo, hi), 1);
}

const struct pk_iset *pk_set_and(struct pk_compile *ctx, const struct pk_iset *x,
                                 const struct pk_iset *y)
{
    if (!x || !y)
        return NULL;
    return pk_set_made(ctx, pk_iset_and(ctx->arena, x, y), x->n + y->n);
}

const struct pk_iset *pk_set_or(struct pk_compile *ctx, const struct pk_iset *x,
                                const struct pk_iset *y)
{
    if (!x || !y)
        return NULL;
    return pk_set_made(ctx, pk_iset_or(ctx->arena, x, y), x->n + y->n);
}

/* Everything that the status admits. */
static const struct pk_iset *set_status(struct pk_compile *ctx, enum pk_field f,
                                        enum pk_l4_status s)
{
    struct pk_u128 lo, hi;

    pk_status_values(f, ctx->family, s, &lo, &hi);
    return pk_set_range(ctx, lo, hi);
}

/* What the status admits, without x. */
static const struct pk_iset *set_not(struct pk_compile *ctx, enum pk_field f,
                                     const struct pk_iset *x)
{
    const struct pk_iset *rest;

    if (!x)
        return NULL;
    rest = pk_iset_not(ctx->arena, x, pk_field_max(f, ctx->family));
    return pk_set_and(ctx, pk_set_made(ctx, rest, x->n + 1), set_status(ctx, f, ctx->status));
}

/* `set`, or if that is NULL all that the statuses admit. */
const struct pk_iset *pk_set_explicit(struct pk_compile *ctx, enum pk_field f,
                                      const struct pk_iset *set, uint32_t statuses)
{
    struct pk_interval all[PK_L4_STATUS_N];
    size_t n = 0;

    if (set)
        return set;
    for (unsigned s = 0; s < PK_L4_STATUS_N; s++) {
        if (!(statuses & PK_STATUS_BIT(s)))
            continue;
        pk_status_values(f, ctx->family, (enum pk_l4_status)s, &all[n].lo, &all[n].hi);
        n++;
    }
    return pk_set_made(ctx, pk_iset_from(ctx->arena, all, n), n);
}

static void add_step(struct pk_compile *ctx, struct pk_branch *b, struct pk_step step)
{
    if (b->n_steps == PK_STEPS_MAX)
        pk_compile_too_big(ctx, PK_CODE_RULE_STEPS, "matches that are decided packet by packet",
                           PK_STEPS_MAX);
    else
        b->steps[b->n_steps++] = step;
}

void pk_compile_unmatched(struct pk_compile *ctx, struct pk_branch b)
{
    if (!b.n_barrier)
        return;
    b.n_steps = b.n_barrier;
    add_step(ctx, &b, (struct pk_step){.kind = PK_STEP_NEVER});
    pk_merge_branch(ctx, &b, false);
}

static void finish_outside(struct pk_compile *ctx, enum pk_field f, const struct pk_iset *set)
{
    struct pk_branch outside = *ctx->branch;
    const struct pk_iset *rest = set_not(ctx, f, set);

    if (!rest)
        return;
    outside.set[f] = outside.set[f] ? pk_set_and(ctx, outside.set[f], rest) : rest;
    if (outside.set[f])
        pk_compile_unmatched(ctx, outside);
}

/* Narrows a branch and forgets what falls outside. */
static enum pk_answer narrow(struct pk_compile *ctx, struct pk_branch *b, enum pk_field f,
                             const struct pk_iset *set)
{
    struct pk_u128 lo, hi;

    if (!pk_set_made(ctx, set, 0))
        return PK_NO;
    pk_status_values(f, ctx->family, ctx->status, &lo, &hi);
    if (b->set[f])
        set = pk_set_and(ctx, b->set[f], set);
    else if (!pk_iset_within(set, lo, hi))
        set = pk_set_and(ctx, pk_set_range(ctx, lo, hi), set);
    if (ctx->error)
        return PK_NO;
    b->set[f] = pk_iset_is_range(set, lo, hi) ? NULL : set;
    return set->n ? PK_YES : PK_NO;
}

enum pk_answer pk_compile_and(struct pk_compile *ctx, enum pk_field f, const struct pk_iset *set)
{
    if (set && ctx->branch->n_barrier)
        finish_outside(ctx, f, set);
    return narrow(ctx, ctx->branch, f, set);
}

enum pk_answer pk_compile_range(struct pk_compile *ctx, enum pk_field f, struct pk_u128 lo,
                                struct pk_u128 hi, bool invert)
{
    const struct pk_iset *set = pk_set_range(ctx, lo, hi);

    return pk_compile_and(ctx, f, invert ? set_not(ctx, f, set) : set);
}

const struct pk_iset *pk_compile_ports(struct pk_compile *ctx, const struct pk_iset *ports,
                                       bool invert)
{
    uint64_t base = ctx->status == PK_L4_SHORT ? PK_PORT_SHORT : 0;
    struct pk_u128 lo = {0, base}, hi = {0, base + 65535};
    struct pk_iset *moved;

    if (!ports)
        return NULL;
    moved = pk_arena_alloc(ctx->arena, sizeof(*moved) + ports->n * sizeof(ports->iv[0]));
    if (!pk_set_made(ctx, moved, 0))
        return NULL;
    moved->n = ports->n;
    for (size_t i = 0; i < ports->n; i++) {
        moved->iv[i].lo.lo = ports->iv[i].lo.lo + base;
        moved->iv[i].hi.lo = ports->iv[i].hi.lo + base;
    }
    if (!invert)
        return moved;
    return pk_set_and(ctx, set_not(ctx, PK_F_DPORT, moved), pk_set_range(ctx, lo, hi));
}

enum pk_answer pk_compile_port_range(struct pk_compile *ctx, enum pk_field f, uint16_t lo,
                                     uint16_t hi, bool invert)
{
    const struct pk_iset *ports;

    ports = pk_set_range(ctx, (struct pk_u128){0, lo}, (struct pk_u128){0, hi});
    return pk_compile_and(ctx, f, pk_compile_ports(ctx, ports, invert));
}

enum pk_answer pk_compile_either(struct pk_compile *ctx, enum pk_field f, const struct pk_iset *fs,
                                 enum pk_field g, const struct pk_iset *gs)
{
    struct pk_branch *first = ctx->branch, *second = &ctx->live[ctx->n_live];
    enum pk_answer a;

    if (ctx->n_live == PK_LEAVES_PER_RULE) {
        pk_compile_too_big(ctx, PK_CODE_RULE_LEAVES, "separate cases", PK_LEAVES_PER_RULE);
        return PK_NO;
    }
    *second = *first;
    narrow(ctx, second, f, set_not(ctx, f, fs));
    ctx->branch = second;
    a = pk_compile_and(ctx, g, gs);
    ctx->branch = first;
    if (a == PK_YES)
        ctx->n_live++;
    return narrow(ctx, first, f, fs);
}

enum pk_answer pk_compile_tcp_flags(struct pk_compile *ctx, uint8_t mask, uint8_t flags,
                                    bool invert)
{
    struct pk_interval values[256];
    size_t n = 0;

    for (unsigned v = 0; v < 256; v++)
        if (((v & mask) == flags) != invert)
            values[n++] = (struct pk_interval){{0, v}, {0, v}};
    return pk_compile_and(ctx, PK_F_FLAGS, pk_iset_from(ctx->arena, values, n));
}

enum pk_answer pk_compile_step(struct pk_compile *ctx, struct pk_step step,
                               enum pk_step_order order)
{
    struct pk_branch *b = ctx->branch;

    add_step(ctx, b, step);
    if (order == PK_STEP_BARRIER)
        b->n_barrier = b->n_steps;
    return ctx->error ? PK_NO : PK_YES;
}
