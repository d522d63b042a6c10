// SPDX-License-Identifier: GPL-2.0-or-later
/* `picket address audit` */
#pragma once

#include "cli/cli.h"

#define PK_AUDIT_ALSO_MAX 16u

struct pk_audit_ask {
    const char *root, *fix_script;
    const char *format;                  /* NULL: table */
    const char *also[PK_AUDIT_ALSO_MAX]; /* files to look into, "-": standard input */
    size_t n_also;
    char *const *links;
    size_t n;
};

int pk_audit_run(struct pk_cli *c, const struct pk_audit_ask *ask);
