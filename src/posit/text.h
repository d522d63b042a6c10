// SPDX-License-Identifier: BSD-2-Clause
/* Posits of any n from 2 to 64 as decimal numbers: what the functions of all sizes call. */
#pragma once

#include "posit.h"

/* As posit32_to_string() and posit32_to_exact(). */
size_t posit_print_shortest(unsigned n, uint64_t code, char *ret);
size_t posit_print_exact(unsigned n, uint64_t code, char *ret);
/* As posit32_from_string(). */
int posit_parse(unsigned n, const char *s, size_t len, uint64_t *ret_code);
