// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One rule changed, at the cost of the change. What was added to and deleted from the set that
 * stands in the live bank becomes a delta (classify/delta.h) in a place of its own in the engine's
 * map, and the word a new generation. Nothing here costs more with more rules, but for looks at one
 * number each: which rule is the Nth, which counters are taken, what the id of the set is.
 *
 * Where that cannot be done the set is compiled anew (apply.c): a new rule that jumps or asks for
 * connection tracking, more changes than a place holds, an engine of other programs than ours, or
 * one too small to have places.
 */
#include "kernel/edit.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/macro.h"
#include "classify/delta.h"
#include "kernel/attach.h"
#include "kernel/bank.h"
#include "kernel/conntrack.h"
#include "kernel/fault.h"
#include "kernel/guards.h"
#include "kernel/object.h"
#include "kernel/slots.h"
#include "kernel/sys.h"
#include "rules/id.h"

#define PK_WHOLE 1 /* not an error: the set has to be compiled anew */

/* One change. Everything it makes is given back by pk_change_done. */
struct pk_change {
    struct pk_fence *f;
    const struct pk_edit *e;
    struct pk_diags *d;
    struct pk_arena arena;
    uint64_t word; /* as found */
    struct pk_seat live, before;
    struct pk_stored stored; /* the live set, which becomes the one to be */
    struct pk_engine engine;
    const struct pk_chain *chain; /* without its rules */
    unsigned number;              /* where it happens in the chain, from 1 */
    struct pk_rule *new;          /* NULL: none */
    const char *gone;             /* text of the rule that goes; NULL: none */
    struct pk_slot_plan plan;
    struct pk_ruleset *added[PK_FAMILY_N];
    struct pk_image delta;
    struct pk_buf changes;
    struct pk_seat seat; /* to be */
};

static void pk_change_done(struct pk_change *c)
{
    pk_stored_done(&c->stored);
    pk_engine_done(&c->engine);
    pk_image_done(&c->delta);
    pk_buf_done(&c->changes);
    pk_arena_done(&c->arena);
}

/* As much of the live set as the change looks at. */
static int pk_change_stored(struct pk_change *c)
{
    static const enum pk_store_part part[] = {[PK_EDIT_APPEND] = PK_STORE_CHAINS,
                                              [PK_EDIT_INSERT] = PK_STORE_RULES,
                                              [PK_EDIT_REPLACE] = PK_STORE_TEXTS,
                                              [PK_EDIT_DELETE] = PK_STORE_TEXTS};
    const struct pk_pins *pins = &c->f->pins;
    int r = pk_stored_open(pins, c->live, part[c->e->op], &c->stored);

    if (r || part[c->e->op] != PK_STORE_CHAINS || pk_stored_ends(&c->stored))
        return r;
    pk_stored_done(&c->stored);
    return pk_stored_open(pins, c->live, PK_STORE_RULES, &c->stored);
}

/* The live set, in an engine that can have deltas. */
static int pk_change_open(struct pk_change *c)
{
    const struct pk_ctl *ctl = c->f->ctl;

    c->word = pk_standing_word(c->f);
    c->live = pk_standing_live(c->f, c->word);
    c->before = pk_standing_before(c->f, c->word);
    if (pk_standing_by_other(c->f, c->live.bank) ||
        ctl->engine_build[pk_engine_of(c->live.bank)] != pk_engine_build(ctl))
        return PK_WHOLE;
    pk_engine_open(&c->f->pins, c->word, &c->engine);
    if (!c->engine.size || !pk_engine_delta(c->engine.size))
        return PK_WHOLE;
    if (pk_change_stored(c) || c->stored.head->classifier != PK_CLASSIFIER_AUTO)
        return PK_WHOLE; /* which says what is wrong, if anything is */
    return 0;
}

static struct pk_each pk_change_each(const struct pk_change *c)
{
    struct pk_each each;

    pk_each_begin(&each, &c->stored, c->e->family, c->chain->index);
    return each;
}

/* The rule with a number, from 1. False: the chain has fewer. */
static bool pk_change_rule(const struct pk_change *c, unsigned number, struct pk_each_rule *ret)
{
    struct pk_each each = pk_change_each(c);

    while (pk_each_next(&each, ret))
        if (!--number)
            return true;
    return false;
}

/* The first rule with the text of c->new, from 1; 0: there is none. */
static unsigned pk_change_find(const struct pk_change *c)
{
    size_t len = strlen(c->new->text), n_text;
    uint64_t hash = pk_rule_hash(c->new->text, len);
    struct pk_each each = pk_change_each(c);
    struct pk_each_rule rule;
    const char *text;

    for (unsigned n = 1; pk_each_next(&each, &rule); n++) {
        if ((rule.added ? rule.added->hash : rule.kept->hash) != hash)
            continue;
        text = pk_each_text(&c->stored, &rule, &n_text);
        if (n_text == len && !memcmp(text, c->new->text, len))
            return n;
    }
    return 0;
}

/* What is to change, and where. */
static int pk_change_read(struct pk_change *c)
{
    const struct pk_edit *e = c->e;
    struct pk_ruleset *chains;
    struct pk_each each;
    size_t n;
    int r = pk_stored_chains(&c->stored, e->family, &c->arena, &chains);

    if (!r)
        r = pk_edit_chain(chains, e, &c->chain, c->d);
    if (r)
        return r;
    each = pk_change_each(c);
    n = pk_each_count(&each);
    r = pk_edit_check(c->chain, n, e, c->d);
    if (!r && pk_edit_reads(e))
        r = pk_edit_rule(chains, e, &c->arena, &c->new, c->d);
    if (r)
        return r;
    c->number = e->op == PK_EDIT_APPEND ? (unsigned)n + 1 : e->number ? e->number : 1;
    if (e->op == PK_EDIT_DELETE && c->new) {
        c->number = pk_change_find(c);
        if (!c->number)
            return pk_edit_no_rule(c->chain, e, c->new->text, c->d);
        c->new = NULL;
    }
    /* Connection tracking may have to be held on first. */
    return c->new && (c->new->to || pk_conntrack_rule(c->new)) ? PK_WHOLE : 0;
}

/* Where a rule comes that is to be number c->number: its place among those added, and before what.
 */
static size_t pk_change_place(const struct pk_change *c, uint32_t *ret_before)
{
    struct pk_each each = pk_change_each(c);
    struct pk_each_rule rule;

    if (c->e->op == PK_EDIT_APPEND)
        each.at = each.end; /* the rules may not be there to be looked at */
    for (unsigned n = 1; pk_each_next(&each, &rule); n++) {
        if (n < c->number)
            continue;
        *ret_before = rule.added ? rule.added->before : rule.i;
        return rule.added ? rule.i : each.added;
    }
    *ret_before = each.end;
    return each.added;
}

/* The first leaf that is not before the place of a new rule. */
static uint32_t pk_change_leaf(const struct pk_change *c, const struct pk_added *new)
{
    const struct pk_store_head *h = c->stored.head;
    const struct pk_store_chain *chain = &pk_store_chains(h, c->e->family)[new->chain];

    return new->before == chain->first + chain->n_rules
               ? chain->leaf
               : pk_store_leaf(h, c->e->family, new->before);
}

static int pk_change_gone(struct pk_change *c, uint32_t ordinal)
{
    const struct pk_store_head *h = c->stored.head;
    const struct pk_gone gone = {
        ordinal,
        {pk_store_leaf(h, c->e->family, ordinal), pk_store_leaf(h, c->e->family, ordinal + 1)}};

    return pk_changes_gone(&c->stored.changes.part[c->e->family], &gone, &c->arena);
}

static int pk_change_remove(struct pk_change *c)
{
    struct pk_changes_part *p = &c->stored.changes.part[c->e->family];
    struct pk_each_rule rule;
    const char *text;
    size_t len;

    if (!pk_change_rule(c, c->number, &rule))
        return PK_WHOLE;
    text = pk_each_text(&c->stored, &rule, &len);
    c->gone = pk_arena_strndup(&c->arena, text, len);
    if (!c->gone)
        return -ENOMEM;
    if (!rule.added)
        return pk_change_gone(c, rule.i);
    pk_changes_remove(p, rule.i);
    return 0;
}

/* One counter that neither of the two sets uses, as they stand. */
static int pk_change_slot_search(struct pk_change *c, struct pk_slot_request q)
{
    _pk_stored_ struct pk_stored live = {0}, before = {0};
    int r = pk_stored_open(&c->f->pins, c->live, PK_STORE_RULES, &live);

    if (!r && c->before.bank < PK_BANKS)
        r = pk_stored_open(&c->f->pins, c->before, PK_STORE_RULES, &before);
    if (r)
        return PK_WHOLE;
    q.used[0] = &live;
    q.used[1] = before.head ? &before : NULL;
    return pk_slots_one(&q, &c->arena, &c->plan);
}

static int pk_change_slot(struct pk_change *c)
{
    const struct pk_ctl *ctl = c->f->ctl;
    struct pk_slot_request q = {.n_chunks = (uint32_t)ctl->n_chunks,
                                .unused = pk_slots_unused(ctl)};
    int r = pk_slots_new(&q, &c->arena, &c->plan);

    return r == -ENOENT ? pk_change_slot_search(c, q) : r;
}

static int pk_change_add(struct pk_change *c)
{
    struct pk_added new = {
        .text = c->new->text,
        .hash = pk_rule_hash(c->new->text, strlen(c->new->text)),
        .file = c->new->file,
        .line = c->new->line,
        .chain = c->chain->index,
    };
    size_t at;
    int r = pk_change_slot(c);

    if (r)
        return r == -ENOSPC ? PK_WHOLE : r;
    new.slot = c->plan.fresh[0].slot;
    at = pk_change_place(c, &new.before);
    new.leaf = pk_change_leaf(c, &new);
    return pk_changes_add(&c->stored.changes.part[c->e->family], at, &new, &c->arena);
}

/* Rules of the family that is changed. */
static size_t pk_change_rules(const struct pk_change *c)
{
    const struct pk_changes_part *p = &c->stored.changes.part[c->e->family];

    return c->stored.head->family[c->e->family].n_rules - p->n_gone + p->n_added;
}

/* The set to be. The place of what goes is where the new one comes, if there is one. */
static int pk_change_make(struct pk_change *c)
{
    struct pk_changes *changes = &c->stored.changes;
    int r = 0;

    if (c->e->op == PK_EDIT_REPLACE || c->e->op == PK_EDIT_DELETE)
        r = pk_change_remove(c);
    if (!r && c->new)
        r = pk_change_add(c);
    if (!r && pk_change_rules(c) > PK_RULES_MAX)
        return PK_WHOLE; /* which refuses it */
    if (r)
        return r;
    changes->id = pk_stored_id(&c->stored);
    changes->generation = pk_word_generation(c->word) + 1;
    changes->applied_at = (int64_t)time(NULL);
    return 0;
}

/* What the compiler wants to know of one family. */
static int pk_change_part(struct pk_change *c, enum pk_family f, struct pk_delta_part *ret,
                          struct pk_slots *slots)
{
    const struct pk_changes_part *p = &c->stored.changes.part[f];
    const struct pk_store_family *base = &c->stored.head->family[f];
    uint32_t *slot, *anchor;
    struct pk_run *gone;
    int r;

    if (!base->given)
        return 0;
    slot = pk_arena_array(&c->arena, uint32_t, p->n_added + 1);
    anchor = pk_arena_array(&c->arena, uint32_t, p->n_added + 1);
    gone = pk_arena_array(&c->arena, struct pk_run, p->n_gone + 1);
    if (!slot || !anchor || !gone)
        return -ENOMEM;
    r = pk_stored_added(&c->stored, f, &c->arena, &c->added[f]);
    if (r)
        return r;
    for (size_t i = 0; i < p->n_added; i++) {
        slot[i] = p->added[i].slot;
        anchor[i] = p->added[i].leaf;
    }
    for (size_t i = 0; i < p->n_gone; i++)
        gone[i] = p->gone[i].leaves;
    slots->rule[f] = slot;
    memcpy(slots->policy[f], base->policy_slot, sizeof(base->policy_slot));
    *ret = (struct pk_delta_part){c->added[f], anchor, gone, p->n_gone};
    return 0;
}

/* Whether the head of an image is that of the store: somebody may have written to it. */
static bool pk_change_under_ok(const struct pk_change *c, const struct pk_image_head *head,
                               uint32_t area)
{
    for (int f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_family_tab *t = &head->family[f];

        if (!t->present != !c->stored.head->family[f].given ||
            t->n_leaves > area / sizeof(struct pk_leaf_rec))
            return false;
    }
    return true;
}

/* The delta, over the image whose head stands at the begin of the live bank's area. */
static int pk_change_delta(struct pk_change *c, const struct pk_delta_part part[PK_FAMILY_N],
                           const struct pk_slots *slots)
{
    uint32_t area = pk_engine_area(c->engine.size);
    uint32_t place = c->live.bank % PK_ENGINE_BANKS * area;
    void *under;
    int r = pk_sys_map_mmap_at(c->engine.image, place, sizeof(struct pk_image_head), false, &under);

    if (r)
        return r;
    r = pk_change_under_ok(c, under, area) ? pk_delta_compile(under, part, slots, &c->delta, c->d)
                                           : -EBADMSG;
    munmap(under, sizeof(struct pk_image_head));
    return r;
}

static int pk_change_compile(struct pk_change *c)
{
    struct pk_delta_part part[PK_FAMILY_N] = {{0}};
    struct pk_slots slots = {0};
    int r = 0;

    for (int f = 0; !r && f < PK_FAMILY_N; f++)
        r = pk_change_part(c, (enum pk_family)f, &part[f], &slots);
    if (!r)
        r = pk_change_delta(c, part, &slots);
    if (r)
        return r == -E2BIG && !c->d->n_errors ? PK_WHOLE : r;
    c->delta.head->id = c->stored.changes.id;
    c->delta.head->epoch = (uint32_t)c->stored.changes.generation;
    c->changes = PK_BUF_INIT(PK_STORE_MAX);
    r = pk_changes_write(&c->stored.changes, &c->changes);
    if (!r && c->delta.head->size + c->changes.len > pk_engine_delta(c->engine.size))
        r = PK_WHOLE;
    return r;
}

/* Places where a delta is, or where a program may still read one. */
static unsigned pk_change_taken(const struct pk_change *c)
{
    const struct pk_ctl *ctl = c->f->ctl;
    unsigned taken = 0;

    for (uint64_t g = ctl->quiet; g <= pk_word_generation(c->word); g++) {
        uint16_t entry = ctl->delta[g % PK_WORDS_KEPT];

        taken |= 1u << (pk_delta_live(entry) & 31) | 1u << (pk_delta_before(entry) & 31);
    }
    return taken;
}

/* A place that nobody reads; made by waiting, if there is none. */
static int pk_change_seat(struct pk_change *c)
{
    const unsigned all = (1u << (PK_DELTA_PLACES + 1)) - 2; /* from 1 */
    unsigned free;
    int r = pk_standing_settle(c->f);

    if (r)
        return r;
    free = all & ~pk_change_taken(c);
    if (!free) {
        r = pk_standing_grace(c->f);
        free = all & ~pk_change_taken(c);
    }
    if (r || !free)
        return r ? r : -EBUSY;
    c->seat = (struct pk_seat){c->live.bank, (unsigned)__builtin_ctz(free)};
    return 0;
}

static int pk_change_write(struct pk_change *c)
{
    uint64_t size = c->engine.size;
    uint32_t room = pk_engine_delta(size);
    uint32_t place = pk_engine_deltas(size) + (c->seat.delta - 1) * room;
    struct pk_image_head *head = c->delta.head;
    void *mem;
    int r = pk_sys_map_mmap_at(c->engine.image, place, room, true, &mem);

    if (r)
        return r;
    pk_image_place(head, place);
    memcpy(mem, head, head->size);
    memcpy((char *)mem + head->size, c->changes.data, c->changes.len);
    munmap(mem, room);
    return 0;
}

/* From here on things change; until the switch, only such as no program and no reader looks at. */
static int pk_change_switch(struct pk_change *c)
{
    enum pk_attach_kind hook = (enum pk_attach_kind)c->f->ctl->hook;
    int r = pk_attach_heal(&c->f->pins, &c->f->maps, hook, c->d);

    if (!r && c->plan.reused && pk_standing_release(c->f))
        r = pk_sys_error(c->d, -ENOMEM, "cannot wait for the programs that run");
    if (!r && c->plan.n_fresh)
        r = pk_slots_prepare(&c->f->maps, c->f->ctl, &c->plan, c->d);
    if (!r && hook != PK_ATTACH_NETFILTER) /* which has the names of the kernel itself */
        r = pk_ifnames_fill(&c->f->maps, c->d);
    if (r)
        return r;
    r = pk_change_seat(c);
    if (!r)
        r = pk_change_write(c);
    if (r)
        return pk_sys_error(c->d, r, "cannot write down the change");
    (void)!pk_fault();
    pk_conntrack_keep(c->f->ctl, pk_word_generation(c->word) + 1);
    pk_standing_switch(c->f, c->seat, c->live, c->gone);
    if (c->before.bank < PK_BANKS && c->before.bank != c->live.bank && !pk_standing_grace(c->f))
        (void)!pk_bank_clear(&c->f->pins, &c->f->maps, c->before.bank);
    return 0;
}

int pk_edit_tell(unsigned number, const char *gone, const char *new, struct pk_arena *texts,
                 struct pk_fence_edited *ret)
{
    *ret = (struct pk_fence_edited){.number = number,
                                    .gone = gone ? pk_arena_strdup(texts, gone) : NULL,
                                    .new = new ? pk_arena_strdup(texts, new) : NULL};
    return (gone && !ret->gone) || (new && !ret->new) ? -ENOMEM : 0;
}

/* 0; PK_WHOLE; -errno (diagnosed). */
static int pk_change_run(struct pk_change *c, struct pk_arena *texts, struct pk_fence_edited *ret)
{
    int r = pk_change_open(c);

    if (!r)
        r = pk_change_read(c);
    if (!r)
        r = pk_change_make(c);
    if (!r)
        r = pk_change_compile(c);
    if (!r)
        r = pk_edit_tell(c->number, c->gone, c->new ? c->new->text : NULL, texts, ret);
    if (r < 0 && !c->d->n_errors)
        return pk_sys_error(c->d, r, "cannot prepare the change");
    if (r)
        return r;
    ret->generation = c->stored.changes.generation;
    ret->id = c->stored.changes.id;
    return pk_change_switch(c);
}

int pk_fence_edit(const struct pk_edit *e, struct pk_arena *texts, struct pk_fence_edited *ret,
                  struct pk_diags *d)
{
    _pk_standing_ struct pk_fence f = PK_FENCE_NONE;
    __attribute__((cleanup(pk_change_done))) struct pk_change c = {
        .f = &f, .e = e, .d = d, .engine.image = -1};
    struct pk_fence_edited edited = {0};
    int r = pk_pins_lock(false, &f.pins, d);

    if (!r)
        r = pk_standing_open(&f, d);
    if (!r)
        r = pk_change_run(&c, texts, &edited);
    if (r == PK_WHOLE)
        r = pk_apply_edit(&f, e, texts, &edited, d);
    if (!r)
        *ret = edited;
    return r;
}
