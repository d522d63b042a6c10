// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * American flag sort (McIlroy, Bostic and McIlroy 1993): by the first byte in place, then each part
 * by the next; small parts by insertion. At most 16 calls deep.
 */
#include "sensors/address/list.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define SMALL 24u

int pk_address_list_add(struct pk_address_list *l, struct pk_u128 a)
{
    if (l->n == l->cap) {
        /* A large block is moved by its page tables (mremap): no second copy of it */
        size_t cap = l->cap ? l->cap + l->cap / 4 + 64 : 4096;
        struct pk_u128 *more =
            cap < SIZE_MAX / sizeof(*more) ? realloc(l->item, cap * sizeof(*more)) : NULL;

        if (!more)
            return -ENOMEM;
        l->item = more;
        l->cap = cap;
    }
    l->item[l->n++] = a;
    return 0;
}

static unsigned byte_of(struct pk_u128 a, unsigned i)
{
    return i < 8 ? a.hi >> (56 - 8 * i) & 0xff : a.lo >> (120 - 8 * i) & 0xff;
}

static void insertion_sort(struct pk_u128 *item, size_t n)
{
    for (size_t i = 1, j; i < n; i++) {
        struct pk_u128 a = item[i];

        for (j = i; j && pk_u128_less(a, item[j - 1]); j--)
            item[j] = item[j - 1];
        item[j] = a;
    }
}

/* Puts each item into the part of its byte: ends[b] is where part b ends, next[b] where it grows.
 */
static void permute(struct pk_u128 *item, unsigned byte, size_t next[256], const size_t ends[256])
{
    for (unsigned b = 0; b < 256; b++) {
        while (next[b] < ends[b]) {
            struct pk_u128 a = item[next[b]];
            unsigned to = byte_of(a, byte);

            while (to != b) {
                struct pk_u128 other = item[next[to]];

                item[next[to]++] = a;
                a = other;
                to = byte_of(a, byte);
            }
            item[next[b]++] = a;
        }
    }
}

static void sort_from(struct pk_u128 *item, size_t n, unsigned byte)
{
    size_t next[256], ends[256] = {0}, at = 0;

    if (n <= SMALL) {
        insertion_sort(item, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        ends[byte_of(item[i], byte)]++;
    for (unsigned b = 0; b < 256; b++) {
        next[b] = at;
        at += ends[b];
        ends[b] = at;
    }
    permute(item, byte, next, ends);
    for (unsigned b = 0; b < 256 && byte < 15; b++) {
        size_t start = b ? ends[b - 1] : 0;

        if (ends[b] - start > 1)
            sort_from(item + start, ends[b] - start, byte + 1);
    }
}

void pk_address_list_unique(struct pk_address_list *l)
{
    size_t kept = 0;

    sort_from(l->item, l->n, 0);
    for (size_t i = 0; i < l->n; i++)
        if (!kept || !pk_u128_equal(l->item[i], l->item[kept - 1]))
            l->item[kept++] = l->item[i];
    l->n = kept;
}

void pk_address_list_done(struct pk_address_list *l)
{
    free(l->item);
    *l = (struct pk_address_list){0};
}
