// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A capture file of any bytes: packets have what their lengths say, and each header that is handed
 * on lies in its packet, at no more depth than is allowed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/capture.h"
#include "capture/layers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "capture: %s\n", what);
    abort();
}

static int header(void *arg, const struct pk_ipv6 *h)
{
    const struct pk_capture_packet *p = h->packet;
    unsigned *n = arg;

    expect(h->payload >= p->data && h->payload + h->len <= p->data + p->len, "outside");
    expect(!h->direct || !(h->inside & ~(unsigned)PK_IN_VLAN), "direct, but in a tunnel");
    expect(++*n <= PK_LAYERS_IP_MAX, "deeper than is allowed");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pk_capture *c = NULL;
    struct pk_capture_packet p;
    struct pk_diags d = {0};
    uint64_t packets = 0;
    int r;

    r = pk_capture_memory(data, size, &d, &c);
    expect(!r == !!c && !r == !d.n_errors, "refused without a word, or the other way round");
    while (c && (r = pk_capture_next(c, &p)) > 0) {
        enum pk_unread unread;
        unsigned headers = 0;

        expect(p.number == ++packets, "packets are not counted");
        expect(p.data >= data && p.data + p.len <= data + size, "packet outside of the file");
        expect(p.wire_len >= p.len, "captured more than was sent");
        expect(!pk_layers(&p, header, &headers, &unread), "ended by nobody");
    }
    expect(r <= 0 && (!r || !c || *pk_capture_trouble(c)), "failed without a word");
    pk_capture_free(&c);
    pk_diags_done(&d);
    return 0;
}
