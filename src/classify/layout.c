// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/layout.h"

#include <string.h>

/* Every part of the image starts at a multiple of its strictest member. */
static size_t align(size_t at)
{
    return (at + 7) & ~(size_t)7;
}

static size_t table_bytes(const struct pk_field_table *t)
{
    return align(pk_index_bytes(t)) + align(t->n * pk_row_width(t->method));
}

static size_t tables_bytes(const struct pk_part *p)
{
    size_t n = 0, i;

    for (i = 0; i < p->n_tables; i++)
        n += table_bytes(&p->table[i]);
    return n;
}

/* Lists begin at a multiple of 16, and end at one. */
static size_t align16(size_t at)
{
    return (at + 15) & ~(size_t)15;
}

static size_t lists_bytes(const struct pk_part *p)
{
    size_t n = 0, i;

    for (i = 0; i < p->lists.n; i++)
        n += table_bytes(&p->lists.list[i].table);
    return p->lists.n ? n + 15 + pk_lists_bytes(&p->lists, &p->leaves) : 0;
}

static size_t chains_bytes(const struct pk_part *p)
{
    return p->leaves.rs->n_chains * sizeof(struct pk_run);
}

static size_t order_bytes(const struct pk_part *p)
{
    return p->leaves.n_moved ? align(p->leaves.n * sizeof(*p->leaves.at)) : 0;
}

static size_t leaves_bytes(const struct pk_part *p)
{
    return p->leaves.n * sizeof(struct pk_leaf_rec);
}

static size_t steps_bytes(const struct pk_part *p)
{
    return p->leaves.n_steps * sizeof(struct pk_step);
}

size_t pk_part_bytes(const struct pk_part *p)
{
    if (!p->present)
        return 0;
    return tables_bytes(p) + align(lists_bytes(p)) + pk_rows_bytes(&p->rows) + chains_bytes(p) +
           order_bytes(p) + leaves_bytes(p) + steps_bytes(p);
}

/* A bit for each field that some leaf asks for. */
static uint32_t asked(const struct pk_leaf_list *l)
{
    uint32_t fields = 0;
    unsigned f;
    size_t i;

    for (i = 0; i < l->n; i++)
        for (f = 0; f < PK_FIELD_N; f++)
            fields |= (uint32_t)(l->set[i][f] != PK_SET_ANY) << f;
    return fields;
}

static struct pk_field_plan field_plan(const struct pk_field_table *t)
{
    return (struct pk_field_plan){
        .used = true,
        .method = t->method,
        .intervals = t->n_intervals,
        .rows = t->n_rows,
        .bytes = pk_field_table_bytes(t),
    };
}

void pk_part_plan(const struct pk_part *p, struct pk_family_plan *ret)
{
    size_t i;

    *ret = (struct pk_family_plan){.present = p->present};
    if (!p->present)
        return;
    ret->rules = p->leaves.rs->n_rules;
    ret->leaves = p->leaves.n;
    ret->chains = p->leaves.rs->n_chains;
    ret->depth = p->leaves.depth;
    ret->listed = p->leaves.n_listed;
    ret->list_bytes = pk_lists_bytes(&p->lists, &p->leaves);
    ret->row_bytes = pk_rows_bytes(&p->rows);
    ret->leaf_bytes = chains_bytes(p) + leaves_bytes(p);
    ret->order_bytes = order_bytes(p);
    ret->step_bytes = steps_bytes(p);
    for (i = 0; i < p->n_tables; i++)
        ret->field[p->table[i].field] = field_plan(&p->table[i]);
    ret->asked = asked(&p->leaves);
    for (i = 0; i < p->lists.n; i++)
        ret->list[p->lists.list[i].table.field] = field_plan(&p->lists.list[i].table);
}

/* Where the i-th row of a field stands, which every kind of key has first. */
static uint32_t *row_at(const struct pk_field_tab *t, char *image, size_t i)
{
    return (uint32_t *)(image + t->rows + i * pk_row_width((enum pk_method)t->method));
}

static void write_key(struct pk_u128 key, enum pk_method method, uint32_t *row)
{
    if (method == PK_M_SEARCH32)
        ((struct pk_key32 *)row)->key = (uint32_t)key.lo;
    else if (method == PK_M_SEARCH128)
        ((struct pk_key128 *)row)->key = key;
}

/* A value of bucket b lies behind all keys of the buckets before, or at the last one of them. */
static void write_index(const struct pk_field_table *t, struct pk_key_index *x)
{
    size_t b = 0, i;

    x->base = t->base;
    x->shift = t->shift;
    x->buckets = (uint32_t)t->buckets;
    for (i = 1; i < t->n; i++)
        for (; b < t->buckets && pk_scaled(t->key[i], t->base, t->shift) >= b; b++)
            x->key[b] = (uint32_t)i - 1;
    x->key[b] = (uint32_t)t->n - 1;
}

/* Numbers of rows become offsets: row 0 stands at `rows`. */
static size_t write_table(const struct pk_field_table *t, char *image, size_t at, size_t rows,
                          size_t row_size, struct pk_field_tab *ret)
{
    uint32_t *row;
    size_t i;

    *ret = (struct pk_field_tab){
        .field = (uint16_t)t->field, .method = (uint16_t)t->method, .n = (uint32_t)t->n};
    if (t->buckets) {
        ret->index = (uint32_t)at;
        write_index(t, (struct pk_key_index *)(image + at));
        at += align(pk_index_bytes(t));
    }
    ret->rows = (uint32_t)at;
    for (i = 0; i < t->n; i++) {
        row = row_at(ret, image, i);
        *row = (uint32_t)(rows + t->row[i] * row_size);
        if (t->key)
            write_key(t->key[i], t->method, row);
    }
    return at + align(t->n * pk_row_width(t->method));
}

static size_t write_leaves(const struct pk_leaf_list *l, char *image, size_t at)
{
    struct pk_leaf_rec *rec = (struct pk_leaf_rec *)(image + at);
    size_t steps = at + l->n * sizeof(*rec), i;

    for (i = 0; i < l->n; i++) {
        rec[i] = l->rec[i];
        if (rec[i].steps)
            rec[i].steps = (uint32_t)(steps + (rec[i].steps - 1) * sizeof(struct pk_step));
    }
    if (l->n_steps)
        memcpy(image + steps, l->steps, l->n_steps * sizeof(*l->steps));
    return steps + l->n_steps * sizeof(*l->steps);
}

/* Tables of lists, and what they lead to. Row 0 is no list. */
static size_t write_lists(const struct pk_part *p, char *image, size_t at, struct pk_family_tab *t)
{
    size_t end = at + align(lists_bytes(p)), entries = at, i, k;
    uint32_t needs = 0;

    for (i = 0; i < p->lists.n; i++)
        entries += table_bytes(&p->lists.list[i].table);
    entries = align16(entries);
    pk_lists_write(&p->lists, &p->leaves, image, entries, &needs);
    for (i = 0; i < p->lists.n; i++) {
        const struct pk_list_table *l = &p->lists.list[i];

        at = write_table(&l->table, image, at, entries - sizeof(struct pk_list_entry),
                         sizeof(struct pk_list_entry), &t->list[i].tab);
        for (k = 0; k < l->table.n; k++)
            if (!l->table.row[k])
                *row_at(&t->list[i].tab, image, k) = 0;
        t->list[i].needs = needs;
        t->list[i].base = l->base;
        t->list[i].shift = l->shift;
    }
    return end;
}

static void write_bases(const struct pk_leaf_list *l, const uint32_t policy[PK_HOOK_N],
                        struct pk_family_tab *t)
{
    unsigned h;

    for (h = 0; h < PK_HOOK_N; h++)
        t->base[h] = (struct pk_base_chain){
            .policy = l->rs->chains[h]->policy,
            .counter = policy[h],
        };
}

static bool asks_conntrack(const struct pk_leaf_list *l)
{
    for (size_t i = 0; i < l->n_steps; i++)
        if (l->steps[i].kind == PK_STEP_CONNTRACK || l->steps[i].kind == PK_STEP_CONNTRACK_ADDR)
            return true;
    return false;
}

size_t pk_part_write(const struct pk_part *p, const uint32_t policy[PK_HOOK_N],
                     struct pk_image_head *head, size_t at)
{
    struct pk_family_tab *t;
    char *image = (char *)head;
    size_t rows = at + tables_bytes(p) + align(lists_bytes(p)), words, i;

    if (!p->present)
        return at;
    t = &head->family[p->leaves.rs->family];
    t->present = p->rows.dense ? PK_FORM_DENSE : PK_FORM_TREE;
    t->under = (uint32_t)((char *)t - image);
    t->n_leaves = (uint32_t)p->leaves.n;
    t->n_tops = (uint32_t)p->rows.n_tops;
    t->n_fields = (uint32_t)p->n_tables;
    t->n_lists = (uint32_t)p->lists.n;
    t->depth = p->leaves.depth;
    t->steps = p->leaves.longest;
    t->visits = p->leaves.visits;
    t->conntrack = asks_conntrack(&p->leaves);
    write_bases(&p->leaves, policy, t);
    memcpy(t->mask, p->told, sizeof(p->told));
    for (i = 0; i < p->n_tables; i++)
        at = write_table(&p->table[i], image, at, rows, pk_rows_stride(&p->rows), &t->field[i]);
    at = write_lists(p, image, at, t);
    t->rows = (uint32_t)at;
    at = pk_rows_write(&p->rows, image, at, &words);
    t->words = (uint32_t)words;
    t->chains = t->under_chains = (uint32_t)at;
    memcpy(image + at, p->leaves.chain, chains_bytes(p));
    at += chains_bytes(p);
    if (order_bytes(p)) {
        t->order = (uint32_t)at;
        memcpy(image + at, p->leaves.at, p->leaves.n * sizeof(*p->leaves.at));
    }
    at += order_bytes(p);
    t->leaves = t->under_leaves = (uint32_t)at;
    return write_leaves(&p->leaves, image, at);
}

static void move(uint32_t *at, uint32_t by)
{
    if (*at)
        *at += by;
}

static void move_table(struct pk_field_tab *t, char *image, uint32_t by)
{
    uint32_t i;

    for (i = 0; i < t->n; i++)
        move(row_at(t, image, i), by);
    move(&t->index, by);
    move(&t->rows, by);
}

static void move_lists(struct pk_family_tab *t, char *image, uint32_t by)
{
    struct pk_needs *needs = (struct pk_needs *)(image + t->list[0].needs);
    uint32_t i, k;

    for (i = 0; i < t->n_lists; i++) {
        move_table(&t->list[i].tab, image, by);
        move(&t->list[i].needs, by);
    }
    for (i = 0; t->n_lists && i < t->n_leaves; i++)
        for (k = 0; k < PK_FIELD_N - 1; k++)
            move(&needs[i].set[k], by);
}

static void move_family(struct pk_family_tab *t, char *image, uint32_t by)
{
    struct pk_group *g = (struct pk_group *)(image + t->rows);
    const struct pk_group *end = (const struct pk_group *)(image + t->words);
    struct pk_leaf_rec *leaf = (struct pk_leaf_rec *)(image + t->leaves);
    uint32_t i;

    for (i = 0; i < t->n_fields; i++)
        move_table(&t->field[i], image, by);
    move_lists(t, image, by);
    for (; g < end; g++)
        if (g->sum)
            g->at += by;
    for (i = 0; i < t->n_leaves; i++)
        move(&leaf[i].steps, by);
    t->leaves += by;
    t->chains += by;
    t->rows += by;
    t->words += by;
    move(&t->order, by);
    move(&t->anchors, by);
    move(&t->gone, by);
}

void pk_image_place(struct pk_image_head *head, uint32_t place)
{
    unsigned f;

    for (f = 0; f < PK_FAMILY_N; f++) {
        struct pk_family_tab *t = &head->family[f];

        if (!t->present)
            continue;
        move_family(t, (char *)head, place);
        if (head->delta) /* what is under it does not move */
            continue;
        t->under = place + (uint32_t)((char *)t - (char *)head);
        t->under_leaves = t->leaves;
        t->under_chains = t->chains;
    }
}
