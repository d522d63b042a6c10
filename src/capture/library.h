// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Libraries that only captures need. libpcap and libarchive bring sixteen others with them, whose
 * loading would be 5 ms of the start of every verb: they are loaded when a capture is opened.
 */
#pragma once

#include <stddef.h>

struct pk_symbol {
    const char *name;
    size_t at; /* of the pointer to the function, in the struct of them */
};

/*
 * Loads a shared library, for as long as the process lasts, and fills `functions`. 0 or -ENOENT:
 * it is not there, or lacks one of the functions.
 */
int pk_library_load(const char *file, const struct pk_symbol *symbols, size_t n, void *functions);
