// SPDX-License-Identifier: GPL-2.0-or-later
/* The inside of struct pk_fence, for fence.c, apply.c, undo.c, detach.c and sweep.c. */
#pragma once

#include "kernel/fence.h"
#include "kernel/maps.h"
#include "kernel/pins.h"
#include "kernel/stored.h"

struct pk_fence {
    struct pk_pins pins;
    struct pk_maps maps;
    struct pk_ctl *ctl; /* mapped; every process and program sees the same */
    int gather;         /* program of gather.c, once it was needed; or -1 */
};

#define PK_FENCE_NONE ((struct pk_fence){PK_PINS_NONE, PK_MAPS_NONE, NULL, -1})

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
/* Where the live set of a word is, and the one before (bank PK_BANK_NONE: there is none). */
struct pk_seat pk_standing_live(const struct pk_fence *f, uint64_t word);
struct pk_seat pk_standing_before(const struct pk_fence *f, uint64_t word);

/*
 * What must be before a switch: that no program runs which read a word whose entry in ctl->delta
 * the next one takes. 0 or -errno.
 */
int pk_standing_settle(struct pk_fence *f);
/*
 * What must be before a counter that nobody has is given to a new rule: that no program runs which
 * read the word of a set that had it, and no flow has counts for it. 0 or -errno.
 */
int pk_standing_release(struct pk_fence *f);
/* Waits until every program that runs now has ended, and writes down that it is so. */
int pk_standing_grace(struct pk_fence *f);
/*
 * The one store that switches everything: the next generation. `frees`: the set to be may lack
 * counters that the live one has.
 */
void pk_standing_switch(struct pk_fence *f, struct pk_seat live, struct pk_seat before, bool frees);
/* The fence stands no more: what is still attached lets packets pass. */
void pk_standing_fall(struct pk_fence *f);

#define _pk_standing_ __attribute__((cleanup(pk_standing_done)))
