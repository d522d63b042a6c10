// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a match is given to compile itself with (match.h, leaf.h). Room: one rule, on the stack of
 * pk_rule_compile; interval sets in between live in the arena that its caller resets.
 *
 * A rule is compiled once per layer-4 status. Under one status it is a list of branches, each a
 * conjunction of interval sets and steps; a match narrows the branch it is called for.
 *
 * The order of matches is kept where it can be seen. A step that may drop the packet, or that has a
 * memory, is met in iptables by every packet that the matches *before* it let through, whatever the
 * matches after it say. Such a step is a barrier: what a later match takes away from the branch is
 * kept as a leaf of its own, with the steps up to the barrier and then PK_STEP_NEVER. So each
 * packet meets the step once, and none meets it twice.
 */
#pragma once

#include "rules/leaf.h"
#include "rules/match.h"

struct pk_branch {
    const struct pk_iset
        *set[PK_FIELD_N]; /* NULL: any value that the status admits; KIND: protocols */
    struct pk_step steps[PK_STEPS_MAX];
    unsigned n_steps;
    unsigned n_barrier; /* steps up to and with the last barrier; 0: none */
};

struct pk_compile {
    struct pk_arena *arena; /* scratch */
    struct pk_diags *d;
    const struct pk_rule *rule;
    enum pk_family family;
    enum pk_l4_status status;
    struct pk_branch *branch; /* the one to narrow */
    int error;                /* set once, then every helper answers PK_NO */

    struct pk_branch live[PK_LEAVES_PER_RULE];
    unsigned n_live;
    struct pk_merge *merge; /* leaves so far, leaf.c */
};

/* The values that a field can have under a status: [*lo, *hi]. */
void pk_status_values(enum pk_field f, enum pk_family family, enum pk_l4_status s,
                      struct pk_u128 *lo, struct pk_u128 *hi);

/*
 * The packet's value must be in `set` (NULL: memory was out when it was made, which is noted).
 * PK_YES, or PK_NO if nothing is left of the branch.
 */
enum pk_answer pk_compile_and(struct pk_compile *ctx, enum pk_field f, const struct pk_iset *set);

/* The same for one interval, or for all but it. */
enum pk_answer pk_compile_range(struct pk_compile *ctx, enum pk_field f, struct pk_u128 lo,
                                struct pk_u128 hi, bool invert);

/* The same for SPORT or DPORT and ports 0..65535, at the place the status has for them. */
enum pk_answer pk_compile_port_range(struct pk_compile *ctx, enum pk_field f, uint16_t lo,
                                     uint16_t hi, bool invert);

/* Of byte 13 of the TCP header, with status OK, the bits under `mask` are `flags`; or are not. */
enum pk_answer pk_compile_tcp_flags(struct pk_compile *ctx, uint8_t mask, uint8_t flags,
                                    bool invert);

/* A set of ports at the place that ctx->status has for them; complemented if `invert`. */
const struct pk_iset *pk_compile_ports(struct pk_compile *ctx, const struct pk_iset *ports,
                                       bool invert);

/* One of two fields, or both: splits the branch into two that have no packet in common. */
enum pk_answer pk_compile_either(struct pk_compile *ctx, enum pk_field f, const struct pk_iset *fs,
                                 enum pk_field g, const struct pk_iset *gs);

enum pk_step_order {
    PK_STEP_FREE,    /* answers yes or no and nothing else happens */
    PK_STEP_BARRIER, /* may drop the packet, or has a memory */
};

/* PK_YES, or PK_NO with an error noted. */
enum pk_answer pk_compile_step(struct pk_compile *ctx, struct pk_step step,
                               enum pk_step_order order);

/* The rest is for leaf.c and merge.c. */

/* Notes the first error. */
void pk_compile_fail(struct pk_compile *ctx, int error);
/* -E2BIG, diagnosed: "the rule needs more than `most` `what`". */
void pk_compile_too_big(struct pk_compile *ctx, unsigned code, const char *what, unsigned most);

/* NULL, which has been noted, if there is no memory, too many intervals, or an operand is NULL. */
const struct pk_iset *pk_set_range(struct pk_compile *ctx, struct pk_u128 lo, struct pk_u128 hi);
const struct pk_iset *pk_set_and(struct pk_compile *ctx, const struct pk_iset *x,
                                 const struct pk_iset *y);
const struct pk_iset *pk_set_or(struct pk_compile *ctx, const struct pk_iset *x,
                                const struct pk_iset *y);
/* Notes why the result of an operation on sets of n intervals together is NULL; returns it. */
const struct pk_iset *pk_set_made(struct pk_compile *ctx, const struct pk_iset *s, size_t n);
/* `set`, or if that is NULL all that the statuses (PK_STATUS_BIT) admit. */
const struct pk_iset *pk_set_explicit(struct pk_compile *ctx, enum pk_field f,
                                      const struct pk_iset *set, uint32_t statuses);

/* Packets of `b` will not match any more, but they still meet its barrier, if it has one. */
void pk_compile_unmatched(struct pk_compile *ctx, struct pk_branch b);
