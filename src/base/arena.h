// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An arena: memory of one transaction (parse, analyse and compile a rule set), freed at once.
 * Allocations are zeroed, aligned to 16 bytes and never move. NULL when `max` bytes are reached or
 * there is no memory; nothing aborts.
 */
#pragma once

#include <stddef.h>
#include <string.h>

struct pk_arena_block;

struct pk_arena {
    struct pk_arena_block *blocks;
    size_t used, max; /* bytes handed out; max 0: unlimited */
};

void *pk_arena_alloc(struct pk_arena *a, size_t size);
char *pk_arena_strndup(struct pk_arena *a, const char *s, size_t len);
char *pk_arena_strdup(struct pk_arena *a, const char *s);
void pk_arena_done(struct pk_arena *a);
/* Starts again: what was handed out is gone, and one block is kept for what comes. */
void pk_arena_reset(struct pk_arena *a);

#define _pk_arena_ __attribute__((cleanup(pk_arena_done)))
#define pk_arena_new(a, type) ((type *)pk_arena_alloc(a, sizeof(type)))
#define pk_arena_array(a, type, n) ((type *)pk_arena_alloc_array(a, sizeof(type), n))

void *pk_arena_alloc_array(struct pk_arena *a, size_t size, size_t n);

/*
 * Makes room for one more element in an array that lives in the arena: doubles it when full (the
 * old copy stays until the arena ends). NULL when there is no memory, and then the array is as
 * before.
 */
void *pk_arena_grow(struct pk_arena *a, void *array, size_t n, size_t *cap, size_t size);
