// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bank: one rule set's image, store and judges. Filled where no program looks, then made live by
 * one word; docs/adr/0005 says why packets see the old set or the new one.
 */
#pragma once

#include "base/buf.h"
#include "base/diag.h"
#include "classify/compile.h"
#include "kernel/fence.h"
#include "kernel/maps.h"
#include "kernel/object.h"
#include "kernel/stored.h"

/*
 * Waits until every BPF program that is running now has ended: an update of an array of maps calls
 * synchronize_rcu (maybe_wait_bpf_programs, kernel/bpf/syscall.c). About 7 ms.
 */
int pk_grace(void);

/* What a change goes into: the live engine, if the image fits there, or a new one (abi/ctl.h). */
struct pk_engine {
    uint64_t word;
    int image;     /* map, or -1: to be made */
    uint64_t size; /* of it, without the slack; 0: to be made */
};

/* The live engine; of a fence that does not stand, or whose image is not there, none. */
void pk_engine_open(const struct pk_pins *p, uint64_t word, struct pk_engine *ret);
/* The bank for an image of so many bytes: neither the live set nor the one before stands in it. If
 * the live engine has none, `e` becomes the one to be made. */
unsigned pk_engine_bank(struct pk_engine *e, size_t image);
void pk_engine_done(struct pk_engine *e);

struct pk_bank_set {
    unsigned bank;
    enum pk_attach_kind hook;
    bool guard_all;
    struct pk_state_config state; /* of an engine that is made for it */
    struct pk_engine *engine;
    const struct pk_image *image; /* is moved to its place */
    const struct pk_buf *store;
    struct pk_ahead *ahead; /* may have what a new engine needs; NULL: none */
};

/* Bytes of the map of a new engine for a set whose image has so many. */
uint64_t pk_engine_size(size_t image);
/* A map of that size, without contents. */
int pk_engine_map(uint64_t size, int *ret);
/* The programs of an engine: of s the bank and where it stands matter. 0 or -errno (diagnosed). */
int pk_engine_programs(const struct pk_maps *m, const struct pk_bank_set *s, uint64_t size,
                       int image, struct pk_progs *ret, struct pk_diags *d);

/*
 * Fills and pins a bank; on failure (diagnosed) it is empty again. The bank must be free and no
 * program may run in it.
 */
int pk_bank_fill(const struct pk_pins *p, const struct pk_maps *m, const struct pk_bank_set *s,
                 struct pk_diags *d);
/*
 * Gives a set that is about to come into force again an epoch of its own: what was remembered of
 * flows when it was last in force may rest on names of interfaces that have changed.
 */
int pk_bank_renew(const struct pk_pins *p, struct pk_seat at, uint32_t epoch);
/* Whether something of a dead writer, or of a set long gone, is left in it. */
bool pk_bank_dirty(const struct pk_pins *p, unsigned bank);
int pk_bank_clear(const struct pk_pins *p, const struct pk_maps *m, unsigned bank);
/* Whether it has every judge that `hook` needs. */
bool pk_bank_ready(const struct pk_maps *m, unsigned bank, enum pk_attach_kind hook);

/* Bytes of a map's one element. */
size_t pk_map_bytes(int fd);
/* Bytes of the maps of a bank. */
void pk_bank_bytes(const struct pk_pins *p, unsigned bank, size_t *ret_image, size_t *ret_store);
