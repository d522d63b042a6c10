// SPDX-License-Identifier: BSD-2-Clause
/* A code field by field, as clause 3 reads it. */
#include "posit.h"

#include <errno.h>

#include "internal.h"
#include "text.h"

static unsigned at_most(unsigned x, unsigned limit)
{
    return x < limit ? x : limit;
}

int posit_decode_fields(unsigned n, uint64_t code, struct posit_fields *ret)
{
    if (n < 2 || n > 64 || (code & ~posit_mask(n)))
        return -EINVAL;

    *ret = (struct posit_fields){.n = n, .code = code, .sign = posit_is_negative(n, code)};
    ret->is_zero = code == 0;
    ret->is_nar = code == posit_nar(n);
    posit_print_exact(n, code, ret->text);
    posit_print_shortest(n, code, ret->shortest);
    if (posit_is_special(n, code))
        return 0;

    uint64_t body = code << (64 - n) << 1;
    unsigned left = n - 1;
    unsigned run = (unsigned)posit_leading_zeros(body ^ body << 1) + 1;

    ret->regime = body >> 63 ? (int)run - 1 : -(int)run;
    ret->regime_width = at_most(run + 1, left);
    left -= ret->regime_width;
    body = body << run << 1;
    ret->exponent = (unsigned)(body >> 62);
    ret->exponent_width = at_most(2, left);
    left -= ret->exponent_width;
    ret->fraction_width = left;
    ret->fraction = left ? body << 2 >> (64 - left) : 0;
    ret->scale = posit_decode(n, code).scale;
    return 0;
}
