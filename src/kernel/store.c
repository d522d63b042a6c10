// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/store.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "rules/text.h"

/* File names, each once; a set names very few. */
struct pk_names {
    const char **name;
    size_t n, cap, last;
    struct pk_arena arena;
};

static int pk_name_add(struct pk_names *t, const char *name, uint32_t *ret)
{
    void *grown;

    if (t->n && (t->name[t->last] == name || !strcmp(t->name[t->last], name))) {
        *ret = (uint32_t)t->last;
        return 0;
    }
    for (t->last = 0; t->last < t->n; t->last++)
        if (!strcmp(t->name[t->last], name))
            break;
    *ret = (uint32_t)t->last;
    if (t->last < t->n)
        return 0;
    grown = pk_arena_grow(&t->arena, t->name, t->n, &t->cap, sizeof(*t->name));
    if (!grown)
        return -ENOMEM;
    t->name = grown;
    t->name[t->n++] = name;
    return 0;
}

static void pk_store_align(struct pk_buf *b)
{
    static const char zero[8];

    if (b->len % 8)
        pk_buf_add(b, zero, 8 - b->len % 8);
}

static int pk_store_put_rules(const struct pk_ruleset *rs, const uint32_t *slot,
                              struct pk_names *names, struct pk_buf *out)
{
    for (size_t c = 0; c < rs->n_chains; c++) {
        const struct pk_chain *chain = rs->chains[c];

        for (size_t i = 0; i < chain->n_rules; i++) {
            const struct pk_rule *rule = chain->rules[i];
            struct pk_store_rule rec = {.line = rule->line, .slot = slot[rule->ordinal]};
            int r = pk_name_add(names, rule->file ? rule->file : "", &rec.file);

            if (r)
                return r;
            pk_buf_add(out, &rec, sizeof(rec));
        }
    }
    return out->failed;
}

static int pk_store_put_family(const struct pk_ruleset *rs, const struct pk_slots *slots,
                               struct pk_names *names, struct pk_buf *out,
                               struct pk_store_family *ret)
{
    static const struct pk_counters zero[PK_HOOK_N];
    const struct pk_save_options save = {.policy = zero};
    struct pk_store_family f = {.given = 1, .n_rules = rs->n_rules};
    int r;

    pk_store_align(out);
    f.rules = (uint32_t)out->len;
    r = pk_store_put_rules(rs, slots->rule[rs->family], names, out);
    if (r)
        return r;
    f.text = (uint32_t)out->len;
    pk_ruleset_save(rs, &save, out);
    f.text_len = (uint32_t)(out->len - f.text);
    memcpy(f.policy_slot, slots->policy[rs->family], sizeof(f.policy_slot));
    *ret = f;
    return out->failed;
}

static int pk_store_put_names(const struct pk_names *names, struct pk_buf *out,
                              struct pk_store_head *h)
{
    uint32_t at;

    pk_store_align(out);
    h->n_files = (uint32_t)names->n;
    h->files = (uint32_t)out->len;
    at = h->files + (uint32_t)(names->n * sizeof(at));
    for (size_t i = 0; i < names->n; i++) {
        pk_buf_add(out, &at, sizeof(at));
        at += (uint32_t)strlen(names->name[i]) + 1;
    }
    for (size_t i = 0; i < names->n; i++)
        pk_buf_add(out, names->name[i], strlen(names->name[i]) + 1);
    return out->failed;
}

static uint64_t pk_store_hash(const struct pk_store_head *h)
{
    const size_t skip = offsetof(struct pk_store_head, size);

    return pk_hash64((const char *)h + skip, h->size - skip, PK_STORE_MAGIC);
}

static int pk_store_put(const struct pk_ruleset *const rs[PK_FAMILY_N],
                        const struct pk_slots *slots, struct pk_names *names,
                        struct pk_store_head *h, struct pk_buf *out)
{
    int r = 0;

    pk_buf_add(out, h, sizeof(*h));
    for (int f = 0; !r && f < PK_FAMILY_N; f++)
        if (rs[f] && rs[f]->given)
            r = pk_store_put_family(rs[f], slots, names, out, &h->family[f]);
    return r ? r : pk_store_put_names(names, out, h);
}

int pk_store_write(const struct pk_ruleset *const rs[PK_FAMILY_N], const struct pk_slots *slots,
                   const struct pk_store_meta *meta, struct pk_buf *out)
{
    struct pk_store_head h = {.magic = PK_STORE_MAGIC,
                              .id = meta->id,
                              .generation = meta->generation,
                              .applied_at = meta->applied_at};
    struct pk_names names = {0};
    int r = pk_store_put(rs, slots, &names, &h, out);

    pk_arena_done(&names.arena);
    if (r)
        return r;
    h.size = (uint32_t)out->len;
    memcpy(out->data, &h, sizeof(h));
    ((struct pk_store_head *)out->data)->hash =
        pk_store_hash((const struct pk_store_head *)out->data);
    return 0;
}

static bool pk_store_has(const struct pk_store_head *h, uint64_t at, uint64_t n, uint64_t size)
{
    return at >= sizeof(*h) && at <= h->size && n * size <= h->size - at;
}

static bool pk_store_files_ok(const struct pk_store_head *h)
{
    const uint32_t *at = (const uint32_t *)((const char *)h + h->files);

    if (h->files % 4 || !pk_store_has(h, h->files, h->n_files, sizeof(*at)))
        return false;
    for (uint32_t i = 0; i < h->n_files; i++)
        if (at[i] < sizeof(*h) || at[i] >= h->size ||
            !memchr((const char *)h + at[i], 0, h->size - at[i]))
            return false;
    return true;
}

static bool pk_store_family_ok(const struct pk_store_head *h, const struct pk_store_family *f)
{
    const struct pk_store_rule *rule = (const struct pk_store_rule *)((const char *)h + f->rules);

    if (!f->given)
        return true;
    if (f->rules % 4 || !pk_store_has(h, f->rules, f->n_rules, sizeof(*rule)) ||
        !pk_store_has(h, f->text, f->text_len, 1))
        return false;
    for (int i = 0; i < PK_HOOK_N; i++)
        if (f->policy_slot[i] >= PK_CHUNK * PK_CHUNKS_MAX)
            return false;
    for (uint32_t i = 0; i < f->n_rules; i++)
        if (rule[i].file >= h->n_files || rule[i].slot >= PK_CHUNK * PK_CHUNKS_MAX)
            return false;
    return true;
}

int pk_store_check(const void *data, size_t len, const struct pk_store_head **ret)
{
    const struct pk_store_head *h = data;

    if (len < sizeof(*h) || h->magic != PK_STORE_MAGIC || h->size < sizeof(*h) || h->size > len ||
        h->hash != pk_store_hash(h) || !pk_store_files_ok(h))
        return -EBADMSG;
    for (int f = 0; f < PK_FAMILY_N; f++)
        if (!pk_store_family_ok(h, &h->family[f]))
            return -EBADMSG;
    *ret = h;
    return 0;
}

const struct pk_store_rule *pk_store_rules(const struct pk_store_head *s, enum pk_family family)
{
    return (const struct pk_store_rule *)((const char *)s + s->family[family].rules);
}

static int pk_store_names(const struct pk_store_head *s, struct pk_arena *a, const char ***ret)
{
    const uint32_t *at = (const uint32_t *)((const char *)s + s->files);
    const char **name = pk_arena_array(a, const char *, s->n_files);

    if (!name && s->n_files)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->n_files; i++) {
        name[i] = pk_arena_strdup(a, (const char *)s + at[i]);
        if (!name[i])
            return -ENOMEM;
    }
    *ret = name;
    return 0;
}

/* Gives rules their places back, which the text does not know. */
static void pk_store_place(const struct pk_ruleset *rs, const struct pk_store_rule *rec,
                           const char *const *names, uint32_t *slot)
{
    for (size_t c = 0; c < rs->n_chains; c++)
        for (size_t i = 0; i < rs->chains[c]->n_rules; i++) {
            struct pk_rule *rule = rs->chains[c]->rules[i];
            const struct pk_store_rule *from = &rec[rule->ordinal];

            rule->file = names[from->file];
            rule->line = from->line;
            slot[rule->ordinal] = from->slot;
        }
}

static int pk_store_read_family(const struct pk_store_head *s, enum pk_family family,
                                const char *const *names, struct pk_arena *a, struct pk_live *live)
{
    const struct pk_store_family *f = &s->family[family];
    const struct pk_read_options o = {.format = PK_TEXT_SAVE, .family = (int)family};
    _pk_diags_ struct pk_diags unseen = {0};
    struct pk_read got = {0};
    struct pk_ruleset *rs;
    int r = pk_text_read((const char *)s + f->text, f->text_len, "live set", &o, a, &got, &unseen);

    if (r)
        return r == -ENOMEM ? r : -EBADMSG;
    rs = got.family[family];
    if (!rs || rs->n_rules != f->n_rules)
        return -EBADMSG;
    live->slot[family] = pk_arena_array(a, uint32_t, f->n_rules + 1u);
    if (!live->slot[family])
        return -ENOMEM;
    pk_store_place(rs, pk_store_rules(s, family), names, live->slot[family]);
    memcpy(live->policy_slot[family], f->policy_slot, sizeof(f->policy_slot));
    rs->given = true;
    live->family[family] = rs;
    return 0;
}

int pk_store_read(const struct pk_store_head *s, struct pk_arena *a, struct pk_live *ret)
{
    struct pk_live live = {.generation = s->generation, .id = s->id, .applied_at = s->applied_at};
    const char **names = NULL;
    int r = pk_store_names(s, a, &names);

    for (int f = 0; !r && f < PK_FAMILY_N; f++) {
        if (s->family[f].given)
            r = pk_store_read_family(s, (enum pk_family)f, names, a, &live);
        else if (!(live.family[f] = pk_ruleset_new(a, (enum pk_family)f)))
            r = -ENOMEM;
    }
    if (!r)
        *ret = live;
    return r;
}
