// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Diagnostics: what a person is told when something is wrong with what they gave us.
 *
 * A function that can fail for a reason of the user's takes a `struct pk_diags *` and appends to
 * it; it never prints. A command prints the list. Every diagnostic has a stable code (append-only,
 * one meaning for ever), a place, the cause and the mend.
 *
 * Memory: an owned object; texts are copied into it. At most PK_DIAGS_MAX are kept, later ones are
 * counted in `n_dropped` and the printer says how many. Allocation failure also only counts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PK_DIAGS_MAX 1000

enum pk_severity { PK_WARNING, PK_ERROR };

/* Codes: PK0001..PK0999 input text, PK1000.. compile, PK2000.. kernel and system. Append only. */
struct pk_diag {
    unsigned code;
    enum pk_severity severity;
    char *file;      /* NULL: no place */
    unsigned line;   /* from 1; 0: whole file */
    unsigned column; /* from 1, in bytes; 0: whole line */
    char *text;      /* the cause, one line */
    char *hint;      /* the mend, one line, or NULL */
};

struct pk_diags {
    struct pk_diag *items;
    size_t n, cap;
    size_t n_errors, n_warnings; /* of all, dropped ones included */
    size_t n_dropped;
};

struct pk_place {
    const char *file;
    unsigned line, column;
};

#define PK_NOWHERE ((struct pk_place){0})

/* Appends one diagnostic. `hint` may be NULL. Never fails: see the file header. */
void pk_diag_add(struct pk_diags *d, enum pk_severity severity, unsigned code, struct pk_place at,
                 const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

#define pk_error(d, code, at, hint, ...) pk_diag_add(d, PK_ERROR, code, at, hint, __VA_ARGS__)
#define pk_warn(d, code, at, hint, ...) pk_diag_add(d, PK_WARNING, code, at, hint, __VA_ARGS__)

/* "file:line:column: error PK0123: text\n    hint\n" for each, then a line for dropped ones. */
void pk_diags_print(const struct pk_diags *d, FILE *to);
void pk_diags_done(struct pk_diags *d);

#define _pk_diags_ __attribute__((cleanup(pk_diags_done)))
