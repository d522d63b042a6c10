// SPDX-License-Identifier: GPL-2.0-or-later
/* Arguments that more than one verb takes. Each answers as pk_cli_take_fn does: 1 or -1, said why.
 */
#pragma once

#include "cli/cli.h"

int pk_hook_arg(const struct pk_args *a, enum pk_attach_kind *ret);
int pk_classifier_arg(const struct pk_args *a, enum pk_classifier *ret);
int pk_memory_arg(const struct pk_args *a, size_t *ret);
int pk_state_timeout_arg(const struct pk_args *a, struct pk_state_wish *ret);
int pk_state_liberal_arg(const struct pk_args *a, struct pk_state_wish *ret);
/* IF=ZONE or vlan:ID=ZONE, one more of *n. */
int pk_state_zone_arg(const struct pk_args *a, struct pk_zone *zones, size_t *n, size_t max);
int pk_state_max_arg(const struct pk_args *a, uint32_t *ret);
int pk_dev_arg(const struct pk_args *a, const char **devs, size_t *n, size_t max);
