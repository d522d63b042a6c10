// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/iset.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct pk_iset empty;

/* An empty set with room for n intervals, which may be more than it will have. */
static struct pk_iset *iset_room(struct pk_arena *a, size_t n)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, sizeof(struct pk_interval), &bytes) ||
        __builtin_add_overflow(bytes, sizeof(struct pk_iset), &bytes))
        return NULL;
    return pk_arena_alloc(a, bytes);
}

/* What an operation has made: NULL when that is too much, or when memory was out. */
static const struct pk_iset *iset_made(const struct pk_iset *s)
{
    return s && s->n <= PK_ISET_MAX ? s : NULL;
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

const struct pk_iset *pk_iset_copy(struct pk_arena *a, const struct pk_iset *x)
{
    struct pk_iset *s = iset_room(a, x->n);

    if (s)
        memcpy(s, x, sizeof(*x) + x->n * sizeof(x->iv[0]));
    return s;
}

const struct pk_iset *pk_iset_from(struct pk_arena *a, const struct pk_interval *iv, size_t n)
{
    struct pk_iset *sorted, *s;
    bool in_order = true;

    if (n == 1)
        return pk_iset_range(a, iv->lo, iv->hi);
    sorted = iset_room(a, n);
    s = iset_room(a, n);
    if (!sorted || !s)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (pk_u128_less(iv[i].hi, iv[i].lo))
            continue;
        in_order &= !sorted->n || !pk_u128_less(iv[i].lo, sorted->iv[sorted->n - 1].lo);
        sorted->iv[sorted->n++] = iv[i];
    }
    if (!in_order)
        qsort(sorted->iv, sorted->n, sizeof(*sorted->iv), by_lo);
    for (size_t i = 0; i < sorted->n; i++)
        iset_push(s, sorted->iv[i]);
    return iset_made(s);
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
    return iset_made(s);
}

const struct pk_iset *pk_iset_or(struct pk_arena *a, const struct pk_iset *x,
                                 const struct pk_iset *y)
{
    size_t i = 0, j = 0;
    struct pk_iset *s;

    if (!x->n || x == y)
        return y;
    if (!y->n)
        return x;
    s = iset_room(a, x->n + y->n);
    while (s && (i < x->n || j < y->n)) {
        bool from_x = j == y->n || (i < x->n && pk_u128_less(x->iv[i].lo, y->iv[j].lo));

        iset_push(s, from_x ? x->iv[i++] : y->iv[j++]);
    }
    return iset_made(s);
}

const struct pk_iset *pk_iset_not(struct pk_arena *a, const struct pk_iset *x, struct pk_u128 max)
{
    struct pk_iset *s = iset_room(a, x->n + 1); /* one more gap than intervals at most */
    struct pk_u128 from = {0};
    bool open = true; /* [from, max] is still to be given */

    if (!s)
        return NULL;
    for (size_t i = 0; open && i < x->n && !pk_u128_less(max, x->iv[i].lo); i++) {
        if (!u128_is_zero(x->iv[i].lo) && pk_u128_less(from, x->iv[i].lo))
            s->iv[s->n++] = (struct pk_interval){from, u128_previous(x->iv[i].lo)};
        open = pk_u128_less(x->iv[i].hi, max);
        if (open)
            from = u128_next(x->iv[i].hi);
    }
    if (open)
        s->iv[s->n++] = (struct pk_interval){from, max};
    return iset_made(s);
}

bool pk_iset_has(const struct pk_iset *x, struct pk_u128 v)
{
    return pk_iset_covers(x, v, v);
}

bool pk_iset_is_range(const struct pk_iset *x, struct pk_u128 lo, struct pk_u128 hi)
{
    return x->n == 1 && pk_u128_equal(x->iv[0].lo, lo) && pk_u128_equal(x->iv[0].hi, hi);
}

bool pk_iset_within(const struct pk_iset *x, struct pk_u128 lo, struct pk_u128 hi)
{
    return !x->n || (!pk_u128_less(x->iv[0].lo, lo) && !pk_u128_less(hi, x->iv[x->n - 1].hi));
}

bool pk_iset_covers(const struct pk_iset *x, struct pk_u128 lo, struct pk_u128 hi)
{
    size_t first = 0, end = x->n;

    while (first < end) {
        size_t mid = first + (end - first) / 2;

        if (pk_u128_less(x->iv[mid].hi, lo))
            first = mid + 1;
        else
            end = mid;
    }
    return first < x->n && !pk_u128_less(lo, x->iv[first].lo) && !pk_u128_less(x->iv[first].hi, hi);
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
