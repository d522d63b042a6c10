// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Searches the posit32 arguments of functions of one argument for hard cases: those that the first
 * precision of Ziv's loop does not decide. Each is checked against MPFR and printed, with the tier
 * that decides it. What is decided in the first tier is right because its bound is one
 * (test_fun_ball).
 *
 *     search_hard FUNCTION|all [PART OF]    the PART-th of OF equal ranges of codes, from 0
 *
 * All 2^32 codes of one function take 5 to 20 minutes of one core. With PK_BITS=16 or 8: of
 * posit16, posit8. Exit 1 if the library is wrong somewhere or an argument is not decided by the
 * last tier.
 */
#include "mpfr_ref.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "posit/elementary.h"

struct search {
    const char *name;
    posit_eval *eval;
};

#define ENTRY(f) {#f, posit_eval_##f},
/* clang-format off */
static const struct search searches[] = {POSIT_EVALS_UNARY(ENTRY)};
/* clang-format on */

static unsigned size = 2;

static bool is_decided(const struct search *s, uint64_t code, int tier)
{
    struct posit_args args = {.k = 0};
    struct posit_ball ball;
    int n = posit_tier_words[tier];
    uint64_t rounded;

    posit_ball_set_code(&args.x, 8u << size, code, n);
    return !s->eval(&ball, &args, n) || posit_ball_round(&ball, n, 8u << size, &rounded);
}

/* Prints an argument that the first tier does not decide; false if there is something wrong. */
static bool report(const struct search *s, const struct mpfr_ref *f, uint64_t code)
{
    int tier = 1;

    while (tier < POSIT_TIERS && !is_decided(s, code, tier))
        tier++;
    printf("%s %#" PRIx64 " %d words\n", s->name, code,
           tier < POSIT_TIERS ? posit_tier_words[tier] : 0);
    fflush(stdout);
    return tier < POSIT_TIERS && mpfr_ref_check(f, size, &(struct mpfr_args){.x = code});
}

static bool search(const struct search *s, const struct mpfr_ref *f, uint64_t from, uint64_t to)
{
    const uint64_t nar = UINT64_C(1) << ((8u << size) - 1);
    uint64_t hard = 0;
    bool right = true;

    for (uint64_t code = from; code < to; code++)
        if (code != nar && !is_decided(s, code, 0)) {
            hard++;
            right &= report(s, f, code);
        }
    printf("%s [%#" PRIx64 ", %#" PRIx64 "): %" PRIu64 " hard\n", s->name, from, to, hard);
    return right;
}

int main(int argc, char **argv)
{
    const char *bits = getenv("PK_BITS");
    uint64_t part = argc > 3 ? strtoull(argv[2], NULL, 10) : 0;
    uint64_t of = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    bool right = true, any = false;
    uint64_t codes;

    if (bits != NULL)
        size = strcmp(bits, "8") == 0 ? 0 : strcmp(bits, "16") == 0 ? 1 : 2;
    codes = UINT64_C(1) << (8u << size);
    for (size_t i = 0; argc > 1 && part < of && i < sizeof(searches) / sizeof(*searches); i++) {
        const struct search *s = &searches[i];

        if (strcmp(argv[1], "all") != 0 && strcmp(argv[1], s->name) != 0)
            continue;
        any = true;
        right &= search(s, mpfr_ref_find(s->name), codes / of * part,
                        part + 1 == of ? codes : codes / of * (part + 1));
    }
    if (!any) {
        fprintf(stderr, "usage: search_hard FUNCTION|all [PART OF]\n");
        return 2;
    }
    return right ? 0 : 1;
}
