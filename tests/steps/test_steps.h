// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The test-only steps, evaluated in user space and in BPF. They are in no shipped build:
 * rules/steps.h includes this file only where PK_TEST_STEPS is defined.
 *
 * The includer of rules/steps.h provides, before it:
 *
 *     static void pk_test_effect(__u32 arg, const struct pk_packet *p);   arg < PK_TEST_COUNTERS
 */
#pragma once

#include "packet/packet.h"
#include "rules/step.h"

/* arg = modulus (> 0), data[0] = remainder that matches, data[1] = remainder that drops, or none.
 */
#define PK_STEP_TESTLEN (PK_STEP_TEST + 0)
/* arg = which counter */
#define PK_STEP_TESTCOUNT (PK_STEP_TEST + 1)

#define PK_TESTLEN_NEVER 0xffffffffu
#define PK_TEST_COUNTERS 64u

static void pk_test_effect(__u32 arg, const struct pk_packet *p);

static inline enum pk_answer pk_test_step_eval(const struct pk_packet *p, const struct pk_step *st)
{
    __u32 remainder;

    if (st->kind != PK_STEP_TESTLEN || !st->arg)
        return PK_NO;
    remainder = p->len % st->arg;
    if (remainder == st->data[1])
        return PK_HOTDROP;
    return (remainder == st->data[0]) != (st->invert != 0) ? PK_YES : PK_NO;
}

static inline void pk_test_step_effect(const struct pk_packet *p, const struct pk_step *st)
{
    if (st->kind == PK_STEP_TESTCOUNT && st->arg < PK_TEST_COUNTERS)
        pk_test_effect(st->arg, p);
}
