// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hook's programs into the kernel. The dispatchers, in an object of their own, are loaded once,
 * when the fence is built; the judges and walks of a hook anew for every engine: they differ in the
 * image they are bound to, and a newer picket's come into a standing fence this way.
 */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "datapath/abi/ctl.h"
#include "kernel/fence.h"
#include "kernel/maps.h"

/* The programs that a hook needs, as a set of bits 1 << enum pk_prog_slot. */
unsigned pk_hook_progs(enum pk_attach_kind hook);
/* The program array that a slot stands in. */
enum pk_map pk_prog_array(enum pk_prog_slot slot);

/* A hash of the programs that this picket carries: an engine of others is not filled again. */
uint64_t pk_object_build(void);
/* Of an engine: with the fence's table of connections, programs are other ones than without. */
uint64_t pk_engine_build(const struct pk_ctl *ctl);

struct pk_load {
    unsigned progs;   /* which, by slot */
    bool dispatchers; /* dispatchers, or else judges */
    const struct pk_maps *maps;
    int image; /* map of the bank; dispatchers have none */
    struct pk_config config;
};

/* The dispatchers of a hook. */
struct pk_load pk_hook_dispatchers(enum pk_attach_kind hook, bool guard_all,
                                   const struct pk_maps *maps);

/* Owned descriptors by slot; -1: none. Dispatchers have no walks. */
struct pk_progs {
    int fd[PK_PROGS];
    int walk[PK_PROGS];
};
#define PK_PROGS_NONE ((struct pk_progs){{-1, -1, -1, -1}, {-1, -1, -1, -1}})

/* *ret gets a descriptor for each bit of `progs`. 0 or -errno (diagnosed). */
int pk_object_load(const struct pk_load *l, struct pk_progs *ret, struct pk_diags *d);

void pk_progs_done(struct pk_progs *p);
#define _pk_progs_ __attribute__((cleanup(pk_progs_done)))
