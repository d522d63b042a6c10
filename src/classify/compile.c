// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macro.h"
#include "classify/codes.h"
#include "classify/layout.h"
#include "classify/order.h"
#include "classify/told.h"
#include "rules/id.h"

/* One compilation. Sets, leaves and tables are in the arena; rows are owned by their part. */
struct job {
    struct pk_arena arena;
    struct pk_part part[PK_FAMILY_N];
    size_t max; /* bytes of the image */
    enum pk_classifier classifier;
    bool in_order;
    struct pk_diags *d;
};

static void job_done(struct job *j)
{
    unsigned f;

    for (f = 0; f < PK_FAMILY_N; f++) {
        pk_leaf_list_done(&j->part[f].leaves);
        pk_lists_done(&j->part[f].lists);
        pk_rows_done(&j->part[f].rows);
    }
    pk_arena_done(&j->arena);
}

#define _job_ __attribute__((cleanup(job_done)))

static const char *family_name(enum pk_family family)
{
    return family == PK_IPV6 ? "IPv6" : "IPv4";
}

static size_t job_bytes(const struct job *j)
{
    size_t n = sizeof(struct pk_image_head);
    unsigned f;

    for (f = 0; f < PK_FAMILY_N; f++)
        n += pk_part_bytes(&j->part[f]);
    return n;
}

/* Which structure is it that takes most? That is what a person can do something about. */
static const char *largest(const struct pk_family_plan *p, bool lbvs, size_t *ret_bytes)
{
    const char *name = lbvs ? "rows (bit vectors)" : "rows";
    unsigned f;

    *ret_bytes = p->row_bytes;
    if (p->list_bytes > *ret_bytes) {
        name = "lists";
        *ret_bytes = p->list_bytes;
    }
    if (p->leaf_bytes > *ret_bytes) {
        name = "leaves";
        *ret_bytes = p->leaf_bytes;
    }
    if (p->step_bytes > *ret_bytes) {
        name = "steps";
        *ret_bytes = p->step_bytes;
    }
    for (f = 0; f < PK_FIELD_N; f++) {
        if (p->field[f].bytes <= *ret_bytes)
            continue;
        name = pk_field_name(f);
        *ret_bytes = p->field[f].bytes;
    }
    return name;
}

static int refuse_memory(const struct job *j, enum pk_family family)
{
    bool lbvs = j->classifier == PK_CLASSIFIER_LBVS;
    struct pk_family_plan plan;
    const char *name;
    size_t bytes;

    pk_part_plan(&j->part[family], &plan);
    name = largest(&plan, lbvs, &bytes);
    pk_error(j->d, PK_CODE_MEMORY, PK_NOWHERE,
             lbvs ? "use --classifier auto: its rows leave out what is zero"
                  : "write fewer rules, or rules whose ranges and prefixes coincide",
             "the %s tables would pass %zu bytes; of them %zu or more are for: %s",
             family_name(family), j->max, bytes, name);
    return -E2BIG;
}

static int check_memory(const struct job *j, enum pk_family family)
{
    return job_bytes(j) > j->max ? refuse_memory(j, family) : 0;
}

static int add_table(struct job *j, struct pk_part *p, enum pk_field field)
{
    int r = pk_field_sweep(&p->leaves, field, &p->rows, &j->arena, &p->table[p->n_tables], j->d);

    if (r == -E2BIG && pk_rows_failed(&p->rows))
        return refuse_memory(j, p->leaves.rs->family);
    if (r)
        return r;
    p->n_tables++;
    return check_memory(j, p->leaves.rs->family);
}

/*
 * The fields that most leaves constrain first, KIND last: their rows are the sparsest, and the walk
 * reads no further once nothing is left. A field that no leaf constrains is left out; all are, if
 * lists have every leaf.
 */
static int add_tables(struct job *j, struct pk_part *p)
{
    size_t weight[PK_FIELD_N];
    unsigned f, best;
    int r = 0;

    if (p->leaves.n && p->leaves.n_listed == p->leaves.n)
        return 0;
    for (f = 0; f < PK_FIELD_N; f++)
        weight[f] = f == PK_F_KIND ? 0 : pk_field_constrained(&p->leaves, f);
    while (!r) {
        best = 0;
        for (f = 0; f < PK_FIELD_N; f++)
            if (weight[f] > weight[best])
                best = f;
        if (!weight[best])
            break;
        weight[best] = 0;
        r = add_table(j, p, best);
    }
    return r ? r : add_table(j, p, PK_F_KIND);
}

static int add_lists(struct job *j, struct pk_part *p)
{
    int r = pk_lists_make(&p->lists, &p->leaves, j->in_order, j->max, &j->arena);

    if (r == -E2BIG)
        return refuse_memory(j, p->leaves.rs->family);
    return r ? r : check_memory(j, p->leaves.rs->family);
}

static int compile_family(struct job *j, const struct pk_ruleset *rs, const uint32_t *slots)
{
    struct pk_part *p = &j->part[rs->family];
    int r;

    p->present = true;
    r = pk_leaf_list_make(&p->leaves, rs, slots, &j->arena, j->d);
    if (!r)
        r = pk_leaf_list_bound(&p->leaves, &j->arena, j->d);
    if (!r)
        r = check_memory(j, rs->family);
    if (!r)
        r = add_lists(j, p);
    if (!r)
        r = pk_leaf_list_order(&p->leaves, j->in_order, &j->arena);
    if (!r)
        r = pk_rows_init(&p->rows, p->leaves.n, j->classifier == PK_CLASSIFIER_LBVS, j->max);
    if (!r)
        r = add_tables(j, p);
    return r ? r : pk_told(&p->leaves, j->in_order, &j->arena, p->told);
}

static int write_image(const struct job *j, const struct pk_slots *slots, struct pk_u128 id,
                       struct pk_image *ret)
{
    size_t size = job_bytes(j), at = sizeof(struct pk_image_head);
    struct pk_image img = {.plan = {.classifier = j->classifier, .bytes = size}};
    unsigned f;

    img.head = calloc(1, size);
    if (!img.head)
        return -ENOMEM;
    img.head->magic = PK_IMAGE_MAGIC;
    img.head->abi = PK_IMAGE_ABI;
    img.head->size = (uint32_t)size;
    img.head->id = id;
    for (f = 0; f < PK_FAMILY_N; f++) {
        at = pk_part_write(&j->part[f], slots->policy[f], img.head, at);
        pk_part_plan(&j->part[f], &img.plan.family[f]);
    }
    *ret = img;
    return 0;
}

int pk_compile(const struct pk_ruleset *const rs[PK_FAMILY_N], const struct pk_slots *slots,
               const struct pk_compile_options *o, struct pk_image *ret, struct pk_diags *d)
{
    size_t most = o->memory_max ? o->memory_max : PK_IMAGE_MAX;
    _job_ struct job j = {.max = PK_MIN(most, (size_t)PK_IMAGE_MAX),
                          .classifier = o->classifier,
                          .in_order = o->in_order || o->classifier == PK_CLASSIFIER_LBVS,
                          .d = d};
    unsigned f;
    int r;

    for (f = 0; f < PK_FAMILY_N; f++) {
        if (!rs[f] || !rs[f]->given)
            continue;
        r = compile_family(&j, rs[f], slots->rule[f]);
        if (r)
            return r;
    }
    return write_image(&j, slots, pk_ruleset_id(rs), ret);
}

void pk_image_done(struct pk_image *img)
{
    free(img->head);
    *img = (struct pk_image){0};
}
