// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>

#define PK_ARENA_ALIGN 16u
#define PK_ARENA_FIRST ((size_t)4 << 10)
#define PK_ARENA_LARGEST ((size_t)1 << 20)

struct pk_arena_block {
    struct pk_arena_block *next;
    size_t size, used; /* bytes of `data` */
    _Alignas(PK_ARENA_ALIGN) unsigned char data[];
};

/* Blocks double up to a megabyte, so that small transactions stay small and large ones do few
 * calls. */
static struct pk_arena_block *block_new(const struct pk_arena *a, size_t need)
{
    size_t size = a->blocks ? a->blocks->size * 2 : PK_ARENA_FIRST;
    struct pk_arena_block *b;

    if (size > PK_ARENA_LARGEST)
        size = PK_ARENA_LARGEST;
    if (size < need)
        size = need;
    b = calloc(1, sizeof(*b) + size);
    if (b)
        b->size = size;
    return b;
}

void *pk_arena_alloc(struct pk_arena *a, size_t size)
{
    struct pk_arena_block *b = a->blocks;
    void *p;

    if (size > SIZE_MAX / 4)
        return NULL;
    size = size ? (size + PK_ARENA_ALIGN - 1) & ~(size_t)(PK_ARENA_ALIGN - 1) : PK_ARENA_ALIGN;
    if (a->max && (a->used > a->max || size > a->max - a->used))
        return NULL;
    if (!b || size > b->size - b->used) {
        b = block_new(a, size);
        if (!b)
            return NULL;
        b->next = a->blocks;
        a->blocks = b;
    }
    p = b->data + b->used;
    b->used += size;
    a->used += size;
    return p;
}

void *pk_arena_alloc_array(struct pk_arena *a, size_t size, size_t n)
{
    size_t bytes;

    if (__builtin_mul_overflow(size, n, &bytes))
        return NULL;
    return pk_arena_alloc(a, bytes);
}

char *pk_arena_strndup(struct pk_arena *a, const char *s, size_t len)
{
    char *p;

    if (len == SIZE_MAX)
        return NULL;
    p = pk_arena_alloc(a, len + 1);
    if (p && len)
        memcpy(p, s, len);
    return p;
}

char *pk_arena_strdup(struct pk_arena *a, const char *s)
{
    return pk_arena_strndup(a, s, strlen(s));
}

void *pk_arena_grow(struct pk_arena *a, void *array, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap ? *cap * 2 : 8;
    void *p;

    if (n < *cap)
        return array;
    if (more <= *cap)
        return NULL;
    p = pk_arena_alloc_array(a, size, more);
    if (!p)
        return NULL;
    if (n)
        memcpy(p, array, n * size);
    *cap = more;
    return p;
}

static void blocks_free(struct pk_arena_block *b)
{
    while (b) {
        struct pk_arena_block *next = b->next;

        free(b);
        b = next;
    }
}

void pk_arena_done(struct pk_arena *a)
{
    blocks_free(a->blocks);
    a->blocks = NULL;
    a->used = 0;
}

void pk_arena_reset(struct pk_arena *a)
{
    struct pk_arena_block *b = a->blocks; /* the newest, and the largest up to a limit */

    if (!b)
        return;
    blocks_free(b->next);
    b->next = NULL;
    memset(b->data, 0, b->used);
    b->used = 0;
    a->used = 0;
}
