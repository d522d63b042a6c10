// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/told.h"

#include <errno.h>

#include "classify/flow.h"

#define ALL_HOOKS ((1u << PK_HOOK_N) - 1)

/* Every bit that is the lowest one of a bound makes a difference, and those above it. */
static struct pk_u128 upwards(struct pk_u128 any)
{
    if (any.lo)
        return (struct pk_u128){.hi = UINT64_MAX, .lo = -(any.lo & -any.lo)};
    return (struct pk_u128){.hi = any.hi ? -(any.hi & -any.hi) : 0, .lo = 0};
}

/* The bounds of a set, one over the other: values begin to be in it there, or cease to be. */
static struct pk_u128 bounds_of(const struct pk_iset *set, struct pk_u128 max)
{
    struct pk_u128 any = {0, 0};

    for (size_t i = 0; i < set->n; i++) {
        const struct pk_interval *iv = &set->iv[i];
        uint64_t lo = iv->hi.lo + 1;

        any.hi |= iv->lo.hi;
        any.lo |= iv->lo.lo;
        if (pk_u128_equal(iv->hi, max))
            continue;
        any.hi |= iv->hi.hi + !lo;
        any.lo |= lo;
    }
    return any;
}

/* For each hook a bit: whose packets may come to a chain. */
static uint8_t *hooks_of_chains(const struct pk_leaf_list *l, bool any_call, struct pk_arena *a)
{
    uint8_t *hooks = pk_arena_array(a, uint8_t, l->rs->n_chains);
    bool more = hooks;

    for (size_t c = 0; hooks && c < l->rs->n_chains; c++)
        hooks[c] = c < PK_HOOK_N ? 1u << c : any_call ? ALL_HOOKS : 0;
    while (more) {
        more = false;
        for (size_t i = 0; i < l->n; i++) {
            const struct pk_leaf_rec *rec = &l->rec[i];
            uint8_t from = hooks[rec->chain], *to = &hooks[rec->target];

            if ((rec->action != PK_ACT_JUMP && rec->action != PK_ACT_GOTO) || !(from & ~*to))
                continue;
            *to |= from;
            more = true;
        }
    }
    return hooks;
}

/* The bits of one field, into the key's words. */
static void add_field(enum pk_field f, struct pk_u128 told, uint64_t mask[PK_FLOW_WORDS])
{
    bool any = told.hi | told.lo;

    switch (f) {
    case PK_F_SADDR:
        mask[PK_FW_SADDR_HI] = told.hi;
        mask[PK_FW_SADDR] = told.lo;
        break;
    case PK_F_DADDR:
        mask[PK_FW_DADDR_HI] = told.hi;
        mask[PK_FW_DADDR] = told.lo;
        break;
    case PK_F_SPORT:
    case PK_F_ICMP:
        mask[PK_FW_L4] |= (told.lo & 0xffff) << PK_FW_SPORT_SHIFT;
        break;
    case PK_F_DPORT:
        mask[PK_FW_L4] |= (told.lo & 0xffff) << PK_FW_DPORT_SHIFT;
        break;
    case PK_F_FLAGS:
        mask[PK_FW_L4] |= (told.lo & 0xff) << PK_FW_FLAGS_SHIFT;
        break;
    case PK_F_IIF:
        mask[PK_FW_INTERFACES] |= any ? PK_FW_IIF : 0;
        break;
    case PK_F_OIF:
        mask[PK_FW_INTERFACES] |= any ? PK_FW_OIF : 0;
        break;
    default:
        break; /* KIND is always kept */
    }
}

/* What a field's sets tell apart at each hook. */
static int field_told(const struct pk_leaf_list *l, enum pk_field f, const uint8_t *hooks,
                      struct pk_arena *a, uint64_t ret[PK_HOOK_N][PK_FLOW_WORDS])
{
    struct pk_u128 max = pk_field_max(f, l->rs->family), any[PK_HOOK_N] = {0};
    uint8_t *asks = pk_arena_array(a, uint8_t, l->sets.n);

    if (!asks)
        return -ENOMEM;
    for (size_t i = 0; i < l->n; i++)
        asks[l->set[i][f]] |= hooks[l->rec[i].chain];
    for (size_t s = PK_SET_ANY + 1; s < l->sets.n; s++) {
        struct pk_u128 b = asks[s] ? bounds_of(l->sets.set[s], max) : (struct pk_u128){0, 0};

        for (unsigned h = 0; h < PK_HOOK_N; h++) {
            any[h].hi |= asks[s] >> h & 1 ? b.hi : 0;
            any[h].lo |= asks[s] >> h & 1 ? b.lo : 0;
        }
    }
    for (unsigned h = 0; h < PK_HOOK_N; h++)
        add_field(f, upwards(any[h]), ret[h]);
    return 0;
}

int pk_told(const struct pk_leaf_list *l, bool any_call, struct pk_arena *a,
            uint64_t ret[PK_HOOK_N][PK_FLOW_WORDS])
{
    uint8_t *hooks = hooks_of_chains(l, any_call, a);
    int r = hooks ? 0 : -ENOMEM;

    for (unsigned h = 0; h < PK_HOOK_N; h++)
        ret[h][PK_FW_L4] = PK_FW_ALWAYS | (uint64_t)l->told << PK_FW_CT_SHIFT;
    for (unsigned f = 0; f < PK_FIELD_N && !r; f++)
        if (f != PK_F_KIND)
            r = field_told(l, f, hooks, a, ret);
    return r;
}
