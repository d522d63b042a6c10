// SPDX-License-Identifier: GPL-2.0-or-later
/* Files as bytes in the binary (embed.py). */
#pragma once

#include <stddef.h>

struct pk_embedded {
    const void *data;
    size_t size;
};

extern const struct pk_embedded pk_embedded_demo_v4, pk_embedded_demo_v6;
