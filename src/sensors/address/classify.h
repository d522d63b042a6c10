// SPDX-License-Identifier: GPL-2.0-or-later
/* `picket address classify`: what was asked, and what was found so far. */
#pragma once

#include "cli/cli.h"
#include "sensors/address/input.h"
#include "sensors/address/list.h"
#include "sensors/address/tally.h"
#include "sensors/address/text.h"
#include "sensors/address/vendor.h"

enum pk_classify_format { PK_CLASSIFY_TABLE, PK_CLASSIFY_JSONL, PK_CLASSIFY_CSV };

/* With --json all of it stands in one document. */
#define PK_CLASSIFY_JSON_MAX 100000u

struct pk_classify {
    bool binary, unique, statistics;
    enum pk_classify_format format;
    json_t *document;               /* --json: what is printed goes in here */
    unsigned entropy;               /* bits of prefix for each of which it is told; 0: not asked */
    uint64_t kinds, iids;           /* only these, a bit each; 0: all */
    struct pk_address_found within; /* only in this prefix; bits 0: anywhere */
    double rate;                    /* probes a second of the scanner */
    const char *mac_dates;
    struct pk_vendors vendors;
    bool map;                    /* asked for instead */
    unsigned bits;               /* of its prefixes */
    bool svg;                    /* the map as a drawing */
    bool captures;               /* one was read */
    struct pk_address_list list; /* with `unique`, `entropy` and `map` */
    struct pk_address_tally tally;
    struct pk_diags *d;
    bool card; /* one address was asked for: tell all of it */
};

int pk_classify_words(struct pk_classify *c, char *const *words, size_t n);

/* Before the first address. */
void pk_classify_begin(struct pk_classify *c);
/* One address: a card, a line of the table, of CSV or of JSON. 0 or -errno of the output. */
int pk_classify_print(struct pk_classify *c, const struct pk_address_found *f,
                      const struct pk_verdict *v);
/* Counts by kind and identifier; --entropy's table. */
int pk_classify_summary(struct pk_classify *c);
