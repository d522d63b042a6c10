// SPDX-License-Identifier: GPL-2.0-or-later
/* What posits of 1 to 8 bytes, a float and a double make of a number, and how far that is off. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/posit/calc.h"
#include "posit/posit.h"

/*
 * A positive decimal as a posit64 that rounds to fewer bytes as the decimal itself would: not the
 * nearest one but the next towards 0, made odd if something was cut off ("round to odd", Boldo and
 * Melquiond 2008). It is then on the same side of every tie between shorter posits.
 */
static posit64 round_to_odd(posit64 nearest, const struct pk_decimal *number)
{
    char text[POSIT_EXACT_SIZE];
    struct pk_decimal value;

    pk_decimal_read(text, posit64_to_exact(nearest, text), &value);
    pk_decimal_sub(&value, number, &value);
    if (pk_decimal_is_zero(&value))
        return nearest;
    if (!value.negative)
        nearest = posit64_prior(nearest);
    return (posit64){nearest.bits | 1};
}

uint64_t pk_posit_from_decimal(unsigned bits, const char *s, size_t len)
{
    bool negative = len && *s == '-';
    struct pk_decimal number;
    posit64 x;

    s += negative;
    len -= negative;
    if (pk_decimal_read(s, len, &number) || posit64_from_string(s, len, &x))
        return UINT64_C(1) << (bits - 1);
    if (bits < 64)
        x = posit64_round_to_bytes(round_to_odd(x, &number), bits / 8);
    if (negative)
        x = posit64_negate(x);
    return x.bits >> (64 - bits);
}

static int store(struct pk_posit_stored *s, const char *value, const struct pk_decimal *number,
                 struct pk_arena *arena)
{
    struct pk_decimal stored;
    char text[PK_DECIMAL_SIZE];

    s->value = pk_arena_strdup(arena, value);
    if (!s->value)
        return -ENOMEM;
    if (pk_decimal_read(value, strlen(value), &stored))
        return 0; /* infinite */
    pk_decimal_sub(&stored, number, &stored);
    s->error = pk_arena_strndup(arena, text, pk_decimal_print(&stored, text));
    pk_decimal_print_short(&stored, s->error_short);
    if (!pk_decimal_is_zero(number))
        pk_decimal_print_ratio(&stored, number, s->relative);
    return s->error ? 0 : -ENOMEM;
}

/* All digits: a double has no more than 1,074 places. */
static const char *double_text(double x, char ret[static PK_DECIMAL_SIZE])
{
    char *end;

    snprintf(ret, PK_DECIMAL_SIZE, "%.1074f", x);
    if (!strchr(ret, '.'))
        return ret;
    for (end = ret + strlen(ret); end[-1] == '0'; end--)
        ;
    end[end[-1] == '.' ? -1 : 0] = 0;
    return ret;
}

static int store_ieee(const char *text, const struct pk_decimal *number, struct pk_arena *arena,
                      struct pk_posit_stored ret[static 2])
{
    char value[PK_DECIMAL_SIZE];
    float single = strtof(text, NULL);
    double d = strtod(text, NULL);
    uint32_t code;
    int r;

    memcpy(&code, &single, sizeof(code));
    ret[0] = (struct pk_posit_stored){.format = "float32", .bytes = 4, .code = code};
    ret[1] = (struct pk_posit_stored){.format = "float64", .bytes = 8};
    memcpy(&ret[1].code, &d, sizeof(d));
    r = store(&ret[0], double_text((double)single, value), number, arena);
    return r ? r : store(&ret[1], double_text(d, value), number, arena);
}

int pk_posit_store(const char *text, struct pk_arena *arena,
                   struct pk_posit_stored ret[static PK_POSIT_STORED])
{
    static const char *const names[] = {"posit8",  "posit16", "posit24", "posit32",
                                        "posit40", "posit48", "posit56", "posit64"};
    struct pk_decimal number;
    struct posit_fields fields;
    int r = pk_decimal_read(text, strlen(text), &number);

    for (unsigned i = 0; !r && i < 8; i++) {
        ret[i] = (struct pk_posit_stored){.format = names[i], .bytes = i + 1};
        ret[i].code = pk_posit_from_decimal(8 * (i + 1), text, strlen(text));
        posit_decode_fields(8 * (i + 1), ret[i].code, &fields);
        r = store(&ret[i], fields.text, &number, arena);
    }
    return r ? r : store_ieee(text, &number, arena, &ret[8]);
}
