// SPDX-License-Identifier: GPL-2.0-or-later
/* Small things that C lacks. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define PK_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PK_MIN(a, b) ((a) < (b) ? (a) : (b))
#define PK_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Hands an owned pointer on: the variable no longer owns it. */
#define PK_TAKE_PTR(p)                                                                             \
    ({                                                                                             \
        __typeof__(p) pk_taken_ = (p);                                                             \
        (p) = NULL;                                                                                \
        pk_taken_;                                                                                 \
    })
#define PK_TAKE_FD(fd)                                                                             \
    ({                                                                                             \
        int pk_taken_ = (fd);                                                                      \
        (fd) = -1;                                                                                 \
        pk_taken_;                                                                                 \
    })

static inline void pk_free_p(void *p)
{
    free(*(void **)p);
}

static inline void pk_close_p(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#define _pk_free_ __attribute__((cleanup(pk_free_p)))
#define _pk_close_ __attribute__((cleanup(pk_close_p)))
