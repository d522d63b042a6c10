// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "capture/codes.h"
#include "capture/internal.h"

int pk_capture_fails(struct pk_capture *c, int r, const char *fmt, ...)
{
    char what[96];
    va_list ap;

    if (c->source.failed) {
        r = c->source.failed;
        snprintf(what, sizeof(what), "%s",
                 r == -EBADMSG ? "compressed data damaged" : strerror(-r));
    } else {
        va_start(ap, fmt);
        vsnprintf(what, sizeof(what), fmt, ap);
        va_end(ap);
    }
    snprintf(c->trouble, sizeof(c->trouble), "%s after packet %" PRIu64 ", at byte %" PRIu64, what,
             c->packets, c->source.passed);
    return r;
}

static const struct {
    uint8_t bytes[6];
    size_t len;
} magics[] = {
    {{0xa1, 0xb2, 0xc3, 0xd4}, 4},   /* pcap, in both byte orders */
    {{0xd4, 0xc3, 0xb2, 0xa1}, 4},   /* pcap */
    {{0xa1, 0xb2, 0x3c, 0x4d}, 4},   /* with nanoseconds */
    {{0x4d, 0x3c, 0xb2, 0xa1}, 4},   /* with nanoseconds */
    {{0xa1, 0xb2, 0xcd, 0x34}, 4},   /* Kuznetzov's */
    {{0x34, 0xcd, 0xb2, 0xa1}, 4},   /* Kuznetzov's */
    {{0x0a, 0x0d, 0x0d, 0x0a}, 4},   /* pcapng */
    {{0x1f, 0x8b}, 2},               /* gzip */
    {{0xfd, '7', 'z', 'X', 'Z'}, 5}, /* xz */
    {{0x28, 0xb5, 0x2f, 0xfd}, 4},   /* zstd */
};

bool pk_capture_likely(const char *path)
{
    _pk_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    uint8_t head[6] = {0};
    struct stat st;

    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || read(fd, head, sizeof(head)) < 0)
        return false;
    for (size_t i = 0; i < PK_ARRAY_SIZE(magics); i++)
        if (!memcmp(head, magics[i].bytes, magics[i].len))
            return true;
    return false;
}

/* By content; a name says nothing. */
static int begin(struct pk_capture *c, struct pk_place at, struct pk_diags *d)
{
    int r = pk_pcap_begin(c);

    if (!r)
        r = pk_pcapng_begin(c);
    if (r > 0)
        return 0;
    if (!r)
        pk_capture_fails(c, -EBADMSG, "neither pcap nor pcapng");
    pk_error(d, PK_D_CAPTURE_FILE, at, NULL, "%s", c->trouble);
    return r ? r : -EBADMSG;
}

static int of(struct pk_capture **c, struct pk_place at, struct pk_diags *d,
              struct pk_capture **ret)
{
    int r = begin(*c, at, d);

    if (r)
        pk_capture_free(c);
    else
        *ret = *c;
    return r;
}

int pk_capture_open(const char *path, struct pk_diags *d, struct pk_capture **ret)
{
    struct pk_capture *c = calloc(1, sizeof(*c));
    const struct pk_place at = {path, 0, 0};
    const char *why = NULL;
    int r;

    if (!c)
        return -ENOMEM;
    r = pk_source_open(&c->source, path, &why);
    if (!r)
        return of(&c, at, d, ret);
    pk_error(d, PK_D_CAPTURE_FILE, at, NULL, "cannot read it: %s", why);
    pk_capture_free(&c);
    return r;
}

int pk_capture_memory(const void *data, size_t len, struct pk_diags *d, struct pk_capture **ret)
{
    struct pk_capture *c = calloc(1, sizeof(*c));

    if (!c)
        return -ENOMEM;
    pk_source_memory(&c->source, data, len);
    return of(&c, PK_NOWHERE, d, ret);
}

int pk_capture_next(struct pk_capture *c, struct pk_capture_packet *ret)
{
    int r = c->next(c, ret);

    if (r > 0)
        ret->number = ++c->packets;
    return r;
}

const char *pk_capture_trouble(const struct pk_capture *c)
{
    return c->trouble;
}

uint64_t pk_capture_bytes(const struct pk_capture *c)
{
    return c->source.passed;
}

uint64_t pk_capture_lost(const struct pk_capture *c)
{
    return c->wire ? pk_wire_lost(c->wire) : 0;
}

void pk_capture_free(struct pk_capture **c)
{
    if (!*c)
        return;
    pk_source_done(&(*c)->source);
    pk_wire_free(&(*c)->wire);
    free((*c)->interface);
    free(*c);
    *c = NULL;
}
