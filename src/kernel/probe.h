// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdbool.h>

/* One question of pk_probe_run. */
bool pk_probe_tcx(void);
bool pk_probe_netfilter(void);
