// SPDX-License-Identifier: GPL-2.0-or-later
/* `picket address iid`: an address for each prefix, made as iid_opaque.h says. */
#pragma once

#include "cli/cli.h"

struct pk_iid_ask {
    const char *interface, *network, *secret_file;
    unsigned counter; /* duplicates found so far */
    bool linux_way;   /* --kernel */
    char *const *prefixes;
    size_t n;
};

int pk_iid_make(struct pk_cli *c, const struct pk_iid_ask *a);
