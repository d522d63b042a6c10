// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The binary's programs (datapath/linked.h) into the kernel: what they refer to is filled in, and
 * bpf(2) called. All programs that Picket loads come this way.
 */
#pragma once

#include "datapath/abi/ctl.h"
#include "datapath/linked.h"
#include "kernel/maps.h"

#define PK_BOUND_MAPS_MAX 32u

/* What an object's programs are to be bound to; without `maps`, all maps are the object's own. */
struct pk_bind {
    const struct pk_maps *maps;
    enum pk_map progs;              /* which of them is the program array */
    int image;                      /* map of the bank; -1: the programs read none */
    const struct pk_config *config; /* NULL: they have none */
};

/* An object's type information and maps in the kernel. Owned. */
struct pk_bound {
    const struct pk_linked *object;
    int btf;
    int map[PK_BOUND_MAPS_MAX]; /* those of bits in `made` are owned */
    uint32_t made;
};
#define PK_BOUND_NONE ((struct pk_bound){.btf = -1})

/* *b is PK_BOUND_NONE, and to be done with also after a failure. 0 or -errno. */
int pk_bound_make(struct pk_bound *b, const struct pk_linked *o, const struct pk_bind *to);
void pk_bound_done(struct pk_bound *b);
#define _pk_bound_ __attribute__((cleanup(pk_bound_done)))

/* The descriptor of a map of the object, the object's; -ENOENT. */
int pk_bound_map(const struct pk_bound *b, const char *name);

/* A program of an object by its name, NULL if it has none so called. */
const struct pk_linked_prog *pk_linked_find(const struct pk_linked *o, const char *name);

/*
 * Loads a program. `kfuncs` as kernel/kfuncs.h gives them; NULL: the kernel's types cannot be read,
 * and no field of them is relocated, which suits programs that go on without any. Of a refused
 * program *ret_said, unless NULL, gets what the verifier says, to be freed, or NULL.
 */
int pk_bound_load(const struct pk_bound *b, const struct pk_linked_prog *p, const uint32_t *kfuncs,
                  int *ret_fd, char **ret_said);

/* One program that needs no types of the kernel, with the fence's maps. */
int pk_linked_load(const struct pk_linked *o, const char *name, const struct pk_maps *maps,
                   int *ret_fd);
