// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the verbs share. A verb is one file, one function and one table of options; main.c lists
 * them.
 *
 * A verb begins with pk_cli_begin(), collects diagnostics and its JSON object in `struct pk_cli`,
 * and ends with pk_cli_end(), which prints both: under --json everything that is said stands in one
 * document on standard output, diagnostics included; else talk goes to standard error.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/macro.h"
#include "cli/args.h"
#include "kernel/fence.h"
#include "rules/text.h"

enum pk_exit {
    PK_EXIT_DONE = 0,
    PK_EXIT_NO = 1,     /* the answer is no: differs, dropped, none stands */
    PK_EXIT_USAGE = 2,  /* usage or bad input */
    PK_EXIT_SYSTEM = 3, /* the kernel or the system refused */
};

struct pk_verb {
    const char *name;
    int (*run)(int argc, char **argv);   /* argv[0] is the verb; returns an enum pk_exit */
    const char *help;                    /* one line */
    const char *syntax;                  /* what follows the name */
    const struct pk_option_def *options; /* NULL: the verb lists its own */
};

/* Those of the sensors that were built in, NULL at the end (sensors/meson.build). */
extern const struct pk_verb *const pk_sensor_verbs[];

const struct pk_verb *pk_verb_find(const char *name);

int pk_cli_status(int argc, char **argv);
int pk_cli_check(int argc, char **argv);
int pk_cli_diff(int argc, char **argv);
int pk_cli_apply(int argc, char **argv);
int pk_cli_rule(int argc, char **argv);
int pk_cli_conn(int argc, char **argv);
int pk_cli_undo(int argc, char **argv);
int pk_cli_save(int argc, char **argv);
int pk_cli_detach(int argc, char **argv);
int pk_cli_explain(int argc, char **argv);
int pk_cli_record(int argc, char **argv);
int pk_cli_telemetry(int argc, char **argv);
int pk_cli_demo(int argc, char **argv);
int pk_cli_posit(int argc, char **argv);
int pk_cli_bench(int argc, char **argv);

extern const struct pk_option_def pk_options_status[], pk_options_check[], pk_options_diff[],
    pk_options_apply[], pk_options_rule[], pk_options_conn[], pk_options_undo[], pk_options_save[],
    pk_options_detach[], pk_options_explain[], pk_options_record[], pk_options_telemetry[],
    pk_options_demo[], pk_options_posit[], pk_options_bench[];

/* One run of a verb. Zeroed but for `verb`. */
struct pk_cli {
    const char *verb;
    bool json;
    enum pk_exit exit; /* of pk_cli_args, when it answers false */
    json_t *obj;       /* the document; NULL only when memory is out */
    bool line;         /* it goes onto one line, as those before it did */
    unsigned listed;   /* pk_cli_list() has begun it (1), and has had an item (2) */
    struct pk_diags d;
    struct pk_arena arena;
};

void pk_cli_begin(struct pk_cli *c, const char *verb);
/*
 * Reads the arguments. `take` gets each option but the common ones, and (o NULL) each word, which
 * is in a->value: 1: taken; 0: not known; -1: refused, and it was said why. NULL takes nothing.
 * False: the verb returns c->exit (the help was asked for, or something is wrong, which was said).
 */
typedef int pk_cli_take_fn(void *arg, const struct pk_args *a, const struct pk_option_def *o);
bool pk_cli_args(struct pk_cli *c, const struct pk_option_def *options, int argc, char **argv,
                 pk_cli_take_fn *take, void *arg);

/* Says that a word is missing; PK_EXIT_USAGE. */
int pk_cli_missing(const struct pk_cli *c, const char *word);

/*
 * Prints an item (which it takes; NULL: none yet) of the document's one long list at once, so that
 * the list is never in memory. pk_cli_end() prints the rest of the document. 0 or -errno.
 */
int pk_cli_list(struct pk_cli *c, const char *name, json_t *item);

/* Prints what was collected and returns `exit`, or PK_EXIT_SYSTEM if it could not be printed. */
int pk_cli_end(struct pk_cli *c, enum pk_exit exit);
void pk_cli_done(struct pk_cli *c);
#define _pk_cli_ __attribute__((cleanup(pk_cli_done)))

/* Prints "picket VERB: ..." and a newline on standard error; nothing under --json. */
void pk_cli_say(const struct pk_cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What an error of the kernel room (0 or -errno, diagnosed there or not) means for the caller. */
enum pk_exit pk_cli_refused(struct pk_cli *c, int r, const char *what);

const char *pk_family_name(enum pk_family f);      /* "ipv4" */
const char *pk_family_title(enum pk_family f);     /* "IPv4" */
const char *pk_action_name(enum pk_action a);      /* "ACCEPT" */
const char *pk_hook_name(int hook);                /* "INPUT" */
const char *pk_attach_name(enum pk_attach_kind k); /* "netfilter" */

/* JSON strings are UTF-8; text from files may be anything. */
json_t *pk_json_text(const char *s);
json_t *pk_json_lines(const char *text, size_t len); /* an array, one string a line */
json_t *pk_json_rule(const struct pk_rule *r);
json_t *pk_json_id(struct pk_u128 id);
json_t *pk_json_count(uint64_t packets, uint64_t bytes);
