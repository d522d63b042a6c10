// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a new fence is to stand. */
#pragma once

#include "base/diag.h"
#include "kernel/fence.h"

const char *pk_hook_word(enum pk_attach_kind hook);
/* The exact hook where there is one (docs/adr/0002). 0 or -errno (diagnosed). */
int pk_hook_choose(const struct pk_apply_options *o, enum pk_attach_kind *ret, struct pk_diags *d);
