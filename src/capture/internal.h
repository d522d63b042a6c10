// SPDX-License-Identifier: GPL-2.0-or-later
/* What the readers of this room share. */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "capture/capture.h"
#include "capture/source.h"
#include "finding/finding.h"

#define PK_NS_PER_S INT64_C(1000000000)

/* An interface of a pcapng section. A time is ts / units + offset seconds since 1970. */
struct pk_ng_interface {
    uint32_t link, snap;
    uint64_t units; /* of its time in a second; 0: finer than can be told */
    int64_t offset;
};

struct pk_wire;

typedef int pk_next_fn(struct pk_capture *c, struct pk_capture_packet *ret);

struct pk_capture {
    pk_next_fn *next;
    struct pk_source source;
    struct pk_wire *wire;
    uint64_t packets;
    bool swapped; /* numbers are in the other byte order */
    bool nanoseconds;
    uint32_t link;    /* pcap: of the whole file */
    size_t head_size; /* pcap: before each packet */
    struct pk_ng_interface *interface;
    size_t n_interfaces;
    char trouble[160];
};

static inline uint16_t pk_u16(const struct pk_capture *c, const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return c->swapped ? __builtin_bswap16(v) : v;
}

static inline uint32_t pk_u32(const struct pk_capture *c, const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return c->swapped ? __builtin_bswap32(v) : v;
}

/* Sets what is wrong, with where; returns `r`, or the input's own error if that ended it. */
int pk_capture_fails(struct pk_capture *c, int r, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether the first four bytes are those of the format; reads the head. 1: it is; 0: not; -errno */
int pk_pcap_begin(struct pk_capture *c);
int pk_pcapng_begin(struct pk_capture *c);

void pk_wire_free(struct pk_wire **wire);
uint64_t pk_wire_lost(const struct pk_wire *wire);
