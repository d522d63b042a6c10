// SPDX-License-Identifier: GPL-2.0-or-later
/* The maps that name interfaces: "guards", which to judge for, and "ifnames", which is which. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "kernel/maps.h"

/* One element of "guards". */
struct pk_guard {
    char name[IF_NAMESIZE + 1];
    uint32_t ifindex; /* when it was attached to */
    bool qdisc;       /* its clsact qdisc is ours to remove */
};

/* *ret is owned by the caller. */
int pk_guards_read(const struct pk_maps *m, struct pk_guard **ret, size_t *ret_n);
int pk_guards_put(const struct pk_maps *m, const struct pk_guard *g);
/* Every name must be of an interface that is there: a misspelt one would be an open door. */
int pk_guards_set(const struct pk_maps *m, const char *const *devs, size_t n, struct pk_diags *d);
/* Refuses (diagnosed) if those that are guarded are others than those named. */
int pk_guards_match(const struct pk_maps *m, const char *const *devs, size_t n, struct pk_diags *d);
/* The same interface under the name that it has now. */
int pk_guards_rename(const struct pk_maps *m, struct pk_guard *g, const char *now);

/*
 * Names of all interfaces that are there now, for programs that know only indexes; those that are
 * gone are removed. An interface is guarded by its index: that is what programs are attached to.
 */
int pk_ifnames_fill(const struct pk_maps *m, struct pk_diags *d);
