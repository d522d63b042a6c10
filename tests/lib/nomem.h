// SPDX-License-Identifier: GPL-2.0-or-later
/* Allocations that fail when a test says so. Linked with --wrap (nomem in lib/meson.build). */
#pragma once

#include <stddef.h>

/* The allocation after so many more fails, once; 0: none does. */
extern size_t pk_test_fail_in;
