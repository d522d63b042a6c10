// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/bounds.h"

#include <errno.h>
#include <string.h>

#define KEY_BYTES 16u

size_t pk_bounds_count(const struct pk_iset *set, struct pk_u128 max)
{
    return set->n * 2 - (set->n && pk_u128_equal(set->iv[set->n - 1].hi, max));
}

static struct pk_u128 after(struct pk_u128 v)
{
    v.lo++;
    v.hi += !v.lo;
    return v;
}

static void add(struct pk_bounds *b, struct pk_u128 at, uint32_t set)
{
    b->bound[b->n++] = (struct pk_bound){.at = at, .set = set};
}

static unsigned key_byte(const struct pk_bound *b, unsigned i)
{
    return (unsigned)(i < 8 ? b->at.lo >> (8 * i) : b->at.hi >> (8 * (i - 8))) & 255;
}

/* One pass of a radix sort. False: all have the same byte, and `to` is not filled. */
static bool sort_pass(const struct pk_bound *from, struct pk_bound *to, size_t n, unsigned byte)
{
    size_t place[256] = {0}, i, before = 0, here;

    for (i = 0; i < n; i++)
        place[key_byte(&from[i], byte)]++;
    if (n && place[key_byte(&from[0], byte)] == n)
        return false;
    for (i = 0; i < 256; i++) {
        here = place[i];
        place[i] = before;
        before += here;
    }
    for (i = 0; i < n; i++)
        to[place[key_byte(&from[i], byte)]++] = from[i];
    return true;
}

/* From the least significant byte up; linear, whatever the values. */
static void sort(struct pk_bounds *b, struct pk_bound *spare)
{
    struct pk_bound *other;
    unsigned byte;

    for (byte = 0; byte < KEY_BYTES; byte++) {
        if (!sort_pass(b->bound, spare, b->n, byte))
            continue;
        other = b->bound;
        b->bound = spare;
        spare = other;
    }
}

int pk_bounds_make(const struct pk_sets *sets, const uint32_t *ids, size_t n, struct pk_u128 max,
                   struct pk_arena *a, struct pk_bounds *ret)
{
    const struct pk_iset *set;
    struct pk_bounds b = {0};
    struct pk_bound *spare;
    size_t total = 0, i, k;

    for (i = 0; i < n; i++)
        total += pk_bounds_count(sets->set[ids[i]], max);
    b.bound = pk_arena_array(a, struct pk_bound, total);
    spare = pk_arena_array(a, struct pk_bound, total);
    if (!b.bound || !spare)
        return -ENOMEM;
    for (i = 0; i < n; i++) {
        set = sets->set[ids[i]];
        for (k = 0; k < set->n; k++) {
            add(&b, set->iv[k].lo, ids[i]);
            if (!pk_u128_equal(set->iv[k].hi, max))
                add(&b, after(set->iv[k].hi), ids[i]);
        }
    }
    sort(&b, spare);
    *ret = b;
    return 0;
}
