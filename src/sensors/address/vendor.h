// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who got a block of MAC addresses from the IEEE: MA-L (24 bits), MA-M (28) and MA-S or IAB (36),
 * by longest match, from the registries' CSV files (Debian: ieee-data). And since when, from a file
 * that the user has ("prefix/bits,date,source", as mac-ages.csv): picket ships no such data.
 *
 * An owned object of about 6 MB for all registries.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

#define PK_VENDOR_DIR "/usr/share/ieee-data"

struct pk_vendor_block {
    uint64_t prefix;   /* 48 bits, the rest 0 */
    uint8_t bits;      /* 24, 28 or 36; 0: an empty place */
    bool divided;      /* of 24 bits, and smaller ones of it are known */
    const char *name;  /* of the organisation; NULL: only a date is known */
    const char *since; /* "2007-01-26"; NULL: unknown */
};

struct pk_vendors {
    struct pk_arena arena;
    struct pk_vendor_block *place; /* a hash table of 2^k places, at most half full */
    size_t n, places;
    size_t n_names;
    bool loaded;
};

/* Reads the registries of a folder. 0; -ENOENT: there is none of them; or -errno, diagnosed. */
int pk_vendors_load(struct pk_vendors *v, const char *dir, struct pk_diags *d);
int pk_vendors_dates(struct pk_vendors *v, const char *path, struct pk_diags *d);
void pk_vendors_done(struct pk_vendors *v);

/* The smallest block that has a MAC; NULL: none. */
const struct pk_vendor_block *pk_vendor_of(const struct pk_vendors *v, uint64_t mac);

/*
 * The addresses of all blocks of the organisations whose names begin so, without regard to case.
 * *blocks (may be NULL) gets the number of blocks.
 */
uint64_t pk_vendor_space(const struct pk_vendors *v, const char *name, size_t *blocks);

#define _pk_vendors_ __attribute__((cleanup(pk_vendors_done)))
