// SPDX-License-Identifier: GPL-2.0-or-later
/* docs/schemas/picket.posit.1.json. Codes and exact values are strings: no reader may round them.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/posit/show.h"

static json_t *code_json(unsigned bits, uint64_t code)
{
    char text[19];

    snprintf(text, sizeof(text), "0x%0*" PRIx64, (int)bits / 4, code);
    return json_string(text);
}

static json_t *value_json(const struct posit_fields *f)
{
    return json_pack("{s:o,s:s,s:s}", "code", code_json(f->n, f->code), "value", f->text,
                     "shortest", f->shortest);
}

static json_t *fields_json(const struct posit_fields *f)
{
    char fraction[21];
    struct pk_posit_bits b;

    pk_posit_bits(f, &b);
    snprintf(fraction, sizeof(fraction), "%" PRIu64, f->fraction);
    return json_pack("{s:{s:s,s:i},s:{s:s,s:i},s:{s:s,s:i},s:{s:s,s:s},s:i}", "sign", "bits",
                     b.part[PK_POSIT_SIGN], "s", (int)f->sign, "regime", "bits",
                     b.part[PK_POSIT_REGIME], "r", f->regime, "exponent", "bits",
                     b.part[PK_POSIT_EXPONENT], "e", (int)f->exponent, "fraction", "bits",
                     b.part[PK_POSIT_FRACTION], "numerator", fraction, "scale", f->scale);
}

static json_t *step_json(const struct pk_posit_step *s, unsigned bits, bool compares)
{
    json_t *o = json_object(), *operands = json_array();

    for (unsigned i = 0; i < s->n_operands; i++)
        json_array_append_new(operands, code_json(bits, s->operand[i]));
    json_object_set_new(o, s->operation ? "operation" : "number", json_string(s->text));
    if (s->n_operands)
        json_object_set(o, "operands", operands);
    json_decref(operands);
    if (s->has_integer)
        json_object_set_new(o, "integer", json_integer(s->integer));
    if (!s->operation)
        json_object_set_new(o, "exact", json_boolean(s->exact));
    if (!compares)
        json_object_set_new(o, "result", code_json(bits, s->result));
    return o;
}

static json_t *steps_json(const struct pk_posit_answer *a)
{
    json_t *list = json_array();

    for (size_t i = 0; i < a->n_steps; i++)
        json_array_append_new(list,
                              step_json(&a->steps[i], a->bits, a->compares && i + 1 == a->n_steps));
    return list;
}

static json_t *stored_json(const struct pk_posit_stored *s)
{
    json_t *o = json_pack("{s:s,s:i,s:o,s:s}", "format", s->format, "bytes", (int)s->bytes, "code",
                          code_json(8 * s->bytes, s->code), "value", s->value);

    if (s->error)
        json_object_set_new(o, "error", json_string(s->error));
    if (s->error && *s->relative)
        json_object_set_new(o, "relative", json_string(s->relative));
    return o;
}

void pk_posit_json(const struct pk_posit_report *r, json_t *obj)
{
    const struct pk_posit_answer *a = &r->answer;
    json_t *stored = json_array();

    json_object_set_new(obj, "expression", pk_json_text(r->expression));
    json_object_set_new(obj, "bits", json_integer(a->bits));
    json_object_set_new(obj, "steps", steps_json(a));
    if (a->compares) {
        json_object_set_new(obj, "truth", json_boolean(a->truth));
    } else {
        json_object_set_new(obj, "result", value_json(&r->fields));
        json_object_set_new(obj, "prior", value_json(&r->prior));
        json_object_set_new(obj, "next", value_json(&r->next));
        if (!r->fields.is_nar && !r->fields.is_zero)
            json_object_set_new(obj, "fields", fields_json(&r->fields));
    }
    if (!a->compares && r->number) {
        for (int i = 0; i < PK_POSIT_STORED; i++)
            json_array_append_new(stored, stored_json(&r->stored[i]));
        json_object_set_new(obj, "number", json_string(r->number));
        json_object_set(obj, "stored", stored);
    }
    json_decref(stored);
}
