// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Searches the posit32 arguments of functions of one argument for hard cases, those whose result is
 * next to a tie between two posits:
 *
 *     search_hard FUNCTION|all [PART OF]    the PART-th of OF equal parts, from 0
 *
 * Doubles (search_double.h) find those that are within 2^-44 of one; how near each of these is,
 * MPFR says, and at which precision Ziv's loop decides it, the loop. An argument that its first
 * precision does not decide is printed, and the library's result compared with MPFR's. All others
 * are decided there, unless its bound is worse than 2^-44.
 *
 * With PK_ALL set the library is asked for all results, of NaN and the rest as well, and where
 * doubles do not decide what is right, MPFR.
 *
 * A function takes half a minute or one of one core, with PK_ALL 10 to 30. Exit 1 if the library is
 * wrong somewhere, doubles are not as good as expected or the last precision does not decide.
 */
#include "mpfr_ref.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "posit/elementary.h"

#include "search_double.h"

#define SIZE 2 /* of mpfr_ref.h: 32 bits */
#define NAR INT64_C(0x80000000)
#define ONE INT64_C(0x40000000)
#define CHUNK 1024
#define NEAREST 180 /* as near as is told from a tie */
#define VALUE_BITS 256

static struct search {
    const char *name;
    posit_eval *eval;
    const struct mpfr_ref *ref;
    search_double *approximate;
    uint64_t near, hard; /* how many were near a tie, not decided at the first precision */
    int nearest;         /* the nearest, not on it, was within 2^-nearest */
    uint32_t nearest_code;
    bool ask_all, right;
} searches[] = {
#define ENTRY(f) {.name = #f, .eval = posit_eval_##f},
    POSIT_EVALS_UNARY(ENTRY)
#undef ENTRY
};

static mpfr_t x_value, value, beside;

/*
 * Where there is something to search, as signed codes, which are in the order of the values: odd
 * and even functions from 0 on, because rounding is the same for both signs; others where they are
 * real, which is from 0 on for most.
 */
struct range {
    int64_t from, to;
};

static struct range range_of(const char *name)
{
    static const struct {
        const char *name;
        struct range range;
    } others[] = {
        {"exp", {-NAR, NAR}},
        {"exp_minus1", {-NAR, NAR}},
        {"exp2", {-NAR, NAR}},
        {"exp2_minus1", {-NAR, NAR}},
        {"exp10", {-NAR, NAR}},
        {"exp10_minus1", {-NAR, NAR}},
        {"log_plus1", {-ONE, NAR}},
        {"log2_plus1", {-ONE, NAR}},
        {"log10_plus1", {-ONE, NAR}},
        {"arcsin", {0, ONE + CHUNK}},
        {"arcsin_pi", {0, ONE + CHUNK}},
        {"arccos", {-ONE, ONE + CHUNK}},
        {"arccos_pi", {-ONE, ONE + CHUNK}},
        {"arccosh", {ONE, NAR}},
        {"arctanh", {0, ONE + CHUNK}},
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (strcmp(others[i].name, name) == 0)
            return others[i].range;
    return (struct range){0, NAR};
}

static bool is_decided(const struct search *s, uint32_t code, int tier)
{
    struct posit_args args = {.k = 0};
    struct posit_ball ball;
    int n = posit_tier_words[tier];
    uint64_t rounded;

    posit_ball_set_code(&args.x, 32, code, n);
    return !s->eval(&ball, &args, n) || posit_ball_round(&ball, n, 32, &rounded);
}

/* Asks the library and MPFR. */
static void check(struct search *s, uint32_t code)
{
    s->right &= mpfr_ref_check(s->ref, SIZE, &(struct mpfr_args){.x = code});
}

static void report_hard(struct search *s, uint32_t code)
{
    int tier = 1;

    while (tier < POSIT_TIERS && !is_decided(s, code, tier))
        tier++;
    printf("%s %#" PRIx32 ": %d words\n", s->name, code,
           tier < POSIT_TIERS ? posit_tier_words[tier] : 0);
    s->hard++;
    s->right &= tier < POSIT_TIERS;
    check(s, code);
}

/* What (1 +- 2^-bits) times the value rounds to */
static uint64_t round_beside(int bits, int sign)
{
    mpfr_set_ui(beside, 1, MPFR_RNDN);
    mpfr_div_2ui(beside, beside, (unsigned)bits, MPFR_RNDN);
    mpfr_mul_si(beside, beside, sign, MPFR_RNDN);
    mpfr_add_ui(beside, beside, 1, MPFR_RNDN);
    mpfr_mul(beside, beside, value, MPFR_RNDN);
    return mpfr_ref_from(beside, 32);
}

static bool is_within(int bits)
{
    return round_beside(bits, 1) != round_beside(bits, -1);
}

/* What is that near is a tie itself, as 10^7 - 1 is. */
static void measure(struct search *s, uint32_t code)
{
    mpfr_ref_set(x_value, code, 32);
    s->ref->mpfr(value, x_value, x_value, 0);
    if (!mpfr_number_p(value) || is_within(NEAREST))
        return;
    for (; is_within(s->nearest + 1); s->nearest++)
        s->nearest_code = code;
}

static void look_closely(struct search *s, uint32_t code)
{
    s->near++;
    measure(s, code);
    if (!is_decided(s, code, 0))
        report_hard(s, code);
    else if (s->ask_all)
        check(s, code);
}

static void search_chunk(struct search *s, uint32_t from)
{
    double x[CHUNK], y[CHUNK], ends[2][CHUNK];
    posit32 codes[CHUNK], below[CHUNK], above[CHUNK];

    for (uint32_t i = 0; i < CHUNK; i++)
        codes[i].bits = from + i;
    posit32_to_doubles(x, codes, CHUNK);
    s->approximate(y, x, x, CHUNK);
    search_double_bounds(ends[0], ends[1], y, CHUNK);
    posit32_from_doubles(below, ends[0], CHUNK);
    posit32_from_doubles(above, ends[1], CHUNK);
    for (uint32_t i = 0; i < CHUNK; i++)
        if (below[i].bits != above[i].bits)
            look_closely(s, from + i);
        else if (s->ask_all && s->ref->posit[SIZE](from + i, 0, 0) != below[i].bits)
            check(s, from + i);
}

static bool search(struct search *s, int64_t part, int64_t of)
{
    struct range range = range_of(s->name);
    int64_t step;

    s->ref = mpfr_ref_find(s->name);
    s->approximate = search_double_find(s->name);
    s->ask_all = getenv("PK_ALL") != NULL;
    s->nearest = 44;
    s->right = search_double_is_near(s->ref, 32);
    if (s->ask_all)
        range = (struct range){-NAR, NAR};
    step = (range.to - range.from) / CHUNK / of * CHUNK;
    range.from += part * step;
    range.to = part + 1 == of ? range.to : range.from + step;
    for (int64_t code = range.from; code < range.to; code += CHUNK)
        search_chunk(s, (uint32_t)code);
    printf("%s [%#" PRIx32 ", %#" PRIx32 ")%s: %" PRIu64 " near a tie, %" PRIu64
           " hard, nearest 2^-%d at %#" PRIx32 ", %s\n",
           s->name, (uint32_t)range.from, (uint32_t)range.to, s->ask_all ? ", all results" : "",
           s->near, s->hard, s->nearest, s->nearest_code, s->right ? "right" : "WRONG");
    return s->right;
}

int main(int argc, char **argv)
{
    const long part = argc > 3 ? strtol(argv[2], NULL, 10) : 0;
    const long of = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
    bool right = true, any = false;

    mpfr_init2(x_value, 64);
    mpfr_inits2(VALUE_BITS, value, beside, (mpfr_ptr)NULL);
    for (size_t i = 0;
         argc > 1 && part >= 0 && part < of && i < sizeof(searches) / sizeof(*searches); i++) {
        struct search *s = &searches[i];

        if (strcmp(argv[1], "all") != 0 && strcmp(argv[1], s->name) != 0)
            continue;
        any = true;
        right &= search(s, part, of);
    }
    if (!any) {
        fprintf(stderr, "usage: search_hard FUNCTION|all [PART OF]\n");
        return 2;
    }
    mpfr_clears(x_value, value, beside, (mpfr_ptr)NULL);
    return right ? 0 : 1;
}
