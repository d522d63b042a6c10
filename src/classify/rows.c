// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

int pk_rows_init(struct pk_rows *b, size_t n_leaves, size_t max)
{
    size_t n = (n_leaves + PK_GROUP_LEAVES - 1) / PK_GROUP_LEAVES;

    n = n ? n : 1;
    *b = (struct pk_rows){.n_groups = n, .groups = PK_BUF_INIT(max), .words = PK_BUF_INIT(max)};
    b->live = calloc(n * PK_GROUP_WORDS, sizeof(*b->live));
    b->sum = calloc(n, sizeof(*b->sum));
    b->row = calloc(n, sizeof(*b->row));
    b->dirty = calloc(n, sizeof(*b->dirty));
    b->is_dirty = calloc(n, sizeof(*b->is_dirty));
    if (b->live && b->sum && b->row && b->dirty && b->is_dirty)
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
    size_t i;

    memset(b->live, 0, b->n_groups * PK_GROUP_WORDS * sizeof(*b->live));
    memset(b->sum, 0, b->n_groups * sizeof(*b->sum));
    for (i = 0; i < b->n_groups; i++)
        touch(b, i);
}

void pk_rows_flip(struct pk_rows *b, size_t word, uint64_t mask)
{
    size_t group = word / PK_GROUP_WORDS;
    uint64_t bit = 1ULL << (word % PK_GROUP_WORDS);

    b->live[word] ^= mask;
    if (b->live[word])
        b->sum[group] |= bit;
    else
        b->sum[group] &= ~bit;
    touch(b, group);
}

/* The non-zero words of a group of the live row, one after the other. Their number. */
static size_t pack(const struct pk_rows *b, size_t group, uint64_t out[static PK_GROUP_WORDS])
{
    const uint64_t *live = b->live + group * PK_GROUP_WORDS;
    uint64_t left = b->sum[group];
    size_t n = 0;

    for (; left; left &= left - 1)
        out[n++] = live[__builtin_ctzll(left)];
    return n;
}

/*
 * A stored run is any place in the buffer that holds the same words; it does not matter whether
 * they were stored as one run.
 */
static int run_is(const struct pk_rows *b, uint32_t at, const uint64_t *run, size_t n)
{
    size_t have = b->words.len / sizeof(*run);

    return at <= have && n <= have - at &&
           !memcmp(b->words.data + at * sizeof(*run), run, n * sizeof(*run));
}

static int store_run(struct pk_rows *b, const uint64_t *run, size_t n, uint32_t *ret_at)
{
    uint64_t hash = pk_hash64(run, n * sizeof(*run), n);
    size_t probe = 0, at;
    uint32_t id;

    while ((id = pk_index_next(&b->run_index, hash, &probe)) != PK_INDEX_END) {
        if (run_is(b, id, run, n)) {
            *ret_at = id;
            return 0;
        }
    }
    at = b->words.len / sizeof(*run);
    pk_buf_add(&b->words, run, n * sizeof(*run));
    if (b->words.failed)
        return b->words.failed;
    *ret_at = (uint32_t)at;
    return pk_index_add(&b->run_index, hash, (uint32_t)at);
}

/* Row hashes are the XOR of their groups', so that one changed group is one change of the hash. */
static uint64_t group_hash(const struct pk_group *g, size_t i)
{
    return pk_mix64(pk_mix64((uint64_t)i << 32 ^ g->words) ^ g->sum);
}

/* Brings one group of `row` up to date with the live row. */
static int refresh(struct pk_rows *b, size_t i)
{
    uint64_t run[PK_GROUP_WORDS];
    struct pk_group g = {.sum = b->sum[i]};
    int r;

    if (g.sum) {
        r = store_run(b, run, pack(b, i, run), &g.words);
        if (r)
            return r;
    }
    b->hash ^= group_hash(&b->row[i], i) ^ group_hash(&g, i);
    b->row[i] = g;
    return 0;
}

static int refresh_dirty(struct pk_rows *b)
{
    int r;

    while (b->n_dirty) {
        r = refresh(b, b->dirty[b->n_dirty - 1]);
        if (r)
            return r;
        b->is_dirty[b->dirty[--b->n_dirty]] = 0;
    }
    return 0;
}

int pk_rows_store(struct pk_rows *b, uint32_t *ret_row)
{
    size_t size = b->n_groups * sizeof(*b->row), probe = 0;
    uint32_t id;
    int r = refresh_dirty(b);

    if (r)
        return r;
    while ((id = pk_index_next(&b->row_index, b->hash, &probe)) != PK_INDEX_END) {
        if (!memcmp(b->groups.data + id * size, b->row, size)) {
            *ret_row = id;
            return 0;
        }
    }
    id = (uint32_t)pk_rows_count(b);
    pk_buf_add(&b->groups, b->row, size);
    if (b->groups.failed)
        return b->groups.failed;
    *ret_row = id;
    return pk_index_add(&b->row_index, b->hash, id);
}

size_t pk_rows_count(const struct pk_rows *b)
{
    return b->groups.len / (b->n_groups * sizeof(*b->row));
}

void pk_rows_done(struct pk_rows *b)
{
    free(b->live);
    free(b->sum);
    free(b->row);
    free(b->dirty);
    free(b->is_dirty);
    pk_buf_done(&b->groups);
    pk_buf_done(&b->words);
    pk_index_done(&b->row_index);
    pk_index_done(&b->run_index);
    *b = (struct pk_rows){0};
}
