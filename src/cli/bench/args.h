// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "cli/bench/bench.h"

/* Reads the words of `picket bench`. 0: go on; else the exit status of the verb plus one. */
int pk_bench_arguments(int argc, char **argv, struct pk_bench_wish *ret);
