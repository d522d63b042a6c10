// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/diag.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macro.h"

#define PK_DIAG_TEXT_MAX 2048u /* bytes of one text; what is longer is cut */

/* An owned copy that is safe to print: the text may quote a hostile file. NULL for NULL. */
static char *clean_copy(const char *s)
{
    struct pk_buf b = PK_BUF_INIT(PK_DIAG_TEXT_MAX * 4);

    if (!s)
        return NULL;
    pk_buf_text(&b, s, strnlen(s, PK_DIAG_TEXT_MAX));
    pk_buf_add(&b, "", 0);
    if (b.failed)
        pk_buf_done(&b);
    return b.data;
}

static int diags_room(struct pk_diags *d)
{
    size_t cap = d->cap ? d->cap * 2 : 8;
    struct pk_diag *items;

    if (d->n >= PK_DIAGS_MAX)
        return -1;
    if (d->n < d->cap)
        return 0;
    items = realloc(d->items, cap * sizeof(*items));
    if (!items)
        return -1;
    d->items = items;
    d->cap = cap;
    return 0;
}

static void diag_done(struct pk_diag *i)
{
    free(i->file);
    free(i->text);
    free(i->hint);
}

void pk_diag_add(struct pk_diags *d, enum pk_severity severity, unsigned code, struct pk_place at,
                 const char *hint, const char *fmt, ...)
{
    struct pk_diag i = {.code = code, .severity = severity, .line = at.line, .column = at.column};
    char text[PK_DIAG_TEXT_MAX];
    va_list ap;

    if (severity == PK_ERROR)
        d->n_errors++;
    else
        d->n_warnings++;
    if (diags_room(d)) {
        d->n_dropped++;
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    i.text = clean_copy(text);
    i.file = clean_copy(at.file);
    i.hint = clean_copy(hint);
    if (!i.text || (at.file && !i.file) || (hint && !i.hint)) {
        diag_done(&i);
        d->n_dropped++;
        return;
    }
    d->items[d->n++] = i;
}

static void diag_print(const struct pk_diag *i, FILE *to)
{
    if (i->file) {
        fprintf(to, "%s:", i->file);
        if (i->line)
            fprintf(to, "%u:", i->line);
        if (i->line && i->column)
            fprintf(to, "%u:", i->column);
        fputc(' ', to);
    }
    fprintf(to, "%s PK%04u: %s\n", i->severity == PK_ERROR ? "error" : "warning", i->code, i->text);
    if (i->hint)
        fprintf(to, "    %s\n", i->hint);
}

void pk_diags_print(const struct pk_diags *d, FILE *to)
{
    for (size_t i = 0; i < d->n; i++)
        diag_print(&d->items[i], to);
    if (d->n_dropped)
        fprintf(to, "... and %zu more, not shown (%zu errors and %zu warnings in all)\n",
                d->n_dropped, d->n_errors, d->n_warnings);
}

void pk_diags_done(struct pk_diags *d)
{
    for (size_t i = 0; i < d->n; i++)
        diag_done(&d->items[i]);
    free(d->items);
    *d = (struct pk_diags){0};
}
