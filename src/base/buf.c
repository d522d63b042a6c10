// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"

/* Room for `len` more bytes and the NUL; `max` counts the bytes without it. */
static bool buf_room(struct pk_buf *b, size_t len)
{
    size_t cap;
    char *data;

    if (b->failed)
        return false;
    if (b->len > b->max || len > b->max - b->len) {
        b->failed = -E2BIG;
        return false;
    }
    if (b->data && b->cap - b->len > len)
        return true;
    cap = PK_MAX(b->cap * 2, (size_t)256);
    cap = PK_MAX(cap, b->len + len + 1);
    if (cap > b->max)
        cap = b->max + 1;
    data = realloc(b->data, cap);
    if (!data) {
        b->failed = -ENOMEM;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void pk_buf_add(struct pk_buf *b, const void *data, size_t len)
{
    if (!buf_room(b, len))
        return;
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void pk_buf_str(struct pk_buf *b, const char *s)
{
    pk_buf_add(b, s, strlen(s));
}

void pk_buf_char(struct pk_buf *b, char c)
{
    if (!buf_room(b, 1))
        return;
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
}

void pk_buf_u64(struct pk_buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    pk_buf_add(b, digits + at, sizeof(digits) - at);
}

void pk_buf_fmt(struct pk_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n >= 0 && buf_room(b, (size_t)n)) {
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    } else if (n < 0 && !b->failed) {
        b->failed = -ENOMEM;
    }
    va_end(again);
}

/* Bytes of the well-formed UTF-8 character at `s` that is safe to print; 0: not one (RFC 3629). */
static size_t utf8_printable(const unsigned char *s, size_t len)
{
    static const uint32_t least[5] = {0, 0x20, 0xa0, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? s[0] : n ? s[0] & (0x7fu >> n) : 0;

    if (!n || n > len || s[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    return c >= least[n] && c != 0x7f && c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff) ? n : 0;
}

void pk_buf_text(struct pk_buf *b, const char *s, size_t len)
{
    while (len) {
        size_t n = utf8_printable((const unsigned char *)s, len);

        if (n)
            pk_buf_add(b, s, n);
        else
            pk_buf_fmt(b, "\\x%02x", (unsigned char)*s);
        n += !n;
        s += n;
        len -= n;
    }
}

void pk_buf_reset(struct pk_buf *b)
{
    b->len = 0;
    b->failed = 0;
    if (b->data)
        b->data[0] = '\0';
}

void pk_buf_done(struct pk_buf *b)
{
    free(b->data);
    *b = PK_BUF_INIT(b->max);
}

/* Reads to the end; a file that grows while it is read still ends at `max`. */
static int read_all(int fd, size_t max, struct pk_buf *b)
{
    char chunk[16384];

    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        if ((size_t)n > max - b->len)
            return -EFBIG;
        pk_buf_add(b, chunk, (size_t)n);
        if (b->failed)
            return b->failed;
    }
    pk_buf_add(b, "", 0); /* an empty file, too, ends in a NUL */
    return b->failed;
}

int pk_file_read(const char *path, size_t max, struct pk_buf *ret)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(max);
    _pk_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int r;

    if (fd < 0)
        return -errno;
    r = read_all(fd, max, &b);
    if (r)
        return r;
    *ret = b;
    b = (struct pk_buf){0};
    return 0;
}
