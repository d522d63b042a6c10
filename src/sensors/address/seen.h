// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables of what was seen in packets: a hash table with a stated maximum. Entries are of one size,
 * begin with their key, start as zeros after it, and stay in the order in which they came, so that
 * a report of the same packets is always the same. What is beyond the maximum is counted.
 *
 * An owned object. It grows by doubling: until the maximum, memory is at most twice what the
 * entries need, and 8 bytes an entry for the index.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/capture.h"
#include "finding/finding.h"

struct pk_seen_table {
    void *entry;     /* `n` of them */
    uint32_t *place; /* 1 + the number of an entry, or 0 */
    size_t n, cap, places;
    size_t max, entry_size, key_size;
    uint64_t seed;   /* secret: keys come from packets */
    uint64_t beyond; /* that found no room */
};

void pk_seen_table_init(struct pk_seen_table *t, size_t max, size_t entry_size, size_t key_size,
                        uint64_t seed);
/* The entry of a key, made if there is none. NULL: no room, which is counted. Valid until the next
 * call. */
void *pk_seen_get(struct pk_seen_table *t, const void *key);
/* Or NULL. */
void *pk_seen_find(const struct pk_seen_table *t, const void *key);
void pk_seen_table_done(struct pk_seen_table *t);

/* When and in which packets: part of each entry. */
struct pk_seen {
    int64_t first, last;
    uint64_t times;                   /* packets */
    uint64_t packet[PK_EVIDENCE_MAX]; /* the first of them */
    uint64_t latest;                  /* packet */
};

/* Once a packet, however often it is said of one. */
void pk_seen_in(struct pk_seen *s, const struct pk_capture_packet *p);
/* Times and evidence of a finding. */
void pk_seen_evidence(const struct pk_seen *s, struct pk_finding *f);
