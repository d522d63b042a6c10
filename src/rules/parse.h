// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inside the text side of this room: what the readers, the rule parser and the option engine share.
 * Nothing outside src/rules includes this file.
 *
 *   text.c        picks the reader; families; the end of a read
 *   save_read.c   iptables-save text, line by line         \  both hand the words of one line
 *   command.c     lines `iptables …` with shell quoting    /  to rule_parse.c
 *   lex.c         a line to words with their places
 *   scan.c        words to options, as getopt_long does in iptables
 *   rule_parse.c  options to a command: verb, chain, rule
 *   option.c      options of matches and targets; loading of matches
 *   ip_match.c    addresses, protocols, interfaces
 *   line_run.c    carries out what rule_parse.c has read
 *   ruleset.c     the set being built: chains by hash, order, ordinals; loop.c refuses loops
 *   print.c       the way back to text
 */
#pragma once

#include <errno.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "rules/match.h"
#include "rules/option.h"
#include "rules/ruleset.h"
#include "rules/text.h"

/* Diagnostics of the text side. Append only; one meaning each, for ever. */
enum pk_text_code {
    PK_T_QUOTE = 1,       /* a quote is not closed */
    PK_T_BYTE = 2,        /* a control character */
    PK_T_LONG = 3,        /* line, word or number of words over the limit */
    PK_T_SHELL = 4,       /* a feature of the shell */
    PK_T_PROGRAM = 5,     /* a command that is not iptables or ip6tables */
    PK_T_VERB = 6,        /* none, several, or one that a file cannot hold */
    PK_T_OUTSIDE = 7,     /* a line outside a table */
    PK_T_TABLE = 8,       /* unknown table, second filter table, misplaced -t */
    PK_T_COMMIT = 9,      /* COMMIT is missing */
    PK_T_CHAIN_NAME = 10, /* not a name for a chain */
    PK_T_CHAIN_EXISTS = 11,
    PK_T_CHAIN_UNKNOWN = 12,
    PK_T_POLICY = 13,
    PK_T_COUNTERS = 14,
    PK_T_OPTION_UNKNOWN = 15,
    PK_T_OPTION_ARG = 16, /* too few arguments, or one where none belongs */
    PK_T_OPTION_TWICE = 17,
    PK_T_OPTION_INVERT = 18,  /* `!` where it cannot stand */
    PK_T_OPTION_ILLEGAL = 19, /* not with this command or chain */
    PK_T_WORD = 20,           /* a word that belongs to no option */
    PK_T_ADDRESS = 21,
    PK_T_HOSTNAME = 22,
    PK_T_MASK = 23,
    PK_T_PROTOCOL = 24,
    PK_T_INTERFACE = 25,
    PK_T_MATCH_UNKNOWN = 26,
    PK_T_MATCH_UNSUPPORTED = 27, /* iptables has it, Picket does not */
    PK_T_TARGET_UNKNOWN = 28,
    PK_T_TARGET_UNSUPPORTED = 29,
    PK_T_LOOP = 30,
    PK_T_RULE_NUMBER = 31,
    PK_T_LIMIT = 32,        /* too many rules or matches */
    PK_T_FAMILY = 33,       /* IPv4 in an IPv6 rule, or the other way round */
    PK_T_NEVER = 34,        /* warning: the rule matches no packet */
    PK_T_EMPTY = 35,        /* nothing in the file */
    PK_T_OPTION_NEEDS = 36, /* an option whose match is not loaded */
    PK_T_NO_RULE = 37,      /* edit: none of this text */
    PK_T_ONE_RULE = 38,     /* edit: several at once */
    PK_T_NEVER_SET = 39,    /* edit: the family has no rules */
};

/* Limits of iptables-restore (fgets buffer, parameter buffer, MAX_ARGC), kept for both formats. */
#define PK_LINE_MAX 10239u
#define PK_WORD_MAX 1023u
#define PK_WORDS_MAX 250u
#define PK_MATCHES_MAX 64u

struct pk_word {
    const char *s; /* NUL-terminated; valid until the next line is read */
    unsigned line, column;
    bool quoted; /* some of it stood in quotes */
};

struct pk_words {
    struct pk_word w[PK_WORDS_MAX];
    unsigned n;
    char text[PK_LINE_MAX + 2];
    size_t used;
};

struct pk_reader {
    struct pk_arena *arena;
    struct pk_diags *diags;
    const struct pk_read_options *options;
    const char *file;      /* in the arena */
    enum pk_family family; /* of unmarked lines */
    bool commands;         /* the format: a command file */
    struct pk_ruleset *set[PK_FAMILY_N];
    struct pk_buf others;  /* names of other tables */
    struct pk_buf scratch; /* a rule's text being printed */
    unsigned other_tables;
    bool crlf; /* it was said that lines end in CR LF */
    struct pk_words words;
};

static inline struct pk_place pk_at(const struct pk_reader *r, const struct pk_word *w)
{
    return (struct pk_place){.file = r->file, .line = w->line, .column = w->column};
}

/* Diagnoses at a word; the value is -EINVAL. */
#define pk_bad(r, code, word, hint, ...)                                                           \
    (pk_error((r)->diags, code, pk_at(r, word), hint, __VA_ARGS__), -EINVAL)

/* lex.c. Each reads one line into r->words: 0 or -EINVAL (diagnosed). */
int pk_lex_save(struct pk_reader *r, const char *s, size_t len, unsigned line, unsigned column);
/* Reads a logical line (backslash-newline joined) at *pos, moves *pos and *line past it. */
int pk_lex_command(struct pk_reader *r, const char *text, size_t len, size_t *pos, unsigned *line);
/* The line's length without a CR at its end, which is diagnosed, once a file. */
size_t pk_lex_line_end(struct pk_reader *r, const char *s, size_t len, unsigned line);

/* save_read.c, command.c: 0 (diagnostics say whether the text was good) or -ENOMEM. */
int pk_save_read(struct pk_reader *r, const char *text, size_t len);
int pk_command_read(struct pk_reader *r, const char *text, size_t len);
/* The set of a family, made at its first mention; NULL when out of memory. */
struct pk_ruleset *pk_reader_set(struct pk_reader *r, enum pk_family family);
/* A table that is not filter: counted and named; -EINVAL (diagnosed) if iptables has none such. */
int pk_reader_other_table(struct pk_reader *r, const struct pk_word *name);

/* scan.c: the options of a line, one after another. */
struct pk_loaded { /* one `-m`, or the target, of the rule being parsed */
    const struct pk_match_def *match;
    const struct pk_target_def *target;
    void *info;
    uint64_t seen;
};

struct pk_base_option {
    const char *name;
    char letter; /* '0': long only */
    enum { PK_ARG_NONE, PK_ARG_ONE, PK_ARG_MAY } arg;
};

struct pk_found {
    const struct pk_base_option *base;
    struct pk_loaded *ext; /* base NULL: an option of a match or target */
    const struct pk_option *option;
    struct pk_word name; /* as written */
    struct pk_word arg;  /* s NULL: none */
    bool invert;
    bool ambiguous; /* unknown because the short form means several */
};

struct pk_scan {
    const struct pk_reader *r;
    const struct pk_word *w;
    unsigned n, i;
    const char *cluster; /* inside a word such as -fp; or NULL */
    bool invert;
    struct pk_loaded *loaded;
    unsigned n_loaded;
};

enum { PK_SCAN_END = 0, PK_SCAN_OPTION = 1, PK_SCAN_UNKNOWN = 2 };

/* PK_SCAN_*, or -EINVAL (diagnosed). After UNKNOWN the same option is read again at the next call.
 */
int pk_scan_next(struct pk_scan *s, struct pk_found *ret);
/* xs_has_arg: the next word if it can be an optional argument; it is consumed. */
bool pk_scan_arg(struct pk_scan *s, struct pk_word *ret);

/* option.c */
const char *pk_match_alias(const char *name);
int pk_option_load(struct pk_reader *r, struct pk_scan *s, const struct pk_match_def *def,
                   const struct pk_word *at);
int pk_option_load_target(struct pk_reader *r, struct pk_scan *s, const struct pk_target_def *def,
                          const struct pk_word *at);
int pk_option_use(struct pk_reader *r, struct pk_scan *s, const struct pk_found *f,
                  const struct pk_rule *rule, enum pk_family family);
int pk_option_finish(struct pk_reader *r, struct pk_scan *s, const struct pk_rule *rule,
                     enum pk_family family, const struct pk_word *at);
int pk_option_unknown(struct pk_reader *r, const struct pk_found *f, enum pk_family family);
int pk_match_unknown(struct pk_reader *r, const struct pk_word *name, enum pk_family family);

/* known.c: names that iptables 1.8.9 has, for refusals by name. */
bool pk_known_match(const char *name);
bool pk_known_target(const char *name);

/* ip_match.c */
struct pk_addr_list {
    struct pk_u128 *addr, *mask; /* addresses already masked */
    unsigned n;
};
int pk_addr_list_parse(struct pk_reader *r, const struct pk_word *w, enum pk_family family,
                       struct pk_addr_list *ret);
int pk_protocol_parse(struct pk_reader *r, const struct pk_word *w, uint8_t *ret);
int pk_interface_parse(struct pk_reader *r, const struct pk_word *w, bool invert, char ret[16]);
/* A number as strtoul with base 0 reads it, without sign and spaces. */
bool pk_word_number(const char *s, uint64_t max, uint64_t *ret);

/* protocol.c: /etc/protocols of Debian 12, so that text does not depend on the machine. */
const char *pk_protocol_name(uint8_t proto); /* NULL: print the number */
int pk_protocol_number(const char *name);    /* -1: unknown */

/* rule_parse.c: parses and carries out r->words from `first` on. 0, -EINVAL, -ENOMEM. */
struct pk_line {
    enum pk_family family;
    unsigned first;                     /* words before it are read already */
    const struct pk_counters *counters; /* of `[p:b]`, or NULL */
    struct pk_word at;                  /* the line as a place */
};
int pk_line_run(struct pk_reader *r, const struct pk_line *line);

/* ruleset.c: the set being built. */
struct pk_chain *pk_ruleset_add_chain(struct pk_ruleset *rs, const char *name, size_t len);
/* At `pos` (from 0, at most the number of rules). 0, -ENOMEM, -E2BIG (PK_RULES_MAX). */
int pk_chain_insert(struct pk_ruleset *rs, struct pk_chain *c, size_t pos, struct pk_rule *rule);
size_t pk_chain_length(const struct pk_chain *c);
/* Chains in their final order, rules in arrays, ordinals. 0 or -ENOMEM. */
int pk_ruleset_finish(struct pk_ruleset *rs);

/* loop.c: 0, -EINVAL (diagnosed) or -ENOMEM. After pk_ruleset_finish. */
int pk_ruleset_check_loops(const struct pk_ruleset *rs, struct pk_diags *d);

/* hooks.c: likewise. After pk_ruleset_check_loops. */
int pk_ruleset_check_hooks(const struct pk_ruleset *rs, struct pk_diags *d);
