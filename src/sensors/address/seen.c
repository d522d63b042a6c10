// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/macro.h"

#define FIRST_CAP 64u

void pk_seen_table_init(struct pk_seen_table *t, size_t max, size_t entry_size, size_t key_size,
                        uint64_t seed)
{
    *t = (struct pk_seen_table){
        .max = max, .entry_size = entry_size, .key_size = key_size, .seed = seed};
}

static uint8_t *entry_at(const struct pk_seen_table *t, size_t i)
{
    return (uint8_t *)t->entry + i * t->entry_size;
}

/* The place of a key, or the empty one where it would be. Never more than half are taken. */
static size_t place_of(const struct pk_seen_table *t, const void *key)
{
    size_t at = pk_hash64(key, t->key_size, t->seed) & (t->places - 1);

    while (t->place[at] && memcmp(entry_at(t, t->place[at] - 1), key, t->key_size))
        at = (at + 1) & (t->places - 1);
    return at;
}

static bool grow(struct pk_seen_table *t)
{
    size_t cap = PK_MIN(t->cap ? 2 * t->cap : FIRST_CAP, t->max), places = 2 * FIRST_CAP;
    uint32_t *place;
    void *entry;

    while (places < 2 * cap)
        places *= 2;
    entry = realloc(t->entry, cap * t->entry_size);
    if (!entry)
        return false;
    t->entry = entry;
    place = calloc(places, sizeof(*place));
    if (!place)
        return false;
    free(t->place);
    t->place = place;
    t->places = places;
    t->cap = cap;
    for (size_t i = 0; i < t->n; i++)
        t->place[place_of(t, entry_at(t, i))] = (uint32_t)i + 1;
    return true;
}

void *pk_seen_find(const struct pk_seen_table *t, const void *key)
{
    size_t at = t->places ? place_of(t, key) : 0;

    return t->places && t->place[at] ? entry_at(t, t->place[at] - 1) : NULL;
}

void *pk_seen_get(struct pk_seen_table *t, const void *key)
{
    void *found = pk_seen_find(t, key);
    uint8_t *e;

    if (found)
        return found;
    if (t->n == t->cap && (t->n == t->max || !grow(t))) {
        t->beyond++;
        return NULL;
    }
    t->place[place_of(t, key)] = (uint32_t)t->n + 1;
    e = entry_at(t, t->n++);
    memcpy(e, key, t->key_size);
    memset(e + t->key_size, 0, t->entry_size - t->key_size);
    return e;
}

void pk_seen_table_done(struct pk_seen_table *t)
{
    free(t->entry);
    free(t->place);
    *t = (struct pk_seen_table){0};
}

void pk_seen_in(struct pk_seen *s, const struct pk_capture_packet *p)
{
    if (s->latest == p->number)
        return;
    if (s->times < PK_EVIDENCE_MAX)
        s->packet[s->times] = p->number;
    s->first = s->times && s->first != PK_WHEN_UNKNOWN ? PK_MIN(s->first, p->when) : p->when;
    s->last = s->times ? PK_MAX(s->last, p->when) : p->when;
    s->latest = p->number;
    s->times++;
}

void pk_seen_evidence(const struct pk_seen *s, struct pk_finding *f)
{
    f->first = s->first;
    f->last = s->last;
    f->times = s->times;
    f->n_evidence = (size_t)PK_MIN(s->times, PK_EVIDENCE_MAX);
    for (size_t i = 0; i < f->n_evidence; i++)
        f->evidence[i] = (struct pk_evidence){.number = s->packet[i]};
}
