// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options of a verb as data: parsing, `picket help VERB`, and the test that man page and completion
 * name each one all read the same table. Words and options may be mixed; "--" ends the options.
 * What is wrong is said in one line on standard error; the whole help is never printed for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pk_option_def {
    const char *name; /* without the dashes, or NULL */
    char letter;      /* or 0 */
    const char *arg;  /* what the argument is called; NULL: it takes none */
    const char *help;
};

/* Every verb has them, at the end of its table. */
#define PK_COMMON_OPTIONS                                                                          \
    {"json", 0, NULL, "print one JSON document (docs/schemas)"},                                   \
        {"help", 'h', NULL, "say what this verb takes"},                                           \
    {                                                                                              \
        0                                                                                          \
    }

struct pk_args {
    const char *verb;
    const struct pk_option_def *options;
    int argc;
    char **argv;
    int at;
    bool words_only;     /* "--" was seen */
    const char *letters; /* rest of "-abc" */
    const char *value;   /* of the option, or the word */
};

enum pk_arg { PK_ARG_END, PK_ARG_OPTION, PK_ARG_WORD, PK_ARG_HELP, PK_ARG_BAD };

void pk_args_begin(struct pk_args *a, const struct pk_option_def *options, int argc, char **argv);
/*
 * The next argument. OPTION: *ret is its line of the table. HELP: the help was printed, the caller
 * returns 0. BAD: it was said what is wrong, the caller returns PK_EXIT_USAGE.
 */
enum pk_arg pk_args_next(struct pk_args *a, const struct pk_option_def **ret);
bool pk_option_is(const struct pk_option_def *o, const char *name_or_letter);

/* "64M" and the like: a number with an optional K, M or G (binary). 0, -EINVAL or -ERANGE. */
int pk_arg_size(const char *s, uint64_t *ret);

void pk_help_verb(const char *verb, const char *syntax, const char *help,
                  const struct pk_option_def *options);
