// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Matches that can be asked at some hooks only (pk_match_def.hooks): the kernel refuses a rule with
 * one in a chain that packets of another hook can come to (xt_check_match), and so does Picket.
 */
#include <errno.h>

#include "rules/match.h"
#include "rules/match/codes.h"
#include "rules/parse.h"

/* A walk in depth from one base chain; after pk_ruleset_check_loops, so that it ends. */
struct reach {
    struct pk_diags *diags;
    const struct pk_chain *base;
    uint8_t *seen;                /* by index of chains */
    const struct pk_chain **todo; /* each chain stands here once at most */
    size_t n_todo;
    int err;
};

static void add(struct reach *w, const struct pk_chain *c)
{
    if (w->seen[c->index])
        return;
    w->seen[c->index] = 1;
    w->todo[w->n_todo++] = c;
}

static void check_rule(struct reach *w, const struct pk_rule *r)
{
    for (size_t i = 0; i < r->n_matches; i++) {
        const struct pk_match_def *def = r->matches[i].def;

        if (!def->hooks || def->hooks >> w->base->hook & 1)
            continue;
        pk_error(w->diags, PK_CODE_HOOK, ((struct pk_place){.file = r->file, .line = r->line}),
                 "ask it in another chain", "-m %s cannot be asked of packets in %s%s", def->name,
                 w->base->name, r->chain == w->base ? "" : ", which lead to this chain");
        w->err = -EINVAL;
    }
    if (r->to)
        add(w, r->to);
}

static void check_from(struct reach *w, const struct pk_chain *base)
{
    w->base = base;
    add(w, base);
    while (w->n_todo) {
        const struct pk_chain *c = w->todo[--w->n_todo];

        for (size_t i = 0; i < c->n_rules; i++)
            check_rule(w, c->rules[i]);
    }
}

static bool some_rule_asks(const struct pk_ruleset *rs)
{
    for (size_t i = 0; i < rs->n_chains; i++)
        for (size_t k = 0; k < rs->chains[i]->n_rules; k++)
            for (size_t m = 0; m < rs->chains[i]->rules[k]->n_matches; m++)
                if (rs->chains[i]->rules[k]->matches[m].def->hooks)
                    return true;
    return false;
}

int pk_ruleset_check_hooks(const struct pk_ruleset *rs, struct pk_diags *d)
{
    struct reach w = {.diags = d};

    if (!some_rule_asks(rs))
        return 0;
    w.todo = pk_arena_array(rs->arena, const struct pk_chain *, rs->n_chains);
    for (size_t i = 0; i < PK_HOOK_N && w.todo; i++) {
        w.seen = pk_arena_alloc(rs->arena, rs->n_chains);
        if (!w.seen)
            return -ENOMEM;
        check_from(&w, rs->chains[i]);
    }
    return w.todo ? w.err : -ENOMEM;
}
