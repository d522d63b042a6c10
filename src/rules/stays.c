// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/macro.h"
#include "rules/diff.h"

/*
 * The rules of `before` by chain and text: one slot for each distinct text, which holds its rules
 * in order as a list, so that the k-th duplicate is taken by the k-th and many duplicates cost
 * nothing.
 */
struct slot {
    const struct pk_rule *first; /* NULL: empty, or all taken (then `text` stays) */
    const char *text;
    const struct pk_chain *chain;
    uint32_t last; /* ordinal of the last of the list */
};

struct index {
    struct slot *slots;
    const struct pk_rule **next; /* by ordinal */
    size_t mask;
    uint64_t seed;
};

static void index_done(struct index *x)
{
    free(x->slots);
    free(x->next);
}

static int index_new(struct index *x, size_t n)
{
    size_t size = 16;

    while (size < n * 2)
        size *= 2;
    x->mask = size - 1;
    x->slots = calloc(size, sizeof(*x->slots));
    x->next = calloc(n ? n : 1, sizeof(*x->next));
    x->seed = (uintptr_t)x->slots;
    if (x->slots && x->next)
        return 0;
    index_done(x);
    return -ENOMEM;
}

/* The slot of a text in a chain, or the free one where it belongs. */
static struct slot *find(const struct index *x, const struct pk_chain *chain, const char *text)
{
    uint64_t hash = pk_hash64(text, strlen(text), x->seed ^ pk_mix64(chain->index + 1));

    for (size_t i = hash;; i++) {
        struct slot *s = &x->slots[i & x->mask];

        if (!s->text || (s->chain == chain && !strcmp(s->text, text)))
            return s;
    }
}

static void index_add(struct index *x, const struct pk_rule *r)
{
    struct slot *s = find(x, r->chain, r->text);

    if (s->text) {
        x->next[s->last] = r;
    } else {
        s->first = r;
        s->text = r->text;
        s->chain = r->chain;
    }
    s->last = r->ordinal;
}

static const struct pk_rule *index_take(struct index *x, const struct pk_chain *chain,
                                        const char *text)
{
    struct slot *s = find(x, chain, text);
    const struct pk_rule *r = s->first;

    if (r)
        s->first = x->next[r->ordinal];
    return r;
}

int pk_ruleset_stays(const struct pk_ruleset *before, const struct pk_ruleset *after,
                     uint32_t *from)
{
    struct index x = {0};

    if (index_new(&x, before ? before->n_rules : 0))
        return -ENOMEM;
    for (size_t i = 0; before && i < before->n_chains; i++)
        for (size_t j = 0; j < before->chains[i]->n_rules; j++)
            index_add(&x, before->chains[i]->rules[j]);
    for (size_t i = 0; i < after->n_chains; i++) {
        const struct pk_chain *c = after->chains[i];
        const struct pk_chain *old =
            before ? pk_ruleset_chain(before, c->name, strlen(c->name)) : NULL;

        for (size_t j = 0; j < c->n_rules; j++) {
            const struct pk_rule *r = old ? index_take(&x, old, c->rules[j]->text) : NULL;

            from[c->rules[j]->ordinal] = r ? r->ordinal : PK_NEW;
        }
    }
    index_done(&x);
    return 0;
}
