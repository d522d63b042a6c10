// SPDX-License-Identifier: GPL-2.0-or-later
/* The answer of `picket posit`, for people and as members of a JSON object. */
#pragma once

#include <jansson.h>

#include "cli/posit/calc.h"
#include "posit/posit.h"

struct pk_posit_report {
    const char *expression;
    struct pk_posit_answer answer;
    /* all but the first two only if the answer is no comparison; `number` NULL and `stored` empty
     * if it is NaR */
    struct posit_fields fields, prior, next;
    const char *number;
    struct pk_posit_stored stored[PK_POSIT_STORED];
};

void pk_posit_show(const struct pk_posit_report *r);
void pk_posit_json(const struct pk_posit_report *r, json_t *obj);
/* The fields' bits: the parts of the code, each as '0' and '1'. */
enum { PK_POSIT_SIGN, PK_POSIT_REGIME, PK_POSIT_EXPONENT, PK_POSIT_FRACTION, PK_POSIT_PARTS };
struct pk_posit_bits {
    char part[PK_POSIT_PARTS][65];
};
void pk_posit_bits(const struct posit_fields *f, struct pk_posit_bits *ret);
