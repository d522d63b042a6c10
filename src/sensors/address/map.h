// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A list of addresses as a map: for each prefix how its identifiers are made and how guessable its
 * digits are, and of which vendors the MACs are. The largest prefixes and vendors have a row each,
 * all others one together.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "sensors/address/address.h"
#include "sensors/address/list.h"
#include "sensors/address/seen.h"
#include "sensors/address/vendor.h"

#define PK_MAP_ROWS 24u
#define PK_MAP_VENDORS 10u
#define PK_MAP_VENDORS_MAX 65536u
#define PK_MAP_SAMPLE 16u /* addresses: of fewer nothing is said about entropy */

struct pk_map_row {
    struct pk_u128 prefix;
    uint64_t n, iid[PK_IID_N];
    double entropy[32]; /* of each digit, 0 to 1 */
    double bits;        /* of entropy below the prefix; negative: too few addresses */
};

struct pk_map_vendor {
    struct pk_u128 key; /* hash of the name */
    const char *name;   /* of the vendors, or static */
    uint64_t n;         /* addresses */
};

struct pk_map {
    unsigned bits;                /* of the prefixes: 32 to 64, in steps of 4 */
    uint64_t addresses, prefixes; /* in the map */
    uint64_t without;             /* that have no identifier: multicast and the like */
    struct pk_map_row row[PK_MAP_ROWS], others;
    size_t n_rows;
    struct pk_map_vendor vendor[PK_MAP_VENDORS];
    size_t n_vendors;
    uint64_t macs, other_vendors; /* addresses with a MAC; of vendors without a row */
};

/* Of a sorted list. 0 or -ENOMEM. */
int pk_map_build(const struct pk_address_list *l, const struct pk_vendors *v, unsigned bits,
                 struct pk_map *ret);

/* 80 columns. 0 or -EIO. */
int pk_map_print(const struct pk_map *m, FILE *to);
/* For a light and a dark page. */
void pk_map_svg(const struct pk_map *m, double rate, struct pk_buf *out);
json_t *pk_map_json(const struct pk_map *m);

/* "2001:db8::/48" */
const char *pk_map_prefix(const struct pk_map *m, const struct pk_map_row *r, char buf[static 50]);
