// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/changes.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "rules/id.h"

/* As they are kept: offsets count from the head. */
struct pk_changes_rule {
    uint32_t text, file; /* offsets of strings */
    uint32_t chain, before, slot, line, leaf;
    uint32_t pad;
};

struct pk_changes_list {
    uint32_t added, n_added; /* offset of struct pk_changes_rule [] */
    uint32_t gone, n_gone;   /* offset of struct pk_gone [] */
};

struct pk_changes_head {
    uint64_t magic;
    uint64_t hash; /* of the bytes after this word */
    uint32_t size, pad;
    struct pk_u128 id;
    uint64_t generation;
    int64_t applied_at;
    struct pk_changes_list list[PK_FAMILY_N];
};

static uint32_t pk_changes_string(struct pk_buf *out, size_t head, const char *s)
{
    uint32_t at = (uint32_t)(out->len - head);

    pk_buf_add(out, s, strlen(s) + 1);
    return at;
}

/* Strings first: then what points to them is known. */
static int pk_changes_put(const struct pk_changes_part *p, size_t head, struct pk_buf *out,
                          struct pk_changes_list *ret)
{
    _pk_buf_ struct pk_buf rules = PK_BUF_INIT(out->max);
    static const char zero[8];

    for (size_t i = 0; i < p->n_added; i++) {
        const struct pk_added *a = &p->added[i];
        const struct pk_changes_rule rec = {
            .text = pk_changes_string(out, head, a->text),
            .file = pk_changes_string(out, head, a->file),
            .chain = a->chain,
            .before = a->before,
            .slot = a->slot,
            .line = a->line,
            .leaf = a->leaf,
        };

        pk_buf_add(&rules, &rec, sizeof(rec));
    }
    pk_buf_add(out, zero, -(out->len - head) % 8);
    ret->added = (uint32_t)(out->len - head);
    ret->n_added = (uint32_t)p->n_added;
    pk_buf_add(out, rules.data ? rules.data : "", rules.len);
    ret->gone = (uint32_t)(out->len - head);
    ret->n_gone = (uint32_t)p->n_gone;
    pk_buf_add(out, p->n_gone ? (const void *)p->gone : "", p->n_gone * sizeof(*p->gone));
    return rules.failed ? rules.failed : out->failed;
}

static uint64_t pk_changes_hash(const struct pk_changes_head *h)
{
    const size_t skip = offsetof(struct pk_changes_head, size);

    return pk_sum64((const char *)h + skip, h->size - skip, PK_CHANGES_MAGIC);
}

int pk_changes_write(const struct pk_changes *c, struct pk_buf *out)
{
    struct pk_changes_head h = {.magic = PK_CHANGES_MAGIC,
                                .id = c->id,
                                .generation = c->generation,
                                .applied_at = c->applied_at};
    size_t head = out->len;
    int r = 0;

    pk_buf_add(out, &h, sizeof(h));
    for (int f = 0; !r && f < PK_FAMILY_N; f++)
        r = pk_changes_put(&c->part[f], head, out, &h.list[f]);
    if (r)
        return r;
    h.size = (uint32_t)(out->len - head);
    memcpy(out->data + head, &h, sizeof(h));
    ((struct pk_changes_head *)(out->data + head))->hash =
        pk_changes_hash((const struct pk_changes_head *)(out->data + head));
    return 0;
}

static bool pk_changes_has(const struct pk_changes_head *h, uint64_t at, uint64_t n, uint64_t size)
{
    return at >= sizeof(*h) && at <= h->size && n * size <= h->size - at;
}

/* A copy of a string; *ret stays as it is if there is no memory. */
static int pk_changes_text(const struct pk_changes_head *h, uint32_t at, struct pk_arena *a,
                           const char **ret)
{
    const char *s = (const char *)h + at;

    if (!pk_changes_has(h, at, 1, 1) || !memchr(s, 0, h->size - at))
        return -EBADMSG;
    *ret = pk_arena_strdup(a, s);
    return *ret ? 0 : -ENOMEM;
}

/* `last`: the one before it, or NULL. They stand by chain, then place. */
static bool pk_changes_rule_ok(const struct pk_store_head *s, enum pk_family f,
                               const struct pk_changes_rule *r, const struct pk_changes_rule *last)
{
    const struct pk_store_chain *c;

    if (last && (r->chain < last->chain || (r->chain == last->chain && r->before < last->before)))
        return false;
    if (r->chain >= s->family[f].n_chains || r->slot >= PK_CHUNK * PK_CHUNKS_MAX)
        return false;
    c = &pk_store_chains(s, f)[r->chain];
    return r->before >= c->first && r->before - c->first <= c->n_rules;
}

static int pk_changes_get_added(const struct pk_changes_head *h, enum pk_family f,
                                const struct pk_store_head *s, struct pk_arena *a,
                                struct pk_changes_part *p)
{
    const struct pk_changes_list *l = &h->list[f];
    const struct pk_changes_rule *rec = (const void *)((const char *)h + l->added);
    int r = 0;

    if (l->added % 8 || !pk_changes_has(h, l->added, l->n_added, sizeof(*rec)))
        return -EBADMSG;
    p->added = pk_arena_array(a, struct pk_added, l->n_added + 1u);
    if (!p->added)
        return -ENOMEM;
    for (; !r && p->n_added < l->n_added; p->n_added++, rec++) {
        struct pk_added *to = &p->added[p->n_added];

        *to = (struct pk_added){.chain = rec->chain,
                                .before = rec->before,
                                .slot = rec->slot,
                                .line = rec->line,
                                .leaf = rec->leaf};
        r = pk_changes_rule_ok(s, f, rec, p->n_added ? rec - 1 : NULL)
                ? pk_changes_text(h, rec->text, a, &to->text)
                : -EBADMSG;
        if (!r)
            r = pk_changes_text(h, rec->file, a, &to->file);
        if (!r)
            to->hash = pk_rule_hash(to->text, strlen(to->text));
    }
    return r;
}

static int pk_changes_get_gone(const struct pk_changes_head *h, enum pk_family f,
                               const struct pk_store_head *s, struct pk_arena *a,
                               struct pk_changes_part *p)
{
    const struct pk_changes_list *l = &h->list[f];
    const struct pk_gone *gone = (const void *)((const char *)h + l->gone);

    if (l->gone % 4 || !pk_changes_has(h, l->gone, l->n_gone, sizeof(*gone)))
        return -EBADMSG;
    p->gone = pk_arena_array(a, struct pk_gone, l->n_gone + 1u);
    if (!p->gone)
        return -ENOMEM;
    for (; p->n_gone < l->n_gone; p->n_gone++) {
        const struct pk_gone *g = &gone[p->n_gone];

        if (g->rule >= s->family[f].n_rules || (p->n_gone && g->rule <= g[-1].rule))
            return -EBADMSG;
        p->gone[p->n_gone] = *g;
    }
    return 0;
}

int pk_changes_read(const void *data, size_t len, const struct pk_store_head *s, struct pk_arena *a,
                    struct pk_changes *ret)
{
    const struct pk_changes_head *h = data;
    struct pk_changes c = {0};
    int r = 0;

    if (len < sizeof(*h) || h->magic != PK_CHANGES_MAGIC || h->size < sizeof(*h) || h->size > len ||
        h->hash != pk_changes_hash(h))
        return -EBADMSG;
    c.id = h->id;
    c.generation = h->generation;
    c.applied_at = h->applied_at;
    for (int f = 0; !r && f < PK_FAMILY_N; f++) {
        if (!s->family[f].given && (h->list[f].n_added || h->list[f].n_gone))
            return -EBADMSG;
        r = pk_changes_get_added(h, (enum pk_family)f, s, a, &c.part[f]);
        if (!r)
            r = pk_changes_get_gone(h, (enum pk_family)f, s, a, &c.part[f]);
    }
    if (!r)
        *ret = c;
    return r;
}

int pk_changes_add(struct pk_changes_part *p, size_t at, const struct pk_added *new,
                   struct pk_arena *a)
{
    struct pk_added *to = pk_arena_array(a, struct pk_added, p->n_added + 1);

    if (!to)
        return -ENOMEM;
    if (at)
        memcpy(to, p->added, at * sizeof(*to));
    to[at] = *new;
    if (p->n_added > at)
        memcpy(to + at + 1, p->added + at, (p->n_added - at) * sizeof(*to));
    p->added = to;
    p->n_added++;
    return 0;
}

int pk_changes_gone(struct pk_changes_part *p, const struct pk_gone *gone, struct pk_arena *a)
{
    struct pk_gone *to = pk_arena_array(a, struct pk_gone, p->n_gone + 1);
    size_t n = 0;

    if (!to)
        return -ENOMEM;
    while (n < p->n_gone && p->gone[n].rule < gone->rule) {
        to[n] = p->gone[n];
        n++;
    }
    to[n] = *gone;
    for (; n < p->n_gone; n++)
        to[n + 1] = p->gone[n];
    p->gone = to;
    p->n_gone++;
    return 0;
}

void pk_changes_remove(struct pk_changes_part *p, size_t at)
{
    p->n_added--;
    memmove(p->added + at, p->added + at + 1, (p->n_added - at) * sizeof(*p->added));
}
