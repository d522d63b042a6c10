// SPDX-License-Identifier: GPL-2.0-or-later
/* The inside of struct pk_fence, for fence.c, apply.c and sweep.c. */
#pragma once

#include "kernel/fence.h"
#include "kernel/maps.h"
#include "kernel/pins.h"

struct pk_fence {
    struct pk_pins pins;
    struct pk_maps maps;
    struct pk_ctl *ctl; /* mapped; every process and program sees the same */
};

#define PK_FENCE_NONE ((struct pk_fence){PK_PINS_NONE, PK_MAPS_NONE, NULL})

/*
 * With f->pins open: its maps. 0; -ENOENT: nothing stands there, though remains may lie about;
 * -EPROTO (diagnosed): another picket's.
 */
int pk_standing_open(struct pk_fence *f, struct pk_diags *d);
int pk_standing_map(struct pk_fence *f, struct pk_diags *d);
/* ctl as it is pinned in a directory of picket/. -EPROTO: not of the shape that is frozen. */
int pk_standing_ctl(int dir, struct pk_ctl *ret);
/* With f->pins open and locked, a fence whose frame is another one: what detach needs of it. */
void pk_standing_open_other(struct pk_fence *f);
/* Whether a picket of another PK_DATAPATH_ABI filled the bank. */
bool pk_standing_by_other(const struct pk_fence *f, unsigned bank);
void pk_standing_unmap(struct pk_fence *f); /* all but the directory and its lock */
void pk_standing_done(struct pk_fence *f);

uint64_t pk_standing_word(const struct pk_fence *f);
/* The one store that switches everything. */
void pk_standing_switch(struct pk_fence *f, uint64_t word);

#define _pk_standing_ __attribute__((cleanup(pk_standing_done)))
