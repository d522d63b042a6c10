// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

static size_t dense_words(size_t n_leaves)
{
    size_t blocks = (n_leaves + PK_BLOCK_LEAVES - 1) / PK_BLOCK_LEAVES;

    return (blocks ? blocks : 1) * PK_BLOCK_WORDS;
}

int pk_rows_init(struct pk_rows *b, size_t n_leaves, bool dense, size_t max)
{
    size_t tops = (n_leaves + PK_TOP_LEAVES - 1) / PK_TOP_LEAVES, n;

    tops = tops ? tops : 1;
    n = tops * PK_TOP_GROUPS;
    *b = (struct pk_rows){.dense = dense ? dense_words(n_leaves) : 0,
                          .n_tops = tops,
                          .tops = PK_BUF_INIT(max),
                          .groups = {.buf = PK_BUF_INIT(max), .size = sizeof(struct pk_group)},
                          .words = {.buf = PK_BUF_INIT(max), .size = sizeof(uint64_t)}};
    b->live = calloc(n * PK_GROUP_WORDS, sizeof(*b->live));
    b->group = calloc(n, sizeof(*b->group));
    b->top = calloc(tops, sizeof(*b->top));
    b->dirty = calloc(n, sizeof(*b->dirty));
    b->is_dirty = calloc(n, sizeof(*b->is_dirty));
    if (b->live && b->group && b->top && b->dirty && b->is_dirty)
        return 0;
    pk_rows_done(b);
    return -ENOMEM;
}

static void touch(struct pk_rows *b, size_t group)
{
    if (b->is_dirty[group])
        return;
    b->is_dirty[group] = 1;
    b->dirty[b->n_dirty++] = (uint32_t)group;
}

void pk_rows_clear(struct pk_rows *b)
{
    size_t n = b->n_tops * PK_TOP_GROUPS, i;

    memset(b->live, 0, n * PK_GROUP_WORDS * sizeof(*b->live));
    for (i = 0; i < n; i++) {
        b->group[i].sum = 0;
        touch(b, i);
    }
}

void pk_rows_flip(struct pk_rows *b, size_t word, uint64_t mask)
{
    size_t group = word / PK_GROUP_WORDS;
    uint64_t bit = 1ULL << (word % PK_GROUP_WORDS);

    b->live[word] ^= mask;
    if (b->live[word])
        b->group[group].sum |= bit;
    else
        b->group[group].sum &= ~bit;
    touch(b, group);
}

/*
 * A stored run is any place in the buffer that holds the same bytes; it does not matter whether
 * they were stored as one run.
 */
static int run_is(const struct pk_runs *runs, uint32_t at, const void *run, size_t n)
{
    size_t have = runs->buf.len / runs->size;

    return at <= have && n <= have - at &&
           !memcmp(runs->buf.data + at * runs->size, run, n * runs->size);
}

int pk_runs_store(struct pk_runs *runs, const void *run, size_t n, uint32_t *ret_at)
{
    uint64_t hash = pk_hash64(run, n * runs->size, n);
    size_t probe = 0, at;
    uint32_t id;

    while ((id = pk_index_next(&runs->index, hash, &probe)) != PK_INDEX_END) {
        if (run_is(runs, id, run, n)) {
            *ret_at = id;
            return 0;
        }
    }
    at = runs->buf.len / runs->size;
    pk_buf_add(&runs->buf, run, n * runs->size);
    if (runs->buf.failed)
        return runs->buf.failed;
    *ret_at = (uint32_t)at;
    return pk_index_add(&runs->index, hash, (uint32_t)at);
}

/* Stores the non-zero words of a group of the live row. */
static int store_words(struct pk_rows *b, size_t group)
{
    const uint64_t *live = b->live + group * PK_GROUP_WORDS;
    struct pk_group *g = &b->group[group];
    uint64_t run[PK_GROUP_WORDS], left = g->sum;
    size_t n = 0;

    g->at = 0;
    for (; left; left &= left - 1)
        run[n++] = live[__builtin_ctzll(left)];
    return n ? pk_runs_store(&b->words, run, n, &g->at) : 0;
}

/* Stores the groups of a top that are not zero. */
static int store_groups(struct pk_rows *b, size_t top)
{
    struct pk_group run[PK_TOP_GROUPS], *t = &b->top[top];
    const struct pk_group *group = b->group + top * PK_TOP_GROUPS;
    size_t n = 0, i;

    *t = (struct pk_group){0};
    for (i = 0; i < PK_TOP_GROUPS; i++) {
        if (!group[i].sum)
            continue;
        t->sum |= 1ULL << i;
        run[n++] = group[i];
    }
    return n ? pk_runs_store(&b->groups, run, n, &t->at) : 0;
}

/* Brings `top` up to date with the live row. Dirty groups of one top come one after the other, or
 * their top is stored more than once, which costs time and nothing else. */
static int refresh(struct pk_rows *b)
{
    size_t i, top = SIZE_MAX;
    int r = 0;

    for (i = 0; !r && i < b->n_dirty; i++)
        r = store_words(b, b->dirty[i]);
    for (i = 0; !r && i < b->n_dirty; i++) {
        b->is_dirty[b->dirty[i]] = 0;
        if (b->dirty[i] / PK_TOP_GROUPS == top)
            continue;
        top = b->dirty[i] / PK_TOP_GROUPS;
        r = store_groups(b, top);
    }
    b->n_dirty = 0;
    return r;
}

static int store_dense(struct pk_rows *b, uint32_t *ret_row)
{
    uint32_t at;
    int r = pk_runs_store(&b->words, b->live, b->dense, &at);

    if (!r)
        *ret_row = (uint32_t)(at / b->dense);
    return r;
}

static int store_sparse(struct pk_rows *b, uint32_t *ret_row)
{
    size_t size = b->n_tops * sizeof(*b->top), probe = 0;
    uint64_t hash;
    uint32_t id;
    int r = refresh(b);

    if (r)
        return r;
    hash = pk_hash64(b->top, size, size);
    while ((id = pk_index_next(&b->row_index, hash, &probe)) != PK_INDEX_END) {
        if (!memcmp(b->tops.data + id * size, b->top, size)) {
            *ret_row = id;
            return 0;
        }
    }
    id = (uint32_t)pk_rows_count(b);
    pk_buf_add(&b->tops, b->top, size);
    if (b->tops.failed)
        return b->tops.failed;
    *ret_row = id;
    return pk_index_add(&b->row_index, hash, id);
}

int pk_rows_store(struct pk_rows *b, uint32_t *ret_row)
{
    return b->dense ? store_dense(b, ret_row) : store_sparse(b, ret_row);
}

size_t pk_rows_stride(const struct pk_rows *b)
{
    return b->dense ? b->dense * sizeof(*b->live) : b->n_tops * sizeof(*b->top);
}

size_t pk_rows_count(const struct pk_rows *b)
{
    return (b->dense ? b->words.buf.len : b->tops.len) / pk_rows_stride(b);
}

size_t pk_rows_bytes(const struct pk_rows *b)
{
    return b->tops.len + b->groups.buf.len + b->words.buf.len;
}

int pk_rows_failed(const struct pk_rows *b)
{
    return b->tops.failed || b->groups.buf.failed || b->words.buf.failed;
}

/* Copies groups to their place, and makes of the numbers of what is below them offsets. */
static void put_groups(const struct pk_buf *from, char *image, size_t at, size_t below, size_t size)
{
    struct pk_group *g = (struct pk_group *)(image + at);
    size_t i;

    memcpy(g, from->data, from->len);
    for (i = 0; i < from->len / sizeof(*g); i++)
        g[i].at = g[i].sum ? (uint32_t)(below + g[i].at * size) : 0;
}

size_t pk_rows_write(const struct pk_rows *b, char *image, size_t at, size_t *ret_words)
{
    size_t groups = at + b->tops.len, words = groups + b->groups.buf.len;

    if (b->tops.len)
        put_groups(&b->tops, image, at, groups, sizeof(struct pk_group));
    if (b->groups.buf.len)
        put_groups(&b->groups.buf, image, groups, words, sizeof(uint64_t));
    if (b->words.buf.len)
        memcpy(image + words, b->words.buf.data, b->words.buf.len);
    *ret_words = words;
    return words + b->words.buf.len;
}

void pk_rows_done(struct pk_rows *b)
{
    free(b->live);
    free(b->group);
    free(b->top);
    free(b->dirty);
    free(b->is_dirty);
    pk_buf_done(&b->tops);
    pk_buf_done(&b->groups.buf);
    pk_buf_done(&b->words.buf);
    pk_index_done(&b->groups.index);
    pk_index_done(&b->words.index);
    pk_index_done(&b->row_index);
    *b = (struct pk_rows){0};
}
