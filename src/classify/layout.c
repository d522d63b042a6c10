// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/layout.h"

#include <string.h>

/* Every part of the image starts at a multiple of its strictest member. */
static size_t align(size_t at)
{
    return (at + 7) & ~(size_t)7;
}

static size_t key_bytes(const struct pk_field_table *t)
{
    return pk_field_table_bytes(t) - t->n * sizeof(uint32_t);
}

static size_t tables_bytes(const struct pk_part *p)
{
    size_t n = 0, i;

    for (i = 0; i < p->n_tables; i++)
        n += align(key_bytes(&p->table[i])) + align(p->table[i].n * sizeof(uint32_t));
    return n;
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
    return tables_bytes(p) + pk_rows_bytes(&p->rows) + chains_bytes(p) + order_bytes(p) +
           leaves_bytes(p) + steps_bytes(p);
}

void pk_part_plan(const struct pk_part *p, struct pk_family_plan *ret)
{
    const struct pk_field_table *t;
    size_t i;

    *ret = (struct pk_family_plan){.present = p->present};
    if (!p->present)
        return;
    ret->rules = p->leaves.rs->n_rules;
    ret->leaves = p->leaves.n;
    ret->chains = p->leaves.rs->n_chains;
    ret->depth = p->leaves.depth;
    ret->row_bytes = pk_rows_bytes(&p->rows);
    ret->leaf_bytes = chains_bytes(p) + leaves_bytes(p);
    ret->order_bytes = order_bytes(p);
    ret->step_bytes = steps_bytes(p);
    for (i = 0; i < p->n_tables; i++) {
        t = &p->table[i];
        ret->field[t->field] = (struct pk_field_plan){
            .used = true,
            .method = t->method,
            .intervals = t->n_intervals,
            .rows = t->n_rows,
            .bytes = pk_field_table_bytes(t),
        };
    }
}

static void write_keys(const struct pk_field_table *t, char *image, size_t at)
{
    uint32_t *key = (uint32_t *)(image + at);
    size_t i;

    if (t->method == PK_M_SEARCH128)
        memcpy(image + at, t->key, t->n * sizeof(*t->key));
    else
        for (i = 0; i < t->n; i++)
            key[i] = (uint32_t)t->key[i].lo;
}

/* Row numbers become offsets: rows stand behind all tables, at `rows`. */
static size_t write_table(const struct pk_part *p, const struct pk_field_table *t, char *image,
                          size_t at, size_t rows, struct pk_field_tab *ret)
{
    size_t row_size = pk_rows_stride(&p->rows), i;
    uint32_t *row;

    *ret = (struct pk_field_tab){
        .field = (uint16_t)t->field, .method = (uint16_t)t->method, .n = (uint32_t)t->n};
    if (t->method != PK_M_DIRECT) {
        ret->keys = (uint32_t)at;
        write_keys(t, image, at);
        at += align(key_bytes(t));
    }
    ret->rows = (uint32_t)at;
    row = (uint32_t *)(image + at);
    for (i = 0; i < t->n; i++)
        row[i] = (uint32_t)(rows + t->row[i] * row_size);
    return at + align(t->n * sizeof(*row));
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
    size_t rows = at + tables_bytes(p), words, i;

    if (!p->present)
        return at;
    t = &head->family[p->leaves.rs->family];
    t->present = p->rows.dense ? PK_FORM_DENSE : PK_FORM_TREE;
    t->under = (uint32_t)((char *)t - image);
    t->n_leaves = (uint32_t)p->leaves.n;
    t->n_tops = (uint32_t)p->rows.n_tops;
    t->n_fields = (uint32_t)p->n_tables;
    t->depth = p->leaves.depth;
    t->steps = p->leaves.longest;
    t->visits = p->leaves.visits;
    t->conntrack = asks_conntrack(&p->leaves);
    write_bases(&p->leaves, policy, t);
    memcpy(t->mask, p->told, sizeof(p->told));
    for (i = 0; i < p->n_tables; i++)
        at = write_table(p, &p->table[i], image, at, rows, &t->field[i]);
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

static void move_tables(struct pk_family_tab *t, char *image, uint32_t by)
{
    uint32_t *row, f, i;

    for (f = 0; f < t->n_fields; f++) {
        row = (uint32_t *)(image + t->field[f].rows);
        for (i = 0; i < t->field[f].n; i++)
            row[i] += by;
        move(&t->field[f].keys, by);
        move(&t->field[f].rows, by);
    }
}

static void move_family(struct pk_family_tab *t, char *image, uint32_t by)
{
    struct pk_group *g = (struct pk_group *)(image + t->rows);
    const struct pk_group *end = (const struct pk_group *)(image + t->words);
    struct pk_leaf_rec *leaf = (struct pk_leaf_rec *)(image + t->leaves);
    uint32_t i;

    move_tables(t, image, by);
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
