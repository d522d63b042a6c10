// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "cli/codes.h"

/* What a path stands for. */
static const char *opened(const char *path)
{
    return strcmp(path, "-") ? path : "/dev/stdin";
}

static int add_path(struct pk_files *f, const struct pk_args *a)
{
    if (f->n >= PK_FILES_MAX) {
        fprintf(stderr, "picket %s: %s: too many files, at most %u\n", a->verb, a->value,
                PK_FILES_MAX);
        return -1;
    }
    f->item[f->n].path = a->value;
    f->item[f->n++].family = f->family;
    return 1;
}

int pk_files_arg(struct pk_files *f, const struct pk_args *a, const struct pk_option_def *o)
{
    if (!o)
        return add_path(f, a);
    if (pk_option_is(o, "ipv4"))
        f->family = PK_IPV4;
    else if (pk_option_is(o, "ipv6"))
        f->family = PK_IPV6;
    else if (pk_option_is(o, "counters"))
        f->counters = true;
    else if (pk_option_is(o, "filter-only"))
        f->filter_only = true;
    else
        return 0;
    return 1;
}

/* `-` is standard input, as for iptables-restore. */
static int read_one(struct pk_cli *c, const struct pk_files *f, size_t i, struct pk_read *ret)
{
    const struct pk_read_options o = {.family = f->item[i].family, .counters = f->counters};
    const char *path = f->item[i].path;
    struct pk_place at = {path, 0, 0};
    _pk_buf_ struct pk_buf text = {.data = NULL};
    int r = pk_file_read(opened(path), PK_FILE_MAX, &text);

    if (r) {
        pk_error(&c->d, PK_D_FILE_UNREADABLE, at, NULL, "cannot read: %s", strerror(-r));
        return r;
    }
    r = pk_text_read(text.data, text.len, path, &o, &c->arena, ret, &c->d);
    if (r == -ENOMEM)
        pk_error(&c->d, PK_D_FILE_UNREADABLE, at, NULL, "not enough memory to read it");
    if (r)
        return r;
    if (ret->family[PK_IPV4] || ret->family[PK_IPV6])
        return 0;
    pk_error(&c->d, PK_D_FILE_NO_FILTER, at, "a save file has a line '*filter'",
             "has no filter table, so there is nothing to put in force");
    return -EINVAL;
}

static int merge(struct pk_cli *c, const char *path, const struct pk_read *one,
                 struct pk_files_read *all)
{
    int r = 0;

    for (int f = 0; f < PK_FAMILY_N; f++) {
        if (!one->family[f])
            continue;
        if (all->family[f]) {
            pk_error(&c->d, PK_D_FILE_FAMILY_TWICE, ((struct pk_place){path, 0, 0}),
                     "give one file of each family; -6 before a file, or a name that ends in .v6, "
                     "says that it is IPv6",
                     "is %s, and so is %s", pk_family_title(f), all->path[f]);
            r = -EINVAL;
            continue;
        }
        all->family[f] = one->family[f];
        all->path[f] = path;
    }
    return r;
}

static int other_tables(struct pk_cli *c, const struct pk_files *f, const char *path,
                        const struct pk_read *one, bool strict)
{
    struct pk_place at = {path, 0, 0};

    if (!one->other_tables || f->filter_only)
        return 0;
    pk_diag_add(&c->d, strict ? PK_ERROR : PK_WARNING, PK_D_FILE_OTHER_TABLES, at,
                "they stay with the kernel's iptables; --filter-only says that this is understood",
                "holds tables that picket does not run: %s",
                one->other_names ? one->other_names : "?");
    return strict ? -EINVAL : 0;
}

static int load(struct pk_cli *c, const struct pk_files *f, bool strict, struct pk_files_read *ret)
{
    struct pk_files_read all = {0};
    int r = 0;

    for (size_t i = 0; i < f->n; i++) {
        struct pk_read one = {0};
        int e = read_one(c, f, i, &one);

        if (!e && other_tables(c, f, f->item[i].path, &one, strict))
            r = -EINVAL;
        if (!e)
            e = merge(c, f->item[i].path, &one, &all);
        if (e)
            r = e;
    }
    if (!r)
        *ret = all;
    return r;
}

int pk_files_load(struct pk_cli *c, const struct pk_files *f, struct pk_files_read *ret)
{
    return load(c, f, false, ret);
}

int pk_files_load_strict(struct pk_cli *c, const struct pk_files *f, struct pk_files_read *ret)
{
    return load(c, f, true, ret);
}

size_t pk_files_bytes(const struct pk_files *f)
{
    size_t bytes = 0;

    for (size_t i = 0; i < f->n; i++) {
        struct stat st;

        if (stat(opened(f->item[i].path), &st) || !S_ISREG(st.st_mode))
            return 0;
        bytes += (size_t)st.st_size;
    }
    return bytes;
}
