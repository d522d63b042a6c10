// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/source.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "capture/library.h"

#define BLOCK 65536

/* Those that are called. */
#define FUNCTIONS(X)                                                                               \
    X(archive_errno)                                                                               \
    X(archive_read_data)                                                                           \
    X(archive_read_free)                                                                           \
    X(archive_read_new)                                                                            \
    X(archive_read_next_header)                                                                    \
    X(archive_read_open_filename)                                                                  \
    X(archive_read_support_filter_gzip)                                                            \
    X(archive_read_support_filter_xz)                                                              \
    X(archive_read_support_filter_zstd)                                                            \
    X(archive_read_support_format_empty)                                                           \
    X(archive_read_support_format_raw)
#define POINTER(f) __typeof__(f) *f;
#define SYMBOL(f) {#f, offsetof(struct library, f)},

static struct library {
    FUNCTIONS(POINTER)
} lib;

static const struct pk_symbol symbols[] = {FUNCTIONS(SYMBOL)};

static int failed(struct pk_source *s, int r)
{
    int error = lib.archive_errno(s->archive);

    /* libarchive has numbers of its own for what is not the system's: a negative ARCHIVE_ERRNO_. */
    s->failed = r == ARCHIVE_OK ? 0 : error > 0 ? -error : -EBADMSG;
    return s->failed;
}

/*
 * The compressions by name: "all" would also run programs that libarchive finds in PATH.
 * ARCHIVE_EOF: there is nothing in it.
 */
static int begin(struct archive *a, const char *path)
{
    struct archive_entry *e;
    int r = lib.archive_read_support_filter_gzip(a);

    if (r == ARCHIVE_OK)
        r = lib.archive_read_support_filter_xz(a);
    if (r == ARCHIVE_OK)
        r = lib.archive_read_support_filter_zstd(a);
    if (r == ARCHIVE_OK)
        r = lib.archive_read_support_format_raw(a);
    if (r == ARCHIVE_OK)
        r = lib.archive_read_support_format_empty(a);
    if (r == ARCHIVE_OK)
        r = lib.archive_read_open_filename(a, strcmp(path, "-") ? path : NULL, BLOCK);
    if (r == ARCHIVE_OK)
        r = lib.archive_read_next_header(a, &e);
    return r;
}

int pk_source_open(struct pk_source *s, const char *path, const char **why)
{
    int r;

    *s = (struct pk_source){0};
    r = pk_library_load("libarchive.so.13", symbols, PK_ARRAY_SIZE(symbols), &lib);
    if (r) {
        *why = "libarchive is not there: install libarchive13";
        return r;
    }
    s->window = malloc(PK_SOURCE_WINDOW);
    s->archive = lib.archive_read_new();
    r = s->window && s->archive ? 0 : -ENOMEM;
    if (!r) {
        r = begin(s->archive, path);
        s->ended = r == ARCHIVE_EOF;
        r = s->ended ? 0 : failed(s, r);
    }
    if (!r)
        return 0;
    *why = r == -EBADMSG ? "the compressed data is damaged" : strerror(-r);
    pk_source_done(s);
    return r;
}

void pk_source_memory(struct pk_source *s, const void *data, size_t len)
{
    *s = (struct pk_source){.window = (uint8_t *)data, .end = len, .lent = true};
}

void pk_source_done(struct pk_source *s)
{
    if (s->archive)
        lib.archive_read_free(s->archive);
    if (!s->lent)
        free(s->window);
    *s = (struct pk_source){0};
}

size_t pk_source_fill(struct pk_source *s, size_t n)
{
    if (!s->archive)
        return PK_MIN(n, s->end - s->at);
    memmove(s->window, s->window + s->at, s->end - s->at);
    s->end -= s->at;
    s->at = 0;
    while (s->end < n && !s->failed && !s->ended) {
        la_ssize_t got =
            lib.archive_read_data(s->archive, s->window + s->end, PK_SOURCE_WINDOW - s->end);

        if (got < 0)
            failed(s, (int)got);
        s->ended = got <= 0;
        if (s->ended)
            break;
        s->end += (size_t)got;
    }
    return PK_MIN(n, s->end);
}

uint64_t pk_source_skip(struct pk_source *s, uint64_t n)
{
    while (n) {
        size_t got = pk_source_want(s, PK_MIN(n, PK_SOURCE_WINDOW));

        if (!got)
            break;
        pk_source_pass(s, got);
        n -= got;
    }
    return n;
}
