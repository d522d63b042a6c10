// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The maps that all banks and programs of a fence share (abi/ctl.h), by descriptor. Those of the
 * frame are made once, when the fence is built; maps of data also when a picket that knows more of
 * them takes the fence over. A bank's programs are bound to them as they are loaded.
 */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "kernel/pins.h"

enum pk_map {
    PK_MAP_CTL,
    PK_MAP_COUNTERS,
    PK_MAP_REASONS,
    PK_MAP_IFNAMES,
    PK_MAP_GUARDS,
    PK_MAP_FLOW_FAR,
    PK_MAP_FLOW_CACHE,
    PK_MAP_FLOW4_FAR,
    PK_MAP_FLOW4_CACHE,
    PK_MAP_STATE,
    PK_MAP_RTT,
    PK_MAP_STATE_COUNTS,
    PK_MAP_ZONES,
    PK_MAP_PROGS_NF,
    PK_MAP_PROGS_TC,
    PK_MAP_PROGS_XDP,
    PK_MAP_N
};

struct pk_maps {
    int fd[PK_MAP_N];
};

#define PK_MAPS_NONE ((struct pk_maps){{[0 ... PK_MAP_N - 1] = -1}})

/* The name of a map in its pin; in an object it is the same, but for `progs`. */
const char *pk_map_name(enum pk_map m);

int pk_maps_create(struct pk_maps *ret, struct pk_diags *d);
int pk_maps_pin(const struct pk_maps *m, const struct pk_pins *p, struct pk_diags *d);
/*
 * Those of a standing fence. A map of data that is not there stays -1. -ENOENT: one of the frame is
 * not there; -EPROTO: one has another shape than its name stands for.
 */
int pk_maps_open(const struct pk_pins *p, struct pk_maps *ret);
/* One of them, as far as its shape is the one that its name stands for. */
int pk_maps_pinned(int dir, enum pk_map m, int *ret);
/* Makes and pins those that are not there. */
int pk_maps_complete(struct pk_maps *m, const struct pk_pins *p, struct pk_diags *d);
/* Whether a pin belongs to a map of this picket. */
bool pk_maps_known(const char *pin);
void pk_maps_done(struct pk_maps *m);

/* Entries of the flow cache for each possible CPU. */
int pk_maps_flows(uint32_t *ret_per_cpu);

/* The table of connections, with so many buckets; pinned. Until then there is none. */
int pk_maps_state(struct pk_maps *m, const struct pk_pins *p, uint32_t buckets);

/* A chunk of counters, zeroed. */
int pk_maps_chunk(int *ret);

#define _pk_maps_ __attribute__((cleanup(pk_maps_done)))
