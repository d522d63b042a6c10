// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/tree.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "sensors/address/codes.h"

static bool below_root(const struct pk_tree *t, const char *path, char ret[static PATH_MAX])
{
    return snprintf(ret, PATH_MAX, "%s%s", t->root, path) < PATH_MAX;
}

bool pk_tree_has(const struct pk_tree *t, const char *path)
{
    char full[PATH_MAX];
    struct stat st;

    return below_root(t, path, full) && !stat(full, &st);
}

bool pk_tree_plain(const struct pk_tree *t, const char *path, char *ret)
{
    struct stat st;

    return below_root(t, path, ret) && !stat(ret, &st) && S_ISREG(st.st_mode);
}

/* A pipe or device would be waited for. Nothing to read of a mask, which is a link to /dev/null. */
static int read_plain(const char *full, struct pk_buf *ret)
{
    struct stat st;

    if (stat(full, &st))
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -ENOENT;
    return pk_file_read(full, PK_TREE_FILE_MAX, ret);
}

int pk_tree_read(const struct pk_tree *t, const char *path, struct pk_buf *ret)
{
    char full[PATH_MAX];
    int r = below_root(t, path, full) ? read_plain(full, ret) : -ENAMETOOLONG;

    if (r == -ENOTDIR)
        r = -ENOENT;
    if (r && r != -ENOENT)
        pk_warn(t->d, PK_D_AUDIT_FILE, ((struct pk_place){.file = path}),
                r == -EACCES ? "be root" : NULL, "not looked at: %s", strerror(-r));
    return r;
}

static const char *name_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(name_of(*(char *const *)a), name_of(*(char *const *)b));
}

static bool known(const struct pk_tree_names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (!strcmp(name_of(names->path[i]), name))
            return true;
    return false;
}

static bool wanted(const char *name, const char *suffix)
{
    size_t len = strlen(name), end = strlen(suffix);

    return *name != '.' && len >= end && !strcmp(name + len - end, suffix);
}

static int add_name(const struct pk_tree *t, struct pk_tree_names *names, const char *path)
{
    char **grown = pk_arena_grow(t->arena, names->path, names->n, &names->cap, sizeof(*grown));
    char *copy = pk_arena_strdup(t->arena, path);

    if (!grown || !copy)
        return -ENOMEM;
    names->path = grown;
    names->path[names->n++] = copy;
    return 0;
}

static int list_one(const struct pk_tree *t, const char *dir, const char *suffix,
                    struct pk_tree_names *names)
{
    char full[PATH_MAX], path[PATH_MAX];
    struct dirent *e;
    DIR *d = below_root(t, dir, full) ? opendir(full) : NULL;
    int r = 0;

    while (!r && d && names->n < PK_TREE_NAMES_MAX && (e = readdir(d))) {
        if (!wanted(e->d_name, suffix) || known(names, e->d_name) ||
            snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path))
            continue;
        r = add_name(t, names, path);
    }
    if (d)
        closedir(d);
    return r;
}

int pk_tree_list(const struct pk_tree *t, const char *const *dirs, const char *suffix,
                 struct pk_tree_names *ret)
{
    struct pk_tree_names names = {.n = 0};
    int r = 0;

    for (; !r && *dirs; dirs++)
        r = list_one(t, *dirs, suffix, &names);
    if (r)
        return r;
    if (names.n)
        qsort(names.path, names.n, sizeof(*names.path), by_name);
    *ret = names;
    return 0;
}

char *pk_next_line(char **text)
{
    char *line = *text, *end;

    if (!line || !*line)
        return NULL;
    end = strchr(line, '\n');
    *text = end ? end + 1 : NULL;
    if (end)
        *end = '\0';
    return line;
}

char *pk_next_word(char **line)
{
    char *word = *line + strspn(*line, " \t\r");
    size_t len = strcspn(word, " \t\r");

    *line = word + len;
    if (**line)
        *(*line)++ = '\0';
    return *word ? word : NULL;
}

static char *trimmed(char *s)
{
    size_t len;

    s += strspn(s, " \t\r");
    len = strlen(s);
    while (len && strchr(" \t\r", s[len - 1]))
        s[--len] = '\0';
    return s;
}

int pk_tree_ini(const struct pk_tree *t, const char *path, pk_ini_fn *fn, void *arg)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_TREE_FILE_MAX);
    int r = pk_tree_read(t, path, &text);
    const char *section = "";
    char *at = text.data, *line, *value;

    while (!r && (line = pk_next_line(&at))) {
        line = trimmed(line);
        if (*line == '[') {
            section = line + 1;
            line[strcspn(line, "]")] = '\0';
            continue;
        }
        value = strchr(line, '=');
        if (!value || *line == '#' || *line == ';')
            continue;
        *value++ = '\0';
        fn(arg, section, trimmed(line), trimmed(value));
    }
    return r;
}
