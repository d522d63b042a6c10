// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/out.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macro.h"

#define PK_TABLE_COLUMNS 16u
#define PK_CELL_MAX 4096u
#define PK_TABLE_MAX ((size_t)256 << 20)

/* Where a cell's text stands in `text`; cells[0..columns) are the titles. */
struct pk_cell {
    size_t at;
    uint32_t width; /* on the screen: characters, not bytes */
    bool number;
};

struct pk_table {
    struct pk_buf text, cells;
    size_t columns, column;
    uint32_t widths[PK_TABLE_COLUMNS];
    bool number[PK_TABLE_COLUMNS];
};

static uint32_t text_width(const char *s)
{
    uint32_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

/* Cells beyond the last column are left out: a table cannot be made crooked. */
static void cell_add(struct pk_table *t, const char *s, size_t len, bool number)
{
    struct pk_cell c = {.at = t->text.len, .number = number};

    if (t->column >= t->columns)
        return;
    pk_buf_text(&t->text, s, PK_MIN(len, (size_t)PK_CELL_MAX));
    pk_buf_char(&t->text, '\0');
    if (t->text.failed)
        return;
    c.width = text_width(t->text.data + c.at);
    t->widths[t->column] = PK_MAX(t->widths[t->column], c.width);
    t->number[t->column] |= number;
    t->column++;
    pk_buf_add(&t->cells, &c, sizeof(c));
}

struct pk_table *pk_table_new(const char *const *titles)
{
    struct pk_table *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->text = PK_BUF_INIT(PK_TABLE_MAX);
    t->cells = PK_BUF_INIT(PK_TABLE_MAX);
    while (titles[t->columns] && t->columns < PK_TABLE_COLUMNS)
        t->columns++;
    for (size_t i = 0; i < t->columns; i++)
        cell_add(t, titles[i], strlen(titles[i]), false);
    t->column = 0;
    return t;
}

void pk_table_str(struct pk_table *t, const char *s)
{
    cell_add(t, s, strnlen(s, PK_CELL_MAX), false);
}

void pk_table_fmt(struct pk_table *t, const char *fmt, ...)
{
    char text[PK_CELL_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    cell_add(t, text, strlen(text), false);
}

void pk_table_u64(struct pk_table *t, uint64_t v)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, v);
    cell_add(t, text, strlen(text), true);
}

void pk_table_end_row(struct pk_table *t)
{
    while (t->column < t->columns && !t->text.failed && !t->cells.failed)
        cell_add(t, "", 0, false);
    t->column = 0;
}

/* The title of a column of numbers stands over their right edge. */
static void row_print(const struct pk_table *t, const struct pk_cell *row, bool title, FILE *to)
{
    unsigned owed = 0; /* padding is printed only before a later cell: no trailing blanks */

    for (size_t i = 0; i < t->columns; i++) {
        unsigned pad = t->widths[i] - row[i].width;
        bool right = row[i].number || (title && t->number[i]);

        if (row[i].width)
            fprintf(to, "%*s%s", (int)(owed + (right ? pad : 0)), "", t->text.data + row[i].at);
        owed = (row[i].width ? (right ? 0 : pad) : owed + t->widths[i]) + 2;
    }
    fputc('\n', to);
}

int pk_table_print(struct pk_table *t, unsigned indent, FILE *to)
{
    const struct pk_cell *cells = (const struct pk_cell *)t->cells.data;
    size_t n = t->cells.len / sizeof(*cells);

    if (t->text.failed || t->cells.failed)
        return -ENOMEM;
    for (size_t at = 0; t->columns && at + t->columns <= n; at += t->columns) {
        fprintf(to, "%*s", (int)indent, "");
        row_print(t, cells + at, at == 0, to);
    }
    return 0;
}

void pk_table_free(struct pk_table **t)
{
    if (!*t)
        return;
    pk_buf_done(&(*t)->text);
    pk_buf_done(&(*t)->cells);
    free(*t);
    *t = NULL;
}

const char *pk_bytes_str(uint64_t bytes, char buf[static 16])
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double v = (double)bytes;
    size_t u = 0;

    /* 1023.95 would be printed as 1024.0: the next unit takes over there. */
    while (v >= (u ? 1023.95 : 1024) && u + 1 < PK_ARRAY_SIZE(unit)) {
        v /= 1024;
        u++;
    }
    snprintf(buf, 16, u ? "%.1f %s" : "%.0f %s", v, unit[u]);
    return buf;
}

static int json_print(const char *schema, json_t *obj, size_t flags, FILE *to)
{
    int r = -ENOMEM;

    if (obj && !json_object_set_new(obj, "schema", json_string(schema)) &&
        !json_dumpf(obj, to, flags | JSON_SORT_KEYS))
        r = fputc('\n', to) == EOF ? -EIO : 0;
    json_decref(obj);
    return r;
}

int pk_json_print(const char *schema, json_t *obj, FILE *to)
{
    return json_print(schema, obj, JSON_INDENT(2), to);
}

int pk_json_print_line(const char *schema, json_t *obj, FILE *to)
{
    return json_print(schema, obj, JSON_COMPACT, to);
}

int pk_json_list_begin(const char *name, FILE *to)
{
    return fprintf(to, "{\n  \"%s\": [", name) < 0 ? -EIO : 0;
}

int pk_json_list_item(json_t *item, bool first, FILE *to)
{
    int r = -ENOMEM;

    if (item)
        r = fputs(first ? "\n    " : ",\n    ", to) == EOF || json_dumpf(item, to, JSON_SORT_KEYS)
                ? -EIO
                : 0;
    json_decref(item);
    return r;
}

int pk_json_list_end(const char *schema, json_t *obj, FILE *to)
{
    int r = -ENOMEM;

    if (obj && !json_object_set_new(obj, "schema", json_string(schema)))
        r = fputs("\n  ],", to) == EOF ||
                    json_dumpf(obj, to, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_EMBED) ||
                    fputs("}\n", to) == EOF
                ? -EIO
                : 0;
    json_decref(obj);
    return r;
}
