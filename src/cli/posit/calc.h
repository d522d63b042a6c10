// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The calculator of `picket posit`: an expression to a posit of 8, 16, ..., 64 bits, and what each
 * format makes of a number.
 *
 *     sum     = product {("+" | "-") product}
 *     product = factor {("*" | "/") factor}
 *     factor  = ["-"] factor | NUMBER | CODE | "NaR" | "(" sum ")" | NAME "(" arguments ")"
 *     CODE    = "0x" hexadecimal digits | "0b" bits, all of the posit's
 *
 * A number is rounded to the posit's size where it stands, and so is the result of every operation:
 * once. Functions have their names of posit.h or of the standard. `quire(a * b + c - d * e)` is a
 * sum of products in a quire, which is rounded once at its end.
 *
 * Everything lives in the caller's arena.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "cli/posit/decimal.h"

#define PK_POSIT_EXPRESSION_MAX 1000u
#define PK_POSIT_DEPTH_MAX 64u /* of brackets and signs */

struct pk_posit_function {
    const char *name; /* as in posit.h */
    unsigned posits;  /* arguments, 1 to 3 */
    bool integer;     /* and then an integer */
    bool compares;    /* its result is 0 or 1, no code */
    /* of posit8, 16, 32 and 64: codes to code */
    uint64_t (*run[4])(const uint64_t *x, int64_t k);
};

/* Case and underscores do not matter: "arcTan2Pi" is arctan2_pi. NULL: there is none. */
const struct pk_posit_function *pk_posit_function_find(const char *name, size_t len);
/* 0 to 3 for 8, 16, 32, 64; -1 for all others, which can be stored but not be calculated with. */
int pk_posit_index(unsigned bits);

union pk_posit_quire;
union pk_posit_quire *pk_posit_quire_new(struct pk_arena *arena);
/* q +- x, or q +- x * y if y is given */
void pk_posit_quire_add(union pk_posit_quire *q, int index, bool minus, uint64_t x,
                        const uint64_t *y);
uint64_t pk_posit_quire_round(const union pk_posit_quire *q, int index);

/* One number read or one operation done. */
struct pk_posit_step {
    const char *text;    /* the number as written, or the name of the operation */
    bool operation;      /* else a number */
    bool exact;          /* a number: it is a posit */
    unsigned n_operands; /* 0 for quire */
    uint64_t operand[3];
    bool has_integer;
    int64_t integer;
    uint64_t result; /* a code, or 0 or 1 */
};

struct pk_posit_answer {
    unsigned bits;
    bool compares, truth; /* a comparison: `code` means nothing */
    uint64_t code;
    const char *number; /* what was written, if it was one number; else NULL */
    struct pk_posit_step *steps;
    size_t n_steps, n_operations;
};

/* 0, -EINVAL (diagnosed, with the column) or -ENOMEM. */
int pk_posit_calculate(const char *text, unsigned bits, struct pk_arena *arena, struct pk_diags *d,
                       struct pk_posit_answer *ret);

/* A decimal that pk_decimal_read takes, correctly rounded to a posit of 8, 16, ..., 64 bits. */
uint64_t pk_posit_from_decimal(unsigned bits, const char *s, size_t len);

/* A number in one format. */
struct pk_posit_stored {
    const char *format; /* "posit24", "float64" */
    unsigned bytes;
    uint64_t code;
    const char *value; /* all digits, or "inf", "-inf" */
    const char *error; /* value - number, all digits; NULL if that is infinite */
    char error_short[PK_DECIMAL_SHORT_SIZE], relative[PK_DECIMAL_SHORT_SIZE];
};
#define PK_POSIT_STORED 10 /* posits of 1 to 8 bytes, float32, float64 */

/* 0 or -ENOMEM. `text` is a decimal that pk_decimal_read takes. */
int pk_posit_store(const char *text, struct pk_arena *arena,
                   struct pk_posit_stored ret[static PK_POSIT_STORED]);
