// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_fun_pairs FUNCTION [PART PARTS]: a function of two posits, for all 2^32 pairs of posit16, or
 * with PART (from 0) and PARTS for one of so many equal parts. Nearly all are decided by doubles
 * (search_double.h), which cannot be so wrong that the posit is; wherever that is not so, or the
 * library says something else, by MPFR. compound and root_n: all posit16 with 129 integers, by
 * MPFR.
 */
#include "mpfr_ref.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "posit/posit.h"

#include "search_double.h"

#define SIZE 1 /* of mpfr_ref.h: 16 bits */
#define CODES 65536u
#define INTEGERS 64

static double values[CODES], first[CODES], results[CODES], ends[2][CODES];
static posit16 below[CODES], above[CODES];
static uint64_t pairs, asked, wrong; /* asked: of MPFR */

static void check(const struct mpfr_ref *f, const struct mpfr_args *a)
{
    asked++;
    wrong += !mpfr_ref_check(f, SIZE, a);
}

static void check_row(const struct mpfr_ref *f, search_double *approximate, uint32_t x)
{
    for (uint32_t y = 0; y < CODES; y++)
        first[y] = values[x];
    approximate(results, first, values, CODES);
    search_double_bounds(ends[0], ends[1], results, CODES);
    posit16_from_doubles(below, ends[0], CODES);
    posit16_from_doubles(above, ends[1], CODES);
    for (uint32_t y = 0; y < CODES; y++)
        if (below[y].bits != above[y].bits || f->posit[SIZE](x, y, 0) != below[y].bits)
            check(f, &(struct mpfr_args){x, y, 0});
    pairs += CODES;
}

static void check_integers(const struct mpfr_ref *f, uint32_t x)
{
    for (int64_t k = -INTEGERS; k <= INTEGERS; k++)
        check(f, &(struct mpfr_args){x, 0, k});
    pairs += 2 * INTEGERS + 1;
}

int main(int argc, char **argv)
{
    const struct mpfr_ref *f = argc > 1 ? mpfr_ref_find(argv[1]) : NULL;
    unsigned long part = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
    unsigned long parts = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;

    if (f == NULL || f->kind == 'x' || part >= parts) {
        fprintf(stderr, "usage: test_fun_pairs FUNCTION [PART PARTS]\n");
        return 2;
    }
    if (f->kind == 'y' && !search_double_is_near(f, 16))
        return 1;
    for (uint32_t x = 0; x < CODES; x++)
        values[x] = posit16_to_double((posit16){(uint16_t)x});
    for (unsigned long x = part; x < CODES && wrong < 20; x += parts)
        if (f->kind == 'y')
            check_row(f, search_double_find(f->name), (uint32_t)x);
        else
            check_integers(f, (uint32_t)x);
    printf("posit16 %s: %" PRIu64 " pairs, %" PRIu64 " by MPFR, %" PRIu64 " wrong\n", f->name,
           pairs, asked, wrong);
    return wrong || !pairs;
}
