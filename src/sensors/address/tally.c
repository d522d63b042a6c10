// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/tally.h"

#include <math.h>
#include <string.h>

void pk_address_count(struct pk_address_tally *t, const struct pk_verdict *v)
{
    t->taken++;
    t->kind[v->kind]++;
    t->iid[v->iid]++;
}

void pk_address_entropy(const struct pk_u128 *a, size_t n, double ret[static 32])
{
    uint64_t seen[32][16] = {{0}};

    for (size_t i = 0; i < n; i++) {
        for (unsigned k = 0; k < 16; k++) {
            seen[k][a[i].hi >> (60 - 4 * k) & 15]++;
            seen[16 + k][a[i].lo >> (60 - 4 * k) & 15]++;
        }
    }
    for (unsigned k = 0; k < 32; k++) {
        ret[k] = 0;
        for (unsigned d = 0; d < 16; d++) {
            double p = (double)seen[k][d] / (double)n;

            if (seen[k][d])
                ret[k] -= p * log2(p) / 4;
        }
    }
}

void pk_entropy_text(const double h[static 32], char ret[static 33])
{
    for (unsigned k = 0; k < 32; k++)
        ret[k] = h[k] < 1e-9 ? '.' : h[k] > 0.95 ? '#' : (char)('0' + (int)(h[k] * 10));
    ret[32] = '\0';
}
