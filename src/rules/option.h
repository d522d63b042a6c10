// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options of matches and targets: `[!] --name ARG…`, described as data. The grammar finds the
 * option, takes its arguments and hands one use to the match; unknown, repeated and wrongly negated
 * options are refused by the grammar itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "rules/ruleset.h"

struct pk_option {
    const char *name;  /* without the dashes; ends the list when NULL */
    const char *alias; /* other spelling, or NULL */
    int id;
    unsigned n_args; /* exactly this many words follow */
    bool invertible; /* `!` may precede */
    bool repeatable;
    const char *arg;  /* "port[:port]", for messages and help */
    const char *help; /* one line */
};

/* One use of an option, or (option NULL) the call of init and finish. */
struct pk_option_use {
    const struct pk_option *option;
    const char *const *args; /* n_args words */
    bool invert;
    uint64_t seen;          /* bit of each option id (< 64) already given, this one not included */
    struct pk_place at;     /* of the option */
    struct pk_place arg_at; /* of its first argument */
    enum pk_family family;
    const struct pk_rule *rule; /* its `ip` part is complete only in finish */
    struct pk_diags *d;
    struct pk_arena *arena;
};
