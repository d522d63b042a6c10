// SPDX-License-Identifier: GPL-2.0-or-later
/* What forget.bpf.c is asked: which connection to delete. Shared by user space and BPF. */
#pragma once

#include "state/state.h"

struct pk_forget {
    struct pk_state_key key;
    __u32 bucket, way; /* where it stood when it was read */
    __u32 born;
    __u32 pad;
};

_Static_assert(sizeof(struct pk_forget) == 56, "shared with BPF");

enum pk_forget_answer { PK_FORGET_GONE, PK_FORGET_DONE };
