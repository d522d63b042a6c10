// SPDX-License-Identifier: GPL-2.0-or-later
/* Between edit.c, which changes a rule by a delta, and apply.c, which does it by a new bank. */
#pragma once

#include "kernel/standing.h"

/* Copies what the caller is told, before anything is touched. 0 or -ENOMEM. */
int pk_edit_tell(unsigned number, const char *gone, const char *new, struct pk_arena *texts,
                 struct pk_fence_edited *ret);
/* With the fence open and locked, which it takes over. As pk_fence_edit. */
int pk_apply_edit(struct pk_fence *f, const struct pk_edit *e, struct pk_arena *texts,
                  struct pk_fence_edited *ret, struct pk_diags *d);
