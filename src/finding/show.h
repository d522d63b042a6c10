// SPDX-License-Identifier: GPL-2.0-or-later
/* One finding as lines of a table and as JSON. */
#pragma once

#include "finding/finding.h"

#define PK_FINDING_COLUMNS 80

void pk_finding_titles(FILE *to);
/* 0 or -errno. */
int pk_finding_row(const struct pk_finding *f, FILE *to);
/* NULL: no memory. */
json_t *pk_finding_json(const struct pk_finding *f);
