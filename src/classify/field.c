// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/field.h"

#include <errno.h>

#include "classify/bounds.h"
#include "classify/codes.h"

/* Leaves of one set within one word of a row. */
struct flip {
    uint64_t mask;
    uint32_t word;
};

/* The sweep's working memory, in an arena of its own. */
struct sweep {
    const struct pk_leaf_list *l;
    enum pk_field field;
    struct pk_u128 max;
    struct pk_rows *rows;
    struct pk_arena *scratch;
    uint32_t *used; /* [n_used] numbers of the sets that leaves have in this field */
    size_t n_used;
    struct flip *flips;    /* those of set s are [first[s], first[s] + count[s]) */
    size_t *first, *count; /* [sets.n] */
    struct pk_bounds bounds;
};

size_t pk_field_constrained(const struct pk_leaf_list *l, enum pk_field field)
{
    size_t n = 0, i;

    for (i = 0; i < l->n; i++)
        n += !l->listed[i] && l->set[i][field] != PK_SET_ANY;
    return n;
}

/* Which sets do leaves have in this field, and how many leaves each? */
static int list_used(struct sweep *s)
{
    size_t i;
    uint32_t set;

    s->first = pk_arena_array(s->scratch, size_t, s->l->sets.n);
    s->count = pk_arena_array(s->scratch, size_t, s->l->sets.n);
    s->used = pk_arena_array(s->scratch, uint32_t, s->l->sets.n);
    s->flips = pk_arena_array(s->scratch, struct flip, s->l->n);
    if (!s->first || !s->count || !s->used || !s->flips)
        return -ENOMEM;
    for (i = 0; i < s->l->n; i++) {
        set = s->l->set[i][s->field];
        if (!s->l->listed[i] && set != PK_SET_ANY && !s->count[set]++)
            s->used[s->n_used++] = set;
    }
    return 0;
}

static void add_flip(struct sweep *s, uint32_t set, size_t leaf)
{
    struct flip *f = &s->flips[s->first[set]];
    size_t n = s->count[set];

    if (!n || f[n - 1].word != leaf / 64)
        f[s->count[set]++] =
            (struct flip){.mask = 1ULL << (leaf % 64), .word = (uint32_t)(leaf / 64)};
    else
        f[n - 1].mask |= 1ULL << (leaf % 64);
}

/* Per set, the leaves that it moves; leaves with any value go into the live row for good. */
static void place_leaves(struct sweep *s)
{
    size_t at = 0, i, n;
    uint32_t set;

    for (i = 0; i < s->n_used; i++) {
        n = s->count[s->used[i]];
        s->first[s->used[i]] = at;
        s->count[s->used[i]] = 0;
        at += n;
    }
    pk_rows_clear(s->rows);
    for (i = 0; i < s->l->n; i++) {
        if (s->l->listed[s->l->at[i]])
            continue;
        set = s->l->set[s->l->at[i]][s->field];
        if (set == PK_SET_ANY)
            pk_rows_flip(s->rows, i / 64, 1ULL << (i % 64));
        else
            add_flip(s, set, i);
    }
}

static void flip_set(struct sweep *s, uint32_t set)
{
    const struct flip *f = &s->flips[s->first[set]];
    size_t i;

    for (i = 0; i < s->count[set]; i++)
        pk_rows_flip(s->rows, f[i].word, f[i].mask);
}

int pk_found_add(struct pk_found *o, struct pk_u128 start, uint32_t row)
{
    void *starts, *rows;

    if (o->n && o->row[o->n - 1] == row)
        return 0;
    starts = pk_arena_grow(o->a, o->start, o->n, &o->cap_start, sizeof(*o->start));
    rows = pk_arena_grow(o->a, o->row, o->n, &o->cap_row, sizeof(*o->row));
    if (!starts || !rows)
        return -ENOMEM;
    o->start = starts;
    o->row = rows;
    o->start[o->n] = start;
    o->row[o->n++] = row;
    return 0;
}

static int go_along(struct sweep *s, struct pk_found *o)
{
    struct pk_u128 at = {0, 0};
    size_t i = 0;
    uint32_t row;
    int r;

    for (;;) {
        for (; i < s->bounds.n && pk_u128_equal(s->bounds.bound[i].at, at); i++)
            flip_set(s, s->bounds.bound[i].set);
        r = pk_rows_store(s->rows, &row);
        if (!r)
            r = pk_found_add(o, at, row);
        if (r || i == s->bounds.n)
            return r;
        at = s->bounds.bound[i].at;
    }
}

static int check_bounds(const struct sweep *s, struct pk_diags *d)
{
    size_t n = 0, i;

    for (i = 0; i < s->n_used && n <= PK_BOUNDS_MAX; i++)
        n += pk_bounds_count(s->l->sets.set[s->used[i]], s->max);
    if (n <= PK_BOUNDS_MAX)
        return 0;
    pk_error(d, PK_CODE_INTERVALS, PK_NOWHERE, "use fewer ranges, or prefixes that cover more",
             "the rules name more than %u bounds of ranges for the %s", PK_BOUNDS_MAX,
             pk_field_name(s->field));
    return -E2BIG;
}

static enum pk_method choose(struct pk_u128 max, size_t intervals)
{
    if (max.hi || max.lo > UINT32_MAX)
        return PK_M_SEARCH128;
    if (max.lo < PK_DIRECT_ALWAYS || (max.lo < PK_DIRECT_MAX && intervals > PK_DIRECT_ABOVE))
        return PK_M_DIRECT;
    return PK_M_SEARCH32;
}

size_t pk_index_bytes(const struct pk_field_table *t)
{
    return t->buckets ? sizeof(struct pk_key_index) + (t->buckets + 1) * sizeof(uint32_t) : 0;
}

/* So that an index has as many buckets as there are keys, at most: most have one key or two. */
static void scale(struct pk_field_table *t)
{
    const struct pk_u128 last = t->key[t->n - 1];

    t->base = t->key[1];
    while (pk_scaled(last, t->base, t->shift) >= t->n)
        t->shift++;
    t->buckets = (size_t)pk_scaled(last, t->base, t->shift) + 1;
}

static void fill_search(const struct pk_found *o, struct pk_field_table *t)
{
    t->n = o->n;
    t->key = o->start;
    t->row = o->row;
    if (t->n > PK_INDEX_ABOVE)
        scale(t);
}

/* One row number per value, up to the start of the last interval, whose row the rest shares. */
static int fill_direct(const struct pk_found *o, struct pk_field_table *t)
{
    size_t i, v, end;

    t->n = (size_t)o->start[o->n - 1].lo + 1;
    t->row = pk_arena_array(o->a, uint32_t, t->n);
    if (!t->row)
        return -ENOMEM;
    for (i = 0; i < o->n; i++) {
        end = i + 1 < o->n ? (size_t)o->start[i + 1].lo : t->n;
        for (v = (size_t)o->start[i].lo; v < end; v++)
            t->row[v] = o->row[i];
    }
    return 0;
}

int pk_found_table(const struct pk_found *o, struct pk_u128 max, struct pk_field_table *t)
{
    t->n_intervals = o->n;
    t->method = choose(max, o->n);
    if (t->method == PK_M_DIRECT)
        return fill_direct(o, t);
    if (o->n > PK_SEARCH_MAX)
        return -E2BIG;
    fill_search(o, t);
    return 0;
}

static int refuse_intervals(const struct pk_found *o, enum pk_field field, struct pk_diags *d)
{
    pk_error(d, PK_CODE_INTERVALS, PK_NOWHERE, "use prefixes that cover more",
             "the rules cut the %s into %zu intervals, more than %u", pk_field_name(field), o->n,
             PK_SEARCH_MAX);
    return -E2BIG;
}

static int count_rows(const struct pk_found *o, struct pk_arena *scratch, size_t n_stored,
                      size_t *ret_n)
{
    uint8_t *seen = pk_arena_alloc(scratch, n_stored);
    size_t i;

    if (!seen)
        return -ENOMEM;
    *ret_n = 0;
    for (i = 0; i < o->n; i++) {
        *ret_n += !seen[o->row[i]];
        seen[o->row[i]] = 1;
    }
    return 0;
}

static int sweep(struct sweep *s, struct pk_found *o, struct pk_diags *d)
{
    int r = list_used(s);

    if (!r)
        r = check_bounds(s, d);
    if (!r)
        r = pk_bounds_make(&s->l->sets, s->used, s->n_used, s->max, s->scratch, &s->bounds);
    if (r)
        return r;
    place_leaves(s);
    return go_along(s, o);
}

int pk_field_sweep(const struct pk_leaf_list *l, enum pk_field field, struct pk_rows *b,
                   struct pk_arena *a, struct pk_field_table *ret, struct pk_diags *d)
{
    struct pk_arena scratch __attribute__((cleanup(pk_arena_done))) = {0};
    struct sweep s = {.l = l,
                      .field = field,
                      .max = pk_field_max(field, l->rs->family),
                      .rows = b,
                      .scratch = &scratch};
    struct pk_field_table t = {.field = field, .constrained = pk_field_constrained(l, field)};
    struct pk_found o = {.a = a};
    int r = sweep(&s, &o, d);

    if (!r)
        r = count_rows(&o, &scratch, pk_rows_count(b), &t.n_rows);
    if (r)
        return r;
    r = pk_found_table(&o, s.max, &t);
    if (r)
        return r == -E2BIG ? refuse_intervals(&o, field, d) : r;
    *ret = t;
    return 0;
}

size_t pk_field_table_bytes(const struct pk_field_table *t)
{
    return pk_index_bytes(t) + t->n * pk_row_width(t->method);
}
