// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/lists.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "classify/bounds.h"

/* Entries of all lists: these, and so many a leaf. */
#define ENTRIES_FIRST 4096u
#define ENTRIES_LEAF 4u

static const enum pk_field fields[] = {PK_F_SADDR, PK_F_DADDR, PK_F_DPORT, PK_F_SPORT};
#define N_FIELDS PK_ARRAY_SIZE(fields)
#define NO_SIDE N_FIELDS

/* One field that may have lists: its intervals, and the run of them that each set covers. */
struct side {
    enum pk_field field;
    uint32_t *share;       /* [sets.n] leaves that have the set; 0 of sets of several ranges */
    uint32_t *from, *end;  /* [sets.n] */
    struct pk_u128 *start; /* [n] */
    size_t n;
    size_t best;        /* leaves that this field tells apart best */
    uint8_t *n_entries; /* [n] of each interval's list */
};

struct work {
    struct pk_leaf_list *l;
    struct pk_lists *s;
    struct pk_arena scratch;
    struct side side[N_FIELDS];
    unsigned chosen[PK_LISTS]; /* numbers of sides */
    size_t left;               /* entries that may still be made */
};

static void work_done(struct work *w)
{
    pk_arena_done(&w->scratch);
}

static struct pk_u128 max_of(const struct work *w, enum pk_field field)
{
    return pk_field_max(field, w->l->rs->family);
}

/* Lists the sets of one range that leaves have; returns how many there are. */
static size_t count_shares(const struct work *w, struct side *d, uint32_t *used)
{
    const struct pk_leaf_list *l = w->l;
    size_t n = 0, i;
    uint32_t set;

    for (i = 0; i < l->n; i++) {
        set = l->set[i][d->field];
        if (set == PK_SET_ANY || l->sets.set[set]->n != 1)
            continue;
        if (!d->share[set]++)
            used[n++] = set;
    }
    return n;
}

/* The first interval begins at 0, each other where a set begins or has ended. */
static void cut(struct side *d, const struct pk_bounds *b)
{
    size_t i;

    d->start[0] = (struct pk_u128){0, 0};
    d->n = 1;
    for (i = 0; i < b->n; i++) {
        const struct pk_bound *at = &b->bound[i];

        if (!pk_u128_equal(d->start[d->n - 1], at->at))
            d->start[d->n++] = at->at;
        if (d->from[at->set] == UINT32_MAX)
            d->from[at->set] = (uint32_t)(d->n - 1);
        else
            d->end[at->set] = (uint32_t)(d->n - 1);
    }
}

static int make_side(struct work *w, struct side *d, enum pk_field field)
{
    size_t n_sets = w->l->sets.n, n, i;
    uint32_t *used = pk_arena_array(&w->scratch, uint32_t, n_sets);
    struct pk_bounds b;
    int r;

    d->field = field;
    d->share = pk_arena_array(&w->scratch, uint32_t, n_sets);
    d->from = pk_arena_array(&w->scratch, uint32_t, n_sets);
    d->end = pk_arena_array(&w->scratch, uint32_t, n_sets);
    if (!used || !d->share || !d->from || !d->end)
        return -ENOMEM;
    memset(d->from, 0xff, n_sets * sizeof(*d->from));
    n = count_shares(w, d, used);
    if (n > PK_SEARCH_MAX / 2) { /* two bounds each: not to be searched */
        memset(d->share, 0, n_sets * sizeof(*d->share));
        n = 0;
    }
    r = pk_bounds_make(&w->l->sets, used, n, max_of(w, field), &w->scratch, &b);
    if (r)
        return r;
    d->start = pk_arena_array(&w->scratch, struct pk_u128, b.n + 1);
    d->n_entries = pk_arena_array(&w->scratch, uint8_t, b.n + 1);
    if (!d->start || !d->n_entries)
        return -ENOMEM;
    cut(d, &b);
    for (i = 0; i < n; i++)
        if (!d->end[used[i]])
            d->end[used[i]] = (uint32_t)d->n;
    return 0;
}

static uint32_t covered(const struct side *d, uint32_t set)
{
    return d->end[set] - d->from[set];
}

/* How badly a field tells a leaf apart: places in lists that its set takes for all leaves that have
 * it. UINT64_MAX: not at all. */
static uint64_t cost(const struct work *w, const struct side *d, size_t leaf)
{
    uint32_t set = w->l->set[leaf][d->field];

    if (set == PK_SET_ANY || !d->share[set])
        return UINT64_MAX;
    return (uint64_t)d->share[set] * covered(d, set);
}

/* The best of the sides in `among`. */
static unsigned best_side(const struct work *w, size_t leaf, unsigned among)
{
    uint64_t least = UINT64_MAX, c;
    unsigned best = NO_SIDE, k;

    for (k = 0; k < N_FIELDS; k++) {
        c = among >> k & 1 ? cost(w, &w->side[k], leaf) : UINT64_MAX;
        if (c >= least)
            continue;
        least = c;
        best = k;
    }
    return best;
}

/* What stands in a leaf's needs can be asked of a packet. */
static bool can_need(const struct pk_leaf_list *l, size_t leaf)
{
    unsigned f;

    for (f = 0; f < PK_FIELD_N; f++)
        if (l->set[leaf][f] != PK_SET_ANY && l->sets.set[l->set[leaf][f]]->n > PK_NEED_INTERVALS)
            return false;
    return true;
}

/* The field by which a leaf is best listed, or NO_SIDE. */
static unsigned side_of(const struct work *w, size_t leaf, unsigned among)
{
    return can_need(w->l, leaf) ? best_side(w, leaf, among) : NO_SIDE;
}

/* The fields by which most leaves are told apart best, in a mask. */
static unsigned choose_sides(struct work *w)
{
    unsigned chosen = 0, k, best;
    size_t i;

    for (i = 0; i < w->l->n; i++) {
        k = side_of(w, i, ~0u);
        if (k != NO_SIDE)
            w->side[k].best++;
    }
    for (; w->s->n < PK_LISTS; w->s->n++) {
        best = NO_SIDE;
        for (k = 0; k < N_FIELDS; k++)
            if (w->side[k].best && !(chosen >> k & 1) &&
                (best == NO_SIDE || w->side[k].best > w->side[best].best))
                best = k;
        if (best == NO_SIDE)
            break;
        w->chosen[w->s->n] = best;
        chosen |= 1u << best;
    }
    return chosen;
}

/* Into the lists of every value that its set has, if there is room in each. */
static bool enter(struct work *w, size_t leaf, unsigned list)
{
    struct side *d = &w->side[w->chosen[list]];
    uint32_t set = w->l->set[leaf][d->field], n = covered(d, set), i;

    if (n > w->left)
        return false;
    for (i = d->from[set]; i < d->end[set]; i++)
        if (d->n_entries[i] == PK_LIST_ENTRIES)
            return false;
    for (i = d->from[set]; i < d->end[set]; i++)
        d->n_entries[i]++;
    w->left -= n;
    w->l->listed[leaf] = (uint8_t)(list + 1);
    w->l->n_listed++;
    w->s->list[list].table.n_rows++;
    return true;
}

/* Into the lists of the best field that has room. */
static void place(struct work *w, size_t leaf, unsigned among)
{
    unsigned k, list;

    for (; among; among &= ~(1u << k)) {
        k = best_side(w, leaf, among);
        if (k == NO_SIDE)
            return;
        for (list = 0; w->chosen[list] != k; list++)
            ;
        if (enter(w, leaf, list))
            return;
    }
}

/* How many intervals a leaf's best field covers, as a power of two; UINT8_MAX: it has none. */
static uint8_t width_of(const struct work *w, size_t leaf, unsigned among)
{
    unsigned k = side_of(w, leaf, among);

    if (k == NO_SIDE)
        return UINT8_MAX;
    return (uint8_t)(31 - __builtin_clz(covered(&w->side[k], w->l->set[leaf][fields[k]]) | 1));
}

/* Those that take few places first. */
static int place_leaves(struct work *w, unsigned chosen)
{
    uint8_t *width = pk_arena_alloc(&w->scratch, w->l->n);
    unsigned now;
    size_t i;

    if (!width)
        return -ENOMEM;
    for (i = 0; i < w->l->n; i++)
        width[i] = width_of(w, i, chosen);
    for (now = 0; now < 32; now++)
        for (i = 0; i < w->l->n; i++)
            if (width[i] == now)
                place(w, i, chosen);
    return 0;
}

static enum pk_field other_of(enum pk_field field)
{
    return field == PK_F_SADDR ? PK_F_DADDR : PK_F_SADDR;
}

static const struct pk_iset *set_of(const struct pk_leaf_list *l, size_t leaf, enum pk_field field)
{
    return l->sets.set[l->set[leaf][field]]; /* NULL: any */
}

/* Where the other addresses of a list's leaves lie, so that 32 bits tell them apart. */
static void scale(struct work *w, unsigned list)
{
    struct pk_list_table *t = &w->s->list[list];
    struct pk_u128 lo = {UINT64_MAX, UINT64_MAX}, hi = {0, 0};
    const struct pk_iset *set;
    size_t i;

    if (w->l->rs->family == PK_IPV4)
        return;
    for (i = 0; i < w->l->n; i++) {
        set = w->l->listed[i] == list + 1 ? set_of(w->l, i, other_of(t->table.field)) : NULL;
        if (!set)
            continue;
        if (pk_u128_less(set->iv[0].lo, lo))
            lo = set->iv[0].lo;
        if (pk_u128_less(hi, set->iv[set->n - 1].hi))
            hi = set->iv[set->n - 1].hi;
    }
    if (pk_u128_less(hi, lo))
        return;
    t->base = lo;
    while (t->shift < 96 && pk_scaled(hi, lo, t->shift) == UINT32_MAX)
        t->shift++;
}

static uint16_t port_number(struct pk_u128 v)
{
    return (uint16_t)PK_MIN(v.lo, (uint64_t)UINT16_MAX);
}

static struct pk_list_entry entry_of(const struct work *w, size_t leaf, unsigned list)
{
    const struct pk_list_table *t = &w->s->list[list];
    const struct pk_iset *other = set_of(w->l, leaf, other_of(t->table.field));
    const struct pk_iset *port = set_of(w->l, leaf, PK_F_DPORT);
    struct pk_list_entry e = {.leaf = (uint32_t)leaf, .dport_hi = UINT16_MAX, .hi = UINT32_MAX};

    if (other) {
        e.lo = pk_scaled(other->iv[0].lo, t->base, t->shift);
        e.hi = pk_scaled(other->iv[other->n - 1].hi, t->base, t->shift);
    }
    if (port) {
        e.dport_lo = port_number(port->iv[0].lo);
        e.dport_hi = port_number(port->iv[port->n - 1].hi);
    }
    return e;
}

/* All lists of a field, one behind the other; entry[first[i]] is the first of interval i. */
static struct pk_list_entry *fill(struct work *w, unsigned list, uint32_t *first)
{
    const struct side *d = &w->side[w->chosen[list]];
    struct pk_list_entry *entry, e;
    uint32_t n = 0, i, set;
    size_t leaf;

    for (i = 0; i < d->n; i++) {
        first[i] = n;
        n += d->n_entries[i];
        d->n_entries[i] = 0;
    }
    entry = pk_arena_array(&w->scratch, struct pk_list_entry, n);
    for (leaf = 0; entry && leaf < w->l->n; leaf++) {
        if (w->l->listed[leaf] != list + 1)
            continue;
        e = entry_of(w, leaf, list);
        set = w->l->set[leaf][d->field];
        for (i = d->from[set]; i < d->end[set]; i++)
            entry[first[i] + d->n_entries[i]++] = e;
    }
    return entry;
}

static int store(struct work *w, const struct side *d, struct pk_list_entry *entry,
                 const uint32_t *first, struct pk_found *found)
{
    uint32_t i, at, n;
    int r = 0;

    for (i = 0; i < d->n && !r; i++) {
        n = d->n_entries[i];
        at = UINT32_MAX;
        if (n) {
            entry[first[i] + n - 1].leaf |= PK_LIST_LAST;
            r = pk_runs_store(&w->s->entries, &entry[first[i]], n, &at);
        }
        if (!r)
            r = pk_found_add(found, d->start[i], at + 1);
    }
    return r;
}

static int make_list(struct work *w, unsigned list, struct pk_arena *a)
{
    struct side *d = &w->side[w->chosen[list]];
    uint32_t *first = pk_arena_array(&w->scratch, uint32_t, d->n);
    struct pk_found found = {.a = a};
    struct pk_list_entry *entry;
    int r;

    w->s->list[list].table.field = d->field;
    scale(w, list);
    entry = first ? fill(w, list, first) : NULL;
    if (!entry)
        return -ENOMEM;
    r = store(w, d, entry, first, &found);
    return r ? r : pk_found_table(&found, max_of(w, d->field), &w->s->list[list].table);
}

/* Which sets the leaves need. */
static void add_needs(struct work *w)
{
    const struct pk_iset *set;
    size_t i;
    unsigned f;

    for (i = 0; i < w->l->n; i++) {
        for (f = 0; w->l->listed[i] && f < PK_FIELD_N; f++) {
            uint32_t id = w->l->set[i][f];

            set = w->l->sets.set[id];
            if (!set)
                continue;
            if (f == w->s->list[w->l->listed[i] - 1].table.field || w->s->need[id])
                continue;
            w->s->need[id] = (uint32_t)w->s->need_bytes + 1;
            w->s->need_bytes += sizeof(struct pk_need_set) + set->n * sizeof(struct pk_range);
        }
    }
}

static int make(struct work *w, struct pk_arena *a)
{
    unsigned k, chosen;
    int r = 0;

    for (k = 0; k < N_FIELDS && !r; k++)
        r = make_side(w, &w->side[k], fields[k]);
    if (r)
        return r;
    chosen = choose_sides(w);
    w->left = ENTRIES_FIRST + w->l->n * ENTRIES_LEAF;
    r = place_leaves(w, chosen);
    for (k = 0; k < w->s->n && !r; k++)
        r = make_list(w, k, a);
    if (!r)
        add_needs(w);
    return r;
}

int pk_lists_make(struct pk_lists *s, struct pk_leaf_list *l, bool none, size_t max,
                  struct pk_arena *a)
{
    struct work w __attribute__((cleanup(work_done))) = {.l = l, .s = s};

    *s = (struct pk_lists){
        .entries = {.buf = PK_BUF_INIT(max), .size = sizeof(struct pk_list_entry)}};
    l->listed = pk_arena_alloc(a, l->n + 1);
    s->need = pk_arena_array(a, uint32_t, l->sets.n);
    if (!l->listed || !s->need)
        return -ENOMEM;
    return none || l->n < PK_LIST_MIN ? 0 : make(&w, a);
}

size_t pk_lists_bytes(const struct pk_lists *s, const struct pk_leaf_list *l)
{
    return s->n ? s->entries.buf.len + l->n * sizeof(struct pk_needs) + s->need_bytes : 0;
}

static void write_sets(const struct pk_lists *s, const struct pk_sets *sets, char *to)
{
    const struct pk_iset *set;
    struct pk_need_set *need;
    size_t i, k;

    for (i = 0; i < sets->n; i++) {
        if (!s->need[i])
            continue;
        set = sets->set[i];
        need = (struct pk_need_set *)(to + s->need[i] - 1);
        need->n = (uint32_t)set->n;
        for (k = 0; k < set->n; k++)
            need->range[k] = (struct pk_range){.lo = set->iv[k].lo, .hi = set->iv[k].hi};
    }
}

/* Addresses first: they say no most often. */
static struct pk_needs needs_of(const struct pk_lists *s, const struct pk_leaf_list *l, size_t leaf,
                                size_t sets)
{
    enum pk_field found_by = s->list[l->listed[leaf] - 1].table.field;
    struct pk_needs needs = {0};
    unsigned n = 0, f;

    for (f = 0; f < PK_FIELD_N; f++)
        if (f != found_by && l->set[leaf][f] != PK_SET_ANY)
            needs.set[n++] = (uint32_t)(sets + s->need[l->set[leaf][f]] - 1) | f;
    return needs;
}

size_t pk_lists_write(const struct pk_lists *s, const struct pk_leaf_list *l, char *image,
                      size_t at, uint32_t *ret_needs)
{
    struct pk_needs *needs = (struct pk_needs *)(image + at + s->entries.buf.len);
    size_t sets = at + s->entries.buf.len + l->n * sizeof(*needs), i;

    if (!s->n)
        return at;
    if (s->entries.buf.len)
        memcpy(image + at, s->entries.buf.data, s->entries.buf.len);
    *ret_needs = (uint32_t)(at + s->entries.buf.len);
    for (i = 0; i < l->n; i++)
        if (l->listed[i])
            needs[i] = needs_of(s, l, i, sets);
    write_sets(s, &l->sets, image + sets);
    return sets + s->need_bytes;
}

void pk_lists_done(struct pk_lists *s)
{
    pk_buf_done(&s->entries.buf);
    pk_index_done(&s->entries.index);
}
