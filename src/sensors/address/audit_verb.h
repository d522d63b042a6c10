// SPDX-License-Identifier: GPL-2.0-or-later
/* `picket address audit` */
#pragma once

#include "cli/cli.h"

struct pk_audit_ask {
    const char *root, *fix_script;
    const char *format; /* NULL: table */
    char *const *links;
    size_t n;
};

int pk_audit_run(struct pk_cli *c, const struct pk_audit_ask *ask);
