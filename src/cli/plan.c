// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/out.h"
#include "classify/field.h"
#include "cli/cli.h"
#include "rules/leaf.h"

/* What is not a field's table. */
static const struct {
    const char *name, *how;
    size_t offset;
} parts[] = {
    {"lists", "leaves found by one value, and what else they need",
     offsetof(struct pk_family_plan, list_bytes)},
    {"rows", NULL, offsetof(struct pk_family_plan, row_bytes)},
    {"leaves", "one a rule, more where a rule splits", offsetof(struct pk_family_plan, leaf_bytes)},
    {"order", "the leaf of each bit, where not in turn",
     offsetof(struct pk_family_plan, order_bytes)},
    {"steps", "what no bit can decide", offsetof(struct pk_family_plan, step_bytes)},
};

static const char *const rows_how[] = {
    [PK_CLASSIFIER_AUTO] = "one bit a leaf, words of zeros left out",
    [PK_CLASSIFIER_LBVS] = "bit vectors: one bit a leaf, all read in turn",
};

#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

const char *pk_classifier_name(enum pk_classifier c)
{
    return c == PK_CLASSIFIER_LBVS ? "lbvs" : "auto";
}

static size_t part_bytes(const struct pk_family_plan *p, size_t i)
{
    size_t bytes;

    memcpy(&bytes, (const char *)p + parts[i].offset, sizeof(bytes));
    return bytes;
}

static const char *method_name(enum pk_method m)
{
    return m == PK_M_DIRECT     ? "direct"
           : m == PK_M_SEARCH32 ? "search, 4 bytes"
                                : "search, 16 bytes";
}

/* How often a search over n keys halves them: pk_search(). Behind an index, in most cases once. */
static unsigned halvings(size_t n)
{
    unsigned steps = 0;

    for (; n > 1; n -= n / 2)
        steps++;
    return steps;
}

static void add_field(struct pk_table *t, const char *before, enum pk_field f,
                      const struct pk_field_plan *q)
{
    pk_table_fmt(t, "%s%s", before, pk_field_name(f));
    if (q->method == PK_M_DIRECT)
        pk_table_str(t, "array, indexed by value");
    else
        pk_table_fmt(t, "%sbinary %s, %u steps%s",
                     q->intervals > PK_INDEX_ABOVE ? "index, then " : "", method_name(q->method),
                     halvings(q->intervals), q->intervals > PK_INDEX_ABOVE ? " at most" : "");
    pk_table_u64(t, q->intervals);
    pk_table_u64(t, q->rows);
    pk_table_u64(t, q->bytes);
    pk_table_end_row(t);
}

static int print_table(const struct pk_family_plan *p, enum pk_classifier c)
{
    _pk_table_ struct pk_table *t = pk_table_new(
        (const char *const[]){"structure", "how it is read", "intervals", "rows", "bytes", NULL});

    if (!t)
        return -ENOMEM;
    for (int f = 0; f < PK_FIELD_N; f++) {
        if (p->list[f].used)
            add_field(t, "lists by ", (enum pk_field)f, &p->list[f]);
        if (p->field[f].used)
            add_field(t, "", (enum pk_field)f, &p->field[f]);
    }
    for (size_t i = 0; i < N_PARTS; i++) {
        pk_table_str(t, parts[i].name);
        pk_table_str(t, parts[i].how ? parts[i].how : rows_how[c]);
        pk_table_str(t, "");
        pk_table_str(t, "");
        pk_table_u64(t, part_bytes(p, i));
        pk_table_end_row(t);
    }
    return pk_table_print(t, 2, stdout);
}

static void print_unused(const struct pk_family_plan *p)
{
    const char *before = "  no rule asks for: ";
    int column = 0;

    for (int f = 0; f < PK_FIELD_N; f++) {
        const char *name = pk_field_name((enum pk_field)f);

        if (p->asked >> f & 1)
            continue;
        if (column && column + (int)strlen(name) > 76) {
            before = ",\n    ";
            column = 0;
        }
        column += printf("%s%s", before, name);
        before = ", ";
    }
    if (column)
        putchar('\n');
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

int pk_plan_print(const struct pk_plan *plan)
{
    char b[16];

    for (int f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_family_plan *p = &plan->family[f];
        int r;

        if (!p->present)
            continue;
        printf("%s: %zu rule%s in %zu chain%s, %zu %s, jumps %zu deep\n",
               pk_family_name((enum pk_family)f), p->rules, plural(p->rules), p->chains,
               plural(p->chains), p->leaves, p->leaves == 1 ? "leaf" : "leaves", p->depth);
        if (p->listed)
            printf("  %zu of the leaves are found by lists\n", p->listed);
        r = print_table(p, plan->classifier);
        if (r)
            return r;
        print_unused(p);
        putchar('\n');
    }
    if (plan->classifier == PK_CLASSIFIER_LBVS)
        puts("classifier: lbvs, plain linear bit-vector search; no flow is remembered");
    printf("image: %s (%zu bytes), for the live set and again for the one before it\n\n",
           pk_bytes_str(plan->bytes, b), plan->bytes);
    return 0;
}

/* One "name bytes" of a list; the column after it. */
static int add_item(int column, unsigned indent, const char *name, size_t bytes)
{
    char b[16], item[64];
    int len = snprintf(item, sizeof(item), "%s %s", name, pk_bytes_str(bytes, b));

    if (column + 2 + len > 79)
        column = printf(",\n%*s%s", (int)indent + 5, "", item) - 2;
    else
        column += printf("%s%s", column == (int)indent + 4 ? " " : ", ", item);
    return column;
}

void pk_plan_print_bytes(const struct pk_plan *plan, unsigned indent)
{
    for (int f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_family_plan *p = &plan->family[f];
        int column;

        if (!p->present)
            continue;
        column = printf("%*s%s", (int)indent, "", pk_family_name((enum pk_family)f));
        for (size_t i = 0; i < N_PARTS; i++)
            if (part_bytes(p, i))
                column = add_item(column, indent, parts[i].name, part_bytes(p, i));
        for (int k = 0; k < PK_FIELD_N; k++)
            if (p->field[k].used || p->list[k].used)
                column = add_item(column, indent, pk_field_name((enum pk_field)k),
                                  p->field[k].bytes + p->list[k].bytes);
        putchar('\n');
    }
}

/* `rows`: the name of that number. */
static json_t *fields_json(const struct pk_field_plan *fields, const char *rows)
{
    json_t *list = json_array();

    for (int f = 0; f < PK_FIELD_N; f++) {
        const struct pk_field_plan *q = &fields[f];

        if (q->used)
            json_array_append_new(
                list,
                json_pack("{s:s,s:s,s:I,s:I,s:I}", "field", pk_field_name((enum pk_field)f),
                          "method", method_name(q->method), "intervals", (json_int_t)q->intervals,
                          rows, (json_int_t)q->rows, "bytes", (json_int_t)q->bytes));
    }
    return list;
}

json_t *pk_plan_json(const struct pk_plan *plan)
{
    json_t *o = json_pack("{s:s,s:I}", "classifier", pk_classifier_name(plan->classifier),
                          "image_bytes", (json_int_t)plan->bytes);

    for (int f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_family_plan *p = &plan->family[f];

        if (p->present)
            json_object_set_new(
                o, pk_family_name((enum pk_family)f),
                json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "rules",
                          (json_int_t)p->rules, "leaves", (json_int_t)p->leaves, "chains",
                          (json_int_t)p->chains, "depth", (json_int_t)p->depth, "listed",
                          (json_int_t)p->listed, "list_bytes", (json_int_t)p->list_bytes,
                          "row_bytes", (json_int_t)p->row_bytes, "leaf_bytes",
                          (json_int_t)p->leaf_bytes, "order_bytes", (json_int_t)p->order_bytes,
                          "step_bytes", (json_int_t)p->step_bytes, "lists",
                          fields_json(p->list, "leaves"), "fields", fields_json(p->field, "rows")));
    }
    return o;
}
