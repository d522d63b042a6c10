// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/stored.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/macro.h"
#include "classify/image.h"
#include "kernel/bank.h"
#include "kernel/sys.h"
#include "rules/id.h"
#include "rules/text.h"

#define PK_STORED_TEXT_MAX ((size_t)4 << 30)

void pk_stored_done(struct pk_stored *s)
{
    if (s->mem)
        munmap(s->mem, s->len);
    pk_arena_done(&s->arena);
    *s = (struct pk_stored){0};
}

/* The changes stand behind the delta's image. */
static int pk_stored_changes(int dir, unsigned delta, struct pk_stored *s)
{
    _pk_close_ int image = -1;
    const struct pk_image_head *head;
    uint64_t size;
    size_t room;
    void *mem;
    int r = pk_sys_pinned(dir, "image", &image);

    if (r)
        return r;
    size = pk_map_bytes(image) - PK_IMAGE_SLACK;
    room = pk_engine_delta(size);
    if (!room || delta > PK_DELTA_PLACES)
        return -EBADMSG;
    r = pk_sys_map_mmap_at(image, pk_engine_deltas(size) + (delta - 1) * room, room, false, &mem);
    if (r)
        return r;
    head = mem;
    r = head->magic == PK_IMAGE_MAGIC && head->size % 8 == 0 && head->size <= room
            ? pk_changes_read((const char *)mem + head->size, room - head->size, s->head, &s->arena,
                              &s->changes)
            : -EBADMSG;
    munmap(mem, room);
    return r;
}

/* How much of a store is to be mapped, as its head says; at most the whole. */
static int pk_stored_length(int fd, enum pk_store_part part, size_t *ret)
{
    const struct pk_store_head *h;
    size_t all = pk_map_bytes(fd);
    void *mem;
    int r;

    *ret = all;
    if (part == PK_STORE_TEXTS || all < sizeof(*h))
        return 0;
    r = pk_sys_map_mmap(fd, sizeof(*h), false, &mem);
    if (r)
        return r;
    h = mem;
    *ret = PK_MIN(all, PK_MAX(pk_store_length(h, part), sizeof(*h)));
    munmap(mem, sizeof(*h));
    return 0;
}

static int pk_stored_map(int dir, enum pk_store_part part, struct pk_stored *s)
{
    _pk_close_ int fd = -1;
    int r = pk_sys_pinned(dir, "store", &fd);

    if (!r)
        r = pk_stored_length(fd, part, &s->len);
    if (!r)
        r = pk_sys_map_mmap(fd, s->len, false, &s->mem);
    return r ? r : pk_store_check(s->mem, s->len, part, &s->head);
}

int pk_stored_open(const struct pk_pins *p, struct pk_seat at, enum pk_store_part part,
                   struct pk_stored *ret)
{
    _pk_stored_ struct pk_stored s = {0};
    _pk_close_ int dir = -1;
    int r = pk_pins_bank(p, at.bank, false, &dir);

    if (!r)
        r = pk_stored_map(dir, part, &s);
    if (r)
        return r;
    s.changes = (struct pk_changes){
        .id = s.head->id, .generation = s.head->generation, .applied_at = s.head->applied_at};
    r = at.delta ? pk_stored_changes(dir, at.delta, &s) : 0;
    if (r)
        return r;
    *ret = s;
    s = (struct pk_stored){0};
    return 0;
}

void pk_each_begin(struct pk_each *e, const struct pk_stored *s, enum pk_family f, uint32_t chain)
{
    const struct pk_store_chain *c = &pk_store_chains(s->head, f)[chain];

    *e = (struct pk_each){.rules = pk_store_rules(s->head, f),
                          .part = &s->changes.part[f],
                          .chain = chain,
                          .at = c->first,
                          .end = c->first + c->n_rules};
    while (e->added < e->part->n_added && e->part->added[e->added].chain < chain)
        e->added++;
    while (e->gone < e->part->n_gone && e->part->gone[e->gone].rule < e->at)
        e->gone++;
}

size_t pk_each_count(const struct pk_each *e)
{
    size_t n = e->end - e->at;

    for (size_t i = e->gone; i < e->part->n_gone && e->part->gone[i].rule < e->end; i++)
        n--;
    for (size_t i = e->added; i < e->part->n_added && e->part->added[i].chain == e->chain; i++)
        n++;
    return n;
}

/* Whether all that changed in the chain is that rules came at its end. At its begin. */
static bool pk_each_ends(const struct pk_each *e)
{
    return (e->gone == e->part->n_gone || e->part->gone[e->gone].rule >= e->end) &&
           (e->added == e->part->n_added || e->part->added[e->added].chain != e->chain ||
            e->part->added[e->added].before == e->end);
}

bool pk_stored_ends(const struct pk_stored *s)
{
    for (int f = 0; f < PK_FAMILY_N; f++)
        for (uint32_t c = 0; s->head->family[f].given && c < s->head->family[f].n_chains; c++) {
            struct pk_each each;

            pk_each_begin(&each, s, (enum pk_family)f, c);
            if (!pk_each_ends(&each))
                return false;
        }
    return true;
}

const char *pk_each_text(const struct pk_stored *s, const struct pk_each_rule *r, size_t *ret_len)
{
    *ret_len = r->added ? strlen(r->added->text) : r->kept->text_len;
    return r->added ? r->added->text : pk_store_text(s->head, r->kept);
}

/* The hash of a chain's rules; where some were only added at its end, by going on with the one
 * kept.
 */
static void pk_stored_hash(const struct pk_stored *s, enum pk_family f, uint32_t chain,
                           struct pk_hash128 *ret)
{
    const struct pk_store_chain *c = &pk_store_chains(s->head, f)[chain];
    struct pk_each_rule rule;
    struct pk_each each;

    pk_each_begin(&each, s, f, chain);
    if (pk_each_ends(&each)) {
        *ret = c->hash;
        each.at = each.end;
    } else {
        pk_hash128_begin(ret);
    }
    while (pk_each_next(&each, &rule))
        pk_hash128_word(ret, rule.added ? rule.added->hash : rule.kept->hash);
}

struct pk_u128 pk_stored_id(const struct pk_stored *s)
{
    struct pk_hash128 id, rules;

    pk_hash128_begin(&id);
    for (int f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_store_chain *c = pk_store_chains(s->head, (enum pk_family)f);
        uint32_t n = s->head->family[f].n_chains;

        if (!s->head->family[f].given)
            continue;
        pk_id_family(&id, (enum pk_family)f, n);
        for (uint32_t i = 0; i < n; i++) {
            pk_stored_hash(s, (enum pk_family)f, i, &rules);
            pk_id_chain(&id, c[i].name, i < PK_HOOK_N ? (int)i : -1, (enum pk_action)c[i].policy,
                        &rules);
        }
    }
    return pk_hash128_end(&id);
}

static void pk_stored_line(const char *chain, const char *text, size_t len, struct pk_buf *out)
{
    pk_buf_str(out, "-A ");
    pk_buf_str(out, chain);
    if (len)
        pk_buf_char(out, ' ');
    pk_buf_add(out, text, len);
    pk_buf_char(out, '\n');
}

/* The lines of a family up to its rules: table and chains. */
static void pk_stored_head(const struct pk_stored *s, enum pk_family family, struct pk_buf *out)
{
    const struct pk_store_chain *c = pk_store_chains(s->head, family);

    pk_buf_str(out, "*filter\n");
    for (uint32_t i = 0; i < s->head->family[family].n_chains; i++) {
        pk_buf_char(out, ':');
        pk_buf_str(out, c[i].name);
        pk_buf_str(out, i >= PK_HOOK_N               ? " - [0:0]\n"
                        : c[i].policy == PK_ACT_DROP ? " DROP [0:0]\n"
                                                     : " ACCEPT [0:0]\n");
    }
}

/* The text of a family with its changes. */
static void pk_stored_text(const struct pk_stored *s, enum pk_family family, struct pk_buf *out)
{
    const struct pk_store_chain *c = pk_store_chains(s->head, family);
    struct pk_each_rule rule;
    struct pk_each each;
    const char *text;
    size_t len;

    pk_stored_head(s, family, out);
    for (uint32_t i = 0; i < s->head->family[family].n_chains; i++) {
        pk_each_begin(&each, s, family, i);
        while (pk_each_next(&each, &rule)) {
            text = pk_each_text(s, &rule, &len);
            pk_stored_line(c[i].name, text, len, out);
        }
    }
    pk_buf_str(out, "COMMIT\n");
}

static int pk_stored_scan(const char *text, size_t len, enum pk_family family, struct pk_arena *a,
                          struct pk_ruleset **ret)
{
    const struct pk_read_options o = {.format = PK_TEXT_SAVE, .family = (int)family};
    _pk_diags_ struct pk_diags unseen = {0};
    struct pk_read got = {0};
    int r = pk_text_read(text, len, "live set", &o, a, &got, &unseen);

    if (r)
        return r == -ENOMEM ? r : -EBADMSG;
    *ret = got.family[family];
    if (!*ret)
        return -EBADMSG;
    (*ret)->given = true;
    return 0;
}

/* The chains, and `n` of the rules that were added. */
static int pk_stored_few(const struct pk_stored *s, enum pk_family f, size_t n, struct pk_arena *a,
                         struct pk_ruleset **ret)
{
    const struct pk_store_chain *c = pk_store_chains(s->head, f);
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_STORED_TEXT_MAX);
    int r;

    pk_stored_head(s, f, &text);
    for (size_t i = 0; i < n; i++) {
        const struct pk_added *rule = &s->changes.part[f].added[i];

        pk_stored_line(c[rule->chain].name, rule->text, strlen(rule->text), &text);
    }
    pk_buf_str(&text, "COMMIT\n");
    r = text.failed ? text.failed : pk_stored_scan(text.data, text.len, f, a, ret);
    if (r)
        return r;
    return (*ret)->n_chains == s->head->family[f].n_chains && (*ret)->n_rules == n ? 0 : -EBADMSG;
}

int pk_stored_chains(const struct pk_stored *s, enum pk_family f, struct pk_arena *a,
                     struct pk_ruleset **ret)
{
    if (s->head->family[f].given)
        return pk_stored_few(s, f, 0, a, ret);
    *ret = pk_ruleset_new(a, f);
    return *ret ? 0 : -ENOMEM;
}

int pk_stored_added(const struct pk_stored *s, enum pk_family f, struct pk_arena *a,
                    struct pk_ruleset **ret)
{
    return pk_stored_few(s, f, s->changes.part[f].n_added, a, ret);
}

static bool pk_stored_changed(const struct pk_stored *s, enum pk_family f)
{
    return s->changes.part[f].n_added || s->changes.part[f].n_gone;
}

static int pk_stored_parse(const struct pk_stored *s, enum pk_family family, struct pk_arena *a,
                           struct pk_ruleset **ret)
{
    const struct pk_store_family *f = &s->head->family[family];
    _pk_buf_ struct pk_buf changed = PK_BUF_INIT(PK_STORED_TEXT_MAX);

    if (!pk_stored_changed(s, family))
        return pk_stored_scan((const char *)s->head + s->head->texts + f->text, f->text_len, family,
                              a, ret);
    pk_stored_text(s, family, &changed);
    return changed.failed ? changed.failed
                          : pk_stored_scan(changed.data, changed.len, family, a, ret);
}

static int pk_stored_outline_chain(const struct pk_stored *s, struct pk_ruleset *rs,
                                   struct pk_chain *c, struct pk_arena *a)
{
    struct pk_each_rule rec;
    struct pk_rule *rule;
    struct pk_each each;
    const char *text;
    size_t n, len;

    pk_each_begin(&each, s, rs->family, c->index);
    n = pk_each_count(&each);
    rule = pk_arena_array(a, struct pk_rule, n);
    c->rules = pk_arena_array(a, struct pk_rule *, n);
    if (!rule || !c->rules)
        return -ENOMEM;
    for (; c->n_rules < n && pk_each_next(&each, &rec); rule++) {
        text = pk_each_text(s, &rec, &len);
        rule->chain = c;
        rule->ordinal = rs->n_rules++;
        rule->text = pk_arena_strndup(a, text, len);
        if (!rule->text)
            return -ENOMEM;
        c->rules[c->n_rules++] = rule;
    }
    return 0;
}

/* Chains, and of their rules only the text: what pk_ruleset_stays() wants to know, in a tenth of
 * the time. */
static int pk_stored_outline(const struct pk_stored *s, enum pk_family family, struct pk_arena *a,
                             struct pk_ruleset **ret)
{
    struct pk_ruleset *rs;
    int r = pk_stored_chains(s, family, a, &rs);

    for (size_t i = 0; !r && i < rs->n_chains; i++)
        r = pk_stored_outline_chain(s, rs, rs->chains[i], a);
    if (!r)
        *ret = rs;
    return r;
}

/* A copy of a file name: most rules have that of the rule before. */
static const char *pk_stored_name(struct pk_arena *a, const char *name, const char *last)
{
    return last && !strcmp(last, name) ? last : pk_arena_strdup(a, name);
}

/* Gives rules their places back, which the text does not know. */
static int pk_stored_place(const struct pk_stored *s, const struct pk_ruleset *rs,
                           struct pk_arena *a, uint32_t *slot)
{
    const char *file = NULL;
    struct pk_each_rule rec;
    struct pk_each each;

    if (rs->n_chains != s->head->family[rs->family].n_chains)
        return -EBADMSG;
    for (uint32_t c = 0; c < rs->n_chains; c++) {
        pk_each_begin(&each, s, rs->family, c);
        for (size_t i = 0; i < rs->chains[c]->n_rules; i++) {
            struct pk_rule *rule = rs->chains[c]->rules[i];

            if (!pk_each_next(&each, &rec))
                return -EBADMSG;
            file = pk_stored_name(a, rec.added ? rec.added->file : pk_store_file(s->head, rec.kept),
                                  file);
            if (!file)
                return -ENOMEM;
            rule->file = file;
            rule->line = rec.added ? rec.added->line : rec.kept->line;
            slot[rule->ordinal] = rec.added ? rec.added->slot : rec.kept->slot;
        }
        if (pk_each_next(&each, &rec))
            return -EBADMSG;
    }
    return 0;
}

static int pk_stored_family(const struct pk_stored *s, enum pk_family family, bool outline,
                            struct pk_arena *a, struct pk_live *live)
{
    const struct pk_store_family *f = &s->head->family[family];
    struct pk_ruleset *rs;
    int r;

    if (!f->given) {
        live->family[family] = pk_ruleset_new(a, family);
        return live->family[family] ? 0 : -ENOMEM;
    }
    r = outline ? pk_stored_outline(s, family, a, &rs) : pk_stored_parse(s, family, a, &rs);
    if (r)
        return r;
    live->slot[family] = pk_arena_array(a, uint32_t, rs->n_rules + 1u);
    r = live->slot[family] ? pk_stored_place(s, rs, a, live->slot[family]) : -ENOMEM;
    if (r)
        return r;
    memcpy(live->policy_slot[family], f->policy_slot, sizeof(f->policy_slot));
    live->family[family] = rs;
    return 0;
}

void pk_stored_tell(const struct pk_stored *s, struct pk_live *ret)
{
    *ret = (struct pk_live){.generation = s->changes.generation,
                            .id = s->changes.id,
                            .applied_at = s->changes.applied_at,
                            .classifier = (enum pk_classifier)s->head->classifier};
    pk_store_plan_of(s->head, &ret->plan);
    for (int f = 0; f < PK_FAMILY_N; f++) {
        ret->added += s->changes.part[f].n_added;
        ret->gone += s->changes.part[f].n_gone;
    }
}

int pk_stored_read(const struct pk_stored *s, unsigned outline, struct pk_arena *a,
                   struct pk_live *ret)
{
    struct pk_live live;
    int r = 0;

    pk_stored_tell(s, &live);
    for (int f = 0; !r && f < PK_FAMILY_N; f++)
        r = pk_stored_family(s, (enum pk_family)f, outline >> f & 1, a, &live);
    if (!r)
        *ret = live;
    return r;
}
