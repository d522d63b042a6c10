// SPDX-License-Identifier: GPL-2.0-or-later
/* The compiler's plan (classify/compile.h) for people and for programs: structures and bytes. */
#pragma once

#include <jansson.h>

#include "classify/compile.h"

/* As --classifier takes it. */
const char *pk_classifier_name(enum pk_classifier c);

/* On standard output, a table a family: how each structure is read, and its bytes. 0 or -ENOMEM. */
int pk_plan_print(const struct pk_plan *plan);

/* "ipv4 rows 541.9 KiB, leaves 312.5 KiB, …", broken within 80 columns, each line indented. */
void pk_plan_print_bytes(const struct pk_plan *plan, unsigned indent);

json_t *pk_plan_json(const struct pk_plan *plan);
