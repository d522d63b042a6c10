// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hash to pointer, for lint.c: open addressing, the first put of a hash stays. 64-bit hashes are
 * taken for the key; who cannot bear a collision compares what it gets. An owned object.
 */
#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

struct pk_lint_slot {
    uint64_t hash;
    void *value; /* NULL: free */
};

struct pk_lint_table {
    struct pk_lint_slot *slots;
    size_t n, size; /* size: a power of two */
};

static inline struct pk_lint_slot *pk_lint_slot(const struct pk_lint_table *t, uint64_t hash)
{
    size_t i = hash & (t->size - 1);

    while (t->slots[i].value && t->slots[i].hash != hash)
        i = (i + 1) & (t->size - 1);
    return &t->slots[i];
}

static inline void *pk_lint_table_get(const struct pk_lint_table *t, uint64_t hash)
{
    return t->size ? pk_lint_slot(t, hash)->value : NULL;
}

static inline int pk_lint_table_put(struct pk_lint_table *t, uint64_t hash, void *value)
{
    struct pk_lint_slot *s;

    if (t->n * 2 >= t->size) {
        struct pk_lint_table more = {.size = t->size ? t->size * 2 : 64};

        more.slots = calloc(more.size, sizeof(*more.slots));
        if (!more.slots)
            return -ENOMEM;
        for (size_t i = 0; i < t->size; i++)
            if (t->slots[i].value)
                *pk_lint_slot(&more, t->slots[i].hash) = t->slots[i];
        more.n = t->n;
        free(t->slots);
        *t = more;
    }
    s = pk_lint_slot(t, hash);
    if (!s->value) {
        *s = (struct pk_lint_slot){hash, value};
        t->n++;
    }
    return 0;
}

static inline void pk_lint_table_done(struct pk_lint_table *t)
{
    free(t->slots);
    *t = (struct pk_lint_table){0};
}
