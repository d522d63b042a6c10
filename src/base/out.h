// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a verb prints on standard output: a table for people, JSON for programs.
 *
 * A table measures its cells and pads columns; text is left-aligned, numbers (pk_table_u64) right-
 * aligned with no separators; the last column is never padded. Cells wider than the terminal wrap
 * nowhere: callers keep their tables under 80 columns for usual input. An owned object.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct pk_table;

/* Column titles, NULL-terminated. NULL when there is no memory. */
struct pk_table *pk_table_new(const char *const *titles);
void pk_table_str(struct pk_table *t, const char *s);
void pk_table_fmt(struct pk_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void pk_table_u64(struct pk_table *t, uint64_t v);
void pk_table_end_row(struct pk_table *t);
/* Prints with `indent` spaces before each line; 0 or -ENOMEM if anything above ran out of memory.
 */
int pk_table_print(struct pk_table *t, unsigned indent, FILE *to);
void pk_table_free(struct pk_table **t);

/* "12.3 KiB" with binary prefixes, into a buffer of at least 16 bytes. */
const char *pk_bytes_str(uint64_t bytes, char buf[static 16]);

/*
 * Prints one JSON document followed by a newline (sorted keys, indent 2), after adding
 * "schema": "picket.<verb>/1". Steals `obj`. 0 or -errno.
 */
int pk_json_print(const char *schema, json_t *obj, FILE *to);

/* The same on one line. */
int pk_json_print_line(const char *schema, json_t *obj, FILE *to);

/*
 * A document with one list that is too long for memory: the list first, item by item, then the rest
 * of its members, which `obj` has. Each steals its object. 0 or -errno.
 */
int pk_json_list_begin(const char *name, FILE *to);
int pk_json_list_item(json_t *item, bool first, FILE *to);
int pk_json_list_end(const char *schema, json_t *obj, FILE *to);

static inline void pk_table_p(struct pk_table **t)
{
    if (*t)
        pk_table_free(t);
}
#define _pk_table_ __attribute__((cleanup(pk_table_p)))
