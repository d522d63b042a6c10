// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/index.h"

#include <errno.h>
#include <stdlib.h>

#define INDEX_FIRST 64u

/* Half of a hash tells most others apart, and a slot is read from a cache line that nobody else has
 * touched: their size is what a look-up costs. */
struct pk_index_slot {
    uint32_t hash;
    uint32_t id; /* and 1; 0: free */
};

uint32_t pk_index_next(const struct pk_index *x, uint64_t hash, size_t *at)
{
    const struct pk_index_slot *s;

    while (*at < x->cap) {
        s = &x->slots[(hash + (*at)++) & (x->cap - 1)];
        if (!s->id)
            break;
        if (s->hash == (uint32_t)hash)
            return s->id - 1;
    }
    return PK_INDEX_END;
}

static void put(struct pk_index *x, const struct pk_index_slot *s)
{
    size_t i = s->hash & (x->cap - 1);

    while (x->slots[i].id)
        i = (i + 1) & (x->cap - 1);
    x->slots[i] = *s;
}

static int grow(struct pk_index *x)
{
    struct pk_index larger = {.n = x->n, .cap = x->cap ? x->cap * 2 : INDEX_FIRST};
    size_t i;

    larger.slots = calloc(larger.cap, sizeof(*larger.slots));
    if (!larger.slots)
        return -ENOMEM;
    for (i = 0; i < x->cap; i++)
        if (x->slots[i].id)
            put(&larger, &x->slots[i]);
    free(x->slots);
    *x = larger;
    return 0;
}

int pk_index_add(struct pk_index *x, uint64_t hash, uint32_t id)
{
    int r = x->n * 2 >= x->cap ? grow(x) : 0;

    if (r)
        return r;
    put(x, &(struct pk_index_slot){.hash = (uint32_t)hash, .id = id + 1});
    x->n++;
    return 0;
}

void pk_index_done(struct pk_index *x)
{
    free(x->slots);
    *x = (struct pk_index){0};
}
