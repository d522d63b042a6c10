// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double pk_number_double(const struct pk_number *n)
{
    return n->whole ? (double)n->integer : n->real;
}

int pk_number_compare(const struct pk_number *a, const struct pk_number *b)
{
    double x, y;

    if (a->whole && b->whole)
        return (a->integer > b->integer) - (a->integer < b->integer);
    x = pk_number_double(a);
    y = pk_number_double(b);
    if (isnan(x) || isnan(y))
        return !isnan(x) - !isnan(y);
    return (x > y) - (x < y);
}

struct pk_number pk_number_add(const struct pk_number *a, const struct pk_number *b)
{
    __int128 sum;

    if (a->whole && b->whole && !__builtin_add_overflow(a->integer, b->integer, &sum))
        return pk_whole(sum);
    return pk_real(pk_number_double(a) + pk_number_double(b));
}

/* Whole numbers up to here are exact in both and have no more digits than this. */
#define SHORT_MAX 1e15

const char *pk_double_text(double v, char ret[static PK_NUMBER_SIZE])
{
    if (isnan(v))
        return memcpy(ret, "NaN", 4);
    if (isinf(v))
        return memcpy(ret, v > 0 ? "+Inf" : "-Inf", 5);
    if (fabs(v) < SHORT_MAX && v == (double)(int64_t)v && (v != 0 || !signbit(v))) {
        snprintf(ret, PK_NUMBER_SIZE, "%lld", (long long)v);
        return ret;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(ret, PK_NUMBER_SIZE, "%.*g", digits, v);
        if (digits == 17 || strtod(ret, NULL) == v)
            break;
    }
    return ret;
}

static const char *pk_integer_text(__int128 v, char ret[static PK_NUMBER_SIZE])
{
    unsigned __int128 m = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
    char text[PK_NUMBER_SIZE] = "";
    size_t at = sizeof(text) - 1;

    do
        text[--at] = (char)('0' + (int)(m % 10));
    while (m /= 10);
    if (v < 0)
        text[--at] = '-';
    return memcpy(ret, text + at, sizeof(text) - at);
}

const char *pk_number_text(const struct pk_number *n, char ret[static PK_NUMBER_SIZE])
{
    return n->whole ? pk_integer_text(n->integer, ret) : pk_double_text(n->real, ret);
}
