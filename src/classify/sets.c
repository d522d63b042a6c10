// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/sets.h"

#include <errno.h>

#include "base/hash.h"

int pk_sets_init(struct pk_sets *s, struct pk_arena *a)
{
    *s = (struct pk_sets){.a = a};
    s->set = pk_arena_grow(a, NULL, 0, &s->cap, sizeof(*s->set));
    s->n = 1;
    return s->set ? 0 : -ENOMEM;
}

static int is_any(const struct pk_iset *set, struct pk_u128 max)
{
    return !set || pk_iset_is_range(set, (struct pk_u128){0}, max);
}

int pk_sets_add(struct pk_sets *s, const struct pk_iset *set, struct pk_u128 max, uint32_t *ret_id)
{
    const struct pk_iset **larger;
    uint64_t hash;
    size_t probe = 0;
    uint32_t id;

    if (is_any(set, max)) {
        *ret_id = PK_SET_ANY;
        return 0;
    }
    hash = pk_hash64(set->iv, set->n * sizeof(set->iv[0]), set->n);
    while ((id = pk_index_next(&s->index, hash, &probe)) != PK_INDEX_END) {
        if (pk_iset_equal(s->set[id], set)) {
            *ret_id = id;
            return 0;
        }
    }
    larger = pk_arena_grow(s->a, s->set, s->n, &s->cap, sizeof(*s->set));
    if (!larger)
        return -ENOMEM;
    s->set = larger;
    s->set[s->n] = pk_iset_copy(s->a, set); /* a rule's own memory ends with the rule */
    if (!s->set[s->n])
        return -ENOMEM;
    *ret_id = (uint32_t)s->n;
    return pk_index_add(&s->index, hash, (uint32_t)s->n++);
}

void pk_sets_done(struct pk_sets *s)
{
    pk_index_done(&s->index);
    *s = (struct pk_sets){0};
}
