// SPDX-License-Identifier: GPL-2.0-or-later
/* What is taken down with a fence, and by an apply that fails to build one. */
#pragma once

#include "kernel/standing.h"

/* Connection tracking, if the fence holds it on (conntrack.h). */
void pk_detach_tracking(struct pk_fence *f);

/* What no pin holds, and before it a word to the dispatchers. The pins are the caller's. */
void pk_detach_parts(struct pk_fence *f);
