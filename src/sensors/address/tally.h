// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts over a list of addresses, and how guessable the plan behind it is. */
#pragma once

#include <stdio.h>

#include "sensors/address/address.h"
#include "sensors/address/list.h"

struct pk_address_tally {
    uint64_t lines, addresses, taken; /* read; found in them; left by the filters */
    uint64_t kind[PK_AK_N], iid[PK_IID_N];
};

void pk_address_count(struct pk_address_tally *t, const struct pk_verdict *v);

/*
 * The entropy of each of the 32 hexadecimal digits over sorted addresses, 0 (always the same) to 1
 * (all 16 alike): Foremski, Plonka and Berger, Entropy/IP, IMC 2016, section 4.1.
 */
void pk_address_entropy(const struct pk_u128 *a, size_t n, double ret[static 32]);
/* A character a digit: "." none, "0" to "9" tenths, "#" as good as random. */
void pk_entropy_text(const double h[static 32], char ret[static 33]);
