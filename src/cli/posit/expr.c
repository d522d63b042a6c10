// SPDX-License-Identifier: GPL-2.0-or-later
/* Recursive descent, evaluating as it reads. An error is told once, with its column. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/codes.h"
#include "cli/posit/calc.h"
#include "posit/posit.h"

struct expr {
    const char *text, *at;
    unsigned bits, depth;
    int index; /* pk_posit_index() */
    bool failed, no_memory;
    bool compared; /* the last operation's result is a truth, which nothing can be done with */
    struct pk_arena *arena;
    struct pk_diags *d;
    struct pk_posit_step *steps;
    size_t n_steps, cap_steps, n_operations;
};

static uint64_t sum(struct expr *e);
static uint64_t factor(struct expr *e);

/* Tells the first error; returns 0, a value for nobody. */
static uint64_t __attribute__((format(printf, 4, 5)))
wrong(struct expr *e, const char *at, const char *hint, const char *fmt, ...)
{
    unsigned column = (unsigned)(at - e->text) + 1;
    char text[256];
    va_list ap;

    if (e->failed)
        return 0;
    e->failed = true;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    pk_error(e->d, PK_D_EXPRESSION, ((struct pk_place){"expression", 1, column}), hint, "%s", text);
    return 0;
}

static char peek(struct expr *e)
{
    e->at += strspn(e->at, " \t");
    return e->failed ? 0 : *e->at;
}

static bool accept(struct expr *e, char c)
{
    if (peek(e) != c || !c)
        return false;
    e->at++;
    return true;
}

static void expect(struct expr *e, char c)
{
    if (accept(e, c) || e->failed)
        return;
    if (*e->at)
        wrong(e, e->at, NULL, "'%c' is missing before '%c'", c, *e->at);
    else
        wrong(e, e->at, NULL, "'%c' is missing at the end", c);
}

static uint64_t step(struct expr *e, const struct pk_posit_step *s)
{
    struct pk_posit_step *steps =
        pk_arena_grow(e->arena, e->steps, e->n_steps, &e->cap_steps, sizeof(*steps));

    if (!steps) {
        e->failed = e->no_memory = true;
        return 0;
    }
    e->steps = steps;
    e->steps[e->n_steps++] = *s;
    e->n_operations += s->operation;
    return s->result;
}

/* There are functions for 8, 16, 32 and 64 bits only. */
static bool can_calculate(struct expr *e, const char *at)
{
    if (e->index < 0)
        wrong(e, at, "calculate with 8, 16, 32 or 64 bits",
              "a posit of %u bits can be read and shown, but not be calculated with", e->bits);
    return e->index >= 0;
}

static uint64_t call(struct expr *e, const struct pk_posit_function *f, const char *at,
                     const uint64_t *x, int64_t k)
{
    struct pk_posit_step s = {.text = f->name,
                              .operation = true,
                              .n_operands = f->posits,
                              .has_integer = f->integer,
                              .integer = k};

    if (e->failed || !can_calculate(e, at))
        return 0;
    if (e->compared)
        return wrong(e, at, "a comparison can only stand outermost",
                     "a comparison is true or false, which is no argument");
    for (unsigned i = 0; i < f->posits; i++)
        s.operand[i] = x[i];
    s.result = f->run[e->index](x, k);
    e->compared = f->compares;
    return step(e, &s);
}

static uint64_t call_named(struct expr *e, const char *name, const char *at, uint64_t x, uint64_t y)
{
    return call(e, pk_posit_function_find(name, strlen(name)), at, (const uint64_t[3]){x, y}, 0);
}

/* 0x and 0b: all digits must be there, because leading ones count most. */
static uint64_t code(struct expr *e)
{
    const char *from = e->at, *digits = from + 2;
    bool hex = from[1] == 'x' || from[1] == 'X';
    size_t len = strspn(digits, hex ? "0123456789abcdefABCDEF" : "01");
    size_t wanted = hex ? e->bits / 4 : e->bits;
    uint64_t bits = 0;

    e->at = digits + len;
    if (isalnum((unsigned char)*e->at) || *e->at == '.')
        return wrong(e, e->at, NULL, "'%c' is no %s digit", *e->at, hex ? "hexadecimal" : "binary");
    if (len != wanted)
        return wrong(e, from, NULL, "a code of posit%u has %zu digits; here are %zu", e->bits,
                     wanted, len);
    for (const char *p = digits; p < e->at; p++)
        bits = bits << (hex ? 4 : 1) |
               (unsigned)(*p <= '9' ? *p - '0' : tolower((unsigned char)*p) - 'a' + 10);
    return bits;
}

/* The end of a number, or of what was meant to be one. */
static const char *number_end(const char *s)
{
    while (isalnum((unsigned char)*s) || *s == '.' || *s == '_' ||
           ((*s == '-' || *s == '+') && (s[-1] == 'e' || s[-1] == 'E')))
        s++;
    return s;
}

/* Its sign belongs to it, so that -0.1 is one number and no operation. */
static uint64_t number(struct expr *e)
{
    const char *from = e->at;
    struct pk_decimal decimal, rounded;
    struct pk_posit_step s = {0};
    struct posit_fields fields;
    size_t len;
    int r;

    if (from[0] == '0' && from[1] && strchr("xXbB", from[1]))
        return code(e);
    e->at = number_end(from + (*from == '-'));
    len = (size_t)(e->at - from);
    r = pk_decimal_read(from, len, &decimal);
    if (r == -ERANGE)
        return wrong(e, from, "take one between 1e-400 and 1e400", "the number is too %s",
                     "large or too small");
    if (r)
        return wrong(e, from, "for example 101.1, 1e-6", "%.*s: no number",
                     (int)(len < 40 ? len : 40), from);
    s.text = pk_arena_strndup(e->arena, from, len);
    s.result = pk_posit_from_decimal(e->bits, from, len);
    posit_decode_fields(e->bits, s.result, &fields);
    pk_decimal_read(fields.text, strlen(fields.text), &rounded);
    pk_decimal_sub(&rounded, &decimal, &rounded);
    s.exact = pk_decimal_is_zero(&rounded);
    if (!s.text)
        e->failed = e->no_memory = true;
    return e->failed ? 0 : step(e, &s);
}

/* The exponent of compound and the degree of root_n */
static int64_t integer(struct expr *e)
{
    bool negative = accept(e, '-');
    const char *from;
    uint64_t k = 0;

    peek(e);
    for (from = e->at; isdigit((unsigned char)*e->at) && k <= INT64_MAX / 10; e->at++)
        k = k * 10 + (unsigned)(*e->at - '0');
    if (e->at == from || k > INT64_MAX || isalnum((unsigned char)*e->at) || *e->at == '.')
        return (int64_t)wrong(e, from, "for example root_n(27, 3)",
                              "the second argument must be an integer of 63 bits");
    return negative ? -(int64_t)k : (int64_t)k;
}

/* A sum in a quire: what follows a sign is x or x * y. */
static uint64_t quire(struct expr *e, const char *at)
{
    struct pk_posit_step s = {.text = "quire", .operation = true};
    union pk_posit_quire *q = pk_posit_quire_new(e->arena);
    bool minus = accept(e, '-');

    if (!q)
        e->failed = e->no_memory = true;
    if (e->failed || !can_calculate(e, at))
        return 0;
    for (;;) {
        uint64_t x = factor(e), y = 0;
        bool product = accept(e, '*');

        if (product)
            y = factor(e);
        if (peek(e) == '*' || peek(e) == '/')
            return wrong(e, e->at, "put brackets around what is to be rounded before",
                         "a quire takes sums of x and x * y only");
        if (e->failed)
            return 0;
        if (e->compared)
            return wrong(e, at, NULL, "a comparison is true or false, which is no argument");
        pk_posit_quire_add(q, e->index, minus, x, product ? &y : NULL);
        minus = accept(e, '-');
        if (!minus && !accept(e, '+'))
            break;
    }
    expect(e, ')');
    s.result = pk_posit_quire_round(q, e->index);
    return e->failed ? 0 : step(e, &s);
}

static uint64_t function(struct expr *e, const char *name, size_t len)
{
    const struct pk_posit_function *f = pk_posit_function_find(name, len);
    uint64_t x[3] = {0};
    int64_t k = 0;

    if (!f)
        return wrong(e, name, "posit(3) and docs/posit-names.md have the names",
                     "%.*s: no such function", (int)(len < 40 ? len : 40), name);
    for (unsigned i = 0; i < f->posits; i++) {
        if (i)
            expect(e, ',');
        x[i] = sum(e);
    }
    if (f->integer) {
        expect(e, ',');
        k = integer(e);
    }
    if (peek(e) == ',')
        return wrong(e, e->at, NULL, "%s takes %u argument%s", f->name, f->posits + f->integer,
                     f->posits + f->integer > 1 ? "s" : "");
    expect(e, ')');
    return call(e, f, name, x, k);
}

static uint64_t word(struct expr *e)
{
    const char *name = e->at;
    size_t len = 0;

    while (isalnum((unsigned char)name[len]) || name[len] == '_')
        len++;
    e->at += len;
    if (len == 3 && !strncasecmp(name, "nar", len))
        return UINT64_C(1) << (e->bits - 1);
    if (!accept(e, '('))
        return wrong(e, name, "a function's arguments stand in brackets: 'sqrt(2)'",
                     "%.*s: neither a number nor a function", (int)(len < 40 ? len : 40), name);
    if (len == 5 && !strncasecmp(name, "quire", len))
        return quire(e, name);
    return function(e, name, len);
}

static uint64_t primary(struct expr *e)
{
    char c = peek(e);
    uint64_t x;

    if (isdigit((unsigned char)c) || c == '.')
        return number(e);
    if (isalpha((unsigned char)c) || c == '_')
        return word(e);
    if (accept(e, '(')) {
        x = sum(e);
        expect(e, ')');
        return x;
    }
    if (!c)
        return wrong(e, e->at, NULL, "a number is missing at the end");
    if (isgraph((unsigned char)c))
        return wrong(e, e->at, NULL, "'%c' where a number should stand", c);
    return wrong(e, e->at, NULL, "a byte that is no text (0x%02x)", (unsigned char)c);
}

static bool is_negative_number(const char *s)
{
    if (s[0] != '-' || (!isdigit((unsigned char)s[1]) && s[1] != '.'))
        return false;
    return s[1] != '0' || !s[2] || !strchr("xXbB", s[2]);
}

/* Before anything but a number a sign is the operation negate, which is exact. */
static uint64_t signed_factor(struct expr *e)
{
    const char *at = e->at;
    uint64_t x;

    if (is_negative_number(at))
        return number(e);
    if (!accept(e, '-'))
        return primary(e);
    x = factor(e);
    return call_named(e, "negate", at, x, 0);
}

static uint64_t factor(struct expr *e)
{
    uint64_t x;

    peek(e);
    if (++e->depth > PK_POSIT_DEPTH_MAX)
        return wrong(e, e->at, NULL, "more than %u brackets and signs in one another",
                     PK_POSIT_DEPTH_MAX);
    x = signed_factor(e);
    e->depth--;
    return x;
}

static uint64_t product(struct expr *e)
{
    uint64_t x = factor(e);

    while (peek(e) == '*' || peek(e) == '/') {
        const char *at = e->at++;
        uint64_t y = factor(e);

        x = call_named(e, *at == '*' ? "mul" : "div", at, x, y);
    }
    return x;
}

static uint64_t sum(struct expr *e)
{
    uint64_t x = product(e);

    while (peek(e) == '+' || peek(e) == '-') {
        const char *at = e->at++;
        uint64_t y = product(e);

        x = call_named(e, *at == '+' ? "add" : "sub", at, x, y);
    }
    return x;
}

/* One number and nothing else, with its sign, is what formats are compared by. */
static void find_number(const struct expr *e, struct pk_posit_answer *ret)
{
    const char *from = e->text + strspn(e->text, " \t");
    size_t len = strcspn(from, " \t");
    struct pk_decimal decimal;

    if (from[len + strspn(from + len, " \t")] == 0 && !pk_decimal_read(from, len, &decimal))
        ret->number = pk_arena_strndup(e->arena, from, len);
}

int pk_posit_calculate(const char *text, unsigned bits, struct pk_arena *arena, struct pk_diags *d,
                       struct pk_posit_answer *ret)
{
    struct expr e = {.text = text,
                     .at = text,
                     .bits = bits,
                     .index = pk_posit_index(bits),
                     .arena = arena,
                     .d = d};
    struct pk_posit_answer answer = {.bits = bits};

    if (strlen(text) > PK_POSIT_EXPRESSION_MAX)
        wrong(&e, text + PK_POSIT_EXPRESSION_MAX, NULL, "the expression has more than %u bytes",
              PK_POSIT_EXPRESSION_MAX);
    answer.code = sum(&e);
    if (peek(&e))
        wrong(&e, e.at, NULL, "'%c' after the end of the expression", *e.at);
    if (e.failed)
        return e.no_memory ? -ENOMEM : -EINVAL;
    find_number(&e, &answer);
    answer.compares = e.compared;
    answer.truth = e.compared && answer.code;
    answer.steps = e.steps;
    answer.n_steps = e.n_steps;
    answer.n_operations = e.n_operations;
    *ret = answer;
    return 0;
}
