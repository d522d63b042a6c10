// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A byte buffer that grows up to a maximum given at its start. An owned object.
 *
 * An append that would pass the maximum, or for which there is no memory, appends nothing and sets
 * `failed` (-E2BIG or -ENOMEM), which stays; so a caller may write much and check once at the end.
 * The bytes are always followed by a NUL that `len` does not count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pk_buf {
    char *data;
    size_t len, cap, max;
    int failed; /* 0, -E2BIG or -ENOMEM */
};

#define PK_BUF_INIT(maximum) ((struct pk_buf){.max = (maximum)})

void pk_buf_add(struct pk_buf *b, const void *data, size_t len);
void pk_buf_str(struct pk_buf *b, const char *s);
void pk_buf_char(struct pk_buf *b, char c);
void pk_buf_u64(struct pk_buf *b, uint64_t v);
void pk_buf_fmt(struct pk_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * Adds text of unknown origin so that it can be shown: control characters (C1 ones included) and
 * bytes that are not UTF-8 become \xNN. What it adds is always valid UTF-8 on one line.
 */
void pk_buf_text(struct pk_buf *b, const char *s, size_t len);
void pk_buf_reset(struct pk_buf *b);
void pk_buf_done(struct pk_buf *b);

#define _pk_buf_ __attribute__((cleanup(pk_buf_done)))

/* Reads a whole file. 0, -EFBIG above max, or -errno; *ret is set only on success. */
int pk_file_read(const char *path, size_t max, struct pk_buf *ret);
