// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A residual step: the part of a rule that no bit vector decides, evaluated by the datapath on the
 * candidate rule, in the order written. A predicate answers yes, no or hotdrop; an effect runs once
 * the rule is known to match. Shared by user space and BPF.
 *
 * Adding a kind: append it here, fill it in `rules/match/x.c` (compile), evaluate it in
 * `rules/match/x.bpf.h`, and add its case to `rules/steps.h`, which both sides include.
 */
#pragma once

#include <linux/types.h>

enum pk_step_kind {
    PK_STEP_NONE = 0,
    PK_STEP_L4 = 1,    /* hot layer-4 check at this place in the order: arg = status bits */
    PK_STEP_SADDR = 2, /* data[0..1] = address, data[2..3] = mask (hi, lo) of any bit pattern */
    PK_STEP_DADDR = 3,
    PK_STEP_TCP_OPTION = 4, /* arg = option number; drops when the options cannot be read */
    PK_STEP_NEVER = 5,      /* says no: what stands before it is there for what else it does */
    PK_STEP_CONNTRACK = 6,  /* rules/conntrack.h */
    PK_STEP_CONNTRACK_ADDR = 7,
    PK_STEP_HEADER = 8, /* these: rules/header.h */
    PK_STEP_OPTIONS = 9,
    PK_STEP_ROUTE = 10,
    PK_STEP_DATA = 11,
    PK_STEP_IPV6HEADER = 12,
    PK_STEP_EUI64 = 13,
    PK_STEP_ECN = 14,
    PK_STEP_NUMBER =
        15, /* arg = enum pk_number_of; data[0] mask, data[1] least, data[2] greatest */
    PK_STEP_TEST = 0x7f00, /* from here on: test-only kinds, not in a shipped build */
};

/* Numbers that the parser has read of every packet. */
enum pk_number_of { PK_NUMBER_TOS, PK_NUMBER_TTL, PK_NUMBER_LENGTH };

#define PK_STEPS_MAX 16 /* predicates plus effects of one rule */

enum pk_answer { PK_NO = 0, PK_YES = 1, PK_HOTDROP = 2 };

struct pk_step {
    __u16 kind;
    __u16 invert;
    __u32 arg;
    __u64 data[4];
};

_Static_assert(sizeof(struct pk_step) == 40, "shared with BPF");
