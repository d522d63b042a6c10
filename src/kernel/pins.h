// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The directory of one network namespace's fence: BPFFS/picket/<cookie>, and the lock on it.
 *
 * Every name is reached from a descriptor, never by path, so that it does not matter which mount
 * namespace the process is in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"

struct pk_pins {
    int base; /* root of the BPF file system */
    int root; /* picket/ */
    int dir;  /* picket/<cookie>/; a writer holds its lock */
    uint64_t cookie;
    char path[64];
};

#define PK_PINS_NONE ((struct pk_pins){.base = -1, .root = -1, .dir = -1})

/* The directory of this network namespace, as a reader. 0; -ENOENT: none; -errno (diagnosed). */
int pk_pins_open(struct pk_pins *ret, struct pk_diags *d);
/* The same as its one writer: waits for the lock. `create`: makes what is missing. */
int pk_pins_lock(bool create, struct pk_pins *ret, struct pk_diags *d);
/* Closes; the lock goes with the descriptor. */
void pk_pins_done(struct pk_pins *p);

/* Removes every pin of a directory, links first and at once, then the directory. 0 or -errno. */
int pk_pins_remove(int root, const char *name);
/* Empties the writer's own directory, which stays, locked. */
int pk_pins_wipe(const struct pk_pins *p);
/* Removes it, and picket/ too if it was the last there. */
int pk_pins_clear(const struct pk_pins *p);

/* Unpins maps of which `known` knows no name: another picket's. */
int pk_pins_prune(const struct pk_pins *p, bool (*known)(const char *name));

/* The directory of a bank; made if `create`. */
int pk_pins_bank(const struct pk_pins *p, unsigned bank, bool create, int *ret);
int pk_pins_bank_clear(const struct pk_pins *p, unsigned bank);

#define _pk_pins_ __attribute__((cleanup(pk_pins_done)))
