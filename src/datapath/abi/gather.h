// SPDX-License-Identifier: GPL-2.0-or-later
/* What gather.bpf.c is asked: which entries of the flow cache. Shared by user space and BPF. */
#pragma once

#include <linux/types.h>

struct pk_gather {
    __u32 form;        /* enum pk_flow_form: the table */
    __u32 first, sets; /* entry; sets of PK_FLOW_WAYS */
    __u32 pad;
};

_Static_assert(sizeof(struct pk_gather) == 16, "a frame has 14 bytes at least");
