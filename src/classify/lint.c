// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/lint.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "base/iset.h"
#include "base/macro.h"
#include "classify/codes.h"
#include "classify/lint_table.h"
#include "rules/leaf.h"

/* One leaf of an earlier rule that ends the walk, whatever the packet. Sets only: it has no steps.
 */
struct cover {
    const struct pk_iset *set[PK_FIELD_N];
    uint64_t hash[PK_FIELD_N]; /* of the set; 0: any */
    const struct pk_rule *rule;
    struct cover *next; /* with the same values in the same fields but KIND */
};

#define SAME_TRIED 16 /* of those */

struct lint {
    struct pk_arena arena;
    struct pk_arena scratch; /* of one rule at a time */
    const struct pk_ruleset *rs;
    struct pk_diags *d;
    struct pk_lint_table texts;  /* of the chain: text to rule */
    struct pk_lint_table covers; /* of the chain: fields' hashes to cover */
    struct cover *first;         /* in order; the first n_first are tried one by one */
    size_t n_first, cap_first, try_first;
    unsigned shapes[1u << PK_FIELD_N]; /* how many covers use exactly these fields */
};

static uint64_t set_hash(const struct pk_iset *s)
{
    return s ? pk_hash64(s->iv, s->n * sizeof(s->iv[0]), 1) | 1 : 0;
}

static void cover_fill(struct cover *c, const struct pk_leaf *l, const struct pk_rule *r)
{
    c->rule = r;
    for (int f = 0; f < PK_FIELD_N; f++) {
        c->set[f] = l->set[f];
        c->hash[f] = set_hash(l->set[f]);
    }
}

/*
 * The fields that are not "any", KIND left out: it is never any, and a match on ports narrows it,
 * so that two rules of the same protocol seldom have it equal.
 */
static unsigned shape_of(const struct cover *c)
{
    unsigned shape = 0;

    for (int f = PK_F_KIND + 1; f < PK_FIELD_N; f++)
        shape |= (unsigned)(c->hash[f] != 0) << f;
    return shape;
}

/* The hash of those fields of `c` that are in `shape`. */
static uint64_t shape_hash(const struct cover *c, unsigned shape)
{
    uint64_t part[PK_FIELD_N];

    for (int f = 0; f < PK_FIELD_N; f++)
        part[f] = shape & 1u << f ? c->hash[f] : 0;
    return pk_hash64(part, sizeof(part), 2);
}

static bool covers(const struct cover *early, const struct cover *late)
{
    for (int f = 0; f < PK_FIELD_N; f++)
        if (early->set[f] && early->hash[f] != late->hash[f] &&
            (!late->set[f] || !pk_iset_subset(late->set[f], early->set[f])))
            return false;
    return true;
}

static const struct pk_rule *find_first(const struct lint *l, const struct cover *late)
{
    for (size_t i = 0; i < l->n_first; i++)
        if (covers(&l->first[i], late))
            return l->first[i].rule;
    return NULL;
}

/* Covers that have in each field the same values or any: one look for each way to leave fields out.
 */
static const struct pk_rule *find_equal(const struct lint *l, const struct cover *late)
{
    unsigned all = shape_of(late), shape = all;

    for (;;) {
        const struct cover *c =
            l->shapes[shape] ? pk_lint_table_get(&l->covers, shape_hash(late, shape)) : NULL;

        for (int i = 0; c && i < SAME_TRIED; i++, c = c->next)
            if (covers(c, late))
                return c->rule;
        if (!shape)
            return NULL;
        shape = (shape - 1) & all;
    }
}

static const struct pk_rule *find_cover(const struct lint *l, const struct pk_leaf *leaf)
{
    const struct pk_rule *r;
    struct cover late;

    cover_fill(&late, leaf, NULL);
    r = find_first(l, &late);
    return r || l->n_first < l->try_first ? r : find_equal(l, &late);
}

/*
 * A leaf that ends the walk for every packet in its sets. Statuses in `hot` end it too, by
 * dropping.
 */
static bool ends_walk(const struct pk_rule *r, const struct pk_leaf *leaf)
{
    return !leaf->n_predicates && r->action != PK_ACT_NONE && r->action != PK_ACT_JUMP;
}

/* A cover that outlives the rule's own memory. */
static int cover_keep(struct lint *l, struct cover *c, const struct pk_leaf *leaf,
                      const struct pk_rule *r)
{
    cover_fill(c, leaf, r);
    for (int f = 0; f < PK_FIELD_N; f++) {
        if (!leaf->set[f])
            continue;
        c->set[f] = pk_iset_copy(&l->arena, leaf->set[f]);
        if (!c->set[f])
            return -ENOMEM;
    }
    return 0;
}

static int cover_add_hashed(struct lint *l, const struct pk_rule *r, const struct pk_leaf *leaf)
{
    struct cover *c = pk_arena_new(&l->arena, struct cover), *same;
    unsigned shape;
    uint64_t hash;

    if (!c || cover_keep(l, c, leaf, r))
        return -ENOMEM;
    shape = shape_of(c);
    hash = shape_hash(c, shape);
    l->shapes[shape]++;
    same = pk_lint_table_get(&l->covers, hash);
    if (same) {
        c->next = same->next;
        same->next = c;
        return 0;
    }
    return pk_lint_table_put(&l->covers, hash, c);
}

static int cover_add(struct lint *l, const struct pk_rule *r, const struct pk_leaf *leaf)
{
    struct cover *c;

    if (!ends_walk(r, leaf))
        return 0;
    if (l->n_first < l->try_first) {
        c = pk_arena_grow(&l->arena, l->first, l->n_first, &l->cap_first, sizeof(*c));
        if (!c)
            return -ENOMEM;
        l->first = c;
        return cover_keep(l, &l->first[l->n_first++], leaf, r);
    }
    return cover_add_hashed(l, r, leaf);
}

static struct pk_place place(const struct pk_rule *r)
{
    return (struct pk_place){r->file, r->line, 0};
}

/* Every leaf of the rule must be decided earlier; the rule that decides the first one is named. */
static const struct pk_rule *shadow_of(const struct lint *l, const struct pk_leaves *leaves)
{
    const struct pk_rule *by = NULL;

    for (unsigned i = 0; i < leaves->n; i++) {
        const struct pk_rule *one = find_cover(l, &leaves->leaf[i]);

        if (!one)
            return NULL;
        if (!by)
            by = one;
    }
    return by;
}

static void warn_shadowed(struct lint *l, const struct pk_rule *r, const struct pk_rule *by)
{
    pk_warn(l->d, PK_CODE_SHADOWED, place(r), "remove it, or move it before the other",
            "shadowed: every packet of -A %s %s is decided by line %u: %s", r->chain->name, r->text,
            by->line, by->text);
}

static int lint_rule(struct lint *l, struct pk_rule *r)
{
    const uint64_t text = pk_hash64(r->text, strlen(r->text), 3);
    const struct pk_rule *twin = pk_lint_table_get(&l->texts, text), *by;
    struct pk_leaves leaves;
    int e;

    pk_arena_reset(&l->scratch);
    e = pk_rule_compile(r, l->rs->family, &l->scratch, &leaves, l->d);
    if (e)
        return e;
    by = shadow_of(l, &leaves);
    if (twin && !strcmp(twin->text, r->text))
        pk_warn(l->d, PK_CODE_DUPLICATE, place(r), NULL,
                "duplicate: -A %s %s stands already in line %u", r->chain->name, r->text,
                twin->line);
    else if (!leaves.n)
        pk_warn(l->d, PK_CODE_NEVER, place(r), NULL, "no packet can match -A %s %s", r->chain->name,
                r->text);
    else if (by)
        warn_shadowed(l, r, by);
    if (by || twin) /* what it would cover is covered */
        return 0;
    e = pk_lint_table_put(&l->texts, text, r);
    for (unsigned i = 0; !e && i < leaves.n; i++)
        e = cover_add(l, r, &leaves.leaf[i]);
    return e;
}

static void lint_done(struct lint *l)
{
    pk_lint_table_done(&l->texts);
    pk_lint_table_done(&l->covers);
    pk_arena_done(&l->arena);
    pk_arena_done(&l->scratch);
}

static int lint_chain(const struct pk_ruleset *rs, const struct pk_chain *ch, struct pk_diags *d)
{
    __attribute__((cleanup(lint_done))) struct lint l = {
        .rs = rs, .d = d, .try_first = ch->n_rules <= PK_LINT_ALL ? SIZE_MAX : PK_LINT_FIRST};
    int e = 0;

    for (size_t i = 0; !e && i < ch->n_rules; i++)
        e = lint_rule(&l, ch->rules[i]);
    return e;
}

int pk_lint_rules(const struct pk_ruleset *rs, struct pk_diags *d)
{
    int e = 0;

    for (size_t c = 0; !e && c < rs->n_chains; c++)
        e = lint_chain(rs, rs->chains[c], d);
    return e;
}

/* ICMP and ICMPv6 types are other numbers with other meanings; -f is IPv4's alone. */
static bool same_in_both(const struct pk_rule *r)
{
    const struct pk_ip_match *ip = &r->ip;

    return !(ip->smask.hi | ip->smask.lo | ip->dmask.hi | ip->dmask.lo) && !ip->frag &&
           !(ip->has_proto && (ip->proto == 1 || ip->proto == 58)) && !strstr(r->text, "iprange");
}

static int missing_in(const struct pk_chain *ch, const struct pk_chain *other, const char *name,
                      struct pk_diags *d)
{
    __attribute__((cleanup(pk_lint_table_done))) struct pk_lint_table there = {0};
    int e = 0;

    for (size_t i = 0; !e && i < other->n_rules; i++)
        e = pk_lint_table_put(&there,
                              pk_hash64(other->rules[i]->text, strlen(other->rules[i]->text), 3),
                              other->rules[i]);
    for (size_t i = 0; !e && i < ch->n_rules; i++) {
        const struct pk_rule *r = ch->rules[i];

        if (same_in_both(r) && !pk_lint_table_get(&there, pk_hash64(r->text, strlen(r->text), 3)))
            pk_warn(d, PK_CODE_UNEQUAL, place(r), NULL, "not in the %s rules: -A %s %s", name,
                    ch->name, r->text);
    }
    return e;
}

int pk_lint_unequal(const struct pk_ruleset *v4, const struct pk_ruleset *v6, struct pk_diags *d)
{
    int e = 0;

    for (size_t c = 0; !e && c < v4->n_chains; c++) {
        const struct pk_chain *a = v4->chains[c];
        const struct pk_chain *b = pk_ruleset_chain(v6, a->name, strlen(a->name));

        if (!b)
            continue;
        if (a->hook >= 0 && a->policy != b->policy)
            pk_warn(d, PK_CODE_UNEQUAL, PK_NOWHERE, NULL,
                    "the policies of %s differ: IPv4 %s, IPv6 %s", a->name,
                    a->policy == PK_ACT_DROP ? "DROP" : "ACCEPT",
                    b->policy == PK_ACT_DROP ? "DROP" : "ACCEPT");
        e = missing_in(a, b, "IPv6", d);
        if (!e)
            e = missing_in(b, a, "IPv4", d);
    }
    return e;
}
