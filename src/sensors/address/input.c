// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"

#define BUFFER (1u << 20)
#define RECORD 16u

int pk_input_open(struct pk_input *in, const char *path)
{
    struct stat st;
    int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : dup(0);

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
        close(fd);
        return -EISDIR;
    }
    in->fd = fd;
    in->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    in->read = 0;
    return 0;
}

void pk_input_close(struct pk_input *in)
{
    close(in->fd);
    in->fd = -1;
}

/* Where a line that fills the buffer is cut. */
static const char *cut(const char *start, const char *end)
{
    for (const char *p = end; p > start; p--)
        if (p[-1] == ' ' || p[-1] == '\t' || p[-1] == ',')
            return p;
    return end;
}

/* Whole lines of [p, end) to fn; *ret: what is left over. */
static int lines(const char *p, const char *end, pk_input_fn *fn, void *arg, const char **ret)
{
    const char *eol;
    int r = 0;

    while (!r && (eol = memchr(p, '\n', (size_t)(end - p)))) {
        r = fn(arg, p, eol - (eol > p && eol[-1] == '\r'));
        p = eol + 1;
    }
    *ret = p;
    return r;
}

static int records(const char *p, const char *end, pk_input_fn *fn, void *arg, const char **ret)
{
    int r = 0;

    for (; !r && end - p >= RECORD; p += RECORD)
        r = fn(arg, p, p + RECORD);
    *ret = p;
    return r;
}

int pk_input_lines(struct pk_input *in, pk_input_fn *fn, void *arg)
{
    _pk_free_ char *buf = malloc(BUFFER);
    size_t held = 0;
    const char *rest;
    ssize_t n = 1;
    int r = 0;

    if (!buf)
        return -ENOMEM;
    while (!r && (n = read(in->fd, buf + held, BUFFER - held)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        in->read += (uint64_t)n;
        held += (size_t)n;
        r = (in->binary ? records : lines)(buf, buf + held, fn, arg, &rest);
        if (!r && rest == buf && held == BUFFER) {
            rest = cut(buf, buf + held);
            r = fn(arg, buf, rest);
        }
        held -= (size_t)(rest - buf);
        memmove(buf, rest, held);
    }
    if (!r && held)
        r = in->binary ? -EBADMSG : fn(arg, buf, buf + held);
    return r;
}
