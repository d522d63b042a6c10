// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/sequence.h"

#include <errno.h>

#include "base/hash.h"

struct pk_sequence_node {
    struct pk_rule *rule;
    struct pk_sequence_node *left, *right;
    size_t n; /* nodes below, this one included */
    uint64_t priority;
};

static size_t nodes(const struct pk_sequence_node *t)
{
    return t ? t->n : 0;
}

static struct pk_sequence_node *counted(struct pk_sequence_node *t)
{
    t->n = 1 + nodes(t->left) + nodes(t->right);
    return t;
}

static struct pk_sequence_node *merge(struct pk_sequence_node *l, struct pk_sequence_node *r)
{
    if (!l || !r)
        return l ? l : r;
    if (l->priority > r->priority) {
        l->right = merge(l->right, r);
        return counted(l);
    }
    r->left = merge(l, r->left);
    return counted(r);
}

/* The first `n` nodes to *l, the others to *r. */
static void split(struct pk_sequence_node *t, size_t n, struct pk_sequence_node **l,
                  struct pk_sequence_node **r)
{
    if (!t) {
        *l = *r = NULL;
    } else if (nodes(t->left) >= n) {
        split(t->left, n, l, &t->left);
        *r = counted(t);
    } else {
        split(t->right, n - nodes(t->left) - 1, &t->right, r);
        *l = counted(t);
    }
}

static struct pk_sequence_node *node_new(struct pk_sequence *s, struct pk_arena *a,
                                         struct pk_rule *rule)
{
    struct pk_sequence_node *t = pk_arena_new(a, struct pk_sequence_node);

    if (!t)
        return NULL;
    t->rule = rule;
    t->priority = pk_mix64(++s->counter);
    return counted(t);
}

size_t pk_sequence_length(const struct pk_sequence *s)
{
    return nodes(s->tree) + s->n_tail;
}

static int append(struct pk_sequence *s, struct pk_arena *a, struct pk_rule *rule)
{
    struct pk_rule **tail;

    tail = pk_arena_grow(a, s->tail, s->n_tail, &s->cap_tail, sizeof(*tail));
    if (!tail)
        return -ENOMEM;
    s->tail = tail;
    s->tail[s->n_tail++] = rule;
    return 0;
}

static int tail_to_tree(struct pk_sequence *s, struct pk_arena *a)
{
    for (size_t i = 0; i < s->n_tail; i++) {
        struct pk_sequence_node *t = node_new(s, a, s->tail[i]);

        if (!t)
            return -ENOMEM;
        s->tree = merge(s->tree, t);
    }
    s->n_tail = 0;
    return 0;
}

int pk_sequence_insert(struct pk_sequence *s, struct pk_arena *a, size_t pos, struct pk_rule *rule)
{
    struct pk_sequence_node *l, *r, *t;
    int err;

    if (pos == pk_sequence_length(s))
        return append(s, a, rule);
    err = tail_to_tree(s, a);
    if (err)
        return err;
    t = node_new(s, a, rule);
    if (!t)
        return -ENOMEM;
    split(s->tree, pos, &l, &r);
    s->tree = merge(merge(l, t), r);
    return 0;
}

static struct pk_rule **flatten_tree(const struct pk_sequence_node *t, struct pk_rule **to)
{
    for (; t; t = t->right) {
        to = flatten_tree(t->left, to);
        *to++ = t->rule;
    }
    return to;
}

void pk_sequence_flatten(const struct pk_sequence *s, struct pk_rule **to)
{
    to = flatten_tree(s->tree, to);
    for (size_t i = 0; i < s->n_tail; i++)
        to[i] = s->tail[i];
}
