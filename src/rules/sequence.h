// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules of a chain while it is being built: appended (the usual case) or inserted anywhere
 * (-I), in logarithmic time, so that a file of 100,000 -I lines is not quadratic.
 *
 * What was appended since the last insertion is a plain array; the rest is a treap whose priorities
 * are a hash of a counter. Lives in the arena.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct pk_rule;
struct pk_sequence_node;

struct pk_sequence {
    struct pk_sequence_node *tree;
    struct pk_rule **tail;
    size_t n_tail, cap_tail;
    uint64_t counter;
};

size_t pk_sequence_length(const struct pk_sequence *s);
/* `pos` from 0 to the length. 0 or -ENOMEM. */
int pk_sequence_insert(struct pk_sequence *s, struct pk_arena *a, size_t pos, struct pk_rule *rule);
/* Writes the rules in order to an array of pk_sequence_length elements. */
void pk_sequence_flatten(const struct pk_sequence *s, struct pk_rule **to);
