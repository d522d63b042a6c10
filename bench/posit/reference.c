// SPDX-License-Identifier: BSD-2-Clause
/* In a file of its own so that it is called, as the posit functions are. */
#include "bench.h"

double bench_double_add(double x, double y)
{
    return x + y;
}
