// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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
