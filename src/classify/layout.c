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
    return tables_bytes(p) + p->rows.groups.len + p->rows.words.len + leaves_bytes(p) +
           steps_bytes(p);
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
    ret->row_bytes = p->rows.groups.len + p->rows.words.len;
    ret->leaf_bytes = leaves_bytes(p);
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
    size_t row_size = p->rows.n_groups * sizeof(struct pk_group), i;
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

static size_t write_rows(const struct pk_rows *b, char *image, size_t at)
{
    struct pk_group *group = (struct pk_group *)(image + at);
    size_t words = at + b->groups.len, i;

    memcpy(group, b->groups.data, b->groups.len);
    for (i = 0; i < b->groups.len / sizeof(*group); i++)
        group[i].words = group[i].sum ? (uint32_t)(words + group[i].words * sizeof(uint64_t)) : 0;
    if (b->words.len)
        memcpy(image + words, b->words.data, b->words.len);
    return words + b->words.len;
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
            .start = l->chain[h].start,
            .end = l->chain[h].end,
            .policy = l->rs->chains[h]->policy,
            .counter = policy[h],
        };
}

size_t pk_part_write(const struct pk_part *p, const uint32_t policy[PK_HOOK_N],
                     struct pk_image_head *head, size_t at)
{
    struct pk_family_tab *t;
    char *image = (char *)head;
    size_t rows = at + tables_bytes(p), i;

    if (!p->present)
        return at;
    t = &head->family[p->leaves.rs->family];
    t->present = 1;
    t->n_leaves = (uint32_t)p->leaves.n;
    t->n_groups = (uint32_t)p->rows.n_groups;
    t->n_fields = (uint32_t)p->n_tables;
    t->depth = p->leaves.depth;
    write_bases(&p->leaves, policy, t);
    for (i = 0; i < p->n_tables; i++)
        at = write_table(p, &p->table[i], image, at, rows, &t->field[i]);
    at = write_rows(&p->rows, image, at);
    t->leaves = (uint32_t)at;
    return write_leaves(&p->leaves, image, at);
}
