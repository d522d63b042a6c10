// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A rule set as it is found in the kernel: a bank's store (store.h) and what has changed since
 * (changes.h). Its rules one by one without parsing, or parsed.
 */
#pragma once

#include "kernel/changes.h"
#include "kernel/pins.h"
#include "kernel/store.h"

/* Where a set is: its bank, and 1 + the place of the delta over that bank's image; 0: none. */
struct pk_seat {
    unsigned bank, delta;
};

struct pk_stored {
    void *mem; /* the store, mapped */
    size_t len;
    const struct pk_store_head *head; /* NULL: none */
    struct pk_arena arena;            /* of the changes */
    struct pk_changes changes;        /* none of a set without a delta, but for the next three */
};

/*
 * 0; -ENOENT; -EBADMSG: damaged. With PK_STORE_CHAINS pk_stored_tell, _ends, _chains and _added can
 * be asked, pk_stored_id of one that _ends, and pk_each_count; with _RULES all of pk_each_* but the
 * texts as well; the others need _TEXTS.
 */
int pk_stored_open(const struct pk_pins *p, struct pk_seat at, enum pk_store_part part,
                   struct pk_stored *ret);
void pk_stored_done(struct pk_stored *s);
#define _pk_stored_ __attribute__((cleanup(pk_stored_done)))

/* Whether all that has changed is that rules were added at the ends of chains. */
bool pk_stored_ends(const struct pk_stored *s);
/* What there is to know without parsing. */
void pk_stored_tell(const struct pk_stored *s, struct pk_live *ret);
/*
 * Parses it; of the families (bits) in `outline`, rules have their text, chain, ordinal and place
 * and nothing else. 0; -EBADMSG or -ENOMEM. Nothing in *ret points into the store.
 */
int pk_stored_read(const struct pk_stored *s, unsigned outline, struct pk_arena *a,
                   struct pk_live *ret);

/* Its chains, without rules; of a family that was never set, too. 0; -EBADMSG or -ENOMEM. */
int pk_stored_chains(const struct pk_stored *s, enum pk_family f, struct pk_arena *a,
                     struct pk_ruleset **ret);
/* The rules that were added, in its chains; their ordinals number s->changes.part[f].added. */
int pk_stored_added(const struct pk_stored *s, enum pk_family f, struct pk_arena *a,
                    struct pk_ruleset **ret);

/* The rules of a chain, in order: each is one of the store's or one that was added. */
struct pk_each {
    const struct pk_store_rule *rules;
    const struct pk_changes_part *part;
    uint32_t chain, at, end; /* ordinals of the store */
    size_t added, gone;      /* next ones of the changes */
};

struct pk_each_rule {
    const struct pk_store_rule *kept; /* or NULL: */
    const struct pk_added *added;
    uint32_t i; /* its ordinal in the store, or its number among those added */
};

void pk_each_begin(struct pk_each *e, const struct pk_stored *s, enum pk_family f, uint32_t chain);
/* What is left of the chain. */
size_t pk_each_count(const struct pk_each *e);

static inline bool pk_each_next(struct pk_each *e, struct pk_each_rule *ret)
{
    const struct pk_changes_part *p = e->part;

    for (;; e->at++) {
        if (e->added < p->n_added && p->added[e->added].chain == e->chain &&
            p->added[e->added].before <= e->at) {
            *ret = (struct pk_each_rule){.added = &p->added[e->added], .i = (uint32_t)e->added};
            e->added++;
            return true;
        }
        if (e->at == e->end)
            return false;
        if (e->gone == p->n_gone || p->gone[e->gone].rule != e->at) {
            *ret = (struct pk_each_rule){.kept = &e->rules[e->at], .i = e->at};
            e->at++;
            return true;
        }
        e->gone++;
    }
}

/* Its text, without a NUL behind it. */
const char *pk_each_text(const struct pk_stored *s, const struct pk_each_rule *r, size_t *ret_len);
/* The id of the set. */
struct pk_u128 pk_stored_id(const struct pk_stored *s);
