// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets, once for all sensors: from a pcap or pcapng file (told by content; plain, gzip, xz or
 * zstd), from standard input, from memory, or live from an interface. Readers only.
 *
 * An owned object of about 1 MiB, whatever the input's size. A packet's bytes are lent until the
 * next one is asked for. Hostile bytes end the reading with an error that says where; what was read
 * before stands.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

/* libpcap's MAXIMUM_SNAPLEN. A file that claims a longer packet is damaged. */
#define PK_CAPTURE_PACKET_MAX 262144u
/* Interfaces in one section of a pcapng file; packets of further ones have PK_LINK_UNKNOWN. */
#define PK_CAPTURE_INTERFACES_MAX 1024u

#define PK_LINK_UNKNOWN UINT32_MAX

struct pk_capture_packet {
    uint64_t number; /* from 1 */
    int64_t when;    /* ns since 1970 in UTC, or PK_WHEN_UNKNOWN */
    uint32_t link;   /* LINKTYPE_ of tcpdump.org/linktypes.html, or PK_LINK_UNKNOWN */
    const uint8_t *data;
    size_t len;      /* captured */
    size_t wire_len; /* as it was sent, at least `len` */
};

struct pk_capture;

/*
 * Whether a plain file begins as a capture does, or as something compressed, which may be one. Not
 * of standard input, which cannot be looked into and then read.
 */
bool pk_capture_likely(const char *path);
/* "-" is standard input. 0, or -errno (diagnosed). */
int pk_capture_open(const char *path, struct pk_diags *d, struct pk_capture **ret);
/* A file that is in memory, which is lent. For tests and fuzzers. */
int pk_capture_memory(const void *data, size_t len, struct pk_diags *d, struct pk_capture **ret);
/*
 * Live, promiscuous. Once the interface is open the process gives up its privileges for good: user
 * nobody, no capabilities. pk_capture_next() ends when *stop is not 0. 0, or -errno (diagnosed).
 */
int pk_capture_live(const char *interface, const volatile sig_atomic_t *stop, struct pk_diags *d,
                    struct pk_capture **ret);

/*
 * 1: a packet; 0: the end; -EAGAIN: live, and none has come for a while; -EBADMSG: damaged;
 * -ENODATA: cut off inside a packet; or -errno.
 */
int pk_capture_next(struct pk_capture *c, struct pk_capture_packet *ret);
/* After an error of pk_capture_next(), what is wrong, for people. */
const char *pk_capture_trouble(const struct pk_capture *c);
/* Bytes read so far, decompressed; packets that the kernel lost (wire). */
uint64_t pk_capture_bytes(const struct pk_capture *c);
uint64_t pk_capture_lost(const struct pk_capture *c);
void pk_capture_free(struct pk_capture **c);

static inline void pk_capture_p(struct pk_capture **c)
{
    if (*c)
        pk_capture_free(c);
}
#define _pk_capture_ __attribute__((cleanup(pk_capture_p)))
