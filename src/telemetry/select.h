// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Selectors in Prometheus' spelling: which series are meant.
 *
 *     selector := name | [name] '{' [matcher {',' matcher} [',']] '}'
 *     matcher  := label ('=' | '!=' | '=~' | '!~') string
 *     string   := "..." or '...' with \\ \" \' \n \t, or `...` as it stands
 *
 * A label that is not there is an empty one; `__name__` is the metric's name. Regular expressions
 * match the whole value. They are POSIX extended ones, of which only what means the same in RE2 is
 * taken: no backslash before letters or digits or within brackets, no "(?", no "{". A selector is
 * an owned object whose texts are an arena's.
 */
#pragma once

#include <regex.h>

#include "telemetry/metric.h"

#define PK_MATCHERS_MAX 32
#define PK_EXPRESSION_MAX 4096

enum pk_match_op { PK_MATCH_IS, PK_MATCH_IS_NOT, PK_MATCH_LIKE, PK_MATCH_NOT_LIKE };

struct pk_matcher {
    const char *label, *value;
    enum pk_match_op op;
    bool compiled;
    regex_t regex;
};

struct pk_selector {
    const char *name; /* "": any */
    size_t n;
    struct pk_matcher *matcher;
};

/* A text that is being read; what is wrong is told with its column. */
struct pk_text {
    const char *begin, *at;
    struct pk_arena *arena;
    struct pk_diags *diags;
};

/* Adds PK_T_EXPRESSION at a place of the text; -EINVAL. */
int pk_text_bad(const struct pk_text *t, const char *at, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void pk_text_skip(struct pk_text *t); /* blanks */
/* A word of letters, digits, _ and, if `colon`, ":"; its length, 0: none stands here. */
size_t pk_text_word(const struct pk_text *t, bool colon);
/* Takes the character if it stands here. */
bool pk_text_take(struct pk_text *t, char c);
/* Says what is here instead of `wanted`; -EINVAL. */
int pk_text_wanted(const struct pk_text *t, const char *wanted);

/* 0, -EINVAL with a diagnostic, or -ENOMEM. */
int pk_selector_read(struct pk_text *t, struct pk_selector *ret);
/* Of a whole text; "" selects all. */
int pk_selector_parse(const char *text, struct pk_arena *a, struct pk_selector *ret,
                      struct pk_diags *d);
bool pk_selector_matches(const struct pk_selector *s, const struct pk_metric *m);

void pk_selector_done(struct pk_selector *s);
#define _pk_selector_ __attribute__((cleanup(pk_selector_done)))
