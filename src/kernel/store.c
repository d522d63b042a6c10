// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/store.h"

#include <errno.h>
#include <string.h>

#include "classify/delta.h"
#include "rules/id.h"
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

/*
 * Records of a chain's rules. Their lines stand one behind the other in the text, from *at on, as
 * pk_ruleset_save wrote them: "-A CHAIN TEXT\n".
 */
static int pk_store_put_rules(const struct pk_chain *c, const uint32_t *slot, const uint32_t *leaf,
                              struct pk_names *names, struct pk_buf *out, uint32_t *at)
{
    uint32_t before = (uint32_t)strlen("-A ") + (uint32_t)strlen(c->name);

    for (size_t i = 0; i < c->n_rules; i++) {
        const struct pk_rule *rule = c->rules[i];
        size_t len = strlen(rule->text);
        struct pk_store_rule rec = {.hash = pk_rule_hash(rule->text, len),
                                    .text = *at + before + (len ? 1 : 0),
                                    .text_len = (uint32_t)len,
                                    .line = rule->line,
                                    .slot = slot[rule->ordinal],
                                    .leaf = leaf[rule->ordinal]};
        int r = pk_name_add(names, rule->file ? rule->file : "", &rec.file);

        if (r)
            return r;
        pk_buf_add(out, &rec, sizeof(rec));
        *at = rec.text + rec.text_len + 1;
    }
    return out->failed;
}

/* Where the first rule's line begins: behind it come all the others and the end. */
static uint32_t pk_store_first_line(const struct pk_ruleset *rs, const struct pk_buf *texts)
{
    size_t len = strlen("COMMIT\n");

    for (size_t c = 0; c < rs->n_chains; c++)
        for (size_t i = 0; i < rs->chains[c]->n_rules; i++) {
            size_t text = strlen(rs->chains[c]->rules[i]->text);

            len += strlen("-A ") + strlen(rs->chains[c]->name) + (text ? 1 : 0) + text + 1;
        }
    return (uint32_t)(texts->len - len);
}

static void pk_store_put_chains(const struct pk_ruleset *rs, const uint32_t *leaf,
                                struct pk_buf *out)
{
    uint32_t first = 0;

    for (size_t i = 0; i < rs->n_chains; i++) {
        const struct pk_chain *c = rs->chains[i];
        struct pk_store_chain rec = {
            .first = first, .n_rules = (uint32_t)c->n_rules, .policy = c->policy};

        memcpy(rec.name, c->name, strlen(c->name)); /* PK_CHAIN_NAME_MAX at most */
        first += rec.n_rules;
        rec.leaf = leaf[first];
        pk_chain_hash(c, &rec.hash);
        pk_buf_add(out, &rec, sizeof(rec));
    }
}

/* A family's plan, but for its fields. */
#define PK_STORE_PLAN(X)                                                                           \
    X(present)                                                                                     \
    X(rules)                                                                                       \
    X(leaves)                                                                                      \
    X(chains)                                                                                      \
    X(depth)                                                                                       \
    X(listed)                                                                                      \
    X(asked)                                                                                       \
    X(list_bytes)                                                                                  \
    X(row_bytes)                                                                                   \
    X(leaf_bytes)                                                                                  \
    X(order_bytes)                                                                                 \
    X(step_bytes)
#define PK_STORE_PLAN_TAKE(name) .name = from->name,

static struct pk_store_field_plan pk_store_put_field(const struct pk_field_plan *f)
{
    return (struct pk_store_field_plan){f->intervals, f->rows, f->bytes, f->used, f->method};
}

static struct pk_field_plan pk_store_get_field(const struct pk_store_field_plan *f)
{
    return (struct pk_field_plan){f->used, (enum pk_method)f->method, f->intervals, f->rows,
                                  f->bytes};
}

static void pk_store_put_plan(const struct pk_family_plan *from, struct pk_store_plan *to)
{
    *to = (struct pk_store_plan){PK_STORE_PLAN(PK_STORE_PLAN_TAKE)};
    for (unsigned i = 0; i < PK_FIELD_N; i++) {
        to->field[i] = pk_store_put_field(&from->field[i]);
        to->list[i] = pk_store_put_field(&from->list[i]);
    }
}

static void pk_store_get_plan(const struct pk_store_plan *from, struct pk_family_plan *to)
{
    *to = (struct pk_family_plan){PK_STORE_PLAN(PK_STORE_PLAN_TAKE)};
    for (unsigned i = 0; i < PK_FIELD_N; i++) {
        to->field[i] = pk_store_get_field(&from->field[i]);
        to->list[i] = pk_store_get_field(&from->list[i]);
    }
}

void pk_store_plan_of(const struct pk_store_head *s, struct pk_plan *ret)
{
    *ret =
        (struct pk_plan){.classifier = (enum pk_classifier)s->classifier, .bytes = s->image_bytes};
    for (int f = 0; f < PK_FAMILY_N; f++)
        pk_store_get_plan(&s->plan[f], &ret->family[f]);
}

/* The three parts, as they are made. */
struct pk_store_parts {
    struct pk_buf *out, rules, texts;
    struct pk_names names;
    struct pk_arena arena;
};

static int pk_store_put_family(const struct pk_ruleset *rs, const struct pk_slots *slots,
                               const struct pk_image *image, struct pk_store_parts *p,
                               struct pk_store_family *ret)
{
    static const struct pk_counters zero[PK_HOOK_N];
    const struct pk_save_options save = {.policy = zero};
    struct pk_store_family f = {
        .given = 1, .n_rules = rs->n_rules, .n_chains = (uint32_t)rs->n_chains};
    uint32_t *leaf = pk_arena_array(&p->arena, uint32_t, rs->n_rules + 1u), line;
    int r = leaf ? 0 : -ENOMEM;

    if (r)
        return r;
    pk_image_leaves(image->head, rs->family, rs->n_rules, leaf);
    f.text = (uint32_t)p->texts.len;
    pk_ruleset_save(rs, &save, &p->texts);
    if (p->texts.failed)
        return p->texts.failed;
    f.text_len = (uint32_t)(p->texts.len - f.text);
    line = pk_store_first_line(rs, &p->texts);
    f.rules = (uint32_t)p->rules.len; /* from the first rule, for now */
    for (size_t c = 0; !r && c < rs->n_chains; c++)
        r = pk_store_put_rules(rs->chains[c], slots->rule[rs->family], leaf, &p->names, &p->rules,
                               &line);
    f.chains = (uint32_t)p->out->len;
    pk_store_put_chains(rs, leaf, p->out);
    memcpy(f.policy_slot, slots->policy[rs->family], sizeof(f.policy_slot));
    *ret = f;
    return r ? r : p->out->failed;
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

static uint64_t pk_store_sum(const struct pk_store_head *h)
{
    const size_t skip = offsetof(struct pk_store_head, rules_sum);

    return pk_sum64((const char *)h + skip, h->rules - skip, PK_STORE_MAGIC);
}

static uint64_t pk_store_rules_sum(const struct pk_store_head *h)
{
    return pk_sum64((const char *)h + h->rules, h->texts - h->rules, PK_STORE_MAGIC);
}

static uint64_t pk_store_texts_sum(const struct pk_store_head *h)
{
    return pk_sum64((const char *)h + h->texts, h->size - h->texts, PK_STORE_MAGIC);
}

static void pk_store_join(struct pk_buf *out, const struct pk_buf *part, uint32_t *ret_at)
{
    pk_store_align(out);
    *ret_at = (uint32_t)out->len;
    if (part->len)
        pk_buf_add(out, part->data, part->len);
}

static int pk_store_put(const struct pk_ruleset *const rs[PK_FAMILY_N],
                        const struct pk_slots *slots, const struct pk_image *image,
                        struct pk_store_parts *p, struct pk_store_head *h)
{
    int r = 0;

    pk_buf_add(p->out, h, sizeof(*h));
    for (int f = 0; !r && f < PK_FAMILY_N; f++)
        if (rs[f] && rs[f]->given)
            r = pk_store_put_family(rs[f], slots, image, p, &h->family[f]);
    if (!r)
        r = pk_store_put_names(&p->names, p->out, h);
    if (r)
        return r;
    pk_store_join(p->out, &p->rules, &h->rules);
    pk_store_join(p->out, &p->texts, &h->texts);
    for (int f = 0; f < PK_FAMILY_N; f++)
        h->family[f].rules += h->rules;
    return p->rules.failed ? p->rules.failed : p->out->failed;
}

static void pk_store_parts_done(struct pk_store_parts *p)
{
    pk_buf_done(&p->rules);
    pk_buf_done(&p->texts);
    pk_arena_done(&p->names.arena);
    pk_arena_done(&p->arena);
}

int pk_store_write(const struct pk_ruleset *const rs[PK_FAMILY_N], const struct pk_slots *slots,
                   const struct pk_image *image, const struct pk_store_meta *meta,
                   struct pk_buf *out)
{
    __attribute__((cleanup(pk_store_parts_done))) struct pk_store_parts p = {
        .out = out, .rules = PK_BUF_INIT(out->max), .texts = PK_BUF_INIT(out->max)};
    struct pk_store_head *head, h = {.magic = PK_STORE_MAGIC,
                                     .id = meta->id,
                                     .generation = meta->generation,
                                     .applied_at = meta->applied_at,
                                     .classifier = meta->classifier,
                                     .image_bytes = image->plan.bytes};
    int r;

    for (int f = 0; f < PK_FAMILY_N; f++)
        pk_store_put_plan(&image->plan.family[f], &h.plan[f]);
    r = pk_store_put(rs, slots, image, &p, &h);

    if (r)
        return r;
    h.size = (uint32_t)out->len;
    head = (struct pk_store_head *)out->data;
    *head = h;
    head->texts_sum = pk_store_texts_sum(head);
    head->rules_sum = pk_store_rules_sum(head);
    head->sum = pk_store_sum(head);
    return 0;
}

/* Between the head and the rules. */
static bool pk_store_has(const struct pk_store_head *h, uint64_t at, uint64_t n, uint64_t size)
{
    return at >= sizeof(*h) && at <= h->rules && n * size <= h->rules - at;
}

static bool pk_store_has_rules(const struct pk_store_head *h, uint64_t at, uint64_t n)
{
    return at >= h->rules && at <= h->texts && n * sizeof(struct pk_store_rule) <= h->texts - at;
}

static bool pk_store_has_text(const struct pk_store_head *h, uint64_t at, uint64_t len)
{
    const uint64_t all = h->size - h->texts;

    return at <= all && len <= all - at;
}

static bool pk_store_files_ok(const struct pk_store_head *h)
{
    const uint32_t *at = (const uint32_t *)((const char *)h + h->files);

    if (h->files % 4 || !pk_store_has(h, h->files, h->n_files, sizeof(*at)))
        return false;
    for (uint32_t i = 0; i < h->n_files; i++)
        if (at[i] < sizeof(*h) || at[i] >= h->rules ||
            !memchr((const char *)h + at[i], 0, h->rules - at[i]))
            return false;
    return true;
}

static bool pk_store_plan_ok(const struct pk_store_head *h)
{
    for (int f = 0; f < PK_FAMILY_N; f++)
        for (unsigned i = 0; i < PK_FIELD_N; i++)
            if (h->plan[f].field[i].method > PK_M_SEARCH128)
                return false;
    return h->classifier < PK_CLASSIFIER_N;
}

static bool pk_store_rules_ok(const struct pk_store_head *h, const struct pk_store_family *f)
{
    const struct pk_store_rule *rule = (const struct pk_store_rule *)((const char *)h + f->rules);

    for (uint32_t i = 0; f->given && i < f->n_rules; i++)
        if (rule[i].file >= h->n_files || rule[i].slot >= PK_CHUNK * PK_CHUNKS_MAX ||
            !pk_store_has_text(h, rule[i].text, rule[i].text_len))
            return false;
    return true;
}

static bool pk_store_chains_ok(const struct pk_store_head *h, const struct pk_store_family *f)
{
    const struct pk_store_chain *c = (const struct pk_store_chain *)((const char *)h + f->chains);
    uint32_t first = 0;

    for (uint32_t i = 0; i < f->n_chains; i++) {
        if (c[i].name[sizeof(c[i].name) - 1] || c[i].first != first ||
            c[i].n_rules > f->n_rules - first)
            return false;
        first += c[i].n_rules;
    }
    return first == f->n_rules && f->n_chains >= PK_HOOK_N;
}

static bool pk_store_family_ok(const struct pk_store_head *h, const struct pk_store_family *f)
{
    if (!f->given)
        return true;
    if (f->rules % 8 || !pk_store_has_rules(h, f->rules, f->n_rules) || f->chains % 8 ||
        !pk_store_has(h, f->chains, f->n_chains, sizeof(struct pk_store_chain)) ||
        !pk_store_has_text(h, f->text, f->text_len) || f->text_len < strlen("COMMIT\n"))
        return false;
    for (int i = 0; i < PK_HOOK_N; i++)
        if (f->policy_slot[i] >= PK_CHUNK * PK_CHUNKS_MAX)
            return false;
    return pk_store_chains_ok(h, f);
}

size_t pk_store_length(const struct pk_store_head *h, enum pk_store_part part)
{
    return part == PK_STORE_CHAINS ? h->rules : part == PK_STORE_RULES ? h->texts : h->size;
}

static bool pk_store_sums_ok(const struct pk_store_head *h, enum pk_store_part part)
{
    return h->sum == pk_store_sum(h) &&
           (part < PK_STORE_RULES || h->rules_sum == pk_store_rules_sum(h)) &&
           (part < PK_STORE_TEXTS || h->texts_sum == pk_store_texts_sum(h));
}

int pk_store_check(const void *data, size_t len, enum pk_store_part part,
                   const struct pk_store_head **ret)
{
    const struct pk_store_head *h = data;

    if (len < sizeof(*h) || h->magic != PK_STORE_MAGIC || h->rules < sizeof(*h) || h->rules % 8 ||
        h->rules > h->texts || h->texts > h->size || pk_store_length(h, part) > len ||
        !pk_store_sums_ok(h, part) || !pk_store_files_ok(h) || !pk_store_plan_ok(h))
        return -EBADMSG;
    for (int f = 0; f < PK_FAMILY_N; f++)
        if (!pk_store_family_ok(h, &h->family[f]) ||
            (part >= PK_STORE_RULES && !pk_store_rules_ok(h, &h->family[f])))
            return -EBADMSG;
    *ret = h;
    return 0;
}

const struct pk_store_rule *pk_store_rules(const struct pk_store_head *s, enum pk_family family)
{
    return (const struct pk_store_rule *)((const char *)s + s->family[family].rules);
}

const struct pk_store_chain *pk_store_chains(const struct pk_store_head *s, enum pk_family family)
{
    return (const struct pk_store_chain *)((const char *)s + s->family[family].chains);
}

uint32_t pk_store_leaf(const struct pk_store_head *s, enum pk_family family, uint32_t ordinal)
{
    const struct pk_store_family *f = &s->family[family];

    return ordinal < f->n_rules ? pk_store_rules(s, family)[ordinal].leaf
                                : pk_store_chains(s, family)[f->n_chains - 1].leaf;
}

const char *pk_store_text(const struct pk_store_head *s, const struct pk_store_rule *r)
{
    return (const char *)s + s->texts + r->text;
}

const char *pk_store_file(const struct pk_store_head *s, const struct pk_store_rule *r)
{
    const uint32_t *at = (const uint32_t *)((const char *)s + s->files);

    return (const char *)s + at[r->file];
}
