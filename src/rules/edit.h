// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One rule of a rule set changed, as iptables -A, -I, -R and -D change it. Pure: a set goes in, and
 * another comes out that says of each of its rules which one it was.
 */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "rules/ruleset.h"

enum pk_edit_op { PK_EDIT_APPEND, PK_EDIT_INSERT, PK_EDIT_REPLACE, PK_EDIT_DELETE };

struct pk_edit {
    enum pk_edit_op op;
    enum pk_family family;
    const char *chain;
    unsigned number;  /* of a rule, from 1; INSERT: it comes before that one. 0: not given, which
                         is 1 for INSERT, and for DELETE the first rule that is `rule` */
    const char *rule; /* as after "-A CHAIN " in iptables-save text; not read to DELETE by number */
    struct pk_place at; /* of the first byte of `rule`; a new rule's file and line */
};

/*
 * What follows CHAIN on a command line: `[N] RULE-SPEC` for INSERT, `N RULE-SPEC` for REPLACE,
 * `N` or `RULE-SPEC` for DELETE. Fills number and rule (in `a`); e->at is that of the first word,
 * and becomes that of the rule, as if all words stood on one line with a space between.
 * 0, -EINVAL (diagnosed) or -ENOMEM.
 */
int pk_edit_words(struct pk_edit *e, const char *const *words, size_t n, struct pk_arena *a,
                  struct pk_diags *d);

struct pk_edited {
    struct pk_ruleset *rs;  /* the new set, in the arena; it shares what stayed with the old one */
    uint32_t *from;         /* [rs->n_rules] as pk_ruleset_stays (diff.h), but exact: of rules with
                               one text, too, it is known which one came or went */
    unsigned number;        /* where it happened, from 1 */
    const char *gone, *new; /* the texts of the rules; NULL: none */
};

/* Parts of pk_edit_run, for who has not got the set as a struct pk_ruleset but for its chains. */

/* The chain of an edit. 0; -ENOENT: the family was never set; -EINVAL: no such chain. Diagnosed. */
int pk_edit_chain(const struct pk_ruleset *rs, const struct pk_edit *e, const struct pk_chain **ret,
                  struct pk_diags *d);
/* Whether e->number is one that a chain of so many rules has. 0 or -EINVAL (diagnosed). */
int pk_edit_check(const struct pk_chain *c, size_t n_rules, const struct pk_edit *e,
                  struct pk_diags *d);
/* Whether e->rule is to be read at all, and reading it: 0, -EINVAL (diagnosed) or -ENOMEM. */
bool pk_edit_reads(const struct pk_edit *e);
int pk_edit_rule(const struct pk_ruleset *rs, const struct pk_edit *e, struct pk_arena *a,
                 struct pk_rule **ret, struct pk_diags *d);
/* -ENOENT, diagnosed: the chain has not got the rule. */
int pk_edit_no_rule(const struct pk_chain *c, const struct pk_edit *e, const char *text,
                    struct pk_diags *d);

/*
 * 0; -EINVAL or -E2BIG (diagnosed): a chain, a number or a rule that cannot be; -ENOENT
 * (diagnosed): no such rule, or the family was never set; -ENOMEM. `rs` stays as it is.
 */
int pk_edit_run(const struct pk_ruleset *rs, const struct pk_edit *e, struct pk_arena *a,
                struct pk_edited *ret, struct pk_diags *d);
