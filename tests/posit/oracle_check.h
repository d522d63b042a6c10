// SPDX-License-Identifier: GPL-2.0-or-later
/* Assertions that say what was asked, what came and what would have been right. After cmocka.h. */
#pragma once

#include "oracle.h"

#define SHOWN "posit%u_%s(%#llx, %#llx, %#llx): %#llx, want %#llx"

struct asked {
    const char *name;
    unsigned n;
    uint64_t x, y, z;
};

static inline void check_code(const struct asked *a, uint64_t got, uint64_t want)
{
    if (got != want)
        fail_msg(SHOWN, a->n, a->name, (unsigned long long)a->x, (unsigned long long)a->y,
                 (unsigned long long)a->z, (unsigned long long)got, (unsigned long long)want);
}

static inline void check_rounded(const struct asked *a, uint64_t got, const mpq_t real)
{
    if (!oracle_is_rounded(real, got, a->n))
        check_code(a, got, oracle_round(real, a->n));
}

static inline void check_root(const struct asked *a, uint64_t got, const mpq_t real)
{
    if (!oracle_is_root(real, got, a->n))
        check_code(a, got, oracle_round_root(real, a->n));
}
