// SPDX-License-Identifier: GPL-2.0-or-later
/* The compiled BPF objects, as bytes in the binary: nothing is compiled at run time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct pk_object {
    const char *name;
    const void *data;
    size_t size;
};

extern const struct pk_object pk_object_dispatch;
extern const struct pk_object pk_object_nf;
extern const struct pk_object pk_object_tc;
extern const struct pk_object pk_object_xdp;
extern const struct pk_object pk_object_bench;
extern const struct pk_object pk_object_forget;
extern const struct pk_object pk_object_gather;

/* Of the bytes of all of them. */
extern const uint64_t pk_objects_sum;
