// SPDX-License-Identifier: GPL-2.0-or-later
/* A calculator for posits, which shows the code behind each number. It asks the kernel nothing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/posit/show.h"

const struct pk_option_def pk_options_posit[] = {PK_COMMON_OPTIONS};

struct posit {
    unsigned bits;
    struct pk_buf *expression; /* the words that follow the size, one blank between them */
};

static bool take_size(struct posit *p, const char *word)
{
    static const char *const sizes[] = {"8", "16", "24", "32", "40", "48", "56", "64"};

    for (unsigned i = 0; i < PK_ARRAY_SIZE(sizes); i++)
        if (!strcmp(word, sizes[i])) {
            p->bits = 8 * (i + 1);
            return true;
        }
    fprintf(stderr, "picket posit: %s: no size: 8, 16, 32 or 64 bits, or 24, 40, 48, 56\n", word);
    return false;
}

static void take_word(struct posit *p, const char *word)
{
    if (p->expression->len)
        pk_buf_char(p->expression, ' ');
    pk_buf_str(p->expression, word);
}

/* "-1.5" and "-sqrt(2)" are words of the expression; options are "-h" and what has two dashes. */
static bool is_negative(const struct pk_args *a)
{
    const char *arg = a->at < a->argc ? a->argv[a->at] : "";

    return !a->letters && arg[0] == '-' && arg[1] && arg[1] != '-' && strcmp(arg, "-h") != 0;
}

static enum pk_arg next(struct pk_args *a, const struct pk_option_def **ret)
{
    if (!is_negative(a))
        return pk_args_next(a, ret);
    a->value = a->argv[a->at++];
    return PK_ARG_WORD;
}

/* False: the verb returns c->exit. */
static bool take_args(struct pk_cli *c, struct posit *p, int argc, char **argv)
{
    const struct pk_option_def *o;
    struct pk_args a;
    enum pk_arg kind;

    c->exit = PK_EXIT_USAGE;
    pk_args_begin(&a, pk_options_posit, argc, argv);
    while ((kind = next(&a, &o)) == PK_ARG_OPTION || kind == PK_ARG_WORD) {
        if (kind == PK_ARG_OPTION)
            c->json = true;
        else if (p->bits)
            take_word(p, a.value);
        else if (!take_size(p, a.value))
            return false;
    }
    if (kind == PK_ARG_HELP)
        c->exit = PK_EXIT_DONE;
    else if (kind == PK_ARG_END && (!p->bits || !p->expression->len))
        pk_cli_missing(c, p->bits ? "EXPRESSION" : "SIZE");
    return kind == PK_ARG_END && p->expression->len;
}

static uint64_t mask(unsigned bits)
{
    return UINT64_MAX >> (64 - bits);
}

/* What the tables compare with: the number that was written, else the value of the result. */
static int fill(struct pk_posit_report *r, struct pk_arena *arena)
{
    const struct pk_posit_answer *a = &r->answer;

    if (a->compares)
        return 0;
    posit_decode_fields(a->bits, a->code, &r->fields);
    posit_decode_fields(a->bits, (a->code - 1) & mask(a->bits), &r->prior);
    posit_decode_fields(a->bits, (a->code + 1) & mask(a->bits), &r->next);
    if (r->fields.is_nar)
        return 0;
    r->number = a->number ? a->number : r->fields.text;
    return pk_posit_store(r->number, arena, r->stored);
}

static enum pk_exit run(struct pk_cli *c, struct posit *p)
{
    struct pk_posit_report report = {.expression = p->expression->data};
    int r = p->expression->failed;

    if (!r)
        r = pk_posit_calculate(report.expression, p->bits, &c->arena, &c->d, &report.answer);
    if (!r)
        r = fill(&report, &c->arena);
    if (r)
        return pk_cli_refused(c, r, "cannot calculate");
    if (c->json)
        pk_posit_json(&report, c->obj);
    else
        pk_posit_show(&report);
    return PK_EXIT_DONE;
}

int pk_cli_posit(int argc, char **argv)
{
    _pk_buf_ struct pk_buf expression = PK_BUF_INIT((size_t)1 << 20);
    struct posit p = {.expression = &expression};
    _pk_cli_ struct pk_cli c;

    pk_cli_begin(&c, "posit");
    if (!take_args(&c, &p, argc, argv))
        return c.exit;
    return pk_cli_end(&c, run(&c, &p));
}
