// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The BPF file system of PID 1's mount namespace. `ip netns exec` and many services run in a mount
 * namespace of their own, where a bpffs mounted by us would vanish with us; so a child enters PID
 * 1's, mounts one there if there is none, and hands its root back as a descriptor. The caller
 * itself never changes its mount namespace, root or working directory.
 */
#pragma once

#include <stdbool.h>

#include "base/diag.h"

struct pk_bpffs {
    int fd;           /* root directory of the file system; owned */
    const char *path; /* where it is mounted, in PID 1's eyes */
};

/* `create`: mount one if there is none. 0; -ENOENT: none is mounted; -errno (diagnosed). */
int pk_bpffs_open(bool create, struct pk_bpffs *ret, struct pk_diags *d);
