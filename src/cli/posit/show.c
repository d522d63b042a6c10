// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/posit/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Values are cut here: 101.1 has all its digits, as double and as posit64. */
#define SHOWN 60

void pk_posit_bits(const struct posit_fields *f, struct pk_posit_bits *ret)
{
    const unsigned width[PK_POSIT_PARTS] = {1, f->regime_width, f->exponent_width,
                                            f->fraction_width};
    unsigned left = f->n;

    *ret = (struct pk_posit_bits){0};
    for (int part = 0; part < PK_POSIT_PARTS; part++)
        for (unsigned i = 0; i < width[part]; i++)
            ret->part[part][i] = (char)('0' + (f->code >> --left & 1));
}

static void show_value(const char *text, const char *note)
{
    if (strlen(text) > SHOWN)
        printf("%.*s...%s\n", SHOWN - 3, text, note);
    else
        printf("%s%s\n", text, note);
}

static void show_step(const struct pk_posit_step *s, unsigned bits)
{
    struct posit_fields f;

    printf("  %s", s->text);
    for (unsigned i = 0; i < s->n_operands; i++) {
        posit_decode_fields(bits, s->operand[i], &f);
        printf("%s%s", i ? ", " : "(", f.shortest);
    }
    if (s->has_integer)
        printf(", %" PRId64, s->integer);
    printf("%s", s->n_operands ? ")" : s->operation ? "(...)" : "");
    posit_decode_fields(bits, s->result, &f);
    printf(" = ");
    show_value(f.text, s->operation || s->exact ? "" : "   rounded");
}

static void show_steps(const struct pk_posit_answer *a)
{
    for (size_t i = 0; i < a->n_steps; i++) {
        const struct pk_posit_step *s = &a->steps[i];

        if (i + 1 < a->n_steps || !a->compares)
            show_step(s, a->bits);
    }
    printf("Each number and each operation is rounded once, to posit%u.\n", a->bits);
}

static void show_part(const char *name, const char *bits, size_t width)
{
    printf("  %-8s  %-*s   ", name, (int)width, *bits ? bits : "-");
}

/* The fields are those of the code as it stands: a negative posit is not negated first. */
static void show_fields(const struct posit_fields *f)
{
    struct pk_posit_bits b;
    size_t width = 5;

    pk_posit_bits(f, &b);
    for (int i = 0; i < PK_POSIT_PARTS; i++)
        width = strlen(b.part[i]) > width ? strlen(b.part[i]) : width;
    show_part("sign", b.part[PK_POSIT_SIGN], width);
    printf("s = %u\n", f->sign);
    show_part("regime", b.part[PK_POSIT_REGIME], width);
    printf("r = %d\n", f->regime);
    show_part("exponent", b.part[PK_POSIT_EXPONENT], width);
    printf("e = %u\n", f->exponent);
    show_part("fraction", b.part[PK_POSIT_FRACTION], width);
    printf("f = %" PRIu64 " / 2^%u\n", f->fraction, f->fraction_width);
    printf("  value     ((1 - 3s) + f) * 2^((1 - 2s) * (4r + e + s)) = (%s + f) * 2^%d\n",
           f->sign ? "-2" : "1",
           (f->sign ? -1 : 1) * (4 * f->regime + (int)(f->exponent + f->sign)));
}

static void show_neighbour(const char *name, const struct posit_fields *f)
{
    printf("  %-8s  0x%0*" PRIx64 "  ", name, (int)f->n / 4, f->code);
    show_value(f->text, "");
}

static void show_code(const struct pk_posit_report *r)
{
    const struct posit_fields *f = &r->fields;

    if (f->is_nar)
        printf("  bits      the sign bit alone: not a real\n");
    else if (f->is_zero)
        printf("  bits      none is set: zero\n");
    else
        show_fields(f);
    putchar('\n');
    show_neighbour("prior", &r->prior);
    show_neighbour("this", f);
    show_neighbour("next", &r->next);
}

/* Posits saturate in silence, so that the table must tell. */
static const char *end_of_range(const struct pk_posit_stored *s)
{
    const uint64_t nar = UINT64_C(1) << (8 * s->bytes - 1);
    const uint64_t magnitude = s->code > nar ? (0 - s->code) & (2 * nar - 1) : s->code;

    if (strncmp(s->format, "posit", 5) != 0 || (s->error && !strcmp(s->error, "0")))
        return "";
    return magnitude == nar - 1 ? "   the largest" : magnitude == 1 ? "   the smallest" : "";
}

static void show_stored(const struct pk_posit_report *r)
{
    printf("\n  format   error      relative   value\n");
    for (int i = 0; i < PK_POSIT_STORED; i++) {
        const struct pk_posit_stored *s = &r->stored[i];

        printf("  %-7s  %-9s  %-9s  ", s->format, s->error ? s->error_short : "infinite",
               s->error && *s->relative ? s->relative : "-");
        show_value(s->value, end_of_range(s));
    }
    printf("\nErrors are against %s.\n", r->answer.number ? "the number as written" : "the result");
}

void pk_posit_show(const struct pk_posit_report *r)
{
    const struct pk_posit_answer *a = &r->answer;

    if (a->compares) {
        printf("%s is %s for posit%u\n\n", r->expression, a->truth ? "true" : "false", a->bits);
        show_steps(a);
        return;
    }
    printf("%s as posit%u is %s", r->expression, a->bits, r->fields.shortest);
    printf("%s%s\n\n", strcmp(r->fields.shortest, r->fields.text) ? ", exactly " : "",
           strcmp(r->fields.shortest, r->fields.text) ? r->fields.text : "");
    if (a->n_operations) {
        show_steps(a);
        putchar('\n');
    }
    show_code(r);
    if (r->number)
        show_stored(r);
}
