// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "rules/parse.h"
#include "rules/sequence.h"

/* What the public types do not show: chains by name, and rules in the order of the build. */
struct built_chain {
    struct pk_chain chain; /* first */
    struct pk_sequence rules;
    struct built_chain *next; /* same bucket */
    uint64_t hash;
};

struct built_set {
    struct pk_ruleset set; /* first */
    struct built_chain **buckets;
    size_t n_buckets; /* a power of two */
    uint64_t seed;    /* an address, so that a file cannot be written to collide */
};

static const char *const builtin_names[PK_HOOK_N] = {"INPUT", "FORWARD", "OUTPUT"};

static struct built_chain *built(const struct pk_chain *c)
{
    return (struct built_chain *)c;
}

static struct built_chain **bucket(const struct built_set *b, uint64_t hash)
{
    return &b->buckets[hash & (b->n_buckets - 1)];
}

static int buckets_double(struct built_set *b)
{
    size_t n = b->n_buckets ? b->n_buckets * 2 : 16;
    struct built_chain **buckets = pk_arena_array(b->set.arena, struct built_chain *, n);

    if (!buckets)
        return -ENOMEM;
    b->buckets = buckets;
    b->n_buckets = n;
    for (size_t i = 0; i < b->set.n_chains; i++) {
        struct built_chain *c = built(b->set.chains[i]);

        c->next = *bucket(b, c->hash);
        *bucket(b, c->hash) = c;
    }
    return 0;
}

struct pk_chain *pk_ruleset_chain(const struct pk_ruleset *rs, const char *name, size_t len)
{
    const struct built_set *b = (const struct built_set *)rs;
    uint64_t hash = pk_hash64(name, len, b->seed);

    for (struct built_chain *c = *bucket(b, hash); c; c = c->next)
        if (c->hash == hash && strlen(c->chain.name) == len && !memcmp(c->chain.name, name, len))
            return &c->chain;
    return NULL;
}

struct pk_chain *pk_ruleset_add_chain(struct pk_ruleset *rs, const char *name, size_t len)
{
    struct built_set *b = (struct built_set *)rs;
    struct pk_chain **chains;
    struct built_chain *c;

    if (rs->n_chains >= b->n_buckets && buckets_double(b))
        return NULL;
    chains = pk_arena_grow(rs->arena, rs->chains, rs->n_chains, &rs->cap_chains, sizeof(*chains));
    if (!chains)
        return NULL;
    rs->chains = chains;
    c = pk_arena_new(rs->arena, struct built_chain);
    if (!c)
        return NULL;
    c->chain.name = pk_arena_strndup(rs->arena, name, len);
    if (!c->chain.name)
        return NULL;
    c->chain.hook = -1;
    c->chain.policy = PK_ACT_ACCEPT;
    c->chain.index = (uint32_t)rs->n_chains;
    c->hash = pk_hash64(name, len, b->seed);
    c->next = *bucket(b, c->hash);
    *bucket(b, c->hash) = c;
    rs->chains[rs->n_chains++] = &c->chain;
    return &c->chain;
}

struct pk_ruleset *pk_ruleset_new(struct pk_arena *a, enum pk_family family)
{
    struct built_set *b = pk_arena_new(a, struct built_set);

    if (!b)
        return NULL;
    b->set.family = family;
    b->set.arena = a;
    b->seed = (uintptr_t)b;
    for (int hook = 0; hook < PK_HOOK_N; hook++) {
        const char *name = builtin_names[hook];
        struct pk_chain *c = pk_ruleset_add_chain(&b->set, name, strlen(name));

        if (!c)
            return NULL;
        c->hook = hook;
    }
    return &b->set;
}

size_t pk_chain_length(const struct pk_chain *c)
{
    return pk_sequence_length(&built(c)->rules);
}

int pk_chain_insert(struct pk_ruleset *rs, struct pk_chain *c, size_t pos, struct pk_rule *rule)
{
    int err;

    if (rs->n_rules >= PK_RULES_MAX)
        return -E2BIG;
    err = pk_sequence_insert(&built(c)->rules, rs->arena, pos, rule);
    if (err)
        return err;
    rule->chain = c;
    rs->n_rules++;
    return 0;
}

/* iptc_insert_chain keeps user chains sorted by strcmp, behind the built-in ones. */
static int chain_order(const void *x, const void *y)
{
    const struct pk_chain *a = *(struct pk_chain *const *)x, *b = *(struct pk_chain *const *)y;

    if (a->hook >= 0 || b->hook >= 0)
        return a->hook >= 0 && b->hook >= 0 ? a->hook - b->hook : (a->hook < 0) - (b->hook < 0);
    return strcmp(a->name, b->name);
}

int pk_ruleset_finish(struct pk_ruleset *rs)
{
    uint32_t ordinal = 0;

    qsort(rs->chains, rs->n_chains, sizeof(*rs->chains), chain_order);
    for (size_t i = 0; i < rs->n_chains; i++) {
        struct pk_chain *c = rs->chains[i];

        c->index = (uint32_t)i;
        c->n_rules = c->cap_rules = pk_chain_length(c);
        c->rules = pk_arena_array(rs->arena, struct pk_rule *, c->n_rules);
        if (!c->rules)
            return -ENOMEM;
        pk_sequence_flatten(&built(c)->rules, c->rules);
        for (size_t j = 0; j < c->n_rules; j++)
            c->rules[j]->ordinal = ordinal++;
    }
    rs->given = true;
    return 0;
}
