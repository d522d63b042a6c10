// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How deep and how long a walk can get. Chains form a graph whose edges are the jumps and gotos of
 * rules that can match; what base chains reach of it is searched depth first, each chain once, and
 * a chain's figures follow from those of the chains it calls. The kernel's mark_source_chains()
 * looks for loops in the same part of the graph.
 */
#include "classify/leaves.h"

#include <errno.h>

#include "base/buf.h"
#include "base/macro.h"
#include "classify/codes.h"

#define NO_LEAF UINT32_MAX
#define STEPS_LIMIT ((uint64_t)1 << 40) /* counts stop here instead of overflowing */
#define PATH_MAX_BYTES 600u

enum color { UNSEEN, OPEN, CLOSED };

struct chain_state {
    uint64_t steps;     /* of one visit, at most, chains that are called included */
    uint64_t visits;    /* to chains in one visit, itself included, at most */
    uint32_t next;      /* leaf to look at next, while OPEN */
    uint32_t depth;     /* jumps on the stack in one visit, at most */
    uint32_t deepest;   /* leaf that leads there */
    uint32_t costliest; /* leaf whose target takes the most steps */
    uint8_t color;
};

struct search {
    const struct pk_leaf_list *l;
    struct pk_diags *d;
    struct chain_state *state; /* [n_chains] */
    uint32_t *open;            /* [n_chains] chains on the way, outermost first */
    size_t n_open;
};

static bool calls(const struct pk_leaf_list *l, uint32_t leaf)
{
    return l->rec[leaf].action == PK_ACT_JUMP || l->rec[leaf].action == PK_ACT_GOTO;
}

static struct pk_place place_of(const struct pk_rule *r)
{
    return (struct pk_place){.file = r->file, .line = r->line};
}

/* Appends " > NAME"; a long path is cut. */
static void path_add(struct pk_buf *path, const char *name)
{
    if (path->len > PATH_MAX_BYTES)
        return;
    if (path->len)
        pk_buf_str(path, " > ");
    pk_buf_str(path, path->len > PATH_MAX_BYTES ? "..." : name);
}

/*
 * Steps of pk_walk_step over the leaves of a chain that are no candidates: a word or a group is
 * passed over at most once, and the chain is left once.
 */
static uint64_t passing_steps(const struct pk_run *c)
{
    if (c->start == c->end)
        return 1;
    return ((c->end - 1) / 64 - c->start / 64 + 1) + ((c->end - 1) / 4096 - c->start / 4096 + 1) +
           2;
}

static uint64_t sum_steps(uint64_t a, uint64_t b)
{
    return PK_MIN(a + b, STEPS_LIMIT);
}

/*
 * Steps from a rule on, given those after it: `rest`. Each of its leaves may be a candidate, but
 * the rule matches at most once. What ends the walk or the chain does not go on to the rest, unless
 * a predicate can say no.
 */
static uint64_t rule_steps(const struct search *s, uint32_t first, uint32_t end, uint64_t rest)
{
    const struct pk_leaf_list *l = s->l;
    uint64_t own = end - first, called = 0, predicates = 0;
    uint32_t i;

    for (i = first; i < end; i++)
        predicates += l->rec[i].n_predicates;
    if (calls(l, first))
        called = s->state[l->rule[first]->to->index].steps;
    switch (l->rec[first].action) {
    case PK_ACT_NONE:
        return sum_steps(own, rest);
    case PK_ACT_JUMP:
        return sum_steps(own + called, rest);
    case PK_ACT_GOTO:
        return sum_steps(own, PK_MAX(called, rest));
    default:
        return predicates ? sum_steps(own, rest) : PK_MAX(own, rest);
    }
}

static void close_chain(struct search *s, uint32_t chain)
{
    const struct pk_leaf_list *l = s->l;
    const struct pk_run *run = &l->chain[chain];
    uint32_t first, end;
    uint64_t steps = 0, visits = 1;

    for (end = run->end; end > run->start; end = first) {
        for (first = end - 1; first > run->start && l->rule[first - 1] == l->rule[end - 1]; first--)
            ;
        steps = rule_steps(s, first, end, steps);
        if (calls(l, first))
            visits = sum_steps(visits, s->state[l->rule[first]->to->index].visits);
    }
    s->state[chain].steps = sum_steps(steps, passing_steps(run));
    s->state[chain].visits = visits;
    s->state[chain].color = CLOSED;
}

/* A called chain is closed: what does it mean for the one that calls it? */
static void note_call(struct search *s, struct chain_state *caller, uint32_t leaf)
{
    const struct pk_leaf_list *l = s->l;
    const struct chain_state *to = &s->state[l->rule[leaf]->to->index];
    uint32_t depth = to->depth + (l->rec[leaf].action == PK_ACT_JUMP);

    if (caller->deepest == NO_LEAF || depth > caller->depth) {
        caller->depth = depth;
        caller->deepest = leaf;
    }
    if (caller->costliest == NO_LEAF ||
        to->steps > s->state[l->rule[caller->costliest]->to->index].steps)
        caller->costliest = leaf;
}

static int refuse_loop(struct search *s, const struct pk_rule *r)
{
    _pk_buf_ struct pk_buf path = PK_BUF_INIT(PATH_MAX_BYTES * 2);
    size_t i = 0;

    while (s->open[i] != r->to->index)
        i++;
    for (; i < s->n_open; i++)
        path_add(&path, s->l->rs->chains[s->open[i]]->name);
    pk_error(s->d, PK_CODE_LOOP, place_of(r), "remove one of these jumps",
             "chains call each other in a circle: %s > %s", path.data ? path.data : "",
             r->to->name);
    return -E2BIG;
}

static void open_chain(struct search *s, uint32_t chain)
{
    s->state[chain] = (struct chain_state){
        .next = s->l->chain[chain].start, .deepest = NO_LEAF, .costliest = NO_LEAF, .color = OPEN};
    s->open[s->n_open++] = chain;
}

/* Looks at the next leaf of the innermost open chain, or closes the chain. */
static int search_step(struct search *s)
{
    uint32_t chain = s->open[s->n_open - 1];
    struct chain_state *c = &s->state[chain];
    uint32_t to;

    if (c->next == s->l->chain[chain].end) {
        close_chain(s, chain);
        s->n_open--;
        return 0;
    }
    if (!calls(s->l, c->next)) {
        c->next++;
        return 0;
    }
    to = s->l->rule[c->next]->to->index;
    if (s->state[to].color == OPEN)
        return refuse_loop(s, s->l->rule[c->next]);
    if (s->state[to].color == UNSEEN)
        open_chain(s, to);
    else
        note_call(s, c, c->next++);
    return 0;
}

static int refuse_depth(struct search *s, uint32_t base)
{
    _pk_buf_ struct pk_buf path = PK_BUF_INIT(PATH_MAX_BYTES * 2);
    const struct pk_rule *r = NULL;
    uint32_t chain = base, leaf;

    path_add(&path, s->l->rs->chains[chain]->name);
    while ((leaf = s->state[chain].deepest) != NO_LEAF) {
        r = s->l->rule[leaf];
        chain = r->to->index;
        path_add(&path, r->to->name);
    }
    pk_error(s->d, PK_CODE_DEPTH, r ? place_of(r) : PK_NOWHERE,
             "join chains, or use --goto where nothing follows the jump",
             "chains are nested %u jumps deep, more than %u: %s", s->state[base].depth,
             PK_DEPTH_MAX, path.data ? path.data : "");
    return -E2BIG;
}

static int refuse_walk(struct search *s, uint32_t base)
{
    _pk_buf_ struct pk_buf path = PK_BUF_INIT(PATH_MAX_BYTES * 2);
    uint32_t chain = base, leaf;

    path_add(&path, s->l->rs->chains[chain]->name);
    while ((leaf = s->state[chain].costliest) != NO_LEAF) {
        chain = s->l->rule[leaf]->to->index;
        path_add(&path, s->l->rs->chains[chain]->name);
    }
    pk_error(s->d, PK_CODE_WALK, PK_NOWHERE,
             "chains that are called again and again multiply; call each of them once",
             "one packet could take %s%llu steps through the rules, more than %u: %s",
             s->state[base].steps == STEPS_LIMIT ? "more than " : "",
             (unsigned long long)s->state[base].steps, PK_WALK_STEPS_COMPILED,
             path.data ? path.data : "");
    return -E2BIG;
}

static int search_base(struct search *s, uint32_t base)
{
    int r;

    open_chain(s, base);
    while (s->n_open) {
        r = search_step(s);
        if (r)
            return r;
    }
    if (s->state[base].depth > PK_DEPTH_MAX)
        return refuse_depth(s, base);
    if (s->state[base].steps > PK_WALK_STEPS_COMPILED)
        return refuse_walk(s, base);
    return 0;
}

int pk_leaf_list_bound(struct pk_leaf_list *l, struct pk_arena *a, struct pk_diags *d)
{
    struct search s = {.l = l, .d = d};
    uint32_t base;
    int r;

    s.state = pk_arena_array(a, struct chain_state, l->rs->n_chains);
    s.open = pk_arena_array(a, uint32_t, l->rs->n_chains);
    if (!s.state || !s.open)
        return -ENOMEM;
    for (base = 0; base < PK_HOOK_N; base++) {
        r = search_base(&s, base);
        if (r)
            return r;
        l->depth = PK_MAX(l->depth, s.state[base].depth);
        l->longest = PK_MAX(l->longest, (uint32_t)s.state[base].steps);
        l->visits = PK_MAX(l->visits, (uint32_t)PK_MIN(s.state[base].visits, UINT32_MAX));
    }
    return 0;
}
