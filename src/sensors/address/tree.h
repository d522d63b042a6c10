// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A host's files below a root folder: "" for this host's own, or a copy of another's. Paths are
 * given and told as that host has them. Only plain files of up to 1 MiB are read.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"

#define PK_TREE_FILE_MAX ((size_t)1 << 20)
#define PK_TREE_NAMES_MAX 4096u

struct pk_tree {
    const char *root;
    struct pk_arena *arena;
    struct pk_diags *d;
};

/* 0; -ENOENT: there is none; another -errno, of which a warning tells. */
int pk_tree_read(const struct pk_tree *t, const char *path, struct pk_buf *ret);
bool pk_tree_has(const struct pk_tree *t, const char *path);
/* Whether it is a plain file, and where; *ret has room for PATH_MAX. */
bool pk_tree_plain(const struct pk_tree *t, const char *path, char *ret);

struct pk_tree_names {
    char **path; /* in the arena, by the last part of their names */
    size_t n, cap;
};

/*
 * The files whose names end in `suffix`, of all folders, sorted by name. Of two with one name the
 * one of the folder named first counts, as with systemd. `dirs` ends with NULL. 0 or -ENOMEM.
 */
int pk_tree_list(const struct pk_tree *t, const char *const *dirs, const char *suffix,
                 struct pk_tree_names *ret);

/*
 * Sections, keys and values, as in the files of systemd and NetworkManager: comments begin a line
 * with # or ;. Outside of any section `section` is "". 0 or -errno, as pk_tree_read().
 */
typedef void pk_ini_fn(void *arg, const char *section, const char *key, const char *value);
int pk_tree_ini(const struct pk_tree *t, const char *path, pk_ini_fn *fn, void *arg);

/* The next word of a line that is cut up for it, or NULL: words are separated by blanks. */
char *pk_next_word(char **line);
/* The next line, without its end; NULL: that was the last. */
char *pk_next_line(char **text);
