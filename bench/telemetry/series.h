// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The series that telemetry is measured on, made by fixed methods from fixed seeds, and the size
 * that Gorilla's published layout (Pelkonen et al., VLDB 2015, section 4.1) takes for them.
 */
#pragma once

#include "telemetry/values.h"

struct series_state {
    uint64_t random;
    double walk, total;
    int64_t t;
    bool spare;
    double spare_normal;
};

struct series {
    const char *name, *what;
    struct pk_value_spec spec;
    /* The i-th point; called for i = 0, 1, ... with a state that begins as zeros. */
    void (*next)(struct series_state *state, size_t i, int64_t *t, union pk_value *v);
};

extern const struct series series_all[];
extern const size_t n_series_all;

/* n points from 2023-11-14 22:00 UTC on, about one a second. */
void series_make(const struct series *s, size_t n, int64_t *t, union pk_value *v);

/* Bits of the points in blocks of two hours, times in milliseconds. */
uint64_t gorilla_bits(const int64_t *t, const union pk_value *v, size_t n, bool counter);
