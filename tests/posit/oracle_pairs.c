// SPDX-License-Identifier: GPL-2.0-or-later
#include "oracle_pairs.h"

#include <stdio.h>
#include <stdlib.h>

#include "oracle.h"

struct oracle_pairs oracle_pairs_new(uint64_t seed, unsigned n)
{
    const char *given = getenv("PK_SEED");
    struct oracle_pairs p = {given ? strtoull(given, NULL, 0) : seed, n};

    printf("# PK_SEED=%llu, %u bits\n", (unsigned long long)p.state, n);
    p.state = p.state * UINT64_C(0x9e3779b97f4a7c15) + n;
    if (!p.state)
        p.state = 1;
    return p;
}

/* xorshift64*, Vigna 2016 */
uint64_t oracle_random(struct oracle_pairs *p)
{
    p->state ^= p->state >> 12;
    p->state ^= p->state << 25;
    p->state ^= p->state >> 27;
    return p->state * UINT64_C(0x2545f4914f6cdd1d);
}

static unsigned below(struct oracle_pairs *p, unsigned n)
{
    return (unsigned)((oracle_random(p) >> 32) * n >> 32);
}

/* The ends, 0, NaR, 1, and the codes up to three beside each. */
static uint64_t make_end(struct oracle_pairs *p)
{
    const unsigned n = p->n;
    const uint64_t ends[] = {0, oracle_nar(n), UINT64_C(1) << (n - 2), UINT64_C(3) << (n - 2)};

    return ends[below(p, 4)] + below(p, 7) - 3;
}

/* Any regime, the longest as often as the shortest; then exponent and fraction of one pattern. */
static uint64_t make_regime(struct oracle_pairs *p)
{
    const unsigned run = 1 + below(p, p->n - 1);
    uint64_t tail = oracle_random(p), code;

    switch (below(p, 5)) {
    case 0: /* a power of two */
        tail &= UINT64_C(3) << 62;
        break;
    case 1: /* just below one */
        tail |= UINT64_MAX >> 2;
        break;
    case 2: /* few bits: ties become common */
        tail &= UINT64_MAX << (62 - below(p, 12));
        break;
    case 3: /* all ones but few */
        tail |= UINT64_MAX >> (2 + below(p, 12));
        break;
    }
    code = run < 63 ? tail >> (run + 1) : 0;
    code |= UINT64_C(1) << (63 - run); /* run zeros, counted with the sign's, then a 1 */
    if (below(p, 2))
        code ^= UINT64_MAX >> 1; /* the other regime; the patterns serve as well inverted */
    return code >> (64 - p->n);
}

/* Between 1/16 and 16. */
static uint64_t make_near_one(struct oracle_pairs *p)
{
    return (oracle_random(p) >> 2 | (below(p, 2) ? UINT64_C(1) << 62 : UINT64_C(1) << 61)) >>
           (64 - p->n);
}

uint64_t oracle_pairs_code(struct oracle_pairs *p)
{
    uint64_t code;

    switch (below(p, 8)) {
    case 0:
        code = make_end(p);
        break;
    case 1:
    case 2:
    case 3:
        code = make_regime(p);
        break;
    case 4:
    case 5:
        code = make_near_one(p);
        break;
    default:
        code = oracle_random(p);
    }
    if (below(p, 2))
        code = -code;
    return code & oracle_mask(p->n);
}

void oracle_pairs_next(struct oracle_pairs *p, uint64_t *ret_a, uint64_t *ret_b)
{
    uint64_t a = oracle_pairs_code(p), b;

    switch (below(p, 8)) {
    case 0: /* neighbours, equal or opposite */
        b = a + below(p, 7) - 3;
        break;
    case 1: /* the same regime and exponent, another fraction */
        b = a ^ (oracle_random(p) >> (64 - p->n) >> below(p, p->n));
        break;
    case 2: /* near the reciprocal: a code's top half turned over */
        b = oracle_nar(p->n) - a + below(p, 5) - 2;
        break;
    default:
        b = oracle_pairs_code(p);
    }
    if (below(p, 2))
        b = -b;
    *ret_a = a;
    *ret_b = b & oracle_mask(p->n);
}
