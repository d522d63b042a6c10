// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counter slots (abi/ctl.h). Which are in use is not written down anywhere: it is what the live set
 * and the one before say, so a killed writer leaks none.
 *
 * A rule that stays keeps its slot. A new rule gets a slot that neither set uses, zeroed before any
 * packet can meet it. One rule more takes a slot that no rule ever had (pk_ctl.unused) while there
 * are chunks with such slots: that needs no look at the sets, and no grace period.
 */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "classify/compile.h"
#include "kernel/maps.h"
#include "kernel/stored.h"

/* A slot that a new rule or policy got, and what it counts from. */
struct pk_fresh {
    uint32_t slot;
    struct pk_counters from;
};

struct pk_slot_plan {
    struct pk_slots slots;
    struct pk_fresh *fresh; /* ascending */
    size_t n_fresh;
    uint32_t n_chunks; /* that must exist */
    bool reused;       /* some fresh slot may have been another rule's */
};

struct pk_slot_request {
    const struct pk_ruleset *rs[PK_FAMILY_N]; /* what is to come; NULL or not given: none */
    const struct pk_live *live;               /* NULL: there is none */
    const struct pk_stored *used[2];          /* sets whose slots are taken; NULL: none */
    bool counters[PK_FAMILY_N];               /* all fresh, from the rules' own counters */
    const uint32_t *from[PK_FAMILY_N];        /* what pk_ruleset_stays would say, if known */
    uint32_t n_chunks;                        /* that exist */
    uint32_t unused;                          /* first slot of those never used (pk_slots_unused) */
    uint32_t first; /* slots below are taken: by a set whose store cannot be read */
};

uint32_t pk_slots_unused(const struct pk_ctl *ctl);

/* Pure. Everything in `a`. 0; -ENOSPC: more counters than PK_CHUNKS_MAX chunks; -ENOMEM. */
int pk_slots_plan(const struct pk_slot_request *q, struct pk_arena *a, struct pk_slot_plan *ret);

/* One fresh slot, for one new rule: as above. */
int pk_slots_one(const struct pk_slot_request *q, struct pk_arena *a, struct pk_slot_plan *ret);
/* Likewise one that was never used, whatever the sets have. -ENOENT: no chunk has any. */
int pk_slots_new(const struct pk_slot_request *q, struct pk_arena *a, struct pk_slot_plan *ret);

/* Makes chunks and sets fresh slots; ctl->n_chunks follows. Touches no slot in use. */
int pk_slots_prepare(const struct pk_maps *m, struct pk_ctl *ctl, const struct pk_slot_plan *plan,
                     struct pk_diags *d);

/* Counts of slots, summed over CPUs. Slots of chunks that do not exist count nothing. */
int pk_slots_read(const struct pk_maps *m, const uint32_t *slot, size_t n, struct pk_counters *ret);
