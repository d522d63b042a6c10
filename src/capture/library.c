// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int pk_library_load(const char *file, const struct pk_symbol *symbols, size_t n, void *functions)
{
    void *library = dlopen(file, RTLD_NOW), *found;

    if (!library)
        return -ENOENT;
    for (size_t i = 0; i < n; i++) {
        found = dlsym(library, symbols[i].name);
        if (!found)
            return -ENOENT;
        memcpy((char *)functions + symbols[i].at, &found, sizeof(found));
    }
    return 0;
}
