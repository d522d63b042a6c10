// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The maps that all banks and programs of a fence share (abi/ctl.h), by descriptor. Made once, when
 * the fence is built; a bank's programs are bound to them as they are loaded.
 */
#pragma once

#include "base/diag.h"
#include "kernel/pins.h"

enum pk_map {
    PK_MAP_CTL,
    PK_MAP_COUNTERS,
    PK_MAP_REASONS,
    PK_MAP_IFNAMES,
    PK_MAP_GUARDS,
    PK_MAP_PROGS_NF,
    PK_MAP_PROGS_TC,
    PK_MAP_PROGS_XDP,
    PK_MAP_N
};

struct pk_maps {
    int fd[PK_MAP_N];
};

#define PK_MAPS_NONE ((struct pk_maps){{-1, -1, -1, -1, -1, -1, -1, -1}})

/* The name of a map in its pin; in an object it is the same, but for `progs`. */
const char *pk_map_name(enum pk_map m);

int pk_maps_create(struct pk_maps *ret, struct pk_diags *d);
int pk_maps_pin(const struct pk_maps *m, const struct pk_pins *p, struct pk_diags *d);
/* Those of a standing fence. -ENOENT if one of them is not there. */
int pk_maps_open(const struct pk_pins *p, struct pk_maps *ret);
void pk_maps_done(struct pk_maps *m);

/* A chunk of counters, zeroed. */
int pk_maps_chunk(int *ret);

#define _pk_maps_ __attribute__((cleanup(pk_maps_done)))
