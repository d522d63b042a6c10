// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/macro.h"
#include "sensors/address/tally.h"

const char *pk_map_prefix(const struct pk_map *m, const struct pk_map_row *r, char buf[static 50])
{
    char text[46];

    snprintf(buf, 50, "%s/%u", pk_address_text(r->prefix, text), m->bits);
    return buf;
}

static void add_counts(struct pk_map_row *to, const struct pk_map_row *r)
{
    to->n += r->n;
    for (int k = 0; k < PK_IID_N; k++)
        to->iid[k] += r->iid[k];
}

/* The largest keep a row, the largest first; of equal ones the first. */
static void keep_row(struct pk_map *m, const struct pk_map_row *r)
{
    size_t at = m->n_rows;

    while (at && m->row[at - 1].n < r->n)
        at--;
    if (at == PK_MAP_ROWS) {
        add_counts(&m->others, r);
        return;
    }
    if (m->n_rows == PK_MAP_ROWS)
        add_counts(&m->others, &m->row[--m->n_rows]);
    memmove(&m->row[at + 1], &m->row[at], (m->n_rows - at) * sizeof(*r));
    m->row[at] = *r;
    m->n_rows++;
}

/* Who made the device, as far as it can be told. */
static const char *maker(const struct pk_vendors *v, const struct pk_verdict *verdict)
{
    const struct pk_vendor_block *b = pk_vendor_of(v, verdict->mac);

    if (verdict->iid == PK_IID_EUI64_VIRTUAL)
        return verdict->reason;
    if (verdict->iid == PK_IID_EUI64_LOCAL)
        return "(a local MAC: random, or made by software)";
    if (b && b->name)
        return b->name;
    return v->loaded ? "(of no registered block)" : "(no registries: install ieee-data)";
}

static int count_vendor(struct pk_map *m, const struct pk_vendors *v,
                        const struct pk_verdict *verdict, struct pk_seen_table *vendors)
{
    const char *name = maker(v, verdict);
    struct pk_u128 key = pk_hash128(name, strlen(name));
    struct pk_map_vendor *e = pk_seen_get(vendors, &key);

    m->macs++;
    if (!e)
        return vendors->n == vendors->max ? 0 : -ENOMEM;
    e->name = name;
    e->n++;
    return 0;
}

static bool has_device_mac(enum pk_iid_kind k)
{
    return k == PK_IID_EUI64 || k == PK_IID_EUI64_LOCAL || k == PK_IID_EUI64_VIRTUAL;
}

/* The n addresses of one prefix. */
static int add_prefix(struct pk_map *m, const struct pk_u128 *a, size_t n,
                      const struct pk_vendors *v, struct pk_seen_table *vendors)
{
    struct pk_map_row r = {.prefix = {a->hi & ~0ULL << (64 - m->bits), 0}, .bits = -1};
    int e = 0;

    for (size_t i = 0; i < n && !e; i++) {
        struct pk_verdict verdict;

        pk_address_judge(a[i], &verdict);
        if (verdict.iid == PK_IID_NONE) {
            m->without++;
            continue;
        }
        r.n++;
        r.iid[verdict.iid]++;
        if (has_device_mac(verdict.iid))
            e = count_vendor(m, v, &verdict, vendors);
    }
    if (!r.n)
        return e;
    if (n >= PK_MAP_SAMPLE) {
        pk_address_entropy(a, n, r.entropy);
        r.bits = 0;
        for (unsigned k = m->bits / 4; k < 32; k++)
            r.bits += 4 * r.entropy[k];
    }
    m->addresses += r.n;
    m->prefixes++;
    keep_row(m, &r);
    return e;
}

static int by_count(const void *p, const void *q)
{
    const struct pk_map_vendor *a = p, *b = q;

    return a->n != b->n ? (a->n < b->n) - (a->n > b->n) : strcmp(a->name, b->name);
}

static void keep_vendors(struct pk_map *m, struct pk_seen_table *vendors)
{
    struct pk_map_vendor *e = vendors->entry;

    if (vendors->n)
        qsort(e, vendors->n, sizeof(*e), by_count);
    m->n_vendors = PK_MIN(vendors->n, PK_MAP_VENDORS);
    m->other_vendors = m->macs;
    for (size_t i = 0; i < m->n_vendors; i++) {
        m->vendor[i] = e[i];
        m->other_vendors -= e[i].n;
    }
}

int pk_map_build(const struct pk_address_list *l, const struct pk_vendors *v, unsigned bits,
                 struct pk_map *ret)
{
    struct pk_map m = {.bits = bits, .others.bits = -1};
    struct pk_seen_table vendors;
    size_t start = 0;
    int e = 0;

    pk_seen_table_init(&vendors, PK_MAP_VENDORS_MAX, sizeof(struct pk_map_vendor),
                       sizeof(struct pk_u128), 0);
    for (size_t i = 1; i <= l->n && !e; i++) {
        if (i < l->n && !((l->item[i].hi ^ l->item[start].hi) >> (64 - bits)))
            continue;
        e = add_prefix(&m, l->item + start, i - start, v, &vendors);
        start = i;
    }
    keep_vendors(&m, &vendors);
    pk_seen_table_done(&vendors);
    if (!e)
        *ret = m;
    return e;
}
