// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes in order, through a window of 1 MiB: of a file (libarchive takes the compression off) or of
 * memory. An owned object.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that can be looked at in one piece. */
#define PK_SOURCE_WINDOW ((size_t)1 << 20)

struct archive;

struct pk_source {
    struct archive *archive; /* NULL: all is in the window */
    bool lent;               /* the window */
    uint8_t *window;
    size_t at, end;
    bool ended;      /* the input has no more */
    uint64_t passed; /* bytes before `at` */
    int failed;      /* -errno of the input */
};

/* "-" is standard input. 0 or -errno; *why (which is static) says more. */
int pk_source_open(struct pk_source *s, const char *path, const char **why);
void pk_source_memory(struct pk_source *s, const void *data, size_t len);
void pk_source_done(struct pk_source *s);

/* Asks for n <= PK_SOURCE_WINDOW bytes in one piece: how many there are, fewer only at the end. */
size_t pk_source_fill(struct pk_source *s, size_t n);

static inline size_t pk_source_want(struct pk_source *s, size_t n)
{
    return s->end - s->at >= n ? n : pk_source_fill(s, n);
}

static inline const uint8_t *pk_source_data(const struct pk_source *s)
{
    return s->window + s->at;
}

/* Of what is in the window. */
static inline void pk_source_pass(struct pk_source *s, size_t n)
{
    s->at += n;
    s->passed += n;
}

/* Any number; how many were left to skip when the input ended. */
uint64_t pk_source_skip(struct pk_source *s, uint64_t n);
