// SPDX-License-Identifier: GPL-2.0-or-later
/* Apart from search_double.c, in which NaN cannot be asked for. */
#include "search_double.h"

#include <math.h>
#include <stdio.h>

#include "oracle_pairs.h"

#define SAMPLES 100000
#define SAMPLE_BITS 128

/* `cut`: the value was truncated. */
static bool is_near(double y, const mpfr_t value, bool cut)
{
    mpfr_t error;
    double part;

    if (!mpfr_number_p(value))
        return !isfinite(y);
    if (mpfr_zero_p(value))
        return cut ? fabs(y) < 0x1p-121 : y == 0;
    if (mpfr_get_exp(value) > 122 || mpfr_get_exp(value) < -122)
        return mpfr_get_exp(value) > 0 ? fabs(y) > 0x1p121 : fabs(y) < 0x1p-121;
    if (!isfinite(y))
        return false;
    mpfr_init2(error, SAMPLE_BITS);
    mpfr_d_sub(error, y, value, MPFR_RNDN);
    mpfr_div(error, error, value, MPFR_RNDN);
    part = fabs(mpfr_get_d(error, MPFR_RNDN));
    mpfr_clear(error);
    return part < SEARCH_DOUBLE_ERROR / 16;
}

/* The angle of (0, 0): C has one, posits have none. */
static bool is_sample(const struct mpfr_ref *f, const struct mpfr_args *a, unsigned n)
{
    const uint64_t nar = UINT64_C(1) << (n - 1);

    return a->x != nar && a->y != nar && (f->kind == 'x' || a->x != 0 || a->y != 0);
}

bool search_double_is_near(const struct mpfr_ref *f, unsigned n)
{
    struct oracle_pairs r = oracle_pairs_new(61, n);
    search_double *approximate = search_double_find(f->name);
    struct mpfr_args a = {0};
    mpfr_t x_value, y_value, value;
    bool near = true;

    mpfr_inits2(SAMPLE_BITS, x_value, y_value, value, (mpfr_ptr)NULL);
    for (int i = 0; i < SAMPLES && near; i++) {
        double x, y, got;
        bool cut;

        oracle_pairs_next(&r, &a.x, &a.y);
        if (!is_sample(f, &a, n))
            continue;
        mpfr_ref_set(x_value, a.x, n);
        mpfr_ref_set(y_value, a.y, n);
        x = mpfr_get_d(x_value, MPFR_RNDN);
        y = mpfr_get_d(y_value, MPFR_RNDN);
        approximate(&got, &x, &y, 1);
        cut = f->mpfr(value, x_value, y_value, 0) != 0;
        near = is_near(got, value, cut);
        if (!near)
            printf("%s(%a, %a): the double %a is too far off\n", f->name, x, y, got);
    }
    mpfr_clears(x_value, y_value, value, (mpfr_ptr)NULL);
    return near;
}
