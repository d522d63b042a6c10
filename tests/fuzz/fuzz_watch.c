// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of any bytes to the sensor: records of a length (2 bytes) and a packet, raw IP if the
 * length's top bit is set, else Ethernet. A report must come, of as many findings when it is
 * redacted.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensors/address/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ETHERNET = 1, RAW = 101 };

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "watch: %s\n", what);
    abort();
}

/* Each packet stands alone in memory: reading past it is seen. */
static void one(struct pk_watch *w, uint64_t number, uint32_t link, const uint8_t *p, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    struct pk_capture_packet packet = {
        .number = number, .when = (int64_t)number, .link = link, .data = exact, .len = len};
    enum pk_unread unread;

    if (!exact)
        return;
    memcpy(exact, p, len);
    packet.wire_len = len;
    expect(!pk_layers(&packet, pk_watch_header, w, &unread), "ended by nobody");
    free(exact);
}

static uint64_t report(const struct pk_watch *w, bool redact, enum pk_findings_format format)
{
    static const struct pk_vendors none;
    static FILE *nowhere;
    const struct pk_redact r = {.on = redact, .key = {1, 2}};
    _pk_findings_ struct pk_findings *to = NULL;
    struct pk_watch_report full = {w, &none, &r, 1e4, "fuzz", NULL, NULL};

    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    if (!nowhere || pk_findings_new(format, nowhere, NULL, &to))
        return 0;
    full.to = to;
    expect(!pk_watch_report(&full), "no report");
    expect(!pk_findings_end(to), "no end");
    return pk_findings_count(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t number = 0, n;
    struct pk_watch w;

    pk_watch_init(&w, 1);
    while (size >= 2) {
        uint32_t link = *data & 0x80 ? RAW : ETHERNET;
        size_t len = pk_get16(data) & 0x7fff;

        data += 2;
        size -= 2;
        len = len < size ? len : size;
        one(&w, ++number, link, data, len);
        data += len;
        size -= len;
    }
    n = report(&w, false, PK_FINDINGS_TABLE);
    expect(n == report(&w, true, PK_FINDINGS_JSONL), "redaction changes how many there are");
    pk_watch_done(&w);
    return 0;
}
