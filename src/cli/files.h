// SPDX-License-Identifier: GPL-2.0-or-later
/* Rule files as the verbs take them: FILE..., each preceded or not by -4 or -6, at most one a
 * family. */
#pragma once

#include "cli/cli.h"

#define PK_FILE_MAX ((size_t)512 << 20)
#define PK_FILES_MAX 16u

/* The options of every verb that takes files. */
#define PK_FILE_OPTIONS                                                                            \
    {"ipv4", '4', NULL, "the files that follow are IPv4"},                                         \
        {"ipv6", '6', NULL, "the files that follow are IPv6 (else by name or header)"},            \
    {                                                                                              \
        "filter-only", 0, NULL, "other tables are left to the kernel: understood"                  \
    }

struct pk_files {
    struct {
        const char *path;
        int family; /* as in pk_read_options */
    } item[PK_FILES_MAX];
    size_t n;
    int family;       /* of the files that follow: -4, -6 or -1 */
    bool counters;    /* -c */
    bool filter_only; /* --filter-only */
};

#define PK_FILES_INIT ((struct pk_files){.family = -1})

/* Takes an option or (o NULL) a word. 1: taken, 0: not one of ours, -1: refused, said so. */
int pk_files_arg(struct pk_files *f, const struct pk_args *a, const struct pk_option_def *o);

struct pk_files_read {
    struct pk_ruleset *family[PK_FAMILY_N]; /* NULL: no file speaks of it */
    const char *path[PK_FAMILY_N];
};

/*
 * Reads all of them into the arena of `c`; every file is read even if an earlier one is bad, so
 * that all errors are seen at once. 0; -EINVAL or -errno (diagnosed).
 */
int pk_files_load(struct pk_cli *c, const struct pk_files *f, struct pk_files_read *ret);

/* Bytes of all of them; 0: one is no regular file, or cannot be asked. */
size_t pk_files_bytes(const struct pk_files *f);

/* Refuses tables other than filter unless they were said to be understood (apply). */
int pk_files_load_strict(struct pk_cli *c, const struct pk_files *f, struct pk_files_read *ret);
