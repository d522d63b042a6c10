// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The elementary functions of the library beside those of MPFR, which are correctly rounded and
 * tell in which direction. MPFR's value, truncated to 64 bits, and whether anything was cut off
 * decide on which side of each tie point the true value stands; ties have at most 61 bits. Ties are
 * decoded here by walking the fields of codes of n + 1 bits, with none of the library's code.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gmp.h>
#include <mpfr.h>

struct mpfr_ref {
    const char *name;
    char kind; /* 'x': of x; 'y': of x and y; 'k': of x and the integer k */
    uint64_t (*posit[4])(uint64_t x, uint64_t y, int64_t k); /* 8, 16, 32, 64 bits */
    int (*mpfr)(mpfr_t ret, const mpfr_t x, const mpfr_t y, long k);
};

extern const struct mpfr_ref mpfr_refs[];
extern const size_t mpfr_refs_count;

struct mpfr_args {
    uint64_t x, y;
    int64_t k;
};

/* The value of a code of n bits that is not NaR. */
void mpfr_ref_set(mpfr_t ret, uint64_t code, unsigned n);
/* What x, exact, rounds to. */
uint64_t mpfr_ref_from(const mpfr_t x, unsigned n);
const struct mpfr_ref *mpfr_ref_find(const char *name); /* or NULL */
/* Is `code` what f of the arguments rounds to? */
bool mpfr_ref_is_rounded(const struct mpfr_ref *f, unsigned n, const struct mpfr_args *a,
                         uint64_t code);
/* What it rounds to, by bisection. */
uint64_t mpfr_ref_round(const struct mpfr_ref *f, unsigned n, const struct mpfr_args *a);
/* Asks the library; if it is wrong, prints what was asked, what came and what is right. */
bool mpfr_ref_check(const struct mpfr_ref *f, unsigned size, const struct mpfr_args *a);
