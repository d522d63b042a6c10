// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/iset.h"

#include <stdint.h>
#include <stdlib.h>

static const struct pk_iset empty;

/* Room for n intervals; NULL when that is too many, or when memory is out. */
static struct pk_iset *iset_room(struct pk_arena *a, size_t n)
{
    if (n > PK_ISET_MAX)
        return NULL;
    return pk_arena_alloc(a, sizeof(struct pk_iset) + n * sizeof(struct pk_interval));
}

static struct pk_u128 u128_next(struct pk_u128 v)
{
    v.lo++;
    v.hi += v.lo == 0;
    return v;
}

static struct pk_u128 u128_previous(struct pk_u128 v)
{
    v.hi -= v.lo == 0;
    v.lo--;
    return v;
}

static bool u128_is_last(struct pk_u128 v)
{
    return v.hi == UINT64_MAX && v.lo == UINT64_MAX;
}

static bool u128_is_zero(struct pk_u128 v)
{
    return !v.hi && !v.lo;
}

static struct pk_u128 u128_max(struct pk_u128 a, struct pk_u128 b)
{
    return pk_u128_less(a, b) ? b : a;
}

static struct pk_u128 u128_min(struct pk_u128 a, struct pk_u128 b)
{
    return pk_u128_less(a, b) ? a : b;
}

/* An interval that starts no earlier than the last one: widens that one, or becomes a new one. */
static void iset_push(struct pk_iset *s, struct pk_interval iv)
{
    struct pk_interval *last = s->n ? &s->iv[s->n - 1] : NULL;

    if (last && (u128_is_last(last->hi) || !pk_u128_less(u128_next(last->hi), iv.lo)))
        last->hi = u128_max(last->hi, iv.hi);
    else
        s->iv[s->n++] = iv;
}

/* How many intervals remain when iv[], sorted by lo, is united. */
static size_t count_united(const struct pk_interval *iv, size_t n)
{
    size_t count = 0;
    struct pk_u128 end = {0};

    for (size_t i = 0; i < n; i++) {
        if (!count || (!u128_is_last(end) && pk_u128_less(u128_next(end), iv[i].lo))) {
            count++;
            end = iv[i].hi;
        } else {
            end = u128_max(end, iv[i].hi);
        }
    }
    return count;
}

static const struct pk_iset *iset_unite(struct pk_arena *a, const struct pk_interval *iv, size_t n)
{
    struct pk_iset *s = iset_room(a, count_united(iv, n));

    for (size_t i = 0; s && i < n; i++)
        iset_push(s, iv[i]);
    return s;
}

static int by_lo(const void *pa, const void *pb)
{
    const struct pk_interval *a = pa, *b = pb;

    if (pk_u128_equal(a->lo, b->lo))
        return 0;
    return pk_u128_less(a->lo, b->lo) ? -1 : 1;
}

const struct pk_iset *pk_iset_empty(void)
{
    return &empty;
}

const struct pk_iset *pk_iset_range(struct pk_arena *a, struct pk_u128 lo, struct pk_u128 hi)
{
    struct pk_iset *s;

    if (pk_u128_less(hi, lo))
        return &empty;
    s = iset_room(a, 1);
    if (s) {
        s->n = 1;
        s->iv[0] = (struct pk_interval){lo, hi};
    }
    return s;
}

const struct pk_iset *pk_iset_from(struct pk_arena *a, const struct pk_interval *iv, size_t n)
{
    const struct pk_iset *s;
    struct pk_interval *sorted;
    size_t kept = 0;

    if (n > SIZE_MAX / sizeof(*sorted) - 1)
        return NULL;
    sorted = malloc((n + 1) * sizeof(*sorted));
    if (!sorted)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (!pk_u128_less(iv[i].hi, iv[i].lo))
            sorted[kept++] = iv[i];
    }
    qsort(sorted, kept, sizeof(*sorted), by_lo);
    s = iset_unite(a, sorted, kept);
    free(sorted);
    return s;
}

/* The intersection, walked along both sets at once; counts only when `to` is NULL. */
static size_t intersect(const struct pk_iset *x, const struct pk_iset *y, struct pk_interval *to)
{
    size_t i = 0, j = 0, n = 0;

    while (i < x->n && j < y->n) {
        struct pk_u128 lo = u128_max(x->iv[i].lo, y->iv[j].lo);
        struct pk_u128 hi = u128_min(x->iv[i].hi, y->iv[j].hi);

        if (!pk_u128_less(hi, lo)) {
            if (to)
                to[n] = (struct pk_interval){lo, hi};
            n++;
        }
        if (pk_u128_less(x->iv[i].hi, y->iv[j].hi))
            i++;
        else
            j++;
    }
    return n;
}

const struct pk_iset *pk_iset_and(struct pk_arena *a, const struct pk_iset *x,
                                  const struct pk_iset *y)
{
    struct pk_iset *s;

    if (x == y)
        return x;
    s = iset_room(a, intersect(x, y, NULL));
    if (s)
        s->n = intersect(x, y, s->iv);
    return s;
}

const struct pk_iset *pk_iset_or(struct pk_arena *a, const struct pk_iset *x,
                                 const struct pk_iset *y)
{
    size_t i = 0, j = 0, n = 0;
    struct pk_interval *merged;
    const struct pk_iset *s;

    if (!x->n || x == y)
        return y;
    if (!y->n)
        return x;
    merged = malloc((x->n + y->n) * sizeof(*merged));
    if (!merged)
        return NULL;
    while (i < x->n || j < y->n) {
        bool from_x = j == y->n || (i < x->n && pk_u128_less(x->iv[i].lo, y->iv[j].lo));

        merged[n++] = from_x ? x->iv[i++] : y->iv[j++];
    }
    s = iset_unite(a, merged, n);
    free(merged);
    return s;
}

const struct pk_iset *pk_iset_not(struct pk_arena *a, const struct pk_iset *x, struct pk_u128 max)
{
    struct pk_u128 from = {0};
    struct pk_interval *gaps;
    const struct pk_iset *s;
    size_t n = 0;
    bool open = true; /* [from, max] is still to be given */

    gaps = malloc((x->n + 1) * sizeof(*gaps)); /* one more gap than intervals at most */
    if (!gaps)
        return NULL;
    for (size_t i = 0; open && i < x->n && !pk_u128_less(max, x->iv[i].lo); i++) {
        if (!u128_is_zero(x->iv[i].lo) && pk_u128_less(from, x->iv[i].lo))
            gaps[n++] = (struct pk_interval){from, u128_previous(x->iv[i].lo)};
        open = pk_u128_less(x->iv[i].hi, max);
        if (open)
            from = u128_next(x->iv[i].hi);
    }
    if (open)
        gaps[n++] = (struct pk_interval){from, max};
    s = iset_unite(a, gaps, n);
    free(gaps);
    return s;
}

bool pk_iset_has(const struct pk_iset *x, struct pk_u128 v)
{
    size_t lo = 0, hi = x->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (pk_u128_less(x->iv[mid].hi, v))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < x->n && !pk_u128_less(v, x->iv[lo].lo);
}

bool pk_iset_equal(const struct pk_iset *x, const struct pk_iset *y)
{
    if (x == y)
        return true;
    if (x->n != y->n)
        return false;
    for (size_t i = 0; i < x->n; i++) {
        if (!pk_u128_equal(x->iv[i].lo, y->iv[i].lo) || !pk_u128_equal(x->iv[i].hi, y->iv[i].hi))
            return false;
    }
    return true;
}

bool pk_iset_subset(const struct pk_iset *x, const struct pk_iset *of)
{
    size_t j = 0;

    for (size_t i = 0; i < x->n; i++) {
        while (j < of->n && pk_u128_less(of->iv[j].hi, x->iv[i].hi))
            j++;
        if (j == of->n || pk_u128_less(x->iv[i].lo, of->iv[j].lo))
            return false;
    }
    return true;
}
