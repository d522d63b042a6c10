// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Chains that call themselves. The kernel refuses a loop that a packet could walk
 * (mark_source_chains, ELOOP); Picket refuses every loop, also one that no built-in chain reaches,
 * so that whoever walks a rule set later knows that it ends.
 *
 * A walk in depth with its own stack: 100,000 chains in a row are no deep recursion.
 */
#include <string.h>

#include "rules/parse.h"

enum colour { WHITE, ON_PATH, DONE };

struct step {
    const struct pk_chain *chain;
    size_t next; /* rule to look at */
};

struct walk {
    const struct pk_ruleset *rs;
    struct pk_diags *diags;
    uint8_t *colour;
    struct step *path;
    size_t depth;
    int err;
};

static void enter(struct walk *w, const struct pk_chain *c)
{
    w->colour[c->index] = ON_PATH;
    w->path[w->depth++] = (struct step){.chain = c};
}

/* "a -> b -> a", the middle left out where it is long. */
static void report(struct walk *w, const struct pk_rule *r)
{
    _pk_buf_ struct pk_buf path = PK_BUF_INIT(1024);
    size_t from = 0, shown = 0;

    while (w->path[from].chain != r->to)
        from++;
    for (size_t i = from; i < w->depth; i++) {
        bool show = i < from + 6 || i + 2 >= w->depth;

        if (show)
            pk_buf_fmt(&path, "%s -> ", w->path[i].chain->name);
        else if (shown++ == 0)
            pk_buf_str(&path, "... -> ");
    }
    pk_buf_str(&path, r->to->name);
    pk_error(w->diags, PK_T_LOOP, ((struct pk_place){.file = r->file, .line = r->line}),
             "remove one of the jumps", "chains go round in a loop: %s",
             path.failed ? r->to->name : path.data);
    w->err = -EINVAL;
}

static void follow(struct walk *w, const struct pk_rule *r)
{
    if (!r->to || w->colour[r->to->index] == DONE)
        return;
    if (w->colour[r->to->index] == ON_PATH)
        report(w, r);
    else
        enter(w, r->to);
}

static void walk_from(struct walk *w, const struct pk_chain *c)
{
    enter(w, c);
    while (w->depth) {
        struct step *top = &w->path[w->depth - 1];

        if (top->next < top->chain->n_rules) {
            follow(w, top->chain->rules[top->next++]);
        } else {
            w->colour[top->chain->index] = DONE;
            w->depth--;
        }
    }
}

int pk_ruleset_check_loops(const struct pk_ruleset *rs, struct pk_diags *d)
{
    struct walk w = {.rs = rs, .diags = d};

    w.colour = pk_arena_alloc(rs->arena, rs->n_chains);
    w.path = pk_arena_array(rs->arena, struct step, rs->n_chains);
    if (!w.colour || !w.path)
        return -ENOMEM;
    for (size_t i = 0; i < rs->n_chains; i++)
        if (w.colour[i] == WHITE)
            walk_from(&w, rs->chains[i]);
    return w.err;
}
